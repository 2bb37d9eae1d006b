//! A change never decides about itself.

mod repository;
mod world;
