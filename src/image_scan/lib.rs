//! Is this container image fit to ship, judged by its scanner report?
//!
//! Owns the reading of scanner reports, what they are filtered by, and the rules on them. Must not know how findings
//! are judged, waived, drawn or delivered, and opens nothing but the files it is given.

mod collect;
mod digest;
mod filters;
mod findings;
mod outcome;
mod problem;
mod reports;
mod rules;

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueHint};

use self::collect::Collector;
use self::digest::Digest;
use self::filters::Filters;
use devops_core::report::Facts;
use devops_core::{Error, Rule, Severity};
use devops_job::{CONTAINER_SCANNING, Context, Format, Job, Key, Kind, Outcome, OwnFormat};

/// The job.
pub struct ImageScan;

/// The job's own flags.
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// Trivy reports to judge, written by `trivy image --format json`; `-` is standard input
    #[arg(long, value_name = "FILE", num_args = 1.., value_hint = ValueHint::FilePath)]
    pub report: Vec<PathBuf>,

    /// Leave out vulnerabilities without a fix; a note gives their number
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, action = ArgAction::Set, hide_possible_values = true)]
    pub fixed_only: bool,

    /// Leave out vulnerabilities with these statuses, separated by commas, e.g. `will_not_fix,end_of_life`
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub ignore_status: Vec<String>,

    /// Check only targets with these names; `*` matches any text; can be repeated
    #[arg(long, value_name = "LIST")]
    pub targets: Vec<String>,

    /// Check only targets of these classes, separated by commas, e.g. `os-pkgs,lang-pkgs`
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub classes: Vec<String>,

    /// Severity of vulnerabilities without a rating: critical, high, medium, low or info
    #[arg(long, value_name = "SEVERITY", default_value = "medium")]
    pub unknown_severity: Severity,

    /// Accept a report without any results
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, action = ArgAction::Set, hide_possible_values = true)]
    pub allow_empty: bool,

    /// Maximum age of the report in days
    #[arg(long, value_name = "DAYS")]
    pub max_report_age: Option<u32>,

    /// Digest of the image that is shipped, alone or with its name, e.g. `ghcr.io/x/shop@sha256:…`; the report must be
    /// about this image
    #[arg(long, value_name = "DIGEST")]
    pub expect_digest: Option<Digest>,
}

impl Arguments {
    /// What to leave out.
    fn filters(&self) -> Filters {
        Filters {
            fixed_only: self.fixed_only,
            statuses: self.ignore_status.clone(),
            targets: self.targets.clone(),
            classes: self.classes.clone(),
        }
    }

    /// Rejects invalid settings.
    fn check(&self) -> Result<(), Error> {
        if self.report.is_empty() {
            return Err(Error::usage("no report to judge")
                .help("give one: `image-scan --report trivy.json`; `-` is standard input"));
        }
        if self.report.iter().filter(|path| path.as_os_str() == "-").count() > 1 {
            return Err(Error::usage("standard input is given twice").help("give `-` once"));
        }
        self.filters().check()
    }
}

impl Job for ImageScan {
    const NAME: &'static str = "image-scan";
    const ABOUT: &'static str = "Check the scanner report of a container image";
    type Arguments = Arguments;
    const KIND: Kind = Kind::Gate;
    const KEYS: &'static [(&'static str, Key)] = &[
        ("allow-empty", Key::OFF),
        ("expect-digest", Key::Unset),
        ("fixed-only", Key::OFF),
        ("max-report-age", Key::Maximum),
        ("report", Key::List),
        ("unknown-severity", Key::MOST_SEVERE),
    ];

    const FORMATS: &'static [OwnFormat] = &[
        OwnFormat {
            format: Format::Gitlab,
            file: CONTAINER_SCANNING,
            draw: devops_render::container_scanning,
        },
        OwnFormat::of(Format::Openvex, devops_render::openvex),
    ];

    const STALE: Option<Rule> = Some(rules::STALE);

    const EVENT: devops_events::Kind = devops_events::Kind::Scan;

    fn rules() -> &'static [Rule] {
        rules::RULES
    }

    fn run(arguments: &Arguments, context: &Context) -> Result<Outcome, Error> {
        arguments.check()?;
        let mut collector = Collector::new(arguments.filters());
        let mut headers = Vec::new();
        let mut inputs = Vec::new();
        for path in &arguments.report {
            let (read, input) = reports::read(path, &mut collector, headers.len())?;
            headers.extend(read);
            inputs.push(input);
        }
        let (counts, kept) = collector.finish();
        let mut findings = outcome::about_reports(arguments, &counts, &headers, context.now);
        for (problem, target) in kept {
            if let Some(header) = headers.get(target.report) {
                findings.push(findings::finding(&problem, &target, header, arguments.unknown_severity));
            }
        }
        Ok(Outcome {
            headline: outcome::headline(&counts, &collector, &headers),
            findings,
            notes: outcome::notes(arguments, &counts, &collector, &headers),
            totals: outcome::totals(&counts, &collector),
            details: outcome::details(&counts, &collector, &headers),
            reports: inputs.clone(),
            inputs,
            data: Facts::new(),
            ..Outcome::default()
        })
    }
}
