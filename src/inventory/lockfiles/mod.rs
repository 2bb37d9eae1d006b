//! Lockfiles: finding them, and reading those whose format is known.
//!
//! A new format is one new file here and one line in the table. Knows no advisory, rule or verdict.

#![expect(
    clippy::case_sensitive_file_extension_comparisons,
    reason = "package managers find lockfiles by their exact names"
)]

mod cargo_manifest;
mod configured;
pub mod find;
pub mod format;
mod manifest;
mod manifests;
mod node;
mod plausible;
mod python;
mod python_lock;
mod workspaces;

pub use find::{Found, Sight, find, is_searched};
pub use format::{Format, Kind, Neighbour, Source, help};
pub use manifests::is_manifest;
pub use node::tarball;

use devops_core::modules::modules;

modules! {
    /// Every format that is read.
    const FORMATS: &[Format] = FORMAT of {
        pub cargo,
        actions_lock,
        bun,
        bundler,
        cabal,
        cocoapods,
        composer,
        conan,
        deno,
        github_actions,
        go_mod,
        go_vendor,
        go_work,
        gradle,
        gradle_verification,
        julia,
        maven,
        mix,
        nuget,
        nuget_assets,
        nuget_config,
        package_lock,
        pdm,
        pipfile,
        pnpm,
        poetry,
        pub_dart,
        pylock,
        renv,
        requirements,
        stack,
        swift,
        uv,
        yarn,
    }
}

#[cfg(test)]
mod cases;
#[cfg(test)]
mod configured_tests;
#[cfg(test)]
mod damaged_tests;
#[cfg(test)]
mod real;
#[cfg(test)]
mod samples;
