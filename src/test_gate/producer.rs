//! What wrote a report, if that is known.

use std::path::Path;

/// A runner whose reports can be recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Producer {
    Cargo,
    Nextest,
    Pytest,
    Jest,
    Go,
    Surefire,
    Dotnet,
    Mocha,
    Vitest,
    Playwright,
    Rspec,
    CucumberJs,
    CucumberRuby,
    CucumberJvm,
    Behave,
    Dart,
    Flutter,
    Node,
    Bats,
    Prove,
    Phpunit,
}

/// How a runner writes another attempt at a test as a case of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeats {
    /// It does not: another case is another test.
    Never,
    /// Attempts before the last one look like passes.
    LikePasses,
    /// That is not known.
    Unknown,
}

/// What names a test to its runner.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Named<'a> {
    pub(crate) classname: &'a str,
    pub(crate) name: &'a str,
    pub(crate) file: &'a str,
}

impl Producer {
    /// Recognises a producer by an attribute of a suite: `element` is its name, as `testsuites`.
    pub(crate) fn of_suite(element: &str, key: &str, value: &str) -> Option<Self> {
        match (element, key, value) {
            ("testsuites", "name", "nextest-run") => Some(Self::Nextest),
            ("testsuites", "name", "jest tests") => Some(Self::Jest),
            ("testsuites", "name", "vitest tests") => Some(Self::Vitest),
            ("testsuites", "name", "pytest tests") | ("testsuite", "name", "pytest") => Some(Self::Pytest),
            ("testsuite", "file", value) if Path::new(value).extension() == Some("php".as_ref()) => {
                Some(Self::Phpunit)
            }
            ("testsuite", "package", "test") => Some(Self::Cargo),
            (_, "noNamespaceSchemaLocation", value) if value.contains("surefire") => Some(Self::Surefire),
            _ => None,
        }
    }

    /// Recognises a producer by a property's name.
    pub(crate) fn of_property(name: &str) -> Option<Self> {
        (name == "go.version").then_some(Self::Go)
    }

    /// Whether it writes another attempt at a test as another case of its name in `JUnit` XML.
    ///
    /// Surefire and nextest write elements into the case; jest, vitest, node and `PHPUnit` write the last attempt alone, so a second
    /// case is a row of data, or another test of the same title. Pytest gives no two tests one name, and its plugin for reruns
    /// writes a case without a failure for each attempt before the last one.
    pub(crate) fn repeats_cases(self) -> Repeats {
        match self {
            Self::Surefire | Self::Nextest | Self::Jest | Self::Vitest | Self::Node | Self::Phpunit => {
                Repeats::Never
            }
            Self::Pytest => Repeats::LikePasses,
            _ => Repeats::Unknown,
        }
    }

    /// How it separates a class from a test.
    pub(crate) fn separator(producer: Option<Self>, classname: &str) -> &'static str {
        match producer {
            Some(Self::Cargo | Self::Nextest) => "::",
            Some(
                Self::Vitest
                | Self::Playwright
                | Self::CucumberJs
                | Self::CucumberRuby
                | Self::CucumberJvm
                | Self::Behave,
            ) => " > ",
            Some(Self::Jest | Self::Mocha | Self::Rspec) => " ",
            _ if classname.contains("::") => "::",
            _ if classname.contains([' ', '/']) => " > ",
            _ => ".",
        }
    }
}
