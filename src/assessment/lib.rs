//! What advisories, statements of others and the policy of a project say of packages: the same for a lockfile and for an image.
//!
//! Owns the databases that are asked, matching, how severe a finding is, and the advice that ends it. Knows no lockfile format, no
//! layer and no host.

pub mod databases;
pub mod fix;
pub mod matching;
pub mod mirror;
pub mod policy;
pub mod rules;

pub use databases::DatabaseArguments;
pub use matching::{Key, Lockfile, Matches, compare};
pub use policy::{Policy, Rating, RatingArguments};
