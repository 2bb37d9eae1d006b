//! One report of several: that of the whole run, and that of the two ends of a record.

use serde_json::Value;

use devops_core::report::Facts;
use devops_core::words::count;
use devops_core::{Exit, Finding, Provenance, Report, Verdict};

/// Which exit the whole run has when jobs disagree: the first of these that a job ended with.
const WORST_FIRST: [Exit; 9] = [
    Exit::Bug,
    Exit::Usage,
    Exit::Input,
    Exit::NeedsHuman,
    Exit::RolledBack,
    Exit::GateFailed,
    Exit::Environment,
    Exit::Superseded,
    Exit::Pass,
];

/// The report of a whole run, called `name`: of one job what the job itself reports, of several their sum.
pub(super) fn merged(name: &str, reports: &[Report], notes: &[String], policy: &str, is_dry: bool) -> Report {
    let mut report = match reports {
        [only] => only.clone(),
        several => sum(several, is_dry),
    };
    name.clone_into(&mut report.job);
    report.notes.extend_from_slice(notes);
    report.totals.extend(totals(reports));
    report.details.insert("jobs".to_owned(), jobs(reports));
    // A job that was judged by the policy of its base notes it, and so does this report.
    let mut used = reports.iter().filter_map(|report| report.provenance.policy_sha256.as_deref());
    report.provenance.policy_sha256 = Some(used.find(|sha| *sha != policy).unwrap_or(policy).to_owned());
    report
}

/// The sum of several reports.
fn sum(reports: &[Report], is_dry: bool) -> Report {
    let mut provenance = Provenance::of_this_build();
    provenance.inputs = reports.iter().flat_map(|report| report.provenance.inputs.clone()).collect();
    provenance.inputs.sort();
    provenance.inputs.dedup();
    let mut findings: Vec<_> = reports.iter().flat_map(|report| report.findings.clone()).collect();
    findings.sort_by_key(|finding| (!finding.is_open(), std::cmp::Reverse(finding.severity)));
    let exit = WORST_FIRST.into_iter().find(|exit| reports.iter().any(|report| report.exit() == *exit));
    let reasons = reports
        .iter()
        .flat_map(|report| report.reasons.iter().map(|reason| format!("{}: {reason}", report.job)));
    Report {
        schema_version: Report::SCHEMA_VERSION,
        job: String::new(),
        verdict: reports.iter().map(|report| report.verdict).max().unwrap_or(Verdict::Pass),
        exit_code: exit.unwrap_or(Exit::Pass).code(),
        headline: headline(reports, is_dry),
        reasons: reasons.collect(),
        error: reports.iter().find_map(|report| report.error.clone()),
        findings,
        notes: Vec::new(),
        totals: Facts::new(),
        details: Facts::new(),
        provenance,
    }
}

/// `5 jobs: 3 passed, 2 warned`.
fn headline(reports: &[Report], is_dry: bool) -> String {
    let of = |verdict| reports.iter().filter(|report| report.verdict == verdict).count();
    let words = [
        (of(Verdict::Error), "could not judge"),
        (of(Verdict::Fail), "failed"),
        (of(Verdict::Warn), "warned"),
        (of(Verdict::Pass), "passed"),
    ];
    let parts: Vec<String> = words
        .into_iter()
        .filter(|(amount, _)| *amount > 0)
        .map(|(amount, word)| format!("{amount} {word}"))
        .collect();
    let waived = reports.iter().flat_map(Report::waived).count() as u64;
    let waived = if waived == 0 { String::new() } else { format!("; {} waived", count(waived, "finding")) };
    let dry = if is_dry { " (dry run)" } else { "" };
    format!("{}: {}{waived}{dry}", count(reports.len() as u64, "job"), parts.join(", "))
}

/// How many jobs and findings there were.
fn totals(reports: &[Report]) -> Facts {
    let open: usize = reports.iter().map(|report| report.open().count()).sum();
    let waived: usize = reports.iter().map(|report| report.waived().count()).sum();
    Facts::from([
        ("jobs".to_owned(), reports.len().into()),
        ("findings".to_owned(), open.into()),
        ("waived".to_owned(), waived.into()),
    ])
}

/// What each job decided, with its own counts and facts.
fn jobs(reports: &[Report]) -> Value {
    let jobs: Vec<Value> = reports
        .iter()
        .map(|report| {
            serde_json::json!({
                "job": report.job,
                "verdict": report.verdict,
                "exit_code": report.exit_code,
                "headline": report.headline,
                "totals": report.totals,
                "details": report.details,
            })
        })
        .collect();
    jobs.into()
}

/// One report of the two ends of a record: what both did, under the later one's headline.
pub(super) fn joined(start: Report, mut end: Report) -> Report {
    for (name, before) in start.details {
        if let (Value::Array(mut both), Some(Value::Array(after))) = (before, end.details.get_mut(&name)) {
            both.append(after);
            *after = both;
        }
    }
    end.verdict = end.verdict.max(start.verdict);
    end.error = end.error.or(start.error);
    let is_new =
        |finding: &Finding| end.findings.iter().all(|other| other.fingerprint != finding.fingerprint);
    let new: Vec<_> = start.findings.into_iter().filter(is_new).collect();
    end.findings.extend(new);
    if end.exit() == Exit::Pass {
        end.exit_code = start.exit_code;
    }
    end
}
