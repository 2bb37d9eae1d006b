//! The event line, version 1.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use devops_core::digest::{hexadecimal, of_parts};
use devops_core::report::Facts;
use devops_core::{Report, Severity, Verdict};

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Test reports were judged.
    Test,
    /// Dependencies or an image were scanned.
    Scan,
    /// A deployment started or ended.
    Deployment,
    /// A commit entered a branch.
    Change,
}

impl Kind {
    /// The word of the line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Scan => "scan",
            Self::Deployment => "deployment",
            Self::Change => "change",
        }
    }
}

/// One fact, as one line of JSON holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Version of this form: [`Event::SCHEMA_VERSION`].
    pub schema_version: u64,
    /// Repository or system that the fact is from; `local` where no host names one.
    pub source: String,
    /// What it is about; several lines can be about the same.
    pub uid: String,
    /// From 1; of several lines about the same, the highest holds.
    pub revision: u64,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When it was written down.
    pub observed_at: Timestamp,
    /// What is built and deployed.
    pub service: String,
    /// Where it is deployed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// What that environment is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<Tier>,
    /// Page of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_url: Option<String>,
    /// The kind and its own fields.
    #[serde(flatten)]
    pub body: Body,
}

/// The fields of a kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Body {
    /// Test reports were judged.
    Test(Judged),
    /// Dependencies or an image were scanned.
    Scan(Judged),
    /// A deployment started or ended.
    Deployment(Deployment),
    /// A commit entered a branch.
    Change(Change),
}

impl Body {
    /// The kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Test(_) => Kind::Test,
            Self::Scan(_) => Kind::Scan,
            Self::Deployment(_) => Kind::Deployment,
            Self::Change(_) => Kind::Change,
        }
    }
}

/// What an environment is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// Users see it.
    Production,
    /// The last stop before production.
    Staging,
    /// Tests run in it.
    Testing,
    /// Developers work in it.
    Development,
    /// Anything else.
    Other,
}

impl Tier {
    /// The tier of this name, also in its usual short form; none where the name does not say.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "production" | "prod" => Some(Self::Production),
            "staging" => Some(Self::Staging),
            "testing" | "test" => Some(Self::Testing),
            "development" | "dev" => Some(Self::Development),
            "other" => Some(Self::Other),
            _ => None,
        }
    }
}

/// What a gate decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// The gate.
    pub job: String,
    /// What it decided; `error` where it could not.
    pub verdict: Verdict,
    /// SHA-256 of `report.json`, whether or not that file was asked for.
    pub report_sha256: String,
    /// Commit that was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit_sha: Option<String>,
    /// Open findings of severity critical.
    pub findings_critical: u64,
    /// Open findings of severity high.
    pub findings_high: u64,
    /// Open findings of severity medium.
    pub findings_medium: u64,
    /// Open findings of severity low.
    pub findings_low: u64,
    /// Open findings of severity info.
    pub findings_info: u64,
    /// Waived findings.
    pub findings_waived: u64,
    /// Lines that can be covered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage_lines: Option<u64>,
    /// Lines that were covered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage_lines_covered: Option<u64>,
    /// Branches that can be covered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage_branches: Option<u64>,
    /// Branches that were covered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage_branches_covered: Option<u64>,
    /// Lines of the change that can be covered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage_patch_lines: Option<u64>,
    /// Lines of the change that were covered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage_patch_lines_covered: Option<u64>,
    /// The totals of the report, each under its own name.
    #[serde(flatten)]
    pub totals: Facts,
}

impl Judged {
    /// What a report says; the digest of the report is left empty until its bytes are known.
    pub fn of_report(report: &Report, commit_sha: Option<String>) -> Self {
        let open = |severity| {
            let found = report.open().filter(|finding| finding.severity == severity).count();
            u64::try_from(found).unwrap_or(u64::MAX)
        };
        let coverage = |path: &[&str]| {
            let coverage = report.details.get("coverage")?;
            path.iter().try_fold(coverage, |value, name| value.get(name))?.as_u64()
        };
        Self {
            job: report.job.clone(),
            verdict: report.verdict,
            report_sha256: String::new(),
            commit_sha,
            findings_critical: open(Severity::Critical),
            findings_high: open(Severity::High),
            findings_medium: open(Severity::Medium),
            findings_low: open(Severity::Low),
            findings_info: open(Severity::Info),
            findings_waived: u64::try_from(report.waived().count()).unwrap_or(u64::MAX),
            coverage_lines: coverage(&["lines", "coverable"]),
            coverage_lines_covered: coverage(&["lines", "covered"]),
            coverage_branches: coverage(&["branches", "coverable"]),
            coverage_branches_covered: coverage(&["branches", "covered"]),
            coverage_patch_lines: coverage(&["patch", "lines", "coverable"]),
            coverage_patch_lines_covered: coverage(&["patch", "lines", "covered"]),
            totals: report.totals.clone(),
        }
    }
}

/// How far a deployment got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Progress {
    /// It started.
    Running,
    /// It ended well.
    Succeeded,
    /// It failed.
    Failed,
    /// It was stopped before it changed anything.
    Cancelled,
    /// It was live, and the version before is live again.
    RolledBack,
    /// Unknown; a human must look.
    Unknown,
}

/// Why something is deployed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Intent {
    /// As planned.
    Planned,
    /// To repair what an earlier deployment broke.
    Rework,
    /// Back to an earlier version.
    Rollback,
    /// Settings only.
    Config,
}

/// A deployment. What is not known is absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Deployment {
    /// How far it got.
    pub result: Progress,
    /// When it started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// Why it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<Intent>,
    /// Commit that is deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit_sha: Option<String>,
    /// Digest of what is deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_digest: Option<String>,
    /// Version that is deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The deployment before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_uid: Option<String>,
    /// Number of the promotion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u64>,
}

impl Deployment {
    /// A deployment that got so far, of which nothing else is known.
    pub fn of(result: Progress) -> Self {
        Self {
            result,
            started_at: None,
            finished_at: None,
            intent: None,
            commit_sha: None,
            artifact_digest: None,
            version: None,
            previous_uid: None,
            generation: None,
        }
    }

    /// The same with what an earlier line about it said and this one does not; the start stays the first one.
    #[must_use]
    pub fn after(self, earlier: &Self) -> Self {
        // A job that only knows that a deployment failed does not overrule one that knows how.
        let is_vague = self.result == Progress::Failed
            && matches!(earlier.result, Progress::Cancelled | Progress::RolledBack);
        Self {
            result: if is_vague { earlier.result } else { self.result },
            started_at: earlier.started_at.or(self.started_at),
            finished_at: self.finished_at.or(earlier.finished_at),
            intent: self.intent.or(earlier.intent),
            commit_sha: self.commit_sha.or_else(|| earlier.commit_sha.clone()),
            artifact_digest: self.artifact_digest.or_else(|| earlier.artifact_digest.clone()),
            version: self.version.or_else(|| earlier.version.clone()),
            previous_uid: self.previous_uid.or_else(|| earlier.previous_uid.clone()),
            generation: self.generation.or(earlier.generation),
        }
    }
}

/// A commit and what it brings against its first parent. What is not known is absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The commit.
    pub commit_sha: String,
    /// When its earliest commit was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_commit_at: Option<Timestamp>,
    /// When it was committed.
    pub committed_at: Timestamp,
    /// Who wrote it: a person or a program.
    pub author_type: Author,
    /// Lines added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines_added: Option<u64>,
    /// Lines removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines_removed: Option<u64>,
    /// The commit that it takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverts: Option<String>,
}

/// Who wrote a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Author {
    /// A person.
    Human,
    /// A program.
    Bot,
}

/// Names the deployment of `service` to `environment` that `id` stands for in `repository`: 32 hexadecimal digits.
pub fn deployment_uid(repository: &str, service: &str, environment: &str, id: &str) -> String {
    hexadecimal(&of_parts([repository, service, environment, id])).chars().take(32).collect()
}

impl Event {
    /// The version of the form that this release writes and reads.
    pub const SCHEMA_VERSION: u64 = 1;

    /// Names the line by its content: SHA-256 over kind, source, uid, revision and content, the same for a line that is written again.
    pub fn id(&self) -> String {
        let revision = self.revision.to_string();
        let kind = self.body.kind().as_str();
        hexadecimal(&of_parts([kind, &self.source, &self.uid, &revision, &self.content()]))
    }

    /// Whether it has the same content as another one about the same, whenever either was written and counted.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let of = |event: &Self| (event.body.kind(), event.source.clone(), event.uid.clone(), event.content());
        of(self) == of(other)
    }

    /// The rest of the line as JSON without white space, its keys sorted by their bytes.
    fn content(&self) -> String {
        const IDENTITY: [&str; 5] = ["kind", "source", "uid", "revision", "observed_at"];
        let fields = match serde_json::to_value(self) {
            Ok(Value::Object(fields)) => fields,
            _ => serde_json::Map::new(),
        };
        let rest: BTreeMap<String, Value> =
            fields.into_iter().filter(|(name, _)| !IDENTITY.contains(&name.as_str())).collect();
        serde_json::to_string(&rest).unwrap_or_default()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::{Author, Body, Change, Deployment, Event, Progress};

    pub(crate) fn event(uid: &str, revision: u64, body: Body) -> Event {
        Event {
            schema_version: Event::SCHEMA_VERSION,
            source: "org/webshop".to_owned(),
            uid: uid.to_owned(),
            revision,
            occurred_at: "2026-11-23T12:00:00Z".parse().unwrap(),
            observed_at: "2026-11-23T12:00:01Z".parse().unwrap(),
            service: "webshop".to_owned(),
            environment: None,
            tier: None,
            run_url: None,
            body,
        }
    }

    pub(crate) fn deployment(revision: u64, result: Progress) -> Event {
        event("d", revision, Body::Deployment(Deployment::of(result)))
    }

    #[test]
    fn the_id_is_the_same_however_late_the_line_was_written() {
        let one = deployment(1, Progress::Running);
        let mut other = one.clone();
        other.observed_at = "2027-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(one.id(), other.id());
        other.revision = 2;
        assert_ne!(one.id(), other.id());
        assert!(one.says_the_same(&other));
        other.service = "shop".to_owned();
        assert!(!one.says_the_same(&other));
    }

    #[test]
    fn a_line_is_read_back_as_it_was_written() {
        let change = Change {
            commit_sha: "a".repeat(40),
            first_commit_at: None,
            committed_at: "2026-11-23T11:00:00Z".parse().unwrap(),
            author_type: Author::Bot,
            lines_added: Some(3),
            lines_removed: Some(0),
            reverts: None,
        };
        for event in [event("c", 1, Body::Change(change)), deployment(2, Progress::RolledBack)] {
            let line = serde_json::to_string(&event).unwrap();
            assert_eq!(serde_json::from_str::<Event>(&line).unwrap(), event, "{line}");
        }
    }

    #[test]
    fn a_later_line_keeps_what_it_does_not_say() {
        let mut promoted = Deployment::of(Progress::RolledBack);
        promoted.generation = Some(42);
        promoted.started_at = Some("2026-11-23T12:00:00Z".parse().unwrap());
        let mut noted = Deployment::of(Progress::Failed);
        noted.started_at = Some("2026-11-23T12:00:09Z".parse().unwrap());
        noted.version = Some("1.4.0".to_owned());
        let joined = noted.after(&promoted);
        assert_eq!(joined.result, Progress::RolledBack, "how it failed is not forgotten");
        assert_eq!((joined.generation, joined.version.as_deref()), (Some(42), Some("1.4.0")));
        assert_eq!(joined.started_at, promoted.started_at);
        let finished = Deployment::of(Progress::Succeeded).after(&joined);
        assert_eq!(finished.result, Progress::Succeeded);
    }
}
