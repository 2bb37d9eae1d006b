//! A format of benchmark reports, recognised by the content of a file.

use std::io::Read;

use super::TABLE;
use super::sheet::Reading;
use super::text::plain;
use devops_reading::shape::Shape;

/// A format of benchmark reports.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// The name people know it by.
    pub(super) name: &'static str,
    /// Whether a file that begins in this way has the format.
    pub(super) is: fn(&Shape) -> bool,
    /// Reads a whole file; its path names a benchmark only where nothing in the file does.
    pub(super) read: fn(&mut dyn Read, &str) -> Reading,
}

impl Format {
    /// The name people know it by.
    pub const fn as_str(self) -> &'static str {
        self.name
    }
}

/// Every format, in the order in which they are tried.
pub fn formats() -> impl Iterator<Item = Format> {
    TABLE.iter().copied().flatten().copied()
}

/// The format of a file, by what its beginning shows; `None` where it is no benchmark report.
pub fn detect(shape: &Shape) -> Option<Format> {
    formats().find(|format| (format.is)(shape))
}

/// The place in the table of the format of a file.
pub fn position(shape: &Shape) -> Option<usize> {
    formats().position(|format| (format.is)(shape))
}

/// Reads a file; `path` names a benchmark only where nothing in the file does.
pub fn read(format: Format, mut source: impl Read, path: &str) -> Reading {
    (format.read)(&mut source, path)
}

/// Whether a file is text with a line of this form, below the colours that a runner prints.
pub(super) fn any_line(shape: &Shape, is_line: fn(&str) -> bool) -> bool {
    matches!(shape, Shape::Text(lines) if lines.iter().any(|line| is_line(&plain(line))))
}
