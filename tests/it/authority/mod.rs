//! A change never decides about itself.

mod effects;
mod keys;
mod repository;
mod world;
