//! The checks around the switch: is the new colour healthy, and do users get it? Both count answers in a row, and
//! distinguish wrong answers from none.
//!
//! Owns the flags and the requests of both. What follows from the answers is decided by `machine`.

use std::time::Duration;

use clap::{Args, ValueEnum};
use tokio::time::Instant;

use super::colour::Colour;
use super::http::{Answer, Asker, parse};
use devops_core::Error;
use devops_core::words::count;
use devops_net::Cancel;

/// Flags of the health check and the verification.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Checks")]
pub struct CheckArguments {
    /// URL of blue itself, bypassing the switch, e.g. `http://10.0.0.1:8080`
    #[arg(long, value_name = "URL")]
    pub blue_url: Option<String>,

    /// URL of green itself, bypassing the switch, e.g. `http://10.0.0.2:8080`
    #[arg(long, value_name = "URL")]
    pub green_url: Option<String>,

    /// Path of the health check below `blue-url` and `green-url`; a status of 2xx means healthy
    #[arg(long, value_name = "PATH", default_value = "/healthz")]
    pub health_path: String,

    /// Maximum seconds until the new colour is healthy
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub health_timeout: u64,

    /// Number of healthy answers in a row before the switch
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub health_successes: u32,

    /// Public URL, checked after the switch, e.g. `https://shop.example/version`
    #[arg(long, value_name = "URL")]
    pub verify_url: Option<String>,

    /// Text that the answer of `verify-url` must contain; `{colour}` stands for the promoted colour
    #[arg(long, value_name = "TEXT")]
    pub verify_expect: Option<String>,

    /// Number of good answers in a row that confirm the switch; as many bad ones in a row undo it
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub verify_samples: u32,

    /// Maximum seconds until the switch is confirmed
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    pub verify_timeout: u64,

    /// What to do if `verify-url` did not answer at all
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = NoData::Revert)]
    pub no_data: NoData,
}

/// What to do without data, which is neither good nor bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum NoData {
    /// Switch back
    Revert,
    /// Leave the switch as it is and exit 6, so that a human decides
    Hold,
}

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// Pause after an answer that was not good.
const PAUSE: Duration = Duration::from_millis(100);

/// The result of the samples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sampled {
    /// Enough good ones in a row.
    Good,
    /// Answers that were wrong, and the last of them.
    Bad(String),
    /// Not one answer, and why.
    NoData(String),
    /// A signal asked to stop.
    Cancelled,
}

/// What makes an answer good.
struct Expectation {
    contains: Option<String>,
}

impl Expectation {
    /// What is wrong with an answer, if something is.
    fn complaint(&self, status: u16, body: &str) -> Option<String> {
        if !(200..300).contains(&status) {
            return Some(format!("answered with status {status}"));
        }
        let text = self.contains.as_ref().filter(|text| !body.contains(text.as_str()))?;
        Some(format!("the answer does not contain `{text}`"))
    }
}

/// The URL of a colour's health check, if one was given.
pub(crate) fn health_url(checks: &CheckArguments, colour: Colour) -> Option<String> {
    let base = match colour {
        Colour::Blue => checks.blue_url.as_ref(),
        Colour::Green => checks.green_url.as_ref(),
    }?;
    Some(format!("{}/{}", base.trim_end_matches('/'), checks.health_path.trim_start_matches('/')))
}

/// Rejects invalid flags.
///
/// # Errors
/// Where a URL is not one, or a count is zero.
pub(crate) fn check(checks: &CheckArguments) -> Result<(), Error> {
    let urls = [
        ("blue-url", &checks.blue_url),
        ("green-url", &checks.green_url),
        ("verify-url", &checks.verify_url),
    ];
    for (flag, url) in urls {
        if let Some(url) = url {
            parse(flag, url)?;
        }
    }
    for (flag, number) in
        [("health-successes", checks.health_successes), ("verify-samples", checks.verify_samples)]
    {
        if number == 0 {
            return Err(
                Error::usage(format!("`{flag}` is 0, which would accept anything")).help("give at least 1")
            );
        }
    }
    if checks.verify_expect.is_some() && checks.verify_url.is_none() {
        return Err(Error::usage("`verify-expect` has nothing to look at").help("give a `verify-url` too"));
    }
    Ok(())
}

/// Waits until the colour is healthy.
///
/// # Errors
/// If no request can be made.
pub(crate) async fn wait_until_healthy(
    url: &str,
    checks: &CheckArguments,
    cancel: &Cancel,
) -> Result<Sampled, Error> {
    let asker = Asker::new("health-path", url)?;
    let sampling = Sampling {
        good: checks.health_successes,
        // A new colour may be unhealthy for as long as it takes to start.
        bad: u32::MAX,
        deadline: Instant::now() + Duration::from_secs(checks.health_timeout),
    };
    Ok(sampling.run(&asker, &Expectation { contains: None }, cancel).await)
}

/// Watches what users get.
///
/// # Errors
/// If no request can be made.
pub(crate) async fn verify(
    url: &str,
    colour: Colour,
    checks: &CheckArguments,
    cancel: &Cancel,
) -> Result<Sampled, Error> {
    let asker = Asker::new("verify-url", url)?;
    let contains = checks.verify_expect.as_ref().map(|text| text.replace("{colour}", colour.as_str()));
    let sampling = Sampling {
        good: checks.verify_samples,
        bad: checks.verify_samples,
        deadline: Instant::now() + Duration::from_secs(checks.verify_timeout),
    };
    Ok(sampling.run(&asker, &Expectation { contains }, cancel).await)
}

/// How long to ask for how many answers.
struct Sampling {
    good: u32,
    bad: u32,
    deadline: Instant,
}

impl Sampling {
    async fn run(&self, asker: &Asker, expectation: &Expectation, cancel: &Cancel) -> Sampled {
        let (mut good, mut bad) = (0, 0);
        let mut turn = 0_u32;
        let mut complaint: Option<String> = None;
        let mut silence = String::from("there was no time to ask");
        while good < self.good {
            let left = self.deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || bad >= self.bad {
                return complaint.map_or(Sampled::NoData(silence), Sampled::Bad);
            }
            // Old and new connections by turns: both kinds of users have to get there.
            let answer = tokio::select! {
                answer = asker.ask(turn.is_multiple_of(2), PATIENCE.min(left)) => answer,
                () = cancel.asked() => return Sampled::Cancelled,
            };
            turn = turn.wrapping_add(1);
            let trouble = match answer {
                Answer::Silence(why) => {
                    silence = why;
                    true
                }
                Answer::Answered(status, body) => match expectation.complaint(status, &body) {
                    None => false,
                    Some(text) => {
                        complaint = Some(text);
                        bad += 1;
                        true
                    }
                },
            };
            if trouble {
                good = 0;
                if cancel.within(PAUSE.min(left)).await {
                    return Sampled::Cancelled;
                }
            } else {
                (good, bad) = (good + 1, 0);
            }
        }
        Sampled::Good
    }
}

/// What the health check asks, for plans.
pub(crate) fn describe_health(checks: &CheckArguments, colour: Colour) -> Option<String> {
    let url = health_url(checks, colour)?;
    let (successes, timeout) = (checks.health_successes, checks.health_timeout);
    Some(format!("{url} answers 2xx {} in a row within {timeout} s", count(u64::from(successes), "time")))
}

/// What the verification asks, for plans.
pub(crate) fn describe_verify(checks: &CheckArguments, colour: Colour) -> String {
    let Some(url) = &checks.verify_url else {
        return format!("the routing, read back, says {colour}");
    };
    let expectation = checks.verify_expect.as_ref().map_or_else(
        || "answers 2xx".to_owned(),
        |text| format!("answers 2xx with `{}`", text.replace("{colour}", colour.as_str())),
    );
    let (samples, timeout) = (checks.verify_samples, checks.verify_timeout);
    format!("{url} {expectation} {} in a row within {timeout} s", count(u64::from(samples), "time"))
}
