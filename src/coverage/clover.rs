//! Clover XML, as `OpenClover`, `PHPUnit` and Istanbul write it.

use std::io::Read;

use super::claims::Claims;
use super::model::arm_key;
use super::{Format, Reading, numbers};
use devops_reading::shape::{Shape, Xml};
use devops_reading::xml::{Event, Walker};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "Clover",
    is_summary: false,
    is,
    read,
    #[cfg(test)]
    written: tests::written,
};

/// What is read here.
pub(super) const FORMATS: &[Format] = &[FORMAT];

/// Whether a file that begins in this way has the format: Cobertura's root has the same name.
fn is(shape: &Shape) -> bool {
    let is_clover = |xml: &Xml| {
        ["clover", "generated"].iter().any(|name| xml.has_attribute(name))
            || ["project", "testproject"].iter().any(|name| xml.has_child(name))
    };
    matches!(shape, Shape::Xml(xml) if xml.root == "coverage" && is_clover(xml))
}

/// A file that is being read: what it lists, and what its metrics claim.
#[derive(Default)]
struct File {
    path: String,
    lines: u64,
    branches: u64,
    covered: u64,
    statements: Option<u64>,
    conditionals: Option<u64>,
    covered_conditionals: Option<u64>,
}

impl File {
    fn metrics<R: Read>(&mut self, walker: &mut Walker<R>) {
        walker.attributes(|key, value| match key {
            "statements" => self.statements = value.trim().parse().ok(),
            "conditionals" => self.conditionals = value.trim().parse().ok(),
            "coveredconditionals" => self.covered_conditionals = value.trim().parse().ok(),
            _ => {}
        });
    }

    fn check(&self, claims: &mut Claims) {
        // Several statements may share a line, so that only none at all is surely another number.
        let statements = self.statements.filter(|_| self.lines == 0);
        claims.check("statements (`statements`)", statements, self.lines, &self.path);
        claims.check("branches (`conditionals`)", self.conditionals, self.branches, &self.path);
        let covered = self.covered_conditionals;
        claims.check("covered branches (`coveredconditionals`)", covered, self.covered, &self.path);
    }

    fn branches(&mut self, covered: u64, all: u64) {
        self.covered += covered;
        self.branches += all;
    }
}

/// Reads a report. Statements and conditions are lines that can be covered; where a method begins is written in lines of its
/// own, which are left out as other formats of the same run have none.
fn read(source: &mut dyn Read, reading: &mut Reading) {
    let mut walker = Walker::new(source);
    let mut package = String::new();
    let mut open: Option<File> = None;
    let mut claims = Claims::default();
    let (mut is_seen, mut tests) = (false, 0_u32);
    loop {
        match walker.next(false) {
            Event::Open if walker.depth() == 1 && walker.name() != "coverage" => {
                let what = format!("<{}> is not a Clover report", walker.name());
                walker.trouble(what);
            }
            Event::Open => match walker.name() {
                "coverage" => is_seen = true,
                "testproject" => tests += 1,
                "package" => package = walker.attribute("name").unwrap_or_default(),
                "file" if tests == 0 => {
                    open = path(&mut walker, &package).map(|path| File { path, ..File::default() });
                    if let Some(file) = &open {
                        reading.coverage.file(&file.path);
                    }
                }
                "line" if tests == 0 => line(&mut walker, open.as_mut(), reading),
                "metrics" if walker.around() == "file" => {
                    if let Some(file) = &mut open {
                        file.metrics(&mut walker);
                    }
                }
                _ => {}
            },
            Event::Close => match walker.name() {
                "testproject" => tests = tests.saturating_sub(1),
                "package" => package.clear(),
                "file" => {
                    if let Some(file) = open.take() {
                        file.check(&mut claims);
                    }
                }
                _ => {}
            },
            Event::Text => {}
            Event::End => break,
        }
    }
    if !is_seen {
        walker.trouble("contains no <coverage>");
    }
    (reading.troubles, reading.notes) = walker.finish();
    reading.notes.extend(claims.notes());
}

/// The path of a file: `path`, or `name`, which `PHPUnit` writes in full; a bare name stands in its package.
fn path<R: Read>(walker: &mut Walker<R>, package: &str) -> Option<String> {
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

fn line<R: Read>(walker: &mut Walker<R>, file: Option<&mut File>, reading: &mut Reading) {
    let (mut number, mut count, mut when_true, mut when_false) = (None, None, None, None);
    let (mut is_condition, mut is_method) = (false, false);
    walker.attributes(|key, value| match key {
        "num" => number = numbers::line(value),
        "count" => count = Some(numbers::count(value)),
        "truecount" => when_true = numbers::count(value),
        "falsecount" => when_false = numbers::count(value),
        "type" => (is_condition, is_method) = (value == "cond", value == "method"),
        _ => {}
    });
    if is_method {
        return;
    }
    let Some(known) = file else {
        return walker.trouble("a line is outside of a named file");
    };
    let Some(number) = number else {
        return walker.trouble("a line without a `num` that is a number");
    };
    let branches = when_true.zip(when_false);
    let file = reading.coverage.file(&known.path);
    known.lines += 1;
    match (count, branches) {
        // Istanbul counts the line, and says how many branches were taken and how many not.
        (Some(Some(count)), Some((taken, missed))) if is_condition => {
            file.line(number, count);
            let (taken, missed) = (taken.hits(), missed.hits());
            file.count(number, taken, taken.saturating_add(missed));
            known.branches(taken.into(), u64::from(taken) + u64::from(missed));
        }
        (Some(Some(count)), _) => file.line(number, count),
        // OpenClover says how often the condition was true and how often it was false.
        (None, Some((yes, no))) if is_condition => {
            let taken = [yes, no].iter().filter(|count| count.hits() > 0).count() as u64;
            known.branches(taken, 2);
            file.line(number, yes.hits().saturating_add(no.hits()));
            file.arm(number, arm_key(&FORMAT, true), yes);
            file.arm(number, arm_key(&FORMAT, false), no);
        }
        _ => walker.trouble("a line without a `count` that is a number"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::properties_tests::{Run, each_line};
    use super::super::tests::{read, shown};
    use super::FORMAT;

    #[test]
    fn three_dialects() {
        let reading = read(
            FORMAT,
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
            let reading = read(FORMAT, &format!("<coverage><project>{text}</project></coverage>"));
            assert!(shown(&reading).contains("! "), "{text}");
        }
    }

    /// A run as this format writes it.
    pub(in super::super) fn written(run: &Run) -> String {
        format!(
            "<?xml version=\"1.0\"?>\n<coverage generated=\"1\"><project>{}</project></coverage>\n",
            each_line(
                run,
                |path, lines| format!("<file path=\"{path}\">{lines}</file>"),
                |number, hits| format!("<line num=\"{number}\" type=\"stmt\" count=\"{hits}\"/>"),
                "\n"
            )
        )
    }
}
