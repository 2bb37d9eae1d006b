//! Behaviour of promote.
