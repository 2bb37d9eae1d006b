//! Is this container image fit to ship, judged by its scanner report?
//!
//! Owns the reading of scanner reports, what they are filtered by, and the rules on them. Must not know how findings
//! are judged, waived, drawn or delivered, and opens nothing but the files it is given.

mod collect;
mod compared;
mod digest;
mod filters;
mod findings;
mod images;
mod outcome;
mod problem;
mod rating;
mod reports;
mod rules;
mod scan;

use std::path::PathBuf;

use clap::{ArgAction, ArgMatches, Args, Command, ValueEnum, ValueHint};

use self::collect::Collector;
use self::digest::Digest;
use self::filters::Filters;
use self::reports::Source;
use devops_assessment::{DatabaseArguments, RatingArguments};
use devops_core::report::Facts;
use devops_core::{Bill, Error, Rule, Severity};
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
    #[arg(long, value_name = "ORIGIN", value_enum, default_value_t = Only::All)]
    pub only: Only,

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

    /// Scanner reports to judge: JSON of Trivy or Grype, or SARIF; `-` is standard input
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

    /// Accept reports about different images; each is judged on its own
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, action = ArgAction::Set, hide_possible_values = true)]
    pub several_images: bool,

    /// Lowest severity at which matches of Grype by a CPE alone fail the gate; the others warn
    #[arg(long, value_name = "SEVERITY")]
    pub cpe_fail_on: Option<Severity>,

    /// Sources whose suppressed findings are accepted, e.g. `.trivyignore`; `*` matches any text; all if none is given; can be repeated
    #[arg(long, value_name = "LIST")]
    pub suppression_sources: Vec<String>,

    /// Reports of what runs in production, to show which findings are new
    #[arg(long, value_name = "FILE", num_args = 1.., value_hint = ValueHint::FilePath)]
    pub compare_with: Vec<PathBuf>,

    /// Findings that the reports given with `--compare-with` contain only warn
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, action = ArgAction::Set, hide_possible_values = true)]
    pub only_new: bool,

    /// Digest of the image that is shipped, alone or with its name, e.g. `ghcr.io/x/shop@sha256:…`; the report must be
    /// about this image
    #[arg(long, value_name = "DIGEST")]
    pub expect_digest: Option<Digest>,
}

impl Arguments {
    /// What to leave out.
    fn filters(&self, fail_on: Severity) -> Filters {
        Filters {
            unknown: self.unknown_severity,
            fail_on,
            cpe_fail_on: self.cpe_fail_on,
            only_new: self.only_new,
            suppressors: self.suppression_sources.clone(),
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
        if self.only_new && self.compare_with.is_empty() {
            return Err(Error::usage("`only-new` needs a report to compare with")
                .help("give the report of what runs in production with `--compare-with`"));
        }
        if let Some(path) = self.compare_with.iter().find(|path| self.report.contains(path)) {
            return Err(Error::usage(format!("{} is compared with itself", path.display()))
                .help("give the report of what runs in production with `--compare-with`"));
        }
        // What nobody applies to a report must not look as if it were.
        let rating = &self.rating;
        let asked = [
            ("base-image", self.base_image.is_some()),
            ("cvss-threshold", rating.cvss_threshold.is_some()),
            ("epss-threshold", rating.epss_threshold.is_some()),
            ("max-base-age", self.max_base_age.is_some()),
            ("max-layers", self.max_layers.is_some()),
            ("max-size", self.max_size.is_some()),
            ("only", self.only == Only::Application),
            ("required-labels", !self.required_labels.is_empty()),
            ("verify-digests", self.verify_digests),
            ("vex", !rating.vex.is_empty()),
        ];
        if let Some((name, _)) = asked.into_iter().find(|(_, is_asked)| *is_asked) {
            return Err(Error::usage(format!(
                "`{name}` is about images that are scanned, not about reports"
            ))
            .help("give the image with `--image`, or leave the setting out"));
        }
        self.filters(Severity::High).check()
    }

    /// Rejects invalid settings of a scan.
    fn check_scan(&self) -> Result<(), Error> {
        if !self.report.is_empty() {
            return Err(Error::usage("both an image and a report are given").help(
                "scan the image with `--image`, or judge a report with `--report`, each in a run of its own",
            ));
        }
        if self.only_new || !self.compare_with.is_empty() {
            return Err(Error::usage("`compare-with` and `only-new` are about reports")
                .help("compare reports: write them with `--formats trivy` and judge them with `--report`"));
        }
        if self.only == Only::Application && self.base_image.is_none() {
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
    /// Those of the base image and those that were built on it
    All,
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
        ("image", Key::Unset),
        ("grace-critical", Key::Maximum),
        ("grace-high", Key::Maximum),
        ("grace-low", Key::Maximum),
        ("grace-medium", Key::Maximum),
        ("kev", Key::ON),
        ("max-base-age", Key::Maximum),
        ("max-db-age", Key::Maximum),
        ("max-layers", Key::Maximum),
        ("max-size", Key::Maximum),
        ("only", Key::Words(&["application", "all"])),
        ("required-labels", Key::List),
        ("verify-digests", Key::ON),
        ("max-report-age", Key::Maximum),
        ("only-new", Key::OFF),
        ("report", Key::List),
        ("several-images", Key::OFF),
        ("unknown-severity", Key::MOST_SEVERE),
    ];

    const FORMATS: &'static [OwnFormat] = &[
        OwnFormat {
            format: Format::Gitlab,
            file: CONTAINER_SCANNING,
            draw: devops_render::container_scanning,
        },
        OwnFormat::of(Format::Cyclonedx, devops_render::cyclonedx_of),
        OwnFormat::of(Format::Spdx, devops_render::spdx_of),
        OwnFormat::of(Format::Openvex, devops_render::openvex),
        OwnFormat::of(Format::Trivy, devops_render::trivy),
        OwnFormat::of(Format::Grype, devops_render::grype),
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
        let mut notes = Vec::new();
        let mut inputs = Vec::new();
        let mut collector = Collector::new(arguments.filters(context.fail_on));
        collector.known = compared::read(arguments, context, &mut inputs, &mut notes)?;
        collector.packages = context.has_bill.then(Vec::new);
        collector.documents = context.has_documents.then(Vec::new);
        let mut reports = Vec::new();
        for path in &arguments.report {
            reports.push(reports::read(Source::open(path)?, &mut collector)?);
        }
        let headers = std::mem::take(&mut collector.headers);
        let groups = images::groups(&headers);
        images::check(&headers, &groups, arguments.several_images)?;
        let (counts, judged) = collector.finish(&groups);
        let once = images::once(&headers);
        let mut findings = outcome::about_reports(arguments, &counts, &once, context.now);
        findings.extend(
            judged
                .iter()
                .filter_map(|judged| Some(findings::finding(judged, headers.get(judged.target.report)?))),
        );
        notes.extend(outcome::notes(arguments, &counts, &collector, &once));
        inputs.extend(reports.iter().cloned());
        Ok(Outcome {
            headline: outcome::headline(&counts, &once),
            findings,
            notes,
            totals: outcome::totals(&counts, &collector),
            details: outcome::details(&counts, &collector, &once),
            reports,
            inputs,
            data: Facts::new(),
            bill: bill(&mut collector),
            ..Outcome::default()
        })
    }
}

/// What the reports list, where it is wanted; a package that only a finding names is listed as well.
fn bill(collector: &mut Collector) -> Option<Bill> {
    let files = collector.packages.take()?;
    let mut bill = Bill::default();
    for file in files {
        if !bill.files.contains(&file) {
            bill.files.push(file);
        }
    }
    bill.files.sort_by(|one, other| one.path.cmp(&other.path));
    for document in collector.documents.take().unwrap_or_default() {
        if !bill.documents.contains(&document) {
            bill.documents.push(document);
        }
    }
    Some(bill)
}
