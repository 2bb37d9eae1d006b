//! What a job adds to the event log: made from its report and its context, written beside its reports.

use sha2::{Digest as _, Sha256};

use super::{Common, Context, Noted};
use devops_ci::{RunFacts, run_facts};
use devops_core::digest::hexadecimal;
use devops_core::{Error, Report};
use devops_events::{Author, Body, Change, Event, Judged, Kind, Tier};
use devops_repository::Repository;

/// The source where no host names a repository.
const LOCAL: &str = "local";

/// Makes the folder of the log, where one is wanted, so that a job finds out before it changes anything.
///
/// # Errors
/// Where it can't be made.
pub fn open(common: &Common) -> Result<(), Error> {
    let Some(folder) = &common.events else { return Ok(()) };
    std::fs::create_dir_all(folder).map_err(|error| Error::unwritable(folder, error))
}

/// The name of what is built and deployed: as the settings have it, else the repository's, else the working directory's.
pub fn service(context: &Context) -> String {
    let given = context.service.as_deref().map(str::trim).filter(|service| !service.is_empty());
    let of_host = || {
        let source = run_facts(context.host, &context.environment).source?;
        source.rsplit('/').next().map(str::to_owned)
    };
    let of_folder = || {
        let folder = std::path::absolute(&context.working_directory).ok()?;
        folder.file_name().map(|name| name.to_string_lossy().into_owned())
    };
    given.map(str::to_owned).or_else(of_host).or_else(of_folder).unwrap_or_else(|| "unknown".to_owned())
}

/// The events of a job that ended in this report; none where no log is wanted.
pub(super) fn of_report(
    kind: Kind,
    report: &Report,
    deployment: Option<Noted>,
    common: &Common,
    context: &Context,
) -> Vec<Event> {
    if common.events.is_none() {
        return Vec::new();
    }
    let facts = run_facts(context.host, &context.environment);
    let judged = || Judged::of_report(report, facts.commit.clone());
    match kind {
        // `baseline merge` judges no tests.
        Kind::Test if report.error.is_none() && !report.totals.contains_key("tests") => Vec::new(),
        Kind::Test | Kind::Scan => {
            let body = if kind == Kind::Test { Body::Test(judged()) } else { Body::Scan(judged()) };
            let event = Event {
                revision: facts.attempt,
                ..event(uid(report, common, context, &facts), body, context)
            };
            let change = change(context, &facts);
            std::iter::once(event).chain(change).collect()
        }
        Kind::Deployment | Kind::Change => {
            deployment.map(|noted| of_deployment(noted, &facts, context)).into_iter().collect()
        }
    }
}

/// Adds events to the log; `json` is what `report.json` holds.
pub(super) fn append(
    events: &[Event],
    json: &[u8],
    common: &Common,
    context: &Context,
    job: &str,
) -> Result<(), Error> {
    let Some(folder) = &common.events else { return Ok(()) };
    let facts = run_facts(context.host, &context.environment);
    // Local runs of a day share their files, because each would make new ones otherwise.
    let run = match &facts.run {
        Some(run) => format!("{run}-{}", facts.attempt),
        None => format!("{LOCAL}-{}", context.today()),
    };
    let writer = writer(job, common, &facts);
    for event in events {
        let mut event = event.clone();
        if let Body::Test(judged) | Body::Scan(judged) = &mut event.body {
            judged.report_sha256 = hexadecimal(&Sha256::digest(json));
        }
        devops_events::append(folder, (&run, &writer), &event, &|text| context.redactor.redact(text))?;
    }
    Ok(())
}

/// An event of now, about this.
fn event(uid: String, body: Body, context: &Context) -> Event {
    let facts = run_facts(context.host, &context.environment);
    Event {
        schema_version: Event::SCHEMA_VERSION,
        source: facts.source.unwrap_or_else(|| LOCAL.to_owned()),
        uid,
        revision: 1,
        occurred_at: context.now,
        observed_at: context.now,
        service: service(context),
        environment: None,
        tier: None,
        run_url: facts.url,
        body,
    }
}

/// The job, and what tells it from others of the same kind in the same run.
fn writer(job: &str, common: &Common, facts: &RunFacts) -> String {
    let category = common.category(job);
    let category = if category == job || category.starts_with(&format!("{job}/")) {
        category
    } else {
        format!("{job}/{category}")
    };
    match &facts.part {
        Some(part) => format!("{category}/{part}"),
        None => category,
    }
}

/// What a gate's line is about: the run, whatever its attempt, and the gate in it.
fn uid(report: &Report, common: &Common, context: &Context, facts: &RunFacts) -> String {
    let run = facts.run.clone().unwrap_or_else(|| context.local_run());
    format!("{run}/{}", writer(&report.job, common, facts))
}

/// The line of a deployment.
fn of_deployment(noted: Noted, facts: &RunFacts, context: &Context) -> Event {
    let Noted { uid, revision, at, service, environment, mut deployment } = noted;
    deployment.commit_sha = deployment.commit_sha.or_else(|| facts.commit.clone());
    let named = facts.environment.as_ref().filter(|(name, _)| *name == environment);
    let tier = named.map_or(environment.as_str(), |(_, tier)| tier);
    let event = event(uid, Body::Deployment(deployment), context);
    Event {
        revision,
        // A record that is written again keeps the time at which it happened.
        occurred_at: at.unwrap_or(context.now),
        // A job that waits observes the end of what it did later than its own start.
        observed_at: at.map_or(context.now, |at| at.max(context.now)),
        service,
        tier: Tier::from_name(tier),
        environment: Some(environment),
        ..event
    }
}

/// The line of the commit that is checked out, unless it is only proposed: what is merged will be another one.
fn change(context: &Context, facts: &RunFacts) -> Option<Event> {
    if facts.is_proposal {
        return None;
    }
    let repository = Repository::around(&context.working_directory, &context.environment);
    let commit = repository.ok()?.head_facts().ok()?;
    let body = Body::Change(Change {
        commit_sha: commit.id.clone(),
        first_commit_at: commit.first_commit_at,
        committed_at: commit.committed_at,
        author_type: if commit.is_bot { Author::Bot } else { Author::Human },
        lines_added: commit.lines.map(|(added, _)| added),
        lines_removed: commit.lines.map(|(_, removed)| removed),
        reverts: commit.reverts,
    });
    // The same whichever run and job notes it, so that it counts once.
    Some(Event { occurred_at: commit.committed_at, run_url: None, ..event(commit.id, body, context) })
}
