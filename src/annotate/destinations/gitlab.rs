//! GitLab's deployments: one per record, moved on from state to state; those a pipeline made are GitLab's own.

use clap::{Args, ValueHint};
use gitlab::api::Endpoint;
use gitlab::api::common::SortOrder;
use gitlab::api::projects::deployments::{DeploymentOrderBy, Deployments};
use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use serde::Deserialize;
use serde_json::json;

use super::forge::{self, Access, address};
use super::{Destination, DestinationEntry, Message, Opening, Receipt, Sending, Way, When, Write};
use crate::delivery::DeliveryState;
use crate::record::{Record, State};
use devops_ci::Forge;
use devops_core::Error;
use devops_net::{Answer, Class, Request, Trouble, encode};

/// The line of the table.
pub(super) const DESTINATION: DestinationEntry = DestinationEntry {
    name: "gitlab",
    help: "GitLab's deployments; the default on GitLab, with the job's own token if no other is given",
    arguments: GitlabArguments::augment_args,
    forge: Some(Forge::GitLab),
    when: When::NamedOr(|context| forge::is_at_hand(Forge::GitLab, context)),
    open,
};

/// Flags of the destination `gitlab`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Destination gitlab")]
struct GitlabArguments {
    /// Base URL of GitLab's API, e.g. `https://gitlab.example/api/v4` [default: the run's, else <https://gitlab.com/api/v4>]
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    gitlab_url: Option<String>,
}

fn open(opening: &Opening<'_>) -> Result<Way, Error> {
    let flags: GitlabArguments = opening.flags()?;
    let base = complete(address(Forge::GitLab, flags.gitlab_url, opening.context).as_deref());
    let missing = match opening.record {
        Record { sha: None, .. } => Some("commit"),
        Record { reference: None, .. } => Some("branch or tag"),
        _ => None,
    };
    let make = |access| -> Box<dyn Destination> {
        let facts = Forge::GitLab.facts(&opening.context.environment);
        Box::new(GitLab { access, is_tag: facts.is_tag, run_started: facts.run_started })
    };
    Ok(forge::open((DESTINATION.name, Forge::GitLab), base, missing, opening, make))
}

/// The base of GitLab's API, without a slash at the end; the version is added where it was left out.
fn complete(url: Option<&str>) -> String {
    let url = url.unwrap_or("https://gitlab.com").trim_end_matches('/');
    if url.ends_with("/api/v4") { url.to_owned() } else { format!("{url}/api/v4") }
}

/// How far two clocks may be apart.
const SKEW: SignedDuration = SignedDuration::from_secs(60);

/// GitLab's deployments. The gitlab crate describes what is read, and its descriptions of writes check ours (see the
/// tests). All is sent by our own client: the crate's makes a request of its own when it is built, and hides how long a busy
/// server asks to wait.
struct GitLab {
    access: Access,
    is_tag: bool,
    run_started: Option<String>,
}

/// A deployment, only the fields that we need.
#[derive(Debug, Deserialize)]
struct Deployment {
    id: u64,
    #[serde(default)]
    status: String,
    #[serde(default)]
    sha: String,
    #[serde(default)]
    created_at: Option<String>,
    /// The job that made it, where one did.
    #[serde(default)]
    deployable: Option<Deployable>,
}

#[derive(Debug, Deserialize)]
struct Deployable {
    #[serde(default)]
    pipeline: Option<Pipeline>,
}

#[derive(Debug, Deserialize)]
struct Pipeline {
    id: u64,
}

impl GitLab {
    /// The address of all deployments of the project.
    fn address(&self) -> String {
        format!("{}/projects/{}/deployments", self.access.base, encode(&self.access.repository))
    }

    /// The request that makes a deployment.
    fn new_deployment(&self, record: &Record) -> Request {
        let body = json!({
            "environment": record.environment,
            "sha": record.sha,
            "ref": record.reference,
            "tag": self.is_tag,
            "status": status(record.state),
        });
        Request::post(self.address(), body)
    }

    /// The request that moves the deployment of this name to another state.
    fn new_status(&self, id: &str, record: &Record) -> Request {
        Request::put(format!("{}/{id}", self.address()), json!({ "status": status(record.state) }))
    }

    /// The request that the gitlab crate describes.
    fn described(&self, endpoint: &impl Endpoint) -> Result<Request, Trouble> {
        let mut url = Url::parse(&format!("{}/{}", self.access.base, endpoint.endpoint()))
            .map_err(|_| Trouble::unable(format!("`{}` is not an address", self.access.base)))?;
        endpoint.parameters().add_to_url(&mut url);
        url.query_pairs_mut().append_pair("per_page", "100");
        Ok(Request::get(url))
    }

    /// Sends a request as it is, once.
    async fn send_request(&self, request: &Request) -> Result<Answer, Trouble> {
        let Access { http, token, now, .. } = &self.access;
        let header = if token.is_job_token { "JOB-TOKEN" } else { "PRIVATE-TOKEN" };
        http.send(request, Some((header, &token.secret)), *now).await
    }

    async fn find(&self, record: &Record) -> Result<Vec<Deployment>, Trouble> {
        let endpoint = Deployments::builder()
            .project(self.access.repository.as_str())
            .environment(record.environment.as_str())
            .order_by(DeploymentOrderBy::Id)
            .sort(SortOrder::Descending)
            .build()
            .map_err(|error| Trouble::unable(error.to_string()))?;
        let answer = self.send_request(&self.described(&endpoint)?).await?;
        let all: Vec<Deployment> = answer.read(&[200]).map_err(|trouble| explain(&answer, trouble))?;
        let sha = record.sha.as_deref().unwrap_or_default();
        Ok(all.into_iter().filter(|one| one.sha == sha).collect())
    }

    async fn create(&self, record: &Record) -> Result<Deployment, Trouble> {
        let answer = self.send_request(&self.new_deployment(record)).await?;
        answer.read(&[201]).map_err(|trouble| explain(&answer, trouble))
    }

    async fn change(&self, id: u64, record: &Record) -> Result<(), Trouble> {
        let answer = self.send_request(&self.new_status(&id.to_string(), record)).await?;
        let _: Deployment = answer.read(&[200]).map_err(|trouble| explain(&answer, trouble))?;
        Ok(())
    }

    async fn send_message(&self, message: Message<'_>) -> Result<Receipt, Trouble> {
        let record = message.record;
        let all = self.find(record).await?;
        if let Some(own) = all.iter().find(|one| is_of_pipeline(one, record)) {
            let note = "GitLab keeps this deployment itself, because the job has an `environment:` key";
            return Ok(Receipt::new(DeliveryState::Skipped, own.id.to_string()).note(note));
        }
        let kept = message.remote.and_then(|remote| remote.parse::<u64>().ok());
        let found = all.iter().find(|one| Some(one.id) == kept);
        let found = found.or_else(|| {
            all.iter()
                .filter(|one| one.deployable.is_none() && self.may_be_ours(one, record))
                .min_by_key(|one| one.id)
        });
        let Some(found) = found else {
            let made = self.create(record).await?;
            return Ok(late(Receipt::new(DeliveryState::Accepted, made.id.to_string()), message));
        };
        if found.status == status(record.state) {
            return Ok(Receipt::new(DeliveryState::Verified, found.id.to_string()));
        }
        if record.state == State::Started {
            return Ok(Receipt::new(DeliveryState::Verified, found.id.to_string())
                .note("it has already ended there"));
        }
        self.change(found.id, record).await?;
        Ok(late(Receipt::new(DeliveryState::Accepted, found.id.to_string()), message))
    }

    /// Whether a deployment that no pipeline made can be this record's: GitLab stores no name of ours, so time decides.
    fn may_be_ours(&self, one: &Deployment, record: &Record) -> bool {
        let known = self.run_started.as_ref().or(record.started_at.as_ref());
        if known.is_none() && record.state.is_end() && one.status == "running" {
            return true;
        }
        let since = known.unwrap_or(&record.at).parse::<Timestamp>().ok();
        let made = one.created_at.as_ref().and_then(|at| at.parse::<Timestamp>().ok());
        since.zip(made).is_some_and(|(since, made)| made.duration_since(since) >= -SKEW)
    }
}

impl Destination for GitLab {
    fn class(&self) -> Class {
        Class::Searched
    }

    fn plan(&self, message: Message<'_>) -> Vec<Write> {
        let record = message.record;
        let word = status(record.state);
        let mut plan = vec![Write {
            id: format!("gitlab-deployment-{word}"),
            request: self.new_deployment(record),
            summary: format!("status {word}, unless this deployment is there"),
            guard: "no deployment of this commit to this environment since the record started",
        }];
        if record.state.is_end() {
            plan.push(Write {
                id: format!("gitlab-status-{word}"),
                request: self.new_status(message.remote_or_placeholder(), record),
                summary: format!("status {word}, if the deployment is there with another status"),
                guard: "the deployment is there, was not made by a job, and its status is another",
            });
        }
        plan
    }

    fn send<'a>(&'a self, message: Message<'a>) -> Sending<'a> {
        Box::pin(self.send_message(message))
    }
}

/// Whether the pipeline of this record made the deployment.
fn is_of_pipeline(one: &Deployment, record: &Record) -> bool {
    let made_by = one.deployable.as_ref().and_then(|job| job.pipeline.as_ref()).map(|pipeline| pipeline.id);
    let own = record.run_url.as_deref().and_then(|url| url.rsplit("/pipelines/").next()?.parse::<u64>().ok());
    made_by.is_some() && made_by == own
}

/// GitLab shows the time of delivery and has no text, so at least the report notes it.
fn late(receipt: Receipt, message: Message<'_>) -> Receipt {
    if message.is_late {
        receipt.note(format!("GitLab shows the time of delivery; it happened {}", message.record.at))
    } else {
        receipt
    }
}

/// What to do about a refusal.
fn explain(answer: &Answer, trouble: Trouble) -> Trouble {
    match answer.status {
        401 => trouble.help("give a token that is still valid"),
        403 => trouble.help("give a token whose role may deploy to this environment; deployments made by a job's `environment:` key can't be changed"),
        404 => trouble.help("give a token that sees this project; old releases of GitLab don't take the job's own"),
        _ => trouble,
    }
}

/// GitLab's word for a state.
fn status(state: State) -> &'static str {
    match state {
        State::Started => "running",
        State::Succeeded => "success",
        State::Failed => "failed",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::rc::Rc;
    use std::time::Duration;

    use gitlab::api::Endpoint;
    use gitlab::api::projects::deployments::{CreateDeployment, DeploymentStatus, EditDeployment};
    use reqwest::Url;

    use super::{Access, GitLab, State, complete};
    use crate::record::tests::record;
    use devops_ci::ForgeToken;
    use devops_core::Secret;
    use devops_net::{Http, Request};

    /// Fails unless a request is the one that the gitlab crate describes.
    fn assert_described(endpoint: &impl Endpoint, request: &Request) {
        assert_eq!(endpoint.method().as_str(), request.method.as_str());
        assert_eq!(format!("https://h/api/v4/{}", endpoint.endpoint()), request.url);
        let (_, form) = endpoint.body().unwrap().unwrap();
        let form = Url::parse(&format!("http://h/?{}", String::from_utf8(form).unwrap())).unwrap();
        let described: BTreeMap<String, String> = form.query_pairs().into_owned().collect();
        let body = request.body.as_ref().unwrap().as_object().unwrap();
        let text =
            |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let ours: BTreeMap<String, String> =
            body.iter().map(|(name, value)| (name.clone(), text(value))).collect();
        assert_eq!(described, ours);
    }

    #[test]
    fn writes_are_those_the_gitlab_crate_describes() {
        let token = ForgeToken { secret: Secret::new("t"), is_job_token: false };
        let http = Rc::new(Http::new(None, Duration::from_secs(1)));
        let base = complete(Some("https://h"));
        let access = Access { http, base, repository: "org/webshop".to_owned(), token, now: 0 };
        let gitlab = GitLab { access, is_tag: true, run_started: None };
        let words = [
            (State::Started, DeploymentStatus::Running),
            (State::Succeeded, DeploymentStatus::Success),
            (State::Failed, DeploymentStatus::Failed),
        ];
        for (state, status) in words {
            let record = record(state);
            let made = CreateDeployment::builder()
                .project("org/webshop")
                .environment("production")
                .sha("a".repeat(40))
                .ref_("main")
                .tag(true)
                .status(status)
                .build()
                .unwrap();
            assert_described(&made, &gitlab.new_deployment(&record));
            let changed = EditDeployment::builder()
                .project("org/webshop")
                .deployment_id(7)
                .status(status)
                .build()
                .unwrap();
            assert_described(&changed, &gitlab.new_status("7", &record));
        }
    }

    #[test]
    fn the_base_is_complete() {
        assert_eq!(complete(None), "https://gitlab.com/api/v4");
        assert_eq!(complete(Some("https://h/gitlab")), "https://h/gitlab/api/v4");
        assert_eq!(complete(Some("https://h/api/v4")), "https://h/api/v4");
    }
}
