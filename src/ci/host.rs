//! Which host we run on, by its environment, and the links it can make.

use std::collections::BTreeMap;

use clap::ValueEnum;

use devops_core::Location;

/// The host a user can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum HostChoice {
    /// By the environment.
    Auto,
    /// GitHub Actions.
    Github,
    /// GitLab CI.
    Gitlab,
    /// Neither.
    Local,
}

/// The host we run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    /// GitHub Actions, or a runner that speaks its commands (Gitea, Forgejo, act).
    GitHub,
    /// GitLab CI.
    GitLab,
    /// A laptop, or a host without conventions of its own.
    Local,
}

impl Host {
    /// The host whose marks the environment carries.
    pub fn detect(environment: &BTreeMap<String, String>) -> Self {
        let is_true = |name: &str| environment.get(name).is_some_and(|value| value == "true");
        if is_true("GITHUB_ACTIONS") {
            Self::GitHub
        } else if is_true("GITLAB_CI") {
            Self::GitLab
        } else {
            Self::Local
        }
    }

    /// The host the user chose, or this one.
    #[must_use]
    pub fn or(self, choice: HostChoice) -> Self {
        match choice {
            HostChoice::Auto => self,
            HostChoice::Github => Self::GitHub,
            HostChoice::Gitlab => Self::GitLab,
            HostChoice::Local => Self::Local,
        }
    }

    /// Where a reader of a summary finds this place, if the host has a page for it.
    pub fn link(self, environment: &BTreeMap<String, String>, location: &Location) -> Option<String> {
        let get = |name: &str| environment.get(name).filter(|value| !value.is_empty());
        let base = match self {
            Self::GitHub => {
                let (server, repository, commit) =
                    (get("GITHUB_SERVER_URL")?, get("GITHUB_REPOSITORY")?, get("GITHUB_SHA")?);
                format!("{server}/{repository}/blob/{commit}")
            }
            Self::GitLab => format!("{}/-/blob/{}", get("CI_PROJECT_URL")?, get("CI_COMMIT_SHA")?),
            Self::Local => return None,
        };
        let path: Vec<String> = location
            .path
            .split('/')
            .filter(|part| !part.is_empty() && *part != ".")
            .map(|part| {
                percent_encoding::utf8_percent_encode(part, percent_encoding::NON_ALPHANUMERIC).to_string()
            })
            .collect();
        let is_inside = !location.path.starts_with('/') && !path.iter().any(|part| part == "%2E%2E");
        let line = location.line.map(|line| format!("#L{line}")).unwrap_or_default();
        is_inside.then(|| format!("{base}/{}{line}", path.join("/")))
    }
}
