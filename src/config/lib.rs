//! Settings: flags over action inputs over environment over `devops.toml` over defaults, each with where it came from.
//!
//! Owns `devops.toml` and the span of every mistake in it. Knows flags only through clap's description of them.

mod file;
mod schema;
mod settings;
mod variables;

pub use file::Listed;
pub use file::{FILE_NAME, File, JOBS, path_of};
pub use schema::schema;
pub use settings::{ACTION, Holds, Origin, Refusal, Resolved, Setting, Source, combine, key, resolve};
pub use variables::{is_setting, misspelt};
