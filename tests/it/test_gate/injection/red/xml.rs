//! Where the elements and attributes of an XML file stand.

use std::ops::Range;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::Edit;

/// An element, by where its parts stand.
#[derive(Debug)]
pub(super) struct Element {
    /// Its name without a prefix, and with it.
    pub(super) name: String,
    full: String,
    /// Its first tag.
    pub(super) tag: Range<usize>,
    /// All of it.
    pub(super) span: Range<usize>,
    is_empty: bool,
    pub(super) parent: Option<usize>,
}

/// A file by its elements, in their order.
pub(super) struct Tree<'a> {
    pub(super) text: &'a str,
    pub(super) elements: Vec<Element>,
}

impl<'a> Tree<'a> {
    /// The elements, up to where the file is no longer XML.
    pub(super) fn of(text: &'a str) -> Self {
        let without_mark = text.trim_start_matches('\u{feff}');
        let mut reader = Reader::from_str(without_mark);
        let mark = text.len() - without_mark.len();
        let place = |reader: &Reader<&[u8]>| {
            usize::try_from(reader.buffer_position()).map_or(text.len(), |place| mark + place)
        };
        reader.config_mut().check_end_names = false;
        let mut tree = Self { text, elements: Vec::new() };
        let mut open = Vec::new();
        loop {
            let start = place(&reader);
            match reader.read_event() {
                Ok(Event::Start(tag)) => {
                    let name = tag.name().as_ref().to_owned();
                    open.push(tree.push(name, start..place(&reader), false, open.last().copied()));
                }
                Ok(Event::Empty(tag)) => {
                    let name = tag.name().as_ref().to_owned();
                    tree.push(name, start..place(&reader), true, open.last().copied());
                }
                Ok(Event::End(_)) => {
                    if let Some(element) = open.pop() {
                        tree.elements[element].span.end = place(&reader);
                    }
                }
                Ok(Event::Eof) | Err(_) => break,
                Ok(_) => {}
            }
        }
        // What was never closed is no case.
        for element in &mut tree.elements {
            element.span.end = element.span.end.max(element.tag.end);
        }
        tree
    }

    fn push(&mut self, full: String, tag: Range<usize>, is_empty: bool, parent: Option<usize>) -> usize {
        let name = full.rsplit(':').next().unwrap_or(&full).to_owned();
        self.elements.push(Element { name, full, span: tag.clone(), tag, is_empty, parent });
        self.elements.len() - 1
    }

    /// Elements of this name.
    pub(super) fn named<'b>(&'b self, name: &'b str) -> impl Iterator<Item = usize> + 'b {
        self.elements
            .iter()
            .enumerate()
            .filter(move |(_, element)| element.name == name)
            .map(|(index, _)| index)
    }

    /// Children of an element.
    pub(super) fn children(&self, parent: usize) -> impl Iterator<Item = usize> + '_ {
        let is_child = move |(_, element): &(usize, &Element)| element.parent == Some(parent);
        self.elements.iter().enumerate().filter(is_child).map(|(index, _)| index)
    }

    /// What is around an element, the innermost first.
    pub(super) fn around(&self, index: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(self.elements[index].parent, |outer| self.elements[*outer].parent)
    }

    /// Where the value of an attribute stands.
    pub(super) fn find(&self, index: usize, wanted: &str) -> Option<Range<usize>> {
        let tag = &self.elements[index].tag;
        let mut at = tag.start + 1 + self.elements[index].full.len();
        loop {
            let rest = &self.text[at..tag.end];
            let equals = rest.find('=')?;
            let key = rest[..equals].trim();
            let quoted = rest[equals + 1..].trim_start();
            let quote = quoted.chars().next()?;
            let start = tag.end - quoted.len() + 1;
            let end = start + self.text[start..tag.end].find(quote)?;
            if key == wanted {
                return Some(start..end);
            }
            at = end + 1;
        }
    }

    /// The value of an attribute; nothing where there is none.
    pub(super) fn get(&self, index: usize, wanted: &str) -> &'a str {
        self.find(index, wanted).map_or("", |range| &self.text[range])
    }

    /// Gives an attribute this value.
    pub(super) fn set(&self, index: usize, key: &str, value: &str) -> Edit {
        if let Some(range) = self.find(index, key) {
            return (range, value.to_owned());
        }
        let element = &self.elements[index];
        let at = element.tag.start + 1 + element.full.len();
        (at..at, format!(" {key}=\"{value}\""))
    }

    /// Adds to the number in an attribute, where there is one.
    pub(super) fn add(&self, index: usize, key: &str, more: i64) -> Option<Edit> {
        super::plus(self.text, self.find(index, key)?, more)
    }

    /// Puts something first into an element.
    pub(super) fn put(&self, index: usize, child: &str) -> Edit {
        let element = &self.elements[index];
        if !element.is_empty {
            return (element.tag.end..element.tag.end, child.to_owned());
        }
        let slash = self.text[element.tag.clone()].rfind('/').map_or(0, |slash| element.tag.start + slash);
        (slash..element.tag.end, format!(">{child}</{}>", element.full))
    }

    /// Takes an element out.
    pub(super) fn remove(&self, index: usize) -> Edit {
        (self.elements[index].span.clone(), String::new())
    }
}
