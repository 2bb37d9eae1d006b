//! A failure in the words of each XML format.

use super::xml::Tree;
use super::{Case, Edit};

/// The cases of a report.
pub(super) fn cases(text: &str) -> Vec<Case> {
    let tree = Tree::of(text);
    let Some(root) = tree.elements.first().map(|root| root.name.clone()) else { return Vec::new() };
    let (name, make): (&str, fn(&Tree<'_>, usize) -> Case) = match root.as_str() {
        "testsuites" | "testsuite" | "testcase" => ("testcase", junit),
        "TestRun" => ("UnitTestResult", trx),
        "test-run" => ("test-case", nunit3),
        "test-results" => ("test-case", nunit2),
        "assemblies" | "assembly" => ("test", xunit),
        "testng-results" => ("test-method", testng),
        _ => return Vec::new(),
    };
    let cases = tree.named(name).map(|index| {
        let case = make(&tree, index);
        Case { spans: vec![tree.elements[index].span.clone()], ..case }
    });
    cases.collect()
}

fn junit(tree: &Tree<'_>, index: usize) -> Case {
    // One half fails, the other half breaks off.
    let (element, count) =
        if index.is_multiple_of(2) { ("failure", "failures") } else { ("error", "errors") };
    let wrong = format!("<{element} message=\"injected\" type=\"Injected\">injected</{element}>");
    let skipped = tree.children(index).filter(|child| tree.elements[*child].name == "skipped");
    let mut red = vec![tree.put(index, &wrong)];
    red.extend(skipped.map(|child| tree.remove(child)));
    // A producer that names the outcome would name this one.
    for key in ["status", "result"] {
        if matches!(tree.get(index, key), "notrun" | "disabled" | "skipped" | "suppressed" | "ignored") {
            red.push(tree.set(index, key, "failed"));
        }
    }
    let counts = tree.around(index).filter_map(|outer| tree.add(outer, count, 1)).collect();
    let suite = tree.around(index).next().filter(|outer| tree.elements[*outer].name == "testsuite");
    let nest = suite.map(|suite| {
        (format!("<testsuite name=\"{}\">", tree.get(suite, "name")), "</testsuite>".to_owned())
    });
    // A suite beside the root would be a second document.
    let around = suite.filter(|suite| tree.elements[*suite].parent.is_some());
    let has = |names: &[&str]| {
        tree.children(index).any(|child| names.contains(&tree.elements[child].name.as_str()))
    };
    // What is skipped as well may fail: it is still to do, or known to.
    let is_red = has(&["failure", "error", "rerunFailure", "rerunError"]) && !has(&["skipped"]);
    Case {
        is_red,
        red,
        counts,
        nest,
        around: around.map(|suite| tree.elements[suite].span.clone()),
        ..Case::default()
    }
}

fn trx(tree: &Tree<'_>, index: usize) -> Case {
    let said = "<Output><ErrorInfo><Message>injected</Message></ErrorInfo></Output>";
    let red = vec![tree.set(index, "outcome", "Failed"), tree.put(index, said)];
    let mut counts: Vec<Edit> = tree
        .around(index)
        .filter(|outer| tree.find(*outer, "outcome").is_some())
        .map(|outer| tree.set(outer, "outcome", "Failed"))
        .collect();
    counts.extend(tree.named("ResultSummary").map(|summary| tree.set(summary, "outcome", "Failed")));
    for counters in tree.named("Counters") {
        counts.extend(tree.add(counters, "failed", 1));
        counts.extend(tree.add(counters, "passed", -1));
    }
    let copy = tree.find(index, "executionId").map(|range| (range, format!("copy-{index}-\u{1}")));
    let is_red = !matches!(tree.get(index, "outcome"), "Passed" | "NotExecuted");
    Case { is_red, red, counts, copy: copy.into_iter().collect(), ..Case::default() }
}

fn nunit3(tree: &Tree<'_>, index: usize) -> Case {
    let mut red = vec![
        tree.set(index, "result", "Failed"),
        tree.put(index, "<failure><message>injected</message></failure>"),
    ];
    if tree.find(index, "label").is_some() {
        red.push(tree.set(index, "label", "Error"));
    }
    red.extend(
        tree.children(index)
            .filter(|child| tree.elements[*child].name == "reason")
            .map(|child| tree.remove(child)),
    );
    let mut counts = Vec::new();
    for outer in tree.around(index) {
        counts.push(tree.set(outer, "result", "Failed"));
        counts.extend(tree.add(outer, "failed", 1));
        counts.extend(tree.add(outer, "passed", -1));
    }
    let copy = tree.find(index, "id").map(|range| (range, format!("copy-{index}-\u{1}")));
    let is_red = tree.get(index, "result") == "Failed";
    Case {
        is_red,
        red,
        counts,
        copy: copy.into_iter().collect(),
        around: suite(tree, index),
        ..Case::default()
    }
}

fn nunit2(tree: &Tree<'_>, index: usize) -> Case {
    let red = vec![
        tree.set(index, "result", "Failure"),
        tree.set(index, "success", "False"),
        tree.set(index, "executed", "True"),
        tree.put(index, "<failure><message>injected</message></failure>"),
    ];
    let mut counts = Vec::new();
    for outer in tree.around(index) {
        if tree.elements[outer].name == "test-suite" {
            counts.push(tree.set(outer, "result", "Failure"));
            counts.push(tree.set(outer, "success", "False"));
        }
        counts.extend(tree.add(outer, "failures", 1));
    }
    let is_red = matches!(tree.get(index, "result"), "Failure" | "Error" | "NotRunnable" | "Cancelled");
    Case { is_red, red, counts, around: suite(tree, index), ..Case::default() }
}

fn xunit(tree: &Tree<'_>, index: usize) -> Case {
    let red = vec![
        tree.set(index, "result", "Fail"),
        tree.put(index, "<failure exception-type=\"Injected\"><message>injected</message></failure>"),
    ];
    let mut counts = Vec::new();
    for outer in tree.around(index) {
        counts.extend(tree.add(outer, "failed", 1));
        counts.extend(tree.add(outer, "passed", -1));
    }
    let around = tree.around(index).next().map(|outer| tree.elements[outer].span.clone());
    let is_red = tree.get(index, "result") == "Fail";
    Case { is_red, red, counts, around, ..Case::default() }
}

fn testng(tree: &Tree<'_>, index: usize) -> Case {
    let red = vec![
        tree.set(index, "status", "FAIL"),
        tree.put(index, "<exception class=\"Injected\"><message>injected</message></exception>"),
    ];
    let mut counts = Vec::new();
    for outer in tree.around(index) {
        counts.extend(tree.add(outer, "failed", 1));
        counts.extend(tree.add(outer, "passed", -1));
    }
    let around = tree.around(index).next().map(|outer| tree.elements[outer].span.clone());
    let is_red = tree.get(index, "status") == "FAIL";
    Case { is_red, red, counts, around, ..Case::default() }
}

/// The suite around a case.
fn suite(tree: &Tree<'_>, index: usize) -> Option<std::ops::Range<usize>> {
    let outer = tree.around(index).find(|outer| tree.elements[*outer].name == "test-suite")?;
    Some(tree.elements[outer].span.clone())
}
