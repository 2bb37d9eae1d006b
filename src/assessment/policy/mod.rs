//! How bad a finding is: by its advisories, by what lists and analysers add, and by what the project decided.

#[cfg(test)]
mod damaged_tests;
mod ecosystems;
mod projects;
mod reachability;
mod sources;
pub mod statement_file;
mod threshold;
mod vex;

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{ArgAction, Args, ValueHint};
use jiff::civil::Date;

use self::projects::Projects;
use self::reachability::Unreachable;
use self::threshold::{held, rated};
use self::vex::Vex;
use super::matching::{Key, Lockfile, Matches, worst};
use super::rules::UNDECIDED;
use devops_advisory::record::score_of;
use devops_advisory::{Advisory, Epss, Kind};
use devops_core::{Error, Finding, Input, Role, Severity};
use devops_inventory::{Package, Scope};
use devops_job::Context;

pub use ecosystems::covered;
pub(crate) use ecosystems::has_advisories;
pub use sources::sources;

/// What is known about a finding's advisories and package when its severity is decided.
#[derive(Debug)]
pub struct Facts {
    /// The kind that weighs most.
    pub(crate) kind: Kind,
    /// The highest severity of those that name one.
    pub(crate) severity: Option<Severity>,
    /// The highest score of their newest CVSS vectors.
    pub(crate) score: Option<f64>,
    /// The highest probability of use.
    pub(crate) epss: Option<Epss>,
    /// Since when it is known to be exploited.
    pub(crate) known_exploited: Option<Date>,
    /// The first day of publication.
    pub(crate) published: Option<Date>,
    /// Whether a fix is known.
    pub(crate) has_fix: bool,
    /// Every id and alias, in lower case.
    pub(crate) ids: Vec<String>,
    /// What the package is needed for, over all lockfiles the strongest.
    pub(crate) scope: Scope,
    /// Whether every lockfile only gives a bound of its version.
    pub(crate) is_guessed: bool,
    /// The package, as the first lockfile has it.
    pub(crate) package: Package,
    /// The lockfiles that list it, by their places among those that were compared.
    pub(crate) lockfiles: BTreeSet<usize>,
}

impl Facts {
    /// What advisories about one thing say of a package.
    pub(crate) fn of(package: &Package, group: &[&Advisory], has_fix: bool, lockfile: usize) -> Self {
        let ids = group.iter().flat_map(|advisory| std::iter::once(&advisory.id).chain(&advisory.aliases));
        let score = |advisory: &&Advisory| advisory.vectors.iter().find_map(|vector| score_of(vector));
        Self {
            kind: worst(group).clone(),
            severity: group.iter().filter_map(|advisory| advisory.severity()).max(),
            score: group.iter().filter_map(score).max_by(f64::total_cmp),
            epss: group.iter().filter_map(|advisory| advisory.epss).max_by_key(|epss| epss.score),
            known_exploited: group.iter().filter_map(|advisory| advisory.known_exploited).min(),
            published: group.iter().filter_map(|advisory| advisory.date).min(),
            has_fix,
            ids: ids.map(|id| id.to_ascii_lowercase()).collect(),
            scope: package.scope,
            is_guessed: package.is_guessed,
            package: package.clone(),
            lockfiles: BTreeSet::from([lockfile]),
        }
    }

    /// Adds the same package of another lockfile.
    pub(crate) fn also(&mut self, package: &Package, lockfile: usize) {
        self.lockfiles.insert(lockfile);
        self.scope = self.scope.min(package.scope);
        self.is_guessed &= package.is_guessed;
    }
}

/// Flags that say how severe a finding is, the same in every job.
#[derive(Debug, Clone, Args)]
pub struct RatingArguments {
    /// CVSS score from which a finding is at least high, e.g. 6.5
    #[arg(long, value_name = "SCORE", value_parser = number_in::<10>)]
    pub cvss_threshold: Option<f64>,

    /// Probability of exploitation (EPSS) from which a finding is at least high, e.g. 0.1 for 10 %
    #[arg(long, value_name = "PROBABILITY", value_parser = number_in::<1>)]
    pub epss_threshold: Option<f64>,

    /// Raise vulnerabilities that are known to be exploited (CISA's KEV) to critical
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = true, action = ArgAction::Set, hide_possible_values = true)]
    pub kev: bool,

    /// Days after publication before a critical advisory fails the gate; until then it warns
    #[arg(long, value_name = "DAYS", default_value_t = 0, value_parser = clap::value_parser!(u16))]
    pub grace_critical: u16,

    /// Days after publication before an advisory of severity high fails the gate
    #[arg(long, value_name = "DAYS", default_value_t = 0, value_parser = clap::value_parser!(u16))]
    pub grace_high: u16,

    /// Days after publication before an advisory of severity medium fails the gate
    #[arg(long, value_name = "DAYS", default_value_t = 0, value_parser = clap::value_parser!(u16))]
    pub grace_medium: u16,

    /// Days after publication before an advisory of severity low fails the gate
    #[arg(long, value_name = "DAYS", default_value_t = 0, value_parser = clap::value_parser!(u16))]
    pub grace_low: u16,

    /// VEX document (OpenVEX, CycloneDX or CSAF) that says what is not affected; can be repeated
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub vex: Vec<PathBuf>,
}

/// A number from 0 to `LARGEST`.
fn number_in<const LARGEST: u8>(text: &str) -> Result<f64, String> {
    let number = text.trim().parse().ok().filter(|number| (0.0..=f64::from(LARGEST)).contains(number));
    let example = if LARGEST == 1 { "0.1" } else { "6.5" };
    number.ok_or_else(|| format!("expected a number from 0 to {LARGEST} such as {example}"))
}

/// How severe findings are, as the project decided.
#[derive(Debug, Clone)]
pub struct Rating<'a> {
    /// What every job asks.
    pub arguments: &'a RatingArguments,
    /// Severity of a vulnerability that nobody rated.
    pub unknown_severity: Severity,
    /// Whether only findings with a known fix fail the gate.
    pub fixed_only: bool,
    /// Scopes whose findings fail the gate; all where there are none.
    pub scopes: Vec<Scope>,
    /// Results of analysers that say what is not reached.
    pub reachability: &'a [PathBuf],
}

/// What the project decided, and what others stated.
pub struct Policy<'a> {
    rating: Rating<'a>,
    fail_on: Severity,
    today: Date,
    vex: Vex,
    unreachable: Unreachable,
    /// The files that were read.
    pub inputs: Vec<Input>,
    /// What is to be said of them.
    pub notes: Vec<String>,
}

impl<'a> Policy<'a> {
    /// Reads the statements of others.
    ///
    /// # Errors
    /// Where a file is there and is not in one of the formats.
    pub fn read(rating: Rating<'a>, context: &Context) -> Result<Self, Error> {
        let (mut inputs, mut notes) = (Vec::new(), Vec::new());
        let vex = statement_file::read(&rating.arguments.vex, context, &mut inputs, &mut notes)?;
        let analyses = statement_file::read(rating.reachability, context, &mut inputs, &mut notes)?;
        Ok(Self {
            rating,
            fail_on: context.fail_on,
            today: context.today(),
            vex: Vex::read(&vex, context.now, &mut notes)?,
            unreachable: Unreachable::read(&analyses)?,
            inputs,
            notes,
        })
    }

    /// Decides how bad each finding about an advisory is, and which ones statements accept.
    pub fn apply(&self, matches: &mut Matches, lockfiles: &[Lockfile]) {
        let projects: Vec<Projects<'_>> =
            lockfiles.iter().map(|lockfile| Projects { graph: &lockfile.graph }).collect();
        for (key, facts) in &matches.facts {
            if let Some(finding) = matches.findings.get_mut(key) {
                self.judge(finding, facts, &projects);
            }
        }
        if self.vex.is_empty() {
            return;
        }
        // Whoever looked into the repository knows what the advisory alone does not decide.
        let undecided = matches.findings.iter_mut().filter(|(_, finding)| finding.rule == UNDECIDED.id);
        for (key, finding) in undecided {
            let ids = finding.subject.names().filter(|(role, _)| *role == Role::Identifier);
            let ids: Vec<String> = ids.map(|(_, id)| id.to_ascii_lowercase()).collect();
            if ids.iter().any(|id| id.starts_with("mal-")) {
                continue;
            }
            let is_of = |package: &Package| Key::of(package, &key.id) == *key;
            finding.waived =
                self.vex.waives(&ids, projects.iter().flat_map(|projects| projects.that_need(is_of)));
        }
    }

    fn judge(&self, finding: &mut Finding, facts: &Facts, projects: &[Projects<'_>]) {
        // A threshold, a scope, a fix, a delay or a statement is no reason to run malicious code.
        if facts.kind == Kind::Malware {
            finding.severity = Severity::Critical;
            return;
        }
        let (mut severity, mut reasons) = rated(&self.rating, facts);
        if let Some(tool) = self.unreachable.tool_that_excludes(facts) {
            let lower = one_below(severity);
            reasons.push(format!("{tool} does not reach it: {lower} instead of {severity}"));
            severity = lower;
        }
        if severity >= self.fail_on
            && let Some(reason) = held(&self.rating, facts, severity, self.today)
        {
            severity = one_below(self.fail_on);
            reasons.push(reason);
        }
        finding.severity = severity;
        for reason in reasons {
            finding.detail.push('\n');
            finding.detail.push_str(&reason);
        }
        if self.vex.is_empty() {
            return;
        }
        let known = &facts.package;
        let is_of = |package: &Package| {
            (package.ecosystem, &package.name, &package.version)
                == (known.ecosystem, &known.name, &known.version)
        };
        let lockfiles = facts.lockfiles.iter().filter_map(|lockfile| projects.get(*lockfile));
        finding.waived =
            self.vex.waives(&facts.ids, lockfiles.flat_map(|projects| projects.that_need(is_of)));
    }
}

/// The severity one step below, which still warns.
fn one_below(severity: Severity) -> Severity {
    match severity {
        Severity::Critical => Severity::High,
        Severity::High => Severity::Medium,
        Severity::Medium | Severity::Low => Severity::Low,
        Severity::Info => Severity::Info,
    }
}
