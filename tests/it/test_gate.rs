//! Behaviour of test-gate.
