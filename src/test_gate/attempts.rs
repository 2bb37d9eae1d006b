//! Outcomes of tests, and the tables that find earlier cases of a test's name: some five bytes per test, whatever its name.

use std::collections::HashMap;

pub(crate) use devops_core::TestState as State;

/// What one test is after another attempt; `None` where the second can't be an attempt of the same test.
///
/// The last attempt decides, and an earlier failure makes a pass flaky. A pass is not run again, so a second one is
/// another test of the same name. An execution that took place wins over one that did not.
pub(crate) const fn after(before: State, next: State) -> Option<State> {
    match (before, next) {
        (State::Passed, State::Passed) => None,
        (one, other) if one.is_absent() && other.is_absent() => None,
        (one, other) if other.is_absent() => Some(one),
        (State::Failed | State::Errored | State::Flaky, State::Passed | State::Flaky) => Some(State::Flaky),
        (_, next) => Some(next),
    }
}

/// The same for a runner that writes an attempt before the last one like a pass, and only the last one's failure.
///
/// A second failure is the tear-down's. A pass behind a failure is no attempt at it: the runner would not have written the
/// failure.
pub(crate) const fn after_rerun(before: State, next: State) -> Option<State> {
    match (before, next) {
        (State::Passed | State::Flaky, State::Passed | State::Flaky) => Some(State::Flaky),
        (State::Passed | State::Flaky, State::Failed | State::Errored) => Some(next),
        (one, next) if one.is_red() && next.is_red() => Some(next),
        _ => None,
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

/// How many parts the table has: each grows alone, so that growing never needs twice the memory.
const PARTS: usize = 256;

/// Lengths of a part from which it grows by a quarter, and later and by an eighth: there memory counts for more than time.
const LONG: usize = 4_096;
const VERY_LONG: usize = 16_384;

/// The last known state, and the number among its namesakes, of each test whose format says that a later case of its name is another attempt at it.
///
/// Few reports hold such tests, and a pass must never be taken for an attempt at another test, so hashes are kept whole.
pub(crate) type Attempts = HashMap<u64, (State, u64)>;

/// How often each name was met.
///
/// Nearly every name stands once, and of those only 40 bits of the hash are kept. Where two names share them, which one given test
/// among a million does once in a million reports, the second counts as a namesake of the first: its title then has a number that
/// it would not need. No count and no verdict depends on it.
#[derive(Debug)]
pub(crate) struct Rows {
    met: Vec<Part>,
    /// How often a name was met that stands more than once.
    repeated: HashMap<u64, u64>,
}

/// A part of the hash; zero is free.
type Entry = u32;

#[derive(Debug, Default, Clone)]
struct Part {
    entries: Vec<Entry>,
    used: usize,
}

impl Default for Rows {
    fn default() -> Self {
        Self { met: vec![Part::default(); PARTS], repeated: HashMap::new() }
    }
}

impl Rows {
    /// Meets a name; returns how often it was met by now. `scope` is a hash that many names share, and that each name always has.
    pub(crate) fn meet(&mut self, scope: u64, name: u64) -> u64 {
        let part = part(scope, name).and_then(|index| self.met.get_mut(index));
        if !part.is_some_and(|part| part.insert(name)) {
            return 1;
        }
        let times = self.repeated.entry(name).or_insert(1);
        *times += 1;
        *times
    }

    /// Whether a name was met.
    pub(crate) fn has(&self, scope: u64, name: u64) -> bool {
        let part = part(scope, name).and_then(|index| self.met.get(index));
        part.is_some_and(|part| part.has(name))
    }

    /// How often a name was met that was met at all.
    pub(crate) fn times(&self, name: u64) -> u64 {
        self.repeated.get(&name).copied().unwrap_or(1)
    }
}

/// Index of the part that has a name: bits of both hashes choose it, so that the tests of a scope share a few.
fn part(scope: u64, name: u64) -> Option<usize> {
    usize::try_from(scope >> 59 << 3 | name >> 61).ok()
}

impl Part {
    /// Whether it has the entry of a hash.
    fn has(&self, hash: u64) -> bool {
        self.place(entry(hash)).and_then(|place| self.entries.get(place)).is_some_and(|found| *found != 0)
    }

    /// Takes the entry of a hash; whether it had it.
    fn insert(&mut self, hash: u64) -> bool {
        if self.is_full() {
            self.grow();
        }
        let wanted = entry(hash);
        let slot = self.place(wanted).and_then(|place| self.entries.get_mut(place));
        let Some(slot) = slot.filter(|slot| **slot == 0) else { return true };
        *slot = wanted;
        self.used += 1;
        false
    }

    /// Where an entry stands, or the free place where it belongs.
    fn place(&self, wanted: Entry) -> Option<usize> {
        let length = self.entries.len();
        let first = u64::from(wanted).checked_mul(length as u64)? >> 32;
        let mut index = usize::try_from(first).ok()?;
        // An eighth of the entries is free, so that this ends, and soon.
        loop {
            let entry = *self.entries.get(index)?;
            if entry == 0 || entry == wanted {
                return Some(index);
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
        for old in std::mem::replace(&mut self.entries, vec![0; length + more]) {
            if old != 0
                && let Some(slot) = self.place(old).and_then(|place| self.entries.get_mut(place))
            {
                *slot = old;
            }
        }
    }
}

/// What is kept of a hash.
fn entry(hash: u64) -> Entry {
    let [one, two, three, four, ..] = hash.to_le_bytes();
    Entry::from_le_bytes([one, two, three, four]).max(1)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::{Rows, State, VERY_LONG, after, after_rerun};
    use devops_reading::hash::hash_of;

    #[test]
    fn the_table_counts_like_a_map() {
        let mut table = Rows::default();
        let mut map = HashMap::new();
        for step in 0..400_000_u64 {
            let hash = hash_of(&(step * step % 300_007));
            let times: &mut u64 = map.entry(hash).or_default();
            *times += 1;
            // One scope, so that some parts are long.
            assert_eq!(table.meet(0, hash), *times);
        }
        assert!(table.met.iter().any(|part| part.entries.len() > VERY_LONG));
        assert!(map.iter().all(|(hash, times)| table.times(*hash) == *times));
        assert_eq!((table.meet(0, 0), table.meet(0, 0), table.times(0), table.times(1)), (1, 2, 2, 1));
    }

    #[test]
    fn a_rerun_that_was_written_like_a_pass_makes_nothing_good() {
        use State::{Errored, Failed, Flaky, NotRun, Passed, Skipped};
        for (one, next, both) in [
            (Passed, Passed, Some(Flaky)),
            (Flaky, Passed, Some(Flaky)),
            (Passed, Failed, Some(Failed)),
            (Flaky, Errored, Some(Errored)),
            (Failed, Errored, Some(Errored)),
            (Failed, Passed, None),
            (Errored, Flaky, None),
            (Skipped, Passed, None),
            (Passed, Skipped, None),
            (Skipped, Failed, None),
            (Failed, NotRun, None),
        ] {
            assert_eq!(after_rerun(one, next), both, "{one:?} {next:?}");
        }
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
            assert_eq!(after(one, next), both, "{one:?} {next:?}");
        }
    }
}
