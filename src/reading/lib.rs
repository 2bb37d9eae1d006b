//! From bytes to text, tags, lines and values, with line and column, in windows that don't grow with the input.
//!
//! Owns encodings, XML, JSON, lines, patterns of paths, excerpts, a quick hash of names and what is wrong with an input. Knows no report format, no rule,
//! no host and no network; imports `core` alone.

pub mod encoding;
pub mod excerpt;
pub mod glob;
pub mod hash;
pub mod json;
pub mod lines;
pub mod shape;
pub mod trouble;
pub mod xml;
