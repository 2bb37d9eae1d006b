//! What takes a package out of reach of its advisories: the lowest fixed version, whether those who need the package admit it, and the
//! smallest set of updates, checked by matching again.

mod advice;
mod diff;
mod edit;
mod plan;
mod tool;

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeSet, HashMap};

use devops_advisory::{Advisory, Kind};
use devops_core::{Ecosystem, Location};
use devops_inventory::{Asked, Graph, Origin, Package};
use devops_versions::builds::split;
use devops_versions::range::Verdict;
use devops_versions::requirement::{Requirement, is_pre_release};
use devops_versions::{Order, Version, find};

pub(crate) use self::advice::{Case, advice};
pub use self::plan::{Plan, Proposed};

/// Most versions without an advisory that requirements are compared with.
const MOST: usize = 32;

/// The version that ends what is known about a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Repair {
    /// The lowest fixed version that no advisory is about; none where there is none.
    pub version: Option<String>,
    /// What those who need the package say of it.
    pub needs: Needs,
    /// Where there is none, a fixed version that is not proposed, and why not.
    pub passed_over: Option<String>,
}

/// What those who need a package say of another version of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Needs {
    /// The project's own requirements that refuse it.
    pub own: Vec<Own>,
    /// Packages that refuse it, each with its requirement.
    pub refusing: Vec<(String, String)>,
    /// Who may refuse it or not; an empty name where nobody is known to need the package.
    pub unknown: Vec<String>,
}

/// Whether those who need a package admit another version of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// All of them do.
    Admitted,
    /// Nobody is known to refuse it.
    Unknown,
    /// The project's own requirements refuse it.
    Raised,
    /// Other packages refuse it.
    Refused,
}

impl Needs {
    /// All of them together.
    pub(super) fn standing(&self) -> Standing {
        if !self.refusing.is_empty() {
            Standing::Refused
        } else if !self.own.is_empty() {
            Standing::Raised
        } else if !self.unknown.is_empty() {
            Standing::Unknown
        } else {
            Standing::Admitted
        }
    }

    /// The word for reports: whether the version is admitted.
    pub(super) fn word(&self) -> &'static str {
        match self.standing() {
            Standing::Admitted => "yes",
            Standing::Unknown => "unknown",
            Standing::Raised | Standing::Refused => "no",
        }
    }
}

/// A requirement of the project itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Own {
    /// The requirement, as the manifest has it.
    pub requirement: String,
    /// Where it stands.
    pub location: Option<Location>,
}

/// Who needs a package: the packages that depend on it, and the project.
pub(super) struct Dependents<'a> {
    graph: &'a Graph,
    /// For each package, who depends on it, with the requirement.
    incoming: Vec<Vec<(usize, Option<&'a str>)>>,
    /// For each package, where the project itself asks for it.
    asked: Vec<Vec<&'a Asked>>,
}

/// What those who need a package ask for.
struct Demands<'a> {
    package: &'a Package,
    asked: Vec<(&'a Asked, Ranges)>,
    /// Who depends on it, with the requirement.
    incoming: Vec<(&'a Package, Option<&'a str>, Ranges)>,
}

/// A requirement that was read; none where it can't be, or where something else decided about the present version, such as an override.
struct Ranges(Option<Requirement>);

impl Ranges {
    fn read(package: &Package, requirement: Option<&str>) -> Self {
        let read = || Requirement::parse(package.ecosystem.name(), requirement?);
        Self(read().filter(|read| read.admits(&package.version) == Some(true)))
    }

    fn admits(&self, version: &str) -> Option<bool> {
        self.0.as_ref()?.admits(version)
    }
}

impl<'a> Dependents<'a> {
    /// Turns the edges of a graph around.
    pub(super) fn of(graph: &'a Graph) -> Self {
        let mut incoming = vec![Vec::new(); graph.packages.len()];
        for (from, edges) in graph.edges.iter().enumerate() {
            for edge in edges {
                if let Some(incoming) = incoming.get_mut(edge.to) {
                    incoming.push((from, edge.requirement.as_deref()));
                }
            }
        }
        let mut asked = vec![Vec::new(); graph.packages.len()];
        for one in &graph.asked {
            if let Some(asked) = asked.get_mut(one.package) {
                asked.push(one);
            }
        }
        Self { graph, incoming, asked }
    }

    /// What they ask for, each requirement read once.
    fn demands<'b>(&'b self, index: usize, package: &'b Package) -> Demands<'b> {
        let of = |requirement| Ranges::read(package, requirement);
        let (asked, incoming) = match package.ecosystem {
            // What a module asks for is the lowest version, so that nobody refuses a higher one.
            Ecosystem::GO => (None, None),
            _ => (self.asked.get(index), self.incoming.get(index)),
        };
        let incoming = incoming.into_iter().flatten();
        Demands {
            package,
            asked: asked.into_iter().flatten().map(|one| (*one, of(one.requirement.as_deref()))).collect(),
            incoming: incoming
                .filter_map(|(from, requirement)| {
                    Some((self.graph.packages.get(*from)?, *requirement, of(*requirement)))
                })
                .collect(),
        }
    }
}

impl Demands<'_> {
    /// What they say of a version.
    fn needs(&self, version: &str) -> Needs {
        let mut needs = Needs::default();
        if self.package.ecosystem == Ecosystem::GO {
            return needs;
        }
        let mut unknown = BTreeSet::new();
        for (asked, ranges) in &self.asked {
            let requirement = asked.requirement.as_deref();
            // A file that lists a version without a requirement pins it.
            let is_pinned = requirement.is_none() && asked.location.is_some();
            match ranges.admits(version) {
                Some(true) => {}
                Some(false) => needs.refuse(requirement.unwrap_or_default(), asked.location.as_ref()),
                None if is_pinned => needs.refuse("", asked.location.as_ref()),
                None => {
                    unknown.insert("the project itself".to_owned());
                }
            }
        }
        for (from, requirement, ranges) in &self.incoming {
            let is_own = from.origin == Origin::Project;
            match (ranges.admits(version), requirement) {
                (Some(true), _) => {}
                // What the project's own packages ask for is known from the manifest already.
                _ if is_own && !self.asked.is_empty() => {}
                (Some(false), Some(requirement)) if is_own => needs.refuse(requirement, None),
                (Some(false), Some(requirement)) => {
                    needs.refusing.push((from.label(), (*requirement).to_owned()));
                }
                _ => {
                    unknown.insert(from.label());
                }
            }
        }
        if self.asked.is_empty() && self.incoming.is_empty() {
            unknown.insert(String::new());
        }
        needs.refusing.sort();
        needs.refusing.dedup();
        needs.unknown = unknown.into_iter().collect();
        needs
    }
}

impl Needs {
    /// A requirement of the project refuses the version.
    fn refuse(&mut self, requirement: &str, location: Option<&Location>) {
        let own = Own { requirement: requirement.to_owned(), location: location.cloned() };
        if !self.own.contains(&own) {
            self.own.push(own);
        }
    }
}

/// Which versions of one name no advisory is about, each asked once: all advisories, or those about versions only.
#[derive(Debug, Default)]
pub(super) struct Clean(RefCell<HashMap<(String, bool), bool>>);

impl Clean {
    /// Whether none of these advisories is about a version.
    fn has(&self, version: &str, advisories: &[&Advisory], is_all: bool) -> bool {
        let key = (version.to_owned(), is_all);
        if let Some(known) = self.0.borrow().get(&key) {
            return *known;
        }
        let is_clean = is_clean(version, advisories);
        self.0.borrow_mut().insert(key, is_clean);
        is_clean
    }
}

/// The version that ends what advisories say of a package, of all that are known about its name.
pub(super) fn repair<'a>(
    dependents: &'a Dependents<'a>,
    index: usize,
    package: &'a Package,
    all: &[&Advisory],
    clean: &Clean,
) -> Repair {
    let mut passed_over = None;
    let demands = OnceCell::new();
    // No version ends that a package has no maintainer, so that this must not hide the one that ends a vulnerability.
    let is_about_versions =
        |advisory: &&&Advisory| !matches!(advisory.kind, Kind::Unmaintained | Kind::Notice);
    let weighty: Vec<&Advisory> = all.iter().filter(is_about_versions).copied().collect();
    for (advisories, is_all) in [(all, true), (weighty.as_slice(), false)] {
        let is_clean = |version: &str| clean.has(version, advisories, is_all);
        let (candidates, reason) = candidates(package, advisories, &is_clean);
        passed_over = passed_over.or(reason);
        let mut first = None;
        let clean = candidates.into_iter().filter(|version| is_clean(version));
        for version in clean.take(MOST) {
            let needs = demands.get_or_init(|| dependents.demands(index, package)).needs(&version);
            let is_admitted = needs.standing() == Standing::Admitted;
            let found = Repair { version: Some(version), needs, passed_over: None };
            if is_admitted {
                return found;
            }
            first = first.or(Some(found));
        }
        if let Some(found) = first {
            return found;
        }
    }
    Repair { version: None, needs: Needs::default(), passed_over }
}

/// Whether no advisory is about a version. One of commits only says as little of it as of the present one.
fn is_clean(version: &str, advisories: &[&Advisory]) -> bool {
    advisories
        .iter()
        .all(|advisory| advisory.affects(version) == Verdict::NotAffected || advisory.has_commits_only())
}

/// The fixed versions above the present one that advisories name, the lowest first, and why others are no candidates.
fn candidates(
    package: &Package,
    advisories: &[&Advisory],
    is_clean: &dyn Fn(&str) -> bool,
) -> (Vec<String>, Option<String>) {
    let Package { ecosystem, version: present, .. } = package;
    let order = find(ecosystem.name()).and_then(|known| known.order()).unwrap_or(Order::SemVer);
    let read = |text: &str| Version::of_any(order, text);
    let build = |(_, build): (&str, &str)| build.to_ascii_lowercase();
    let at = read(present);
    let mut named: Vec<(Version, String)> = advisories
        .iter()
        .flat_map(|advisory| advisory.fixed_versions())
        .map(|version| spelled(package, &version))
        .map(|version| (read(&version), version))
        .filter(|(at_version, _)| at_version.is_certain() && *at_version > at)
        .collect();
    named.sort();
    named.dedup_by(|left, right| left.0 == right.0);
    let is_stable = is_pre_release(ecosystem.name(), present) == Some(false);
    let module = (*ecosystem == Ecosystem::GO && !is_toolchain(package))
        .then(|| Requirement::parse(ecosystem.name(), present))
        .flatten();
    let mut passed_over = Vec::new();
    let mut candidates = Vec::new();
    for (_, version) in named {
        let reason = if is_stable && is_pre_release(ecosystem.name(), &version) != Some(false) {
            "a pre-release"
        } else if *ecosystem == Ecosystem::MAVEN
            && split(order, present).map(build) != split(order, &version).map(build)
        {
            "another build of it"
        } else if module.as_ref().is_some_and(|module| module.admits(&version) != Some(true)) {
            "another module by its major version"
        } else {
            candidates.push(version);
            continue;
        };
        if is_clean(&version) {
            passed_over.push(format!("{version}, which is {reason}"));
        }
    }
    (candidates, passed_over.into_iter().next())
}

/// Whether a package is what Go itself is made of.
pub(super) fn is_toolchain(package: &Package) -> bool {
    package.ecosystem == Ecosystem::GO && matches!(package.name.as_str(), "stdlib" | "toolchain")
}

/// A version as the ecosystem's files spell it.
fn spelled(package: &Package, version: &str) -> String {
    let version = if package.ecosystem == Ecosystem::GO { version.trim_start_matches('v') } else { version };
    let major = version.split('.').next().and_then(|major| major.parse::<u64>().ok()).unwrap_or(0);
    if package.version.contains("+incompatible") && !version.contains('+') && major >= 2 {
        format!("{version}+incompatible")
    } else {
        version.to_owned()
    }
}
