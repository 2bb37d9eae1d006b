//! XML that is no `JUnit` report: what its root element says it is.

/// What an XML file of another kind is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Results of tests in a format that is not read.
    Tests(&'static str),
    /// Something that may lie beside test reports.
    Other(&'static str),
}

/// Roots that are known.
const KNOWN: [(&str, Kind); 19] = [
    ("TestRun", Kind::Tests("a TRX report of VSTest")),
    ("test-run", Kind::Tests("a report of NUnit 3")),
    ("test-results", Kind::Tests("a report of NUnit 2")),
    ("assemblies", Kind::Tests("a report of xUnit.net 2")),
    ("assembly", Kind::Tests("a report of xUnit.net 1")),
    ("testng-results", Kind::Tests("a report of TestNG")),
    ("html", Kind::Tests("a web page")),
    ("HTML", Kind::Tests("a web page")),
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

fn kind(root: &str) -> Option<Kind> {
    KNOWN.iter().find(|(name, _)| *name == root).map(|(_, kind)| *kind)
}

/// What a root element says the file is.
pub(crate) fn described(root: &str) -> &'static str {
    match kind(root) {
        Some(Kind::Tests(what) | Kind::Other(what)) => what,
        None => "no test report that is known",
    }
}

/// Whether a file with this root may lie in a folder of test reports without being one.
pub(crate) fn is_bystander(root: &str) -> bool {
    matches!(kind(root), Some(Kind::Other(_)))
}
