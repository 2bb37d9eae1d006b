//! Whether the licence of each package is one that the project allows.

pub(super) mod expression;
mod installed;

use std::path::Path;

use spdx::Expression;

use self::expression::Term;
use self::installed::Installed;
use super::Arguments;
use super::matching::{Findings, Lockfile, Subject};
use super::named::Named;
use super::response::Response;
use super::rules::{LICENCE_DENIED, LICENCE_UNKNOWN};
use devops_core::{Error, Finding, Severity};
use devops_inventory::{Origin, Package};

/// A package and something about it: `ring@<0.17: MIT AND ISC`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// The package.
    package: Named,
    /// Its licence.
    licence: String,
}

impl About {
    /// Reads a package and a licence expression.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        // Names in Maven have a colon of their own, without a space.
        let (package, licence) =
            text.split_once(": ").ok_or("expected `PACKAGE: LICENCE`, such as `ring@<0.17: MIT AND ISC`")?;
        let licence = licence.trim();
        if expression::read(licence).is_none() {
            return Err(format!("`{licence}` is not a licence expression of SPDX's list"));
        }
        Ok(Self { package: Named::read(package)?, licence: licence.to_owned() })
    }
}

/// Reads a licence of a list.
pub(super) fn licence(text: &str) -> Result<String, String> {
    match Term::read(text) {
        Some(_) => Ok(text.trim().to_owned()),
        None => Err(format!("`{text}` is not one licence of SPDX's list, such as `Apache-2.0`")),
    }
}

/// Reads a package and one licence.
pub(super) fn exception(text: &str) -> Result<About, String> {
    let about = About::read(text)?;
    licence(&about.licence).map(|_| about)
}

/// What is allowed and denied.
struct Policy<'a> {
    allow: Vec<Term>,
    deny: Vec<Term>,
    exceptions: Vec<(&'a Named, Term)>,
    clarify: &'a [About],
    unknown: Option<Severity>,
}

/// What a policy says of a licence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Allowed,
    Denied,
    Unknown,
}

impl<'a> Policy<'a> {
    /// The policy, or none where licences are not checked.
    fn of(arguments: &'a Arguments) -> Result<Option<Self>, Error> {
        let Arguments { licences_allow, licences_deny, licences_unknown, .. } = arguments;
        let is_about_packages =
            !arguments.licences_exceptions.is_empty() || !arguments.licences_clarify.is_empty();
        if licences_allow.is_empty() && licences_deny.is_empty() && *licences_unknown != Response::Deny {
            if is_about_packages {
                return Err(Error::configuration("exceptions to licences without a list of licences").help(
                    "give the licences in `allow` or `deny` below `[dep-scan.licences]`, or remove the exceptions",
                ));
            }
            return Ok(None);
        }
        let terms = |list: &[String]| list.iter().filter_map(|text| Term::read(text)).collect();
        Ok(Some(Self {
            allow: terms(licences_allow),
            deny: terms(licences_deny),
            exceptions: arguments
                .licences_exceptions
                .iter()
                .filter_map(|about| Some((&about.package, Term::read(&about.licence)?)))
                .collect(),
            clarify: &arguments.licences_clarify,
            unknown: licences_unknown.severity(),
        }))
    }

    /// The licence that the project says a package has.
    fn clarified(&self, package: &Package) -> Option<&str> {
        let about = self.clarify.iter().find(|about| about.package.is_certain(package));
        about.map(|about| about.licence.as_str())
    }

    /// What it says of the licence of a package.
    fn judge(&self, package: &Package, expression: &Expression) -> Verdict {
        let is_excepted = |term: &Term| {
            self.exceptions.iter().any(|(named, licence)| named.is_certain(package) && licence.allows(term))
        };
        let is_denied = |term: &Term| self.deny.iter().any(|entry| entry.denies(term));
        let is_allowed = |term: &Term| {
            if self.allow.is_empty() {
                term.is_listed
            } else {
                self.allow.iter().any(|entry| entry.allows(term))
            }
        };
        let of = |is_fine: &dyn Fn(&Term) -> bool| {
            expression.evaluate(|requirement| {
                let term = Term::of(requirement);
                is_excepted(&term) || !is_denied(&term) && is_fine(&term)
            })
        };
        if of(&is_allowed) {
            Verdict::Allowed
        } else if self.allow.is_empty() && of(&|_| true) {
            // Only the text behind a reference says what it is.
            Verdict::Unknown
        } else {
            Verdict::Denied
        }
    }
}

/// A finding about each package whose licence is denied or unknown.
///
/// # Errors
/// Where the policy can't be meant.
pub(super) fn findings(arguments: &Arguments, lockfiles: &[Lockfile]) -> Result<Vec<Finding>, Error> {
    let Some(policy) = Policy::of(arguments)? else { return Ok(Vec::new()) };
    let mut findings = Findings::default();
    for lockfile in lockfiles {
        let mut installed = None;
        let paths = lockfile.graph.paths();
        let packages = lockfile.graph.packages.iter().enumerate();
        for (index, package) in packages.filter(|(_, package)| package.origin != Origin::Project) {
            let written = policy.clarified(package).or_else(|| stated(package)).map(str::to_owned);
            let written = written.or_else(|| {
                let folder = Path::new(&lockfile.path).parent().unwrap_or_else(|| Path::new(""));
                let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
                let installed = installed.get_or_insert_with(|| Installed::beside(folder));
                installed.licence(package.ecosystem, &package.name, &package.version)
            });
            let expression = written.as_deref().and_then(expression::read);
            let verdict =
                expression.map_or(Verdict::Unknown, |expression| policy.judge(package, &expression));
            let written = written.as_deref();
            let id = written.unwrap_or_default();
            match (verdict, policy.unknown) {
                (Verdict::Denied, _) => {
                    findings.add(lockfile, &paths, index, id, |subject| denied(subject, package, id));
                }
                (Verdict::Unknown, Some(severity)) => {
                    findings.add(lockfile, &paths, index, id, |subject| {
                        unknown(subject, package, written).severity(severity)
                    });
                }
                _ => {}
            }
        }
    }
    Ok(findings.into_findings().collect())
}

/// The licence that a lockfile states.
fn stated(package: &Package) -> Option<&str> {
    package.license.as_deref().map(str::trim).filter(|text| !text.is_empty() && *text != "NOASSERTION")
}

/// The finding that a licence is not allowed.
fn denied(subject: &Subject<'_>, package: &Package, licence: &str) -> Finding {
    let title = format!("{} has the licence {licence}, which is not allowed", package.label());
    subject.told(&LICENCE_DENIED, title, licence).named("licence", licence).detail(subject.way()).help(format!(
        "replace `{}`, or allow the licence below `[dep-scan.licences]`: for all packages in `allow`, for this one in `exceptions`",
        package.name
    ))
}

/// The finding that nobody knows a licence, or that what is written says nothing.
fn unknown(subject: &Subject<'_>, package: &Package, written: Option<&str>) -> Finding {
    let title = match written {
        Some(text) => format!("the licence of {} is not known: {text}", package.label()),
        None => format!("the licence of {} is not known", package.label()),
    };
    let licence = written.unwrap_or_default();
    subject.told(&LICENCE_UNKNOWN, title, licence).named("licence", licence).detail(subject.way()).help(format!(
        "install the packages before the scan, so that their metadata can be read, or write what you found out in `clarify` below `[dep-scan.licences]`: \"{}: LICENCE\"",
        package.name
    ))
}
