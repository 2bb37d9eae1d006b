//! A report without secrets, before anything draws it.
//!
//! Renderers cut, wrap and escape; half a secret, or one with a backslash in it, would be missed afterwards.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::Value;

use devops_core::{Bill, BilledFile, Case, Cases, Component, Finding, Location, Redactor, Report};

/// The report with every text redacted, and a note that names the variables whose values it held.
pub(super) fn redacted(report: &Report, redactor: &Redactor) -> Report {
    let mut report = report.clone();
    let names = RefCell::new(BTreeSet::new());
    let clean = |text: &mut String| {
        *text = redactor.redact_naming(text, &mut |name| _ = names.borrow_mut().insert(name));
    };
    clean(&mut report.headline);
    report.reasons.iter_mut().chain(&mut report.notes).for_each(clean);
    if let Some(failure) = &mut report.error {
        clean(&mut failure.message);
        clean(&mut failure.help);
    }
    report.findings.iter_mut().for_each(|finding| clean_finding(finding, &clean));
    let data = report.provenance.data.values_mut();
    report.totals.values_mut().chain(report.details.values_mut()).chain(data).for_each(|fact| {
        clean_fact(fact, &clean);
    });
    report.provenance.inputs.iter_mut().for_each(|input| clean(&mut input.path));
    let names: Vec<&str> = names.take().into_iter().collect();
    if !names.is_empty() {
        report.notes.push(format!("`***` stands for the value of {}", names.join(", ")));
    }
    report
}

/// The tests with every text redacted.
pub(super) fn redacted_cases(cases: &Cases, redactor: &Redactor) -> Cases {
    let clean = |case: &Case| Case {
        name: redactor.redact(&case.name).into(),
        within: redactor.redact(&case.within).into(),
        ..*case
    };
    Cases { listed: cases.listed.iter().map(clean).collect(), left_out: cases.left_out }
}

/// The bill with every text redacted.
pub(super) fn redacted_bill(bill: &Bill, redactor: &Redactor) -> Bill {
    let clean = |text: &String| redactor.redact(text);
    let component = |one: &Component| Component {
        name: clean(&one.name),
        version: clean(&one.version),
        purl: clean(&one.purl),
        location: Location { path: clean(&one.location.path), ..one.location },
        license: one.license.as_ref().map(clean),
        source: clean(&one.source),
        integrity: one.integrity.iter().map(clean).collect(),
        ..*one
    };
    let file = |file: &BilledFile| BilledFile {
        path: clean(&file.path),
        package_manager: clean(&file.package_manager),
        components: file.components.iter().map(component).collect(),
        dependencies: file.dependencies.clone(),
    };
    let document = |document: &Value| {
        let mut document = document.clone();
        clean_fact(&mut document, &|text| *text = redactor.redact(text));
        document
    };
    Bill {
        files: bill.files.iter().map(file).collect(),
        not_read: bill.not_read.iter().map(clean).collect(),
        documents: bill.documents.iter().map(document).collect(),
    }
}

fn clean_finding(finding: &mut Finding, clean: &impl Fn(&mut String)) {
    clean(&mut finding.title);
    clean(&mut finding.detail);
    clean(&mut finding.help);
    finding.subject.values_mut().for_each(|fact| clean_fact(fact, clean));
    if let Some(location) = &mut finding.location {
        clean(&mut location.path);
    }
    if let Some(waived) = &mut finding.waived {
        clean(&mut waived.owner);
        clean(&mut waived.reason);
        waived.stated_in.iter_mut().for_each(clean);
    }
}

/// Facts come from typed values and from JSON that was read with a limit on its depth, so this ends.
fn clean_fact(fact: &mut Value, clean: &impl Fn(&mut String)) {
    match fact {
        Value::String(text) => clean(text),
        Value::Array(items) => items.iter_mut().for_each(|item| clean_fact(item, clean)),
        Value::Object(fields) => fields.values_mut().for_each(|field| clean_fact(field, clean)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::{redacted, redacted_bill, redacted_cases};
    use devops_core::{
        Bill, BilledFile, Case, Cases, Component, Ecosystem, Finding, Location, Provenance, Redactor, Report,
        Rule, Severity, TestState, Verdict,
    };

    #[test]
    fn no_text_of_a_report_keeps_a_secret() {
        const RULE: Rule = Rule { id: "some-rule", severity: Severity::High, summary: "", page: "" };
        let secret = "s*cr_t|`1234`";
        let redactor =
            Redactor::from_environment(&BTreeMap::from([("A_TOKEN".to_owned(), secret.to_owned())]));
        let finding = Finding::new(&RULE, secret, &["a"])
            .detail(secret)
            .help(secret)
            .about("facts", json!([{ "deep": secret }]))
            .at(Location::file(secret));
        let report = Report {
            schema_version: 1,
            job: "test-gate".to_owned(),
            verdict: Verdict::Fail,
            exit_code: 1,
            headline: secret.to_owned(),
            reasons: vec![secret.to_owned()],
            error: None,
            findings: vec![finding],
            notes: vec![secret.to_owned()],
            totals: BTreeMap::from([("a".to_owned(), json!(secret))]),
            details: BTreeMap::from([("b".to_owned(), json!(secret))]),
            provenance: Provenance::of_this_build(),
        };
        let clean = redacted(&report, &redactor);
        let text = serde_json::to_string(&clean).unwrap();
        assert!(!text.contains("cr_t"), "{text}");
        assert_eq!(text.matches("***").count(), 11, "{text}");
        assert_eq!(clean.notes.last().unwrap(), "`***` stands for the value of A_TOKEN");
        assert_eq!(redacted(&clean, &redactor), clean);
        let case = |text: &str| Case {
            name: text.into(),
            within: text.into(),
            state: TestState::Passed,
            micros: None,
        };
        let cases = redacted_cases(&Cases { listed: vec![case(secret)], left_out: 1 }, &redactor);
        assert_eq!(cases, Cases { listed: vec![case("***")], left_out: 1 });
        let bill = |text: &str| Bill {
            files: vec![BilledFile {
                path: text.to_owned(),
                package_manager: text.to_owned(),
                components: vec![Component {
                    ecosystem: Ecosystem::NPM,
                    name: text.to_owned(),
                    version: text.to_owned(),
                    purl: text.to_owned(),
                    location: Location::line(text, 7),
                    scope: "dev",
                    origin: "git",
                    is_direct: true,
                    license: Some(text.to_owned()),
                    integrity: vec![text.to_owned()],
                    source: text.to_owned(),
                }],
                dependencies: vec![vec![0]],
            }],
            not_read: vec![text.to_owned()],
            documents: vec![json!({"Results": [{"Target": text}]})],
        };
        assert_eq!(redacted_bill(&bill(secret), &redactor), bill("***"));
    }
}
