//! GitHub's commit status `deploy/<environment>`, which the same context replaces.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::github_api::{Api, encode, explain};
use super::{Access, Destination, Receipt, Telling, Word};
use crate::annotate::delivery::Reach;
use crate::annotate::record::{Record, State};
use crate::net::{Class, Trouble};

/// GitHub's limit for a description.
const DESCRIPTION: usize = 140;

/// GitHub's commit statuses.
pub(super) struct CommitStatus {
    api: Api,
}

/// The body that adds a status.
#[derive(Serialize)]
struct NewStatus<'a> {
    state: &'static str,
    context: String,
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_url: Option<&'a str>,
}

/// A status, as much of it as we need.
#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    state: String,
    #[serde(default)]
    context: String,
    #[serde(default)]
    description: Option<String>,
}

impl CommitStatus {
    pub(super) fn new(access: Access) -> Self {
        Self { api: Api::new(access) }
    }

    async fn tell_of(&self, word: Word<'_>) -> Result<Receipt, Trouble> {
        let record = word.record;
        let sha = encode(record.sha.as_deref().unwrap_or_default());
        let body = body(record, word.is_late);
        let answer = self.api.get(&format!("/commits/{sha}/statuses?per_page=100")).await?;
        let all: Vec<Status> = answer.read(&[200]).map_err(|trouble| explain(&answer, trouble))?;
        let mark = record.mark();
        let newest = all.iter().find(|status| {
            status.context == body.context
                && status.description.as_deref().is_some_and(|text| text.ends_with(&mark))
        });
        if let Some(newest) = newest {
            if newest.state == body.state {
                return Ok(Receipt::new(Reach::Verified, body.context.as_str()));
            }
            if record.state == State::Started {
                return Ok(
                    Receipt::new(Reach::Verified, body.context.as_str()).note("it has already ended there")
                );
            }
        }
        let answer = self.api.post(&format!("/statuses/{sha}"), &body).await?;
        let _: Status = answer.read(&[201]).map_err(|trouble| explain(&answer, trouble))?;
        Ok(Receipt::new(Reach::Accepted, body.context.as_str()))
    }
}

impl Destination for CommitStatus {
    fn class(&self) -> Class {
        Class::Keyed
    }

    fn plan(&self, record: &Record, is_late: bool) -> Vec<Value> {
        let sha = record.sha.as_deref().unwrap_or_default();
        let body = body(record, is_late);
        vec![json!({
            "id": format!("github-commit-status-{}", body.state),
            "destination": "github-status",
            "writes": format!(
                "POST {}, context {}, state {}, unless it is the last",
                self.api.address(&format!("/statuses/{sha}")), body.context, body.state,
            ),
            "guard": "the last status of this context is another",
            "body": body,
        })]
    }

    fn tell<'a>(&'a self, word: Word<'a>) -> Telling<'a> {
        Box::pin(self.tell_of(word))
    }
}

fn body(record: &Record, is_late: bool) -> NewStatus<'_> {
    NewStatus {
        state: match record.state {
            State::Started => "pending",
            State::Succeeded => "success",
            State::Failed => "failure",
        },
        context: format!("deploy/{}", record.environment),
        description: record.sentence(is_late, DESCRIPTION),
        target_url: record.url.as_deref().or(record.run_url.as_deref()),
    }
}
