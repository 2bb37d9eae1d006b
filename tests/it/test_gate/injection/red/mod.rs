//! Turns one case of a report red, as the report's producer would have written it, without knowing how the gate reads reports.
//!
//! Everything is an edit of the text, so that all else stays as the producer wrote it. Used by the tests of the library as well.

mod json;
mod json_formats;
mod lines;
mod tap;
mod xml;
mod xml_formats;

use std::ops::Range;

/// A part of a text and what takes its place.
pub(crate) type Edit = (Range<usize>, String);

/// One case of a report, and what its producer would have written, had it failed.
#[derive(Debug, Default, Clone)]
pub(crate) struct Case {
    /// Whether it is red already.
    pub(crate) is_red: bool,
    /// What belongs to it, in order.
    pub(crate) spans: Vec<Range<usize>>,
    /// What makes it red, inside of its spans.
    pub(crate) red: Vec<Edit>,
    /// What else says so elsewhere, such as a list of failures.
    pub(crate) beside: Vec<Edit>,
    /// What no longer holds elsewhere once this very case is red, such as its place in a list of passes.
    pub(crate) instead: Vec<Edit>,
    /// What the producer's own numbers and the suites around it would say.
    pub(crate) counts: Vec<Edit>,
    /// What a copy has of its own, such as an id; inside of the spans.
    pub(crate) copy: Vec<Edit>,
    /// What two more cases change elsewhere, such as a plan.
    pub(crate) room: Vec<Edit>,
    /// What stands between two cases.
    pub(crate) separator: &'static str,
    /// The suite, file or feature around it, which may stand there twice.
    pub(crate) around: Option<Range<usize>>,
    /// The tags of a suite of the same name inside of the one around it.
    pub(crate) nest: Option<(String, String)>,
}

/// A report that was changed: how, and what it is now.
pub(crate) type Variant = (&'static str, String);

/// The cases of a report; none where the format is not one of tests.
pub(crate) fn cases(text: &str) -> Vec<Case> {
    let head = text.trim_start_matches('\u{feff}').trim_start();
    if head.starts_with('<') {
        return xml_formats::cases(text);
    }
    let cases = if head.starts_with(['{', '[']) { json_formats::cases(text) } else { Vec::new() };
    if !cases.is_empty() {
        return cases;
    }
    let cases = lines::cases(text);
    if cases.is_empty() { tap::cases(text) } else { cases }
}

impl Case {
    /// The report with this case red.
    pub(crate) fn in_place(&self, text: &str) -> [Variant; 2] {
        let edits = [&self.red, &self.beside, &self.instead].into_iter().flatten().cloned();
        let alone: Vec<Edit> = edits.collect();
        let counted = alone.iter().chain(&self.counts).cloned().collect();
        [("alone", apply(text, alone)), ("with the counts", apply(text, counted))]
    }

    /// The report with a red and a green copy of this case, in every order.
    pub(crate) fn copied(&self, text: &str) -> Vec<Variant> {
        let (Some(first), Some(last)) = (self.spans.first(), self.spans.last()) else { return Vec::new() };
        let (start, end) = (first.start, last.end);
        let separator = self.separator;
        let red = self.text(text, self.red.iter().chain(&self.copy), "1");
        let green = self.text(text, self.copy.iter(), "2");
        let before = |copies: String| (start..start, copies);
        let after = |copies: String| (end..end, copies);
        let orders = [
            ("red copy first", vec![before(format!("{red}{separator}{green}{separator}"))]),
            ("red copy in the middle", vec![after(format!("{separator}{red}{separator}{green}"))]),
            ("red copy last", vec![after(format!("{separator}{green}{separator}{red}"))]),
        ];
        let place = |edits: Vec<Edit>| {
            let beside = self.beside.iter().chain(&self.room).cloned();
            apply(text, edits.into_iter().chain(beside).collect())
        };
        orders.into_iter().map(|(how, edits)| (how, place(edits))).collect()
    }

    /// The report with what is around this case twice, once with the case red; and a red copy in a suite of the same name inside.
    pub(crate) fn surrounded(&self, text: &str) -> Vec<Variant> {
        let mut variants = Vec::new();
        if let Some(around) = &self.around {
            let inside = |edit: &&Edit| around.start <= edit.0.start && edit.0.end <= around.end;
            let edits = self.red.iter().chain(&self.beside).filter(inside);
            let red = apply_within(text, around, edits.cloned().collect());
            let green = &text[around.clone()];
            let separator = self.separator;
            let outside = |edit: &&Edit| !inside(edit);
            for (how, twins) in [
                ("red suite before its twin", format!("{red}{separator}{green}")),
                ("red suite behind its twin", format!("{green}{separator}{red}")),
            ] {
                let outer: Vec<Edit> = self.beside.iter().filter(outside).cloned().collect();
                let edits = outer.into_iter().chain([(around.clone(), twins)]).collect();
                variants.push((how, apply(text, edits)));
            }
        }
        if let (Some((open, close)), Some(first), Some(last)) =
            (&self.nest, self.spans.first(), self.spans.last())
        {
            let red = format!("{open}{}{close}", self.text(text, self.red.iter(), ""));
            variants.push((
                "red copy in an inner suite, before",
                apply(text, vec![(first.start..first.start, red.clone())]),
            ));
            variants
                .push(("red copy in an inner suite, behind", apply(text, vec![(last.end..last.end, red)])));
        }
        variants
    }

    /// The case as a text of its own with these edits; `mark` distinguishes copies where an edit asks for it.
    fn text<'a>(&self, text: &str, edits: impl Iterator<Item = &'a Edit>, mark: &str) -> String {
        let edits: Vec<Edit> =
            edits.map(|(range, with)| (range.clone(), with.replace('\u{1}', mark))).collect();
        let part = |span: &Range<usize>| {
            let inside = |edit: &&Edit| span.start <= edit.0.start && edit.0.end <= span.end;
            apply_within(text, span, edits.iter().filter(inside).cloned().collect())
        };
        self.spans.iter().map(part).collect()
    }
}

/// Two reports in one file.
pub(crate) fn documents(text: &str, red: &str) -> [Variant; 2] {
    let join = |one: &str, other: &str| format!("{}\n{other}", one.trim_end());
    [
        ("red document before a green one", join(red, text)),
        ("red document behind a green one", join(text, red)),
    ]
}

/// A text with edits; where two of them touch the same part, the first one holds.
pub(crate) fn apply(text: &str, edits: Vec<Edit>) -> String {
    apply_within(text, &(0..text.len()), edits)
}

fn apply_within(text: &str, span: &Range<usize>, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let (mut result, mut at) = (String::new(), span.start);
    for (range, with) in edits {
        if range.start < at {
            continue;
        }
        result += &text[at..range.start];
        result += &with;
        at = range.end;
    }
    result + &text[at..span.end]
}

/// A number in a text, with something added to it; nothing where there is none.
fn plus(text: &str, range: Range<usize>, more: i64) -> Option<Edit> {
    let number: i64 = text[range.clone()].trim().parse().ok()?;
    Some((range, (number + more).max(0).to_string()))
}
