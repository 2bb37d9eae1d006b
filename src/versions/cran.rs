//! CRAN and Bioconductor: numbers between dots and hyphens, which are the same; of two that start alike, the longer is newer.

use super::number::{Number, numbers};
use super::version::{Parsed, Unparsable};

/// The place of a version in the order.
pub(crate) type Key = Vec<Number>;

/// Reads a version.
pub(crate) fn parse(text: &str) -> Result<Parsed<Key>, Unparsable> {
    numbers(text.trim(), &['.', '-']).map(Parsed::certain).ok_or(Unparsable)
}
