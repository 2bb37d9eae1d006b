//! The job's own flags.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::OsStringValueParser;
use clap::{Arg, ArgAction, Args, Command, ValueEnum, ValueHint};

use super::baseline::{self, TestDrop};
use super::collector::{Assumed, Keep};
use super::environment::Environment;
use devops_benchmarks::Bound;
use devops_core::Error;
use devops_coverage::{FolderFloor, Percent, Prefixes, Scope};
use devops_job::Key;

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Action {
    /// Judge the reports.
    Judge,
    /// Start a command, then judge the reports it wrote.
    Run,
    /// Write a baseline of the reports.
    Baseline,
    /// Merge baselines into one.
    Merge,
}

/// What to do if a configured baseline is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MissingBaseline {
    /// Fail the gate.
    Fail,
    /// Continue without a baseline, with a note.
    Allow,
}

/// What cases of one name in one suite of a report are, where the report leaves it open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RepeatedCases {
    /// Separate tests, such as rows of data or tests with the same title.
    Tests,
    /// Attempts at one test; the last one decides.
    Attempts,
}

/// A merged report of all that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Export {
    /// `tests.junit.xml`: all tests, as Surefire writes them.
    Junit,
    /// `tests.ctrf.json`: all tests in the Common Test Report Format.
    Ctrf,
    /// `coverage.cobertura.xml`: all coverage, for GitLab and other tools.
    Cobertura,
}

/// The job's own flags.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Tests")]
pub struct Arguments {
    /// Reports of tests, coverage and benchmarks: files, folders, patterns with `*`, `**`, `?` and `{a,b}`, or `-` for standard input
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(crate) paths: Vec<PathBuf>,

    /// Pattern of files to leave out of folders and patterns, e.g. `**/legacy/**`; can be repeated
    #[arg(long, value_name = "PATTERN")]
    pub(crate) exclude: Vec<String>,

    /// What to do; the same as the sub-commands `run`, `baseline` and `baseline merge`
    #[arg(long, value_name = "ACTION", value_enum, default_value_t = Action::Judge)]
    pub(crate) action: Action,

    /// Command to start, one word each, for `--action run`; the same as `test-gate run PATH... -- COMMAND`
    #[arg(long, value_name = "WORD", allow_hyphen_values = true)]
    pub(crate) run_command: Vec<OsString>,

    /// Exit code of the run that wrote the reports; the gate fails if it is not 0 and no failure in the reports explains it
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) test_exit_code: Option<i64>,

    /// Minimum number of tests in all reports together
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) min_tests: u64,

    /// Minimum number of test reports, e.g. one per shard
    #[arg(long, value_name = "N")]
    pub(crate) min_reports: Option<u64>,

    /// Merged reports to write to the report folder, separated by commas, e.g. `junit,cobertura`
    #[arg(long, value_name = "LIST", value_enum, value_delimiter = ',')]
    pub(crate) exports: Vec<Export>,

    /// Treat flaky tests, which passed only after failing, as high severity instead of low
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, action = ArgAction::Set, hide_possible_values = true)]
    pub(crate) fail_on_flaky: bool,

    /// Where tests ran, to keep tests with the same name apart: a name for all reports, or `PATTERN = NAME` for reports with a matching path, e.g. `artifacts/linux/** = linux`; can be repeated
    #[arg(long, value_name = "[PATTERN =] NAME")]
    pub(crate) environment: Vec<Environment>,

    /// Treat the reports of each further PATH as later attempts at the failed tests of the PATHs before it
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, action = ArgAction::Set, hide_possible_values = true)]
    pub(crate) attempts: bool,

    /// What repeated cases with the same name in a suite are, if the report doesn't say: separate `tests`, or `attempts` at one test, such as Gradle's retries without `mergeReruns`
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = RepeatedCases::Tests)]
    pub(crate) repeated_cases: RepeatedCases,

    /// How many tests may disappear since the baseline: a number or a percentage such as `2%`
    #[arg(long, value_name = "N|P%")]
    pub(crate) max_test_drop: Option<TestDrop>,

    /// Baseline to compare with, or to write with `test-gate baseline`; read from the base of the change if it is tracked there
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Comparison")]
    pub(crate) baseline: Option<PathBuf>,

    /// What to do if there is no baseline at that path
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = MissingBaseline::Fail, help_heading = "Comparison")]
    pub(crate) missing_baseline: MissingBaseline,

    /// Treat failures that are also in the baseline as low severity instead of high
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, action = ArgAction::Set, hide_possible_values = true, help_heading = "Comparison")]
    pub(crate) new_failures_only: bool,

    /// File with tests that may fail until a given day; read from the base of the change if it is tracked there
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Comparison")]
    pub(crate) quarantine: Option<PathBuf>,

    /// Maximum duration of a test relative to its baseline median, e.g. `2` for twice as long
    #[arg(long, value_name = "RATIO", help_heading = "Comparison")]
    pub(crate) max_slowdown: Option<f64>,

    /// Maximum duration of all tests together relative to their baseline median, e.g. `1.5` for 50 % longer
    #[arg(long, value_name = "RATIO", help_heading = "Comparison")]
    pub(crate) max_run_slowdown: Option<f64>,

    /// Ignore slowdowns of up to this many milliseconds
    #[arg(long, value_name = "MS", default_value_t = 500, help_heading = "Comparison")]
    pub(crate) slowdown_floor: u64,

    /// The change as a unified diff (`git diff BASE...HEAD`), for when the repository is not available
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Comparison")]
    pub(crate) diff: Option<PathBuf>,

    /// Minimum percentage of all lines that must be covered, e.g. `80` or `79.5`
    #[arg(long, value_name = "PERCENT", help_heading = "Coverage")]
    pub(crate) min_coverage: Option<Percent>,

    /// Minimum percentage of all branches that must be covered
    #[arg(long, value_name = "PERCENT", help_heading = "Coverage")]
    pub(crate) min_branch_coverage: Option<Percent>,

    /// Minimum percentage of the lines of each file that must be covered
    #[arg(long, value_name = "PERCENT", help_heading = "Coverage")]
    pub(crate) min_file_coverage: Option<Percent>,

    /// Minimum percentage of the lines added or edited by the change that must be covered
    #[arg(long, value_name = "PERCENT", help_heading = "Coverage")]
    pub(crate) min_patch_coverage: Option<Percent>,

    /// Minimum percentage of the lines below a folder that must be covered, e.g. `src/billing >= 90`; a pattern such as `packages/* >= 80` applies to each matching folder; can be repeated
    #[arg(long, value_name = "FLOOR", help_heading = "Coverage")]
    pub(crate) folder_coverage: Vec<String>,

    /// Files to count for coverage, with the reason, e.g. `src/** : the product's own code`; by default all files count; can be repeated
    #[arg(long, value_name = "PATTERN : REASON", help_heading = "Coverage")]
    pub(crate) coverage_include: Vec<String>,

    /// Files not to count for coverage, with the reason, e.g. `src/generated/** : generated by protoc`; can be repeated
    #[arg(long, value_name = "PATTERN : REASON", help_heading = "Coverage")]
    pub(crate) coverage_exclude: Vec<String>,

    /// Folder that contains all files of a coverage report, if its paths don't show it, e.g. `artifacts/foo/** = packages/foo`; can be repeated
    #[arg(long, value_name = "REPORT = FOLDER", help_heading = "Coverage")]
    pub(crate) coverage_prefix: Vec<String>,

    /// How many percentage points line coverage may drop since the baseline, e.g. `0.5`
    #[arg(long, value_name = "POINTS", help_heading = "Coverage")]
    pub(crate) max_coverage_drop: Option<Percent>,

    /// Maximum slowdown of a benchmark since the baseline, in percent
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0, help_heading = "Benchmarks")]
    pub(crate) max_benchmark_slowdown: f64,

    /// Maximum slowdown of a benchmark with too few samples for statistics, in percent
    #[arg(long, value_name = "PERCENT", default_value_t = 50.0, help_heading = "Benchmarks")]
    pub(crate) max_unsampled_slowdown: f64,

    /// Maximum increase of an exact count, such as instructions, in percent
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0, help_heading = "Benchmarks")]
    pub(crate) max_count_increase: f64,

    /// Accepted probability of a false alarm per run, above 0 and at most 0.5
    #[arg(long, value_name = "RATE", default_value_t = 0.001, help_heading = "Benchmarks")]
    pub(crate) benchmark_alarm_rate: f64,

    /// Fixed limit of a benchmark, e.g. `parse/large <= 12 ms`; needs no baseline; `*` matches any text; can be repeated
    #[arg(long, value_name = "LIMIT", help_heading = "Benchmarks")]
    pub(crate) benchmark_limit: Vec<String>,

    /// Benchmark that measures the speed of the machine, by name or pattern, e.g. `sha256sum`; other times are corrected by its change
    #[arg(long, value_name = "NAME", help_heading = "Benchmarks")]
    pub(crate) benchmark_reference: Option<String>,
}

/// The sub-commands; what follows `--` behind `run` is the command. A file of such a name is written `./run`.
pub(super) fn subcommands() -> Vec<Command> {
    let command = Arg::new("run_command")
        .value_name("COMMAND")
        .help_heading("Tests")
        .help("Command to start, with its arguments")
        .value_parser(OsStringValueParser::new())
        .action(ArgAction::Append)
        .num_args(1..)
        .last(true);
    vec![
        Command::new("run").about("Start a command, then judge the reports it wrote").arg(command),
        Command::new("baseline")
            .about("Write a baseline of the reports")
            .subcommand(Command::new("merge").about("Merge baselines into one")),
    ]
}

/// What a change may do with these keys; every other one decides.
///
/// `action` decides because a change that only writes a baseline would not be judged, `diff` because an empty one hides every line,
/// `exclude` because it hides reports, and `run-command` because it is run.
pub(super) const KEYS: &[(&str, Key)] = &[
    ("baseline", Key::Unset),
    ("benchmark-alarm-rate", Key::Minimum),
    ("benchmark-limit", Key::List),
    ("exports", Key::Harmless),
    ("fail-on-flaky", Key::ON),
    ("folder-coverage", Key::List),
    ("max-benchmark-slowdown", Key::Maximum),
    ("max-count-increase", Key::Maximum),
    ("max-coverage-drop", Key::Maximum),
    ("max-run-slowdown", Key::Maximum),
    ("max-slowdown", Key::Maximum),
    ("max-test-drop", Key::Maximum),
    ("max-unsampled-slowdown", Key::Maximum),
    ("min-branch-coverage", Key::Minimum),
    ("min-coverage", Key::Minimum),
    ("min-file-coverage", Key::Minimum),
    ("min-patch-coverage", Key::Minimum),
    ("min-reports", Key::Minimum),
    ("min-tests", Key::Minimum),
    ("missing-baseline", Key::Words(&["allow", "fail"])),
    ("new-failures-only", Key::OFF),
    ("paths", Key::ListUnless("attempts")),
    ("slowdown-floor", Key::Maximum),
];

impl Arguments {
    /// Refuses a path that is meant to exclude others.
    ///
    /// # Errors
    /// Where there is one.
    pub(super) fn check_paths(&self) -> Result<(), Error> {
        let Some(path) =
            self.paths.iter().map(|path| path.to_string_lossy()).find(|path| path.starts_with('!'))
        else {
            return Ok(());
        };
        let pattern = path.trim_start_matches('!');
        Err(Error::usage(format!("`{path}` among the paths excludes nothing")).help(format!(
            "exclude files with `--exclude '{pattern}'`, and write a file of this name as `./{path}`"
        )))
    }

    /// Whether something is asked for that needs a baseline.
    pub(super) fn needs_baseline(&self) -> bool {
        let has_slowdown = self.max_slowdown.or(self.max_run_slowdown).is_some();
        self.new_failures_only
            || has_slowdown
            || self.max_test_drop.is_some()
            || self.max_coverage_drop.is_some()
    }

    /// What is kept of each test, and what the names of tests mean.
    pub(super) fn keep(&self, names: bool) -> Keep {
        Keep {
            names,
            tests: self.exports.iter().any(|export| *export != Export::Cobertura),
            cases: false,
            attempts: Assumed {
                repeats: self.repeated_cases == RepeatedCases::Attempts,
                paths: self.attempts,
            },
        }
    }

    /// How much worse than the baseline tests may be.
    ///
    /// # Errors
    /// Where a number makes no sense.
    pub(super) fn test_limits(&self) -> Result<baseline::Limits, Error> {
        for (key, ratio) in [("max-slowdown", self.max_slowdown), ("max-run-slowdown", self.max_run_slowdown)]
        {
            if let Some(ratio) = ratio.filter(|ratio| !(ratio.is_finite() && *ratio >= 1.0)) {
                return Err(Error::usage(format!("`{key}` is {ratio}, which is less than 1"))
                    .help("give a ratio of at least 1, such as `2` for twice as long"));
            }
        }
        Ok(baseline::Limits {
            max_slowdown: self.max_slowdown,
            max_run_slowdown: self.max_run_slowdown,
            slowdown_floor_ms: self.slowdown_floor,
            max_test_drop: self.max_test_drop,
        })
    }

    /// How much must be covered.
    ///
    /// # Errors
    /// Where the floor of a folder makes no sense.
    pub(super) fn coverage_limits(&self) -> Result<devops_coverage::Limits, Error> {
        let folders = self.folder_coverage.iter().map(|text| FolderFloor::parse(text));
        Ok(devops_coverage::Limits {
            folders: folders.collect::<Result<_, _>>()?,
            min_coverage: self.min_coverage,
            min_branch_coverage: self.min_branch_coverage,
            min_file_coverage: self.min_file_coverage,
            min_patch_coverage: self.min_patch_coverage,
            max_coverage_drop: self.max_coverage_drop,
        })
    }

    /// Which files count for coverage.
    ///
    /// # Errors
    /// Where a pattern has no reason.
    pub(super) fn coverage_scope(&self) -> Result<Scope, Error> {
        Scope::parse(&self.coverage_include, &self.coverage_exclude)
    }

    /// Where the files of coverage reports lie.
    ///
    /// # Errors
    /// Where a setting makes no sense.
    pub(super) fn coverage_prefixes(&self) -> Result<Prefixes, Error> {
        Prefixes::parse(&self.coverage_prefix)
    }

    /// How much slower benchmarks may be.
    ///
    /// # Errors
    /// Where a number or a limit makes no sense.
    pub(super) fn benchmark_limits(&self) -> Result<devops_benchmarks::Limits, Error> {
        let limits = devops_benchmarks::Limits {
            max_slowdown: self.max_benchmark_slowdown,
            alarm_rate: self.benchmark_alarm_rate,
            size_alone: self.max_unsampled_slowdown,
            exact_tolerance: self.max_count_increase,
            bounds: self.benchmark_limit.iter().map(|text| Bound::parse(text)).collect::<Result<_, _>>()?,
            reference: self.benchmark_reference.clone(),
        };
        limits.check()?;
        Ok(limits)
    }
}
