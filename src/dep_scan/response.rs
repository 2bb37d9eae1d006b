//! What happens where something is found that a project may or may not accept.

use clap::ValueEnum;

use devops_core::Severity;
use devops_job::Key;

/// What happens where something is found that a key is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Response {
    /// Nothing.
    Allow,
    /// It is a finding of medium severity.
    Warn,
    /// It is a finding of high severity.
    Deny,
}

impl Response {
    /// What a change may do with a key of this kind.
    pub(super) const KEY: Key = Key::Words(&["allow", "warn", "deny"]);

    /// The severity of a finding; none where there is none.
    pub(super) fn severity(self) -> Option<Severity> {
        match self {
            Self::Allow => None,
            Self::Warn => Some(Severity::Medium),
            Self::Deny => Some(Severity::High),
        }
    }
}
