//! The order of the steps: find lockfiles, read them, ask the databases, compare, report.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::mem::ManuallyDrop;
use std::num::NonZero;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use foldhash::fast::RandomState;
use serde_json::Value;

use super::Arguments;
use super::change::{Ages, Before, Classes, Difference, ReadAt, Seen};
use super::rules::NOT_READ;
use super::sight::{self, read};
use super::target::Target;
use super::{bans, licences};
use devops_advisory::{Collected, Database};
use devops_assessment::databases::{self, enrich, provenance, stale, wanted};
use devops_assessment::fix::Plan;
use devops_assessment::matching::{Lockfile, Matches, compare, nameless, some, summary};
use devops_assessment::mirror::Mirror;
use devops_assessment::policy::{Policy, covered, sources, statement_file};
use devops_core::report::Facts;
use devops_core::words::{count, counted};
use devops_core::{Bill, Ecosystem, Error, Finding, Input, Location, Table};
use devops_inventory::lockfiles::find::shown;
use devops_inventory::lockfiles::{Format, Found, Kind, Source, find, help, is_manifest};
use devops_inventory::{Graph, Origin, ReleaseDates, bill};
use devops_job::{Artifact, Context, Outcome};
use devops_repository::{Ids, Repository, Workspace};

/// The length from which a lockfile is hashed on another processor while it is read.
const WORTH_A_THREAD: usize = 256 << 10;
/// The name of the patch that ends findings.
pub(super) const FIXES: &str = "fixes.patch";

/// Checks lockfiles, and finds which advisories apply.
pub(super) fn scan(arguments: &Arguments, context: &Context) -> Result<Outcome, Error> {
    if arguments.database.db.is_empty() {
        return Err(Error::usage("no advisory database given").help(
            "give an index, a zip of OSV records, or a RustSec folder or tarball with `--db`, or with `db` below `[dep-scan]` in devops.toml",
        ));
    }
    let today = context.today();
    // The process ends after the report: to free the texts of 100,000 packages one by one would only take time.
    let scanned = ManuallyDrop::new(Scanned::read(arguments, context)?);
    let Scanned { target, found, lockfiles, before, .. } = &*scanned;
    let wanted = wanted(lockfiles);
    let mut databases = databases::read(&arguments.database, context, &wanted)?;
    let not_covered = covered(lockfiles, &databases)?;
    let mut at_base = target.databases(&arguments.database.db, &wanted, today)?;
    enrich(at_base.iter_mut().chain(databases.iter_mut().map(|database| &mut database.collected)));
    let collected: Vec<&Collected> =
        at_base.iter().chain(databases.iter().map(|database| &database.collected)).collect();
    let mut matches = compare(lockfiles, &collected, arguments.uncovered_severity);
    let policy = Policy::read(arguments.rating(), context)?;
    policy.apply(&mut matches, lockfiles);
    let classes = before.as_ref().map(|before| {
        Classes::of(before, lockfiles, &collected, &matches).mark(&mut matches, arguments.only_new)
    });
    let mut findings = stale(&arguments.database, &databases, &wanted, today);
    findings.extend(nameless(&collected));
    findings.extend(scanned.of_change()?);
    findings.extend(not_covered);
    findings.extend(scanned.of_lockfiles(&matches)?);
    let plan = Plan::of(lockfiles, &matches.proposed, &collected, &matches);
    let mut details = Facts::default();
    Table::put(vec![plan.table()], &mut details);
    let packages = packages(lockfiles);
    let of_databases = databases.iter().filter_map(|database| database.input.as_ref());
    Ok(Outcome {
        headline: headline(&matches, lockfiles, packages.len() as u64, &databases),
        notes: (scanned.notes.iter().cloned())
            .chain(policy.notes)
            .chain(notes(&packages, found, &databases))
            .chain(plan.note())
            .chain(commented(lockfiles))
            .chain(direct_only(lockfiles))
            .chain(classes.and_then(|classes| classes.note()))
            .chain(before.iter().flat_map(Before::notes))
            .collect(),
        totals: totals(lockfiles, packages.len(), &matches),
        details,
        artifacts: scanned.fixes(&plan),
        data: provenance(&databases, today),
        inputs: scanned.inputs.iter().chain(of_databases).cloned().chain(policy.inputs).collect(),
        bill: context.has_bill.then(|| Bill {
            files: lockfiles.iter().map(|lockfile| bill(&lockfile.path, &lockfile.graph)).collect(),
            not_read: found.not_read().map(|(path, _)| shown(path)).collect(),
            ..Bill::default()
        }),
        findings: findings
            .into_iter()
            .chain(matches.findings.into_values())
            .chain(matches.uncovered.into_values())
            .collect(),
        ..Outcome::default()
    })
}

/// What is scanned: the lockfiles of the checkout, beside those of the commit where the change began.
struct Scanned<'a> {
    arguments: &'a Arguments,
    context: &'a Context,
    target: Target,
    found: Found,
    lockfiles: Vec<Lockfile>,
    before: Option<Before>,
    /// When versions were published.
    dates: Option<ReleaseDates>,
    /// The files that were read.
    inputs: Vec<Input>,
    /// Arguments that had no effect.
    notes: Vec<String>,
}

impl<'a> Scanned<'a> {
    /// Finds lockfiles and reads them.
    fn read(arguments: &'a Arguments, context: &'a Context) -> Result<Self, Error> {
        let searched = if arguments.paths.is_empty() {
            std::slice::from_ref(&context.working_directory)
        } else {
            arguments.paths.as_slice()
        };
        let workspace = context.workspace();
        let target = Target::of(context)?;
        let repository = Repository::around(&context.working_directory, &context.environment).ok();
        let sight = sight::Seen::of(&workspace, repository.as_ref(), &target, &arguments.exclude);
        let found = find(searched, &sight)?;
        let (mut inputs, mut lockfiles, mut now) = (Vec::new(), Vec::new(), Vec::new());
        let listed: Vec<(&Path, &Format)> = found.read().collect();
        let read = read_all(&listed, &workspace, target.repository().map(Repository::ids))?;
        for ((path, _), (input, graph, mut read_at)) in listed.into_iter().zip(read) {
            read_at.path = target.repository().and_then(|repository| repository.path_of(path));
            now.push(read_at);
            inputs.push(input);
            lockfiles.push(Lockfile { path: shown(path), graph });
        }
        let mut before = target.before(searched, &arguments.exclude, now)?;
        let moved = target.moved_out_of_sight(searched, &context.working_directory)?;
        lockfiles.extend(moved.into_iter().filter(|moved| !found.has(&moved.path)));
        if lockfiles.is_empty() {
            return Err(nothing_to_judge(&found));
        }
        if let Some(version) = &arguments.go_version {
            let graphs = lockfiles.iter_mut().map(|lockfile| &mut lockfile.graph);
            built_with(graphs.chain(before.iter_mut().flat_map(Before::graphs_mut)), version);
        }
        let mirrors = &arguments.sources_mirrors;
        let mut notes = mirrored(lockfiles.iter_mut().map(|lockfile| &mut lockfile.graph), mirrors);
        mirrored(before.iter_mut().flat_map(Before::graphs_mut), mirrors);
        notes.extend(sight.unused());
        let dates = release_dates(arguments, context, &mut inputs, &mut notes)?;
        Ok(Self { arguments, context, target, found, lockfiles, before, dates, inputs, notes })
    }

    /// Findings of what the change does, whatever advisories say.
    fn of_change(&self) -> Result<Vec<Finding>, Error> {
        let mut findings = self.target.unproven(&self.arguments.database.db)?;
        findings.extend(self.target.cut_off());
        findings.extend(self.target.gone(self.before.as_ref(), &self.lockfiles)?);
        findings.extend(self.brought_in());
        Ok(findings)
    }

    /// The patch of manifests, if it is asked for and there is something to change.
    fn fixes(&self, plan: &Plan<'_>) -> Vec<Artifact> {
        if !self.arguments.fixes {
            return Vec::new();
        }
        let read = |path: &str| read(Path::new(path)).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let repository = Repository::around(&self.context.working_directory, &self.context.environment).ok();
        let place = |path: &str| {
            let place = repository.as_ref().and_then(|repository| repository.path_of(Path::new(path)));
            place.unwrap_or_else(|| path.to_owned())
        };
        plan.patch(&read, &place).into_iter().map(|patch| Artifact::new(FIXES, patch.into_bytes())).collect()
    }

    /// Findings of what the change brings in.
    fn brought_in(&self) -> Vec<Finding> {
        let ages = self.arguments.min_release_age.map(|minimum| Ages {
            minimum,
            dates: self.dates.as_ref(),
            now: self.context.now,
        });
        let Some(before) = &self.before else {
            // Where it is not known what a change brings in, that may be anything.
            let ages = ages.filter(|_| self.target.is_start_unknown());
            return ages.map(|ages| ages.of_all(&self.lockfiles)).unwrap_or_default();
        };
        let difference = Difference::of(before, &self.lockfiles);
        let mut findings = difference.findings();
        findings.extend(ages.iter().flat_map(|ages| difference.too_new(ages)));
        findings
    }

    /// Findings of what the lockfiles list, whatever advisories say.
    fn of_lockfiles(&self, matches: &Matches) -> Result<Vec<Finding>, Error> {
        let Self { arguments, lockfiles, found, .. } = self;
        let mut findings = sources(lockfiles, &matches.uncovered, arguments.uncovered_severity);
        findings.extend(found.not_read().map(|(path, ecosystem)| not_read(&shown(path), ecosystem)));
        findings.extend(lockfiles.iter().filter_map(in_part));
        findings.extend(licences::findings(arguments, lockfiles)?);
        findings.extend(bans::findings(arguments, lockfiles));
        Ok(findings)
    }
}

/// When versions were published: from the target branch, where a change could write it.
fn release_dates(
    arguments: &Arguments,
    context: &Context,
    inputs: &mut Vec<Input>,
    notes: &mut Vec<String>,
) -> Result<Option<ReleaseDates>, Error> {
    let Some(path) = &arguments.release_dates else { return Ok(None) };
    let files = statement_file::read(std::slice::from_ref(path), context, inputs, notes)?;
    match files.first() {
        Some(file) => ReleaseDates::read(&file.label, &file.bytes).map(Some),
        // The ages that it would say are unknown, which is a finding of each version.
        None if path.exists() => Ok(None),
        None => Err(Error::input("no such file")
            .at(Location::file(shown(path)))
            .help("write it with `devops fetch release-dates --output FILE` before this job")),
    }
}

/// A lockfile that was read: as an input, what it lists, and what stands for it in git.
type Read = (Input, Graph, ReadAt);

/// Most processors that read lockfiles.
const MOST_WORKERS: usize = 4;
/// The number of lockfiles that are worth another processor.
const WORTH_A_WORKER: usize = 8;

/// Reads lockfiles, many of them on several processors. What is read is in their order, and so is the error that counts.
fn read_all(
    lockfiles: &[(&Path, &Format)],
    workspace: &Workspace,
    ids: Option<Ids>,
) -> Result<Vec<Read>, Error> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut read = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some((path, format)) = lockfiles.get(index) else { return read };
            read.push((index, read_of_change(path, format, workspace, ids)));
        }
    };
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    let workers = processors.min(MOST_WORKERS).min(lockfiles.len() / WORTH_A_WORKER).max(1);
    let mut all: BTreeMap<usize, Result<Read, Error>> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..workers).map(|_| scope.spawn(work)).collect();
        let own = work();
        let others = others.into_iter().filter_map(|other| other.join().ok()).flatten();
        own.into_iter().chain(others).collect()
    });
    let lockfiles = lockfiles.iter().enumerate();
    lockfiles
        .map(|(index, (path, format))| {
            // What another thread did not give is read here.
            all.remove(&index).unwrap_or_else(|| read_of_change(path, format, workspace, ids))
        })
        .collect()
}

/// A lockfile as an input and what it lists, with what stands for it in git.
fn read_of_change(
    path: &Path,
    format: &Format,
    workspace: &Workspace,
    ids: Option<Ids>,
) -> Result<Read, Error> {
    let bytes = read(path)?;
    let seen = RefCell::new(Seen::new());
    let list = || {
        list_with(path, &bytes, format, workspace, &|name, bytes| {
            if let Some(ids) = ids {
                let id = bytes.and_then(|bytes| ids.of(bytes));
                seen.borrow_mut().insert(name.to_owned(), id);
            }
        })
    };
    let (input, graph) = std::thread::scope(|scope| {
        let input = || Input::of_bytes(shown(path), &bytes);
        if bytes.len() < WORTH_A_THREAD {
            return (input(), list());
        }
        // The digest takes a third of the time of the list, and does not wait for it.
        let hashing = scope.spawn(input);
        let graph = list();
        (hashing.join().unwrap_or_else(|_| input()), graph)
    });
    let read_at = ReadAt { path: None, id: ids.and_then(|ids| ids.of(&bytes)), seen: seen.into_inner() };
    Ok((input, graph?, read_at))
}

/// What a lockfile lists, with the help of the files beside it.
pub(super) fn read_lockfile(path: &Path, format: &Format, workspace: &Workspace) -> Result<Graph, Error> {
    list_with(path, &read(path)?, format, workspace, &|_, _| {})
}

/// The same of these bytes, with every file beside it that is asked for.
fn list_with(
    path: &Path,
    bytes: &[u8],
    format: &Format,
    workspace: &Workspace,
    asked: &dyn Fn(&str, Option<&[u8]>),
) -> Result<Graph, Error> {
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    // A file that a lockfile names may lie anywhere; one outside of the workspace is none of the change's business.
    let real_folder =
        std::fs::canonicalize(if folder.as_os_str().is_empty() { Path::new(".") } else { folder }).ok();
    let read_beside = |name: &str| {
        let path = folder.join(name);
        let Ok(real) = std::fs::canonicalize(&path) else { return Ok(None) };
        let is_beside = real_folder.as_ref().is_some_and(|folder| real.starts_with(folder));
        if (is_beside || workspace.holds(&real)) && real.is_file() { read(&path).map(Some) } else { Ok(None) }
    };
    let neighbour = |name: &str| {
        let bytes = read_beside(name)?;
        asked(name, bytes.as_deref());
        Ok(bytes)
    };
    format.read(&Source { path: &shown(path), bytes, neighbour: &neighbour })
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

/// Makes the standard library of Go that of the version which builds the project.
fn built_with<'a>(graphs: impl Iterator<Item = &'a mut Graph>, version: &str) {
    for package in graphs.flat_map(|graph| &mut graph.packages) {
        if package.ecosystem == Ecosystem::GO && package.name == "stdlib" {
            version.clone_into(&mut package.version);
            package.is_guessed = false;
        }
    }
}

/// Makes the packages of mirrors those of the public registry; a sentence about each mirror that no package is from.
fn mirrored<'a>(graphs: impl Iterator<Item = &'a mut Graph>, mirrors: &[Mirror]) -> Vec<String> {
    let mut used = vec![false; mirrors.len()];
    for package in graphs.flat_map(|graph| &mut graph.packages) {
        for (mirror, is_used) in mirrors.iter().zip(&mut used) {
            if mirror.holds(&package.source) {
                (package.origin, *is_used) = (Origin::Registry, true);
            }
        }
    }
    let unused = mirrors.iter().zip(used).filter(|(_, is_used)| !is_used);
    unused.map(|(mirror, _)| format!("no package is from `{}` in `sources-mirrors`", mirror.text())).collect()
}

/// The finding that a file does not list everything, as it says itself.
fn in_part(lockfile: &Lockfile) -> Option<Finding> {
    let (line, what) = lockfile.graph.gap.as_ref()?;
    let path = lockfile.path.as_str();
    Some(
        Finding::new(
            &NOT_READ,
            format!("{path} does not list everything, as it says itself"),
            &[path, "in part"],
        )
        .detail(what.clone())
        .named("lockfile", path)
        .at(Location::line(path, *line))
        .help("generate it again with everything in it, or check the lockfiles that it was made of"),
    )
}

/// The finding that a lockfile is in a format that is not read yet.
fn not_read(path: &str, ecosystem: &str) -> Finding {
    let (why, help) = if is_manifest(path) {
        (
            format!("no lockfile says which packages of {ecosystem} it brings in"),
            "have the package manager write its lockfile and commit that, or check it with another tool",
        )
    } else if let Some(Kind::Read(_)) = Kind::of(path) {
        // The format is read, but the text is one for people.
        (
            "none of its lines asks for a package".to_owned(),
            "name it with its path to have it read, or exclude it",
        )
    } else {
        let format = path.rsplit('/').next().unwrap_or(path);
        (
            format!("the format of `{format}` ({ecosystem}) is not read yet"),
            "check it with another tool, or name the lockfiles to check",
        )
    };
    Finding::new(&NOT_READ, format!("{path} was not checked: {why}"), &[path])
        .named("lockfile", path)
        .about("ecosystem", ecosystem)
        .at(Location::file(path))
        .help(help)
}

/// Packages by what they are and where they come from.
type Packages<'a> = HashSet<(Ecosystem, &'a str, &'a str, Origin), RandomState>;

/// Every package once, whatever the number of lockfiles that list it.
fn packages(lockfiles: &[Lockfile]) -> Packages<'_> {
    let packages = lockfiles.iter().flat_map(|lockfile| &lockfile.graph.packages);
    packages
        .filter(|package| !package.is_source())
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
    let newest = databases.iter().filter_map(Database::newest).max();
    format!(
        "{}; {} against {}{}",
        summary(matches, packages),
        count(lockfiles.len() as u64, "lockfile"),
        counted(total, "advisory", "advisories"),
        newest.map_or_else(String::new, |newest| format!(" up to {newest}")),
    )
}

/// The note that the versions of actions at a commit are those that comments name.
fn commented(lockfiles: &[Lockfile]) -> Option<String> {
    let packages = lockfiles.iter().flat_map(|lockfile| &lockfile.graph.packages);
    let by_comment: BTreeSet<(&str, &str)> = packages
        .filter(|package| package.ecosystem == Ecosystem::GITHUB_ACTIONS && package.is_exact())
        .flat_map(|package| package.integrity.iter().map(|commit| (package.name.as_str(), commit.as_str())))
        .collect();
    (!by_comment.is_empty()).then(|| {
        format!(
            "{} at a commit matched by the version in the comment behind it, which proves nothing",
            count(by_comment.len() as u64, "action")
        )
    })
}

/// The note that a POM has no dependencies of dependencies.
fn direct_only(lockfiles: &[Lockfile]) -> Option<String> {
    let is_pom = |lockfile: &Lockfile| {
        lockfile.path.rsplit('/').next() == Some("pom.xml") && !lockfile.graph.packages.is_empty()
    };
    lockfiles.iter().any(is_pom).then(|| {
        "pom.xml has direct dependencies only; `mvn org.cyclonedx:cyclonedx-maven-plugin:makeAggregateBom` lists all in target/bom.json, \
         which can be scanned"
            .to_owned()
    })
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
    ] {
        if of(origin) > 0 {
            notes.push(format!("{} {what} matched by name and version only", count(of(origin), "package")));
        }
    }
    if of(Origin::Project) > 0 {
        notes.push(format!("{} of the project itself not compared", count(of(Origin::Project), "package")));
    }
    let withdrawn: u64 = databases.iter().map(|database| database.collected.withdrawn).sum();
    if withdrawn > 0 {
        notes.push(format!("{} skipped", counted(withdrawn, "withdrawn advisory", "withdrawn advisories")));
    }
    if !found.not_entered.is_empty() {
        let folders: Vec<String> = found.not_entered.iter().map(|path| shown(path)).collect();
        notes.push(format!("skipped folders: {}", some(&folders)));
    }
    if !found.hidden.is_empty() {
        let hidden: Vec<String> = found.hidden.iter().map(|path| shown(path)).collect();
        notes.push(format!("ignored by git or excluded: {}", some(&hidden)));
    }
    notes
}
