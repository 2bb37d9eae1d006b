//! What readers of databases give, whatever the format.

use super::super::SourcePackage;
use devops_core::{Error, Location};

/// A package as a database lists it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Record<'a> {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) source: Option<SourcePackage>,
    pub(super) architecture: String,
    pub(super) license: Option<String>,
    /// The module that it was built for, where its distribution has such.
    pub(super) module: String,
    /// The line where the record begins, from 1; 0 where the database is no text.
    pub(super) line: u64,
    /// The record as the database has it: the same record in another version of the database is the same piece.
    pub(super) piece: &'a [u8],
    /// Paths that the package owns, without a slash before them.
    pub(super) files: Vec<String>,
}

/// The packages of a database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Listing<'a> {
    pub(super) records: Vec<Record<'a>>,
    /// Names of packages that it knows and that are not installed.
    pub(super) absent: Vec<String>,
    /// What is not as it should be, a sentence each.
    pub(super) notes: Vec<String>,
}

/// Why a database can't be read, and in which line; 0 where the database is no text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Damage {
    pub(super) line: u64,
    pub(super) message: String,
}

impl Damage {
    /// Damage of a database that has no lines.
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { line: 0, message: message.into() }
    }

    /// Damage in a line.
    pub(super) fn at(line: u64, message: impl Into<String>) -> Self {
        Self { line, message: message.into() }
    }

    /// The error that stops the run.
    pub(super) fn into_error(self, path: &str) -> Error {
        let line = (self.line > 0).then_some(self.line);
        Error::input(self.message)
            .at(Location { path: path.to_owned(), line, column: None })
            .help("rebuild the image: without a whole package database nothing is known about its packages")
    }
}

/// A paragraph of a text: lines without an empty one between them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paragraph<'a> {
    /// The line where it begins, from 1.
    pub(super) line: u64,
    /// Its lines, with their ends.
    pub(super) text: &'a [u8],
}

impl<'a> Paragraph<'a> {
    /// Its lines with their numbers, without their ends.
    pub(super) fn lines(self) -> impl Iterator<Item = (u64, &'a [u8])> {
        let lines = self.text.split_inclusive(|byte| *byte == b'\n');
        lines.zip(self.line..).map(|(line, number)| (number, without_end(line)))
    }
}

/// A line without its end, of Unix or of DOS.
fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The paragraphs of a text.
pub(super) fn paragraphs(text: &[u8]) -> impl Iterator<Item = Paragraph<'_>> {
    let mut rest = text;
    let mut number = 1;
    std::iter::from_fn(move || {
        let mut length = 0;
        let mut lines = 0;
        for line in rest.split_inclusive(|byte| *byte == b'\n') {
            let is_empty = without_end(line).is_empty();
            if is_empty && length > 0 {
                break;
            }
            if is_empty {
                // Empty lines before a paragraph.
                rest = rest.get(line.len()..).unwrap_or_default();
                number += 1;
            } else {
                length += line.len();
                lines += 1;
            }
        }
        let (text, after) = rest.split_at_checked(length).filter(|(text, _)| !text.is_empty())?;
        let paragraph = Paragraph { line: number, text };
        rest = after;
        number += lines;
        Some(paragraph)
    })
}

/// Whether a text is whole: it may not have bytes that no text has, and ends with a line end, without which its last line may be cut
/// off.
pub(super) fn check_text(text: &[u8]) -> Result<(), Damage> {
    let line_of =
        |at: usize| text.get(..at).map_or(1, |before| before.split(|byte| *byte == b'\n').count() as u64);
    // dpkg takes the second one for the end of a line.
    if let Some(at) = text.iter().position(|byte| matches!(byte, 0 | 0x1a)) {
        return Err(Damage::at(
            line_of(at),
            "the package database contains a byte that is no text, so it is damaged",
        ));
    }
    match text.last() {
        None | Some(b'\n') => Ok(()),
        Some(_) => Err(Damage::at(
            line_of(text.len()),
            "the package database does not end with a line end, so it is cut off",
        )),
    }
}

/// A value as text; bytes that are not UTF-8 are replaced.
pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.trim_ascii()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::paragraphs;

    #[test]
    fn paragraphs_have_their_lines() {
        let text = b"\n\na\nb\r\n\r\n\nc\n\n";
        let lines = |paragraph: super::Paragraph<'static>| paragraph.lines().collect::<Vec<_>>();
        let found: Vec<_> = paragraphs(text).map(|paragraph| (paragraph.line, lines(paragraph))).collect();
        assert_eq!(found, [(3, vec![(3, &b"a"[..]), (4, b"b")]), (7, vec![(7, b"c")])]);
        assert_eq!(paragraphs(b"").count() + paragraphs(b"\n\n").count(), 0);
        assert_eq!(paragraphs(b"a").count(), 1);
    }
}
