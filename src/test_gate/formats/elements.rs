//! The walk over an XML report that the readers of test runners' own formats share: tags with their attributes, and the
//! texts that say what went wrong.

use std::io::Read;

use super::numbers;
use crate::collector::Collector;
use crate::execution::{DETAIL, MESSAGE};
use crate::other_xml;
use devops_core::{Location, frames};
use devops_reading::excerpt::{Excerpt, shorten};
use devops_reading::trouble::Position;
use devops_reading::xml::{Event, Walker};

/// A walk over any source.
pub(super) type Walk<'a> = Walker<&'a mut dyn Read>;

/// What a format makes of its elements.
pub(super) trait Elements {
    /// The roots it reads.
    const ROOTS: &'static [&'static str];

    /// An element began.
    fn open(&mut self, tag: &Tag, walk: &mut Walk<'_>, collector: &mut Collector);

    /// An element ended; the walk names it, and is as deep as what is around it.
    fn close(&mut self, walk: &mut Walk<'_>, collector: &mut Collector);

    /// Where texts go.
    fn said(&mut self) -> &mut Said;

    /// The file ended, or broke off.
    fn finish(&mut self, collector: &mut Collector);
}

/// Reads a report to its end, or to where it can't be followed.
pub(super) fn read<E: Elements>(source: &mut dyn Read, collector: &mut Collector, mut elements: E) {
    let mut walk = Walker::new(source);
    let mut tag = Tag::default();
    loop {
        let wants_text = elements.said().into.is_some();
        match walk.next(wants_text) {
            Event::Open => {
                tag.take(&mut walk);
                if walk.depth() == 1 && !E::ROOTS.contains(&tag.name()) {
                    let root = shorten(tag.name(), MESSAGE);
                    walk.trouble(format!("the root element is <{root}>, {}", other_xml::described(&root)));
                }
                elements.open(&tag, &mut walk, collector);
            }
            Event::Text => elements.said().text(&walk.text()),
            Event::Close => {
                elements.said().close(walk.depth());
                elements.close(&mut walk, collector);
            }
            Event::End => break,
        }
    }
    elements.finish(collector);
    let (troubles, notes) = walk.finish();
    collector.reading.troubles = troubles;
    collector.reading.notes.extend(notes);
}

/// The tag that began an element.
#[derive(Debug, Default)]
pub(super) struct Tag {
    /// The name, and after it keys and values, one after the other.
    text: String,
    name: usize,
    /// Where each key and each value ends.
    ends: Vec<(usize, usize)>,
}

impl Tag {
    fn take(&mut self, walk: &mut Walk<'_>) {
        self.text.clear();
        self.ends.clear();
        self.text.push_str(walk.name());
        self.name = self.text.len();
        let (text, ends) = (&mut self.text, &mut self.ends);
        walk.attributes(|key, value| {
            text.push_str(key);
            let end = text.len();
            text.push_str(value);
            ends.push((end, text.len()));
        });
    }

    pub(super) fn name(&self) -> &str {
        self.text.get(..self.name).unwrap_or_default()
    }

    /// The value of an attribute, where it has one.
    pub(super) fn find(&self, wanted: &str) -> Option<&str> {
        let mut start = self.name;
        for (key, value) in &self.ends {
            if self.text.get(start..*key) == Some(wanted) {
                return self.text.get(*key..*value);
            }
            start = *value;
        }
        None
    }

    /// The value of an attribute; nothing where it has none.
    pub(super) fn get(&self, wanted: &str) -> &str {
        self.find(wanted).unwrap_or_default().trim()
    }

    /// A number that an attribute names; zero where it names none.
    pub(super) fn number(&self, wanted: &str) -> u64 {
        numbers::count(self.get(wanted))
    }
}

/// What a report says about something that went wrong, while it is read.
#[derive(Debug, Default)]
pub(super) struct Said {
    message: Excerpt,
    detail: Excerpt,
    /// Where the text of the current element goes, and how deep that stands.
    into: Option<(Part, usize)>,
}

/// A part of what is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Message,
    Detail,
}

impl Said {
    /// The text of the element that was just opened belongs to this part.
    pub(super) fn listen(&mut self, part: Part, walk: &Walk<'_>) {
        if self.into.is_none() {
            self.into = Some((part, walk.depth()));
            // Two messages are two lines.
            if !self.text_of(part).is_empty() {
                self.text("\n");
            }
        }
    }

    fn text_of(&mut self, part: Part) -> &mut Excerpt {
        match part {
            Part::Message => &mut self.message,
            Part::Detail => &mut self.detail,
        }
    }

    fn text(&mut self, text: &str) {
        match self.into {
            Some((Part::Message, _)) => self.message.push_data(text, MESSAGE),
            Some((Part::Detail, _)) => self.detail.push_data(text, DETAIL),
            None => {}
        }
    }

    /// An element closed that left so many open.
    fn close(&mut self, depth: usize) {
        if self.into.is_some_and(|(_, own)| own > depth) {
            self.into = None;
        }
    }

    /// Message and detail so far; starts again.
    pub(super) fn take(&mut self) -> (String, String) {
        let said = (self.message.text(), self.detail.text());
        self.message.clear();
        self.detail.clear();
        said
    }
}

/// Where something red stands; nothing else needs the place.
pub(super) fn place_of(is_red: bool, walk: &Walk<'_>) -> Option<Position> {
    is_red.then(|| walk.position())
}

/// The last part of a path.
pub(super) fn base(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// The place in a trace of .NET: the frame of the test's class, or the first one that names a file.
///
/// Frames read `at Shop.Tests.Adds() in C:\shop\Tests.cs:line 7`, and the words are those of the machine's language.
pub(super) fn frame(trace: &str, classname: &str) -> Option<Location> {
    let mut first = None;
    for line in trace.lines() {
        let Some((before, after)) = line.rsplit_once(':') else { continue };
        let Some(number) = after.trim().rsplit(' ').next().and_then(|word| word.parse().ok()) else {
            continue;
        };
        let Some((frame, path)) =
            before.split_once(") ").and_then(|(frame, rest)| Some((frame, rest.split_once(' ')?.1)))
        else {
            continue;
        };
        // Builds that can be repeated write `/_/` for the root of the repository.
        let path = path.strip_prefix("/_/").unwrap_or(path);
        if number == 0 || path.starts_with('<') || frames::is_foreign(line) {
            continue;
        }
        let location = Location::line(path, number);
        if !classname.is_empty() && frame.contains(&classname.replace('+', "."))
            || frame.contains(classname) && !classname.is_empty()
        {
            return Some(location);
        }
        first = first.or(Some(location));
    }
    first
}

/// Seconds as microseconds.
pub(super) fn micros(text: &str) -> Option<u64> {
    crate::execution::micros(numbers::decimal(text)?)
}

/// Class and test of a name like `Shop.Tests.Adds(1.5)`, given the class where it is known.
pub(super) fn split<'a>(classname: &'a str, name: &'a str) -> (&'a str, &'a str) {
    if !classname.is_empty() {
        let rest = name.strip_prefix(classname).and_then(|rest| rest.strip_prefix(['.', '+']));
        return (classname, rest.filter(|rest| !rest.is_empty()).unwrap_or(name));
    }
    let path = name.split(['(', '<']).next().unwrap_or(name);
    let is_path = path.chars().all(|character| character.is_alphanumeric() || "_.+`".contains(character));
    match path.rsplit_once('.') {
        Some((class, method)) if is_path && !class.is_empty() && !method.is_empty() => {
            (class, name.get(class.len() + 1..).unwrap_or(name))
        }
        _ => ("", name),
    }
}

#[cfg(test)]
mod tests {
    use super::{frame, split};

    #[test]
    fn a_name_comes_apart() {
        for (class, name, expected) in [
            ("", "Shop.Tests.Adds", ("Shop.Tests", "Adds")),
            ("", "Shop.Tests.Adds(1.5, \"a.b\")", ("Shop.Tests", "Adds(1.5, \"a.b\")")),
            ("", "Should be 1.5", ("", "Should be 1.5")),
            ("", "Adds", ("", "Adds")),
            ("", ".", ("", ".")),
            ("Shop.Tests", "Shop.Tests.Adds", ("Shop.Tests", "Adds")),
            ("Shop.Tests", "Adds", ("Shop.Tests", "Adds")),
            ("Shop.Tests", "Shop.Tests", ("Shop.Tests", "Shop.Tests")),
        ] {
            assert_eq!(split(class, name), expected);
        }
    }

    #[test]
    fn a_frame_names_a_place() {
        let trace = "   at Shop.Cart.Add(Int32 a) in C:\\shop\\Cart.cs:line 9\n   at Shop.Tests.Adds() in /_/tests/Tests.cs:Zeile 33\n   at System.Run()";
        assert_eq!(frame(trace, "Shop.Tests").unwrap().to_string(), "tests/Tests.cs:33");
        assert_eq!(frame(trace, "Shop.Other").unwrap().to_string(), "C:\\shop\\Cart.cs:9");
        assert_eq!(frame("at X() in a: b\n12:00:01 é) x:9", ""), None);
    }
}
