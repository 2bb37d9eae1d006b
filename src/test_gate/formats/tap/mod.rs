//! TAP, the Test Anything Protocol, in its versions 12 to 14: from Perl, node, tape, bats, pgTAP and many others.
//!
//! Tests are the innermost results; a result of a subtest stands for a suite, and counts only where it failed and none of its own
//! did. A number that the plan promises and that is not reported is an error; a known failure (`not ok # TODO`) is a skipped test.

mod ends;
mod level;
mod line;
mod results;
mod yaml;

#[cfg(test)]
mod tests;

use std::io::Read;

use self::level::Level;
use self::line::{Outcome, Said, said};
use self::yaml::Block;
use super::Format;
use super::events::Tail;
use crate::collector::Collector;
use crate::execution::MESSAGE;
use devops_reading::excerpt::shorten;
use devops_reading::lines::{Line, Lines};
use devops_reading::shape::Shape;

pub(crate) const FORMAT: Format =
    Format { name: "TAP", is, read: |source, collector| read(source, collector) };

/// Deepest subtest that is followed.
const DEEPEST: usize = 64;

fn is(shape: &Shape) -> bool {
    let Shape::Text(lines) = shape else { return false };
    lines.iter().any(|line| match said(line) {
        Said::Version | Said::Plan { .. } | Said::BailOut(_) => true,
        // `ok` stands before other things, too, as in `ok  	example.org/shop	0.1s`.
        Said::Result(outcome) => outcome.number.is_some(),
        _ => false,
    })
}

pub(crate) fn read(source: impl Read, collector: &mut Collector) {
    let mut lines = Lines::new(source);
    let mut reader = Reader::new(collector);
    loop {
        match lines.next_line() {
            Ok(Some(line)) => reader.line(line),
            Ok(None) => break,
            Err(trouble) => {
                reader.collector.trouble(trouble);
                break;
            }
        }
    }
    reader.finish();
}

/// A result whose YAML block, comments or buffered subtest may follow.
#[derive(Debug)]
struct Pending {
    outcome: Outcome,
    number: u64,
    depth: usize,
    line: u64,
    block: Option<Block>,
    comments: Tail,
    children: Option<Level>,
}

struct Reader<'a> {
    collector: &'a mut Collector,
    /// The whole, and the subtests that are open in it.
    levels: Vec<Level>,
    /// Names that `# Subtest:` announced, by depth.
    announced: Vec<String>,
    pending: Option<Pending>,
    /// Results whose buffered subtests are open.
    buffered: Vec<Pending>,
    /// How far an open YAML block is indented, and where it began.
    yaml: Option<(usize, u64)>,
    is_strict: bool,
    /// The file that `prove` says it runs.
    file: Option<String>,
    bailed_out: bool,
    others: u64,
    /// Results that are not ok, with or without a directive, what a summary claims, and what made it fail so far.
    failed: u64,
    claimed: u64,
    red: u64,
    line: u64,
    /// Whether results say how long they took.
    is_timed: bool,
    /// Why documents without a test say that they are skipped.
    skipped: Vec<String>,
}

impl<'a> Reader<'a> {
    fn new(collector: &'a mut Collector) -> Self {
        Self {
            collector,
            levels: vec![Level::new(String::new())],
            announced: Vec::new(),
            pending: None,
            buffered: Vec::new(),
            yaml: None,
            is_strict: false,
            file: None,
            bailed_out: false,
            others: 0,
            failed: 0,
            claimed: 0,
            red: 0,
            line: 0,
            is_timed: false,
            skipped: Vec::new(),
        }
    }

    fn line(&mut self, line: Line<'_>) {
        self.line = line.number;
        let whole = if line.number == 1 { line.text.trim_start_matches('\u{feff}') } else { line.text };
        let text = whole.trim_start_matches(' ');
        let indent = whole.len() - text.len();
        let said = said(text);
        if self.in_yaml(whole, indent, &said) {
            return;
        }
        // psql puts one space before each line.
        let depth = if indent == 1 { Some(0) } else { (indent % 4 == 0).then_some(indent / 4) };
        match (said, depth) {
            (Said::Blank, _) | (Said::Version, Some(_)) if indent > 0 || text.trim().is_empty() => {}
            (Said::Yaml, _) => self.open_yaml(indent),
            (Said::Comment(comment), _) => self.comment(comment, indent / 4),
            (Said::Result(outcome), Some(depth)) => self.result(outcome, depth),
            (Said::Result(outcome), None) if !outcome.ok && outcome.number.is_some() => {
                self.trouble(format!(
                    "a result is indented by {indent} spaces, which is not a level of subtests"
                ));
            }
            (Said::Plan { tests, skip }, Some(depth)) => {
                let skip = skip.map(str::to_owned);
                self.plan(tests, skip.as_deref(), depth);
            }
            (Said::BailOut(reason), _) => self.bail_out(reason),
            (Said::Version, Some(_)) => {
                self.flush();
                if self.levels.len() > 1 || !self.levels.first().is_none_or(Level::is_empty) {
                    self.end_document();
                }
            }
            (Said::Strict(is_strict), _) => self.is_strict = is_strict,
            (Said::Open, Some(depth)) if self.pending.as_ref().is_some_and(|open| open.depth == depth) => {
                if let Some(pending) = self.pending.take() {
                    self.open_buffered(pending);
                }
            }
            (Said::Close, Some(depth)) if self.buffered.last().is_some_and(|open| open.depth == depth) => {
                self.flush();
                self.close_buffered();
            }
            _ => self.other(text.trim_end(), indent),
        }
    }

    /// Whether a line belongs to a YAML block.
    fn in_yaml(&mut self, whole: &str, indent: usize, said: &Said<'_>) -> bool {
        let Some((least, began)) = self.yaml else { return false };
        if indent == least && whole.trim() == "..." {
            self.yaml = None;
            return true;
        }
        let is_tap = matches!(said, Said::Result(_) | Said::Plan { .. } | Said::Version | Said::BailOut(_));
        if indent < least && is_tap {
            self.yaml = None;
            self.trouble(format!("the YAML block that begins in line {began} has no end"));
            return false;
        }
        if let Some(block) = self.pending.as_mut().and_then(|pending| pending.block.as_mut()) {
            block.push(whole.get(least.min(indent)..).unwrap_or_default());
        }
        true
    }

    fn open_yaml(&mut self, indent: usize) {
        match &mut self.pending {
            Some(pending) if indent > pending.depth * 4 => {
                pending.block.get_or_insert_default();
                self.yaml = Some((indent, self.line));
            }
            _ => self.other("---", indent),
        }
    }

    /// A line that is no TAP.
    fn other(&mut self, text: &str, indent: usize) {
        if indent == 0 && self.prove(text) {
            return;
        }
        // mocha has a trace without the marks of YAML.
        if let Some(pending) =
            self.pending.as_mut().filter(|open| !open.outcome.ok && indent > open.depth * 4)
        {
            return pending.comments.push_line(text);
        }
        if self.is_strict {
            self.trouble(format!("`{}` is not TAP, and the stream is strict", shorten(text, 80)));
        }
        self.others += 1;
    }

    /// Whether a line is one that `prove` puts around the TAP of a file.
    fn prove(&mut self, text: &str) -> bool {
        let name = text.trim_end_matches('.');
        if name.len() + 2 <= text.len() && name.ends_with(' ') && !name.trim().is_empty() {
            self.flush();
            if !self.levels.first().is_none_or(Level::is_empty) {
                self.end_document();
            }
            self.file = Some(name.trim().to_owned());
            return true;
        }
        let is_end = text.starts_with("Dubious, test returned") || text == "Result: FAIL";
        if self.file.is_some() && is_end && self.red == 0 {
            self.flush();
            self.run_error(text, "");
        }
        self.file.is_some() && is_end
    }

    fn comment(&mut self, comment: &str, depth: usize) {
        let text = comment.trim();
        if let Some(name) = text.strip_prefix("Subtest: ").or_else(|| text.strip_prefix("Subtest:")) {
            self.flush();
            if depth < DEEPEST {
                self.announced.resize(depth.max(self.announced.len().min(depth + 1)), String::new());
                self.announced.truncate(depth);
                self.announced.push(shorten(name.trim(), MESSAGE));
            }
            return;
        }
        if self.levels.len() == 1 && self.levels.first().is_some_and(|level| level.plan.is_some()) {
            self.claim(text);
        }
        if let Some(pending) = &mut self.pending {
            pending.comments.push_line(comment.strip_prefix(' ').unwrap_or(comment).trim_end());
        }
    }

    /// What a summary behind the results says.
    fn claim(&mut self, text: &str) {
        let mut words = text.split_whitespace();
        match (words.next(), words.next().and_then(|number| number.parse::<u64>().ok()), words.next()) {
            (Some("fail"), Some(number), None) => self.claimed = self.claimed.max(number),
            (Some("cancelled"), Some(number), None) => self.claimed = self.claimed.saturating_add(number),
            _ => {}
        }
        if text.starts_with("Looks like your test exited with")
            || text.starts_with("Looks like your test died")
        {
            self.flush();
            self.run_error(text, "");
        }
    }
}

fn named(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!(" of `{}`", shorten(name, 100)) }
}
