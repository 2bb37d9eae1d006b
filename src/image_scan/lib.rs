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
mod scan;

use std::path::PathBuf;

use clap::{ArgAction, ArgMatches, Args, Command, ValueEnum, ValueHint};

use self::collect::Collector;
use self::digest::Digest;
use self::filters::Filters;
use devops_assessment::{DatabaseArguments, RatingArguments};
use devops_core::report::Facts;
use devops_core::{Error, Rule, Severity};
use devops_job::{CONTAINER_SCANNING, Context, Format, Job, Key, Kind, Outcome, OwnFormat};

/// The job.
pub struct ImageScan;

/// The job's own flags.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Arguments {
    /// Image to scan: an archive of `docker save` or `podman save`, an OCI layout as a folder or archive, or the root folder of a system
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub image: Option<PathBuf>,

    /// Which databases are asked.
    #[command(flatten)]
    pub database: DatabaseArguments,

    /// Which image is meant, where the archive or layout has several: a name or a tag
    #[arg(long, value_name = "NAME")]
    pub image_tag: Option<String>,

    /// Which image is meant, where there is one for each platform, e.g. `linux/arm64`
    #[arg(long, value_name = "PLATFORM")]
    pub platform: Option<String>,

    /// Base image: an archive, a layout, or the digest of an image in the same layout; findings say whether they are of its layers
    #[arg(long, value_name = "PATH|DIGEST")]
    pub base_image: Option<String>,

    /// Whose layers fail the gate, if the base image is given: with `application`, findings in layers of the base image warn
    #[arg(long, value_name = "ORIGIN", value_enum)]
    pub only: Option<Only>,

    /// Compare the digests of unpacked layers as well, which has all their bytes read
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, action = ArgAction::Set, hide_possible_values = true)]
    pub verify_digests: bool,

    /// Folder that keeps what is known of packed layers for the next run; layers are found by digest
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub cache: Option<PathBuf>,

    /// Labels that the image must have, separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub required_labels: Vec<String>,

    /// Maximum size of all layers in megabytes, unpacked
    #[arg(long, value_name = "MEGABYTES")]
    pub max_size: Option<u64>,

    /// Maximum number of layers
    #[arg(long, value_name = "NUMBER")]
    pub max_layers: Option<u32>,

    /// Maximum age of the base image in days, if the base image is given
    #[arg(long, value_name = "DAYS")]
    pub max_base_age: Option<u32>,

    /// How severe findings are.
    #[command(flatten)]
    pub rating: RatingArguments,

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
        if self.image.is_some() {
            return self.check_scan();
        }
        if self.report.is_empty() {
            return Err(Error::usage("no report to judge")
                .help("give one: `image-scan --report trivy.json`; `-` is standard input"));
        }
        if self.report.iter().filter(|path| path.as_os_str() == "-").count() > 1 {
            return Err(Error::usage("standard input is given twice").help("give `-` once"));
        }
        self.filters().check()
    }

    /// Rejects invalid settings of a scan.
    fn check_scan(&self) -> Result<(), Error> {
        if !self.report.is_empty() {
            return Err(Error::usage("both an image and a report are given").help(
                "scan the image with `--image`, or judge a report with `--report`, each in a run of its own",
            ));
        }
        if self.only.is_some() && self.base_image.is_none() {
            return Err(Error::usage("`only` needs the base image")
                .help("give it with `--base-image`: `devops fetch image` gets one"));
        }
        if self.max_base_age.is_some() && self.base_image.is_none() {
            return Err(
                Error::usage("`max-base-age` needs the base image").help("give it with `--base-image`")
            );
        }
        Ok(())
    }
}

/// Whose layers fail the gate, as a value of `--only`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Only {
    /// Those that were built on the base image
    Application,
}

impl Job for ImageScan {
    const NAME: &'static str = "image-scan";
    const ABOUT: &'static str = "Check the scanner report of a container image";
    type Arguments = Arguments;
    const KIND: Kind = Kind::Gate;
    const KEYS: &'static [(&'static str, Key)] = &[
        ("allow-empty", Key::OFF),
        ("base-image", Key::Decides),
        ("cvss-threshold", Key::Maximum),
        ("db", Key::Unset),
        ("epss-threshold", Key::Maximum),
        ("expect-digest", Key::Unset),
        ("fixed-only", Key::OFF),
        ("frozen-db", Key::OFF),
        ("grace-critical", Key::Maximum),
        ("grace-high", Key::Maximum),
        ("grace-low", Key::Maximum),
        ("grace-medium", Key::Maximum),
        ("kev", Key::ON),
        ("max-base-age", Key::Maximum),
        ("max-db-age", Key::Maximum),
        ("max-layers", Key::Maximum),
        ("max-size", Key::Maximum),
        ("required-labels", Key::List),
        ("verify-digests", Key::ON),
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

    fn queries() -> Vec<Command> {
        vec![scan::packages_command::command()]
    }

    fn answer(_: &str, matches: &ArgMatches) -> Result<String, Error> {
        scan::packages_command::answer(matches)
    }

    fn run(arguments: &Arguments, context: &Context) -> Result<Outcome, Error> {
        arguments.check()?;
        if let Some(image) = &arguments.image {
            return scan::scan(image, arguments, context);
        }
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
