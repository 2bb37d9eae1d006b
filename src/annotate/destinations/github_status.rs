//! GitHub's commit status `deploy/<environment>`, which the same context replaces.

use serde::Deserialize;
use serde_json::json;

use super::forge::{self, Access};
use super::github_api::{Api, base, explain};
use super::{
    Destination, DestinationEntry, Message, Opening, Receipt, Sending, Way, When, Write, no_arguments,
};
use crate::delivery::DeliveryState;
use crate::record::{Record, State};
use devops_ci::Forge;
use devops_core::Error;
use devops_net::{Class, Request, Trouble, encode};

/// The line of the table. Where the API is, it reads from the flag of `github`.
pub(super) const DESTINATION: DestinationEntry = DestinationEntry {
    name: "github-status",
    help: "GitHub's commit status `deploy/<environment>`; the default on GitHub if there is a token",
    arguments: no_arguments,
    forge: Some(Forge::GitHub),
    when: When::NamedOr(|context| forge::is_at_hand(Forge::GitHub, context)),
    open,
};

fn open(opening: &Opening<'_>) -> Result<Way, Error> {
    let missing = opening.record.sha.is_none().then_some("commit");
    let make = |access| -> Box<dyn Destination> { Box::new(CommitStatus::new(access)) };
    Ok(forge::open((DESTINATION.name, Forge::GitHub), base(opening)?, missing, opening, make))
}

/// GitHub's limit for a description.
const DESCRIPTION: usize = 140;

/// GitHub's commit statuses.
struct CommitStatus {
    api: Api,
}

/// A status, only the fields that we need.
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
    fn new(access: Access) -> Self {
        Self { api: Api::new(access) }
    }

    /// The request that adds the status.
    fn new_status(&self, record: &Record, is_late: bool) -> Request {
        let sha = encode(record.sha.as_deref().unwrap_or_default());
        let body = json!({
            "state": state(record.state),
            "context": context(record),
            "description": record.sentence(is_late, DESCRIPTION),
            "target_url": record.url.as_deref().or(record.run_url.as_deref()),
        });
        Request::post(self.api.address(&format!("/statuses/{sha}")), body)
    }

    async fn send_message(&self, message: Message<'_>) -> Result<Receipt, Trouble> {
        let record = message.record;
        let sha = encode(record.sha.as_deref().unwrap_or_default());
        let context = context(record);
        let answer = self.api.get(&format!("/commits/{sha}/statuses?per_page=100")).await?;
        let all: Vec<Status> = answer.read(&[200]).map_err(|trouble| explain(&answer, trouble))?;
        let mark = record.mark();
        let newest = all.iter().find(|status| {
            status.context == context
                && status.description.as_deref().is_some_and(|text| text.ends_with(&mark))
        });
        if let Some(newest) = newest {
            if newest.state == state(record.state) {
                return Ok(Receipt::new(DeliveryState::Verified, context));
            }
            if record.state == State::Started {
                return Ok(Receipt::new(DeliveryState::Verified, context).note("it has already ended there"));
            }
        }
        let answer = self.api.send(&self.new_status(record, message.is_late)).await?;
        let _: Status = answer.read(&[201]).map_err(|trouble| explain(&answer, trouble))?;
        Ok(Receipt::new(DeliveryState::Accepted, context))
    }
}

impl Destination for CommitStatus {
    fn class(&self) -> Class {
        Class::Keyed
    }

    fn plan(&self, message: Message<'_>) -> Vec<Write> {
        let record = message.record;
        let word = state(record.state);
        vec![Write {
            id: format!("github-commit-status-{word}"),
            request: self.new_status(record, message.is_late),
            summary: format!("context {}, state {word}, unless it is the last", context(record)),
            guard: "the last status of this context is another",
        }]
    }

    fn send<'a>(&'a self, message: Message<'a>) -> Sending<'a> {
        Box::pin(self.send_message(message))
    }
}

/// The name under which GitHub keeps the status.
fn context(record: &Record) -> String {
    format!("deploy/{}", record.environment)
}

/// GitHub's word for a state.
fn state(state: State) -> &'static str {
    match state {
        State::Started => "pending",
        State::Succeeded => "success",
        State::Failed => "failure",
    }
}
