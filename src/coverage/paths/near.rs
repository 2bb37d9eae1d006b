//! Which of several folders a report means: by the names of its modules, and by where it lies.

use std::collections::BTreeSet;

/// What is known about where the files of a report are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Near<'a> {
    /// Folders that paths may start from, the likeliest first.
    pub(super) folders: &'a [String],
    /// Names of the modules around the files, the innermost last.
    pub(super) modules: &'a [String],
    /// The name of the report, which is often that of a module.
    pub(super) report: &'a str,
}

impl Near<'_> {
    /// The one of these folders that is meant, if that is clear.
    ///
    /// A module's name decides first, then the nearest folder around the report that is one of them or has one of them below
    /// it, then the report's name. A folder below one around the report decides only where no other one is around the report
    /// itself, because then both could be meant.
    pub(super) fn only<'f>(&self, folders: impl Iterator<Item = &'f str>) -> Option<&'f str> {
        let mut left: BTreeSet<&str> = folders.collect();
        for module in self.modules.iter().rev() {
            let named: BTreeSet<&str> = left.iter().copied().filter(|folder| is_in(folder, module)).collect();
            if !named.is_empty() {
                left = named;
            }
        }
        if let Some(only) = single(left.iter().copied()) {
            return Some(only);
        }
        self.nearest(&left)
            .or_else(|| single(left.iter().copied().filter(|folder| is_in(folder, self.report))))
    }

    fn nearest<'f>(&self, folders: &BTreeSet<&'f str>) -> Option<&'f str> {
        for around in self.folders {
            if let Some(same) = folders.get(around.as_str()) {
                return Some(same);
            }
            let is_below = |folder: &&str| {
                around.is_empty()
                    || folder.strip_prefix(around.as_str()).is_some_and(|rest| rest.starts_with('/'))
            };
            if folders.iter().copied().any(|folder| is_below(&folder)) {
                let is_around = self.folders.iter().any(|around| folders.contains(around.as_str()));
                return single(folders.iter().copied().filter(is_below)).filter(|_| !is_around);
            }
        }
        None
    }
}

fn single<'f>(mut folders: impl Iterator<Item = &'f str>) -> Option<&'f str> {
    let first = folders.next();
    first.filter(|_| folders.next().is_none())
}

/// Whether a part of the folder is what a module is called: `core` for `core`, `:libs:core` and `Shop :: Core`.
fn is_in(folder: &str, module: &str) -> bool {
    let name = module.rsplit([':', '/']).next().unwrap_or(module).trim();
    !name.is_empty() && folder.split('/').any(|part| part.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::Near;

    #[test]
    fn modules_then_places_then_the_report() {
        let folders = ["a/coverage", "a", ""].map(str::to_owned);
        let chosen = |modules: &[&str], report: &str, among: &[&'static str]| {
            let modules: Vec<String> = modules.iter().map(|name| (*name).to_owned()).collect();
            Near { folders: &folders, modules: &modules, report }.only(among.iter().copied())
        };
        assert_eq!(chosen(&[], "", &["a", "b", ""]), Some("a"), "the nearest");
        assert_eq!(chosen(&[], "", &["a/x", "b/x"]), Some("a/x"), "below the nearest");
        assert_eq!(chosen(&[], "", &["a/x", ""]), None, "below the nearest, and around it as well");
        assert_eq!(chosen(&[], "", &["a/x", "a/y"]), None);
        assert_eq!(chosen(&[], "", &["b", "c"]), None);
        assert_eq!(chosen(&[":libs:C"], "", &["a", "c/src"]), Some("c/src"), "a module says more");
        assert_eq!(chosen(&["Shop :: Core", "d"], "", &["core/d", "b/d"]), Some("core/d"));
        assert_eq!(chosen(&["z"], "", &["a", "b"]), Some("a"), "a name that is no folder says nothing");
        assert_eq!(chosen(&[], "c", &["b", "c"]), Some("c"));
    }
}
