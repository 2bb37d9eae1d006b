//! Clover XML, as `OpenClover`, `PHPUnit` and Istanbul write it.

use std::io::Read;

use super::model::arm_key;
use super::{Format, Reading, numbers};
use crate::test_gate::xml::{Event, Walker};

/// Reads a report. Statements and conditions are lines that can be covered; where a method begins is told in lines of its
/// own, which are left out as other formats of the same run have none.
pub(super) fn read(source: impl Read, reading: &mut Reading) {
    let mut walker = Walker::new(source);
    let mut package = String::new();
    let mut path: Option<String> = None;
    let (mut is_seen, mut tests) = (false, 0_u32);
    loop {
        match walker.next(false) {
            Event::Open if walker.depth() == 1 && walker.name() != "coverage" => {
                let what = format!("<{}> is no Clover report", walker.name());
                walker.trouble(what);
            }
            Event::Open => match walker.name() {
                "coverage" => is_seen = true,
                "testproject" => tests += 1,
                "package" => package = walker.attribute("name").unwrap_or_default(),
                "file" if tests == 0 => {
                    path = file(&mut walker, &package);
                    if let Some(path) = &path {
                        reading.coverage.file(path);
                    }
                }
                "line" if tests == 0 => line(&mut walker, path.as_deref(), reading),
                _ => {}
            },
            Event::Close => match walker.name() {
                "testproject" => tests = tests.saturating_sub(1),
                "package" => package.clear(),
                "file" => path = None,
                _ => {}
            },
            Event::Text => {}
            Event::End => break,
        }
    }
    if !is_seen {
        walker.trouble("holds no <coverage>");
    }
    (reading.troubles, reading.notes) = walker.finish();
}

/// The path of a file: `path`, or `name`, which `PHPUnit` writes in full; a bare name stands in its package.
fn file<R: Read>(walker: &mut Walker<R>, package: &str) -> Option<String> {
    let (mut path, mut name) = (None, None);
    walker.attributes(|key, value| match key {
        "path" if !value.is_empty() => path = Some(value.to_owned()),
        "name" if !value.is_empty() => name = Some(value.to_owned()),
        _ => {}
    });
    let bare = |name: String| {
        let folder = package.replace(['.', '\\'], "/");
        if name.contains(['/', '\\']) || folder.is_empty() { name } else { format!("{folder}/{name}") }
    };
    path.or_else(|| name.map(bare))
}

fn line<R: Read>(walker: &mut Walker<R>, path: Option<&str>, reading: &mut Reading) {
    let (mut number, mut count, mut when_true, mut when_false) = (None, None, None, None);
    let (mut is_condition, mut is_method) = (false, false);
    walker.attributes(|key, value| match key {
        "num" => number = numbers::line(value),
        "count" => count = Some(numbers::hits(value)),
        "truecount" => when_true = Some(numbers::hits(value)),
        "falsecount" => when_false = Some(numbers::hits(value)),
        "type" => (is_condition, is_method) = (value == "cond", value == "method"),
        _ => {}
    });
    if is_method {
        return;
    }
    let Some(path) = path else {
        return walker.trouble("a line stands outside of a named file");
    };
    let Some(number) = number else {
        return walker.trouble("a line without a `num` that is a number");
    };
    let branches = match (when_true, when_false) {
        (Some(Some(yes)), Some(Some(no))) => Some((yes, no)),
        _ => None,
    };
    let file = reading.coverage.file(path);
    match (count, branches) {
        // Istanbul counts the line, and says how many branches were taken and how many not.
        (Some(Some(count)), Some((taken, missed))) if is_condition => {
            file.line(number, count);
            file.count(number, taken, taken.saturating_add(missed));
        }
        (Some(Some(count)), _) => file.line(number, count),
        // OpenClover says how often the condition was true and how often it was false.
        (None, Some((yes, no))) if is_condition => {
            file.line(number, yes.saturating_add(no));
            file.arm(number, arm_key(Format::Clover, true), yes);
            file.arm(number, arm_key(Format::Clover, false), no);
        }
        _ => walker.trouble("a line without a `count` that is a number"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::tests::{read, shown};

    #[test]
    fn three_dialects() {
        let reading = read(
            Format::Clover,
            "<coverage generated='1'><project><file name='/p/a.php'><class/><line num='3' type='method' count='0'/><line num='4' type='stmt' count='2'/></file>\
             <package name='src.x'><file name='u.ts' path='/w/src/x/u.ts'><line num='1' count='3' type='cond' truecount='1' falsecount='1'/></file></package>\
             <package name='com.y'><file name='B.java'><line num='7' type='cond' truecount='4' falsecount='0'/><line num='8' type='stmt' count='0'/></file></package></project>\
             <testproject><file name='T.java'><line num='1' type='stmt' count='0'/></file></testproject></coverage>",
        );
        assert_eq!(shown(&reading), "/p/a.php: 4=2\n/w/src/x/u.ts: 1=3(1/2)\ncom/y/B.java: 7=4(1/2) 8=0\n");
    }

    #[test]
    fn what_is_missing_is_told() {
        for text in [
            "<line num='1' type='stmt' count='1'/>",
            "<file name='a'><line type='stmt' count='1'/></file>",
            "<file name='a'><line num='1' type='stmt'/></file>",
            "<file name='a'><line num='1' type='stmt' count='x'/></file>",
            "<file name='a'><line num='1' type='cond' truecount='1'/></file>",
        ] {
            let reading = read(Format::Clover, &format!("<coverage><project>{text}</project></coverage>"));
            assert!(shown(&reading).contains("! "), "{text}");
        }
    }
}
