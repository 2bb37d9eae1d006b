//! Behaviour of image-scan.
