//! GitHub's API through octocrab, with whole answers instead of strict models, and without retries of its own.

use clap::{Args, ValueHint};
use hyper::Request as Sent;
use octocrab::Octocrab;

use super::Opening;
use super::forge::{Access, address};
use devops_ci::Forge;
use devops_core::Error;
use devops_net::{Answer, Cause, Request, Trouble, encode};

/// Flags of everything that talks to GitHub.
#[derive(Debug, Args)]
pub(super) struct ApiArguments {
    /// Base URL of GitHub's API, e.g. `https://github.example/api/v3` [default: the run's, else <https://api.github.com>]
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    github_url: Option<String>,
}

/// The base of GitHub's API, without a slash at the end.
pub(super) fn base(opening: &Opening<'_>) -> Result<String, Error> {
    let flags: ApiArguments = opening.flags()?;
    Ok(complete(address(Forge::GitHub, flags.github_url, opening.context).as_deref()))
}

fn complete(url: Option<&str>) -> String {
    url.unwrap_or("https://api.github.com").trim_end_matches('/').to_owned()
}

/// GitHub's API for one repository.
pub(super) struct Api {
    access: Access,
}

impl Api {
    pub(super) fn new(access: Access) -> Self {
        Self { access }
    }

    /// The whole address of a path below the repository.
    pub(super) fn address(&self, path: &str) -> String {
        let repository: Vec<String> = self.access.repository.split('/').map(encode).collect();
        format!("{}/repos/{}{path}", self.access.base, repository.join("/"))
    }

    /// A client. It must be made inside a runtime, where it starts a task.
    fn client(&self) -> Result<Octocrab, Trouble> {
        Octocrab::builder()
            .base_uri(self.access.base.as_str())
            .map_err(|_| self.wrong())?
            .personal_token(self.access.token.secret.expose().to_owned())
            .build_with_reqwest(self.access.http.client(&self.access.base)?)
            .map_err(|error| Trouble::unable(format!("no GitHub client: {error}")))
    }

    fn wrong(&self) -> Trouble {
        Trouble::unable(format!("`{}` is not an address", self.access.base))
    }

    /// Reads what is at a path below the repository.
    pub(super) async fn get(&self, path: &str) -> Result<Answer, Trouble> {
        self.send(&Request::get(self.address(path))).await
    }

    /// Sends a request as it is, once.
    pub(super) async fn send(&self, request: &Request) -> Result<Answer, Trouble> {
        let client = self.client()?;
        let head = Sent::builder().method(request.method.as_str()).uri(request.url.as_str());
        let built = client.build_request(head, request.body.as_ref()).map_err(|_| self.wrong())?;
        let response = client.execute(built).await.map_err(|error| Trouble::transport(&error))?;
        Answer::receive(response, self.access.now).await
    }
}

/// Adds the permission that is missing, as GitHub names it in a header.
pub(super) fn explain(answer: &Answer, mut trouble: Trouble) -> Trouble {
    if let Cause::Refused(status) = trouble.cause {
        let permissions = answer.permissions.as_deref().map(yaml).filter(|lines| !lines.is_empty());
        trouble.help = match (status, permissions) {
            (403 | 404, Some(lines)) => Some(format!("add `permissions: {lines}` to the job")),
            (401, _) => Some("give a token that is still valid".to_owned()),
            (409, _) => Some(
                "see which commit status is missing, or name others with `--github-required-contexts`"
                    .to_owned(),
            ),
            _ => None,
        };
    }
    trouble
}

/// The first set of permissions that would be enough, as a workflow has them: `deployments: write`.
fn yaml(header: &str) -> String {
    let first = header.split(';').next().unwrap_or_default();
    let pairs = first.split(',').filter_map(|pair| pair.trim().split_once('='));
    let pairs: Vec<String> = pairs
        .filter(|(name, level)| {
            [name, level]
                .iter()
                .all(|word| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
        })
        .map(|(name, level)| format!("{}: {level}", name.replace('_', "-")))
        .collect();
    pairs.join(", ")
}

#[cfg(test)]
mod tests {
    use super::{complete, yaml};

    #[test]
    fn the_base_has_no_slash_at_its_end() {
        assert_eq!(complete(None), "https://api.github.com");
        assert_eq!(complete(Some("https://h/api/v3/")), "https://h/api/v3");
    }

    #[test]
    fn the_permission_is_given_as_a_workflow_has_it() {
        assert_eq!(yaml("deployments=write"), "deployments: write");
        assert_eq!(
            yaml("pull_requests=write,contents=read; issues=write"),
            "pull-requests: write, contents: read"
        );
        assert_eq!(yaml("`rm`=x"), "");
    }
}
