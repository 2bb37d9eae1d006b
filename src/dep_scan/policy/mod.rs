//! How bad a finding is: by its advisories, by what lists and analysers add, and by what the project decided.

#[cfg(test)]
mod damaged_tests;
mod ecosystems;
mod reachability;
mod sources;
pub(super) mod statement_file;
mod threshold;
mod vex;

use std::collections::BTreeSet;

use jiff::civil::Date;

use self::reachability::Unreachable;
use self::threshold::{held, rated};
use self::vex::Vex;
use super::Arguments;
use super::matching::{Key, Lockfile, Matches, worst};
use super::rules::UNDECIDED;
use devops_advisory::record::score_of;
use devops_advisory::{Advisory, Epss, Kind};
use devops_core::{Error, Finding, Input, Role, Severity};
use devops_inventory::{Origin, Package, Scope};
use devops_job::Context;

pub(super) use ecosystems::{covered, has_advisories};
pub(super) use sources::sources;

/// What is known about a finding's advisories and package when its severity is decided.
#[derive(Debug)]
pub(super) struct Facts {
    /// The kind that weighs most.
    pub(super) kind: Kind,
    /// The highest severity of those that name one.
    pub(super) severity: Option<Severity>,
    /// The highest score of their newest CVSS vectors.
    pub(super) score: Option<f64>,
    /// The highest probability of use.
    pub(super) epss: Option<Epss>,
    /// Since when it is known to be exploited.
    pub(super) known_exploited: Option<Date>,
    /// The first day of publication.
    pub(super) published: Option<Date>,
    /// Whether a fix is known.
    pub(super) has_fix: bool,
    /// Every id and alias, in lower case.
    pub(super) ids: Vec<String>,
    /// What the package is needed for, over all lockfiles the strongest.
    pub(super) scope: Scope,
    /// Whether every lockfile only gives a bound of its version.
    pub(super) is_guessed: bool,
    /// The package, as the first lockfile has it.
    pub(super) package: Package,
    /// The lockfiles that list it, by their places among those that were compared.
    pub(super) lockfiles: BTreeSet<usize>,
}

impl Facts {
    /// What advisories about one thing say of a package.
    pub(super) fn of(package: &Package, group: &[&Advisory], has_fix: bool, lockfile: usize) -> Self {
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
    pub(super) fn also(&mut self, package: &Package, lockfile: usize) {
        self.lockfiles.insert(lockfile);
        self.scope = self.scope.min(package.scope);
        self.is_guessed &= package.is_guessed;
    }
}

/// What the project decided, and what others stated.
pub(super) struct Policy<'a> {
    arguments: &'a Arguments,
    fail_on: Severity,
    today: Date,
    vex: Vex,
    unreachable: Unreachable,
    /// The files that were read.
    pub(super) inputs: Vec<Input>,
    /// What is to be said of them.
    pub(super) notes: Vec<String>,
}

impl<'a> Policy<'a> {
    /// Reads the statements of others.
    ///
    /// # Errors
    /// Where a file is there and is not in one of the formats.
    pub(super) fn read(arguments: &'a Arguments, context: &Context) -> Result<Self, Error> {
        let (mut inputs, mut notes) = (Vec::new(), Vec::new());
        let vex = statement_file::read(&arguments.vex, context, &mut inputs, &mut notes)?;
        let analyses = statement_file::read(&arguments.reachability, context, &mut inputs, &mut notes)?;
        Ok(Self {
            arguments,
            fail_on: context.fail_on,
            today: context.today(),
            vex: Vex::read(&vex, context.now, &mut notes)?,
            unreachable: Unreachable::read(&analyses)?,
            inputs,
            notes,
        })
    }

    /// Decides how bad each finding about an advisory is, and which ones statements accept.
    pub(super) fn apply(&self, matches: &mut Matches, lockfiles: &[Lockfile]) {
        let projects: Vec<Vec<&Package>> = lockfiles.iter().map(projects).collect();
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
            let is_of = |package: &&Package| Key::of(package, &key.id) == *key;
            let listed = lockfiles.iter().zip(&projects).filter_map(|(lockfile, projects)| {
                Some((lockfile.graph.packages.iter().find(is_of)?, projects.as_slice()))
            });
            finding.waived = self.vex.waives(&ids, listed);
        }
    }

    fn judge(&self, finding: &mut Finding, facts: &Facts, projects: &[Vec<&Package>]) {
        // A threshold, a scope, a fix, a delay or a statement is no reason to run malicious code.
        if facts.kind == Kind::Malware {
            finding.severity = Severity::Critical;
            return;
        }
        let (mut severity, mut reasons) = rated(self.arguments, facts);
        if let Some(tool) = self.unreachable.tool_that_excludes(facts) {
            let lower = one_below(severity);
            reasons.push(format!("{tool} does not reach it: {lower} instead of {severity}"));
            severity = lower;
        }
        if severity >= self.fail_on
            && let Some(reason) = held(self.arguments, facts, severity, self.today)
        {
            severity = one_below(self.fail_on);
            reasons.push(reason);
        }
        finding.severity = severity;
        for reason in reasons {
            finding.detail.push('\n');
            finding.detail.push_str(&reason);
        }
        let projects = |lockfile: &usize| projects.get(*lockfile).map_or(&[][..], Vec::as_slice);
        let listed = facts.lockfiles.iter().map(|lockfile| (&facts.package, projects(lockfile)));
        finding.waived = self.vex.waives(&facts.ids, listed);
    }
}

/// The packages of the project that a lockfile is of.
fn projects(lockfile: &Lockfile) -> Vec<&Package> {
    lockfile.graph.packages.iter().filter(|package| package.origin == Origin::Project).collect()
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
