//! GitHub's API through octocrab, with whole answers instead of strict models, and without retries of its own.

use http_body_util::{BodyExt, Limited};
use octocrab::Octocrab;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::Access;
use crate::net::{Answer, Cause, Trouble};

/// Longest answer that is read.
const LONGEST: usize = 4 * 1024 * 1024;

/// GitHub's API for one repository.
pub(super) struct Api {
    access: Access,
}

impl Api {
    pub(super) fn new(access: Access) -> Self {
        Self { access }
    }

    /// The address of a path below the repository, for people.
    pub(super) fn address(&self, path: &str) -> String {
        format!("{}{}", self.access.base, self.route(path))
    }

    fn route(&self, path: &str) -> String {
        let repository: Vec<String> = self.access.repository.split('/').map(encode).collect();
        format!("/repos/{}{path}", repository.join("/"))
    }

    /// A client. It must be made inside a runtime, where it starts a task.
    fn client(&self) -> Result<Octocrab, Trouble> {
        let wrong = |_| Trouble::unable(format!("`{}` is not an address", self.access.base));
        Octocrab::builder()
            .base_uri(self.access.base.as_str())
            .map_err(wrong)?
            .personal_token(self.access.token.secret.expose().to_owned())
            .build_with_reqwest(self.access.http.client()?)
            .map_err(|error| Trouble::unable(format!("no GitHub client: {error}")))
    }

    /// Reads.
    pub(super) async fn get(&self, path: &str) -> Result<Answer, Trouble> {
        let response =
            self.client()?._get(self.route(path)).await.map_err(|error| Trouble::transport(&error))?;
        let (parts, body) = response.into_parts();
        let body =
            Limited::new(body, LONGEST).collect().await.map_err(|error| Trouble::transport(&*error))?;
        Ok(Answer::new(parts.status.as_u16(), &parts.headers, body.to_bytes().to_vec(), self.access.now))
    }

    /// Writes, once.
    pub(super) async fn post(&self, path: &str, body: &impl Serialize) -> Result<Answer, Trouble> {
        let response = self
            .client()?
            ._post(self.route(path), Some(body))
            .await
            .map_err(|error| Trouble::transport(&error))?;
        let (parts, body) = response.into_parts();
        let body =
            Limited::new(body, LONGEST).collect().await.map_err(|error| Trouble::transport(&*error))?;
        Ok(Answer::new(parts.status.as_u16(), &parts.headers, body.to_bytes().to_vec(), self.access.now))
    }
}

/// Part of a path or a query.
pub(super) fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// Adds the permission that is missing, as GitHub names it in a header.
pub(super) fn explain(answer: &Answer, mut trouble: Trouble) -> Trouble {
    if let Cause::Refused(status) = trouble.cause {
        let permissions = answer.permissions.as_deref().map(yaml).filter(|lines| !lines.is_empty());
        trouble.help = match (status, permissions) {
            (403 | 404, Some(lines)) => Some(format!("add `permissions: {lines}` to the job")),
            (401, _) => Some("give a token that is still valid".to_owned()),
            (409, _) => Some(
                "see which commit status is missing, or name others with `--required-contexts`".to_owned(),
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
    use super::yaml;

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
