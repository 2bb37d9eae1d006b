//! Readers of the files that a run leaves: pages, XML and JSON have the shape that we give them, and nothing else.

use std::collections::BTreeSet;

use devops_core::escape::is_hidden;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::Value;

/// Elements of the page that is written, and their attributes.
const TAGS: &[&str] = &[
    "a",
    "article",
    "body",
    "button",
    "code",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "head",
    "header",
    "html",
    "input",
    "label",
    "legend",
    "li",
    "main",
    "meta",
    "nav",
    "ol",
    "p",
    "path",
    "pre",
    "rect",
    "script",
    "section",
    "span",
    "strong",
    "style",
    "summary",
    "svg",
    "table",
    "tbody",
    "td",
    "text",
    "th",
    "thead",
    "title",
    "tr",
    "ul",
];

/// What a summary may have of HTML.
const MARKDOWN_TAGS: &[&str] = &["<br>", "<sub>", "</sub>", "<details><summary>", "</summary>", "</details>"];

/// Where the links of a report lead in these tests.
pub(super) const LINKS: [&str; 2] = ["https://forge.example/", "https://github.com/"];

/// Judges a file by its name.
pub(super) fn judge(name: &str, text: &str) {
    // Exports are data for programs, which keep names as they are.
    match name {
        "tests.ctrf.json" => return drop(serde_json::from_str::<Value>(text).expect("JSON")),
        "tests.junit.xml" => {
            let elements = [
                "testsuites",
                "testsuite",
                "properties",
                "property",
                "testcase",
                "failure",
                "error",
                "skipped",
            ];
            let outputs = [
                "system-out",
                "system-err",
                "rerunFailure",
                "rerunError",
                "flakyFailure",
                "flakyError",
                "stackTrace",
            ];
            xml(text, &[&elements[..], &outputs].concat(), &[]);
            return;
        }
        "coverage.cobertura.xml" => {
            let elements = [
                "coverage", "sources", "source", "packages", "package", "classes", "class", "methods",
                "lines", "line",
            ];
            xml(text, &elements, &[]);
            return;
        }
        _ => {}
    }
    let hidden = match name {
        // Marks of ours that keep a host from making links and mentions.
        "summary.md" => text.replace('\u{200b}', ""),
        _ => text.to_owned(),
    };
    let hidden = hidden.chars().find(|character| is_hidden(*character) && !matches!(character, '\n' | '\t'));
    assert!(hidden.is_none(), "{name} holds {:?}, which nobody sees", hidden.unwrap());
    match name {
        "report.html" => html(text),
        "summary.md" => markdown(text),
        "report.junit.xml" => {
            xml(
                text,
                &["testsuites", "testsuite", "testcase", "failure", "error", "skipped", "system-out"],
                &[
                    "name",
                    "tests",
                    "failures",
                    "errors",
                    "skipped",
                    "classname",
                    "file",
                    "line",
                    "message",
                    "type",
                ],
            );
        }
        "badge.svg" => {
            let names = xml(
                text,
                &["svg", "title", "rect", "g", "text"],
                &[
                    "xmlns",
                    "width",
                    "height",
                    "role",
                    "aria-label",
                    "fill",
                    "x",
                    "y",
                    "font-family",
                    "font-size",
                    "text-anchor",
                ],
            );
            assert_eq!(names, 7, "{text}");
        }
        "report.json" => {
            let report: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
            let keys: BTreeSet<&str> = report.as_object().unwrap().keys().map(String::as_str).collect();
            let known = [
                "schema_version",
                "job",
                "verdict",
                "exit_code",
                "headline",
                "reasons",
                "error",
                "findings",
                "notes",
                "totals",
                "details",
                "provenance",
            ];
            assert!(keys.iter().all(|key| known.contains(key)), "{keys:?}");
        }
        "report.sarif" => sarif(text),
        "gl-code-quality-report.json" => code_quality(text),
        // Schemas of these are in the tests of renderers.
        _ if name.rsplit_once('.').is_some_and(|(_, extension)| extension == "json") => {
            drop(serde_json::from_str::<Value>(text).expect("JSON"));
        }
        _ => panic!("no judge for {name}"),
    }
}

/// Every tag is one of ours, nothing runs but our script, and links lead to the forge.
fn html(text: &str) {
    let mut scripts = 0;
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if rest.starts_with("!doctype html>") {
            continue;
        }
        let (tag, after) = rest.split_once('>').unwrap_or_else(|| panic!("a tag without end: {rest:.100}"));
        rest = after;
        let name = tag.trim_start_matches('/').split([' ', '\n']).next().unwrap();
        assert!(TAGS.contains(&name), "a foreign tag: <{tag}>");
        attributes(tag);
        // What follows is no markup.
        if name == "style" || name == "script" {
            scripts += usize::from(name == "script");
            let end = format!("</{name}>");
            let at = rest.find(&end).unwrap_or_else(|| panic!("{end} is missing"));
            rest = &rest[at + end.len()..];
        }
    }
    assert_eq!(scripts, 1, "one script is ours");
}

/// Attributes are quoted, none is a handler, and addresses lead to the page itself or to the forge.
fn attributes(tag: &str) {
    let mut rest = tag.split_once([' ', '\n']).map_or("", |(_, rest)| rest).trim_end_matches('/').trim();
    while !rest.is_empty() {
        let end = rest.find(['=', ' ', '\n']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        assert!(
            name.chars().all(|one| one.is_ascii_alphanumeric() || one == '-'),
            "an attribute {name:?} in <{tag}>"
        );
        assert!(!name.to_ascii_lowercase().starts_with("on"), "a handler in <{tag}>");
        let Some(quoted) = after.strip_prefix("=\"") else {
            assert!(!after.starts_with('='), "an attribute without quotes in <{tag}>");
            rest = after.trim_start();
            continue;
        };
        let (value, after) = quoted.split_once('"').unwrap_or_else(|| panic!("an open attribute in <{tag}>"));
        if matches!(name, "href" | "src" | "action" | "formaction") {
            let is_ours = value.starts_with('#') || LINKS.iter().any(|link| value.starts_with(link));
            assert!(is_ours, "a link to {value}");
        }
        rest = after.trim_start();
    }
}

/// Outside of fences: headings, links and HTML are ours, nobody is mentioned, and tables have the cells of their heads.
fn markdown(text: &str) {
    let mut columns: Option<usize> = None;
    for line in outside_fences(text) {
        let foreign = MARKDOWN_TAGS.iter().fold(line.to_owned(), |line, tag| line.replace(tag, ""));
        let foreign = without_code(&foreign);
        assert!(!foreign.contains('<'), "HTML: {line}");
        assert_eq!(unescaped(&foreign, "!["), 0, "a picture: {line}");
        let ours = ["## ", "### What to do first", "### Other findings"];
        assert!(!line.starts_with('#') || ours.iter().any(|own| line.starts_with(own)), "a heading: {line}");
        let starts = ["===", "---", "> ", "- [", "~~~", "[^", "+ ", "* "];
        assert!(!starts.iter().any(|start| line.starts_with(start)), "a block: {line}");
        for (at, _) in foreign.match_indices("](") {
            let is_link = !foreign[..at].ends_with('\\');
            let target = &foreign[at + 2..];
            assert!(!is_link || LINKS.iter().any(|link| target.starts_with(link)), "a link: {line}");
        }
        let bare = LINKS.iter().fold(foreign.clone(), |line, link| line.replace(&format!("]({link}"), ""));
        assert!(!bare.contains("://") && !bare.to_lowercase().contains("www.e"), "a bare address: {line}");
        let mentions = |mark: char, is_name: fn(char) -> bool| {
            bare.match_indices(mark).any(|(at, _)| bare[at + 1..].starts_with(is_name))
        };
        assert!(!mentions('@', char::is_alphanumeric), "a mention: {line}");
        assert!(!mentions('!', |one| one.is_ascii_digit()), "a reference: {line}");
        if line.starts_with("| ") {
            let borders = unescaped(&line.replace("\\\\", ""), "|");
            assert_eq!(*columns.get_or_insert(borders), borders, "cells: {line}");
        } else {
            columns = None;
        }
    }
}

/// How often something stands in a line with no backslash before it.
fn unescaped(line: &str, what: &str) -> usize {
    line.match_indices(what).filter(|(at, _)| !line[..*at].ends_with('\\')).count()
}

/// A line without what stands between back-ticks that are not escaped.
fn without_code(line: &str) -> String {
    let (mut kept, mut is_code, mut before) = (String::new(), false, ' ');
    for character in line.chars() {
        if character == '`' && before != '\\' {
            is_code = !is_code;
        } else if !is_code {
            kept.push(character);
        }
        before = if before == '\\' && character == '\\' { ' ' } else { character };
    }
    assert!(!is_code, "code without end: {line}");
    kept
}

/// Lines of Markdown that are no code.
fn outside_fences(text: &str) -> Vec<&str> {
    let mut fence: Option<&str> = None;
    let mut lines = Vec::new();
    for line in text.lines() {
        match fence {
            Some(open) if line == open => fence = None,
            Some(open) => assert!(!line.trim().starts_with(open), "a fence that ends early: {line}"),
            None if line.starts_with("```") => fence = line.strip_suffix("text"),
            None => lines.push(line),
        }
    }
    assert!(fence.is_none(), "every fence is closed");
    lines
}

/// Counts the elements of well-formed XML, which are known, as are their attributes.
fn xml(text: &str, elements: &[&str], attributes: &[&str]) -> usize {
    let mut reader = Reader::from_str(text);
    let mut count = 0;
    let mut check = |tag: &BytesStart<'_>| {
        count += 1;
        let name = tag.name().as_ref().to_owned();
        assert!(elements.contains(&name.as_str()), "an element {name}");
        for attribute in tag.attributes() {
            let key = attribute.expect("an attribute").key.as_ref().to_owned();
            assert!(attributes.is_empty() || attributes.contains(&key.as_str()), "an attribute {key}");
        }
    };
    loop {
        match reader.read_event().expect("well-formed") {
            Event::Start(tag) | Event::Empty(tag) => check(&tag),
            Event::Eof => return count,
            Event::Comment(_) | Event::CData(_) | Event::PI(_) => {
                panic!("not of ours: {text}")
            }
            _ => {}
        }
    }
}

/// No text that a host shows has something hidden, and places are relative references.
fn sarif(text: &str) {
    let sarif: Value = serde_json::from_str(text).expect("JSON");
    for run in sarif["runs"].as_array().unwrap() {
        let notes = run["invocations"][0]["toolExecutionNotifications"].as_array().unwrap();
        for result in run["results"].as_array().unwrap().iter().chain(notes) {
            visible(result["message"]["text"].as_str().unwrap());
            if let Some(uri) = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str()
            {
                let is_uri = |one: char| one.is_ascii_alphanumeric() || "-._~/%:".contains(one);
                assert!(uri.chars().all(is_uri), "{uri}");
                let scheme = uri.split('/').next().unwrap().split_once(':');
                assert!(scheme.is_none_or(|(scheme, _)| scheme == "file"), "{uri}");
            }
        }
        visible(run["properties"]["headline"].as_str().unwrap());
    }
}

fn code_quality(text: &str) {
    let issues: Value = serde_json::from_str(text).expect("JSON");
    for issue in issues.as_array().unwrap() {
        let keys: BTreeSet<&str> = issue.as_object().unwrap().keys().map(String::as_str).collect();
        let known = BTreeSet::from(["check_name", "description", "fingerprint", "location", "severity"]);
        assert_eq!(keys, known);
        for text in [&issue["description"], &issue["check_name"], &issue["location"]["path"]] {
            visible(text.as_str().unwrap());
        }
    }
}

fn visible(text: &str) {
    let hidden = text.chars().find(|character| is_hidden(*character) && *character != '\n');
    assert!(hidden.is_none(), "{text:?} has something hidden");
}

#[test]
fn what_is_forged_is_seen() {
    let refuses = |name: &'static str, text: String| {
        let judged = std::panic::catch_unwind(|| judge(name, &text));
        assert!(judged.is_err(), "{name} passed");
    };
    let page = |body: &str| format!("<!doctype html>\n<html><body><script>x</script>{body}</body></html>");
    judge("report.html", &page("<p class=\"a\">x</p><a href=\"#b\">c</a>"));
    for body in [
        "<img src=\"x\">",
        "<p onclick=\"x\">",
        "<p class=a>",
        "<a href=\"javascript:x\">a</a>",
        "<a href=\"https://evil.example\">a</a>",
        "<script>y</script>",
        "a\u{ad}",
        "<p class=\"a",
    ] {
        refuses("report.html", page(body));
    }
    judge(
        "summary.md",
        "## a\n\n| a | b |\n| -- | -- |\n| c\\|d | `e\\|f` |\n\n[a](https://forge.example/b)\n```text\n@ops\n```\n",
    );
    for text in [
        "# a",
        "<b>",
        "a\n---",
        "![a](https://forge.example/b)",
        "[a](http://evil.example)",
        "https://evil.example",
        "@ops",
        "a !12",
        "```text\na",
        "| a |\n| b | c |",
        "a `b",
        "a\u{2060}",
    ] {
        refuses("summary.md", text.to_owned());
    }
    refuses("report.junit.xml", "<testsuites><forged/></testsuites>".to_owned());
    refuses("report.junit.xml", "<testsuites>".to_owned() + "<!-- a --></testsuites>");
    refuses("report.json", "{\"surprise\": 1}".to_owned());
}
