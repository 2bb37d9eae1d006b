//! The tests of a run by name, for the page alone: a report holds those that somebody has to look at.

/// How a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum TestState {
    /// It passed at the first attempt.
    Passed = 1,
    /// It passed only after it had failed.
    Flaky = 2,
    /// It failed.
    Failed = 3,
    /// It broke off.
    Errored = 4,
    /// It was skipped.
    Skipped = 5,
    /// It should have run, and did not.
    NotRun = 6,
}

impl TestState {
    /// Every state.
    pub const ALL: [Self; 6] =
        [Self::Passed, Self::Flaky, Self::Failed, Self::Errored, Self::Skipped, Self::NotRun];

    /// The word used in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Flaky => "flaky",
            Self::Failed => "failed",
            Self::Errored => "errored",
            Self::Skipped => "skipped",
            Self::NotRun => "not run",
        }
    }

    /// Whether it is a reason to fail.
    pub const fn is_red(self) -> bool {
        matches!(self, Self::Failed | Self::Errored)
    }

    /// How bad it is, where a test's report says several things.
    pub const fn rank(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::NotRun => 1,
            Self::Skipped => 2,
            Self::Flaky => 3,
            Self::Failed => 4,
            Self::Errored => 5,
        }
    }

    /// Whether the test did not take place.
    pub const fn is_absent(self) -> bool {
        matches!(self, Self::Skipped | Self::NotRun)
    }
}

/// A test by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Its name.
    pub name: Box<str>,
    /// Its class, suites or file, and where it ran if that was said; may be empty.
    pub within: Box<str>,
    /// How it ended.
    pub state: TestState,
    /// How long it took, in microseconds, where that is known.
    pub micros: Option<u64>,
}

/// The tests of a run: the worst first, and of a large run not all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cases {
    /// Those that are listed.
    pub listed: Vec<Case>,
    /// How many others there are.
    pub left_out: u64,
}

impl Cases {
    /// Most tests that are listed.
    pub const MOST: usize = 20_000;

    /// Whether there are no tests.
    pub fn is_empty(&self) -> bool {
        self.listed.is_empty() && self.left_out == 0
    }

    /// Adds tests behind those of the same state.
    pub fn add(&mut self, more: Self) {
        self.listed.extend(more.listed);
        self.left_out += more.left_out;
        self.listed.sort_by_key(|case| std::cmp::Reverse(case.state.rank()));
        self.left_out += self.listed.len().saturating_sub(Self::MOST) as u64;
        self.listed.truncate(Self::MOST);
    }
}

#[cfg(test)]
mod tests {
    use super::TestState::{Errored, Failed, Passed};
    use super::{Case, Cases, TestState};

    #[test]
    fn the_worst_are_listed_and_the_others_counted() {
        let of = |state, amount| Cases {
            listed: vec![Case { name: "a".into(), within: "".into(), state, micros: None }; amount],
            left_out: 1,
        };
        let mut cases = of(Passed, Cases::MOST);
        cases.add(of(Failed, 2));
        cases.add(of(Errored, 1));
        assert_eq!((cases.listed.len(), cases.left_out), (Cases::MOST, 6));
        let first: Vec<TestState> = cases.listed.iter().take(4).map(|case| case.state).collect();
        assert_eq!(first, [Errored, Failed, Failed, Passed]);
    }
}
