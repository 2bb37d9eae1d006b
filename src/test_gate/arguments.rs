//! The job's own flags.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum, ValueHint};

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Action {
    /// Judge the reports.
    Judge,
    /// Start a command, then judge the reports it wrote.
    Run,
    /// Write a baseline of the reports.
    Baseline,
    /// Fold baselines into one.
    Merge,
}

/// A merged report of all that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Export {
    /// `tests.junit.xml`: all tests, for programs that read `JUnit` XML.
    Junit,
    /// `tests.ctrf.json`: all tests in the Common Test Report Format.
    Ctrf,
}

/// The job's own flags.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Tests")]
pub struct Arguments {
    /// Reports of tests, coverage and benchmarks: files, folders, patterns with `*`, `**` and `?`, or `-` for standard input
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,

    /// What to do; `test-gate run`, `test-gate baseline` and `test-gate baseline merge` say the same
    #[arg(long, value_name = "ACTION", value_enum, default_value_t = Action::Judge)]
    pub action: Action,

    /// The command to start and its arguments, one each; `test-gate run PATH... -- COMMAND` says the same
    #[arg(long, value_name = "WORD", allow_hyphen_values = true)]
    pub command: Vec<OsString>,

    /// Exit code of the run that wrote the reports; other than 0, a failed test must explain it
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub test_exit_code: Option<i64>,

    /// Least number of tests that all reports together must hold
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub min_tests: u64,

    /// Where the change began: `auto` asks the host, `none` has no base, anything else is a branch, tag or commit
    #[arg(long, value_name = "REV", default_value = "auto")]
    pub base: String,

    /// Merged reports to write into the report folder, separated by commas
    #[arg(long, value_name = "LIST", value_enum, value_delimiter = ',')]
    pub exports: Vec<Export>,

    /// Whether a test that passed only after it had failed fails the gate
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, action = ArgAction::Set, hide_possible_values = true)]
    pub fail_on_flaky: bool,
}
