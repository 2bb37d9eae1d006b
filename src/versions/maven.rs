//! Maven: the order of `ComparableVersion`.
//!
//! Maven compares nested lists: a hyphen, and a change between digits and letters, opens one. Here the lists are a flat row of
//! items that know how many lists were opened before them. Maven's own order has circles where a word stands between a dot and
//! another separator: `1-alpha < 1 < 1.xyz.1 < 1-alpha`. Here such a word opens a list as well, as Maven's documentation has it.

use std::cmp::Reverse;

use super::number::Number;
use super::version::{Parsed, Unparsable};

/// The place of a version in the order.
pub(crate) type Key = Vec<Item>;

/// An item of a version; the end of a row is an item as well.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Item {
    /// Comes before the release: how many lists were opened for it, and its rank.
    Before(usize, Before),
    /// Nothing more: a release.
    End,
    /// Comes after the release: how many lists were opened for it, and what it is.
    After(usize, After),
    /// A number; one that follows a dot is above one that follows a hyphen.
    Number(Reverse<usize>, Number),
}

/// Qualifiers that come before the release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Before {
    Alpha,
    Beta,
    Milestone,
    Candidate,
    Snapshot,
}

/// Qualifiers that come after the release.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum After {
    /// A word for the release itself, with more behind it.
    Release,
    ServicePack,
    Other(String),
}

/// Reads a version.
pub(crate) fn parse(text: &str) -> Result<Parsed<Key>, Unparsable> {
    if text.is_empty() || text.bytes().any(|byte| byte.is_ascii_whitespace() || byte.is_ascii_control()) {
        return Err(Unparsable);
    }
    let mut key = Vec::new();
    flatten(&normalised(lists(&text.to_lowercase())), 0, &mut key);
    key.push(Item::End);
    // A range, a property without its value and the words for the newest version name no version.
    let is_open =
        text.contains(['[', ']', '(', ')', ',', '$', '{', '}']) || matches!(text, "LATEST" | "RELEASE");
    Ok(Parsed { key, is_certain: !is_open })
}

/// What stands in a list; the list that was opened last is always at the end of the one around it, so that a row of lists is enough.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Element {
    Number(Number),
    Word(String),
}

impl Element {
    /// Whether it stands for the release itself.
    fn is_nothing(&self) -> bool {
        match self {
            Self::Number(number) => number.is_zero(),
            Self::Word(word) => word.is_empty(),
        }
    }
}

/// The lists of a version, each inside the one before.
fn lists(text: &str) -> Vec<Vec<Element>> {
    let mut reader = Reader { lists: vec![Vec::new()] };
    let mut start = 0;
    let mut is_digit = false;
    for (at, character) in text.char_indices() {
        let piece = text.get(start..at).unwrap_or_default();
        match character {
            '.' | '-' => {
                if !is_digit && !piece.is_empty() {
                    reader.open_unless_empty();
                }
                reader.add(piece, is_digit, false);
                start = at + 1;
                if character == '-' {
                    reader.open();
                }
            }
            '0'..='9' => {
                if !is_digit && !piece.is_empty() {
                    reader.open_unless_empty();
                    reader.add(piece, false, true);
                    reader.open();
                    start = at;
                }
                is_digit = true;
            }
            _ => {
                if is_digit && !piece.is_empty() {
                    reader.add(piece, true, false);
                    reader.open();
                    start = at;
                }
                is_digit = false;
            }
        }
    }
    let piece = text.get(start..).unwrap_or_default();
    if !piece.is_empty() {
        if !is_digit {
            reader.open_unless_empty();
        }
        reader.add(piece, is_digit, false);
    }
    reader.lists
}

/// The lists that were read so far.
struct Reader {
    lists: Vec<Vec<Element>>,
}

impl Reader {
    /// Opens a list inside the last one.
    fn open(&mut self) {
        self.lists.push(Vec::new());
    }

    /// The same, unless nothing is in the last one.
    fn open_unless_empty(&mut self) {
        if self.lists.last().is_some_and(|list| !list.is_empty()) {
            self.open();
        }
    }

    /// Adds to the last list.
    fn add(&mut self, piece: &str, is_digit: bool, is_before_digit: bool) {
        let element = if piece.is_empty() || is_digit {
            Element::Number(Number::of(piece))
        } else {
            Element::Word(word(piece, is_before_digit).to_owned())
        };
        if let Some(list) = self.lists.last_mut() {
            list.push(element);
        }
    }
}

/// A qualifier by its usual name; `a`, `b` and `m` are short forms only before a digit.
fn word(piece: &str, is_before_digit: bool) -> &str {
    match piece {
        "a" if is_before_digit => "alpha",
        "b" if is_before_digit => "beta",
        "m" if is_before_digit => "milestone",
        "ga" | "final" | "release" => "",
        "cr" => "rc",
        other => other,
    }
}

/// Removes what counts for nothing: at the end of a list, before another list, and zeros before a word.
fn normalised(mut lists: Vec<Vec<Element>>) -> Vec<Vec<Element>> {
    for list in &mut lists {
        let had_word = list.iter().any(|element| matches!(element, Element::Word(_)));
        while list.last().is_some_and(Element::is_nothing) {
            list.pop();
        }
        let mut kept: Vec<Element> = Vec::new();
        for element in list.drain(..) {
            if matches!(element, Element::Word(_)) {
                while kept.last().is_some_and(Element::is_nothing) {
                    kept.pop();
                }
            }
            kept.push(element);
        }
        // Only a word for the release was in it.
        if had_word && kept.is_empty() {
            kept.push(Element::Word(String::new()));
        }
        *list = kept;
    }
    let is_release =
        |list: &Vec<Element>| matches!(list.as_slice(), [Element::Word(word)] if word.is_empty());
    lists.retain(|list| !is_release(list));
    while lists.last().is_some_and(Vec::is_empty) {
        lists.pop();
    }
    lists
}

/// Puts the elements of all lists in a row.
fn flatten(lists: &[Vec<Element>], mut opened: usize, key: &mut Key) {
    for list in lists {
        for element in list {
            key.push(item(element, opened));
            opened = 0;
        }
        opened += 1;
    }
}

/// An element with the number of lists that were opened for it.
fn item(element: &Element, opened: usize) -> Item {
    match element {
        Element::Number(number) => Item::Number(Reverse(opened), number.clone()),
        Element::Word(word) => match word.as_str() {
            "alpha" => Item::Before(opened, Before::Alpha),
            "beta" => Item::Before(opened, Before::Beta),
            "milestone" => Item::Before(opened, Before::Milestone),
            "rc" => Item::Before(opened, Before::Candidate),
            "snapshot" => Item::Before(opened, Before::Snapshot),
            "" => Item::After(opened, After::Release),
            "sp" => Item::After(opened, After::ServicePack),
            other => Item::After(opened, After::Other(other.to_owned())),
        },
    }
}
