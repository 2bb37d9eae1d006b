//! XML that is no report of tests: what its root element says it is.

/// What an XML file of another kind is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Results of tests in a format that is not read.
    Tests(&'static str),
    /// Something that may lie beside test reports.
    Other(&'static str),
}

/// Roots that are known.
const KNOWN: [(&str, Kind); 14] = [
    ("html", Kind::Tests("a web page")),
    ("HTML", Kind::Tests("a web page")),
    ("assembly", Kind::Other("a description of an assembly")),
    ("project", Kind::Other("a Maven or Ant project")),
    ("Project", Kind::Other("an MSBuild project")),
    ("coverage", Kind::Other("a coverage report")),
    ("report", Kind::Other("a JaCoCo report")),
    ("checkstyle", Kind::Other("a Checkstyle report")),
    ("pmd", Kind::Other("a PMD report")),
    ("pmd-cpd", Kind::Other("a CPD report")),
    ("BugCollection", Kind::Other("a SpotBugs report")),
    ("issues", Kind::Other("an Android Lint report")),
    ("plist", Kind::Other("a property list")),
    ("svg", Kind::Other("a picture")),
];

/// What is in the name of a root that could be one of test results.
const SOUNDS: [&str; 10] =
    ["test", "result", "suite", "spec", "case", "scenario", "feature", "check", "run", "report"];

fn kind(root: &str) -> Option<Kind> {
    KNOWN.iter().find(|(name, _)| *name == root).map(|(_, kind)| *kind)
}

/// What a root element says the file is.
pub(crate) fn described(root: &str) -> &'static str {
    match kind(root) {
        Some(Kind::Tests(what) | Kind::Other(what)) => what,
        None => "an unknown format",
    }
}

/// Whether a file with this root may lie in a folder of test reports without being one.
pub(crate) fn is_bystander(root: &str) -> bool {
    match kind(root) {
        Some(Kind::Other(_)) => true,
        Some(Kind::Tests(_)) => false,
        // A format that is not read must not go unseen; anything else is one of a project's many files.
        None => {
            let root = root.to_ascii_lowercase();
            !root.is_empty() && !SOUNDS.iter().any(|sound| root.contains(sound))
        }
    }
}
