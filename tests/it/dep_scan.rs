//! Behaviour of dep-scan.
