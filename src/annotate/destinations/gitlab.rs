//! GitLab's deployments: one a record, moved on from state to state; those a pipeline made are GitLab's own.

use gitlab::api::Endpoint;
use gitlab::api::common::SortOrder;
use gitlab::api::projects::deployments::{
    CreateDeployment, DeploymentOrderBy, DeploymentStatus, Deployments, EditDeployment,
};
use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Access, Destination, Receipt, Telling, Word};
use crate::annotate::delivery::Reach;
use crate::annotate::record::{Record, State};
use crate::net::{Answer, Cause, Class, Trouble};

/// Longest answer that is read.
const LONGEST: usize = 4 * 1024 * 1024;

/// How far two clocks may be apart.
const SKEW: SignedDuration = SignedDuration::from_secs(60);

/// GitLab's deployments. Requests are described by the gitlab crate and sent by our own client: the crate's makes a
/// request of its own when it is built, and hides how long a busy server asks to wait.
pub(super) struct GitLab {
    access: Access,
    is_tag: bool,
    run_started: Option<String>,
}

/// A deployment, as much of it as we need.
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
    pub(super) fn new(access: Access, is_tag: bool, run_started: Option<String>) -> Self {
        Self { access, is_tag, run_started }
    }

    fn url(&self, path: &str) -> Result<Url, Trouble> {
        Url::parse(&format!("{}/{path}", self.access.base))
            .map_err(|_| Trouble::unable(format!("`{}` is not an address", self.access.base)))
    }

    /// Sends what the endpoint describes, once, and reads the whole answer.
    async fn send(&self, endpoint: &impl Endpoint) -> Result<Answer, Trouble> {
        let mut url = self.url(&endpoint.endpoint())?;
        if endpoint.method() == reqwest::Method::GET {
            endpoint.parameters().add_to_url(&mut url);
            url.query_pairs_mut().append_pair("per_page", "100");
        }
        let header = if self.access.token.is_job_token { "JOB-TOKEN" } else { "PRIVATE-TOKEN" };
        let mut request = self
            .access
            .http
            .client()?
            .request(endpoint.method(), url)
            .header(header, self.access.token.secret.expose());
        let body = endpoint.body().map_err(|error| Trouble::unable(error.to_string()))?;
        if let Some((kind, body)) = body {
            request = request.header("content-type", kind).body(body);
        }
        let mut response = request.send().await.map_err(|error| Trouble::transport(&error))?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(|error| Trouble::transport(&error))? {
            if body.len() + part.len() > LONGEST {
                return Err(Trouble::new(Cause::Unreadable, "answer is too long"));
            }
            body.extend_from_slice(&part);
        }
        Ok(Answer::new(status, &headers, body, self.access.now))
    }

    async fn find(&self, record: &Record) -> Result<Vec<Deployment>, Trouble> {
        let endpoint = Deployments::builder()
            .project(self.access.repository.as_str())
            .environment(record.environment.as_str())
            .order_by(DeploymentOrderBy::Id)
            .sort(SortOrder::Descending)
            .build()
            .map_err(|error| Trouble::unable(error.to_string()))?;
        let answer = self.send(&endpoint).await?;
        let all: Vec<Deployment> = answer.read(&[200]).map_err(|trouble| explain(&answer, trouble))?;
        let sha = record.sha.as_deref().unwrap_or_default();
        Ok(all.into_iter().filter(|one| one.sha == sha).collect())
    }

    async fn create(&self, record: &Record) -> Result<Deployment, Trouble> {
        let endpoint = CreateDeployment::builder()
            .project(self.access.repository.as_str())
            .environment(record.environment.as_str())
            .sha(record.sha.as_deref().unwrap_or_default())
            .ref_(record.reference.as_deref().unwrap_or_default())
            .tag(self.is_tag)
            .status(state(record.state))
            .build()
            .map_err(|error| Trouble::unable(error.to_string()))?;
        let answer = self.send(&endpoint).await?;
        answer.read(&[201]).map_err(|trouble| explain(&answer, trouble))
    }

    async fn change(&self, id: u64, record: &Record) -> Result<(), Trouble> {
        let endpoint = EditDeployment::builder()
            .project(self.access.repository.as_str())
            .deployment_id(id)
            .status(state(record.state))
            .build()
            .map_err(|error| Trouble::unable(error.to_string()))?;
        let answer = self.send(&endpoint).await?;
        let _: Deployment = answer.read(&[200]).map_err(|trouble| explain(&answer, trouble))?;
        Ok(())
    }

    async fn tell_of(&self, word: Word<'_>) -> Result<Receipt, Trouble> {
        let record = word.record;
        let all = self.find(record).await?;
        if let Some(own) = all.iter().find(|one| is_of_pipeline(one, record)) {
            let note = "GitLab keeps this deployment itself, because the job has an `environment:` key";
            return Ok(Receipt::new(Reach::Skipped, own.id.to_string()).note(note));
        }
        let kept = word.remote.and_then(|remote| remote.parse::<u64>().ok());
        let found = all.iter().find(|one| Some(one.id) == kept);
        let found = found.or_else(|| {
            all.iter()
                .filter(|one| one.deployable.is_none() && self.may_be_ours(one, record))
                .min_by_key(|one| one.id)
        });
        let Some(found) = found else {
            let made = self.create(record).await?;
            return Ok(late(Receipt::new(Reach::Accepted, made.id.to_string()), word));
        };
        if found.status == status(record.state) {
            return Ok(Receipt::new(Reach::Verified, found.id.to_string()));
        }
        if record.state == State::Started {
            return Ok(Receipt::new(Reach::Verified, found.id.to_string()).note("it has already ended there"));
        }
        self.change(found.id, record).await?;
        Ok(late(Receipt::new(Reach::Accepted, found.id.to_string()), word))
    }

    /// Whether a deployment nobody's pipeline made can be this record's: GitLab keeps no name of ours, so time decides.
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

    fn plan(&self, record: &Record, _is_late: bool) -> Vec<Value> {
        let project = super::github_api::encode(&self.access.repository);
        let address = format!("{}/projects/{project}/deployments", self.access.base);
        let word = status(record.state);
        let body = json!({
            "environment": record.environment,
            "sha": record.sha,
            "ref": record.reference,
            "tag": self.is_tag,
            "status": word,
        });
        let mut plan = vec![json!({
            "id": format!("gitlab-deployment-{word}"),
            "destination": "gitlab",
            "writes": format!("POST {address}, status {word}, unless this deployment is there"),
            "guard": "no deployment of this commit to this environment since the record started",
            "body": body,
        })];
        if record.state.is_end() {
            plan.push(json!({
                "id": format!("gitlab-status-{word}"),
                "destination": "gitlab",
                "writes": format!("PUT {address}/{{id}}, status {word}, if the deployment is there with another status"),
                "guard": "the deployment is there, was not made by a job, and its status is another",
                "body": { "status": word },
            }));
        }
        plan
    }

    fn tell<'a>(&'a self, word: Word<'a>) -> Telling<'a> {
        Box::pin(self.tell_of(word))
    }
}

/// Whether the pipeline of this record made the deployment.
fn is_of_pipeline(one: &Deployment, record: &Record) -> bool {
    let made_by = one.deployable.as_ref().and_then(|job| job.pipeline.as_ref()).map(|pipeline| pipeline.id);
    let own = record.run_url.as_deref().and_then(|url| url.rsplit("/pipelines/").next()?.parse::<u64>().ok());
    made_by.is_some() && made_by == own
}

/// GitLab shows the time of delivery and has no text, so the report at least says so.
fn late(receipt: Receipt, word: Word<'_>) -> Receipt {
    if word.is_late {
        receipt.note(format!("GitLab shows the time of delivery; it happened {}", word.record.at))
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

fn state(state: State) -> DeploymentStatus {
    match state {
        State::Started => DeploymentStatus::Running,
        State::Succeeded => DeploymentStatus::Success,
        State::Failed => DeploymentStatus::Failed,
    }
}

fn status(state: State) -> &'static str {
    match state {
        State::Started => "running",
        State::Succeeded => "success",
        State::Failed => "failed",
    }
}
