//! A quick hash that is the same in every run and on every machine: it distinguishes names of tests.
//!
//! Multiplies sixteen bytes at a time and folds the halves of the product together, as wyhash does. It keeps no secret;
//! nothing that must not be forged is decided by it.

use std::hash::Hasher;

/// Odd numbers with about as many bits set as not.
const ONE: u64 = 0xa076_1d64_78bd_642f;
const OTHER: u64 = 0xe703_7ed1_a0b4_28db;
const THIRD: u64 = 0x8ebc_6af0_9c88_c6e3;

/// The state of a hash.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StableHasher(u64);

impl StableHasher {
    pub(crate) const fn new() -> Self {
        Self(OTHER)
    }

    fn take(&mut self, one: u64, other: u64) {
        self.0 = fold(one ^ ONE, other ^ self.0);
    }
}

impl Hasher for StableHasher {
    fn write(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while rest.len() > 16
            && let Some((piece, after)) = rest.split_first_chunk::<16>()
        {
            let both = u128::from_le_bytes(*piece);
            self.take(low(both), low(both >> 64));
            rest = after;
        }
        let (one, other) = ends(rest);
        // The two ends may overlap, so that only with its length they stand for a piece.
        self.take(one, other.wrapping_add((bytes.len() as u64).wrapping_mul(THIRD)));
    }

    fn write_u8(&mut self, number: u8) {
        self.take(u64::from(number), THIRD);
    }

    fn write_u64(&mut self, number: u64) {
        self.take(number, THIRD);
    }

    fn finish(&self) -> u64 {
        fold(self.0 ^ ONE, THIRD)
    }
}

/// The first and the last bytes of a piece of at most sixteen; together they hold all of it.
fn ends(piece: &[u8]) -> (u64, u64) {
    if let (Some(first), Some(last)) = (piece.first_chunk::<8>(), piece.last_chunk::<8>()) {
        (u64::from_le_bytes(*first), u64::from_le_bytes(*last))
    } else if let (Some(first), Some(last)) = (piece.first_chunk::<4>(), piece.last_chunk::<4>()) {
        (u64::from(u32::from_le_bytes(*first)), u64::from(u32::from_le_bytes(*last)))
    } else {
        (piece.iter().fold(0, |all, byte| all << 8 | u64::from(*byte)), 0)
    }
}

/// Both halves of the product in one.
fn fold(one: u64, other: u64) -> u64 {
    let product = u128::from(one) * u128::from(other);
    low(product) ^ low(product >> 64)
}

#[expect(clippy::cast_possible_truncation, reason = "the low half is what is wanted")]
const fn low(number: u128) -> u64 {
    number as u64
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::hash::Hasher as _;

    use super::StableHasher;

    fn hash(value: &impl std::hash::Hash) -> u64 {
        let mut mixer = StableHasher::new();
        value.hash(&mut mixer);
        mixer.finish()
    }

    #[test]
    fn names_that_differ_little_differ_in_every_part_of_the_hash() {
        let names = || (0..60_000).map(|number| ("com.shop.Cart", format!("case {number}"), "", ""));
        // The 37 low bits and the 3 high ones are what the table of attempts looks at.
        let looked_at: HashSet<u64> = names().map(|name| hash(&name) & 0xe000_00ff_ffff_fff8).collect();
        assert_eq!(looked_at.len(), 60_000);
        for shift in [3, 8, 32, 61] {
            let mut amounts = [0_u32; 8];
            names().for_each(|name| amounts[usize::try_from(hash(&name) >> shift & 7).unwrap()] += 1);
            assert!(amounts.iter().all(|amount| (7_100..7_900).contains(amount)), "{shift}: {amounts:?}");
        }
    }

    #[test]
    fn every_length_and_every_byte_counts() {
        let mut seen = HashSet::new();
        for length in 0..80 {
            let text = "a".repeat(length);
            assert!(seen.insert(hash(&text)), "{length}");
            for at in 0..length {
                let mut other = text.clone();
                other.replace_range(at..=at, "b");
                assert!(seen.insert(hash(&other)), "{other}");
            }
        }
        assert_ne!(hash(&("ab", "c")), hash(&("a", "bc")));
        assert_ne!(hash(&("", "a")), hash(&("a", "")));
    }
}
