//! Builds that failed within a run of `go test`: one error of the compiler is one finding, whatever packages it keeps from running.
//!
//! Since go 1.24 events say what a build printed, and a package names the build that it failed for. Before, both stand as plain text
//! between the events: `# package`, what the compiler said, `FAIL package [build failed]`.

use std::collections::{BTreeMap, BTreeSet};

use super::reason;
use crate::collector::{Collector, GroupError};
use crate::rerun;
use devops_core::words::count;
use devops_reading::excerpt::prefix;
use devops_reading::trouble::Position;

/// Maximum number of bytes kept of what one build prints.
const KEPT: usize = 4_000;

/// Maximum number of builds whose output is kept, and most packages that are named with each.
const BUILDS: usize = 1_000;
const NAMED: usize = 20;

/// What `go test` prints of a package that it could not build.
const MARKS: [&str; 2] = ["[build failed]", "[setup failed]"];

/// The package that a line says could not be built.
pub(super) fn unbuilt(line: &str) -> Option<&str> {
    let rest = line.trim_end().strip_prefix("FAIL\t")?;
    let package = MARKS.iter().find_map(|mark| rest.strip_suffix(mark))?.trim();
    (!package.is_empty() && !package.contains(char::is_whitespace)).then_some(package)
}

/// A package that did not run.
#[derive(Debug)]
struct Package {
    name: String,
    /// The build that it says failed.
    build: Option<String>,
    /// What it printed itself.
    output: String,
    at: Position,
}

/// What builds printed, and what did not run for them.
#[derive(Debug, Default)]
pub(super) struct Builds {
    /// What they printed, by what was built, such as `shop/pay [shop/pay.test]`.
    outputs: BTreeMap<String, String>,
    /// Those that events say failed.
    failed: BTreeSet<String>,
    /// The build whose output stands between the events at the moment.
    open: Option<String>,
    packages: Vec<Package>,
    names: BTreeSet<String>,
}

impl Builds {
    /// A build prints something.
    pub(super) fn output(&mut self, build: &str, text: &str) {
        if self.outputs.len() < BUILDS || self.outputs.contains_key(build) {
            let output = self.outputs.entry(build.to_owned()).or_default();
            output.push_str(prefix(text, KEPT.saturating_sub(output.len())));
        }
    }

    /// A build failed.
    pub(super) fn fail(&mut self, build: &str) {
        self.failed.insert(build.to_owned());
    }

    /// An event follows whatever stood between.
    pub(super) fn event(&mut self) {
        self.open = None;
    }

    /// A line that is no event.
    pub(super) fn text(&mut self, line: &str) {
        if let Some(package) = unbuilt(line) {
            self.package(package, None, line, Position::NOWHERE);
        }
        // `# [package]` goes on with what vet says of the same build.
        match line.strip_prefix("# ").filter(|build| !build.starts_with('[')) {
            Some(build) => self.open = Some(build.to_owned()),
            None if line.starts_with("FAIL") => self.open = None,
            None => {}
        }
        if let Some(build) = self.open.clone() {
            self.output(&build, &format!("{line}\n"));
        }
    }

    /// A package did not run, because it, or another one that it needs, could not be built.
    pub(super) fn package(&mut self, name: &str, build: Option<&str>, output: &str, at: Position) {
        if self.names.insert(name.to_owned()) {
            let build = build.map(str::to_owned);
            self.packages.push(Package { name: name.to_owned(), build, output: output.to_owned(), at });
        }
    }

    /// Reports each build that failed once; `between` is what stood between the events.
    pub(super) fn finish(mut self, between: &str, collector: &mut Collector) {
        let packages = std::mem::take(&mut self.packages);
        let other = self.other(&packages);
        let mut roots: Vec<(Option<String>, Vec<Package>)> = Vec::new();
        for package in packages {
            let root = self.own(&package).or_else(|| other.clone());
            match roots.iter_mut().find(|(known, _)| known.is_some() && *known == root) {
                Some((_, group)) => group.push(package),
                None => roots.push((root, vec![package])),
            }
        }
        for (root, group) in roots {
            if let Some(root) = &root {
                self.failed.remove(root);
            }
            let output = root.as_ref().and_then(|root| self.outputs.get(root));
            report(root.as_deref(), &group, output.map_or(between, String::as_str), collector);
        }
        for build in std::mem::take(&mut self.failed) {
            let output = self.outputs.get(&build).map_or("", String::as_str);
            let message = "it could not be built";
            let error = GroupError::new(&build, message, output, Position::NOWHERE);
            collector.run_error(error.rerun(rerun::package(&build)));
        }
    }

    /// The build that a package names, or that is its own.
    fn own(&self, package: &Package) -> Option<String> {
        let is_own = |build: &&String| bare(build) == package.name;
        package
            .build
            .clone()
            .filter(|build| self.outputs.contains_key(build))
            .or_else(|| self.outputs.keys().find(is_own).cloned())
    }

    /// The first build that can have kept a package from running that names none: of what others need, and neither of tests nor by
    /// vet.
    fn other(&self, packages: &[Package]) -> Option<String> {
        let is_set_up = |build: &str| {
            let is_it = |package: &&Package| package.name == build && package.output.contains(MARKS[1]);
            !packages.iter().any(|package| is_it(&package))
        };
        let mut needed = self.outputs.iter().filter(|(build, output)| {
            bare(build) == build.as_str() && !output.contains("\n# [") && is_set_up(build)
        });
        needed.next().map(|(build, _)| build.clone())
    }
}

/// The package of a build: `shop/pay` of `shop/pay [shop/pay.test]`.
fn bare(build: &str) -> &str {
    build.split(" [").next().unwrap_or(build).trim()
}

/// Reports a build, and all packages that did not run for it.
fn report(build: Option<&str>, group: &[Package], output: &str, collector: &mut Collector) {
    let root = build.map_or("", bare);
    let Some(first) = group.iter().find(|package| package.name == root).or(group.first()) else { return };
    // Where several packages did not run, the build has a name of its own: a waiver of one of them does not cover the others.
    let of_build = format!("build of {root}");
    let name = if group.len() == 1 { first.name.as_str() } else { of_build.as_str() };
    let mut detail = if output.trim().is_empty() { first.output.trim() } else { output.trim() }.to_owned();
    let others: Vec<&str> =
        group.iter().map(|package| package.name.as_str()).filter(|other| *other != name).collect();
    if !others.is_empty() {
        let more = others.len().saturating_sub(NAMED);
        let more =
            if more == 0 { String::new() } else { format!(" and {}", count(more as u64, "more package")) };
        let named = others.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
        detail = format!("{detail}\nnot run because a build failed: {named}{more}");
    }
    let message = reason(&format!("{output}\n{}", first.output));
    let error = GroupError::new(name, &message, &detail, first.at);
    collector.run_error(error.rerun(rerun::package(if group.len() == 1 { &first.name } else { root })));
}
