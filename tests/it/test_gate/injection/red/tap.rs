//! A failure in the words of TAP.

use std::ops::Range;

use super::{Case, Edit};

/// A line: where it stands with its end, how deep it is, and what it says.
struct Line<'a> {
    span: Range<usize>,
    indent: usize,
    text: &'a str,
}

impl Line<'_> {
    fn is_point(&self) -> bool {
        self.text == "ok"
            || self.text.starts_with("ok ")
            || self.text == "not ok"
            || self.text.starts_with("not ok ")
    }

    /// Where the line begins behind its indent.
    fn start(&self) -> usize {
        self.span.start + self.indent
    }

    /// Where its number stands, with the blank before it.
    fn number(&self) -> Option<Range<usize>> {
        let before = self.text.find("ok")? + 2;
        let rest = self.text.get(before + 1..)?;
        let digits = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
        (digits > 0).then(|| self.start() + before..self.start() + before + 1 + digits)
    }

    /// Makes it a failure: `ok` becomes `not ok`, and it is neither skipped nor still to do.
    fn fails(&self) -> Vec<Edit> {
        let mut edits = Vec::new();
        if !self.text.starts_with("not ") {
            edits.push((self.start()..self.start(), "not ".to_owned()));
        }
        let upper = self.text.to_uppercase();
        let directive =
            ["# SKIP", "# TODO", "#SKIP", "#TODO"].iter().filter_map(|word| upper.find(word)).min();
        if let Some(at) = directive {
            // A brace behind it begins subtests.
            let with = if self.text.ends_with('{') { "{" } else { "" };
            edits.push((self.start() + at..self.start() + self.text.len(), with.to_owned()));
        }
        edits
    }
}

/// The cases of a report: its points without subtests.
pub(super) fn cases(text: &str) -> Vec<Case> {
    let mut at = 0;
    let mut lines = Vec::new();
    let mut in_yaml = false;
    for line in text.split_inclusive('\n') {
        let span = at..at + line.len();
        at = span.end;
        let indent = line.len() - line.trim_start_matches(' ').len();
        let said = line.trim();
        in_yaml = if in_yaml { said != "..." } else { said == "---" };
        if !in_yaml {
            lines.push(Line { span, indent, text: said });
        }
    }
    let points = lines.iter().enumerate().filter(|(_, line)| line.is_point() && !line.text.ends_with('{'));
    points.map(|(index, _)| case(&lines, index, text)).collect()
}

fn case(lines: &[Line<'_>], index: usize, text: &str) -> Case {
    let line = &lines[index];
    // The lines of the same document or subtest.
    let starts = lines[..index]
        .iter()
        .rposition(|other| other.indent < line.indent && is_result(other))
        .map_or(0, |outer| outer + 1);
    let behind = lines[index..].iter().position(|other| other.indent < line.indent && is_result(other));
    let ends = behind.map_or(lines.len(), |outer| index + outer);
    let block = || lines[starts..ends].iter().filter(|other| other.indent == line.indent);
    let mut room: Vec<Edit> = block()
        .filter(|other| other.is_point() && !std::ptr::eq(*other, line))
        .filter_map(Line::number)
        .map(|range| (range, String::new()))
        .collect();
    for plan in block().filter_map(|other| Some((other, other.text.strip_prefix("1..")?))) {
        let start = plan.0.start() + 3;
        room.extend(super::plus(text, start..start + plan.1.len(), 2));
    }
    let copy: Vec<Edit> = line.number().map(|range| (range, String::new())).into_iter().collect();
    // The point itself keeps its place, not its number.
    room.extend(copy.iter().cloned());
    // What is around it failed, too: behind it as a point, before it where subtests stand in braces.
    let mut counts = Vec::new();
    let mut depth = line.indent;
    for outer in lines[index..].iter().filter(|outer| outer.is_point() && !outer.text.ends_with('{')) {
        if outer.indent < depth {
            depth = outer.indent;
            counts.extend(outer.fails());
        }
    }
    let mut depth = line.indent;
    for outer in lines[..index].iter().rev().filter(|outer| outer.text.ends_with('{')) {
        if outer.indent < depth {
            depth = outer.indent;
            counts.extend(outer.fails());
        }
    }
    // Its details belong to it.
    let details = lines.get(index + 1).filter(|next| next.text == "...");
    let span = line.span.start..details.unwrap_or(line).span.end;
    let has_directive =
        ["# SKIP", "# TODO", "#SKIP", "#TODO"].iter().any(|word| line.text.to_uppercase().contains(word));
    let is_red = line.text.starts_with("not ") && !has_directive;
    Case { is_red, spans: vec![span], red: line.fails(), counts, copy, room, ..Case::default() }
}

fn is_result(line: &Line<'_>) -> bool {
    line.is_point() || line.text.starts_with("# Subtest")
}
