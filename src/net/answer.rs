//! What a server answered, or why it did not.

use std::error::Error;
use std::time::Duration;

use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::Response;
use hyper::body::Body;
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Longest answer that is read.
const LONGEST: usize = 4 * 1024 * 1024;

/// A complete answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// How long to wait before the next request, where the server says so.
    pub retry_after: Option<Duration>,
    /// Permissions that would have been enough, such as `deployments=write`.
    pub permissions: Option<String>,
    /// Whether no requests are left for now.
    pub is_exhausted: bool,
    /// The body.
    pub body: Vec<u8>,
}

/// Why a request did not do what it was for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// Nothing was sent.
    NotSent,
    /// It may have been sent, and its result is unknown.
    Lost,
    /// The server asks to wait.
    Busy(Option<Duration>),
    /// The server is in trouble itself.
    Broken,
    /// The server rejected the request, with this status.
    Refused(u16),
    /// The server accepted the request, with an answer that can't be read.
    Unreadable,
    /// It can't be tried at all, because of something on our side.
    Unable,
}

/// Why a request did not do what it was for, for programs and for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// For programs.
    pub cause: Cause,
    /// For people: a lower-case fragment; may contain foreign text.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Trouble {
    /// Trouble of this kind.
    pub fn new(cause: Cause, message: impl Into<String>) -> Self {
        Self { cause, message: message.into(), help: None }
    }

    /// Trouble on our side.
    pub fn unable(message: impl Into<String>) -> Self {
        Self::new(Cause::Unable, message)
    }

    /// The same with what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Trouble on the way there or back.
    pub fn transport(error: &(dyn Error + 'static)) -> Self {
        let mut cause = Cause::Lost;
        let mut words = String::new();
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(error) = error.downcast_ref::<reqwest::Error>() {
                if error.is_connect() {
                    cause = Cause::NotSent;
                } else if error.is_builder() {
                    cause = Cause::Unable;
                }
            }
            // Causes deeper down are the more exact ones; the last says what really happened.
            words = error.to_string();
            next = error.source();
        }
        let start = match cause {
            Cause::NotSent => "no connection",
            Cause::Unable => "no request",
            _ => "connection lost",
        };
        Self::new(cause, format!("{start}: {words}"))
    }
}

impl Answer {
    /// Reads an answer to its end; `now` is the time in seconds since 1970.
    ///
    /// # Errors
    /// Where the connection ends early, or the answer is longer than 4 MiB.
    pub async fn receive<B>(response: Response<B>, now: i64) -> Result<Self, Trouble>
    where
        B: Body,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let (head, body) = response.into_parts();
        let body = Limited::new(body, LONGEST).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                Trouble::new(Cause::Unreadable, "the answer is longer than 4 MiB")
            } else {
                Trouble::transport(&*error)
            }
        })?;
        Ok(Self::new(head.status.as_u16(), &head.headers, body.to_bytes().to_vec(), now))
    }

    /// Reads what the headers of an answer say; `now` is the time in seconds since 1970.
    pub fn new(status: u16, headers: &HeaderMap, body: Vec<u8>, now: i64) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let is_exhausted = text("x-ratelimit-remaining") == Some("0");
        let reset = text("x-ratelimit-reset").filter(|_| is_exhausted);
        let until_reset = reset.and_then(|reset| u64::try_from(reset.parse::<i64>().ok()? - now).ok());
        let asked = text("retry-after").and_then(|seconds| seconds.parse().ok());
        Self {
            status,
            retry_after: asked.or(until_reset).map(Duration::from_secs),
            permissions: text("x-accepted-github-permissions").map(str::to_owned),
            is_exhausted,
            body,
        }
    }

    /// The body as `T` if the status is one of `wanted`.
    ///
    /// # Errors
    /// Where the status is another or the body is not a `T`.
    pub fn read<T: DeserializeOwned>(&self, wanted: &[u16]) -> Result<T, Trouble> {
        if !wanted.contains(&self.status) {
            return Err(self.trouble());
        }
        serde_json::from_slice(&self.body).map_err(|error| {
            let text = format!("status {}, and an answer that can't be read: {error}", self.status);
            Trouble::new(Cause::Unreadable, text)
        })
    }

    /// What an answer other than the wanted one means.
    pub fn trouble(&self) -> Trouble {
        let is_limited = self.status == 403 && (self.retry_after.is_some() || self.is_exhausted);
        let cause = match self.status {
            429 => Cause::Busy(self.retry_after),
            403 if is_limited => Cause::Busy(self.retry_after),
            503 if self.retry_after.is_some() => Cause::Busy(self.retry_after),
            500..=599 if self.status != 501 => Cause::Broken,
            status => Cause::Refused(status),
        };
        let mut message = format!("status {}", self.status);
        if let Some(words) = self.words() {
            message.push_str(&format!(": {words}"));
        }
        Trouble::new(cause, message)
    }

    /// What the server says about it: the message of GitHub or GitLab.
    fn words(&self) -> Option<String> {
        let value: Value = serde_json::from_slice(&self.body).ok()?;
        let message = ["message", "error_description", "error"].into_iter().find_map(|key| value.get(key))?;
        let mut words = message.as_str().map_or_else(|| message.to_string(), str::to_owned);
        let errors = value.get("errors").and_then(Value::as_array).into_iter().flatten();
        for error in errors.take(3) {
            let text = error.get("message").unwrap_or(error);
            let text = text.as_str().map_or_else(|| text.to_string(), str::to_owned);
            words.push_str(&format!("; {text}"));
        }
        Some(words)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

    use super::{Answer, Cause};

    fn answer(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Answer {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        Answer::new(status, &headers, body.as_bytes().to_vec(), 1_000)
    }

    #[tokio::test]
    async fn an_answer_has_a_limit() {
        let of_length = |length: usize| {
            let body = http_body_util::Full::new(hyper::body::Bytes::from(vec![b' '; length]));
            Answer::receive(hyper::Response::new(body), 0)
        };
        assert_eq!(of_length(super::LONGEST).await.unwrap().body.len(), super::LONGEST);
        assert_eq!(of_length(super::LONGEST + 1).await.unwrap_err().cause, Cause::Unreadable);
    }

    #[test]
    fn limits_are_told_from_refusals() {
        let cause = |status, headers: &[_]| answer(status, headers, "{}").trouble().cause;
        assert_eq!(cause(429, &[("retry-after", "7")]), Cause::Busy(Some(Duration::from_secs(7))));
        assert_eq!(cause(403, &[]), Cause::Refused(403));
        assert_eq!(cause(403, &[("retry-after", "1")]), Cause::Busy(Some(Duration::from_secs(1))));
        let limited = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1060")];
        assert_eq!(cause(403, &limited), Cause::Busy(Some(Duration::from_secs(60))));
        assert_eq!(cause(502, &[]), Cause::Broken);
        assert_eq!(cause(501, &[]), Cause::Refused(501));
        assert_eq!(cause(429, &[("retry-after", "Mon, 23 Nov 2026 12:00:00 GMT")]), Cause::Busy(None));
    }

    #[test]
    fn the_words_of_both_forges_are_found() {
        let github = r#"{"message": "Validation Failed", "errors": [{"message": "no such ref"}, "odd"]}"#;
        assert_eq!(
            answer(422, &[], github).trouble().message,
            "status 422: Validation Failed; no such ref; odd"
        );
        let gitlab = r#"{"message": {"ref": ["is missing"]}}"#;
        assert_eq!(answer(400, &[], gitlab).trouble().message, r#"status 400: {"ref":["is missing"]}"#);
        assert_eq!(answer(502, &[], "<html>").trouble().message, "status 502");
    }

    #[test]
    fn a_yes_without_its_fields_is_no_yes() {
        #[derive(Debug, serde::Deserialize)]
        struct Made {
            #[expect(dead_code, reason = "only its presence matters")]
            id: u64,
        }
        let trouble = answer(201, &[], "{}").read::<Made>(&[201]).unwrap_err();
        assert_eq!(trouble.cause, Cause::Unreadable);
        assert!(answer(201, &[], r#"{"id": 1, "more": true}"#).read::<Made>(&[201]).is_ok());
    }
}
