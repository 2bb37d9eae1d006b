//! Cobertura XML, in the dialects of coverage.py, coverlet, gcovr, mypy, `PHPUnit` and others.

use std::io::Read;

use super::claims::Claims;
use super::model::{Branches, Line, highest};
use super::numbers::Count;
use super::{Format, Reading, numbers};
use devops_reading::excerpt::prefix;
use devops_reading::shape::{Shape, Xml};
use devops_reading::xml::{Event, Walker};

/// The format.
pub const FORMAT: Format = Format {
    name: "Cobertura",
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
    let is_cobertura = |xml: &Xml| {
        ["line-rate", "branch-rate", "lines-valid"].iter().any(|name| xml.has_attribute(name))
            || ["sources", "packages"].iter().any(|name| xml.has_child(name))
            || xml.children.is_empty()
    };
    matches!(shape, Shape::Xml(xml) if xml.root == "coverage" && is_cobertura(xml))
}

/// Longest source root that is kept.
const LONGEST_ROOT: usize = 4096;

/// A class that is being read.
#[derive(Default)]
struct Class {
    path: Option<String>,
    own: Listed,
    /// What stands under its methods.
    methods: Listed,
}

/// Lines and the branches on them.
#[derive(Default)]
struct Listed {
    lines: Vec<Line>,
    counts: Vec<Branches>,
    /// Lines whose counters overflowed.
    overflowed: Vec<u32>,
}

/// What a document claims of itself, and what that is a number of.
const CLAIMS: [(&str, &str); 4] = [
    ("lines-valid", "lines (`lines-valid`)"),
    ("lines-covered", "covered lines (`lines-covered`)"),
    ("branches-valid", "branches (`branches-valid`)"),
    ("branches-covered", "covered branches (`branches-covered`)"),
];

/// What a document claims and lists.
#[derive(Default)]
struct Document {
    claimed: [Option<u64>; 4],
    listed: [u64; 4],
}

impl Document {
    /// Takes the claims of the root.
    fn claim<R: Read>(&mut self, walker: &mut Walker<R>) {
        *self = Self::default();
        walker.attributes(|key, value| {
            for ((claim, _), claimed) in CLAIMS.iter().zip(&mut self.claimed) {
                if *claim == key {
                    *claimed = value.trim().parse().ok();
                }
            }
        });
    }

    /// Counts what a class lists.
    fn count(&mut self, lines: &Listed) {
        let covered = lines.lines.iter().filter(|line| line.hits > 0).count();
        let sum = |part: fn(&Branches) -> u32| lines.counts.iter().map(|count| u64::from(part(count))).sum();
        let more =
            [lines.lines.len() as u64, covered as u64, sum(|count| count.total), sum(|count| count.covered)];
        self.listed.iter_mut().zip(more).for_each(|(listed, more)| *listed += more);
    }
}

/// Reads a report. Lines stand under a class and again under its methods, where some producers also write where a method
/// begins: those under the class count, and those under methods only for a class that has no others.
fn read(source: &mut dyn Read, reading: &mut Reading) {
    let mut walker = Walker::new(source);
    let mut class: Option<Class> = None;
    let mut root: Option<String> = None;
    let (mut is_seen, mut methods) = (false, 0_u32);
    let (mut document, mut claims) = (Document::default(), Claims::default());
    loop {
        match walker.next(root.is_some()) {
            Event::Open if walker.depth() == 1 && walker.name() != "coverage" => {
                let what = format!("<{}> is not a Cobertura report", walker.name());
                walker.trouble(what);
            }
            Event::Open => match walker.name() {
                "coverage" => {
                    is_seen = true;
                    document.claim(&mut walker);
                }
                "source" => root = Some(String::new()),
                "class" => class = Some(Class { path: walker.attribute("filename"), ..Class::default() }),
                "methods" => methods += 1,
                "line" => line(&mut walker, class.as_mut(), methods > 0),
                _ => {}
            },
            Event::Text => {
                if let Some(root) = &mut root {
                    root.push_str(&walker.text());
                    root.truncate(prefix(root, LONGEST_ROOT).len());
                }
            }
            Event::Close if walker.name() == "source" => {
                let root = root.take().unwrap_or_default();
                if !root.trim().is_empty() && !reading.roots.iter().any(|known| known == root.trim()) {
                    reading.roots.push(root.trim().to_owned());
                }
            }
            Event::Close if walker.name() == "class" => {
                if let Some(class) = class.take()
                    && !class.put(reading, &mut document)
                {
                    walker.trouble("a class with lines names no file");
                }
            }
            Event::Close if walker.name() == "methods" => methods = methods.saturating_sub(1),
            Event::Close if walker.name() == "coverage" => {
                for ((claimed, listed), (_, what)) in document.claimed.iter().zip(document.listed).zip(CLAIMS)
                {
                    claims.check(what, *claimed, listed, "");
                }
            }
            Event::Close => {}
            Event::End => break,
        }
    }
    // What stood before a cut counts.
    if let Some(class) = class {
        class.put(reading, &mut document);
    }
    if !is_seen {
        walker.trouble("contains no <coverage>");
    }
    (reading.troubles, reading.notes) = walker.finish();
    reading.notes.extend(claims.notes());
}

fn line<R: Read>(walker: &mut Walker<R>, class: Option<&mut Class>, is_in_method: bool) {
    let (mut number, mut hits, mut branches) = (None, None, None);
    let mut is_clear = true;
    walker.attributes(|key, value| match key {
        "number" => number = numbers::line(value),
        "hits" => hits = numbers::count(value),
        "condition-coverage" if !value.trim().is_empty() => {
            branches = fraction(value);
            is_clear = branches.is_some();
        }
        _ => {}
    });
    let Some(class) = class else {
        return walker.trouble("a line is outside of a class");
    };
    let (Some(number), Some(hits)) = (number, hits) else {
        return walker.trouble("a line without a `number` and `hits` that are numbers");
    };
    let lines = if is_in_method { &mut class.methods } else { &mut class.own };
    if hits == Count::Overflowed {
        lines.overflowed.push(number);
    }
    lines.lines.push(Line { number, hits: hits.hits() });
    if let Some((covered, total)) = branches {
        lines.counts.push(Branches { line: number, covered, total });
    }
    if !is_clear {
        walker.trouble("`condition-coverage` is not of the form `50% (1/2)`");
    }
}

/// The fraction in `50% (1/2)`; a percentage alone says whether all were taken, `100%` or not.
fn fraction(text: &str) -> Option<(u32, u32)> {
    let Some((_, inside)) = text.split_once('(') else {
        let percent: f64 = text.trim().trim_end_matches('%').parse().ok()?;
        return Some((u32::from(percent > 0.0) + u32::from(percent >= 100.0), 2));
    };
    let (covered, total) = inside.trim_end().strip_suffix(')')?.split_once('/')?;
    let (covered, total) = (covered.trim().parse().ok()?, total.trim().parse().ok()?);
    (covered <= total).then_some((covered, total))
}

impl Class {
    /// Adds the class to its file; false where that is not known.
    fn put(self, reading: &mut Reading, document: &mut Document) -> bool {
        let mut lines = if self.own.lines.is_empty() { self.methods } else { self.own };
        let Some(path) = self.path.filter(|path| !path.trim().is_empty()) else {
            return lines.lines.is_empty();
        };
        document.count(&lines);
        highest(&mut lines.lines);
        let file = reading.coverage.file(&path);
        for line in lines.lines {
            file.line(line.number, line.hits);
        }
        lines.overflowed.into_iter().for_each(|number| file.overflow(number));
        for count in lines.counts {
            file.count(count.line, count.covered, count.total);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::properties_tests::{Run, each_line};
    use super::super::tests::{read, shown};
    use super::FORMAT;

    #[test]
    fn lines_of_methods_count_once_and_classes_share_a_file() {
        let reading = read(
            FORMAT,
            "<coverage><sources><source>/w/a</source><source> src </source><source/></sources><packages><package><classes>\
             <class filename='x.py'><methods><method><lines><line number='1' hits='2'/><line number='9' hits='1'/></lines></method></methods>\
             <lines><line number='1' hits='2'/><line number='2' hits='0' branch='true' condition-coverage='50% (1/2)'/></lines></class>\
             <class filename='x.py'><lines><line number='2' hits='3'/></lines></class>\
             <class filename='m.py'><methods><method><lines><line number='7' hits='1'/></lines></method></methods></class><class filename='empty.py'/></classes></package></packages></coverage>",
        );
        assert_eq!(shown(&reading), "empty.py: -\nm.py: 7=1\nx.py: 1=2 2=3(1/2)\n");
        assert_eq!(reading.roots, ["/w/a", "src"]);
    }

    #[test]
    fn what_is_missing_is_told() {
        for (text, expected) in [
            ("<class filename='a'><line number='1'/></class>", "a line without a `number`"),
            ("<class filename='a'><line hits='1'/></class>", "a line without a `number`"),
            ("<class><line number='1' hits='1'/></class>", "names no file"),
            ("<line number='1' hits='1'/>", "outside of a class"),
            (
                "<class filename='a'><line number='1' hits='1' condition-coverage='1/2'/></class>",
                "`condition-coverage`",
            ),
        ] {
            let reading = read(FORMAT, &format!("<coverage>{text}</coverage>"));
            assert!(shown(&reading).contains(expected), "{}", shown(&reading));
        }
        assert!(shown(&read(FORMAT, "<x/>")).contains("<x> is not a Cobertura report"));
        assert!(shown(&read(FORMAT, "")).contains("contains no <coverage>"));
    }

    #[test]
    fn several_documents_are_read() {
        let one = |file: &str, hits: u32| {
            format!(
                "<?xml version='1.0'?><!DOCTYPE coverage SYSTEM 'http://x/coverage-04.dtd'><coverage><class filename='{file}'><line number='1' hits='{hits}'/></class></coverage>\n"
            )
        };
        let reading = read(FORMAT, &(one("a", 1) + &one("b", 0) + &one("a", 4)));
        assert_eq!(shown(&reading), "a: 1=5\nb: 1=0\n");
    }

    /// A run as this format writes it.
    pub(in super::super) fn written(run: &Run) -> String {
        format!(
            "<coverage line-rate=\"1\"><packages><package><classes>{}</classes></package></packages></coverage>",
            each_line(
                run,
                |path, lines| format!("<class filename=\"{path}\"><lines>{lines}</lines></class>"),
                |number, hits| format!("<line number=\"{number}\" hits=\"{hits}\"/>"),
                ""
            )
        )
    }
}
