//! The slowest tests of a run, a few of them whatever its size.

use devops_core::Table;
use devops_core::words::duration;

/// How many are kept.
const KEPT: usize = 10;

/// A test that takes less than this many microseconds is no news.
const FLOOR: u64 = 10_000;

/// The slowest tests met so far, the slowest first; equal ones by name.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Slowest {
    tests: Vec<(u64, String)>,
}

impl Slowest {
    /// Whether a test that took so long would be kept; its name is only made where it would.
    pub(crate) fn wants(&self, micros: u64) -> bool {
        let is_full = self.tests.len() >= KEPT;
        micros >= FLOOR && (!is_full || self.tests.last().is_some_and(|(least, _)| micros >= *least))
    }

    /// One more test; of several executions of a test the slowest counts.
    pub(crate) fn add(&mut self, micros: u64, name: String) {
        if !self.wants(micros) {
            return;
        }
        match self.tests.iter_mut().find(|(_, known)| *known == name) {
            Some((known, _)) => *known = micros.max(*known),
            None => self.tests.push((micros, name)),
        }
        self.tests.sort_by(|one, other| other.0.cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
        self.tests.truncate(KEPT);
    }

    /// Those of another report, too.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (micros, name) in &other.tests {
            self.add(*micros, name.clone());
        }
    }

    /// A table of them; one test alone is not the slowest of any.
    pub(crate) fn table(&self) -> Table {
        let mut table = Table::new("Slowest tests", &["Test", "Time"]);
        if self.tests.len() > 1 {
            #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
            let time = |micros: u64| duration(micros as f64 / 1e6);
            table.rows.extend(self.tests.iter().map(|(micros, name)| vec![name.clone(), time(*micros)]));
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::Slowest;

    #[test]
    fn the_slowest_are_kept_whatever_the_order() {
        let times: Vec<u64> = (0..40).map(|index| index * 10_000).collect();
        let mut upwards = Slowest::default();
        for micros in &times {
            upwards.add(*micros, micros.to_string());
        }
        let mut merged = Slowest::default();
        for chunk in times.rchunks(7) {
            let mut part = Slowest::default();
            for micros in chunk {
                part.add(*micros, micros.to_string());
            }
            merged.merge(&part);
        }
        assert_eq!(upwards, merged);
        let rows = upwards.table().rows;
        assert_eq!(rows.len(), 10);
        assert_eq!(rows[0], ["390000", "390 ms"]);
        assert_eq!(rows[9], ["300000", "300 ms"]);
    }

    #[test]
    fn executions_of_one_test_are_one_row() {
        let mut slowest = Slowest::default();
        for micros in [20_000, 50_000, 30_000, 1] {
            slowest.add(micros, "a".to_owned());
        }
        assert!(slowest.table().rows.is_empty());
        slowest.add(40_000, "b".to_owned());
        assert_eq!(slowest.table().rows, [["a", "50 ms"], ["b", "40 ms"]]);
    }
}
