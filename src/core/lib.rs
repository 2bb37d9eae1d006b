//! Pure values that every room uses: severity, finding, verdict, report, exit code, error.
//!
//! Owns the words and their JSON form. Knows no file, clock, environment, network or host.

pub mod bill;
pub mod cases;
pub mod clues;
pub mod digest;
pub mod ecosystem;
pub mod error;
pub mod escape;
pub mod exit;
pub mod finding;
pub mod frames;
pub mod keys;
pub mod modules;
pub mod report;
pub mod rule;
pub mod secret;
pub mod severity;
pub mod subject;
pub mod suggest;
pub mod table;
pub mod verdict;
pub mod why;
pub mod wildcard;
pub mod words;

pub use bill::{Bill, BilledFile, Component};
pub use cases::{Case, Cases, TestState};
pub use ecosystem::Ecosystem;
pub use error::{Error, ErrorKind, Place};
pub use exit::Exit;
pub use finding::{Finding, Fingerprint, Location, Waived};
pub use report::{Input, Provenance, Report};
pub use rule::{RULE_IDS, Rule};
pub use secret::{Redactor, Secret};
pub use severity::Severity;
pub use subject::{Change, Role, Subject};
pub use table::Table;
pub use verdict::Verdict;
