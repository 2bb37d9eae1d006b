//! A quick hash that is the same throughout a run: it distinguishes names of tests, and ways out of branches.
//!
//! It keeps no secret; nothing that must not be forged is decided by it. Another release may hash otherwise, so nothing that
//! is stored may depend on it.

use std::hash::{BuildHasher as _, Hash};

use foldhash::quality::FixedState;

/// The hash of a value.
pub fn hash_of(value: &(impl Hash + ?Sized)) -> u64 {
    FixedState::default().hash_one(value)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::hash_of;

    #[test]
    fn names_that_differ_little_differ_in_every_part_of_the_hash() {
        let names = || (0..60_000).map(|number| ("com.shop.Cart", format!("case {number}"), "", ""));
        // The 37 low bits and the 3 high ones are what the table of attempts looks at.
        let looked_at: HashSet<u64> = names().map(|name| hash_of(&name) & 0xe000_00ff_ffff_fff8).collect();
        assert_eq!(looked_at.len(), 60_000);
        for shift in [3, 8, 32, 61] {
            let mut amounts = [0_u32; 8];
            names().for_each(|name| amounts[usize::try_from(hash_of(&name) >> shift & 7).unwrap()] += 1);
            assert!(amounts.iter().all(|amount| (7_100..7_900).contains(amount)), "{shift}: {amounts:?}");
        }
    }

    #[test]
    fn every_length_and_every_byte_counts() {
        let mut seen = HashSet::new();
        for length in 0..80 {
            let text = "a".repeat(length);
            assert!(seen.insert(hash_of(&text)), "{length}");
            for at in 0..length {
                let mut other = text.clone();
                other.replace_range(at..=at, "b");
                assert!(seen.insert(hash_of(&other)), "{other}");
            }
        }
        assert_ne!(hash_of(&("ab", "c")), hash_of(&("a", "bc")));
        assert_ne!(hash_of(&("", "a")), hash_of(&("a", "")));
    }
}
