//! How the binaries reach a pipeline: actions, templates, the launcher, and the homes they run in.

mod generated;

/// Folder of the project.
pub(crate) const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The jobs that have an action and a template.
pub(crate) const JOBS: [&str; 5] = ["test-gate", "dep-scan", "image-scan", "promote", "annotate"];
