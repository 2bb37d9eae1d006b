//! `explain`: the page of a rule, or the list of rules, from the binary that reports them.

use std::ffi::OsString;

use clap::{Arg, Command};

use super::Job;
use super::command::command as command_of;
use devops_core::suggest::suggestion;
use devops_core::{Error, RULE_IDS, Rule};

/// The name of the sub-command.
const NAME: &str = "explain";

/// The sub-command, which every binary has.
pub fn command() -> Command {
    let rule = Arg::new("rule")
        .value_name("RULE")
        .help("Name of the rule, e.g. `test-failed`; without one, all rules are listed");
    Command::new(NAME).about("Print the page of a rule, or list the rules").arg(rule)
}

/// What a command line asks to explain.
pub(super) struct Question {
    /// The rule; none for the list of rules.
    pub(super) rule: Option<String>,
}

/// What a command line asks to explain, if it does.
pub(super) fn asked<J: Job>(arguments: &[OsString]) -> Option<Question> {
    // Most command lines don't have the word, and need not be read twice.
    arguments.iter().skip(1).find(|word| *word == NAME)?;
    let matches = command_of::<J>().try_get_matches_from(arguments).ok()?;
    let (_, asked) = matches.subcommand().filter(|(name, _)| *name == NAME)?;
    Some(Question { rule: asked.get_one("rule").cloned() })
}

/// The page of a rule; without a name, every rule with its severity and what it finds, under the headings it comes with.
///
/// # Errors
/// Where there is no rule of this name.
pub fn explain(program: &str, groups: &[(&str, Vec<Rule>)], name: Option<&str>) -> Result<String, Error> {
    let Some(name) = name else { return Ok(list(program, groups)) };
    let rules = || groups.iter().flat_map(|(_, rules)| rules);
    if let Some(rule) = rules().find(|rule| rule.id == name) {
        return Ok(rule.page.to_owned());
    }
    let help = match suggestion(name, rules().map(|rule| rule.id)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("run `{program} explain` for the list of rules"),
    };
    let what = if RULE_IDS.contains(&name) {
        format!("`{name}` is a rule of another job")
    } else {
        format!("unknown rule `{name}`")
    };
    Err(Error::usage(what).help(help))
}

/// Every rule, by group.
fn list(program: &str, groups: &[(&str, Vec<Rule>)]) -> String {
    let mut text = String::new();
    for (heading, rules) in groups.iter().filter(|(_, rules)| !rules.is_empty()) {
        text.push_str(&format!("{heading}\n"));
        for Rule { id, severity, summary, .. } in rules {
            text.push_str(&format!("  {id:<26} {severity:<9} {summary}\n"));
        }
        text.push('\n');
    }
    text.push_str(&format!("help   {program} explain RULE\n"));
    text
}
