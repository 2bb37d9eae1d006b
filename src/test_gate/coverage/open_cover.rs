//! `OpenCover` XML: modules with files by number, and sequence and branch points that name them.

use std::collections::BTreeMap;
use std::io::Read;

use super::model::{Budget, arm_key};
use super::{Format, Reading, numbers};
use crate::test_gate::xml::{Event, Walker};

/// What compilers write for code that stands in no line.
const HIDDEN: u32 = 0x00fe_efee;

/// Where the reading stands.
struct State {
    /// The files of the module by their number.
    files: BTreeMap<String, String>,
    /// The number of the file of the method.
    method: Option<String>,
    budget: Budget,
}

/// Reads a report.
pub(super) fn read(source: impl Read, reading: &mut Reading) {
    let mut walker = Walker::new(source);
    let mut state = State { files: BTreeMap::new(), method: None, budget: Budget::new() };
    let mut is_seen = false;
    loop {
        match walker.next(false) {
            Event::Open if walker.depth() == 1 && walker.name() != "CoverageSession" => {
                let what = format!("<{}> is no OpenCover report", walker.name());
                walker.trouble(what);
            }
            Event::Open => match walker.name() {
                "CoverageSession" => is_seen = true,
                "Module" => state.files.clear(),
                "File" => file(&mut walker, &mut state, reading),
                "Method" => state.method = None,
                "FileRef" => state.method = walker.attribute("uid"),
                "SequencePoint" | "BranchPoint" => point(&mut walker, &mut state, reading),
                _ => {}
            },
            Event::Text | Event::Close => {}
            Event::End => break,
        }
    }
    if !is_seen {
        walker.trouble("holds no <CoverageSession>");
    }
    (reading.troubles, reading.notes) = walker.finish();
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
    let mut arm = [const { String::new() }; 4];
    let [way, offset, column, end] = &mut arm;
    walker.attributes(|key, value| match key {
        "vc" => hits = numbers::hits(value),
        "sl" => first = numbers::line(value),
        "el" => last = numbers::line(value),
        "fileid" if value != "0" => uid = Some(value.to_owned()),
        "path" => value.clone_into(way),
        "offset" => value.clone_into(offset),
        "sc" => value.clone_into(column),
        "offsetend" => value.clone_into(end),
        _ => {}
    });
    let (Some(hits), Some(first)) = (hits, first) else {
        // Branches that the compiler made stand in no line.
        if !is_branch || hits.is_none() {
            walker.trouble("a point without `vc` and `sl` that are numbers");
        }
        return;
    };
    if first == 0 || first == HIDDEN {
        return;
    }
    let Some(path) = uid.or_else(|| state.method.clone()).and_then(|uid| state.files.get(&uid)) else {
        return walker.trouble("a point names no file of its module");
    };
    let file = reading.coverage.file(path);
    if is_branch {
        return file.arm(first, arm_key(Format::OpenCover, &arm), hits);
    }
    match state.budget.lines(first, last.filter(|last| *last != HIDDEN).unwrap_or(first)) {
        Ok(lines) => lines.for_each(|number| file.line(number, hits)),
        Err(what) => walker.trouble(what),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::tests::{read, shown};

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
        assert_eq!(shown(&read(Format::OpenCover, &text)), one("x") + &one("y"));
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
            let reading = read(Format::OpenCover, &format!("<CoverageSession>{text}</CoverageSession>"));
            assert!(shown(&reading).contains("! "), "{text}");
        }
    }
}
