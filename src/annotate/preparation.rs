//! From flags, environment and journal to the record that is to be sent.

use reqwest::Url;

use super::arguments::Arguments;
use super::history::History;
use super::record::{Record, State};
use devops_ci::DeploymentFacts;
use devops_core::Error;
use devops_job::Context;

/// Maximum characters of a text that people write; all of them together stay far below the journal's longest line.
const LONGEST_TEXT: usize = 4000;

/// A record that is ready to be sent, and what is known about where it happened.
pub(crate) struct Prepared {
    /// The record.
    pub(crate) record: Record,
    /// Whether the deployment had already ended before this record, which then is sent to no destination.
    pub(crate) is_overtaken: bool,
    /// Whether the journal already has this very record.
    pub(crate) is_known: bool,
    /// Lines of the journal that could not be read.
    pub(crate) damaged: u64,
}

/// Makes the record.
///
/// # Errors
/// Where a flag is missing that neither the host nor the journal can stand in for, or holds what no record can.
pub(crate) fn prepare(
    arguments: &Arguments,
    context: &Context,
    history: &History,
) -> Result<Prepared, Error> {
    let facts = facts(context);
    // Before anything else: what a record holds goes to the journal and to others.
    let given = |value: Option<&str>| given(value).map(|value| context.redactor.redact(&value));
    let state = arguments
        .action
        .map(State::from)
        .ok_or_else(|| Error::usage("no action given").help("name one of `start`, `finish` and `fail`"))?;
    let service = given(context.service.as_deref()).or(facts.name.clone()).ok_or_else(|| {
        Error::usage("no service given, and no repository to take its name from")
            .help("name what is deployed with `--service NAME`")
    })?;
    let id = given(arguments.names.id.as_deref()).or(facts.identity.clone()).ok_or_else(|| {
        Error::usage("no id given, and no pipeline run to take it from")
            .help("name the deployment with `--id ID`, the same for start and finish")
    })?;
    let environment = given(Some(&arguments.names.environment))
        .ok_or_else(|| Error::usage("environment is empty").help("name it with `--environment NAME`"))?;
    let repository = facts.repository.clone();
    let uid = Record::uid(repository.as_deref().unwrap_or_default(), &service, &environment, &id);
    let mut record = Record {
        revision: state.least_revision(),
        id,
        state,
        service,
        environment,
        at: context.now.to_string(),
        started_at: history.started_at(&uid).map(str::to_owned),
        version: given(arguments.release.as_deref()),
        reference: given(arguments.r#ref.as_deref()).or(facts.reference),
        sha: given(arguments.sha.as_deref()).or(facts.sha),
        url: given(arguments.url.as_deref()),
        run_url: facts.run_url,
        description: given(arguments.description.as_deref()),
        repository,
        uid,
    };
    check(&record)?;
    let latest = history.latest(&record.uid);
    let is_known = latest.is_some_and(|latest| latest.state == state);
    let is_overtaken = latest.is_some_and(|latest| latest.state.is_end() && !state.is_end());
    match latest {
        // The first record stays the true one, its time included.
        Some(latest) if is_known => record = latest.clone(),
        Some(latest) if !is_overtaken => {
            record.revision = record.revision.max(latest.revision + 1);
            remember(&mut record, latest);
        }
        _ => {}
    }
    Ok(Prepared { record, is_overtaken, is_known, damaged: history.damaged })
}

/// What the host reports about the run; on a laptop, the values of the repository's variables, if they are set.
pub(crate) fn facts(context: &Context) -> DeploymentFacts {
    context.host.forge().map(|forge| forge.facts(&context.environment)).unwrap_or_default()
}

/// Fills in what this call was not given from an earlier call for the same deployment.
fn remember(record: &mut Record, earlier: &Record) {
    let fill = |field: &mut Option<String>, earlier: &Option<String>| {
        if field.is_none() {
            field.clone_from(earlier);
        }
    };
    fill(&mut record.version, &earlier.version);
    fill(&mut record.reference, &earlier.reference);
    fill(&mut record.sha, &earlier.sha);
    fill(&mut record.url, &earlier.url);
    fill(&mut record.run_url, &earlier.run_url);
}

/// A value that is not empty.
fn given(value: Option<&str>) -> Option<String> {
    value.map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned)
}

/// Refuses what no record can hold, before anything is sent.
fn check(record: &Record) -> Result<(), Error> {
    let words = [("service", &record.service), ("environment", &record.environment), ("id", &record.id)];
    for (name, value) in words {
        if value.chars().count() > 200 || value.chars().any(char::is_control) {
            return Err(Error::usage(format!("{name} is longer than 200 characters or has line breaks"))
                .help(format!("give `--{name}` a short name")));
        }
    }
    let texts = [
        ("release", &record.version),
        ("ref", &record.reference),
        ("url", &record.url),
        ("description", &record.description),
    ];
    for (name, value) in texts {
        if value.as_ref().is_some_and(|value| value.chars().count() > LONGEST_TEXT) {
            return Err(Error::usage(format!("{name} is longer than 4,000 characters"))
                .help(format!("give `--{name}` a shorter text")));
        }
    }
    let is_commit =
        |sha: &String| (7..=64).contains(&sha.len()) && sha.bytes().all(|byte| byte.is_ascii_hexdigit());
    if let Some(sha) = record.sha.as_ref().filter(|sha| !is_commit(sha)) {
        return Err(Error::usage(format!("`{sha}` is not a commit"))
            .help("give `--sha` the commit's hexadecimal digits"));
    }
    if record.url.as_ref().is_some_and(|url| !is_address(url)) {
        return Err(Error::usage("url is not an address people can open")
            .help("give `--url` an http or https address without user name and password"));
    }
    Ok(())
}

/// Whether this is an address that can be opened and contains no user name or password; an `@` in a path is neither.
fn is_address(url: &str) -> bool {
    let has_gaps = url.chars().any(|next| next.is_control() || next.is_whitespace());
    Url::parse(url).is_ok_and(|parsed| {
        matches!(parsed.scheme(), "http" | "https")
            && parsed.username().is_empty()
            && parsed.password().is_none()
            && !has_gaps
    })
}

#[cfg(test)]
mod tests {
    use super::is_address;

    #[test]
    fn only_user_names_and_passwords_keep_an_address_from_being_one() {
        for good in ["https://x.example/@scope/app", "http://h", "https://h/?by=a@b.example#@c", "HTTPS://h/"]
        {
            assert!(is_address(good), "{good}");
        }
        let bad = [
            "https://u@h/",
            "https://u:p@h/",
            "https://:p@h/@x",
            "https:\\\\u:p@h",
            "ftp://h",
            "h",
            "https://",
            "https://h/a b",
            "https://h/\n",
        ];
        for bad in bad {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
