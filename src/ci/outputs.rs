//! Step outputs and job summaries, in each host's own way.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::io::Write;
use std::path::Path;

use devops_core::Error;
use devops_files::{open_to_append, replace};

use super::Host;

/// Where the platform drops a summary whole: 1 MiB a step. We stay below.
const SUMMARY_LIMIT: u64 = 1_000_000;

/// File in the report folder that GitLab reads the outputs from.
pub const OUTPUTS: &str = "outputs.env";

/// What a step passes to the steps after it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outputs {
    /// `pass`, `warn`, `fail` or `error`.
    pub verdict: String,
    /// The number the process exits with.
    pub exit_code: u8,
    /// How many findings are open.
    pub findings: usize,
    /// Path of `report.json`, empty if it was not asked for.
    pub report: String,
    /// Path of `report.sarif`, empty if it was not asked for.
    pub sarif: String,
    /// Path of `summary.md`, empty if it was not asked for.
    pub summary: String,
}

impl Outputs {
    /// Names and values, in the order they are documented.
    pub fn pairs(&self) -> [(&'static str, String); 6] {
        [
            ("verdict", self.verdict.clone()),
            ("exit-code", self.exit_code.to_string()),
            ("findings", self.findings.to_string()),
            ("report", self.report.clone()),
            ("sarif", self.sarif.clone()),
            ("summary", self.summary.clone()),
        ]
    }
}

/// Hands the outputs to the host: `$GITHUB_OUTPUT`, or a dotenv file `outputs.env` in the report folder for GitLab.
///
/// # Errors
/// Where the host's file can't be written.
pub fn write_outputs(
    host: Host,
    environment: &BTreeMap<String, String>,
    report_dir: &Path,
    job: &str,
    outputs: &Outputs,
) -> Result<(), Error> {
    match host {
        Host::GitHub => match environment.get("GITHUB_OUTPUT").filter(|path| !path.is_empty()) {
            Some(path) => append(Path::new(path), &github_outputs(outputs, random())),
            None => Ok(()),
        },
        Host::GitLab => {
            let path = report_dir.join(OUTPUTS);
            std::fs::create_dir_all(report_dir).map_err(|error| Error::unwritable(&path, error))?;
            replace(&path, dotenv(job, outputs).as_bytes())
        }
        Host::Local => Ok(()),
    }
}

/// Appends to the job summary, where the host has one and there is room below its limit.
///
/// Returns whether it was written.
///
/// # Errors
/// Where the host's file can't be written.
pub fn append_summary(
    host: Host,
    environment: &BTreeMap<String, String>,
    markdown: &str,
) -> Result<bool, Error> {
    let path = environment.get("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty());
    let (Host::GitHub, Some(path)) = (host, path) else {
        return Ok(false);
    };
    let path = Path::new(path);
    let taken = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    if taken + markdown.len() as u64 + 1 > SUMMARY_LIMIT {
        return Ok(false);
    }
    append(path, &format!("{markdown}\n")).map(|()| true)
}

/// `key<<delimiter` blocks; the delimiter is random, and a value that contains it can't be foreign text by chance.
fn github_outputs(outputs: &Outputs, random: u128) -> String {
    let delimiter = format!("end-{random:032x}");
    outputs
        .pairs()
        .iter()
        .map(|(name, value)| format!("{name}<<{delimiter}\n{value}\n{delimiter}\n"))
        .collect()
}

/// Lines of `JOB_NAME=value`; GitLab reads no quotes, comments or line breaks.
fn dotenv(job: &str, outputs: &Outputs) -> String {
    let prefix = job.replace('-', "_").to_uppercase();
    outputs
        .pairs()
        .iter()
        .map(|(name, value)| {
            let name = name.replace('-', "_").to_uppercase();
            let value: String = value.chars().filter(|character| !character.is_control()).collect();
            format!("{prefix}_{name}={value}\n")
        })
        .collect()
}

/// Appends text to a file, without touching what others wrote.
fn append(path: &Path, text: &str) -> Result<(), Error> {
    open_to_append(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| Error::unwritable(path, error))
}

/// 128 bits that can't be guessed from outside: two hashers with keys of the operating system's randomness.
pub(super) fn random() -> u128 {
    let half = || u128::from(RandomState::new().hash_one(std::process::id()));
    half() << 64 | half()
}

#[cfg(test)]
mod tests {
    use super::{Outputs, dotenv, github_outputs};

    #[test]
    fn outputs_can_not_be_forged_by_a_line_break() {
        let outputs = Outputs { report: "a\nverdict=pass".to_owned(), ..Outputs::default() };
        let text = github_outputs(&outputs, 7);
        assert!(text.contains("report<<end-00000000000000000000000000000007\na\nverdict=pass\nend-"));
        assert!(!dotenv("test-gate", &outputs).contains("\nverdict"));
        assert!(dotenv("test-gate", &outputs).starts_with("TEST_GATE_VERDICT="));
    }
}
