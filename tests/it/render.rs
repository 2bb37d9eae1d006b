//! Behaviour of render.
