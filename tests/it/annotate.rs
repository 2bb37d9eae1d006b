//! Behaviour of annotate.
