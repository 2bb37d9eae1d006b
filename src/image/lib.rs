//! Images as files: which one is meant, what its layers bring and take away, and what is left once they lie on each other.
//!
//! Owns archives, layouts and root folders, manifests, tar archives, layers and whiteouts. Nothing is written to the disk and nothing
//! is fetched. Knows of packages only that something is taken from files ([`devops_inventory::installed`]); knows no advisory, rule or
//! host.

mod cache;
mod caches;
mod config;
mod content;
mod image;
mod layer;
mod manifest;
mod members;
mod paths;
mod region;
mod scan;
mod sum;
mod tar;
mod tree;
mod unpack;

pub use cache::Store;
pub use caches::Cache;
pub use config::{Config, Step};
pub use image::{Blob, Image, Opened, Selection, open};
pub use layer::{Kept, Layer, RawPath, Take};
pub use region::Region;
pub use scan::{Aliases, Layers, TakenAgain, Way, read_layers, read_root, take_again, take_again_in_root};
pub use sum::Sum;
pub use tree::{Place, Tree};
pub use unpack::read;
