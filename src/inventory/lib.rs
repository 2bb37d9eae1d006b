//! Packages as lockfiles list them: what they are, where they stand and how they got there.
//!
//! Owns the package, its purl and the graph with shortest paths. Knows no lockfile format, advisory or host.

pub mod document;
pub mod draft;
pub mod graph;
pub mod lockfiles;
pub mod package;
pub mod purl;
pub mod sboms;

pub use graph::{Asked, Edge, Graph};
pub use package::{Origin, Package, Scope};
pub use purl::{Purl, purl};
