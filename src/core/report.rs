//! The report: what `report.json` is, and what every renderer draws.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::digest::hexadecimal;
use super::error::Error;
use super::exit::Exit;
use super::finding::Finding;
use super::verdict::Verdict;

/// Named numbers or facts of a job, in the order of their names.
pub type Facts = BTreeMap<String, Value>;

/// The fields of a value as facts; what is not written as an object has none.
pub fn facts(value: &impl Serialize) -> Facts {
    match serde_json::to_value(value) {
        Ok(Value::Object(fields)) => fields.into_iter().collect(),
        _ => Facts::new(),
    }
}

/// What a job found and decided; the shape of `report.json`, published as `schemas/report-v1.schema.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Version of this shape: [`Report::SCHEMA_VERSION`].
    pub schema_version: u64,
    /// Which job wrote it; `devops` for the merged report of a run.
    pub job: String,
    /// What was decided.
    pub verdict: Verdict,
    /// The number the process exits with.
    pub exit_code: u8,
    /// One line with the numbers that made the verdict.
    pub headline: String,
    /// Why the verdict is what it is, the weightiest first.
    pub reasons: Vec<String>,
    /// What stopped the job, where the verdict is `error`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// Everything found, open ones first, the worst first; waived ones last.
    pub findings: Vec<Finding>,
    /// What was not looked at, and other things to know.
    pub notes: Vec<String>,
    /// The job's counts.
    pub totals: Facts,
    /// The job's own facts.
    pub details: Facts,
    /// What the verdict was made from.
    pub provenance: Provenance,
}

impl Report {
    /// The version of the shape that this crate writes and reads.
    pub const SCHEMA_VERSION: u64 = 1;

    /// The report of a job that could not judge.
    pub fn of_error(job: &str, error: &Error, provenance: Provenance) -> Self {
        let exit = error.kind().exit();
        Self {
            schema_version: Self::SCHEMA_VERSION,
            job: job.to_owned(),
            verdict: Verdict::Error,
            exit_code: exit.code(),
            headline: error.to_string(),
            reasons: vec![format!("{}: {error}", exit.meaning())],
            error: Some(Failure {
                code: exit.code(),
                message: error.to_string(),
                help: error.help_text().to_owned(),
            }),
            findings: Vec::new(),
            notes: Vec::new(),
            totals: Facts::new(),
            details: Facts::new(),
            provenance,
        }
    }

    /// Reads a report back from JSON.
    ///
    /// # Errors
    /// Where the text is not a report of a version that this crate knows.
    pub fn from_json(text: &[u8]) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Versioned {
            schema_version: u64,
        }
        let found: Versioned =
            serde_json::from_slice(text).map_err(|error| Error::input(format!("not a report: {error}")))?;
        if found.schema_version != Self::SCHEMA_VERSION {
            return Err(Error::input(format!(
                "report has schema version {}, this release reads {}",
                found.schema_version,
                Self::SCHEMA_VERSION
            ))
            .help("read it with the release that wrote it, or a newer one"));
        }
        serde_json::from_slice(text).map_err(|error| Error::input(format!("not a report: {error}")))
    }

    /// Findings that are not waived, in the report's order.
    pub fn open(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.is_open())
    }

    /// Findings somebody has accepted, in the report's order.
    pub fn waived(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| !finding.is_open())
    }

    /// The exit this report stands for.
    pub fn exit(&self) -> Exit {
        Exit::from_code(self.exit_code).unwrap_or(Exit::Bug)
    }
}

/// What stopped a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// The exit code.
    pub code: u8,
    /// What happened and where.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// What a verdict was made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Name of the tool.
    pub tool: String,
    /// Version of the tool.
    pub version: String,
    /// Every file that was read, in the order of their paths.
    pub inputs: Vec<Input>,
    /// SHA-256 of `devops.toml`, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_sha256: Option<String>,
    /// Job-specific facts about where data came from, as the advisory database's date.
    #[serde(default, skip_serializing_if = "Facts::is_empty")]
    pub data: Facts,
}

impl Provenance {
    /// The provenance of this build, with nothing read yet.
    pub fn of_this_build() -> Self {
        Self {
            tool: "devops-action".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            inputs: Vec::new(),
            policy_sha256: None,
            data: Facts::new(),
        }
    }
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Path as given, with `/`; `-` is standard input.
    pub path: String,
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 of the bytes, in lower-case hexadecimal digits.
    pub sha256: String,
}

impl Input {
    /// The record of an input that is in memory.
    pub fn of_bytes(path: impl Into<String>, bytes: &[u8]) -> Self {
        Self { path: path.into(), bytes: bytes.len() as u64, sha256: hexadecimal(&Sha256::digest(bytes)) }
    }
}
