//! Those who can be told, one file each, behind one trait.

mod github;
mod github_api;
mod github_status;
mod gitlab;

use std::fs::OpenOptions;
use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use serde_json::Value;

use super::arguments::{Arguments, Target};
use super::delivery::{Delivery, Reach};
use super::preparation::Prepared;
use super::record::Record;
use crate::ci::{Forge, ForgeToken};
use crate::job::Context;
use crate::net::{Class, Http, Trouble};

/// Where GitHub says which file the job summary is.
const SUMMARY_FILE: &str = "GITHUB_STEP_SUMMARY";

/// What a destination does about one revision of a record, still to be awaited.
pub(crate) type Telling<'a> = Pin<Box<dyn Future<Output = Result<Receipt, Trouble>> + 'a>>;

/// Someone who is told over a network.
pub(crate) trait Destination {
    /// What protects it from being told twice.
    fn class(&self) -> Class;

    /// The writes that telling it of the record would take, in order.
    fn plan(&self, record: &Record, is_late: bool) -> Vec<Value>;

    /// Tells it of a record, or finds that it knows. Safe to be called again after any trouble.
    fn tell<'a>(&'a self, word: Word<'a>) -> Telling<'a>;
}

/// What a destination is told.
#[derive(Clone, Copy)]
pub(crate) struct Word<'a> {
    /// The record.
    pub(crate) record: &'a Record,
    /// Whether it happened some time ago.
    pub(crate) is_late: bool,
    /// The name the destination gave the record, if an earlier run kept it.
    pub(crate) remote: Option<&'a str>,
}

/// What a destination answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Receipt {
    /// How far the record got.
    pub(crate) reach: Reach,
    /// The name it has there.
    pub(crate) remote: Option<String>,
    /// What else is to be known.
    pub(crate) note: Option<String>,
}

impl Receipt {
    /// A record the destination holds under this name.
    pub(crate) fn new(reach: Reach, remote: impl Into<String>) -> Self {
        Self { reach, remote: Some(remote.into()), note: None }
    }

    /// The same with something to know.
    #[must_use]
    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }
}

/// Someone who is to be told.
pub(crate) struct Chosen {
    /// Who.
    pub(crate) target: Target,
    /// Where, for people.
    pub(crate) place: String,
    /// How, where it takes a network.
    pub(crate) destination: Option<Box<dyn Destination>>,
    /// What is known about it before anything is tried.
    pub(crate) settled: Option<Delivery>,
}

impl Chosen {
    /// Whether this is the journal.
    pub(crate) fn is_journal(&self) -> bool {
        self.target == Target::Journal
    }
}

/// How to reach a forge.
pub(crate) struct Access {
    /// The client all share.
    pub(crate) http: Rc<Http>,
    /// Base of the API, without a slash at the end.
    pub(crate) base: String,
    /// The repository or project.
    pub(crate) repository: String,
    /// The credential.
    pub(crate) token: ForgeToken,
    /// Seconds since 1970 at the start of the run.
    pub(crate) now: i64,
}

/// Those who are to be told, in the order of delivery.
pub(crate) fn chosen(arguments: &Arguments, context: &Context, prepared: &Prepared) -> Vec<Chosen> {
    let connect = Duration::from_secs(arguments.budget.min(5));
    let http = Rc::new(Http::new(arguments.ca_file.clone(), connect));
    targets(arguments, context)
        .into_iter()
        .map(|target| match target {
            Target::Journal => Chosen {
                target,
                place: arguments.journal.display().to_string().replace('\\', "/"),
                destination: None,
                settled: None,
            },
            Target::Summary => summary(context, prepared),
            Target::Github | Target::GithubStatus | Target::Gitlab => {
                forge(target, arguments, context, &http, prepared)
            }
        })
        .collect()
}

/// The targets asked for, or those that make sense here.
fn targets(arguments: &Arguments, context: &Context) -> Vec<Target> {
    let mut targets = arguments.destinations.clone();
    if targets.is_empty() {
        targets.push(Target::Summary);
        match context.host.forge().filter(|forge| forge.token(&context.environment, true).is_some()) {
            Some(Forge::GitHub) => targets.extend([Target::Github, Target::GithubStatus]),
            Some(Forge::GitLab) => targets.push(Target::Gitlab),
            None => {}
        }
    }
    // Without a journal nobody could say what was already told.
    targets.push(Target::Journal);
    targets.sort();
    targets.dedup();
    targets
}

/// The job summary; the report's own summary shows the record, so there is nothing more to write than that.
///
/// It is written when all deliveries are known, so what can be said here is whether the host's file takes it.
fn summary(context: &Context, prepared: &Prepared) -> Chosen {
    let name = Target::Summary.as_str();
    let path =
        context.environment.get(SUMMARY_FILE).filter(|_| context.host.has_summary(&context.environment));
    let settled = match path {
        None => Delivery::new(name, Reach::Skipped).because("no job summary on this host"),
        Some(_) if prepared.is_overtaken => {
            Delivery::new(name, Reach::Skipped).because("the deployment has already ended")
        }
        Some(path) => match takes_more(Path::new(path)) {
            Ok(()) => Delivery::new(name, Reach::Accepted),
            Err(error) => Delivery::new(name, Reach::Refused)
                .because(format!("{path}: can't be written: {error}"))
                .help(format!("let {SUMMARY_FILE} name a file this user may write")),
        },
    };
    Chosen { target: Target::Summary, place: String::new(), destination: None, settled: Some(settled) }
}

/// Whether text can be appended to a file; one that is not there yet is not made, only its folder looked for.
fn takes_more(path: &Path) -> io::Result<()> {
    if std::fs::exists(path)? {
        return OpenOptions::new().append(true).open(path).map(|_| ());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if std::fs::metadata(folder)?.is_dir() { Ok(()) } else { Err(io::ErrorKind::NotADirectory.into()) }
}

/// A forge, or why it can't be told.
fn forge(
    target: Target,
    arguments: &Arguments,
    context: &Context,
    http: &Rc<Http>,
    prepared: &Prepared,
) -> Chosen {
    let kind = if target == Target::Gitlab { Forge::GitLab } else { Forge::GitHub };
    let facts = kind.facts(&context.environment);
    let is_own = context.host.forge().map_or_else(|| is_only_forge(kind, arguments), |own| own == kind);
    let token = kind.token(&context.environment, is_own);
    let given = if kind == Forge::GitLab { &arguments.gitlab_url } else { &arguments.github_url };
    let base = base(kind, given.as_deref().filter(|url| !url.is_empty()).or(facts.api_url.as_deref()));
    let refuse = |reason: String, help: String| Chosen {
        target,
        place: base.clone(),
        destination: None,
        settled: Some(Delivery::new(target.as_str(), Reach::Refused).because(reason).help(help)),
    };
    let Some(repository) = facts.repository else {
        let name = kind.repository_name();
        return refuse(
            "no repository known".to_owned(),
            format!("set {name}, as the host's own pipelines do"),
        );
    };
    let Some(token) = token else {
        return refuse("no token".to_owned(), format!("set {}", kind.token_names()));
    };
    let record = &prepared.record;
    let missing = match target {
        Target::Github if record.sha.is_none() && record.reference.is_none() => Some("commit"),
        Target::GithubStatus | Target::Gitlab if record.sha.is_none() => Some("commit"),
        Target::Gitlab if record.reference.is_none() => Some("branch or tag"),
        _ => None,
    };
    if let Some(missing) = missing {
        return refuse(format!("no {missing} known"), "pass `--sha` and `--ref`".to_owned());
    }
    let place = base.clone();
    let now = context.now.as_second();
    let access = Access { http: Rc::clone(http), base: base.clone(), repository, token, now };
    let destination: Box<dyn Destination> = match target {
        Target::Gitlab => Box::new(gitlab::GitLab::new(access, facts.is_tag, facts.run_started)),
        Target::GithubStatus => Box::new(github_status::CommitStatus::new(access)),
        _ => Box::new(github::GitHub::new(access, arguments)),
    };
    Chosen { target, place, destination: Some(destination), settled: None }
}

/// Whether no other forge is asked for, so that a token without a forge's name can only be meant for this one.
fn is_only_forge(kind: Forge, arguments: &Arguments) -> bool {
    arguments.destinations.iter().all(|target| match target {
        Target::Github | Target::GithubStatus => kind == Forge::GitHub,
        Target::Gitlab => kind == Forge::GitLab,
        Target::Journal | Target::Summary => true,
    })
}

/// The base of a forge's API, without a slash at the end; GitLab's version is added where it was left out.
fn base(kind: Forge, url: Option<&str>) -> String {
    let fallback = match kind {
        Forge::GitHub => "https://api.github.com",
        Forge::GitLab => "https://gitlab.com",
    };
    let url = url.unwrap_or(fallback).trim_end_matches('/');
    if kind == Forge::GitLab && !url.ends_with("/api/v4") { format!("{url}/api/v4") } else { url.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::base;
    use crate::ci::Forge;

    #[test]
    fn bases_are_complete() {
        assert_eq!(base(Forge::GitHub, None), "https://api.github.com");
        assert_eq!(base(Forge::GitHub, Some("https://h/api/v3/")), "https://h/api/v3");
        assert_eq!(base(Forge::GitLab, Some("https://h/gitlab")), "https://h/gitlab/api/v4");
        assert_eq!(base(Forge::GitLab, Some("https://h/api/v4")), "https://h/api/v4");
    }
}
