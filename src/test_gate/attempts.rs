//! Outcomes of tests, and the table that finds a test's earlier attempts: some 17 bytes a test, whatever its name.

/// How a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum State {
    Passed = 1,
    Flaky = 2,
    Failed = 3,
    Errored = 4,
    Skipped = 5,
    NotRun = 6,
}

impl State {
    const ALL: [Self; 6] =
        [Self::Passed, Self::Flaky, Self::Failed, Self::Errored, Self::Skipped, Self::NotRun];

    /// The word used in reports.
    pub(crate) const fn as_str(self) -> &'static str {
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
    pub(crate) const fn is_red(self) -> bool {
        matches!(self, Self::Failed | Self::Errored)
    }

    /// How bad it is, where a test's report says several things.
    pub(crate) const fn rank(self) -> u8 {
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
    const fn is_absent(self) -> bool {
        matches!(self, Self::Skipped | Self::NotRun)
    }

    /// What one test is after another attempt; `None` where the second can't be an attempt of the same test.
    ///
    /// The last attempt decides, and an earlier failure makes a pass flaky. A pass is not run again, so a second one is
    /// another test of the same name. An execution that took place wins over one that did not.
    pub(crate) const fn then(self, next: Self) -> Option<Self> {
        match (self, next) {
            (Self::Passed, Self::Passed) => None,
            (one, other) if one.is_absent() && other.is_absent() => None,
            (one, other) if other.is_absent() => Some(one),
            (Self::Failed | Self::Errored | Self::Flaky, Self::Passed | Self::Flaky) => Some(Self::Flaky),
            (_, next) => Some(next),
        }
    }

    const fn from_bits(bits: u64) -> Option<Self> {
        match bits & MASK {
            1 => Some(Self::Passed),
            2 => Some(Self::Flaky),
            3 => Some(Self::Failed),
            4 => Some(Self::Errored),
            5 => Some(Self::Skipped),
            6 => Some(Self::NotRun),
            _ => None,
        }
    }
}

/// How many tests ended in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts([u64; State::ALL.len()]);

impl Counts {
    /// How many ended so.
    pub(crate) fn of(&self, state: State) -> u64 {
        self.0.get(state as usize - 1).copied().unwrap_or(0)
    }

    /// All of them.
    pub(crate) fn tests(&self) -> u64 {
        self.0.iter().sum()
    }

    /// One more that ended so.
    pub(crate) fn add(&mut self, state: State) {
        if let Some(count) = self.0.get_mut(state as usize - 1) {
            *count += 1;
        }
    }

    /// One less that ended so.
    pub(crate) fn take(&mut self, state: State) {
        if let Some(count) = self.0.get_mut(state as usize - 1) {
            *count = count.saturating_sub(1);
        }
    }

    /// Those of both.
    pub(crate) fn plus(self, other: Self) -> Self {
        let mut sum = self;
        for (count, more) in sum.0.iter_mut().zip(other.0) {
            *count += more;
        }
        sum
    }
}

/// Bits of an entry that hold the state; the others are the hash.
const MASK: u64 = 7;

/// How many parts the table has: each grows alone, so that growing never needs twice the memory.
const PARTS: usize = 256;

/// The last known state of each test, by the hash of its identity.
///
/// 61 bits of the hash are compared: among a million tests two share them once in two million runs.
pub(crate) struct Attempts {
    parts: Vec<Part>,
}

#[derive(Default, Clone)]
struct Part {
    /// Hash and state in one; zero is free.
    entries: Vec<u64>,
    used: usize,
}

impl Attempts {
    pub(crate) fn new() -> Self {
        Self { parts: vec![Part::default(); PARTS] }
    }

    /// Records a state under the hashes of a test and its suite; returns the one before.
    pub(crate) fn put(&mut self, suite: u64, hash: u64, state: State) -> Option<State> {
        // Bits of both hashes choose the part: the tests of a suite share a few.
        let index = suite >> 59 << 3 | hash >> 61;
        let part = usize::try_from(index).ok().and_then(|index| self.parts.get_mut(index))?;
        if part.used * 4 >= part.entries.len() * 3 {
            part.grow();
        }
        let entry = part.entry(hash)?;
        let before = State::from_bits(*entry);
        *entry = hash & !MASK | state as u64;
        part.used += usize::from(before.is_none());
        before
    }
}

impl Part {
    /// The entry of a hash, or the free one where it belongs.
    fn entry(&mut self, hash: u64) -> Option<&mut u64> {
        let mask = self.entries.len().checked_sub(1)?;
        let mut index = usize::try_from(hash >> 3 & 0xffff_ffff).ok()? & mask;
        // A quarter of the entries is free, so that this ends, and soon.
        loop {
            let entry = *self.entries.get(index)?;
            if entry == 0 || entry & !MASK == hash & !MASK {
                return self.entries.get_mut(index);
            }
            index = (index + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let length = (self.entries.len() * 2).max(8);
        for old in std::mem::replace(&mut self.entries, vec![0; length]) {
            if old != 0
                && let Some(entry) = self.entry(old)
            {
                *entry = old;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};

    use super::{Attempts, State};

    #[test]
    fn the_table_remembers_like_a_map() {
        let mut table = Attempts::new();
        let mut map = HashMap::new();
        for step in 0..50_000_u64 {
            let mut hasher = DefaultHasher::new();
            (step * step % 30_011).hash(&mut hasher);
            let hash = hasher.finish() & !7;
            let state = State::ALL[usize::try_from(step).unwrap() % 6];
            assert_eq!(table.put(hash.rotate_left(7), hash, state), map.insert(hash, state));
        }
        assert_eq!(table.put(0, 0, State::Passed), None);
        assert_eq!(table.put(0, 0, State::Failed), Some(State::Passed));
    }

    #[test]
    fn the_last_attempt_decides() {
        use State::{Errored, Failed, Flaky, NotRun, Passed, Skipped};
        for (one, next, both) in [
            (Failed, Passed, Some(Flaky)),
            (Errored, Passed, Some(Flaky)),
            (Flaky, Passed, Some(Flaky)),
            (Flaky, Failed, Some(Failed)),
            (Passed, Failed, Some(Failed)),
            (Failed, Errored, Some(Errored)),
            (Failed, Skipped, Some(Failed)),
            (Skipped, Failed, Some(Failed)),
            (NotRun, Passed, Some(Passed)),
            (Passed, Skipped, Some(Passed)),
            (Passed, Passed, None),
            (Skipped, NotRun, None),
        ] {
            assert_eq!(one.then(next), both, "{one:?} {next:?}");
        }
    }
}
