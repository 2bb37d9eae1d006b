//! Failures that a quarantine covers, marked in the outcome.

use super::baseline::{self, Quarantine, Subject};
use super::execution::{numbered, placed};
use super::ledger::{Executions, Scope};
use super::rules;
use super::run::RunFacts;
use devops_core::words::{counted, number};
use devops_job::{Context, Outcome};

/// What stands between a class and a test in findings.
const SEPARATORS: [&str; 4] = [".", "::", " > ", " "];

/// Marks what the quarantine covers, unless the run broke off.
pub(super) fn apply(
    quarantine: Option<&Quarantine>,
    facts: &RunFacts,
    context: &Context,
    outcome: &mut Outcome,
) {
    let Some(quarantine) = quarantine else { return };
    let is_whole = rules::is_whole(&outcome.findings);
    let names = names(facts);
    let names = names.iter().map(String::as_str);
    let result = quarantine.apply(&mut outcome.findings, names, context.today(), is_whole);
    outcome.findings.extend(result.findings);
    if result.covered > 0 {
        outcome.headline.push_str(&format!(", {} in quarantine", number(result.covered)));
    }
    if !is_whole && !quarantine.entries.is_empty() {
        outcome
            .notes
            .push("the quarantine covers nothing, because the run was aborted or is incomplete".to_owned());
    }
    if !result.idle.is_empty() {
        let tests = counted(result.idle.len() as u64, "test in quarantine", "tests in quarantine");
        outcome.notes.push(format!("{tests} passed: {}", result.idle.join(", ")));
    }
}

/// Names of all tests, as findings may have them: what stands between a class and a test depends on who wrote the report, and
/// no passed test is known.
fn names(facts: &RunFacts) -> Vec<String> {
    let variants = |(scope, name, executions): (&Scope, &str, Executions<'_>)| {
        let mut names = Vec::new();
        // An entry without an environment is for the test in all of them.
        for environment in [Box::default(), scope.environment.clone()] {
            let scope = Scope { environment, ..scope.clone() };
            for row in 1..=executions.len() {
                names.push(baseline::rules::named(Subject { scope: &scope, name }, row));
                names.extend(SEPARATORS.map(|separator| {
                    let name = numbered(&format!("{}{separator}{name}", scope.text), row);
                    placed(&name, &scope.environment)
                }));
            }
        }
        names
    };
    facts.ledger.iter().flat_map(variants).collect()
}
