//! The samples that several files have of one benchmark in one run.
//!
//! A file that comes twice adds nothing, files of several jobs add theirs, and order never matters. Where there are too many, those
//! stay whose hash is least: a choice that no value and no file is favoured by, and that stays the same in whatever steps the files
//! come together.

use super::model::SAMPLES;

/// Every sample of both lists, as often as the list has it that has it more often; lists that are the same stay as they are.
pub(super) fn pool(known: &mut Vec<f64>, other: &[f64]) {
    if known.is_empty() {
        known.extend(other);
    }
    if known.as_slice() == other || other.is_empty() {
        return;
    }
    let (mut left, mut right) = (known.clone(), other.to_vec());
    left.sort_by(f64::total_cmp);
    right.sort_by(f64::total_cmp);
    let mut right = right.into_iter().peekable();
    known.clear();
    for sample in left {
        while let Some(before) = right.next_if(|other| other.total_cmp(&sample).is_lt()) {
            known.push(before);
        }
        // The same value on both sides is the same sample.
        right.next_if(|other| other.total_cmp(&sample).is_eq());
        known.push(sample);
    }
    known.extend(right);
    thin(known);
}

/// Keeps at most [`SAMPLES`]; those that stay keep their order.
pub(super) fn thin(samples: &mut Vec<f64>) {
    if samples.len() <= SAMPLES {
        return;
    }
    let ranks = ranks(samples);
    let mut sorted = ranks.clone();
    sorted.sort_unstable();
    let Some(last) = sorted.get(SAMPLES.saturating_sub(1)).copied() else { return };
    let mut ranks = ranks.into_iter();
    samples.retain(|_| ranks.next().is_some_and(|rank| rank <= last));
}

/// Where each sample stands in the order in which they go: equal values go one after the other, the first of them last.
fn ranks(samples: &[f64]) -> Vec<(u64, u64, usize)> {
    let mut seen: std::collections::BTreeMap<u64, (usize, u64)> = std::collections::BTreeMap::new();
    let rank = |sample: &f64| {
        let bits = sample.to_bits();
        let (times, hash) = seen.entry(bits).or_default();
        *hash = (*hash).max(hash_of_sample(bits, *times as u64));
        *times += 1;
        (*hash, bits, *times)
    };
    samples.iter().map(rank).collect()
}

/// Odd numbers with about as many bits set as not.
const ONE: u64 = 0xa076_1d64_78bd_642f;
const OTHER: u64 = 0xe703_7ed1_a0b4_28db;
const THIRD: u64 = 0x8ebc_6af0_9c88_c6e3;

/// The hash of a value's bits and of its number among equal ones. Baselines keep what it chooses, so it must be the same in every
/// release, which no library promises: each number is multiplied in, as wyhash does.
fn hash_of_sample(bits: u64, times: u64) -> u64 {
    let state = fold(bits ^ ONE, THIRD ^ OTHER);
    let state = fold(times ^ ONE, times.wrapping_add(THIRD.wrapping_mul(8)) ^ state);
    fold(state ^ ONE, THIRD)
}

/// Both halves of the product in one.
#[expect(clippy::cast_possible_truncation, reason = "the low half is what is wanted")]
fn fold(one: u64, other: u64) -> u64 {
    let product = u128::from(one) * u128::from(other);
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{Strategy, prop_assert, prop_assert_eq, proptest};

    use super::{SAMPLES, hash_of_sample, pool, thin};

    fn together(lists: &[&Vec<f64>]) -> Vec<f64> {
        let mut all = Vec::new();
        for list in lists {
            pool(&mut all, list);
        }
        all.sort_by(f64::total_cmp);
        all
    }

    /// Lists with values that repeat, some of them longer than what is kept.
    fn list() -> impl Strategy<Value = Vec<f64>> {
        vec((0_u32..400).prop_map(|value| f64::from(value) / 4.0), 0..SAMPLES + 150).prop_map(|mut list| {
            thin(&mut list);
            list
        })
    }

    proptest! {
        #[test]
        fn order_and_repetition_do_not_matter(one in list(), other in list(), third in list()) {
            let all = together(&[&one, &other, &third]);
            prop_assert!(all.len() <= SAMPLES);
            prop_assert_eq!(&all, &together(&[&third, &one, &other, &one]));
            let half = together(&[&other, &third]);
            prop_assert_eq!(&all, &together(&[&one, &half]));
            prop_assert_eq!(&all, &together(&[&half, &one]));
        }
    }

    #[test]
    fn every_file_adds_its_own_samples() {
        assert_eq!(together(&[&vec![3.0, 1.0, 1.0], &vec![1.0, 2.0]]), [1.0, 1.0, 2.0, 3.0]);
        let mut same = vec![3.0, 1.0];
        pool(&mut same, &[3.0, 1.0]);
        assert_eq!(same, [3.0, 1.0]);
    }

    #[test]
    fn every_release_chooses_the_same() {
        let hashes =
            [(1.5, 0), (1.5, 1), (0.25, 7)].map(|(value, times)| hash_of_sample(f64::to_bits(value), times));
        assert_eq!(hashes, [0x74e3_b19c_2a91_6d39, 0x969c_c8f4_e3a2_61b3, 0xafc5_89bb_bae1_ed33]);
    }

    #[test]
    fn what_stays_is_a_fair_choice() {
        let mut many: Vec<f64> = (0..10_000).map(f64::from).collect();
        thin(&mut many);
        let mean = many.iter().sum::<f64>() / 200.0;
        assert_eq!(many.len(), SAMPLES);
        assert!((mean - 5_000.0).abs() < 600.0, "{mean}");
    }
}
