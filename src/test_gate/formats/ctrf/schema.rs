//! What the schema of CTRF says of each object, in its words: unknown fields are refused, `extra` may hold anything.

#![expect(dead_code, reason = "most fields are checked, and not read")]
#![expect(clippy::struct_field_names, reason = "the names are those of the schema")]

use serde::Deserialize;
use serde::de::{DeserializeSeed as _, Deserializer, Error};

use super::types::{
    Anything, Checked, DateTime, Each, Filled, Labels, Millis, Path, Positive, Strict, Uri, Whole, given,
    items,
};

type Name = Checked<Filled>;

/// How a test, an attempt or a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Passed,
    Failed,
    Skipped,
    Pending,
    Other,
}

impl<'de> Deserialize<'de> for Status {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match String::deserialize(deserializer)?.as_str() {
            "passed" => Self::Passed,
            "failed" => Self::Failed,
            "skipped" => Self::Skipped,
            "pending" => Self::Pending,
            "other" => Self::Other,
            word => return Err(D::Error::custom(format_args!("unknown status `{word}`"))),
        })
    }
}

/// The program that wrote the report.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Tool {
    pub(super) name: Name,
    #[serde(default, deserialize_with = "given")]
    pub(super) version: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) extra: Option<Anything>,
}

/// What the report claims.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Summary {
    pub(super) tests: Whole,
    pub(super) passed: Whole,
    pub(super) failed: Whole,
    pub(super) skipped: Whole,
    pub(super) pending: Whole,
    pub(super) other: Whole,
    #[serde(default, deserialize_with = "given")]
    pub(super) flaky: Option<Whole>,
    #[serde(default, deserialize_with = "given")]
    pub(super) suites: Option<Whole>,
    pub(super) start: Whole,
    pub(super) stop: Whole,
    #[serde(default, deserialize_with = "given")]
    pub(super) duration: Option<Whole>,
    #[serde(default, deserialize_with = "given")]
    pub(super) extra: Option<Anything>,
}

/// A file that belongs to a test.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Attachment {
    #[serde(default, deserialize_with = "given")]
    pub(super) attachment_id: Option<Name>,
    pub(super) name: String,
    pub(super) content_type: String,
    pub(super) path: String,
    #[serde(default, deserialize_with = "given")]
    pub(super) extra: Option<Anything>,
}

/// An attempt at a test.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Attempt {
    #[serde(default, deserialize_with = "given")]
    pub(super) attempt: Option<Positive>,
    #[serde(default, deserialize_with = "given")]
    pub(super) attempt_id: Option<Name>,
    pub(super) status: Status,
    #[serde(default, deserialize_with = "given")]
    pub(super) duration: Option<Millis>,
    #[serde(default, deserialize_with = "given")]
    pub(super) message: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) trace: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) line: Option<Whole>,
    #[serde(default, deserialize_with = "given")]
    pub(super) snippet: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) stdout: Option<Each<String>>,
    #[serde(default, deserialize_with = "given")]
    pub(super) stderr: Option<Each<String>>,
    #[serde(default, deserialize_with = "given")]
    pub(super) start: Option<Millis>,
    #[serde(default, deserialize_with = "given")]
    pub(super) stop: Option<Millis>,
    #[serde(default, deserialize_with = "given")]
    pub(super) attachments: Option<Each<Strict<Attachment>>>,
    #[serde(default, deserialize_with = "given")]
    pub(super) extra: Option<Anything>,
}

/// A step of a test.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Step {
    pub(super) name: String,
    pub(super) status: Status,
    #[serde(default, deserialize_with = "given")]
    pub(super) extra: Option<Anything>,
}

/// A number and the one before.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Delta {
    #[serde(default, deserialize_with = "given")]
    pub(super) current: Option<f64>,
    #[serde(default, deserialize_with = "given")]
    pub(super) baseline: Option<f64>,
    #[serde(default, deserialize_with = "given")]
    pub(super) change: Option<f64>,
}

/// What is known of a test over several runs.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TestInsights {
    #[serde(default, deserialize_with = "given")]
    pub(super) pass_rate: Option<Strict<Delta>>,
    #[serde(default, deserialize_with = "given")]
    pub(super) fail_rate: Option<Strict<Delta>>,
    #[serde(default, deserialize_with = "given")]
    pub(super) flaky_rate: Option<Strict<Delta>>,
    #[serde(default, deserialize_with = "given")]
    pub(super) average_test_duration: Option<Strict<Delta>>,
    #[serde(default, deserialize_with = "given")]
    pub(super) p95_test_duration: Option<Strict<Delta>>,
    #[serde(default, deserialize_with = "given")]
    pub(super) executed_in_runs: Option<Whole>,
    #[serde(default, deserialize_with = "given")]
    pub(super) extra: Option<Anything>,
}

/// What is known of several runs.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Insights {
    #[serde(default, deserialize_with = "given")]
    pub(super) pass_rate: Option<Strict<Delta>>,
    #[serde(default, deserialize_with = "given")]
    pub(super) fail_rate: Option<Strict<Delta>>,
    #[serde(default, deserialize_with = "given")]
    pub(super) flaky_rate: Option<Strict<Delta>>,
    #[serde(default, deserialize_with = "given")]
    pub(super) average_run_duration: Option<Strict<Delta>>,
    #[serde(default, deserialize_with = "given")]
    pub(super) p95_run_duration: Option<Strict<Delta>>,
    #[serde(default, deserialize_with = "given")]
    pub(super) average_test_duration: Option<Strict<Delta>>,
    #[serde(default, deserialize_with = "given")]
    pub(super) runs_analyzed: Option<Whole>,
    #[serde(default, deserialize_with = "given")]
    pub(super) extra: Option<Anything>,
}

/// A test.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Test {
    #[serde(default, deserialize_with = "given")]
    pub(super) id: Option<Name>,
    #[serde(default, deserialize_with = "given")]
    pub(super) test_id: Option<Name>,
    #[serde(default, deserialize_with = "given")]
    pub(super) execution_id: Option<Name>,
    pub(super) name: Name,
    pub(super) status: Status,
    pub(super) duration: Millis,
    #[serde(default, deserialize_with = "given")]
    pub(super) start: Option<Millis>,
    #[serde(default, deserialize_with = "given")]
    pub(super) stop: Option<Millis>,
    #[serde(default, deserialize_with = "given")]
    pub(super) suite: Option<Path>,
    #[serde(default, deserialize_with = "given")]
    pub(super) message: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) trace: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) snippet: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) ai: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) line: Option<Whole>,
    #[serde(default, deserialize_with = "given")]
    pub(super) raw_status: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) tags: Option<Each<String>>,
    #[serde(default, deserialize_with = "given")]
    pub(super) labels: Option<Labels>,
    #[serde(default, deserialize_with = "given")]
    pub(super) r#type: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) file_path: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) retries: Option<Whole>,
    #[serde(default, deserialize_with = "given")]
    pub(super) retry_attempts: Option<Attempts>,
    #[serde(default, deserialize_with = "given")]
    pub(super) flaky: Option<bool>,
    #[serde(default, deserialize_with = "given")]
    pub(super) stdout: Option<Each<String>>,
    #[serde(default, deserialize_with = "given")]
    pub(super) stderr: Option<Each<String>>,
    #[serde(default, deserialize_with = "given")]
    pub(super) thread_id: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) browser: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) device: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) screenshot: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) attachments: Option<Each<Strict<Attachment>>>,
    #[serde(default, deserialize_with = "given")]
    pub(super) parameters: Option<Anything>,
    #[serde(default, deserialize_with = "given")]
    pub(super) steps: Option<Each<Strict<Step>>>,
    #[serde(default, deserialize_with = "given")]
    pub(super) insights: Option<Strict<TestInsights>>,
    #[serde(default, deserialize_with = "given")]
    pub(super) extra: Option<Anything>,
}

/// Where the tests ran.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Environment {
    #[serde(default, deserialize_with = "given")]
    pub(super) report_name: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) app_name: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) app_version: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) build_id: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) build_name: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) build_number: Option<Whole>,
    #[serde(default, deserialize_with = "given")]
    pub(super) build_url: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) repository_name: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) repository_url: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) commit: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) branch_name: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) os_platform: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) os_release: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) os_version: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) test_environment: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) shard_id: Option<Name>,
    #[serde(default, deserialize_with = "given")]
    pub(super) healthy: Option<bool>,
    #[serde(default, deserialize_with = "given")]
    pub(super) extra: Option<Anything>,
}

/// The report that this one is compared with.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Baseline {
    pub(super) report_id: Name,
    #[serde(default, deserialize_with = "given")]
    pub(super) timestamp: Option<Checked<DateTime>>,
    #[serde(default, deserialize_with = "given")]
    pub(super) source: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) build_number: Option<Whole>,
    #[serde(default, deserialize_with = "given")]
    pub(super) build_name: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) build_url: Option<Checked<Uri>>,
    #[serde(default, deserialize_with = "given")]
    pub(super) commit: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) extra: Option<Anything>,
}

/// The attempts at a test, added up.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    pub(super) count: u64,
    pub(super) failed: u64,
    /// Message and trace of the last one that failed.
    pub(super) wrong: (String, String),
    /// What is against the schema in one of them.
    pub(super) flaw: Option<&'static str>,
}

impl Attempt {
    fn flaw(&self) -> Option<&'static str> {
        let times = [self.duration, self.start, self.stop];
        if self.attempt.is_none() {
            Some("an attempt without its number in `attempt`")
        } else {
            fraction(times)
        }
    }
}

impl Test {
    /// What is against the schema, though it is understood.
    pub(super) fn flaw(&self) -> Option<&'static str> {
        if self.suite.as_ref().is_some_and(|suite| !suite.is_list) {
            return Some("a `suite` that is not a list");
        }
        let attempts = || self.retry_attempts.as_ref().and_then(|attempts| attempts.flaw);
        fraction([Some(self.duration), self.start, self.stop]).or_else(attempts)
    }
}

fn fraction(times: [Option<Millis>; 3]) -> Option<&'static str> {
    let is_fraction = times.into_iter().flatten().any(|time| !time.is_whole());
    is_fraction.then_some("a time that is not a whole number of milliseconds")
}

impl<'de> Deserialize<'de> for Attempts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut attempts = Self::default();
        let take = |Strict(attempt): Strict<Attempt>| {
            attempts.count += 1;
            attempts.flaw = attempts.flaw.or(attempt.flaw());
            if attempt.status == Status::Failed {
                attempts.failed += 1;
                attempts.wrong = (attempt.message.unwrap_or_default(), attempt.trace.unwrap_or_default());
            }
        };
        items(take).deserialize(deserializer)?;
        Ok(attempts)
    }
}
