//! `verdict.intoto.json`: the verdict as an in-toto statement that others can sign.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::vulnerabilities::line;
use super::{Document, Drawn, HOME};
use devops_core::escape;
use devops_core::{Report, Verdict};

/// Characters of a text.
const TEXT: usize = 1_000;

/// A statement about every file that was read, with the predicate of a simple verification result: the properties that hold, which are
/// none where the verdict is red. Nothing where no file was read, because a statement is about something.
///
/// # Errors
/// Where the time of the verdict is unknown.
pub fn intoto(document: &Document<'_>) -> Drawn {
    let report = document.report;
    let time = document.revision.ended.as_str();
    if time.is_empty() {
        return Err("the time of the verdict is unknown");
    }
    let inputs: BTreeSet<(String, &str)> = report
        .provenance
        .inputs
        .iter()
        .map(|input| (line(&input.path, TEXT), input.sha256.as_str()))
        .collect();
    if inputs.is_empty() {
        return Ok(None);
    }
    let subject = inputs.iter().map(|(name, sha256)| json!({ "name": name, "digest": { "sha256": sha256 } }));
    let mut verifier = Map::from_iter([
        ("id".to_owned(), json!(format!("{HOME}/{}", line(&report.job, TEXT)))),
        (
            "version".to_owned(),
            json!({ line(&report.provenance.tool, TEXT): line(&report.provenance.version, TEXT) }),
        ),
    ]);
    if let Some(sha256) = &report.provenance.policy_sha256 {
        verifier.insert("policy".to_owned(), json!({ "digest": { "sha256": sha256 } }));
    }
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": subject.collect::<Vec<_>>(),
        "predicateType": "https://in-toto.io/attestation/svr/v0.1",
        "predicate": {
            "verifier": verifier,
            "timeCreated": time,
            "properties": document.reports().iter().flat_map(properties).collect::<Vec<_>>(),
            "verdict": report.verdict,
            "exitCode": report.exit_code,
            "headline": line(&report.headline, TEXT),
            "findings": { "open": report.open().count(), "waived": report.waived().count() },
        },
    });
    Ok(Some(escape::json(&format!("{statement:#}\n"))))
}

/// The properties that a job's verdict stands for.
fn properties(report: &Report) -> Vec<Value> {
    let job = report.job.to_ascii_uppercase();
    let job: String = job.chars().map(|one| if one.is_ascii_alphanumeric() { one } else { '_' }).collect();
    let passed = format!("DEVOPS_ACTION_{job}_PASSED");
    let clean = format!("DEVOPS_ACTION_{job}_WITHOUT_WARNINGS");
    match report.verdict {
        Verdict::Pass => vec![json!(passed), json!(clean)],
        Verdict::Warn => vec![json!(passed)],
        Verdict::Fail | Verdict::Error => Vec::new(),
    }
}
