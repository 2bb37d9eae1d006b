//! The order of the steps: find lockfiles, read them, ask the databases, compare, report.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::civil::Date;
use serde::Serialize;
use serde_json::Value;

use super::Arguments;
use super::matching::{Lockfile, Matches, compare, some, summary};
use super::mirror::Mirror;
use super::rules::{NOT_READ, STALE};
use super::target::Target;
use devops_advisory::{Collected, Database, Wanted, collect};
use devops_core::report::{Facts, facts};
use devops_core::words::{count, counted};
use devops_core::{Ecosystem, Error, Finding, Input, Location};
use devops_inventory::lockfiles::find::shown;
use devops_inventory::lockfiles::{Format, Found, Source, find, help};
use devops_inventory::{Graph, Origin};
use devops_job::{Context, Outcome};
use devops_repository::Workspace;

/// Longest lockfile that is read; one of 100,000 packages has 30 MB.
const LARGEST: u64 = 64 << 20;

/// Checks lockfiles, and finds which advisories apply.
pub(super) fn scan(arguments: &Arguments, context: &Context) -> Result<Outcome, Error> {
    if arguments.db.is_empty() {
        return Err(Error::usage("no advisory database given").help(
            "give a RustSec folder or tarball with `--db`, or with `db` below `[dep-scan]` in devops.toml",
        ));
    }
    let searched = if arguments.paths.is_empty() {
        std::slice::from_ref(&context.working_directory)
    } else {
        arguments.paths.as_slice()
    };
    let workspace = context.workspace();
    let found = find(searched, &|real: &Path| workspace.holds(real))?;
    let mut inputs = Vec::new();
    let mut lockfiles = Vec::new();
    for (path, format) in found.read() {
        let (bytes, graph) = read_lockfile(path, format, &workspace)?;
        let path = shown(path);
        inputs.push(Input::of_bytes(path.clone(), &bytes));
        lockfiles.push(Lockfile { graph, path });
    }
    let target = Target::of(context)?;
    let moved = target.moved_out_of_sight(searched, &context.working_directory)?;
    lockfiles.extend(moved.into_iter().filter(|moved| !found.has(&moved.path)));
    if lockfiles.is_empty() {
        return Err(nothing_to_judge(&found));
    }
    let unused = mirrored(&mut lockfiles, &arguments.mirrors);
    let wanted = wanted(&lockfiles);
    let databases = databases(arguments, context, &lockfiles, &wanted)?;
    inputs.extend(databases.iter().filter_map(|database| database.input.clone()));
    let at_base = target.databases(&arguments.db, &wanted, context.today())?;
    let collected: Vec<&Collected> =
        at_base.iter().chain(databases.iter().map(|database| &database.collected)).collect();
    let matches = compare(&lockfiles, &collected, arguments.uncovered_severity);
    let mut findings: Vec<Finding> = stale(arguments, &databases, context.today());
    findings.extend(target.unproven(&arguments.db)?);
    findings.extend(found.not_read().map(|(path, ecosystem)| not_read(&shown(path), ecosystem)));
    let packages = packages(&lockfiles);
    let outcome = Outcome {
        headline: headline(&matches, &lockfiles, packages.len() as u64, &databases),
        notes: unused.into_iter().chain(notes(&packages, &found, &databases)).collect(),
        totals: totals(&lockfiles, packages.len(), &matches),
        data: provenance(&databases, context.today()),
        inputs,
        ..Outcome::default()
    };
    findings.extend(matches.findings.into_values().chain(matches.uncovered.into_values()));
    Ok(Outcome { findings, ..outcome })
}

/// A lockfile's bytes and what they list, with the help of the files beside it.
pub(super) fn read_lockfile(
    path: &Path,
    format: &Format,
    workspace: &Workspace,
) -> Result<(Vec<u8>, Graph), Error> {
    let bytes = read(path)?;
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    // A file that a lockfile names may lie anywhere; one outside of the workspace is none of the change's business.
    let real_folder =
        std::fs::canonicalize(if folder.as_os_str().is_empty() { Path::new(".") } else { folder }).ok();
    let neighbour = |name: &str| {
        let path = folder.join(name);
        let Ok(real) = std::fs::canonicalize(&path) else { return Ok(None) };
        let is_beside = real_folder.as_ref().is_some_and(|folder| real.starts_with(folder));
        if (is_beside || workspace.holds(&real)) && real.is_file() { read(&path).map(Some) } else { Ok(None) }
    };
    let shown = shown(path);
    let graph = format.read(&Source { path: &shown, bytes: &bytes, neighbour: &neighbour })?;
    Ok((bytes, graph))
}

/// A file's bytes.
fn read(path: &Path) -> Result<Vec<u8>, Error> {
    devops_files::read(path, LARGEST)
        .map_err(|error| Error::input("can't be read").at(Location::file(shown(path))).because(error))
}

/// The error that there is no lockfile whose format is read.
fn nothing_to_judge(found: &Found) -> Error {
    let others: Vec<String> = found.not_read().map(|(path, _)| shown(path)).collect();
    let message = if others.is_empty() {
        "no lockfile found".to_owned()
    } else {
        format!("found only lockfiles in formats that are not read yet: {}", some(&others))
    };
    Error::input(message).help(help())
}

/// Makes the packages of mirrors those of the public registry; a sentence about each mirror that no package is from.
fn mirrored(lockfiles: &mut [Lockfile], mirrors: &[Mirror]) -> Vec<String> {
    let mut used = vec![false; mirrors.len()];
    for package in lockfiles.iter_mut().flat_map(|lockfile| &mut lockfile.graph.packages) {
        for (mirror, is_used) in mirrors.iter().zip(&mut used) {
            if mirror.holds(&package.source) {
                (package.origin, *is_used) = (Origin::Registry, true);
            }
        }
    }
    let unused = mirrors.iter().zip(used).filter(|(_, is_used)| !is_used);
    unused.map(|(mirror, _)| format!("no package is from `{}` in `mirrors`", mirror.text())).collect()
}

/// What the databases are asked about.
fn wanted(lockfiles: &[Lockfile]) -> Wanted<'_> {
    let packages = lockfiles.iter().flat_map(|lockfile| &lockfile.graph.packages);
    packages.map(|package| (package.ecosystem, package.name.as_str())).collect()
}

/// Asks every database about the packages.
fn databases(
    arguments: &Arguments,
    context: &Context,
    lockfiles: &[Lockfile],
    wanted: &Wanted<'_>,
) -> Result<Vec<Database>, Error> {
    let mut databases = Vec::new();
    let mut seen = BTreeSet::new();
    for path in &arguments.db {
        // One database by two paths is one; a path that leads nowhere is an error when it is read.
        if !seen.insert(std::fs::canonicalize(path).unwrap_or_else(|_| path.clone())) {
            continue;
        }
        let database = collect(path, wanted, context.today())?;
        let age = age(&database, context.today());
        if !arguments.frozen_db && age > i64::from(arguments.max_db_age) {
            return Err(Error::input(format!(
                "advisory database is too old: its newest advisory is from {}, {} ago; the maximum is {}",
                database.newest,
                days(age),
                days(i64::from(arguments.max_db_age)),
            ))
            .at(Location::file(database.path))
            .help("fetch the database again; `--max-db-age` sets the limit, `--frozen-db` accepts any age"));
        }
        databases.push(database);
    }
    covered(lockfiles, &databases)?;
    Ok(databases)
}

/// Refuses lockfiles with packages of an ecosystem that no database is about: nothing would be found there.
fn covered(lockfiles: &[Lockfile], databases: &[Database]) -> Result<(), Error> {
    let is_covered = |ecosystem| databases.iter().any(|database| database.ecosystem == ecosystem);
    for Lockfile { path, graph } in lockfiles {
        if let Some(package) = graph.packages.iter().find(|package| !is_covered(package.ecosystem)) {
            let ecosystem = package.ecosystem.name();
            return Err(Error::input(format!(
                "no given advisory database covers the packages of {ecosystem}"
            ))
            .at(Location::line(path.clone(), package.line))
            .help("add one with `--db`, or give only the lockfiles to check"));
        }
    }
    Ok(())
}

/// Days since the newest advisory.
fn age(database: &Database, today: Date) -> i64 {
    today.since(database.newest).map_or(0, |span| i64::from(span.get_days())).max(0)
}

fn days(amount: i64) -> String {
    count(amount.unsigned_abs(), "day")
}

/// Findings about databases that will soon be too old.
fn stale(arguments: &Arguments, databases: &[Database], today: Date) -> Vec<Finding> {
    let is_stale = |database: &&Database| {
        !arguments.frozen_db && age(database, today) * 2 > i64::from(arguments.max_db_age)
    };
    let finding = |database: &Database| {
        let title = format!("advisory database {} is {} old", database.path, days(age(database, today)));
        Finding::new(&STALE, title, &[&database.path])
            .detail(format!("its newest advisory is from {}", database.newest))
            .named("database", database.path.as_str())
            .about("newest", database.newest.to_string())
            .help("fetch the database again")
    };
    databases.iter().filter(is_stale).map(finding).collect()
}

/// The finding about a lockfile is in a format that is not read yet.
fn not_read(path: &str, ecosystem: &str) -> Finding {
    Finding::new(&NOT_READ, format!("{path} was not checked: {ecosystem} is not read yet"), &[path])
        .named("lockfile", path)
        .about("ecosystem", ecosystem)
        .at(Location::file(path))
        .help("check it with another tool, or name the lockfiles to check")
}

/// Packages by what they are and where they come from.
type Packages<'a> = BTreeSet<(Ecosystem, &'a str, &'a str, Origin)>;

/// Every package once, whatever the number of lockfiles that list it.
fn packages(lockfiles: &[Lockfile]) -> Packages<'_> {
    let packages = lockfiles.iter().flat_map(|lockfile| &lockfile.graph.packages);
    packages
        .map(|package| (package.ecosystem, package.name.as_str(), package.version.as_str(), package.origin))
        .collect()
}

fn totals(lockfiles: &[Lockfile], packages: usize, matches: &Matches) -> Facts {
    let advisories: BTreeSet<&str> = matches.findings.keys().map(|key| key.id.as_str()).collect();
    let totals = [
        ("lockfiles", lockfiles.len()),
        ("packages", packages),
        ("vulnerable_packages", matches.vulnerable.len()),
        ("advisories", advisories.len()),
    ];
    totals.into_iter().map(|(name, total)| (name.to_owned(), Value::from(total))).collect()
}

fn headline(matches: &Matches, lockfiles: &[Lockfile], packages: u64, databases: &[Database]) -> String {
    let total: u64 = databases.iter().map(|database| database.collected.total).sum();
    let newest = databases.iter().map(|database| database.newest).max();
    format!(
        "{}; {} against {}{}",
        summary(matches, packages),
        count(lockfiles.len() as u64, "lockfile"),
        counted(total, "advisory", "advisories"),
        newest.map_or_else(String::new, |newest| format!(" up to {newest}")),
    )
}

/// What was not checked.
fn notes(packages: &Packages<'_>, found: &Found, databases: &[Database]) -> Vec<String> {
    let mut notes = Vec::new();
    let others: Vec<String> = found.not_read().map(|(path, _)| shown(path)).collect();
    if !others.is_empty() {
        let number = counted(others.len() as u64, "lockfile", "lockfiles");
        notes.push(format!("{number} in formats not read yet: {}", some(&others)));
    }
    let of = |origin| packages.iter().filter(|package| package.3 == origin).count() as u64;
    for (origin, what) in [
        (Origin::Git, "from git"),
        (Origin::Other, "from other registries"),
        (Origin::Path, "from paths outside the project"),
        (Origin::Project, "of the project itself"),
    ] {
        if of(origin) > 0 {
            notes.push(format!("{} {what} matched by name and version only", count(of(origin), "package")));
        }
    }
    let withdrawn: u64 = databases.iter().map(|database| database.collected.withdrawn).sum();
    if withdrawn > 0 {
        notes.push(format!("{} skipped", counted(withdrawn, "withdrawn advisory", "withdrawn advisories")));
    }
    if !found.not_entered.is_empty() {
        let folders: Vec<String> = found.not_entered.iter().map(|path| shown(path)).collect();
        notes.push(format!("skipped folders: {}", some(&folders)));
    }
    notes
}

/// An advisory database, as provenance has it.
#[derive(Serialize)]
struct Origins<'a> {
    path: &'a str,
    advisories: u64,
    newest: String,
    age_days: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<&'a str>,
}

impl<'a> Origins<'a> {
    fn of(database: &'a Database, today: Date) -> Self {
        Self {
            path: &database.path,
            advisories: database.collected.total,
            newest: database.newest.to_string(),
            age_days: age(database, today),
            sha256: database.input.as_ref().map(|input| input.sha256.as_str()),
        }
    }
}

/// Where advisories came from; one database under its own name, several as a list.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Provenance<'a> {
    Database(Origins<'a>),
    Databases(Vec<Origins<'a>>),
}

/// Where advisories came from.
fn provenance(databases: &[Database], today: Date) -> Facts {
    facts(&match databases {
        [one] => Provenance::Database(Origins::of(one, today)),
        several => Provenance::Databases(several.iter().map(|one| Origins::of(one, today)).collect()),
    })
}
