//! Report to bytes, one file a format.
//!
//! Owns what people and programs see. Never sees the clock, the environment or a file.

mod badge;
mod chart;
mod codequality;
mod columns;
mod cyclonedx;
mod escape;
mod excerpt;
mod facts;
mod github;
mod gitlab;
mod groups;
mod grype;
mod html;
mod intoto;
mod json;
mod junit;
mod licenses;
mod markdown;
mod openvex;
mod sarif;
mod sbom;
mod scanned;
mod sentence;
mod snapshot;
mod spdx;
mod stand_in;
mod text;
mod tree;
mod trivy;
mod vulnerabilities;

pub use badge::badge;
pub use codequality::codequality;
pub use cyclonedx::cyclonedx;
pub use github::github;
pub use gitlab::{container_scanning, dependency_scanning};
pub use grype::grype;
pub use html::{html, script_source};
pub use intoto::intoto;
pub use json::json;
pub use junit::junit;
pub use markdown::markdown;
pub use openvex::openvex;
pub use sarif::sarif;
pub use sbom::Sbom;
pub use snapshot::snapshot;
pub use spdx::spdx;
pub use text::{Detail, text};
pub use trivy::trivy;

use devops_core::{Bill, Cases, Finding, Location, Report, Rule};

/// Where this tool is from, for formats that name a page of it.
const HOME: &str = "https://github.com/org/devops-action";

/// What a format that not every report has is drawn to: its text, nothing where there is nothing to write, or why it can't be written.
pub type Drawn = Result<Option<String>, &'static str>;

/// What a renderer draws: a report, the jobs it is made of, and what it needs to explain and link them.
#[derive(Clone, Copy)]
pub struct Document<'a> {
    /// The report as a whole; of a single job, the same as `jobs[0]`.
    pub report: &'a Report,
    /// The report of each job, in the order they ran.
    pub jobs: &'a [Report],
    /// Every rule that may be named.
    pub rules: &'a [Rule],
    /// Where a reader finds a place, on hosts that have a page for it.
    pub link: &'a dyn Fn(&Location) -> Option<String>,
    /// Path of the configuration, where findings are shown that stand in no file.
    pub configuration: &'a str,
    /// The name under which hosts keep the findings of a job, so that those of another run do not take their place.
    pub category: &'a dyn Fn(&str) -> String,
    /// The binary that explains rules: `PROGRAM explain RULE`.
    pub program: &'a str,
    /// Path of the page a reader may open for more, if one was written.
    pub page: Option<&'a str>,
    /// What was judged, and when.
    pub revision: &'a Revision,
    /// Tests by name, which only the page lists.
    pub cases: &'a Cases,
    /// What was judged is made of, where the job knows it.
    pub bill: Option<&'a Bill>,
    /// Name of what was judged.
    pub project: &'a str,
}

/// What was judged, and when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Revision {
    /// The commit, in hexadecimal digits, where it is known.
    pub commit: Option<String>,
    /// The branch or tag, where it is known.
    pub branch: Option<String>,
    /// The same as git writes it, such as `refs/heads/main`.
    pub reference: Option<String>,
    /// Names the run of a host.
    pub run: Option<String>,
    /// Names the part of a run that this is, the same in every run.
    pub part: Option<String>,
    /// The date and time for people, such as `2026-11-26 20:14 UTC`.
    pub date: String,
    /// When the process started, as an RFC 3339 time in UTC; empty where no format needs it.
    pub started: String,
    /// When the verdict was there, in the same form.
    pub ended: String,
}

impl Revision {
    /// What is known of it, in the order in which people ask: a short commit, the branch, the date.
    fn words(&self) -> Vec<String> {
        let commit = self.commit.iter().map(|commit| format!("commit {}", excerpt::cut_hard(commit, 10)));
        let branch = self.branch.iter().map(|branch| format!("branch {branch}"));
        commit.chain(branch).chain((!self.date.is_empty()).then(|| self.date.clone())).collect()
    }
}

/// Why there is no bill of materials: an empty one would say that there are no components.
const NO_BILL: &str = "no job listed any packages";

/// The bill of a document as CycloneDX.
///
/// # Errors
/// Where the document has no bill.
pub fn cyclonedx_of(document: &Document<'_>) -> Drawn {
    Ok(Some(cyclonedx(&Sbom::of(document).ok_or(NO_BILL)?)))
}

/// The bill of a document as SPDX.
///
/// # Errors
/// Where the document has no bill.
pub fn spdx_of(document: &Document<'_>) -> Drawn {
    Ok(Some(spdx(&Sbom::of(document).ok_or(NO_BILL)?)))
}

impl<'a> Document<'a> {
    /// The rule of this name.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    /// The reports of the jobs, or the report where it is its own only job.
    fn reports(&self) -> &'a [Report] {
        if self.jobs.is_empty() { std::slice::from_ref(self.report) } else { self.jobs }
    }

    /// Open findings of all jobs, the worst first.
    fn open(&self) -> Vec<&Finding> {
        let mut findings: Vec<&Finding> = self.report.open().collect();
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        findings
    }
}
