//! Where we run: GitHub Actions, GitLab CI or a laptop; the only writer of their files and commands.
//!
//! Owns detection, step outputs and links. Knows no job and no renderer.

mod base;
mod deployment;
mod host;
mod log;
mod outputs;
mod run;

pub use deployment::{DeploymentFacts, Forge, ForgeToken};
pub use host::{Host, HostChoice};
pub use log::shield;
pub use outputs::{OUTPUTS, Outputs, append_summary, write_outputs};
pub use run::{Run, RunFacts, run, run_facts};
