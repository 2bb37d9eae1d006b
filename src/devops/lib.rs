//! The whole pipeline on a laptop: `run`, every job by its name, `fetch`, `serve`, `explain`, `config`, `completions`, `man`.
//!
//! Owns the table of jobs and their order; the only room that knows several jobs. Decides nothing itself.

mod command_line;
mod fetch;
mod interrupt;
mod jobs;
mod merged;
mod pipeline;
mod serve;
mod served_file;
mod show;

pub use command_line::{Arguments, command, main};
pub use jobs::{Entry, JOBS, all_rules};
