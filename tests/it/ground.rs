//! Behaviour of ground.
