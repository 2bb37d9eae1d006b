//! Whether an index may have something about a package: a Bloom filter over the hashes of all packages.
//!
//! It never says no about a package that the index has, and says yes about one in 150 of the others. So a scan reads the buckets of
//! packages that have records, and few others.

/// Bits for each package.
const BITS: u64 = 12;
/// How many of them each package sets.
const SET: u64 = 4;

/// A Bloom filter.
#[derive(Debug, Default)]
pub(super) struct Names(Vec<u8>);

impl Names {
    /// The filter of packages with these hashes.
    pub(super) fn of(hashes: &[u64]) -> Self {
        let mut names = Self(vec![0; length_of(hashes.len() as u64)]);
        for hash in hashes {
            for (at, bit) in names.bits(*hash) {
                if let Some(byte) = names.0.get_mut(at) {
                    *byte |= bit;
                }
            }
        }
        names
    }

    /// The filter in these bytes; none where an index with this number of packages has one of another length.
    pub(super) fn read(bytes: Vec<u8>, packages: u64) -> Option<Self> {
        (bytes.len() == length_of(packages)).then_some(Self(bytes))
    }

    /// Its bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether a package with this hash may be among them.
    pub(super) fn may_have(&self, hash: u64) -> bool {
        self.bits(hash).all(|(at, bit)| self.0.get(at).is_none_or(|byte| byte & bit != 0))
    }

    /// The bits of a package: the byte of each, and its place there.
    fn bits(&self, hash: u64) -> impl Iterator<Item = (usize, u8)> + use<> {
        let (first, step) = (hash >> 32, hash & 0xffff_ffff | 1);
        let all = (self.0.len() as u64 * 8).max(1);
        (0..SET).map(move |number| {
            let bit = (first + number * step) % all;
            (usize::try_from(bit / 8).unwrap_or(usize::MAX), 1 << (bit % 8))
        })
    }
}

/// The length of the filter of so many packages, in bytes.
fn length_of(packages: u64) -> usize {
    usize::try_from(packages.saturating_mul(BITS).div_ceil(8)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::Names;
    use crate::index::hash_of;

    #[test]
    fn what_is_there_is_never_denied_and_little_else_is_looked_up() {
        let hash = |number: u32| hash_of("npm", &format!("package-{number}"));
        for amount in [0, 1, 2, 100, 20_000] {
            let hashes: Vec<u64> = (0..amount).map(hash).collect();
            let names = Names::of(&hashes);
            assert!(hashes.iter().all(|hash| names.may_have(*hash)), "{amount}");
            let others = (100_000..120_000).filter(|number| names.may_have(hash(*number))).count();
            assert!(others < 400 || amount == 0, "{others} of 20,000 beside {amount}");
        }
    }

    #[test]
    fn a_filter_has_the_length_of_its_packages() {
        let bytes = Names::of(&[1, 2, 3]).bytes().to_vec();
        assert!(Names::read(bytes.clone(), 3).is_some());
        assert!(Names::read(bytes, 5).is_none());
    }
}
