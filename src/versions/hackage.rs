//! Hackage: numbers between dots; of two that start alike, the longer is newer: `1.0 < 1.0.0`.

use super::number::{Number, numbers};
use super::version::{Parsed, Unparsable};

/// The place of a version in the order.
pub(crate) type Key = Vec<Number>;

/// Reads a version.
pub(crate) fn parse(text: &str) -> Result<Parsed<Key>, Unparsable> {
    numbers(text.trim(), &['.']).map(Parsed::certain).ok_or(Unparsable)
}
