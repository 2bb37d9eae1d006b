//! The places of findings about tests as paths of the repository.
//!
//! Reports name files by the folder the tests ran in, or by nothing but their names. Knows the repository's paths, no format.

use std::path::Path;

use super::surroundings::Surroundings;
use crate::core::Finding;

/// Gives findings about tests the paths that the repository has for their places.
pub(super) fn settle(findings: &mut [Finding], surroundings: &Surroundings, folder: &Path) {
    let is_about_tests = |finding: &&mut Finding| finding.rule.starts_with("test-");
    let Some(root) = surroundings.root().map(|root| format!("{}/", root.to_string_lossy())) else { return };
    let mut tracked = None;
    let is_at_root =
        folder.canonicalize().is_ok_and(|folder| format!("{}/", folder.to_string_lossy()) == root);
    for finding in findings.iter_mut().filter(is_about_tests) {
        if is_at_root {
            finding.help = finding.help.replace(&root, "");
        }
        let class = finding.subject.get("classname").and_then(|class| class.as_str()).unwrap_or_default();
        let Some(location) = &mut finding.location else { continue };
        if let Some(inside) = location.path.strip_prefix(&root) {
            location.path = inside.to_owned();
        }
        let tracked = tracked.get_or_insert_with(|| surroundings.tracked().unwrap_or_default());
        if let Some(found) = of_repository(&location.path, class, tracked) {
            location.path = found.to_owned();
        }
    }
}

/// The one tracked file that a path of a report can mean; none where it is tracked itself, or several can be meant.
fn of_repository<'a>(path: &str, class: &str, tracked: &'a [String]) -> Option<&'a str> {
    let is_known = tracked.binary_search_by(|known| known.as_str().cmp(path)).is_ok();
    if path.is_empty() || path.starts_with('/') || is_known {
        return None;
    }
    let package = class.rsplit_once('.').map(|(package, _)| format!("{}/{path}", package.replace('.', "/")));
    let ending = |ending: &str| {
        let mut found = tracked.iter().filter(|known| {
            known.strip_suffix(ending).is_some_and(|before| before.is_empty() || before.ends_with('/'))
        });
        found.next().filter(|_| found.next().is_none()).map(String::as_str)
    };
    package.as_deref().and_then(ending).or_else(|| ending(path))
}

#[cfg(test)]
mod tests {
    use super::of_repository;

    #[test]
    fn a_bare_name_is_the_one_file_that_it_can_mean() {
        let tracked =
            ["a/src/org/x/CartTest.java", "b/src/org/y/CartTest.java", "lib.rs", "web/test/cart.test.ts"]
                .map(str::to_owned);
        for (path, class, expected) in [
            ("CartTest.java", "org.x.CartTest", Some("a/src/org/x/CartTest.java")),
            ("CartTest.java", "org.z.CartTest", None),
            ("test/cart.test.ts", "test/cart.test.ts", Some("web/test/cart.test.ts")),
            ("cart.test.ts", "", Some("web/test/cart.test.ts")),
            ("t/cart.test.ts", "", None),
            ("st/cart.test.ts", "", None),
            ("lib.rs", "", None),
            ("/usr/lib.rs", "", None),
        ] {
            assert_eq!(of_repository(path, class, &tracked), expected, "{path} {class}");
        }
    }
}
