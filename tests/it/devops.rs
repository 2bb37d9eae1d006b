//! Behaviour of devops.
