//! One question over HTTP and its answer, bounded in time and size.
//!
//! Owns the client. What an answer means is decided by the caller.

use std::error::Error as StdError;
use std::time::Duration;

use reqwest::{Client, ClientBuilder, Url};

use devops_core::Error;

/// How much of an answer is read.
const LARGEST: usize = 64 * 1024;
/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(2);

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// An answer with its status and the beginning of its body.
    Answered(u16, String),
    /// No answer, and why.
    Silence(String),
}

/// Something to ask.
pub(crate) struct Asker {
    url: Url,
    /// Keeps its connection from one question to the next.
    kept: Client,
    /// Makes a new connection for each question.
    fresh: Client,
}

impl Asker {
    /// Gets ready to ask at `url`; no connection is made yet.
    ///
    /// # Errors
    /// Where the URL is not one, or there is no way to speak TLS.
    pub(crate) fn new(flag: &str, url: &str) -> Result<Self, Error> {
        let url = parse(flag, url)?;
        let is_near = match url.host_str() {
            Some("localhost" | "[::1]") => true,
            Some(host) => host.starts_with("127."),
            None => false,
        };
        let build = |idle: usize| {
            let shape = |builder: ClientBuilder| {
                let builder = builder.connect_timeout(CONNECT).pool_max_idle_per_host(idle);
                if is_near { builder.no_proxy() } else { builder }
            };
            devops_net::client(&[], shape).map_err(|trouble| Error::environment(trouble.message))
        };
        Ok(Self { url, kept: build(1)?, fresh: build(0)? })
    }

    /// Asks once, over a new connection or the one from last time.
    pub(crate) async fn ask(&self, is_fresh: bool, patience: Duration) -> Answer {
        let client = if is_fresh { &self.fresh } else { &self.kept };
        match tokio::time::timeout(patience, get(client, &self.url)).await {
            Ok(Ok((status, body))) => Answer::Answered(status, body),
            Ok(Err(error)) => Answer::Silence(root(&error)),
            Err(_) => Answer::Silence(format!("no answer within {} s", patience.as_secs_f32())),
        }
    }
}

/// Reads a URL from the setting of this name.
///
/// # Errors
/// Where it is not an HTTP URL.
pub(crate) fn parse(flag: &str, url: &str) -> Result<Url, Error> {
    let wrong = |why: String| {
        Error::usage(format!("`{flag}` is `{url}`: {why}")).help("write it as http://127.0.0.1:8080/path")
    };
    let parsed = Url::parse(url).map_err(|error| wrong(error.to_string()))?;
    if !matches!(parsed.scheme(), "http" | "https") || parsed.host_str().is_none() {
        return Err(wrong("not an HTTP address".to_owned()));
    }
    Ok(parsed)
}

async fn get(client: &Client, url: &Url) -> Result<(u16, String), reqwest::Error> {
    let mut response = client.get(url.clone()).send().await?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() >= LARGEST {
            break;
        }
    }
    Ok((response.status().as_u16(), String::from_utf8_lossy(&body).into_owned()))
}

/// What is at the bottom of an error: `Connection refused (os error 111)`.
fn root(error: &reqwest::Error) -> String {
    let mut cause: &dyn StdError = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
