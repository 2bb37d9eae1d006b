//! quick-xml's own reader, which any program that reads such a report could not beat by much.

use std::fs::File;
use std::hint::black_box;
use std::io::BufReader;
use std::path::Path;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// The values of a tag's attributes, as text: what no reader of such a report can do without.
pub(crate) fn attributes(tag: &BytesStart<'_>) {
    for attribute in tag.attributes() {
        let attribute = attribute.expect("well-formed attributes");
        black_box(attribute.normalized_value(XmlVersion::Explicit1_0).expect("known entities"));
    }
}

/// All events, as quick-xml hands them out, with `look` at each tag.
pub(crate) fn walk(report: &Path, tests: u64, look: impl Fn(&BytesStart<'_>)) {
    let source = BufReader::with_capacity(64 * 1024, File::open(report).expect("the report"));
    let mut reader = Reader::from_reader(source);
    let mut buffer = Vec::new();
    let mut cases = 0;
    loop {
        match reader.read_event_into(&mut buffer).expect("well-formed XML") {
            Event::Start(tag) | Event::Empty(tag) => {
                cases += u64::from(tag.name().as_ref() == "testcase");
                look(&tag);
            }
            Event::Eof => break,
            _ => {}
        }
        buffer.clear();
    }
    assert_eq!(cases, tests);
}
