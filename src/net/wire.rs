//! Downloads: requests whose answers may be long, whose redirects are followed, and which are repeated until a deadline.
//!
//! A credential goes to the origin that it is for and to no other, wherever a redirect leads.

use std::time::Duration;

use hyper::body::Bytes;
use reqwest::header::{AUTHORIZATION, HeaderValue, LOCATION};
use reqwest::{Response, Url};
use tokio::time::{Instant, sleep, timeout_at};

use super::address::{is_loopback, may_carry_credential};
use super::answer::{Answer, Cause, Trouble};
use super::client::Http;
use super::request::Method;
use super::retry::{Class, Next, next};
use devops_core::Secret;

/// How many redirects of one request are followed.
const HOPS: usize = 5;

/// How much of an answer that is only read for its error message.
const ERROR_BODY: u64 = 64 << 10;

/// How long and how often something is tried.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long a connection may stay without a byte.
    pub idle: Duration,
    /// How long everything together may take.
    pub deadline: Duration,
    /// How often one thing is tried in a row without any progress.
    pub attempts: u32,
}

/// The way to servers for downloads.
pub struct Wire {
    http: Http,
    allowed: Vec<String>,
    limits: Limits,
    until: Instant,
    /// Seconds since 1970.
    now: i64,
}

/// A request.
#[derive(Clone)]
pub struct Ask<'a> {
    /// What it asks for.
    pub method: Method,
    /// The whole address.
    pub url: String,
    /// Headers besides the credential.
    pub headers: Vec<(&'static str, String)>,
    /// The value of the header `Authorization`.
    pub credential: Option<&'a Secret>,
    /// What it sends.
    pub body: Option<Bytes>,
}

impl Ask<'_> {
    /// A request without a credential and a body.
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        Self { method, url: url.into(), headers: Vec::new(), credential: None, body: None }
    }
}

/// An answer whose head has arrived.
pub struct Opened<'a> {
    wire: &'a Wire,
    response: Response,
}

impl Wire {
    /// A way through `http`, which also goes to the `allowed` hosts over plain http; the deadline counts from here. Must be
    /// called inside of the runtime.
    pub fn new(http: Http, allowed: &[String], limits: Limits, now: i64) -> Self {
        let until = Instant::now() + limits.deadline;
        Self { http: http.allowing(allowed), allowed: allowed.to_vec(), limits, until, now }
    }

    /// Checks that an address can be asked: over TLS, on this machine, or a host that is allowed; without a password.
    ///
    /// # Errors
    /// Where it can't, or is no address.
    pub fn check(&self, address: &str) -> Result<(), Trouble> {
        self.url(address).map(drop)
    }

    /// Whether an address leads to this machine.
    pub fn is_near(&self, address: &str) -> bool {
        Url::parse(address).is_ok_and(|url| is_loopback(&url))
    }

    fn url(&self, address: &str) -> Result<Url, Trouble> {
        let Ok(url) = Url::parse(address) else {
            return Err(Trouble::unable("not an address").help("write it as https://HOST/PATH"));
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Trouble::unable("the address contains a user name or a password")
                .help("use an address that needs none"));
        }
        if may_carry_credential(&url, &self.allowed) {
            return Ok(url);
        }
        let host = url.host_str().unwrap_or_default();
        Err(Trouble::unable(format!(
            "{host} would be asked over plain {}, where anybody can change the answer",
            url.scheme()
        ))
        .help(format!("use https, or allow it with `--allow-http-host {host}`")))
    }

    /// Sends a request once, and again wherever it is redirected to.
    ///
    /// # Errors
    /// Where no answer comes, or it leads to where it must not.
    pub async fn open(&self, ask: &Ask<'_>) -> Result<Opened<'_>, Trouble> {
        let first = self.url(&ask.url)?;
        let mut url = first.clone();
        let mut is_own = true;
        for _ in 0..=HOPS {
            let mut builder = self.http.client(url.as_str())?.request(ask.method.into(), url.clone());
            for (name, value) in &ask.headers {
                builder = builder.header(*name, value);
            }
            is_own &= url.origin() == first.origin();
            if let Some(secret) = ask.credential.filter(|_| is_own) {
                let mut value = HeaderValue::from_str(secret.expose())
                    .map_err(|_| Trouble::unable("the credential contains characters no header can"))?;
                value.set_sensitive(true);
                builder = builder.header(AUTHORIZATION, value);
            }
            if let Some(body) = &ask.body {
                builder = builder.body(body.clone());
            }
            // Sending a long body takes longer than any silence.
            let idle = if ask.body.is_some() { self.limits.deadline } else { self.limits.idle };
            let response = self.in_time(idle, builder.send()).await?;
            let response = response.map_err(|error| Trouble::transport(&error))?;
            let status = response.status().as_u16();
            let target = response.headers().get(LOCATION).filter(|_| matches!(status, 301..=303 | 307 | 308));
            let Some(target) = target else {
                return Ok(Opened { wire: self, response });
            };
            let target = target.to_str().ok().and_then(|target| url.join(target).ok());
            let refused = |why: &str| Trouble::new(Cause::Refused(status), format!("redirected {why}"));
            let target = target.ok_or_else(|| refused("to something that is no address"))?;
            if !matches!(ask.method, Method::Get | Method::Head) {
                return Err(refused("while something was sent, which is not followed"));
            }
            if let Err(why) = followed(&url, &target) {
                return Err(refused(&why).help("give the address that it leads to"));
            }
            url = target;
        }
        Err(Trouble::new(Cause::Refused(302), format!("redirected more than {HOPS} times")))
    }

    /// Does something until it is done, can't be done, or was tried often enough.
    ///
    /// # Errors
    /// The last trouble.
    pub async fn retrying<T>(
        &self,
        mut attempt: impl AsyncFnMut() -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        let mut number = 1;
        loop {
            match attempt().await {
                Ok(value) => return Ok(value),
                Err(trouble) => {
                    self.pause(&trouble, number).await.ok_or(trouble)?;
                    number += 1;
                }
            }
        }
    }

    /// Waits until something may be tried again after its `number`th trouble in a row; none where it may not.
    pub async fn pause(&self, trouble: &Trouble, number: u32) -> Option<()> {
        let left = self.until.saturating_duration_since(Instant::now());
        match next(Class::Keyed, &trouble.cause, number, left, self.now.unsigned_abs()) {
            Next::Again(wait) if number < self.limits.attempts => {
                sleep(wait).await;
                Some(())
            }
            _ => None,
        }
    }

    /// The result of a future, if it is there before the connection was silent for too long.
    async fn in_time<T>(&self, idle: Duration, future: impl Future<Output = T>) -> Result<T, Trouble> {
        let silent = Instant::now() + idle;
        timeout_at(silent.min(self.until), future).await.map_err(|_| {
            if silent < self.until {
                return Trouble::new(Cause::Lost, format!("nothing arrived for {} s", idle.as_secs()));
            }
            Trouble::new(Cause::Lost, format!("not done after {} s", self.limits.deadline.as_secs()))
                .help("run the command again, which resumes, or set a longer `--deadline`")
        })
    }
}

/// Whether a redirect is followed: from https to https, and never from elsewhere into this machine.
fn followed(from: &Url, to: &Url) -> Result<(), String> {
    let place = |url: &Url| {
        let host = url.host_str().unwrap_or_default();
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}://{host}{port}", url.scheme())
    };
    if from.scheme() != "https" || to.scheme() != "https" {
        return Err(format!("to {}; only redirects from https to https are followed", place(to)));
    }
    if is_loopback(to) && !is_loopback(from) {
        return Err(format!("to this machine: {}", place(to)));
    }
    if !to.username().is_empty() || to.password().is_some() {
        return Err(format!("to {} with a password", place(to)));
    }
    Ok(())
}

impl Opened<'_> {
    /// Status code.
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// The value of a header, where it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    /// Every value of a header.
    pub fn headers(&self, name: &str) -> Vec<String> {
        let values = self.response.headers().get_all(name).iter();
        values.filter_map(|value| value.to_str().ok().map(str::to_owned)).collect()
    }

    /// How many bytes the body has, where the server says so.
    pub fn length(&self) -> Option<u64> {
        self.header("content-length")?.trim().parse().ok()
    }

    /// The next bytes of the body; none at its end.
    ///
    /// # Errors
    /// Where the connection ends early or is silent for too long.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Trouble> {
        let chunk = self.wire.in_time(self.wire.limits.idle, self.response.chunk()).await?;
        chunk.map_err(|error| Trouble::transport(&error))
    }

    /// The whole body, of at most so many bytes.
    ///
    /// # Errors
    /// Where it does not arrive whole, or is longer.
    pub async fn read(mut self, limit: u64) -> Result<Vec<u8>, Trouble> {
        let mut body = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() as u64 > limit {
                return Err(Trouble::new(
                    Cause::Unreadable,
                    format!("the answer is longer than {limit} bytes"),
                ));
            }
        }
        Ok(body)
    }

    /// What an answer other than the wanted one means.
    pub async fn trouble(self) -> Trouble {
        let (status, headers, now) = (self.status(), self.response.headers().clone(), self.wire.now);
        // Without its words the status still says enough.
        let body = self.read(ERROR_BODY).await.unwrap_or_default();
        Answer::new(status, &headers, body, now).trouble()
    }
}

#[cfg(test)]
mod tests {
    use reqwest::Url;

    use super::followed;

    #[test]
    fn redirects_stay_on_tls_and_away_from_this_machine() {
        for (from, to, expected) in [
            ("https://a.example/x", "https://b.example/y", true),
            ("https://a.example/x", "https://a.example/y", true),
            ("https://a.example/x", "http://a.example/y", false),
            ("https://a.example/x", "ftp://a.example/y", false),
            ("http://127.0.0.1:1/x", "http://127.0.0.1:1/y", false),
            ("http://a.example/x", "https://a.example/y", false),
            ("https://a.example/x", "https://127.0.0.1/y", false),
            ("https://a.example/x", "https://localhost:8443/y", false),
            ("https://a.example/x", "https://u:p@b.example/y", false),
        ] {
            let (from, to) = (Url::parse(from).unwrap(), Url::parse(to).unwrap());
            assert_eq!(followed(&from, &to).is_ok(), expected, "{from} to {to}");
        }
    }
}
