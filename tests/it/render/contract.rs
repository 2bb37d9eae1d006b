//! What other programs rely on: schemas, well-formed documents, limits, and nothing forged by foreign words.

use std::collections::BTreeSet;
use std::path::Path;

use devops_core::{Finding, Input, Location, RULE_IDS, Report, Severity, Subject, Table, Verdict};
use proptest::prelude::{ProptestConfig, any, proptest};
use proptest::test_runner::RngSeed;
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Value, json};

use super::samples::{self, RULES};
use super::{all, formats, with};
use crate::support;

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn check(schema: &Value, instance: &Value, what: &str) {
    let validator = jsonschema::validator_for(schema).expect("the schema is one");
    let errors: Vec<String> = validator
        .iter_errors(instance)
        .take(5)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{what}: {errors:#?}");
}

/// Names of all elements and attributes' values of an XML text, which has to be well-formed.
fn elements(xml: &str) -> Vec<String> {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().check_end_names = true;
    let mut names = Vec::new();
    let mut depth = 0_i32;
    loop {
        match reader.read_event().expect("well-formed") {
            Event::Start(tag) => {
                depth += 1;
                names.push(tag.name().as_ref().to_owned());
                tag.attributes().for_each(|attribute| drop(attribute.expect("an attribute")));
            }
            Event::Empty(tag) => {
                names.push(tag.name().as_ref().to_owned());
                tag.attributes().for_each(|attribute| drop(attribute.expect("an attribute")));
            }
            Event::End(_) => depth -= 1,
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(depth, 0);
    names
}

#[test]
fn sarif_is_valid_against_the_public_schema() {
    let Some(folder) = support::schemas() else { return };
    let schema = read(&folder.join("sarif-2.1.0.schema.json"));
    for (case, report, jobs) in all() {
        let sarif: Value = serde_json::from_str(&with(&report, &jobs, devops_render::sarif)).unwrap();
        check(&schema, &sarif, case);
        assert_eq!(sarif["runs"].as_array().unwrap().len(), jobs.len().max(1), "{case}");
    }
}

#[test]
fn sarif_points_at_real_places_only() {
    let jobs = vec![samples::hostile()];
    let sarif: Value = serde_json::from_str(&with(&jobs[0], &jobs, devops_render::sarif)).unwrap();
    let result = &sarif["runs"][0]["results"][0];
    let region = &result["locations"][0]["physicalLocation"]["region"];
    assert_eq!(region, &json!({ "startLine": 1 }), "line 0 is no line, and a host asks for one");
    let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
    assert!(!uri.contains(|character: char| character.is_whitespace() || character.is_control()), "{uri}");
    let report = samples::fail();
    let sarif: Value =
        serde_json::from_str(&with(&report, std::slice::from_ref(&report), devops_render::sarif)).unwrap();
    let second = &sarif["runs"][0]["results"][1];
    let region = &second["locations"][0]["physicalLocation"]["region"];
    assert_eq!(region, &json!({ "startLine": 12, "startColumn": 9 }));
    let print = report.findings[1].fingerprint.as_str();
    assert_eq!(second["partialFingerprints"]["devopsFinding/v1"], print);
    assert_eq!(sarif["runs"][0]["results"][3]["suppressions"][0]["kind"], "external");
}

/// Where the only finding of a report is shown that has this fact and no place, in SARIF and in a code quality report.
fn shown(rule: &str, inputs: &[&str], fact: Option<(&str, &str)>) -> (String, u64, String) {
    let mut report = samples::fail();
    let finding = Finding { rule: rule.to_owned(), ..Finding::new(&RULES[0], "title", &["a"]) };
    let about = |(name, value)| finding.clone().about(name, value);
    report.findings = vec![fact.map_or(finding.clone(), about)];
    let input = |path: &&str| Input::of_bytes(*path, b"");
    report.provenance.inputs = inputs.iter().map(input).collect();
    let jobs = std::slice::from_ref(&report);
    let sarif: Value = serde_json::from_str(&with(&report, jobs, devops_render::sarif)).unwrap();
    if let Some(folder) = support::schemas() {
        check(&read(&folder.join("sarif-2.1.0.schema.json")), &sarif, rule);
    }
    let result = &sarif["runs"][0]["results"][0];
    let place = &result["locations"][0]["physicalLocation"];
    let (uri, line) = (place["artifactLocation"]["uri"].as_str().unwrap(), &place["region"]["startLine"]);
    let issues: Value = serde_json::from_str(&with(&report, jobs, devops_render::codequality)).unwrap();
    assert_eq!(issues[0]["location"]["path"], uri);
    assert_eq!(&issues[0]["location"]["lines"]["begin"], line);
    let text = result["message"]["text"].as_str().unwrap();
    (uri.to_owned(), line.as_u64().unwrap(), text.lines().last().unwrap().to_owned())
}

#[test]
fn a_finding_of_any_rule_has_a_place_where_it_stands_in_no_file() {
    for rule in RULE_IDS {
        let (uri, line, said) = shown(rule, &[], None);
        assert_eq!((uri.as_str(), line), ("devops.toml", 1), "{rule}");
        assert_eq!(
            said,
            "This finding has no location of its own and is shown in the configuration of the job, devops.toml."
        );
    }
    let two = &["b.json", "a.xml"];
    for (inputs, fact, expected) in [
        (&["trivy.json"][..], None, ("trivy.json", 1)),
        (&["-"], None, ("devops.toml", 1)),
        (two, None, ("devops.toml", 1)),
        (two, Some(("report", "b.json")), ("b.json", 1)),
        (two, Some(("report", "a.xml:12:3")), ("a.xml", 12)),
        (two, Some(("report", "c.xml:12:3")), ("devops.toml", 1)),
        (two, Some(("lockfile", "a.xml")), ("a.xml", 1)),
        (two, Some(("package", "a.xml")), ("devops.toml", 1)),
    ] {
        let (uri, line, said) = shown("test-failed", inputs, fact);
        assert_eq!((uri.as_str(), line), expected, "{inputs:?} {fact:?}");
        assert!(said.ends_with(&format!(", {uri}.")), "{said}");
    }
}

#[test]
fn report_json_follows_its_schema_and_reads_back() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let schema = read(&root.join("schemas/report-v1.schema.json"));
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (case, report, jobs) in all() {
        for report in jobs.iter().chain([&report]) {
            let bytes = devops_render::json(report).unwrap();
            let value: Value = serde_json::from_slice(&bytes).unwrap();
            if case != "hostile" {
                check(&schema, &value, case);
            }
            assert_eq!(&Report::from_json(&bytes).unwrap(), report, "{case}");
            let mut other = value;
            other["surprise"] = json!(1);
            assert!(!validator.is_valid(&other), "{case}: unknown keys are refused");
        }
    }
}

#[test]
fn junit_and_code_quality_keep_their_shape() {
    for (case, report, mut jobs) in all() {
        if jobs.is_empty() {
            jobs.push(report.clone());
        }
        let names = elements(&with(&report, &jobs, devops_render::junit));
        let count = |name: &str| names.iter().filter(|found| *found == name).count();
        let findings = jobs.iter().map(|job| job.findings.len()).sum::<usize>();
        let silent = jobs.iter().filter(|job| job.findings.is_empty()).count();
        assert_eq!(count("testcase"), findings + silent, "{case}");
        assert_eq!(count("skipped"), report.waived().count(), "{case}");
        assert_eq!(count("failure"), report.open().count(), "{case}");
        let issues: Value = serde_json::from_str(&with(&report, &jobs, devops_render::codequality)).unwrap();
        let issues = issues.as_array().unwrap();
        let prints: BTreeSet<&str> =
            issues.iter().map(|issue| issue["fingerprint"].as_str().unwrap()).collect();
        assert_eq!(prints.len(), issues.len(), "{case}: fingerprints are unique");
        for issue in issues {
            let severity = issue["severity"].as_str().unwrap();
            assert!(["info", "minor", "major", "critical", "blocker"].contains(&severity));
            assert!(!issue["location"]["path"].as_str().unwrap().is_empty());
            assert!(issue["location"]["lines"]["begin"].as_u64().unwrap() >= 1);
        }
    }
}

/// Nothing of a report may look like a command, a heading, a row or an element of ours.
fn nothing_is_forged(report: &Report) {
    let jobs = std::slice::from_ref(report);
    for (name, text) in formats(report, jobs) {
        match name {
            "annotations.txt" => {
                let lines: Vec<&str> = text.lines().collect();
                assert_eq!(lines.len(), report.open().count() + usize::from(report.error.is_some()));
                assert!(lines.iter().all(|line| {
                    ["::error ", "::warning ", "::notice "].iter().any(|start| line.starts_with(start))
                }));
                assert!(!text.contains('\r'));
            }
            "summary.md" => {
                let outside: Vec<&str> = outside_fences(&text);
                let rows = outside.iter().filter(|line| line.starts_with("| ")).count();
                let totals = if report.totals.is_empty() { 0 } else { 3 };
                let findings = report.open().count();
                let live = if report.details.contains_key("state") { 2 } else { 0 };
                assert_eq!(rows, totals + live, "{text}");
                let own = ["## ", "### What to do first", "### Other findings"];
                let headings: Vec<_> = outside.iter().filter(|line| line.starts_with('#')).collect();
                assert_eq!(headings.len(), 1 + usize::from(findings > 0), "{text}");
                assert!(headings.iter().all(|line| own.iter().any(|own| line.starts_with(own))), "{text}");
                for line in outside {
                    let foreign = line.replace("<details><summary>", "").replace("</summary>", "");
                    let foreign = ["</details>", "<br>", "<sub>", "</sub>"]
                        .iter()
                        .fold(foreign, |line, tag| line.replace(tag, ""));
                    assert!(!foreign.contains('<'), "{line}");
                }
            }
            "terminal.txt" | "verbose.txt" => assert!(
                text.chars().all(|character| character == '\n' || !character.is_control()),
                "{text:?}"
            ),
            "report.junit.xml" => {
                elements(&text);
                assert!(!text.contains('\u{0}'));
            }
            "badge.svg" => {
                let names = elements(&text);
                assert_eq!(names.len(), 7, "{text}");
            }
            "report.html" => {
                assert_eq!(text.matches("<script").count(), 1);
                assert_eq!(text.matches("</script").count(), 1);
                assert_eq!(text.matches("</style").count(), 1);
                assert!(!text.contains("<img") && !text.contains("<!--"));
            }
            "report.sarif" | "gl-code-quality-report.json" | "report.json" => {
                serde_json::from_str::<Value>(&text).expect("JSON");
            }
            _ => panic!("{name}"),
        }
    }
}

/// Borders of cells in a row of a table: those without a backslash that is not itself behind one.
fn borders(row: &str) -> usize {
    let mut is_escaped = false;
    row.chars()
        .filter(|character| {
            let is_border = *character == '|' && !is_escaped;
            is_escaped = *character == '\\' && !is_escaped;
            is_border
        })
        .count()
}

#[test]
fn no_text_makes_a_cell_of_a_table() {
    let mut report = samples::hostile();
    let other = |index: usize| {
        let mut finding = report.findings[0].clone();
        finding.subject = Subject::default();
        finding.fingerprint = Finding::new(&RULES[0], "a", &[&index.to_string()]).fingerprint;
        finding
    };
    report.findings = (0..5).map(other).collect();
    let text = with(&report, std::slice::from_ref(&report), devops_render::markdown);
    let rows: Vec<&str> = outside_fences(&text)
        .into_iter()
        .filter(|line| line.starts_with("| "))
        .skip_while(|line| !line.starts_with("| # "))
        .collect();
    assert_eq!(rows.iter().filter(|row| borders(row) == 6).count(), 4, "{text}");
}

#[test]
fn colours_are_the_only_control_characters_of_a_terminal() {
    let report = samples::hostile();
    let text = with(&report, std::slice::from_ref(&report), |document| {
        devops_render::text(document, devops_render::Detail::Findings, 100)
    });
    assert!(text.contains('\u{1b}') && !text.contains("\u{1b}[31mred"), "{text:?}");
    assert!(text.chars().all(|one| one == '\n' || one == '\u{1b}' || !one.is_control()));
}

/// Lines of Markdown that are no code.
fn outside_fences(text: &str) -> Vec<&str> {
    let mut fence: Option<&str> = None;
    let mut lines = Vec::new();
    for line in text.lines() {
        match fence {
            Some(open) if line == open => fence = None,
            Some(_) => {}
            None if line.starts_with("```") => fence = line.strip_suffix("text"),
            None => lines.push(line),
        }
    }
    assert!(fence.is_none(), "every fence is closed");
    lines
}

#[test]
fn a_hostile_report_forges_nothing() {
    nothing_is_forged(&samples::hostile());
    let hostile = samples::hostile();
    for (name, text) in formats(&hostile, std::slice::from_ref(&hostile)) {
        let limit = if name == "report.json" { 4_000_000 } else { 300_000 };
        assert!(text.len() < limit, "{name} has {} bytes", text.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, rng_seed: RngSeed::Fixed(7), ..ProptestConfig::default() })]

    #[test]
    fn no_text_forges_anything(texts in proptest::collection::vec(text(), 8), line in any::<u64>(), column in any::<u64>()) {
        let mut report = samples::report("test-gate", Verdict::Fail, &texts[0]);
        let finding = Finding::new(&RULES[0], &texts[1], &[&texts[1]])
            .detail(&texts[2])
            .about(&texts[3], texts[4].as_str())
            .severity(Severity::Medium)
            .at(Location { path: texts[5].clone(), line: Some(line), column: Some(column) })
            .help(&texts[6]);
        report.notes = vec![texts[7].clone()];
        report.findings = vec![Finding { rule: texts[3].clone(), ..finding }];
        nothing_is_forged(&report);
    }
}

/// Any text, with the characters that mean something somewhere more often than others.
fn text() -> impl proptest::strategy::Strategy<Value = String> {
    proptest::string::string_regex(
        "(?s)(.|[\\r\\n\\t`|<>&\"'\\[\\]()@#:%,\\\\*_-]|::error::|```|\\]\\]>|</td>){0,24}",
    )
    .unwrap()
}

/// Many findings of every severity, some without a place.
fn many(amount: u32) -> Report {
    let mut report = samples::report("dep-scan", Verdict::Fail, "very many findings");
    report.findings = (0..amount)
        .map(|index| {
            let severity = Severity::ALL[index as usize * 5 / amount as usize];
            let name = format!("package-{index}");
            let finding = Finding::new(&RULES[2], format!("{name} is vulnerable"), &[&name])
                .severity(severity)
                .detail("a sentence about it\n".repeat(8))
                .help("run `cargo update`");
            if index % 7 == 0 {
                finding
            } else {
                finding.at(Location::line("Cargo.lock", u64::from(index) + 1))
            }
        })
        .collect();
    report
}

#[test]
fn limits_hold_with_fifty_thousand_findings() {
    let report = many(50_000);
    let all = formats(&report, std::slice::from_ref(&report));
    let text = |name: &str| all.iter().find(|(found, _)| *found == name).unwrap().1.as_str();
    assert!(text("terminal.txt").contains("and 49,990 more: see devops-report/report.html"));
    assert!(text("summary.md").len() < 1_000_000);
    assert!(text("summary.md").contains("and 49,980 more"));
    assert_eq!(text("annotations.txt").lines().count(), 30);
    assert!(text("annotations.txt").lines().last().unwrap().contains("49,970 more findings"));
    let sarif: Value = serde_json::from_str(text("report.sarif")).unwrap();
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), 5_000);
    assert_eq!(sarif["runs"][0]["properties"]["findingsLeftOut"], 45_000);
    assert_eq!(sarif["runs"][0]["results"][0]["level"], "error", "the worst stay");
    assert!(text("report.junit.xml").contains("45,000 findings left out"));
    assert!(text("gl-code-quality-report.json").contains("45000 more findings"));
    assert!(text("report.html").contains("49,000 more"));
    assert!(text("report.html").len() < 1_500_000, "{}", text("report.html").len());
}

#[test]
fn limits_hold_with_huge_tables() {
    let mut report = many(1_000);
    let tables = (0..30).map(|index| {
        let mut table = Table::new(&format!("table {index}"), &["Test", "Before", "Now", Table::COMMAND]);
        table.leads = index % 2 == 0;
        let row = || vec!["x<>&|".repeat(200), "y".repeat(1_000), "1".to_owned(), "run @a #1 ".repeat(500)];
        table.rows = std::iter::repeat_with(row).take(120).collect();
        table
    });
    Table::put(tables.collect(), &mut report.details);
    let all = formats(&report, std::slice::from_ref(&report));
    let text = |name: &str| all.iter().find(|(found, _)| *found == name).unwrap().1.as_str();
    assert!(text("summary.md").len() < 1_000_000, "{}", text("summary.md").len());
    assert!(text("summary.md").contains("Left out, because a summary has a limit: "));
    assert!(text("report.html").len() < 2_500_000, "{}", text("report.html").len());
    assert!(text("terminal.txt").len() < 2_000_000, "{}", text("terminal.txt").len());
}
