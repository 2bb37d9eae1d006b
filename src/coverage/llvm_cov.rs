//! The JSON that `llvm-cov export` writes, also through `cargo llvm-cov --json`.

use std::fmt;
use std::io::Read;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::claims::Claims;
use super::model::{Budget, FileCoverage, arm_key};
use super::numbers::Count;
use super::{Format, Ratio, Reading, numbers, object};
use devops_reading::json::{Fields, Object, document, each, refuse, skip};
use devops_reading::shape::Shape;
use devops_reading::trouble::Trouble;

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "llvm-cov",
    is_summary: false,
    is,
    read,
    #[cfg(test)]
    written: tests::written,
};

/// What is read here.
pub(super) const FORMATS: &[Format] = &[FORMAT];

/// Whether a file that begins in this way has the format.
fn is(shape: &Shape) -> bool {
    object(shape).is_some_and(|json| {
        json.has(&["data", "[]", "files"]) || json.says(&["type"], "llvm.coverage.json.export")
    })
}

/// Reads a report. Lines come from the segments of a file: a segment's count holds until the next segment begins.
fn read(source: &mut dyn Read, reading: &mut Reading) {
    let mut root = Root { reading, budget: Budget::new(), is_seen: false, claims: Claims::default() };
    let result = document(source, Fields(&mut root));
    let Root { is_seen, claims, .. } = root;
    reading.notes.extend(claims.notes());
    if let Err(trouble) = result {
        reading.troubles.push(trouble);
    } else if !is_seen {
        reading.troubles.push(Trouble::whole("contains no `data` with `files`"));
    }
}

struct Root<'a> {
    reading: &'a mut Reading,
    budget: Budget,
    is_seen: bool,
    claims: Claims,
}

impl Object for Root<'_> {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "data" => map.next_value_seed(List { root: self, is_files: false }),
            "type" => {
                let kind: String = map.next_value()?;
                if kind == "llvm.coverage.json.export" {
                    return Ok(());
                }
                Err(refuse::<A>(format_args!("the type `{kind}` is not `llvm.coverage.json.export`")))
            }
            _ => skip(map),
        }
    }
}

/// The list of exports, or of the files in one.
struct List<'a, 'b> {
    root: &'a mut Root<'b>,
    is_files: bool,
}

impl<'de> DeserializeSeed<'de> for List<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for List<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        if !self.is_files {
            while list.next_element_seed(Fields(&mut Export(self.root)))?.is_some() {}
            return Ok(());
        }
        loop {
            let mut file = File::default();
            if list.next_element_seed(Fields(&mut file))?.is_none() {
                return Ok(());
            }
            file.put(self.root);
        }
    }
}

struct Export<'a, 'b>(&'a mut Root<'b>);

impl Object for Export<'_, '_> {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        if key == "files" {
            self.0.is_seen = true;
            return map.next_value_seed(List { root: self.0, is_files: true });
        }
        skip(map)
    }
}

/// Where a count begins to hold: `[line, column, count, has_count, is_region_entry, is_gap]`.
#[derive(Clone, Copy)]
struct Segment {
    line: u32,
    count: Count,
    has_count: bool,
    is_entry: bool,
    is_gap: bool,
}

impl Segment {
    /// Whether code begins here that has a count of its own.
    fn starts_region(&self) -> bool {
        !self.is_gap && self.has_count && self.is_entry
    }
}

impl<'de> Deserialize<'de> for Segment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;
        impl<'de> Visitor<'de> for Form {
            type Value = Segment;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a segment of at least 5 parts")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Segment, A::Error> {
                let short = |length| <A::Error as serde::de::Error>::invalid_length(length, &self);
                let line = parts.next_element()?.ok_or_else(|| short(0))?;
                let _: u64 = parts.next_element()?.ok_or_else(|| short(1))?;
                let count = parts.next_element()?.ok_or_else(|| short(2))?;
                let has_count = parts.next_element()?.ok_or_else(|| short(3))?;
                let is_entry = parts.next_element()?.ok_or_else(|| short(4))?;
                let is_gap = parts.next_element()?.unwrap_or(false);
                while parts.next_element::<serde::de::IgnoredAny>()?.is_some() {}
                Ok(Segment { line, count, has_count, is_entry, is_gap })
            }
        }
        deserializer.deserialize_seq(Form)
    }
}

#[derive(Default)]
struct File {
    name: Option<String>,
    segments: Option<Vec<Segment>>,
    branches: Vec<[u64; 6]>,
    short_branches: u64,
    claimed: Summary,
}

/// What a file claims of itself.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Summary {
    lines: Claimed,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Claimed {
    count: Option<u64>,
    covered: Option<u64>,
}

impl Object for File {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "filename" => self.name = Some(map.next_value()?),
            "segments" => {
                let mut segments = Vec::new();
                map.next_value_seed(each(|segment: Segment| segments.push(segment)))?;
                self.segments = Some(segments);
            }
            "summary" => self.claimed = map.next_value()?,
            "branches" => {
                let (branches, short) = (&mut self.branches, &mut self.short_branches);
                map.next_value_seed(each(|parts: Vec<u64>| match parts.first_chunk() {
                    Some(parts) => branches.push(*parts),
                    None => *short += 1,
                }))?;
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

impl File {
    fn put(self, root: &mut Root<'_>) {
        let mut trouble = |what: String| root.reading.troubles.push(Trouble::whole(what));
        let (Some(name), Some(segments)) = (self.name, self.segments) else {
            return trouble("a file without `filename` and `segments`".to_owned());
        };
        let coverage = root.reading.coverage.file(&name);
        match lines(&segments, &mut root.budget, coverage) {
            Ok(listed) => {
                let Claimed { count, covered } = self.claimed.lines;
                root.claims.check("lines", count, listed.coverable, &name);
                root.claims.check("covered lines", covered, listed.covered, &name);
            }
            Err(what) => trouble(format!("`{name}`: {what}")),
        }
        if self.short_branches > 0 {
            trouble(format!("`{name}`: a branch has less than 6 parts"));
        }
        for [line, column, end, end_column, yes, no] in self.branches {
            let place = (line, column, end, end_column);
            for (is_yes, count) in [(true, yes), (false, no)] {
                let key = arm_key(&FORMAT, (place, is_yes));
                coverage.arm(numbers::clamp(line), key, count);
            }
        }
    }
}

/// Walks over the segments as the compiler's own reports do: a line can be covered if a region with a count begins on it or
/// goes on over it, and its hits are the most of those.
fn lines(segments: &[Segment], budget: &mut Budget, coverage: &mut FileCoverage) -> Result<Ratio, String> {
    if !segments.is_sorted_by_key(|segment| segment.line) {
        return Err("the segments are not in order".to_owned());
    }
    let mut listed = Ratio::default();
    let mut line = |number: u32, hits: u32| {
        coverage.line(number, hits);
        listed = listed + Ratio::new(u64::from(hits > 0), 1);
    };
    let mut overflowed = Vec::new();
    let mut wrapped: Option<Segment> = None;
    let mut next = segments.first().map_or(0, |segment| segment.line);
    for chunk in segments.chunk_by(|one, other| one.line == other.line) {
        let Some((first, last)) = chunk.first().zip(chunk.last()) else { continue };
        // Lines on which nothing begins go on with what was before.
        if next < first.line {
            let range = budget.lines(next, first.line - 1)?;
            if let Some(region) = wrapped.filter(|region| region.has_count) {
                range.for_each(|number| line(number, region.count.hits()));
            }
        }
        let is_overflowed =
            |segment: &&Segment| segment.starts_region() && segment.count == Count::Overflowed;
        overflowed.extend(chunk.iter().filter(is_overflowed).map(|segment| segment.line));
        let is_skipped = !first.has_count && first.is_entry;
        let counts =
            chunk.iter().filter(|segment| segment.starts_region()).map(|segment| segment.count.hits());
        let goes_on = wrapped.filter(|region| region.has_count);
        let most = counts.clone().chain(wrapped.map(|region| region.count.hits())).max().unwrap_or(0);
        if !is_skipped && (goes_on.is_some() || counts.count() > 0) {
            line(first.line, most);
        }
        wrapped = Some(*last);
        next = first.line.saturating_add(1);
    }
    for number in overflowed {
        coverage.overflow(number);
    }
    Ok(listed)
}

#[cfg(test)]
mod tests {
    use super::super::properties_tests::{Run, each_line};
    use super::super::tests::{read, shown};
    use super::FORMAT;

    fn file(segments: &str) -> String {
        format!(
            r#"{{"data": [{{"files": [{{"filename": "/w/a.rs", "segments": [{segments}], "branches": [[2, 8, 2, 9, 3, 0, 0, 0, 4]]}}], "functions": [], "totals": {{}}}}], "type": "llvm.coverage.json.export", "version": "2.0.1"}}"#
        )
    }

    #[test]
    fn lines_come_from_a_walk_over_segments() {
        // A function from 1 to 6; on line 2 a condition, on lines 3 and 4 a block that never ran, then a gap.
        let text = file(
            "[1,1,5,true,true,false],[2,8,5,true,true,false],[2,9,5,true,false,false],[2,10,0,true,true,false],[4,6,5,true,false,false],[6,2,0,false,false,false],[8,1,0,true,true,false],[9,2,0,false,false,false]",
        );
        assert_eq!(shown(&read(FORMAT, &text)), "/w/a.rs: 1=5 2=5(1/2) 3=0 4=0 5=5 6=5 8=0 9=0\n");
        // A skipped region can't be covered, and neither can a gap alone.
        let skipped = file(
            "[1,1,1,true,true],[2,1,0,false,true],[3,2,1,true,false],[4,1,0,false,false],[5,1,0,true,true,true],[5,9,0,false,false,false]",
        );
        assert_eq!(shown(&read(FORMAT, &skipped)), "/w/a.rs: 1=1 4=1\n");
    }

    #[test]
    fn what_is_wrong_is_told() {
        for text in [
            "{}".to_owned(),
            r#"{"data": [{"files": [{"filename": "a"}]}]}"#.to_owned(),
            r#"{"data": [{"files": []}], "type": "other"}"#.to_owned(),
            file("[2,1,1,true,true,false],[1,1,1,true,true,false]"),
            file("[1,1,1,true,true,false],[4000000000,1,1,true,true,false]"),
            file("[1,1,1]"),
        ] {
            assert!(shown(&read(FORMAT, &text)).contains("! "), "{text}");
        }
    }

    /// A run as this format writes it.
    pub(in super::super) fn written(run: &Run) -> String {
        let region =
            |number, hits| format!("[{number},1,{hits},true,true,false],[{number},9,0,false,false,false]");
        let file = |path: &str, segments| format!("{{\"filename\": \"{path}\", \"segments\": [{segments}]}}");
        let files = each_line(run, file, region, ",");
        format!("{{\"data\": [{{\"files\": [{files}]}}], \"type\": \"llvm.coverage.json.export\"}}")
    }
}
