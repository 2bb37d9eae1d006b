//! What a host's environment says about the deployment that runs in it.

use std::collections::BTreeMap;

use super::Host;
use devops_core::Secret;

/// A service that keeps deployments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forge {
    /// GitHub, its Enterprise Server included.
    GitHub,
    /// GitLab, self-managed ones included.
    GitLab,
}

/// What the environment says about the run, the commit and where the forge's API is; absent where it says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeploymentFacts {
    /// `owner/name` on GitHub, the project's number or path on GitLab.
    pub repository: Option<String>,
    /// Last part of the repository's name.
    pub name: Option<String>,
    /// Commit.
    pub sha: Option<String>,
    /// Branch or tag, without `refs/heads/`.
    pub reference: Option<String>,
    /// The reference as git writes it, such as `refs/heads/main`; of a pull request, the one that was checked out.
    pub full_reference: Option<String>,
    /// Whether the reference is a tag.
    pub is_tag: bool,
    /// The run's own number, as it stands in links to it.
    pub run_id: Option<String>,
    /// Names this run and this attempt of it, and no other.
    pub identity: Option<String>,
    /// Page of the run.
    pub run_url: Option<String>,
    /// When the run began, as RFC 3339.
    pub run_started: Option<String>,
    /// Base of the API.
    pub api_url: Option<String>,
}

/// A credential and how it is presented.
#[derive(Clone, PartialEq, Eq)]
pub struct ForgeToken {
    /// The credential.
    pub secret: Secret,
    /// Whether it is the one GitLab gives each job, which goes in a header of its own.
    pub is_job_token: bool,
}

impl Host {
    /// The forge this host belongs to.
    pub fn forge(self) -> Option<Forge> {
        match self {
            Self::GitHub => Some(Forge::GitHub),
            Self::GitLab => Some(Forge::GitLab),
            Self::Local => None,
        }
    }

    /// Whether the host shows a job summary, and this job has one.
    pub fn has_summary(self, environment: &BTreeMap<String, String>) -> bool {
        self == Self::GitHub && environment.get("GITHUB_STEP_SUMMARY").is_some_and(|path| !path.is_empty())
    }
}

impl Forge {
    /// What the environment says about the deployment, in this forge's words.
    pub fn facts(self, environment: &BTreeMap<String, String>) -> DeploymentFacts {
        let get = |name: &str| environment.get(name).filter(|value| !value.is_empty()).cloned();
        match self {
            Self::GitHub => github(&get),
            Self::GitLab => gitlab(&get),
        }
    }

    /// The credential: `DEVOPS_TOKEN` if `own` (it is meant for the host's forge), else the forge's usual variables.
    pub fn token(self, environment: &BTreeMap<String, String>, own: bool) -> Option<ForgeToken> {
        let names: &[&str] = match self {
            Self::GitHub => &["GITHUB_TOKEN"],
            Self::GitLab => &["GITLAB_TOKEN", "CI_JOB_TOKEN"],
        };
        let names = own.then_some("DEVOPS_TOKEN").into_iter().chain(names.iter().copied());
        names
            .filter_map(|name| Some((name, environment.get(name).filter(|value| !value.is_empty())?)))
            .map(|(name, value)| ForgeToken {
                secret: Secret::new(value.trim()),
                is_job_token: name == "CI_JOB_TOKEN"
                    || self == Self::GitLab && environment.get("CI_JOB_TOKEN") == Some(value),
            })
            .next()
    }

    /// The variables a credential is taken from, for people.
    pub fn token_names(self) -> &'static str {
        match self {
            Self::GitHub => "`DEVOPS_TOKEN` or `GITHUB_TOKEN`",
            Self::GitLab => "`DEVOPS_TOKEN`, `GITLAB_TOKEN` or `CI_JOB_TOKEN`",
        }
    }

    /// The variable the repository is taken from, for people.
    pub fn repository_name(self) -> &'static str {
        match self {
            Self::GitHub => "`GITHUB_REPOSITORY`",
            Self::GitLab => "`CI_PROJECT_ID`",
        }
    }
}

fn github(get: &dyn Fn(&str) -> Option<String>) -> DeploymentFacts {
    let repository = get("GITHUB_REPOSITORY");
    let run_id = get("GITHUB_RUN_ID");
    let server = get("GITHUB_SERVER_URL").unwrap_or_else(|| "https://github.com".to_owned());
    DeploymentFacts {
        name: repository.as_deref().and_then(last_part),
        sha: get("GITHUB_SHA"),
        reference: get("GITHUB_HEAD_REF").or_else(|| get("GITHUB_REF_NAME")),
        full_reference: get("GITHUB_REF"),
        is_tag: get("GITHUB_REF_TYPE").is_some_and(|kind| kind == "tag"),
        identity: run_id.as_ref().map(|run| {
            let attempt = get("GITHUB_RUN_ATTEMPT").unwrap_or_else(|| "1".to_owned());
            format!("github-{run}-{attempt}")
        }),
        run_url: repository
            .as_ref()
            .zip(run_id.as_ref())
            .map(|(repository, run)| format!("{server}/{repository}/actions/runs/{run}")),
        run_started: None,
        api_url: get("GITHUB_API_URL"),
        run_id,
        repository,
    }
}

fn gitlab(get: &dyn Fn(&str) -> Option<String>) -> DeploymentFacts {
    let pipeline = get("CI_PIPELINE_ID");
    DeploymentFacts {
        repository: get("CI_PROJECT_ID").or_else(|| get("CI_PROJECT_PATH")),
        name: get("CI_PROJECT_NAME").or_else(|| get("CI_PROJECT_PATH").as_deref().and_then(last_part)),
        sha: get("CI_COMMIT_SHA"),
        reference: get("CI_COMMIT_REF_NAME"),
        full_reference: get("CI_COMMIT_TAG")
            .map(|tag| format!("refs/tags/{tag}"))
            .or_else(|| get("CI_COMMIT_REF_NAME").map(|branch| format!("refs/heads/{branch}"))),
        is_tag: get("CI_COMMIT_TAG").is_some(),
        identity: pipeline.as_ref().map(|pipeline| format!("gitlab-{pipeline}")),
        run_url: get("CI_PIPELINE_URL"),
        run_started: get("CI_PIPELINE_CREATED_AT"),
        api_url: get("CI_API_V4_URL"),
        run_id: pipeline,
    }
}

fn last_part(path: &str) -> Option<String> {
    path.rsplit('/').next().filter(|part| !part.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::Forge;

    fn environment(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_rerun_of_a_workflow_is_another_deployment() {
        let first = environment(&[("GITHUB_RUN_ID", "7"), ("GITHUB_RUN_ATTEMPT", "1")]);
        let second = environment(&[("GITHUB_RUN_ID", "7"), ("GITHUB_RUN_ATTEMPT", "2")]);
        assert_eq!(Forge::GitHub.facts(&first).identity.as_deref(), Some("github-7-1"));
        assert_eq!(Forge::GitHub.facts(&second).identity.as_deref(), Some("github-7-2"));
    }

    #[test]
    fn the_job_token_of_gitlab_is_told_apart_even_where_an_input_passes_it_on() {
        let token = |pairs| Forge::GitLab.token(&environment(pairs), true).map(|token| token.is_job_token);
        assert_eq!(token(&[("CI_JOB_TOKEN", "abc")]), Some(true));
        assert_eq!(token(&[("CI_JOB_TOKEN", "abc"), ("DEVOPS_TOKEN", "abc")]), Some(true));
        assert_eq!(token(&[("CI_JOB_TOKEN", "abc"), ("GITLAB_TOKEN", "own")]), Some(false));
        assert_eq!(token(&[("GITLAB_TOKEN", "")]), None);
    }

    #[test]
    fn an_empty_environment_says_nothing() {
        assert_eq!(Forge::GitLab.facts(&environment(&[("CI_PIPELINE_ID", "")])).identity, None);
        assert_eq!(Forge::GitHub.facts(&BTreeMap::new()).run_url, None);
    }
}
