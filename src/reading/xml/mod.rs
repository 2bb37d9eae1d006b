//! XML in a window that never grows with the file: tags and text, then elements.
//!
//! Owns tokens, attributes and the balance of elements. Knows no report format.

mod attributes;
mod scanner;
mod walker;

pub use attributes::attributes;
pub use scanner::{Scanner, Token, find};
pub use walker::{Event, Walker};
