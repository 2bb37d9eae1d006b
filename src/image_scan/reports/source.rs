//! Bytes of a report, and where in them a mistake stands.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use serde::de::DeserializeSeed;
use serde_json::error::Category;

use super::document::Document;
use crate::collect::Collector;
use devops_core::words::bytes;
use devops_core::{Error, Input, Location};
use devops_files::{Bounded, HashingReader, open_within};
use devops_reading::encoding::Decoded;
use devops_reading::trouble::Position;

/// Size of the buffer between a file and the parser.
const BUFFER: usize = 64 * 1024;

/// Most bytes of a report file.
const LARGEST: u64 = 4 << 30;

/// Longest text a report may hold. The parser holds one text at a time; advisories are far below this.
const LONGEST: usize = 8 * 1024 * 1024;

/// Bytes of a report, under the name that errors give it.
pub(crate) struct Source {
    name: String,
    inner: Box<dyn Read>,
}

impl Source {
    /// A file, or standard input for `-`.
    ///
    /// # Errors
    /// Where it can't be opened.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let name = path.display().to_string().replace('\\', "/");
        let inner: Box<dyn Read> = if name == "-" {
            Box::new(Bounded::new(io::stdin().lock(), LARGEST))
        } else {
            Box::new(open_within(path, LARGEST).map_err(|error| {
                Error::unreadable(path, error)
                    .help("check the path given with `report`, and that the scan ran")
            })?)
        };
        Ok(Self { name, inner })
    }

    /// What is already open.
    pub(crate) fn of(name: String, inner: Box<dyn Read>) -> Self {
        Self { name, inner }
    }
}

/// Reads reports; hands every complaint to the collector.
///
/// # Errors
/// Where one can't be read, is cut off, or is not a report of a version this release reads.
pub(crate) fn read(source: Source, collector: &mut Collector) -> Result<Input, Error> {
    let Source { name, inner } = source;
    collector.path.clone_from(&name);
    let mut reader = Reader {
        inner: BufReader::with_capacity(BUFFER, Decoded::new(HashingReader::new(inner))),
        line: 1,
        column: 1,
        name: name.clone(),
        text: Text::Outside,
        keys: Keys::default(),
        kept: collector.documents.is_some().then(Vec::new),
    };
    reader.reports(collector)?;
    let decoded = reader.inner.into_inner();
    if let Some(Position { line, column }) = decoded.replaced() {
        let at = Location { column: Some(column), ..Location::line(name, line) };
        return Err(Error::input("contains bytes that are not text").at(at).help(MAKE));
    }
    Ok(decoded.into_source().finish(name))
}

/// A reader that knows at which line it is.
struct Reader<R> {
    inner: BufReader<Decoded<HashingReader<R>>>,
    line: u64,
    column: u64,
    name: String,
    text: Text,
    keys: Keys,
    /// The text of the document that is read, where it is written again.
    kept: Option<Vec<u8>>,
}

/// The keys of every object that is open: a parser takes one of two that are the same, and nobody knows which one was meant.
#[derive(Default)]
struct Keys {
    /// For each open object its keys; nothing for a list.
    open: Vec<Option<BTreeSet<u64>>>,
    /// The text that is read, where it may be a key.
    text: Vec<u8>,
    /// Whether a text that comes next is a key.
    is_expected: bool,
    /// Whether the text that was read is a key if a colon follows.
    is_read: bool,
}

impl Keys {
    /// Takes a byte that belongs to no text.
    fn outside(&mut self, byte: u8) -> Result<(), String> {
        match byte {
            b'{' => {
                self.open.push(Some(BTreeSet::new()));
                self.is_expected = true;
            }
            b'[' => {
                self.open.push(None);
                self.is_expected = false;
            }
            b'}' | b']' => {
                self.open.pop();
                self.is_expected = false;
            }
            b',' => self.is_expected = matches!(self.open.last(), Some(Some(_))),
            b':' if self.is_read => {
                self.is_read = false;
                self.is_expected = false;
                let mut hasher = DefaultHasher::new();
                self.text.hash(&mut hasher);
                if let Some(Some(keys)) = self.open.last_mut()
                    && !keys.insert(hasher.finish())
                {
                    return Err(format!("duplicate key `{}`", String::from_utf8_lossy(&self.text)));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Whether the reader stands in a JSON text, and how long that is so far.
#[derive(Clone, Copy)]
enum Text {
    Outside,
    Inside(usize),
    Escape(usize),
}

impl Text {
    /// One byte on.
    fn after(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Outside, b'"') => Self::Inside(0),
            (Self::Outside, _) | (Self::Inside(_), b'"') => Self::Outside,
            (Self::Inside(length), b'\\') => Self::Escape(length + 1),
            (Self::Inside(length) | Self::Escape(length), _) => Self::Inside(length + 1),
        }
    }
}

impl<R: Read> Read for Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let read = buffer.get(..count).unwrap_or_default();
        for byte in read {
            self.count(*byte);
            let before = self.text;
            self.text = before.after(*byte);
            match (before, self.text) {
                (Text::Outside, Text::Inside(_)) => {
                    self.keys.text.clear();
                    self.keys.is_read = self.keys.is_expected;
                }
                (Text::Outside, _) => {
                    self.keys
                        .outside(*byte)
                        .map_err(|why| io::Error::new(io::ErrorKind::InvalidData, why))?;
                }
                (_, Text::Inside(_) | Text::Escape(_)) if self.keys.is_read => self.keys.text.push(*byte),
                _ => {}
            }
            if matches!(self.text, Text::Inside(length) if length > LONGEST) {
                return Err(io::Error::other(format!("a string is longer than {}", bytes(LONGEST as u64))));
            }
        }
        if let Some(kept) = &mut self.kept {
            kept.extend_from_slice(read);
        }
        Ok(count)
    }
}

impl<R: Read> Reader<R> {
    fn count(&mut self, byte: u8) {
        if byte == b'\n' {
            self.line += 1;
            self.column = 1;
        } else {
            self.column += 1;
        }
    }

    /// Every report up to the end; several may follow each other.
    fn reports(&mut self, collector: &mut Collector) -> Result<(), Error> {
        let mut is_first = true;
        while let Some(byte) = self.next_byte()? {
            match byte {
                b'{' | b'[' => self.document(collector)?,
                _ if is_first => return Err(self.error("is not JSON").help(MAKE)),
                _ => return Err(self.error("has data after the report that is not a report").help(MAKE)),
            }
            is_first = false;
        }
        if is_first { Err(self.error("is empty").help(MAKE)) } else { Ok(()) }
    }

    /// One report, or a list of them.
    fn document(&mut self, collector: &mut Collector) -> Result<(), Error> {
        let (line, column) = (self.line, self.column);
        let mut parser = serde_json::Deserializer::from_reader(&mut *self);
        if let Err(error) = (Document { collector: &mut *collector }).deserialize(&mut parser) {
            return Err(self.explain(&error, line, column));
        }
        if let (Some(kept), Some(documents)) = (&mut self.kept, &mut collector.documents) {
            let text = std::mem::take(kept);
            let document =
                serde_json::from_slice(&text).map_err(|error| self.explain(&error, line, column))?;
            documents.push(document);
        }
        Ok(())
    }

    /// The next byte that is not white space, left where it is.
    fn next_byte(&mut self) -> Result<Option<u8>, Error> {
        loop {
            let buffer = self.inner.fill_buf().map_err(|error| unreadable(&self.name, error))?;
            let Some(byte) = buffer.first().copied() else {
                return Ok(None);
            };
            if !byte.is_ascii_whitespace() {
                return Ok(Some(byte));
            }
            self.inner.consume(1);
            self.count(byte);
        }
    }

    /// An error where the reader stands.
    fn error(&self, message: &str) -> Error {
        let location = Location { column: Some(self.column), ..Location::line(self.name.clone(), self.line) };
        Error::input(message).at(location)
    }

    /// The parser's error, at its place in the file and in our words.
    fn explain(&self, error: &serde_json::Error, line: u64, column: u64) -> Error {
        let text = error.to_string();
        let (message, _) = text.rsplit_once(" at line ").unwrap_or((&text, ""));
        let error_line = (error.line() as u64).max(1);
        let error_column = error.column() as u64 + if error_line == 1 { column - 1 } else { 0 };
        let at = Location {
            column: Some(error_column.max(1)),
            ..Location::line(self.name.clone(), error_line + line - 1)
        };
        let here = Location { column: Some(self.column), ..Location::line(self.name.clone(), self.line) };
        match error.classify() {
            Category::Io if error.io_error_kind() == Some(io::ErrorKind::InvalidData) => {
                Error::input(format!("is not a supported report: {text}")).at(here).help(MAKE)
            }
            Category::Io => Error::input("can't be read").at(at).because(message.to_owned()),
            Category::Eof => Error::input(format!("is cut off: {message}"))
                .at(at)
                .help("scan again: the report is incomplete"),
            Category::Syntax => Error::input(format!("is not JSON: {message}")).at(at).help(MAKE),
            Category::Data => Error::input(format!("is not a supported report: {message}")).at(at).help(MAKE),
        }
    }
}

/// How a report is made.
const MAKE: &str =
    "write it with `trivy image --format json --output report.json`, or with `grype --output json`";

fn unreadable(name: &str, error: io::Error) -> Error {
    Error::unreadable(Path::new(name), error).help("check the path given with `report`")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
    use serde_json::{Value, json};

    use super::Source;
    use crate::collect::{Collector, Counts};
    use crate::filters::Filters;
    use crate::problem::Kind;

    const SAMPLE: &str = include_str!("../../../examples/webshop/trivy.json");

    fn read(bytes: &[u8]) -> Result<Counts, String> {
        let mut collector = Collector::new(Filters::default());
        let source = Source::of("t.json".to_owned(), Box::new(std::io::Cursor::new(bytes.to_vec())));
        let read = super::read(source, &mut collector);
        read.map(|_| collector.finish(&[]).0).map_err(|error| error.to_string())
    }

    #[test]
    fn a_report_cut_off_anywhere_is_refused() {
        let text = SAMPLE.trim_end().as_bytes();
        assert_eq!(read(text).unwrap().of(Kind::Vulnerability), 6);
        // Every third place, and each of the last: there it is nearly whole.
        for length in (0..text.len()).filter(|length| length % 3 == 0 || length + 100 > text.len()) {
            let error = read(&text[..length]).expect_err("a part of a report is no report");
            assert!(error.starts_with("t.json:"), "{length}: {error}");
        }
    }

    #[test]
    fn a_text_without_end_is_refused_before_it_fills_the_memory() {
        use std::io::Read as _;
        let endless = r#"{"SchemaVersion": 2, "ArtifactName": ""#.as_bytes().chain(std::io::repeat(b'a'));
        let mut collector = Collector::new(Filters::default());
        let source = Source::of("t.json".to_owned(), Box::new(endless));
        let error = super::read(source, &mut collector).unwrap_err();
        assert!(error.to_string().contains("a string is longer than 8.4 MB"), "{error}");
        assert_eq!(error.kind().exit().code(), 3);
        let quoted = r#"{"SchemaVersion": 2, "ArtifactName": "a\"b\\", "x": "y"}"#;
        assert!(read(quoted.as_bytes()).is_ok());
    }

    #[test]
    fn every_encoding_is_read_and_bytes_that_are_none_are_refused() {
        let marked = [b"\xef\xbb\xbf", SAMPLE.as_bytes()].concat();
        let wide: Vec<u8> =
            std::iter::once(0xfeff).chain(SAMPLE.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        for bytes in [marked, wide] {
            assert_eq!(read(&bytes).unwrap().of(Kind::Vulnerability), 6);
        }
        let at = SAMPLE.find("alpine").unwrap();
        for byte in [0xff, 0xc3, 0x01] {
            let mut bytes = SAMPLE.as_bytes().to_vec();
            bytes[at] = byte;
            assert!(read(&bytes).unwrap_err().contains("contains bytes that are not text"), "{byte}");
        }
    }

    #[test]
    fn nesting_without_end_is_refused() {
        for open in ["[", r#"{"a":"#] {
            let text = format!(r#"{{"SchemaVersion": 2, "x": {}"#, open.repeat(200_000));
            assert!(read(text.as_bytes()).is_err());
            let text = format!(r#"{{"SchemaVersion": 2, "Results": {}"#, open.repeat(200_000));
            assert!(read(text.as_bytes()).is_err());
        }
    }

    /// Every path to a value below `value`.
    fn paths(value: &Value, path: &str, found: &mut Vec<String>) {
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    paths(item, &format!("{path}/{index}"), found);
                }
            }
            Value::Object(fields) => {
                for (key, field) in fields {
                    paths(field, &format!("{path}/{key}"), found);
                }
            }
            _ => found.push(path.to_owned()),
        }
    }

    fn strange() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(|number| json!(number)),
            ".{0,12}".prop_map(Value::from),
            Just(json!([])),
            Just(json!({})),
            Just(json!([[["a"]], {"b": 1}])),
        ]
    }

    /// A report with every key that is read.
    fn full() -> Value {
        let layer = json!({"Digest": "sha256:1", "DiffID": "sha256:2"});
        json!({
            "SchemaVersion": 2, "ArtifactName": "shop:1", "ArtifactType": "container_image",
            "CreatedAt": "2026-11-20T13:00:00Z", "Trivy": {"Version": "0.60.0"}, "ReportID": "1",
            "Metadata": {"OS": {"Family": "alpine", "Name": "3.19", "EOSL": true}, "ImageID": "sha256:3",
                "RepoTags": ["shop:1"], "RepoDigests": ["shop@sha256:4"]},
            "Results": [{
                "Target": "shop:1", "Class": "os-pkgs", "Type": "alpine", "MisconfSummary": {"Successes": 1},
                "Packages": [{"ID": "a@1", "Locations": [{"StartLine": 1}], "Licenses": ["MIT"]}],
                "Vulnerabilities": [{"VulnerabilityID": "CVE-1", "VendorIDs": ["GHSA-1"], "PkgID": "a@1", "PkgName": "a",
                    "PkgPath": "a.jar", "PkgIdentifier": {"PURL": "pkg:a"}, "InstalledVersion": "1", "FixedVersion": "2",
                    "Status": "fixed", "Layer": layer, "Severity": "CRITICAL", "PrimaryURL": "https://a", "Title": "t",
                    "Description": "d"}],
                "Misconfigurations": [{"ID": "DS-1", "AVDID": "AVD-1", "Title": "t", "Message": "m", "Resolution": "r",
                    "Severity": "HIGH", "PrimaryURL": "https://a", "Status": "FAIL", "Layer": layer,
                    "CauseMetadata": {"StartLine": 2}}],
                "Secrets": [{"RuleID": "aws", "Category": "AWS", "Severity": "HIGH", "Title": "t", "StartLine": 1,
                    "Match": "***", "Layer": layer}],
                "Licenses": [{"Severity": "HIGH", "Category": "restricted", "PkgName": "a", "FilePath": "f", "Name": "GPL",
                    "Link": "l"}],
                "CustomResources": [{"type": "x"}],
                "ExperimentalModifiedFindings": [
                    {"Type": "vulnerability", "Status": "ignored", "Statement": "s", "Source": ".trivyignore",
                        "Finding": {"VulnerabilityID": "CVE-2", "PkgName": "p", "InstalledVersion": "1"}},
                    {"Type": "secret", "Status": "ignored", "Finding": {"RuleID": "r", "Severity": "HIGH"}},
                ],
            }],
        })
    }

    /// Every way to an object below `value` whose keys are read.
    fn objects(value: &Value, path: &str, found: &mut Vec<String>) {
        match value {
            Value::Array(items) => {
                (items.iter().enumerate())
                    .for_each(|(at, item)| objects(item, &format!("{path}/{at}"), found));
            }
            Value::Object(fields) => {
                found.push(path.to_owned());
                let fields = fields.iter().filter(|(key, _)| *key != "CustomResources");
                fields.for_each(|(key, field)| objects(field, &format!("{path}/{key}"), found));
            }
            _ => {}
        }
    }

    /// What a key may become when its case changes or one of its bits does.
    fn damages(key: &str) -> Vec<String> {
        let mut damages = vec![key.to_lowercase(), key.to_uppercase(), format!("{key} ")];
        for index in 0..key.len() {
            for bit in 0..7 {
                let mut bytes = key.as_bytes().to_vec();
                bytes[index] ^= 1 << bit;
                damages.push(String::from_utf8(bytes).unwrap());
            }
        }
        damages.retain(|damage| damage != key);
        damages
    }

    /// A report of Grype with every key that is read.
    fn grype() -> Value {
        let one = json!({
            "vulnerability": {"id": "GHSA-1", "dataSource": "https://a", "severity": "High", "description": "d",
                "fix": {"versions": ["2"], "state": "fixed"}},
            "relatedVulnerabilities": [{"id": "CVE-1"}],
            "matchDetails": [{"type": "cpe-match"}],
            "artifact": {"name": "a", "version": "1", "type": "npm", "purl": "pkg:npm/a@1",
                "locations": [{"path": "/a", "layerID": "sha256:1"}]},
        });
        let mut ignored = one.clone();
        ignored["appliedIgnoreRules"] = json!([{"reason": "r", "namespace": "vex", "vex-status": "fixed",
            "vex-justification": "j"}]);
        json!({"matches": [one], "ignoredMatches": [ignored],
            "source": {"type": "image", "target": "shop:1"}, "distro": {"name": "alpine", "version": "3.19"},
            "descriptor": {"name": "grype", "version": "1", "timestamp": "2026-11-20T13:00:00Z", "db": {}}})
    }

    /// A SARIF log with every key that is read and that hides something if it is damaged.
    fn sarif() -> Value {
        json!({"runs": [{
            "tool": {"driver": {"name": "a", "version": "1", "semanticVersion": "1", "rules": [{"id": "DL1",
                "shortDescription": {"text": "t"}, "helpUri": "https://a", "defaultConfiguration": {"level": "error"},
                "properties": {"security-severity": "8.0"}}]}},
            "invocations": [{"executionSuccessful": true, "endTimeUtc": "2026-11-20T13:00:00Z",
                "toolExecutionNotifications": [{"level": "note", "message": {"text": "t"}}]}],
            "properties": {"imageName": "shop:1", "imageID": "sha256:1", "repoTags": ["a"], "repoDigests": ["a"]},
            "results": [{"ruleId": "DL1", "ruleIndex": 0, "rule": {"id": "DL1", "index": 0}, "level": "error", "kind": "fail",
                "message": {"text": "t"}, "properties": {"security-severity": "9.0"},
                "suppressions": [{"kind": "inSource", "status": "rejected", "justification": "j"}],
                "locations": [{"physicalLocation": {"artifactLocation": {"uri": "a"}, "region": {"startLine": 1}}}]}],
        }], "version": "2.1.0"})
    }

    #[test]
    fn a_damaged_key_is_refused_at_every_level() {
        for (report, least) in [(full(), 5_000), (grype(), 1_500), (sarif(), 1_500)] {
            refused_where_damaged(&report, least);
        }
    }

    fn refused_where_damaged(report: &Value, least: usize) {
        let (mut found, mut tried) = (Vec::new(), 0);
        assert!(read(report.to_string().as_bytes()).is_ok(), "{:?}", read(report.to_string().as_bytes()));
        objects(report, "", &mut found);
        for path in found {
            let fields = report.pointer(&path).unwrap().as_object().unwrap();
            for key in fields.keys() {
                // Without its version a log is refused, whatever stands there.
                for damage in damages(key).into_iter().filter(|_| !(path.is_empty() && key == "version")) {
                    let mut report = report.clone();
                    let fields = report.pointer_mut(&path).unwrap().as_object_mut().unwrap();
                    let value = fields.remove(key).unwrap();
                    fields.insert(damage.clone(), value);
                    let error = read(report.to_string().as_bytes()).expect_err(&damage);
                    assert!(error.contains(&format!("did you mean `{key}`?")), "{path} {damage:?}: {error}");
                    tried += 1;
                }
            }
        }
        assert!(tried > least, "{tried}");
    }

    proptest! {
        #[test]
        fn a_strange_value_is_refused_or_nothing_is_lost(index in any::<usize>(), value in strange()) {
            let mut report: Value = serde_json::from_str(SAMPLE).unwrap();
            let mut found = Vec::new();
            paths(&report, "", &mut found);
            *report.pointer_mut(&found[index % found.len()]).unwrap() = value;
            if let Ok(counts) = read(report.to_string().as_bytes()) {
                assert_eq!(counts.of(Kind::Vulnerability), 6);
            }
        }

        #[test]
        fn a_strange_byte_never_panics(index in any::<usize>(), byte in any::<u8>()) {
            let mut text = SAMPLE.as_bytes().to_vec();
            let index = index % text.len();
            text[index] = byte;
            let _ = read(&text);
        }

        #[test]
        fn a_list_of_another_type_is_refused(value in strange()) {
            let mut report: Value = serde_json::from_str(SAMPLE).unwrap();
            let is_list = value.is_null() || value.is_array();
            *report.pointer_mut("/Results/0/Vulnerabilities").unwrap() = value;
            assert!(is_list || read(report.to_string().as_bytes()).is_err());
        }
    }
}
