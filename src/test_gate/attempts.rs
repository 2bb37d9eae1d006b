//! Outcomes of tests, and the table that finds a test's earlier attempts: some 9 bytes a test, whatever its name.

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

/// Bits of an entry that hold the state; the others are of the hash.
const MASK: u64 = 7;

/// Bits of a hash that an entry keeps.
const KEPT: u64 = 0xff_ffff_ffff_ffff & !MASK;

/// How many parts the table has: each grows alone, so that growing never needs twice the memory.
const PARTS: usize = 256;

/// Lengths of a part from which it grows by a quarter, and later and by an eighth: there memory counts for more than time.
const LONG: usize = 4_096;
const VERY_LONG: usize = 16_384;

/// The last known state of each test, by the hash of its identity.
///
/// 53 bits of the hash are compared, and three more choose the part: that a given test among a million is taken for an attempt
/// at another one happens once in seventy thousand million runs.
pub(crate) struct Attempts {
    parts: Vec<Part>,
}

/// Hash and state in one; zero is free.
type Entry = [u8; 7];

#[derive(Default, Clone)]
struct Part {
    entries: Vec<Entry>,
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
        if part.is_full() {
            part.grow();
        }
        let entry = part.entry(hash)?;
        let before = State::from_bits(number(*entry));
        *entry = bytes(hash & KEPT | state as u64);
        part.used += usize::from(before.is_none());
        before
    }
}

impl Part {
    /// The entry of a hash, or the free one where it belongs.
    fn entry(&mut self, hash: u64) -> Option<&mut Entry> {
        let length = self.entries.len();
        let place = (hash >> 8 & 0xffff_ffff).checked_mul(length as u64)? >> 32;
        let mut index = usize::try_from(place).ok()?;
        // An eighth of the entries is free, so that this ends, and soon.
        loop {
            let entry = number(*self.entries.get(index)?);
            if entry == 0 || entry & KEPT == hash & KEPT {
                return self.entries.get_mut(index);
            }
            index = if index + 1 == length { 0 } else { index + 1 };
        }
    }

    /// Whether it is to grow: a short one early, for the search in it to be short.
    fn is_full(&self) -> bool {
        let length = self.entries.len();
        if length < VERY_LONG { self.used * 4 >= length * 3 } else { self.used * 8 >= length * 7 }
    }

    fn grow(&mut self) {
        let length = self.entries.len();
        let more = match length {
            ..LONG => length.max(8),
            LONG..VERY_LONG => length / 4,
            VERY_LONG.. => length / 8,
        };
        for old in std::mem::replace(&mut self.entries, vec![Entry::default(); length + more]) {
            let known = number(old);
            if known != 0
                && let Some(entry) = self.entry(known)
            {
                *entry = old;
            }
        }
    }
}

fn number(entry: Entry) -> u64 {
    let [one, two, three, four, five, six, seven] = entry;
    u64::from_le_bytes([one, two, three, four, five, six, seven, 0])
}

fn bytes(number: u64) -> Entry {
    let [one, two, three, four, five, six, seven, _] = number.to_le_bytes();
    [one, two, three, four, five, six, seven]
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::{Attempts, State, VERY_LONG};
    use crate::test_gate::collector::hash_of;

    #[test]
    fn the_table_remembers_like_a_map() {
        let mut table = Attempts::new();
        let mut map = HashMap::new();
        for step in 0..400_000_u64 {
            let hash = hash_of(&(step * step % 300_007));
            let state = State::ALL[usize::try_from(step).unwrap() % 6];
            // One suite, so that some parts are long.
            assert_eq!(table.put(0, hash, state), map.insert(hash, state));
        }
        assert!(table.parts.iter().any(|part| part.entries.len() > VERY_LONG));
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
