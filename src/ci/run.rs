//! Which run of a pipeline this is, as a number that grows.

use std::collections::BTreeMap;

use super::Host;

/// A run of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Grows from run to run and, on GitHub, from attempt to attempt; leaves room for steps by hand in between.
    pub generation: u64,
    /// Names the run for people: `github-run-42-attempt-1`.
    pub name: String,
}

/// The run whose marks the environment carries; none outside a pipeline.
pub fn run(host: Host, environment: &BTreeMap<String, String>) -> Option<Run> {
    let number = |name: &str| environment.get(name)?.parse::<u64>().ok();
    match host {
        Host::GitHub => {
            // Not the run number: it counts per workflow, and two workflows may promote the same target. GitHub allows 50
            // attempts, and with this scale generations stay below 2^53, which every reader of JSON gets right.
            let (run, attempt) = (number("GITHUB_RUN_ID")?, number("GITHUB_RUN_ATTEMPT").unwrap_or(1));
            let generation = run.checked_mul(100_000)?.checked_add(attempt.min(99) * 1_000)?;
            Some(Run { generation, name: format!("github-run-{run}-attempt-{attempt}") })
        }
        Host::GitLab => {
            let pipeline = number("CI_PIPELINE_ID")?;
            let name = format!("gitlab-pipeline-{pipeline}");
            Some(Run { generation: pipeline.checked_mul(1_000)?, name })
        }
        Host::Local => None,
    }
}

/// What the environment says about the run, as the event log needs it; absent where it says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunFacts {
    /// Repository, as people name it: `owner/name`.
    pub source: Option<String>,
    /// The run, the same for all its attempts: `github-42`.
    pub run: Option<String>,
    /// Which attempt it is, from 1.
    pub attempt: u64,
    /// The part of the run that this is: the host's job, and the step where the host names it.
    pub part: Option<String>,
    /// Page of the run.
    pub url: Option<String>,
    /// Commit it runs for.
    pub commit: Option<String>,
    /// The environment the host deploys to, and its tier.
    pub environment: Option<(String, String)>,
    /// Whether the commit is only proposed: that of a pull request, a merge request or a merge queue.
    pub is_proposal: bool,
}

/// The facts of the run whose marks the environment carries.
pub fn run_facts(host: Host, environment: &BTreeMap<String, String>) -> RunFacts {
    let get = |name: &str| environment.get(name).filter(|value| !value.is_empty()).cloned();
    let facts = host.forge().map(|forge| forge.facts(environment)).unwrap_or_default();
    let is_proposal = host.change(environment).is_some_and(|change| !change.starts_on_default_branch);
    match host {
        Host::GitHub => {
            let step = get("GITHUB_ACTION");
            RunFacts {
                source: facts.repository,
                run: facts.run_id.map(|run| format!("github-{run}")),
                attempt: get("GITHUB_RUN_ATTEMPT")
                    .and_then(|attempt| attempt.parse().ok())
                    .unwrap_or(1)
                    .max(1),
                part: get("GITHUB_JOB").map(|job| match step {
                    Some(step) => format!("{job}/{step}"),
                    None => job,
                }),
                url: facts.run_url,
                commit: facts.sha,
                environment: None,
                is_proposal,
            }
        }
        Host::GitLab => RunFacts {
            source: get("CI_PROJECT_PATH").or(facts.repository),
            run: facts.run_id.map(|run| format!("gitlab-{run}")),
            attempt: 1,
            part: get("CI_JOB_NAME"),
            url: facts.run_url,
            commit: facts.sha,
            environment: get("CI_ENVIRONMENT_NAME").zip(get("CI_ENVIRONMENT_TIER")),
            is_proposal,
        },
        Host::Local => RunFacts { attempt: 1, ..RunFacts::default() },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Host, run, run_facts};

    #[test]
    fn attempts_of_a_run_are_told_apart_and_belong_together() {
        let facts = |host, pairs: &[(&str, &str)]| {
            let environment: BTreeMap<String, String> =
                pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            run_facts(host, &environment)
        };
        let github = [
            ("GITHUB_REPOSITORY", "org/webshop"),
            ("GITHUB_RUN_ID", "42"),
            ("GITHUB_RUN_ATTEMPT", "2"),
            ("GITHUB_JOB", "gate"),
            ("GITHUB_ACTION", "__run"),
        ];
        let found = facts(Host::GitHub, &github);
        assert_eq!((found.run.as_deref(), found.attempt), (Some("github-42"), 2));
        assert_eq!(found.part.as_deref(), Some("gate/__run"));
        assert_eq!(found.source.as_deref(), Some("org/webshop"));
        assert!(!found.is_proposal);
        assert!(facts(Host::GitHub, &[("GITHUB_BASE_REF", "main")]).is_proposal);
        let gitlab = [("CI_PIPELINE_ID", "7"), ("CI_PROJECT_ID", "3"), ("CI_PROJECT_PATH", "org/webshop")];
        let found = facts(Host::GitLab, &gitlab);
        assert_eq!((found.run.as_deref(), found.source.as_deref()), (Some("gitlab-7"), Some("org/webshop")));
        assert_eq!(facts(Host::Local, &gitlab).run, None);
        assert_eq!(facts(Host::GitHub, &[("GITHUB_RUN_ATTEMPT", "0")]).attempt, 1);
    }

    #[test]
    fn generations_grow_with_run_and_attempt() {
        let generation = |host, pairs: &[(&str, &str)]| {
            let environment: BTreeMap<String, String> =
                pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            run(host, &environment).map(|run| run.generation)
        };
        let github = |number, attempt| {
            generation(Host::GitHub, &[("GITHUB_RUN_ID", number), ("GITHUB_RUN_ATTEMPT", attempt)])
        };
        assert_eq!(github("42", "1"), Some(4_201_000));
        assert!(github("20000000000", "50").unwrap() < 1 << 53);
        assert!(github("42", "2") > github("42", "1"));
        assert!(github("43", "1") > github("42", "999"));
        assert_eq!(generation(Host::GitLab, &[("CI_PIPELINE_ID", "77")]), Some(77_000));
        assert_eq!(generation(Host::Local, &[("CI_PIPELINE_ID", "77")]), None);
        assert_eq!(github("many", "1"), None);
        assert_eq!(github(&u64::MAX.to_string(), "1"), None);
    }
}
