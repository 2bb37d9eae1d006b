//! A failure in the words of the formats that write an event of JSON per line: `go test -json`, libtest and nextest, and Dart.

use std::ops::Range;

use serde_json::Value;

use super::json::Json;
use super::{Case, Edit};

/// A line that is an event.
struct Line {
    /// With its end.
    span: Range<usize>,
    json: Json,
    value: Value,
}

impl Line {
    fn word(&self, key: &str) -> &str {
        self.value[key].as_str().unwrap_or_default()
    }

    /// Where a value of the line stands in the text.
    fn edit(&self, (range, with): Edit) -> Edit {
        (self.span.start + range.start..self.span.start + range.end, with)
    }

    fn set(&self, key: &str, value: &str) -> Edit {
        self.edit(self.json.set(key, value))
    }

    fn add(&self, text: &str, key: &str, more: i64) -> Option<Edit> {
        self.json.add(&text[self.span.clone()], key, more).map(|edit| self.edit(edit))
    }
}

/// The cases of a report.
pub(super) fn cases(text: &str) -> Vec<Case> {
    let mut at = 0;
    let mut lines = Vec::new();
    for line in text.split_inclusive('\n') {
        let span = at..at + line.len();
        at = span.end;
        let parsed = Json::of(line).zip(serde_json::from_str(line).ok());
        if let Some((json, value)) = parsed.filter(|(_, value): &(_, Value)| value.is_object()) {
            lines.push(Line { span, json, value });
        }
    }
    let has = |key: &str| lines.iter().any(|line| line.value.get(key).is_some());
    if has("Action") {
        go(&lines)
    } else if has("testID") {
        dart(&lines)
    } else if lines.iter().any(|line| line.word("type") == "test") {
        libtest(&lines, text)
    } else {
        Vec::new()
    }
}

fn go(lines: &[Line]) -> Vec<Case> {
    let is_end = |line: &Line| matches!(line.word("Action"), "pass" | "skip" | "fail");
    let mut cases = Vec::new();
    for (index, end) in
        lines.iter().enumerate().filter(|(_, line)| is_end(line) && !line.word("Test").is_empty())
    {
        let (package, test) = (end.word("Package"), end.word("Test"));
        let is_own = |line: &&Line| line.word("Package") == package && line.word("Test") == test;
        let spans = lines.iter().filter(is_own).map(|line| line.span.clone()).collect();
        let fails = |line: &Line| line.set("Action", "\"fail\"");
        let is_around = |line: &&Line| {
            let outer = line.word("Test");
            let is_outer =
                outer.is_empty() || test.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'));
            is_end(line) && line.word("Package") == package && is_outer
        };
        let counts = lines[index + 1..].iter().filter(is_around).map(fails).collect();
        let is_red = end.word("Action") == "fail";
        cases.push(Case { is_red, spans, red: vec![fails(end)], counts, ..Case::default() });
    }
    cases
}

fn dart(lines: &[Line]) -> Vec<Case> {
    let mut cases = Vec::new();
    for end in lines.iter().filter(|line| line.word("type") == "testDone") {
        let id = &end.value["testID"];
        let is_own = |line: &&Line| &line.value["testID"] == id || &line.value["test"]["id"] == id;
        let at = end.span.start;
        let error = format!(
            "{{\"testID\":{id},\"error\":\"injected\",\"stackTrace\":\"\",\"isFailure\":true,\"type\":\"error\",\"time\":1}}\n"
        );
        let red = vec![
            (at..at, error),
            end.set("result", "\"failure\""),
            end.set("skipped", "false"),
            end.set("hidden", "false"),
        ];
        let other = format!("{}\u{1}", 90_000 + id.as_u64().unwrap_or(0));
        let copy = lines.iter().filter(is_own).filter_map(|line| {
            let own = line.json.get("testID").or_else(|| line.json.at(&["test", "id"]))?;
            Some(line.edit((own.span.clone(), other.clone())))
        });
        let done = lines.iter().filter(|line| line.word("type") == "done");
        cases.push(Case {
            is_red: end.word("result") != "success",
            spans: lines.iter().filter(is_own).map(|line| line.span.clone()).collect(),
            red,
            counts: done.map(|line| line.set("success", "false")).collect(),
            copy: copy.collect(),
            ..Case::default()
        });
    }
    cases
}

fn libtest(lines: &[Line], text: &str) -> Vec<Case> {
    let is_end = |line: &Line| {
        line.word("type") == "test" && matches!(line.word("event"), "ok" | "ignored" | "failed")
    };
    let mut cases = Vec::new();
    for (index, end) in lines.iter().enumerate().filter(|(_, line)| is_end(line)) {
        let is_own = |line: &&Line| line.word("type") == "test" && line.word("name") == end.word("name");
        // Suites that run side by side end in their own order; the crate shows whose end it is.
        let binary = |line: &Line| line.value["nextest"]["test_binary"].as_str().map(str::to_owned);
        let is_suite = |line: &&Line| {
            let is_of = binary(line).is_none_or(|binary| end.word("name").contains(&format!("{binary}$")));
            line.word("type") == "suite" && line.word("event") != "started" && is_of
        };
        let mut counts = Vec::new();
        if let Some(suite) = lines[index + 1..].iter().find(is_suite) {
            counts.push(suite.set("event", "\"failed\""));
            counts.extend(suite.add(text, "failed", 1));
            counts.extend(suite.add(text, if end.word("event") == "ok" { "passed" } else { "ignored" }, -1));
        }
        let red = vec![end.set("event", "\"failed\"")];
        let spans = lines.iter().filter(is_own).map(|line| line.span.clone()).collect();
        let is_red = end.word("event") == "failed";
        cases.push(Case { is_red, spans, red, counts, ..Case::default() });
    }
    cases
}
