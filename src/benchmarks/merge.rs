//! Several files or runs as one: the samples of a measure come together, in any order of files with the same result.

use std::collections::BTreeMap;

use super::benchmark::{Benchmark, KEPT};

/// What came together, and what could not.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Merged {
    /// By name and metric.
    pub benchmarks: BTreeMap<(String, String), Benchmark>,
    /// Measures whose unit or direction differs between files, with what differs.
    pub(crate) conflicts: BTreeMap<(String, String), String>,
}

/// Brings all samples of each measure together; beyond [`KEPT`] of them every sample stands for its neighbours in size.
pub fn merge<'a>(benchmarks: impl IntoIterator<Item = &'a Benchmark>) -> Merged {
    let mut groups: BTreeMap<(&str, &str), Vec<&Benchmark>> = BTreeMap::new();
    for benchmark in benchmarks {
        groups.entry(benchmark.key()).or_default().push(benchmark);
    }
    let mut merged = Merged::default();
    for ((name, metric), mut group) in groups {
        // The order of files must not matter: the unit is the first by name.
        group.sort_by(|one, other| one.unit.cmp(&other.unit));
        let key = (name.to_owned(), metric.to_owned());
        match together(&group) {
            Ok(Some(benchmark)) => {
                merged.benchmarks.insert(key, benchmark);
            }
            Ok(None) => {}
            Err(why) => {
                merged.conflicts.insert(key, why);
            }
        }
    }
    merged
}

/// One measure out of the same one of several files.
fn together(group: &[&Benchmark]) -> Result<Option<Benchmark>, String> {
    let Some((first, rest)) = group.split_first() else { return Ok(None) };
    let mut whole = (*first).clone();
    for other in rest {
        let Some(samples) = other.samples_in(&whole.unit) else {
            return Err(format!("measured in `{}` and in `{}`", whole.unit, other.unit));
        };
        if other.direction != whole.direction {
            let words = [whole.direction.as_str(), other.direction.as_str()];
            return Err(format!("better when {} and better when {}", words[0], words[1]));
        }
        whole.samples.extend(samples);
        whole.interval = None;
        whole.is_exact |= other.is_exact;
    }
    whole.samples.sort_by(f64::total_cmp);
    let length = whole.samples.len();
    if length > KEPT {
        let spread = |index: usize| whole.samples.get(index * (length - 1) / (KEPT - 1)).copied();
        whole.samples = (0..KEPT).filter_map(spread).collect();
    }
    Ok(Some(whole))
}

#[cfg(test)]
mod tests {
    use super::{KEPT, merge};
    use crate::benchmark::{Benchmark, Direction};

    #[test]
    fn files_come_together_in_any_order() {
        let one = Benchmark::new("a", "time", 2.0, "ms");
        let other = Benchmark::new("a", "time", 1000.0, "us");
        let merged = merge([&one, &other]);
        assert_eq!(merged, merge([&other, &one]));
        assert_eq!(merged.benchmarks.values().next().unwrap().samples, [1.0, 2.0]);
        let odd = Benchmark::new("a", "time", 1.0, "B");
        assert_eq!(merge([&one, &odd]).conflicts.len(), 1);
        let turned = one.clone().toward(Direction::Bigger);
        assert_eq!(merge([&one, &turned]).conflicts.len(), 1);
    }

    #[test]
    fn many_samples_keep_their_distribution() {
        let samples: Vec<f64> = (0..10_000).map(f64::from).collect();
        let merged = merge([&Benchmark::new("a", "time", 0.0, "ms").samples(samples)]);
        let kept = &merged.benchmarks.values().next().unwrap();
        assert_eq!(kept.samples.len(), KEPT);
        assert!((kept.value() - 5000.0).abs() < 20.0 && kept.samples[0].abs() < 1e-9);
        assert!((kept.samples[KEPT - 1] - 9999.0).abs() < 1e-9);
    }
}
