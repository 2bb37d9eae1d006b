//! Packages as lockfiles list them: what they are, where they stand and how they got there.
//!
//! Owns the package, its purl and the graph with shortest paths, and the dates packages were published on. Knows no lockfile format, advisory or host.

mod bill;
pub mod document;
pub mod draft;
pub mod graph;
pub mod installed;
pub mod lockfiles;
pub mod package;
pub mod purl;
pub mod release_dates;
pub mod sboms;

pub use bill::{bill, package_manager};
pub use graph::{Asked, Edge, Graph, Paths};
pub use package::{Origin, Package, Scope, SourcePackage};
pub use purl::{Purl, purl};
pub use release_dates::ReleaseDates;
