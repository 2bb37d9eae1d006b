//! `OpenCover` XML: modules with files by number, and sequence and branch points that name them.

use std::collections::BTreeMap;
use std::io::Read;

use super::claims::Claims;
use super::model::{Budget, arm_key};
use super::numbers::Count;
use super::{Format, Reading, numbers};
use devops_reading::shape::Shape;
use devops_reading::xml::{Event, Walker};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "OpenCover",
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
    matches!(shape, Shape::Xml(xml) if xml.root == "CoverageSession")
}

/// What compilers write for code that stands in no line.
const HIDDEN: u32 = 0x00fe_efee;

/// Where the reading stands.
struct State {
    /// The files of the module by their number.
    files: BTreeMap<String, String>,
    /// The number of the file of the method.
    method: Option<String>,
    /// Sequence points of the method: where their code begins, and their line; none for code that stands in no line.
    points: Vec<(u64, Option<u32>)>,
    /// Branches of the method that name no line.
    branches: Vec<Unplaced>,
    budget: Budget,
    claims: Claims,
    claimed: [Option<u64>; 4],
    listed: [u64; 4],
}

/// A branch that names no line of its own: it stands on that of its sequence point.
struct Unplaced {
    offset: u64,
    path: String,
    key: u64,
    count: Count,
}

/// What a session claims of itself, and what that is a number of.
const CLAIMS: [(&str, &str); 4] = [
    ("numSequencePoints", "sequence points (`numSequencePoints`)"),
    ("visitedSequencePoints", "visited sequence points (`visitedSequencePoints`)"),
    ("numBranchPoints", "branches (`numBranchPoints`)"),
    ("visitedBranchPoints", "visited branches (`visitedBranchPoints`)"),
];

impl State {
    fn new() -> Self {
        Self {
            files: BTreeMap::new(),
            method: None,
            points: Vec::new(),
            branches: Vec::new(),
            budget: Budget::new(),
            claims: Claims::default(),
            claimed: [None; 4],
            listed: [0; 4],
        }
    }

    /// Takes what a session claims.
    fn claim<R: Read>(&mut self, walker: &mut Walker<R>) {
        walker.attributes(|key, value| {
            for ((claim, _), claimed) in CLAIMS.iter().zip(&mut self.claimed) {
                if *claim == key {
                    *claimed = value.trim().parse().ok();
                }
            }
        });
    }

    /// Counts a point.
    fn count(&mut self, is_branch: bool, count: Count) {
        let [points, visited, branches, taken] = &mut self.listed;
        let (all, covered) = if is_branch { (branches, taken) } else { (points, visited) };
        *all += 1;
        *covered += u64::from(count.hits() > 0);
    }

    /// Ends a method: branches that name no line stand on that of the last sequence point that begins before them.
    fn end_method(&mut self, reading: &mut Reading) {
        self.points.sort_by_key(|(offset, _)| *offset);
        for branch in self.branches.drain(..) {
            let before = self.points.partition_point(|(offset, _)| *offset <= branch.offset).max(1) - 1;
            if let Some((_, Some(line))) = self.points.get(before) {
                reading.coverage.file(&branch.path).arm(*line, branch.key, branch.count);
            }
        }
        self.points.clear();
        self.method = None;
    }

    /// Ends a session.
    fn end(&mut self) {
        for ((claimed, listed), (_, what)) in self.claimed.iter().zip(self.listed).zip(CLAIMS) {
            self.claims.check(what, *claimed, listed, "");
        }
        (self.claimed, self.listed) = ([None; 4], [0; 4]);
    }
}

/// Reads a report.
fn read(source: &mut dyn Read, reading: &mut Reading) {
    let mut walker = Walker::new(source);
    let mut state = State::new();
    let mut is_seen = false;
    loop {
        match walker.next(false) {
            Event::Open if walker.depth() == 1 && walker.name() != "CoverageSession" => {
                let what = format!("<{}> is not an OpenCover report", walker.name());
                walker.trouble(what);
            }
            Event::Open => match walker.name() {
                "CoverageSession" => is_seen = true,
                "Module" => state.files.clear(),
                "File" => file(&mut walker, &mut state, reading),
                "Summary" if walker.around() == "CoverageSession" => state.claim(&mut walker),
                "Method" => state.end_method(reading),
                "FileRef" => state.method = walker.attribute("uid"),
                "SequencePoint" | "BranchPoint" => point(&mut walker, &mut state, reading),
                _ => {}
            },
            Event::Close if walker.name() == "Method" => state.end_method(reading),
            Event::Close if walker.name() == "CoverageSession" => state.end(),
            Event::Text | Event::Close => {}
            Event::End => break,
        }
    }
    if !is_seen {
        walker.trouble("contains no <CoverageSession>");
    }
    (reading.troubles, reading.notes) = walker.finish();
    reading.notes.extend(state.claims.notes());
}

fn file<R: Read>(walker: &mut Walker<R>, state: &mut State, reading: &mut Reading) {
    let (mut uid, mut path) = (None, None);
    walker.attributes(|key, value| match key {
        "uid" => uid = Some(value.to_owned()),
        "fullPath" => path = Some(value.to_owned()),
        _ => {}
    });
    let (Some(uid), Some(path)) = (uid, path) else {
        return walker.trouble("a file without `uid` and `fullPath`");
    };
    reading.coverage.file(&path);
    state.files.insert(uid, path);
}

fn point<R: Read>(walker: &mut Walker<R>, state: &mut State, reading: &mut Reading) {
    let is_branch = walker.name() == "BranchPoint";
    let (mut hits, mut first, mut last, mut uid) = (None, None, None, None);
    let mut start = 0;
    let mut arm = [const { String::new() }; 4];
    let [way, offset, column, end] = &mut arm;
    walker.attributes(|key, value| match key {
        "vc" => hits = numbers::count(value),
        "sl" => first = numbers::line(value),
        "el" => last = numbers::line(value),
        "fileid" if value != "0" => uid = Some(value.to_owned()),
        "path" => value.clone_into(way),
        "offset" => {
            start = value.trim().parse().unwrap_or(0);
            value.clone_into(offset);
        }
        "sc" => value.clone_into(column),
        "offsetend" => value.clone_into(end),
        _ => {}
    });
    let (Some(hits), true) = (hits, is_branch || first.is_some()) else {
        return walker.trouble("a point without `vc` and `sl` that are numbers");
    };
    state.count(is_branch, hits);
    let first = first.filter(|line| *line > 0);
    let place = first.filter(|line| *line != HIDDEN);
    if !is_branch {
        state.points.push((start, place));
    }
    if place.is_none() && (!is_branch || first.is_some()) {
        return;
    }
    let Some(path) = uid.or_else(|| state.method.clone()).and_then(|uid| state.files.get(&uid)) else {
        return walker.trouble("a point names no file of its module");
    };
    let key = arm_key(&FORMAT, &arm);
    let Some(first) = place else {
        let path = path.clone();
        return state.branches.push(Unplaced { offset: start, path, key, count: hits });
    };
    let file = reading.coverage.file(path);
    if is_branch {
        return file.arm(first, key, hits);
    }
    match state.budget.lines(first, last.filter(|last| *last != HIDDEN).unwrap_or(first)) {
        Ok(lines) => lines.for_each(|number| file.line(number, hits)),
        Err(what) => walker.trouble(what),
    }
}

#[cfg(test)]
mod tests {
    use super::super::properties_tests::{Run, each_line};
    use super::super::tests::{read, shown};
    use super::FORMAT;

    const METHOD: &str = "<Method><FileRef uid='1'/><SequencePoints>\
        <SequencePoint vc='2' sl='3' el='4' sc='1' ec='2'/><SequencePoint vc='0' sl='6' el='6' fileid='2'/>\
        <SequencePoint vc='1' sl='16707566' el='16707566'/></SequencePoints><BranchPoints>\
        <BranchPoint vc='1' path='0' offset='8' sl='3'/><BranchPoint vc='0' path='1' offset='8' sl='3'/><BranchPoint vc='0' path='1' offset='9'/>\
        </BranchPoints></Method>";

    #[test]
    fn points_find_their_files() {
        let module = |folder: &str| {
            format!(
                "<Module><Files><File uid='1' fullPath='C:\\{folder}\\A.cs'/><File uid='2' fullPath='C:\\{folder}\\B.cs'/></Files><Classes><Class><Methods>{METHOD}</Methods></Class></Classes></Module>"
            )
        };
        let text =
            format!("<CoverageSession><Modules>{}{}</Modules></CoverageSession>", module("x"), module("y"));
        let one = |folder: &str| format!("C:\\{folder}\\A.cs: 3=2(1/2) 4=2\nC:\\{folder}\\B.cs: 6=0\n");
        assert_eq!(shown(&read(FORMAT, &text)), one("x") + &one("y"));
    }

    #[test]
    fn what_is_missing_is_told() {
        for text in [
            "<SequencePoint vc='1' sl='1' el='1' fileid='7'/>",
            "<SequencePoint sl='1'/>",
            "<File uid='1'/>",
            "<File uid='1' fullPath='a'/><SequencePoint vc='1' sl='5' el='2' fileid='1'/>",
            "<File uid='1' fullPath='a'/><SequencePoint vc='1' sl='1' el='999999999' fileid='1'/>",
        ] {
            let reading = read(FORMAT, &format!("<CoverageSession>{text}</CoverageSession>"));
            assert!(shown(&reading).contains("! "), "{text}");
        }
    }

    /// A run as this format writes it.
    pub(in super::super) fn written(run: &Run) -> String {
        let point = |number, hits| {
            format!("<SequencePoint vc=\"{hits}\" sl=\"{number}\" el=\"{number}\" fileid=\"1\"/>")
        };
        let module = |path: &str, lines| {
            format!("<Module><Files><File uid=\"1\" fullPath=\"{path}\"/></Files>{lines}</Module>")
        };
        format!("<CoverageSession>{}</CoverageSession>", each_line(run, module, point, ""))
    }
}
