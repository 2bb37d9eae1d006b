//! `JaCoCo` XML: packages, source files, lines with instructions and branches. It has no hit counts and no source root.

use std::io::Read;

use super::claims::Claims;
use super::model::FileCoverage;
use super::{Format, Module, Reading, numbers};
use devops_reading::shape::{Shape, Xml};
use devops_reading::xml::{Event, Walker};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "JaCoCo",
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
    let is_jacoco = |xml: &Xml| {
        ["sessioninfo", "group", "package", "counter"].iter().any(|name| xml.has_child(name))
            || (xml.children.is_empty() && xml.has_attribute("name"))
    };
    matches!(shape, Shape::Xml(xml) if xml.root == "report" && is_jacoco(xml))
}

/// Counters of a source file that are compared with its lines: type, what is missed and what is covered.
const CLAIMS: [(&str, &str, &str); 2] = [
    ("LINE", "lines (`LINE`)", "covered lines (`LINE`)"),
    ("BRANCH", "branches (`BRANCH`)", "covered branches (`BRANCH`)"),
];

/// A source file that is being read.
#[derive(Default)]
struct Source {
    /// What it is known by in the reading.
    key: String,
    /// Covered and all, lines and branches.
    listed: [(u64, u64); 2],
    claimed: [Option<(u64, u64)>; 2],
}

impl Source {
    fn counter<R: Read>(&mut self, walker: &mut Walker<R>) {
        let (mut kind, mut missed, mut covered) = (String::new(), None, None);
        walker.attributes(|key, value| match key {
            "type" => value.clone_into(&mut kind),
            "missed" => missed = value.trim().parse::<u64>().ok(),
            "covered" => covered = value.trim().parse::<u64>().ok(),
            _ => {}
        });
        for ((name, ..), claimed) in CLAIMS.iter().zip(&mut self.claimed) {
            if *name == kind {
                *claimed =
                    covered.zip(missed).map(|(covered, missed)| (covered, covered.saturating_add(missed)));
            }
        }
    }

    fn check(&self, claims: &mut Claims) {
        for (((_, all, covered), claimed), listed) in CLAIMS.iter().zip(self.claimed).zip(self.listed) {
            claims.check(all, claimed.map(|(_, all)| all), listed.1, &self.key);
            claims.check(covered, claimed.map(|(covered, _)| covered), listed.0, &self.key);
        }
    }
}

/// Reads a report. The path of a file is its package and its name; a line is covered if any instruction of it ran.
fn read(source: &mut dyn Read, reading: &mut Reading) {
    let mut walker = Walker::new(source);
    let mut package = String::new();
    let mut groups: Vec<String> = Vec::new();
    let mut open: Option<Source> = None;
    let mut claims = Claims::default();
    let mut is_seen = false;
    loop {
        match walker.next(false) {
            Event::Open if walker.depth() == 1 && walker.name() != "report" => {
                let what = format!("<{}> is not a JaCoCo report", walker.name());
                walker.trouble(what);
            }
            Event::Open => match walker.name() {
                "report" => {
                    is_seen = true;
                    reading.name = walker.attribute("name").unwrap_or_default();
                }
                "group" => groups.push(walker.attribute("name").unwrap_or_default()),
                "package" => package = walker.attribute("name").unwrap_or_default(),
                "sourcefile" => {
                    let name = walker.attribute("name");
                    open = name.map(|name| begin(&name, &package, &groups, reading));
                }
                "line" => line(&mut walker, open.as_mut(), reading),
                "counter" if walker.around() == "sourcefile" => {
                    if let Some(source) = &mut open {
                        source.counter(&mut walker);
                    }
                }
                _ => {}
            },
            Event::Close if walker.name() == "sourcefile" => {
                if let Some(source) = open.take() {
                    source.check(&mut claims);
                }
            }
            Event::Close if walker.name() == "package" => package.clear(),
            Event::Close if walker.name() == "group" => drop(groups.pop()),
            Event::Text | Event::Close => {}
            Event::End => break,
        }
    }
    if !is_seen {
        walker.trouble("contains no <report>");
    }
    (reading.troubles, reading.notes) = walker.finish();
    reading.notes.extend(claims.notes());
}

/// Begins a source file. Two groups may have files of one package and name, so that the groups are part of what it is known by.
fn begin(name: &str, package: &str, groups: &[String], reading: &mut Reading) -> Source {
    let path = match package.trim_matches('/') {
        "" => name.to_owned(),
        package => format!("{package}/{name}"),
    };
    let key = if groups.is_empty() { path.clone() } else { format!("{}: {path}", groups.join(" > ")) };
    reading.coverage.file(&key);
    if !groups.is_empty() {
        reading.modules.insert(key.clone(), Module { names: groups.to_vec(), path });
    }
    Source { key, ..Source::default() }
}

fn line<R: Read>(walker: &mut Walker<R>, source: Option<&mut Source>, reading: &mut Reading) {
    let (mut number, mut ran, mut taken, mut missed) = (None, None, Some(0_u32), Some(0_u32));
    walker.attributes(|key, value| match key {
        "nr" => number = numbers::line(value),
        "ci" => ran = numbers::count(value),
        "cb" => taken = value.trim().parse().ok(),
        "mb" => missed = value.trim().parse().ok(),
        _ => {}
    });
    let Some(source) = source else {
        return walker.trouble("a line is outside of a named source file");
    };
    let (Some(number), Some(ran), Some(taken), Some(missed)) = (number, ran, taken, missed) else {
        return walker.trouble("a line without `nr` and `ci` that are numbers");
    };
    let [(covered, lines), (branches_taken, branches)] = &mut source.listed;
    *covered += u64::from(ran.hits() > 0);
    *lines += 1;
    *branches_taken += u64::from(taken);
    *branches += u64::from(taken) + u64::from(missed);
    let file: &mut FileCoverage = reading.coverage.file(&source.key);
    file.line(number, ran.at_most_one());
    file.count(number, taken, taken.saturating_add(missed));
}

#[cfg(test)]
mod tests {
    use super::super::properties_tests::{Run, each_line};
    use super::super::tests::{read, shown};
    use super::FORMAT;

    #[test]
    fn groups_packages_and_files() {
        let reading = read(
            FORMAT,
            "<?xml version='1.0'?><!DOCTYPE report PUBLIC '-//JACOCO//DTD Report 1.1//EN' 'report.dtd'><report name='r'>\
             <group name='g'><group name='h'><package name='com/x'><class name='com/x/A' sourcefilename='A.java'><method name='m' line='3'>\
             <counter type='LINE' missed='0' covered='9'/></method></class><sourcefile name='A.java'>\
             <line nr='3' mi='0' ci='2' mb='0' cb='0'/><line nr='4' mi='2' ci='1' mb='1' cb='3'/><line nr='5' mi='1' ci='0' mb='2' cb='0'/>\
             <counter type='LINE' missed='1' covered='2'/></sourcefile></package></group></group>\
             <package name=''><sourcefile name='Main.kt'><line nr='1' mi='0' ci='1'/></sourcefile></package></report>",
        );
        assert_eq!(shown(&reading), "Main.kt: 1=1\ng > h: com/x/A.java: 3=1 4=1(3/4) 5=0(0/2)\n");
        assert_eq!((reading.name.as_str(), reading.notes.len()), ("r", 0), "{:?}", reading.notes);
        let module = &reading.modules["g > h: com/x/A.java"];
        assert_eq!((module.names.join(" "), module.path.as_str()), ("g h".to_owned(), "com/x/A.java"));
    }

    #[test]
    fn counters_that_differ_from_the_lines_are_noted() {
        let text = "<report name='r'><package name='p'><sourcefile name='A.java'><line nr='3' ci='2' mb='1' cb='1'/>\
                    <counter type='LINE' missed='1' covered='2'/><counter type='BRANCH' missed='1' covered='1'/></sourcefile></package></report>";
        let notes = read(FORMAT, text).notes;
        assert_eq!(notes.len(), 2, "{notes:?}");
        assert!(
            notes[1].contains("lines (`LINE`) than it lists (p/A.java: 3 claimed, 1 listed)"),
            "{notes:?}"
        );
    }

    #[test]
    fn what_is_missing_is_told() {
        for text in ["<line nr='1' ci='1'/>", "<sourcefile name='a'><line nr='1'/></sourcefile>"] {
            assert!(shown(&read(FORMAT, &format!("<report>{text}</report>"))).contains("! "));
        }
        let hostile = "<!DOCTYPE report [<!ENTITY a 'b'>]><report/>";
        assert!(shown(&read(FORMAT, hostile)).contains("entities"));
    }

    /// A run as this format writes it.
    pub(in super::super) fn written(run: &Run) -> String {
        format!(
            "<report name=\"r\">{}</report>",
            each_line(
                run,
                |path, lines| {
                    let (package, name) = path.rsplit_once('/').unwrap_or(("", path));
                    format!(
                        "<package name=\"{package}\"><sourcefile name=\"{name}\">{lines}</sourcefile></package>"
                    )
                },
                |number, hits| format!("<line nr=\"{number}\" mi=\"1\" ci=\"{hits}\" mb=\"0\" cb=\"0\"/>"),
                ""
            )
        )
    }
}
