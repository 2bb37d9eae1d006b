//! Where packages of a kind are published.

/// Where packages of a kind are published; decides their version order and which advisories are about them.
///
/// A name means something in its ecosystem only: packages and advisories are compared by ecosystem and name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ecosystem {
    name: &'static str,
    purl_type: &'static str,
}

impl Ecosystem {
    /// Rust's registry.
    pub const CRATES_IO: Self = Self::new("crates.io", "cargo");

    /// An ecosystem, by the name that OSV uses and the type that stands in a purl.
    pub const fn new(name: &'static str, purl_type: &'static str) -> Self {
        Self { name, purl_type }
    }

    /// The name that OSV uses.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// The type that stands in a purl.
    pub const fn purl_type(self) -> &'static str {
        self.purl_type
    }
}
