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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Host, run};

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
