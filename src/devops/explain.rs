//! `devops explain`: the page of a rule, or the list of rules.

use super::jobs::{JOBS, all_rules};
use crate::core::suggest::suggestion;
use crate::core::{Error, Rule};
use crate::policy;

/// The page of a rule; without a name, every rule with its severity and what it finds, by job.
///
/// # Errors
/// Where there is no rule of this name.
pub(super) fn explain(name: Option<&str>) -> Result<String, Error> {
    let Some(name) = name else {
        return Ok(list());
    };
    let rules = all_rules();
    if let Some(rule) = rules.iter().find(|rule| rule.id == name) {
        return Ok(rule.page.to_owned());
    }
    let help = match suggestion(name, rules.iter().map(|rule| rule.id)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "run `devops explain` for the list of rules".to_owned(),
    };
    Err(Error::usage(format!("unknown rule `{name}`")).help(help))
}

/// Every rule, by job.
fn list() -> String {
    let jobs = JOBS.iter().map(|entry| (entry.name, (entry.rules)()));
    let mut text = String::new();
    for (job, rules) in jobs.chain([("every job", policy::RULES)]).filter(|(_, rules)| !rules.is_empty()) {
        text.push_str(&format!("{job}\n"));
        for Rule { id, severity, summary, .. } in rules {
            text.push_str(&format!("  {id:<26} {severity:<9} {summary}\n"));
        }
        text.push('\n');
    }
    text.push_str("help   devops explain RULE\n");
    text
}
