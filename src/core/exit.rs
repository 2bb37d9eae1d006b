//! Exit codes, the contract with every script and pipeline.

/// How a run ended, as the number the process exits with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exit {
    /// The gate passed, or the work is done.
    Pass,
    /// The gate failed.
    GateFailed,
    /// A flag or a configuration key is wrong.
    Usage,
    /// An input of the gate is missing, corrupt or fails its hash.
    Input,
    /// Network, permission or target out of reach.
    Environment,
    /// Promoted, then rolled back.
    RolledBack,
    /// A human must look: on hold or inconclusive.
    NeedsHuman,
    /// A newer run came first; nothing was changed.
    Superseded,
    /// A bug of ours.
    Bug,
}

impl Exit {
    /// Every exit with what it means, in the order the documentation lists them.
    pub const ALL: [(Self, &'static str); 9] = [
        (Self::Pass, "pass"),
        (Self::GateFailed, "the gate failed"),
        (Self::Usage, "invalid usage or configuration"),
        (Self::Input, "an input is missing, corrupt or fails its hash"),
        (Self::Environment, "a network, permission or target problem"),
        (Self::RolledBack, "promoted, then rolled back"),
        (Self::NeedsHuman, "needs a human decision"),
        (Self::Superseded, "superseded by a newer run, nothing changed"),
        (Self::Bug, "a bug, please report it"),
    ];

    /// The number the process exits with.
    pub const fn code(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::GateFailed => 1,
            Self::Usage => 2,
            Self::Input => 3,
            Self::Environment => 4,
            Self::RolledBack => 5,
            Self::NeedsHuman => 6,
            Self::Superseded => 7,
            Self::Bug => 70,
        }
    }

    /// The exit with this number, if it is one of ours.
    pub fn from_code(code: u8) -> Option<Self> {
        let found = Self::ALL.into_iter().find(|(exit, _)| exit.code() == code);
        found.map(|(exit, _)| exit)
    }

    /// What the number means, as a fragment that fits after "exit N, ".
    pub fn meaning(self) -> &'static str {
        let found = Self::ALL.into_iter().find(|(exit, _)| *exit == self);
        found.map_or("", |(_, meaning)| meaning)
    }
}
