//! `devops fetch`: the one command that downloads. Gates read what it leaves behind, and have no network themselves.
//!
//! It reads no devops.toml: what it asks, and where, is said by the workflow alone, so that a change can't lead it elsewhere.

mod advisories;
mod download;
mod image;
mod index;
mod kept;
mod network;
mod packages;
mod progress;
mod registry;
mod release_dates;

use clap::Subcommand;

use devops_core::Error;
use devops_job::Context;

/// Name of the index that is written where no other is given.
const INDEX: &str = "advisories.db";

/// What to download.
#[derive(Debug, Subcommand)]
pub enum Fetch {
    /// Download advisories of OSV and RustSec, CISA KEV and EPSS, and build an index of them
    Advisories(advisories::FetchAdvisories),
    /// Fetch an image from a registry as an OCI layout
    Image(image::FetchImage),
    /// Pull a built advisory index from a registry, or push one
    Index(index::FetchIndex),
    /// Download when the packages of lockfiles were published
    ReleaseDates(release_dates::FetchReleaseDates),
}

/// Downloads; returns what to print.
///
/// # Errors
/// Where something can't be had, or is damaged.
pub(super) fn run(fetch: &Fetch, context: &Context) -> Result<String, Error> {
    match fetch {
        Fetch::Advisories(arguments) => advisories::run(arguments, context),
        Fetch::Image(arguments) => image::run(arguments, context),
        Fetch::Index(arguments) => index::run(arguments, context),
        Fetch::ReleaseDates(arguments) => release_dates::run(arguments, context),
    }
}
