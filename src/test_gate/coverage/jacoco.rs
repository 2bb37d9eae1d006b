//! `JaCoCo` XML: packages, source files, lines with instructions and branches. It has no hit counts and no source root.

use std::io::Read;

use super::{Reading, numbers};
use crate::test_gate::xml::{Event, Walker};

/// Reads a report. The path of a file is its package and its name; a line is covered if any instruction of it ran.
pub(super) fn read(source: impl Read, reading: &mut Reading) {
    let mut walker = Walker::new(source);
    let mut package = String::new();
    let mut path: Option<String> = None;
    let mut is_seen = false;
    loop {
        match walker.next(false) {
            Event::Open if walker.depth() == 1 && walker.name() != "report" => {
                let what = format!("<{}> is no JaCoCo report", walker.name());
                walker.trouble(what);
            }
            Event::Open => match walker.name() {
                "report" => is_seen = true,
                "package" => package = walker.attribute("name").unwrap_or_default(),
                "sourcefile" => {
                    path = walker.attribute("name").map(|name| match package.trim_matches('/') {
                        "" => name,
                        package => format!("{package}/{name}"),
                    });
                    if let Some(path) = &path {
                        reading.coverage.file(path);
                    }
                }
                "line" => line(&mut walker, path.as_deref(), reading),
                _ => {}
            },
            Event::Close if walker.name() == "sourcefile" => path = None,
            Event::Close if walker.name() == "package" => package.clear(),
            Event::Text | Event::Close => {}
            Event::End => break,
        }
    }
    if !is_seen {
        walker.trouble("holds no <report>");
    }
    (reading.troubles, reading.notes) = walker.finish();
}

fn line<R: Read>(walker: &mut Walker<R>, path: Option<&str>, reading: &mut Reading) {
    let (mut number, mut ran, mut taken, mut missed) = (None, None, Some(0), Some(0));
    walker.attributes(|key, value| match key {
        "nr" => number = numbers::line(value),
        "ci" => ran = numbers::hits(value),
        "cb" => taken = numbers::hits(value),
        "mb" => missed = numbers::hits(value),
        _ => {}
    });
    let Some(path) = path else {
        return walker.trouble("a line stands outside of a named source file");
    };
    let (Some(number), Some(ran), Some(taken), Some(missed)) = (number, ran, taken, missed) else {
        return walker.trouble("a line without `nr` and `ci` that are numbers");
    };
    let file = reading.coverage.file(path);
    file.line(number, u32::from(ran > 0));
    file.count(number, taken, taken.saturating_add(missed));
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::tests::{read, shown};

    #[test]
    fn groups_packages_and_files() {
        let reading = read(
            Format::JaCoCo,
            "<?xml version='1.0'?><!DOCTYPE report PUBLIC '-//JACOCO//DTD Report 1.1//EN' 'report.dtd'><report name='r'>\
             <group name='g'><group name='h'><package name='com/x'><class name='com/x/A' sourcefilename='A.java'><method name='m' line='3'>\
             <counter type='LINE' missed='0' covered='9'/></method></class><sourcefile name='A.java'>\
             <line nr='3' mi='0' ci='2' mb='0' cb='0'/><line nr='4' mi='2' ci='1' mb='1' cb='3'/><line nr='5' mi='1' ci='0' mb='2' cb='0'/>\
             <counter type='LINE' missed='1' covered='2'/></sourcefile></package></group></group>\
             <package name=''><sourcefile name='Main.kt'><line nr='1' mi='0' ci='1'/></sourcefile></package></report>",
        );
        assert_eq!(shown(&reading), "Main.kt: 1=1\ncom/x/A.java: 3=1 4=1(3/4) 5=0(0/2)\n");
    }

    #[test]
    fn what_is_missing_is_told() {
        for text in ["<line nr='1' ci='1'/>", "<sourcefile name='a'><line nr='1'/></sourcefile>"] {
            assert!(shown(&read(Format::JaCoCo, &format!("<report>{text}</report>"))).contains("! "));
        }
        let hostile = "<!DOCTYPE report [<!ENTITY a 'b'>]><report/>";
        assert!(shown(&read(Format::JaCoCo, hostile)).contains("entities"));
    }
}
