//! The record of a deployment: what every destination gets, with a stable id and a growing revision.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use devops_events::{Deployment, Progress, deployment_uid};
use devops_job::Noted;

/// What happened to the deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Action {
    /// It started
    Start,
    /// It succeeded
    Finish,
    /// It failed
    Fail,
}

/// What has become of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// It is under way.
    Started,
    /// It ended well.
    Succeeded,
    /// It failed.
    Failed,
}

impl State {
    /// The word of reports.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }

    /// Whether nothing more is expected to happen.
    pub(crate) const fn is_end(self) -> bool {
        !matches!(self, Self::Started)
    }

    /// The lowest revision of a record in this state, so that an end is newer than a start that was not kept.
    pub(crate) const fn least_revision(self) -> u64 {
        if self.is_end() { 2 } else { 1 }
    }
}

impl From<Action> for State {
    fn from(action: Action) -> Self {
        match action {
            Action::Start => Self::Started,
            Action::Finish => Self::Succeeded,
            Action::Fail => Self::Failed,
        }
    }
}

/// One deployment at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    /// Names the deployment everywhere: 32 hexadecimal digits of repository, service, environment and id.
    pub(crate) uid: String,
    /// Grows with each thing that happens to the deployment.
    pub(crate) revision: u64,
    /// The identity it was given, or that of the run.
    pub(crate) id: String,
    /// What has become of it.
    pub(crate) state: State,
    /// What is deployed.
    pub(crate) service: String,
    /// Where to.
    pub(crate) environment: String,
    /// When this happened, as RFC 3339.
    pub(crate) at: String,
    /// When the deployment started, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) started_at: Option<String>,
    /// Version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
    /// Repository, as the host names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) repository: Option<String>,
    /// Branch or tag.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub(crate) reference: Option<String>,
    /// Commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sha: Option<String>,
    /// Where the environment can be visited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
    /// Page of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) run_url: Option<String>,
    /// One sentence about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
}

impl Record {
    /// The name of the deployment of `service` to `environment` that `id` stands for in `repository`.
    pub(crate) fn uid(repository: &str, service: &str, environment: &str, id: &str) -> String {
        deployment_uid(repository, service, environment, id)
    }

    /// The record as the event log notes it.
    pub(crate) fn noted(&self) -> Noted {
        let at = self.at.parse().ok();
        let started_at = self.started_at.as_ref().and_then(|at| at.parse().ok());
        let (result, started_at, finished_at) = match self.state {
            State::Started => (Progress::Running, at, None),
            State::Succeeded => (Progress::Succeeded, started_at, at),
            State::Failed => (Progress::Failed, started_at, at),
        };
        Noted {
            uid: self.uid.clone(),
            revision: self.revision,
            at,
            service: self.service.clone(),
            environment: self.environment.clone(),
            deployment: Deployment {
                started_at,
                finished_at,
                commit_sha: self.sha.clone(),
                version: self.version.clone(),
                ..Deployment::of(result)
            },
        }
    }

    /// The mark that ours carry in texts that destinations keep.
    pub(crate) fn mark(&self) -> String {
        format!("[{}]", self.uid.get(..16).unwrap_or(&self.uid))
    }

    /// What is deployed, for people: `webshop 1.4.0`.
    pub(crate) fn subject(&self) -> String {
        match &self.version {
            Some(version) => format!("{} {version}", self.service),
            None => self.service.clone(),
        }
    }

    /// One line for destinations that show text: what happened, when if that was earlier, and our mark.
    ///
    /// At most `limit` characters; the mark is never cut.
    pub(crate) fn sentence(&self, is_late: bool, limit: usize) -> String {
        let mut text = String::new();
        if is_late {
            // Destinations that can't be back-dated show the time of delivery, so the true one goes into the text.
            text.push_str(&format!("late, happened {}: ", self.at));
        }
        text.push_str(&format!("{} {} in {}", self.subject(), self.state.as_str(), self.environment));
        if let Some(description) = &self.description {
            text.push_str(&format!(". {description}"));
        }
        let mark = self.mark();
        let room = limit.saturating_sub(mark.chars().count() + 1);
        let mut line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if line.chars().count() > room {
            line = line.chars().take(room.saturating_sub(1)).chain(['…']).collect();
        }
        format!("{line} {mark}")
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{Record, State};

    pub(crate) fn record(state: State) -> Record {
        Record {
            uid: Record::uid("org/webshop", "webshop", "production", "42"),
            revision: state.least_revision(),
            id: "42".to_owned(),
            state,
            service: "webshop".to_owned(),
            environment: "production".to_owned(),
            at: "2026-11-23T12:00:00Z".to_owned(),
            started_at: None,
            version: Some("1.4.0".to_owned()),
            repository: Some("org/webshop".to_owned()),
            reference: Some("main".to_owned()),
            sha: Some("a".repeat(40)),
            url: None,
            run_url: None,
            description: None,
        }
    }

    #[test]
    fn the_parts_of_an_identity_do_not_run_together() {
        assert_ne!(Record::uid("a", "bc", "d", "e"), Record::uid("ab", "c", "d", "e"));
        assert_eq!(Record::uid("a", "b", "c", "d").len(), 32);
    }

    #[test]
    fn a_sentence_is_cut_before_its_mark() {
        let mut record = record(State::Succeeded);
        assert_eq!(
            record.sentence(false, 140),
            format!("webshop 1.4.0 succeeded in production {}", record.mark())
        );
        record.description = Some("x\ny ".repeat(100));
        let sentence = record.sentence(true, 140);
        assert_eq!(sentence.chars().count(), 140);
        assert!(sentence.starts_with("late, happened 2026-11-23T12:00:00Z: webshop"), "{sentence}");
        assert!(sentence.ends_with(&format!("… {}", record.mark())), "{sentence}");
    }
}
