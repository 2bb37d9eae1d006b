//! Questions about whole indexes: is every part what its hash says, and what differs between two.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{Index, bucket_of, hash_of};
use devops_core::Error;

/// What the newer of two indexes has that the older has not, and the other way round: id and package.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Advisories that are new.
    pub added: BTreeSet<(String, String)>,
    /// Advisories that are gone.
    pub removed: BTreeSet<(String, String)>,
    /// Advisories that say something else.
    pub changed: BTreeSet<(String, String)>,
}

/// Reads every part of an index, and compares it with its hash and its counts.
///
/// # Errors
/// Where anything differs.
pub fn verify(path: &Path, digest: Option<&str>) -> Result<Index, Error> {
    let index = Index::open(path, digest)?;
    let (mut packages, mut advisories) = (0, 0);
    for number in 0..index.bucket_count() {
        for (key, about) in index.entries(&index.bucket(number)?, None)? {
            let hash = hash_of(&key.ecosystem, &key.name);
            let is_found = index.names.may_have(hash) && bucket_of(hash, index.bits()) == number as u64;
            if !is_found {
                return Err(index.damaged());
            }
            packages += 1;
            advisories += about.advisories.len() as u64;
        }
    }
    let block = super::BLOCK as u64;
    for number in 0..index.header.shared_bytes.div_ceil(block) {
        let place = number * block;
        index.shared(place, block.min(index.header.shared_bytes - place))?;
    }
    let header = &index.header;
    if packages != header.packages || advisories != header.advisories + header.malware {
        return Err(index.damaged());
    }
    Ok(index)
}

/// What differs between two indexes.
///
/// # Errors
/// Where one can't be read.
pub fn diff(old: &Path, new: &Path) -> Result<Difference, Error> {
    let (old, new) = (all(old)?, all(new)?);
    let mut difference = Difference::default();
    for (key, hash) in &new {
        match old.get(key) {
            None => difference.added.insert(key.clone()),
            Some(other) if other != hash => difference.changed.insert(key.clone()),
            Some(_) => false,
        };
    }
    difference.removed = old.into_keys().filter(|key| !new.contains_key(key)).collect();
    Ok(difference)
}

/// Every advisory of an index by id and package, with a hash of what it says.
fn all(path: &Path) -> Result<BTreeMap<(String, String), [u8; 16]>, Error> {
    let index = Index::open(path, None)?;
    let mut all: BTreeMap<(String, String), [u8; 16]> = BTreeMap::new();
    for number in 0..index.bucket_count() {
        for (key, about) in index.entries(&index.bucket(number)?, None)? {
            for advisory in about.advisories {
                let mut text = super::bytes::write_head(&advisory);
                text.extend(super::bytes::write_affected(&advisory));
                let hash = super::short_hash(&text);
                let known = all.entry((advisory.id, key.to_string())).or_default();
                known.iter_mut().zip(hash).for_each(|(known, byte)| *known ^= byte);
            }
        }
    }
    Ok(all)
}
