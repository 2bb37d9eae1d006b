//! XML with lines. Entities other than the predefined ones are an error, as are document types and prefixed names; but for those within
//! a `configuration`, which a plugin gives its own names.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};

use super::{Damage, text};

/// Maximum nesting.
const DEEPEST: usize = 128;

/// An element with what stands in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Element {
    /// Its name.
    pub name: String,
    /// The line its tag starts on, from 1.
    pub line: u64,
    /// Attributes, with their values.
    pub attributes: Vec<(String, String)>,
    /// The elements in it.
    pub children: Vec<Element>,
    /// The text in it, its pieces joined.
    pub text: String,
}

impl Element {
    /// The elements of a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> + 'a {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The only element of a name.
    ///
    /// # Errors
    /// Where there are several.
    pub fn only(&self, name: &str) -> Result<Option<&Self>, Damage> {
        let mut found = self.children.iter().filter(|child| child.name == name);
        let first = found.next();
        match found.next() {
            Some(second) => {
                Err(Damage::new(second.line, format!("`{name}` stands twice in `{}`", self.name)))
            }
            None => Ok(first),
        }
    }

    /// The text of the only element of a name, without space around it.
    ///
    /// # Errors
    /// Where there are several.
    pub fn text_of(&self, name: &str) -> Result<Option<&str>, Damage> {
        Ok(self.only(name)?.map(|child| child.text.trim()).filter(|content| !content.is_empty()))
    }

    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Rejects an element or attribute whose name is a known one, misspelt, which could hide what it says.
    ///
    /// # Errors
    /// Where there is one.
    pub fn check_spelling(&self, known: &[&str]) -> Result<(), Damage> {
        let children = self.children.iter().map(|child| (child.name.as_str(), child.line));
        let attributes = self.attributes.iter().map(|(key, _)| (key.as_str(), self.line));
        for (name, line) in children.chain(attributes) {
            if let Some(known) = super::misspelt(name, known) {
                return Err(Damage::new(line, format!("`{name}` must be written `{known}`")));
            }
        }
        Ok(())
    }
}

/// The text of a document, which says which encoding it has; that of Western Europe is read beside UTF-8.
///
/// # Errors
/// Where it is neither, or where a merge left conflict markers.
pub fn xml_text(bytes: &[u8]) -> Result<Cow<'_, str>, Damage> {
    const LATIN: [&[u8]; 4] = [b"iso-8859-1", b"iso-8859-15", b"windows-1252", b"latin1"];
    let head = bytes.get(..bytes.len().min(100)).unwrap_or_default();
    let head = head.split(|byte| *byte == b'>').next().unwrap_or_default().to_ascii_lowercase();
    let is_latin = head.starts_with(b"<?xml")
        && LATIN.iter().any(|name| {
            let quoted = |quote: u8| [&[quote][..], *name, &[quote]].concat();
            [b'"', b'\''].iter().any(|quote| {
                let wanted = quoted(*quote);
                head.windows(wanted.len()).any(|window| window == wanted)
            })
        });
    if !is_latin || std::str::from_utf8(bytes).is_ok() {
        return text(bytes).map(Cow::Borrowed);
    }
    // These differ in characters that no name of a package has.
    let decoded: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    text(decoded.as_bytes()).map(|text| Cow::Owned(text.to_owned()))
}

/// Reads a document.
///
/// # Errors
/// Where it is none, is cut off, or has more than one root.
pub fn xml(text: &str) -> Result<Element, Damage> {
    let mut reader = Reader::from_str(text);
    let mut lines = LineCounter { bytes: text.as_bytes(), at: 0, line: 1 };
    let mut open: Vec<Element> = Vec::new();
    let mut root: Option<Element> = None;
    loop {
        let line = lines.line(reader.buffer_position());
        let event = reader.read_event().map_err(|error| {
            let line = lines.line(reader.error_position());
            Damage::new(line, error.to_string())
        })?;
        let piece: String = match event {
            Event::Start(tag) => {
                if open.len() >= DEEPEST {
                    return Err(Damage::new(line, format!("elements are nested deeper than {DEEPEST}")));
                }
                let opened = element(&tag, line, is_configured(&open))?;
                open.push(opened);
                continue;
            }
            Event::Empty(tag) => {
                let done = element(&tag, line, is_configured(&open))?;
                close(&mut open, &mut root, done)?;
                continue;
            }
            Event::End(_) => {
                if let Some(done) = open.pop() {
                    close(&mut open, &mut root, done)?;
                }
                continue;
            }
            Event::Text(content) => content.xml10_content().into_owned(),
            Event::CData(content) => content.xml10_content().into_owned(),
            Event::GeneralRef(reference) => {
                let name = reference.xml10_content();
                let resolved = match reference.resolve_char_ref() {
                    Ok(Some(character)) => Some(character.to_string()),
                    _ => resolve_predefined_entity(&name).map(str::to_owned),
                };
                resolved.ok_or_else(|| Damage::new(line, format!("unknown entity `{name}`")))?
            }
            Event::DocType(_) => return Err(Damage::new(line, "document types are not supported")),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => continue,
            Event::Eof => break,
        };
        match open.last_mut() {
            Some(element) => element.text.push_str(&piece),
            None if piece.trim().is_empty() => {}
            None => return Err(Damage::new(line, "text stands outside of any element")),
        }
    }
    if let Some(unclosed) = open.last() {
        return Err(Damage::new(
            text.lines().count().max(1) as u64,
            format!("`{}` of line {} is not closed", unclosed.name, unclosed.line),
        ));
    }
    root.ok_or_else(|| Damage::new(1, "no element found"))
}

/// Counts lines up to rising positions.
struct LineCounter<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl LineCounter<'_> {
    fn line(&mut self, position: u64) -> u64 {
        let position = usize::try_from(position).unwrap_or(self.at);
        let passed = self.bytes.get(self.at..position).unwrap_or_default();
        self.line += passed.split(|byte| *byte == b'\n').count().saturating_sub(1) as u64;
        self.at = self.at.max(position);
        self.line
    }
}

fn close(open: &mut [Element], root: &mut Option<Element>, done: Element) -> Result<(), Damage> {
    match open.last_mut() {
        Some(parent) => parent.children.push(done),
        None if root.is_some() => return Err(Damage::new(done.line, "a second root element begins")),
        None => *root = Some(done),
    }
    Ok(())
}

/// Whether what follows stands in a `configuration`.
fn is_configured(open: &[Element]) -> bool {
    open.iter().any(|element| element.name == "configuration")
}

fn element(tag: &BytesStart<'_>, line: u64, may_have_prefix: bool) -> Result<Element, Damage> {
    let name = tag.name().into_inner();
    if name.contains(':') && !may_have_prefix {
        return Err(Damage::new(line, format!("prefixed element `{name}` is not supported")));
    }
    let name = name.to_owned();
    let mut attributes = Vec::new();
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| Damage::new(line, error.to_string()))?;
        let value = attribute
            .normalized_value(quick_xml::XmlVersion::Explicit1_0)
            .map_err(|error| Damage::new(line, error.to_string()))?
            .into_owned();
        attributes.push((attribute.key.into_inner().to_owned(), value));
    }
    Ok(Element { name, line, attributes, children: vec![], text: String::new() })
}

#[cfg(test)]
mod tests {
    use super::xml;

    #[test]
    fn elements_know_their_lines() {
        let content = "<?xml version=\"1.0\"?>\n<a x=\"1 &amp; 2\">\r\n <!-- c -->\n <b>y &lt;&#65;<![CDATA[<z>]]></b>\n <c/>\n</a>\n";
        let root = xml(content).unwrap();
        assert_eq!(root.attribute("x"), Some("1 & 2"));
        assert_eq!(root.children.iter().map(|child| child.line).collect::<Vec<_>>(), [4, 5]);
        assert_eq!(root.text_of("b").unwrap(), Some("y <A<z>"));
        assert_eq!(root.line, 2);
    }

    #[test]
    fn what_is_no_one_document_is_an_error_with_its_line() {
        for (content, line) in [
            ("", 1),
            ("<a>\n<b></a>", 2),
            ("<a/>\n<b/>", 2),
            ("<a>\n", 1),
            ("<a/>\nx", 1),
            ("<a>\n&x;</a>", 2),
            ("<!DOCTYPE a [<!ENTITY x 'y'>]>\n<a/>", 1),
            ("<x:a xmlns:x='y'/>", 1),
            ("<a x='1' x='2'/>", 1),
        ] {
            let error = xml(content).unwrap_err();
            assert_eq!(error.line, line, "{content}: {}", error.what);
        }
    }
}
