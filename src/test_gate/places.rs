//! Places of failures as the repository knows them: reports name files absolute, by module or by their bare name.

use std::collections::{BTreeSet, HashMap};

use super::change_under_test::ChangeUnderTest;
use super::covered::Covered;
use super::rules;
use devops_core::Finding;
use devops_job::Outcome;
use devops_repository::owners;

/// Gives the failures the paths of the repository and their owners; its files are listed only where there is one to place.
pub(super) fn locate(outcome: &mut Outcome, covered: &Covered, change: &ChangeUnderTest) {
    let is_placed = |finding: &&mut Finding| rules::is_in_source(finding) && finding.location.is_some();
    if outcome.findings.iter_mut().filter(is_placed).count() == 0 {
        return;
    }
    let listed = if covered.tracked.is_none() { change.tracked() } else { None };
    let tracked = covered.tracked.as_ref().or(listed.as_ref());
    if let Some(tracked) = tracked {
        let places = Places::new(tracked);
        outcome.findings.iter_mut().filter(is_placed).for_each(|finding| places.resolve(finding));
    }
    let found = owners::find(change.root());
    outcome.inputs.extend(found.input);
    outcome.notes.extend(found.note);
    if let Some(owners) = found.owners {
        let tracked: BTreeSet<&str> = tracked.into_iter().flatten().map(String::as_str).collect();
        let name = |finding: &mut Finding| owners.name(finding, |path| tracked.contains(path));
        outcome.findings.iter_mut().filter(is_placed).for_each(name);
    }
}

/// The tracked files by name.
pub(super) struct Places<'a> {
    by_name: HashMap<&'a str, Vec<&'a str>>,
}

impl<'a> Places<'a> {
    /// An index of the tracked files.
    pub(super) fn new(tracked: &'a [String]) -> Self {
        let mut by_name: HashMap<&str, Vec<&str>> = HashMap::new();
        for path in tracked {
            by_name.entry(name(path)).or_default().push(path);
        }
        Self { by_name }
    }

    /// Gives a finding the path of the repository; what is not clear stays as it is.
    pub(super) fn resolve(&self, finding: &mut Finding) {
        let class = finding.subject.get("classname").and_then(|class| class.as_str()).unwrap_or_default();
        if let Some(location) = &mut finding.location
            && let Some(path) = self.find(&location.path, class)
        {
            // The command that runs the test again names the file, too.
            finding.help = finding.help.replace(location.path.as_str(), path);
            path.clone_into(&mut location.path);
        }
    }

    /// The one tracked file that a path of a report can only be.
    fn find(&self, path: &str, class: &str) -> Option<&'a str> {
        let candidates = self.by_name.get(name(path))?;
        if candidates.contains(&path) {
            return None;
        }
        let is_end = |whole: &str, end: &str| {
            whole.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with('/'))
        };
        // The longest tracked path that ends the report's is inside of it, as in a checkout elsewhere.
        let inside =
            candidates.iter().filter(|tracked| is_end(path, tracked)).max_by_key(|tracked| tracked.len());
        if let Some(inside) = inside.filter(|inside| inside.contains('/') || candidates.len() == 1) {
            return Some(inside);
        }
        let below = |end: &str| {
            let mut below = candidates.iter().filter(|tracked| is_end(tracked, end));
            below.next().filter(|_| below.next().is_none()).copied()
        };
        // A bare name of a class's file stands in the folders of its package.
        let package =
            class.rsplit_once('.').map(|(package, _)| format!("{}/{path}", package.replace('.', "/")));
        below(path).or_else(|| below(&package.filter(|_| !path.contains('/'))?))
    }
}

/// The last part of a path.
fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::Places;

    #[test]
    fn a_path_is_the_only_tracked_file_it_can_be() {
        let tracked = [
            "a/src/test/java/shop/CartTest.java",
            "b/src/test/java/other/CartTest.java",
            "js/cart.test.js",
            "src/test/java/shop/CrudTest.java",
            "tests/test_a.py",
            "util.py",
        ]
        .map(str::to_owned);
        let places = Places::new(&tracked);
        for (path, class, expected) in [
            ("CrudTest.java", "", Some("src/test/java/shop/CrudTest.java")),
            ("CartTest.java", "", None),
            ("CartTest.java", "shop.CartTest", Some("a/src/test/java/shop/CartTest.java")),
            ("CartTest.java", "third.CartTest", None),
            ("/srv/checkout/tests/test_a.py", "", Some("tests/test_a.py")),
            ("C:/work/shop/js/cart.test.js", "", Some("js/cart.test.js")),
            ("cart.test.js", "", Some("js/cart.test.js")),
            ("/app/util.py", "", Some("util.py")),
            // These are no file of the repository, or already one.
            ("other/test_a.py", "", None),
            ("mytest_a.py", "", None),
            ("tests/test_a.py", "", None),
            ("MatcherAssert.java", "", None),
        ] {
            assert_eq!(places.find(path, class), expected, "{path}");
        }
    }
}
