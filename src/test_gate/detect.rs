//! What kind of report a file is, recognised by its beginning and never by its name.

use super::console_output;
use super::formats::{self, Format, junit};
use super::other_xml;
use devops_reading::excerpt::shorten;
use devops_reading::shape::Shape;

/// What a file is.
pub(crate) enum Kind {
    /// Results of tests.
    Tests(&'static Format),
    /// Coverage.
    Coverage(devops_coverage::Format),
    /// Benchmarks.
    Benchmarks(devops_benchmarks::Format),
    /// Nothing that is known.
    Unknown(Unrecognised),
}

/// A file that is no report.
#[derive(Debug)]
pub(crate) struct Unrecognised {
    /// What it looks like.
    pub(crate) what: String,
    /// Whether such a file may lie in a folder of reports.
    pub(crate) may_stand_by: bool,
    /// Whether it is neither XML nor JSON.
    pub(crate) is_text: bool,
}

/// The kind of a file that begins in this way.
pub(crate) fn detect(shape: &Shape) -> Kind {
    if let Some(format) = formats::detect(shape) {
        return Kind::Tests(format);
    }
    if let Some(format) = devops_coverage::detect(shape) {
        return Kind::Coverage(format);
    }
    if let Some(format) = devops_benchmarks::detect(shape) {
        return Kind::Benchmarks(format);
    }
    match shape {
        // Its reader names what is wrong with a report that has not even a root.
        Shape::Nothing => Kind::Tests(&junit::FORMAT),
        Shape::Xml(xml) if xml.root.is_empty() => Kind::Tests(&junit::FORMAT),
        Shape::Xml(xml) => Kind::Unknown(Unrecognised {
            what: format!(
                "the root element is <{}>, {}",
                shorten(&xml.root, 100),
                other_xml::described(&xml.root)
            ),
            may_stand_by: other_xml::is_bystander(&xml.root),
            is_text: false,
        }),
        Shape::Text(lines) if lines.iter().any(|line| is_xml(line)) => Kind::Tests(&junit::FORMAT),
        Shape::Json(_) => unrecognised("JSON of an unknown format", false),
        Shape::JsonLines(_) => unrecognised("lines of JSON of an unknown format", false),
        Shape::Text(lines) => match console_output::described(lines) {
            Some(what) => Kind::Unknown(Unrecognised { what, may_stand_by: false, is_text: true }),
            None => unrecognised("text of an unknown format", true),
        },
    }
}

fn unrecognised(what: &str, is_text: bool) -> Kind {
    Kind::Unknown(Unrecognised { what: what.to_owned(), may_stand_by: true, is_text })
}

/// Whether a line starts a report of `JUnit`, behind text that has no business there.
fn is_xml(line: &str) -> bool {
    ["<?xml ", "<testsuite"].iter().any(|start| line.contains(start))
}
