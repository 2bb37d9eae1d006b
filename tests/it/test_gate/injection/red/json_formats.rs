//! A failure in the words of each JSON format.

use super::json::Json;
use super::{Case, Edit};

/// The cases of a report.
pub(super) fn cases(text: &str) -> Vec<Case> {
    let Some(root) = Json::of(text) else { return Vec::new() };
    let mut cases = Vec::new();
    if root.get("testResults").is_some() {
        jest(&root, text, &mut cases);
    } else if root.get("reportFormat").is_some() {
        ctrf(&root, text, &mut cases);
    } else if root.get("examples").is_some() {
        rspec(&root, text, &mut cases);
    } else if root.get("suites").is_some() {
        for suite in root.items("suites") {
            playwright(&root, suite, text, &mut cases);
        }
    } else if root.get("results").is_some() {
        for suite in root.items("results") {
            mochawesome(&root, &[suite], text, &mut cases);
        }
    } else if root.get("passes").is_some() {
        mocha(&root, text, &mut cases);
    } else {
        cucumber(&root, text, &mut cases);
    }
    for case in &mut cases {
        case.separator = ",";
    }
    cases
}

/// Moves one from what passed to what failed.
fn moved(of: Option<&Json>, text: &str, (failed, passed): (&str, &str)) -> Vec<Edit> {
    let edits = |of: &Json| of.add(text, failed, 1).into_iter().chain(of.add(text, passed, -1)).collect();
    of.map(edits).unwrap_or_default()
}

fn jest(root: &Json, text: &str, cases: &mut Vec<Case>) {
    for file in root.items("testResults") {
        for test in file.items("assertionResults") {
            let red =
                vec![test.set("status", "\"failed\""), test.set("failureMessages", "[\"Error: injected\"]")];
            let mut counts = moved(Some(root), text, ("numFailedTests", "numPassedTests"));
            counts.extend([root.set("success", "false"), file.set("status", "\"failed\"")]);
            let around = Some(file.span.clone());
            let is_red = test.word("status", text) == "failed";
            cases.push(Case {
                is_red,
                spans: vec![test.span.clone()],
                red,
                counts,
                around,
                ..Case::default()
            });
        }
    }
}

fn ctrf(root: &Json, text: &str, cases: &mut Vec<Case>) {
    let Some(results) = root.get("results") else { return };
    for test in results.items("tests") {
        let mut red = vec![test.set("status", "\"failed\""), test.set("message", "\"injected\"")];
        red.extend(test.get("flaky").map(|_| test.set("flaky", "false")));
        let counts = moved(results.get("summary"), text, ("failed", "passed"));
        let is_red = test.word("status", text) == "failed";
        cases.push(Case { is_red, spans: vec![test.span.clone()], red, counts, ..Case::default() });
    }
}

fn rspec(root: &Json, text: &str, cases: &mut Vec<Case>) {
    for (index, test) in root.items("examples").iter().enumerate() {
        let exception = "{\"class\":\"RuntimeError\",\"message\":\"injected\",\"backtrace\":[]}";
        let red = vec![
            test.set("status", "\"failed\""),
            test.set("pending_message", "null"),
            test.set("exception", exception),
        ];
        let counts = root.get("summary").and_then(|summary| summary.add(text, "failure_count", 1));
        let copy = test.get("id").map(|id| (id.span.clone(), format!("\"./copy_spec.rb[{index}:\u{1}]\"")));
        cases.push(Case {
            is_red: test.word("status", text) == "failed",
            spans: vec![test.span.clone()],
            red,
            counts: counts.into_iter().collect(),
            copy: copy.into_iter().collect(),
            ..Case::default()
        });
    }
}

fn playwright(root: &Json, suite: &Json, text: &str, cases: &mut Vec<Case>) {
    for inner in suite.items("suites") {
        playwright(root, inner, text, cases);
    }
    for (index, spec) in suite.items("specs").iter().enumerate() {
        for test in spec.items("tests") {
            let mut red = vec![
                spec.set("ok", "false"),
                test.set("status", "\"unexpected\""),
                test.set("expectedStatus", "\"passed\""),
            ];
            if let Some(result) = test.items("results").last() {
                red.push(result.set("status", "\"failed\""));
                red.push(result.set("error", "{\"message\":\"injected\"}"));
            }
            let counts = moved(root.get("stats"), text, ("unexpected", "expected"));
            let copy = spec.get("id").map(|id| (id.span.clone(), format!("\"copy-{index}-\u{1}\"")));
            cases.push(Case {
                is_red: test.word("status", text) == "unexpected",
                spans: vec![spec.span.clone()],
                red,
                counts,
                copy: copy.into_iter().collect(),
                around: Some(suite.span.clone()),
                ..Case::default()
            });
        }
    }
}

fn mochawesome(root: &Json, suites: &[&Json], text: &str, cases: &mut Vec<Case>) {
    let Some(suite) = suites.last() else { return };
    for inner in suite.items("suites") {
        let suites: Vec<&Json> = suites.iter().copied().chain([inner]).collect();
        mochawesome(root, &suites, text, cases);
    }
    for (index, test) in suite.items("tests").iter().enumerate() {
        let red = vec![
            test.set("state", "\"failed\""),
            test.set("pass", "false"),
            test.set("fail", "true"),
            test.set("pending", "false"),
            test.set("skipped", "false"),
            test.set("err", "{\"message\":\"Error: injected\"}"),
        ];
        let uuid = test.word("uuid", text);
        let beside = suite.get("failures").map(|list| list.push(&format!("\"{uuid}\"")));
        let own = |list: &Json| {
            let place = list.list().iter().position(|item| item.text(text).trim_matches('"') == uuid);
            place.and_then(|place| list.remove(place))
        };
        let instead = ["passes", "pending", "skipped"].into_iter().filter_map(|key| own(suite.get(key)?));
        let copy = test.get("uuid").map(|id| (id.span.clone(), format!("\"copy-{index}-\u{1}\"")));
        cases.push(Case {
            is_red: test.word("state", text) == "failed",
            spans: vec![test.span.clone()],
            red,
            beside: beside.into_iter().collect(),
            instead: instead.collect(),
            counts: moved(root.get("stats"), text, ("failures", "passes")),
            copy: copy.into_iter().collect(),
            around: (suites.len() > 1).then(|| suite.span.clone()),
            ..Case::default()
        });
    }
}

fn mocha(root: &Json, text: &str, cases: &mut Vec<Case>) {
    for test in root.items("tests") {
        let err = test.set("err", "{\"message\":\"injected\",\"stack\":\"Error: injected\"}");
        let red = super::apply_within(text, &test.span, vec![err.clone()]);
        let is_this = |item: &&Json| {
            ["fullTitle", "file"].iter().all(|key| item.word(key, text) == test.word(key, text))
        };
        let own = |list: &Json| {
            list.list().iter().position(|item| is_this(&item)).and_then(|place| list.remove(place))
        };
        let instead: Vec<Edit> =
            ["passes", "pending"].into_iter().filter_map(|key| own(root.get(key)?)).take(1).collect();
        cases.push(Case {
            is_red: instead.is_empty(),
            spans: vec![test.span.clone()],
            red: vec![err],
            beside: root.get("failures").map(|list| list.push(&red)).into_iter().collect(),
            instead,
            counts: moved(root.get("stats"), text, ("failures", "passes")),
            ..Case::default()
        });
    }
}

fn cucumber(root: &Json, text: &str, cases: &mut Vec<Case>) {
    for feature in root.list() {
        for element in feature.items("elements") {
            let Some(result) = element.items("steps").last().and_then(|step| step.at(&["result"])) else {
                continue;
            };
            let red =
                vec![result.set("status", "\"failed\""), result.set("error_message", "\"Error: injected\"")];
            let is_green = |step: &Json| {
                let status = step.get("result").map_or("", |result| result.word("status", text));
                matches!(status, "passed" | "skipped")
            };
            let is_red = !element.items("steps").iter().all(is_green);
            let around = Some(feature.span.clone());
            cases.push(Case { is_red, spans: vec![element.span.clone()], red, around, ..Case::default() });
        }
    }
}
