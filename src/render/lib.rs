//! Report to bytes, one file a format.
//!
//! Owns what people and programs see. Never sees the clock, the environment or a file.

mod badge;
mod chart;
mod codequality;
mod columns;
mod escape;
mod excerpt;
mod facts;
mod github;
mod groups;
mod html;
mod json;
mod junit;
mod markdown;
mod sarif;
mod sentence;
mod stand_in;
mod text;

pub use badge::badge;
pub use codequality::codequality;
pub use github::github;
pub use html::{html, script_source};
pub use json::json;
pub use junit::junit;
pub use markdown::markdown;
pub use sarif::sarif;
pub use text::{Detail, text};

use devops_core::{Cases, Finding, Location, Report, Rule};

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
}

/// What was judged, and when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Revision {
    /// The commit, in hexadecimal digits, where it is known.
    pub commit: Option<String>,
    /// The branch or tag, where it is known.
    pub branch: Option<String>,
    /// The date and time for people, such as `2026-11-26 20:14 UTC`.
    pub date: String,
}

impl Revision {
    /// What is known of it, in the order in which people ask: a short commit, the branch, the date.
    fn words(&self) -> Vec<String> {
        let commit = self.commit.iter().map(|commit| format!("commit {}", excerpt::cut_hard(commit, 10)));
        let branch = self.branch.iter().map(|branch| format!("branch {branch}"));
        commit.chain(branch).chain((!self.date.is_empty()).then(|| self.date.clone())).collect()
    }
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
