//! Lockfiles: finding them, and reading those whose format is known.
//!
//! A new format is one new file here and one line in the table. Knows no advisory, rule or verdict.

#![expect(
    clippy::case_sensitive_file_extension_comparisons,
    reason = "package managers find lockfiles by their exact names"
)]

pub mod find;
pub mod format;
mod manifest;
mod node;

pub use find::{Found, find, is_searched};
pub use format::{Format, Kind, Source, help};

use devops_core::modules::modules;

modules! {
    /// Every format that is read.
    const FORMATS: &[Format] = FORMAT of {
        pub cargo,
        bundler,
        cabal,
        cocoapods,
        composer,
        conan,
        github_actions,
        gradle,
        gradle_verification,
        julia,
        maven,
        mix,
        nuget,
        nuget_assets,
        nuget_config,
        package_lock,
        pub_dart,
        renv,
        stack,
        swift,
    }
}

#[cfg(test)]
mod real;
#[cfg(test)]
mod samples;
