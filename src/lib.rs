//! Pipeline gates and promotions.

pub mod advisory;
#[cfg(feature = "forge")]
pub mod annotate;
pub mod ci;
pub mod config;
pub mod core;
pub mod dep_scan;
#[cfg(feature = "forge")]
pub mod devops;
pub mod events;
pub mod files;
pub mod image_scan;
pub mod inventory;
pub mod job;
#[cfg(feature = "forge")]
pub mod net;
pub mod policy;
#[cfg(feature = "forge")]
pub mod promote;
pub mod reading;
pub mod render;
pub mod repository;
pub mod test_gate;
