//! GitHub's deployments: one deployment per record, one status per state, adopted where GitHub made it itself.

use clap::{ArgAction, Args};
use serde::Deserialize;
use serde_json::{Value, json};

use super::forge::{self, Access};
use super::github_api::{Api, ApiArguments, base, explain};
use super::{Destination, DestinationEntry, Message, Opening, Receipt, Sending, Way, When, Write};
use crate::delivery::DeliveryState;
use crate::record::{Record, State};
use devops_ci::Forge;
use devops_core::Error;
use devops_net::{Cause, Class, Request, Trouble, encode};

/// The line of the table.
pub(super) const DESTINATION: DestinationEntry = DestinationEntry {
    name: "github",
    help: "GitHub's deployments; the default on GitHub if there is a token",
    arguments: GithubArguments::augment_args,
    forge: Some(Forge::GitHub),
    when: When::NamedOr(|context| forge::is_at_hand(Forge::GitHub, context)),
    open,
};

/// Flags of the destination `github`; `github-status` shares the first.
#[derive(Debug, Args)]
#[command(next_help_heading = "Destination github")]
struct GithubArguments {
    /// Where the API is.
    #[command(flatten)]
    api: ApiArguments,

    /// Mark the environment as one that users see [default: true if it is named `production`]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set, hide_possible_values = true)]
    github_production: Option<bool>,

    /// Mark the environment as one that will be removed, such as a preview
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, action = ArgAction::Set, hide_possible_values = true)]
    github_transient: bool,

    /// Commit statuses that GitHub requires before it accepts the deployment, separated by commas, e.g. `ci/build,ci/test`
    /// [default: none]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    github_required_contexts: Vec<String>,
}

fn open(opening: &Opening<'_>) -> Result<Way, Error> {
    let flags: GithubArguments = opening.flags()?;
    let record = opening.record;
    let missing = (record.sha.is_none() && record.reference.is_none()).then_some("commit");
    let make = |access| -> Box<dyn Destination> { Box::new(GitHub::new(access, flags)) };
    Ok(forge::open((DESTINATION.name, Forge::GitHub), base(opening)?, missing, opening, make))
}

/// GitHub's limit for a description.
const DESCRIPTION: usize = 140;

/// What we deploy, in GitHub's words.
const TASK: &str = "deploy";

/// Deployments that are looked at to find the one GitHub made for the run.
const LOOKED_AT: usize = 10;

/// GitHub's deployments.
struct GitHub {
    api: Api,
    production: Option<bool>,
    transient: bool,
    required_contexts: Vec<String>,
}

/// A deployment, only the fields that we need.
#[derive(Deserialize)]
struct Deployment {
    id: u64,
    #[serde(default)]
    payload: Value,
}

/// A status, only the fields that we need.
#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    state: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    log_url: Option<String>,
    #[serde(default)]
    target_url: Option<String>,
}

/// A deployment that is there.
struct Found {
    id: u64,
    /// Whether its payload marks it as ours.
    is_ours: bool,
    statuses: Vec<Status>,
}

impl Found {
    /// Whether a status of ours already says this, also below what came after it: GitHub itself adds `inactive` when a
    /// newer deployment takes over, and saying `success` again would bring the older one back.
    fn has(&self, record: &Record) -> bool {
        let (mark, wanted) = (record.mark(), state(record.state));
        let mut ours = self.statuses.iter().filter(|status| status.carries(&mark));
        // A record that the journal numbered higher came after another end, so an older status can't be this one.
        if record.revision > record.state.least_revision() {
            return ours.next().is_some_and(|status| status.state == wanted);
        }
        ours.any(|status| status.state == wanted)
    }
}

impl GitHub {
    fn new(access: Access, flags: GithubArguments) -> Self {
        let contexts = flags.github_required_contexts.into_iter();
        Self {
            api: Api::new(access),
            production: flags.github_production,
            transient: flags.github_transient,
            required_contexts: contexts.filter(|context| !context.is_empty()).collect(),
        }
    }

    /// The request that makes a deployment. Whatever GitHub would decide by default is always given.
    fn new_deployment(&self, record: &Record, is_late: bool) -> Request {
        let body = json!({
            "ref": record.sha.as_deref().or(record.reference.as_deref()),
            "task": TASK,
            "auto_merge": false,
            "required_contexts": self.required_contexts,
            "payload": { "devops_action": {
                "uid": record.uid,
                "id": record.id,
                "service": record.service,
                "version": record.version,
            }},
            "environment": record.environment,
            "description": record.sentence(is_late, DESCRIPTION),
            "transient_environment": self.transient,
            "production_environment": self.production.unwrap_or(record.environment == "production"),
        });
        Request::post(self.api.address("/deployments"), body)
    }

    /// The request that adds a status to the deployment of this name.
    fn new_status(&self, id: &str, record: &Record, is_late: bool) -> Request {
        let body = json!({
            "state": state(record.state),
            "description": record.sentence(is_late, DESCRIPTION),
            // What comes late may be older than what is active by now, and must not end it.
            "auto_inactive": !self.transient && !is_late,
            "log_url": record.run_url,
            "environment_url": record.url,
        });
        Request::post(self.api.address(&format!("/deployments/{id}/statuses")), body)
    }

    async fn statuses(&self, id: u64) -> Result<Vec<Status>, Trouble> {
        let answer = self.api.get(&format!("/deployments/{id}/statuses?per_page=100")).await?;
        answer.read(&[200]).map_err(|trouble| explain(&answer, trouble))
    }

    /// The deployment of this record: ours, or the one GitHub made for the same run because of an `environment:` key.
    async fn find(&self, record: &Record) -> Result<Option<Found>, Trouble> {
        let of = match (&record.sha, &record.reference) {
            (Some(sha), _) => format!("sha={}", encode(sha)),
            (None, reference) => format!("ref={}", encode(reference.as_deref().unwrap_or_default())),
        };
        let environment = encode(&record.environment);
        let path = format!("/deployments?{of}&environment={environment}&task={TASK}&per_page=100");
        let answer = self.api.get(&path).await?;
        let all: Vec<Deployment> = answer.read(&[200]).map_err(|trouble| explain(&answer, trouble))?;
        // The oldest of ours wins, so that two runs that both made one agree on it from then on.
        if let Some(ours) =
            all.iter().filter(|one| uid(&one.payload) == Some(record.uid.clone())).min_by_key(|one| one.id)
        {
            let statuses = self.statuses(ours.id).await?;
            return Ok(Some(Found { id: ours.id, is_ours: true, statuses }));
        }
        let Some(run) = record.run_url.as_deref().and_then(run_path) else {
            return Ok(None);
        };
        for one in all.iter().filter(|one| uid(&one.payload).is_none()).take(LOOKED_AT) {
            let statuses = self.statuses(one.id).await?;
            if statuses.iter().any(|status| status.is_of_run(run)) && !is_someone_elses(&statuses, record) {
                return Ok(Some(Found { id: one.id, is_ours: false, statuses }));
            }
        }
        Ok(None)
    }

    async fn create(&self, record: &Record, is_late: bool) -> Result<Found, Trouble> {
        let answer = self.api.send(&self.new_deployment(record, is_late)).await?;
        if answer.status == 202 {
            let text = "status 202: GitHub merged the default branch instead of making a deployment";
            return Err(Trouble::new(Cause::Refused(202), text));
        }
        let made: Deployment = answer.read(&[201]).map_err(|trouble| explain(&answer, trouble))?;
        Ok(Found { id: made.id, is_ours: true, statuses: Vec::new() })
    }

    async fn send_message(&self, message: Message<'_>) -> Result<Receipt, Trouble> {
        let Message { record, is_late, remote } = message;
        let kept = match remote.and_then(|remote| remote.parse().ok()) {
            Some(id) => match self.statuses(id).await {
                Ok(statuses) => Some(Found { id, is_ours: true, statuses }),
                // It was deleted.
                Err(Trouble { cause: Cause::Refused(404), .. }) => None,
                Err(trouble) => return Err(trouble),
            },
            None => None,
        };
        let found = match kept {
            Some(found) => Some(found),
            None => self.find(record).await?,
        };
        let adopted = found.as_ref().is_some_and(|found| !found.is_ours);
        let found = match found {
            Some(found) => found,
            None => self.create(record, is_late).await?,
        };
        let receipt = self.add_status(record, is_late, &found).await?;
        Ok(if adopted { receipt.note("adopted the deployment GitHub made for this run") } else { receipt })
    }

    async fn add_status(&self, record: &Record, is_late: bool, found: &Found) -> Result<Receipt, Trouble> {
        let wanted = state(record.state);
        let mark = record.mark();
        if found.has(record) {
            return Ok(Receipt::new(DeliveryState::Verified, found.id.to_string()));
        }
        let newest = found.statuses.iter().find(|status| found.is_ours || status.carries(&mark));
        if let Some(newest) = newest {
            if newest.state == wanted {
                return Ok(Receipt::new(DeliveryState::Verified, found.id.to_string()));
            }
            if record.state == State::Started && !matches!(newest.state.as_str(), "pending" | "queued") {
                return Ok(Receipt::new(DeliveryState::Verified, found.id.to_string())
                    .note("it has already ended there"));
            }
        }
        let request = self.new_status(&found.id.to_string(), record, is_late);
        let answer = self.api.send(&request).await?;
        let made: Status = answer.read(&[201]).map_err(|trouble| explain(&answer, trouble))?;
        if made.state != wanted {
            return Err(Trouble::new(Cause::Unreadable, format!("status 201, but not with state {wanted}")));
        }
        Ok(Receipt::new(DeliveryState::Accepted, found.id.to_string()))
    }
}

impl Destination for GitHub {
    fn class(&self) -> Class {
        Class::Searched
    }

    fn plan(&self, message: Message<'_>) -> Vec<Write> {
        let Message { record, is_late, .. } = message;
        let word = state(record.state);
        vec![
            Write {
                id: format!("github-deployment-{word}"),
                request: self.new_deployment(record, is_late),
                summary: "unless this deployment is there".to_owned(),
                guard: "no deployment with this uid, and none GitHub made for the same run, commit and environment",
            },
            Write {
                id: format!("github-status-{word}"),
                request: self.new_status(message.remote_or_placeholder(), record, is_late),
                summary: format!("state {word}, unless it is there"),
                guard: "no status of ours says so",
            },
        ]
    }

    fn send<'a>(&'a self, message: Message<'a>) -> Sending<'a> {
        Box::pin(self.send_message(message))
    }
}

impl Status {
    /// Whether it has a link to this run: `/actions/runs/7`, and not `/actions/runs/77`.
    fn is_of_run(&self, run: &str) -> bool {
        [&self.log_url, &self.target_url].into_iter().flatten().any(|url| {
            url.match_indices(run).any(|(start, _)| {
                let rest = url.get(start + run.len()..).unwrap_or_default();
                !rest.starts_with(|next: char| next.is_ascii_digit())
            })
        })
    }

    fn carries(&self, mark: &str) -> bool {
        self.description.as_deref().is_some_and(|text| text.contains(mark))
    }
}

/// GitHub's word for a state.
fn state(state: State) -> &'static str {
    match state {
        State::Started => "in_progress",
        State::Succeeded => "success",
        State::Failed => "failure",
    }
}

/// The uid in a payload, which comes back as an object or as text.
fn uid(payload: &Value) -> Option<String> {
    let parsed;
    let payload = match payload.as_str() {
        Some(text) => {
            parsed = serde_json::from_str::<Value>(text).ok()?;
            &parsed
        }
        None => payload,
    };
    payload.get("devops_action")?.get("uid")?.as_str().map(str::to_owned)
}

/// The part of a run's address that all links to it share.
fn run_path(url: &str) -> Option<&str> {
    url.find("/actions/runs/").and_then(|start| url.get(start..))
}

/// Whether a record of ours other than this one already took the deployment: the jobs of a matrix get one each.
fn is_someone_elses(statuses: &[Status], record: &Record) -> bool {
    let mark = record.mark();
    let is_mark = |word: &str| {
        let hex = word.strip_prefix('[').and_then(|word| word.strip_suffix(']'));
        hex.is_some_and(|hex| hex.len() == 16 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    statuses
        .iter()
        .filter_map(|status| status.description.as_deref()?.split_whitespace().next_back())
        .any(|word| is_mark(word) && word != mark)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Status, uid};

    #[test]
    fn a_payload_is_read_in_both_forms() {
        assert_eq!(uid(&json!({ "devops_action": { "uid": "u" } })).as_deref(), Some("u"));
        assert_eq!(uid(&json!("{\"devops_action\":{\"uid\":\"u\"}}")).as_deref(), Some("u"));
        assert_eq!(uid(&json!("")), None);
        assert_eq!(uid(&json!(null)), None);
    }

    #[test]
    fn a_run_is_not_taken_for_one_whose_number_starts_alike() {
        let status = |url: &str| Status {
            state: "in_progress".to_owned(),
            description: None,
            log_url: Some(url.to_owned()),
            target_url: None,
        };
        assert!(status("https://h/o/r/actions/runs/7/job/9").is_of_run("/actions/runs/7"));
        assert!(!status("https://h/o/r/actions/runs/77/job/9").is_of_run("/actions/runs/7"));
    }
}
