//! The flags that all downloads share, and the way to servers that they describe.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueHint};

use devops_core::Redactor;
use devops_core::{Error, Secret};
use devops_job::Context;
use devops_net::{Cancel, Cause, Http, Limits, Trouble, Wire, runtime};

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(10);

/// Flags of every download.
#[derive(Debug, Args)]
#[command(next_help_heading = "Network")]
pub struct Network {
    /// Certificates to trust besides the system's, in PEM form
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub ca_file: Option<PathBuf>,

    /// Hosts that may be asked over plain http, separated by commas, e.g. `mirror.internal:8080`; this machine always may
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub allow_http_host: Vec<String>,

    /// Maximum seconds for everything together
    #[arg(long, value_name = "SECONDS", default_value_t = 1800)]
    pub deadline: u64,

    /// Maximum seconds that a connection may stay silent
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub idle_timeout: u64,

    /// How often a download is tried in a row without progress
    #[arg(long, value_name = "NUMBER", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=5))]
    pub attempts: u32,
}

impl Network {
    /// Does some work with a way to servers, until it is done or a signal asks to stop.
    ///
    /// # Errors
    /// Those of the work, and where a signal came first.
    pub(super) fn run<T>(
        &self,
        context: &Context,
        work: impl AsyncFnOnce(&Wire) -> Result<T, Error>,
    ) -> Result<T, Error> {
        runtime()?.block_on(async {
            let cancel = Cancel::listen()?;
            let limits = Limits {
                idle: Duration::from_secs(self.idle_timeout),
                deadline: Duration::from_secs(self.deadline),
                attempts: self.attempts,
            };
            let http = Http::new(self.ca_file.clone(), CONNECT);
            let wire = Wire::new(http, &self.allow_http_host, limits, context.now.as_second());
            tokio::select! {
                done = work(&wire) => done,
                () = cancel.asked() => Err(Error::environment("interrupted")
                    .help("run the command again; it continues where this one stopped")),
            }
        })
    }
}

/// Checks an address before anything is asked.
///
/// # Errors
/// Where it is none, has a password, or leads over plain http to a host that is not allowed.
pub(super) fn check(wire: &Wire, flag: &str, address: &str) -> Result<(), Error> {
    wire.check(address).map_err(|trouble| {
        let help = trouble.help.unwrap_or_default();
        Error::usage(format!("`{flag}`: {}", trouble.message)).help(help)
    })
}

/// The error that something could not be had from a server, without the secrets that it may repeat.
pub(super) fn failed(what: &str, trouble: &Trouble, secrets: &[Secret]) -> Error {
    let help = trouble.help.clone().unwrap_or_else(|| advice(&trouble.cause).to_owned());
    let message = Redactor::of(secrets.iter().cloned()).redact(&trouble.message);
    Error::environment(format!("{what}: {message}")).help(help)
}

/// What to do about trouble of a kind.
fn advice(cause: &Cause) -> &'static str {
    match cause {
        Cause::NotSent => {
            "check the address, and `HTTPS_PROXY` and `NO_PROXY` if this network needs a proxy; behind a TLS proxy, give its certificate with `--ca-file`"
        }
        Cause::Lost | Cause::Broken => "run the command again; it continues where this one stopped",
        Cause::Busy(_) => "run the command again later, or use a mirror",
        Cause::Refused(404) => "check the address",
        Cause::Refused(401 | 403) => {
            "the server wants a credential or does not allow this; use another address"
        }
        Cause::Refused(_) | Cause::Unreadable => "check that the address leads to what is wanted",
        Cause::Unable => "free space, or choose another folder",
    }
}
