//! `devops fetch release-dates`: when the packages of lockfiles were published, from their registries.

mod command;
mod registries;

pub(super) use command::{FetchReleaseDates, run};
