//! A report without secrets, before anything draws it.
//!
//! Renderers cut, wrap and escape; half a secret, or one with a backslash in it, would be missed afterwards.

use serde_json::Value;

use devops_core::{Case, Cases, Finding, Redactor, Report};

/// The report with every text redacted.
pub(super) fn redacted(report: &Report, redactor: &Redactor) -> Report {
    let mut report = report.clone();
    let clean = |text: &mut String| *text = redactor.redact(text);
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

    use super::{redacted, redacted_cases};
    use devops_core::{
        Case, Cases, Finding, Location, Provenance, Redactor, Report, Rule, Severity, TestState, Verdict,
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
        assert_eq!(text.matches("***").count(), 10, "{text}");
        assert_eq!(redacted(&clean, &redactor), clean);
        let case = |text: &str| Case {
            name: text.into(),
            within: text.into(),
            state: TestState::Passed,
            micros: None,
        };
        let cases = redacted_cases(&Cases { listed: vec![case(secret)], left_out: 1 }, &redactor);
        assert_eq!(cases, Cases { listed: vec![case("***")], left_out: 1 });
    }
}
