//! Which versions a requirement admits, one file per grammar.

mod plain;

pub use plain::Plain;
