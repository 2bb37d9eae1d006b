//! The smallest set of updates that ends the findings about advisories, checked by matching again, and the patch of the manifests.
//!
//! A finding is about one version of one package in one lockfile, so that nothing but an update of just that package ends it: one
//! update for each package that has a clean version is the smallest set.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::edit::{Edited, raised};
use super::{Needs, Own, Repair, Standing, diff, is_toolchain, tool};
use crate::matching::{Key, Lockfile, Matches};
use devops_advisory::Collected;
use devops_core::words::{count, counted};
use devops_core::{Ecosystem, Table};
use devops_inventory::Package;

/// Most updates that the table shows.
const MOST: usize = 100;

/// An update of a package in a lockfile.
#[derive(Debug, Clone)]
pub struct Proposed {
    /// The index of the lockfile among those that were compared.
    pub(crate) lockfile: usize,
    /// The index of the package in it.
    pub(crate) package: usize,
    /// The program that writes the lockfile.
    pub(crate) tool: &'static str,
    /// The package as the tool tells it from others.
    pub(crate) spec: String,
    /// The key of an override.
    pub(crate) key: String,
    /// The command that updates it in place, where there is one.
    pub(crate) update: Option<String>,
    /// The version to come to.
    pub(crate) repair: Repair,
}

/// Updates that were checked.
pub struct Plan<'a> {
    lockfiles: &'a [Lockfile],
    updates: Vec<(&'a Proposed, u64)>,
    /// How many findings end, and how many there are.
    ended: u64,
    total: u64,
}

impl<'a> Plan<'a> {
    /// Checks updates: matches the packages again, each at its new version, and leaves out what would bring a finding.
    pub fn of(
        lockfiles: &'a [Lockfile],
        proposed: &'a [Proposed],
        databases: &[&Collected],
        matches: &Matches,
    ) -> Self {
        let mut proposed: Vec<&Proposed> = proposed.iter().collect();
        let before: BTreeSet<&Key> = matches.facts.keys().collect();
        if proposed.is_empty() {
            return Self { lockfiles, updates: Vec::new(), ended: 0, total: before.len() as u64 };
        }
        loop {
            let versions = proposed.iter().filter_map(|update| {
                Some(((update.lockfile, update.package), update.repair.version.as_deref()?))
            });
            let after = matches.after(lockfiles, databases, &versions.collect());
            let new: Vec<&Key> = after.iter().filter(|key| !before.contains(key)).collect();
            let count = proposed.len();
            if !new.is_empty() {
                proposed.retain(|update| {
                    let is_of = |key: &&Key| {
                        let package = package(lockfiles, update);
                        package.is_some_and(|package| package.name == key.name)
                            && update.repair.version.as_ref() == Some(&key.version)
                    };
                    !new.iter().any(is_of)
                });
            }
            if proposed.len() == count {
                let is_ended = |key: &&Key| !after.contains(*key);
                let mut ended: BTreeMap<(Ecosystem, &str, &str), u64> = BTreeMap::new();
                for key in before.iter().copied().filter(is_ended) {
                    *ended.entry((key.ecosystem, &key.name, &key.version)).or_default() += 1;
                }
                let updates = proposed.into_iter().map(|update| {
                    let of = |package: &Package| {
                        ended
                            .get(&(package.ecosystem, package.name.as_str(), package.version.as_str()))
                            .copied()
                    };
                    (update, package(lockfiles, update).and_then(of).unwrap_or(0))
                });
                return Self {
                    lockfiles,
                    updates: updates.collect(),
                    ended: ended.values().sum(),
                    total: before.len() as u64,
                };
            }
        }
    }

    /// The sentence that sums the updates up; none without updates.
    pub fn note(&self) -> Option<String> {
        (!self.updates.is_empty()).then(|| {
            let is_unknown = |(update, _): &&(&Proposed, u64)| !update.repair.needs.unknown.is_empty();
            let condition = match self.updates.iter().filter(is_unknown).count() {
                0 => String::new(),
                unknown => format!("; of {unknown} it is not known whether every dependent admits it"),
            };
            format!(
                "{} would end {} of {}, checked against the same database{condition}",
                count(self.updates.len() as u64, "update"),
                self.ended,
                counted(self.total, "finding about advisories", "findings about advisories"),
            )
        })
    }

    /// The updates as a table.
    pub fn table(&self) -> Table {
        let columns = ["Package", "Version", "Fixed", "Ends", "Admitted", "Run"];
        let mut table = Table::new("Fixes", &columns);
        for (update, ended) in self.updates.iter().take(MOST) {
            let (Some(package), Some(version)) = (package(self.lockfiles, update), &update.repair.version)
            else {
                continue;
            };
            table.rows.push(vec![
                package.name.clone(),
                package.version.clone(),
                version.clone(),
                ended.to_string(),
                admitted(&update.repair.needs),
                command(update).unwrap_or_default(),
            ]);
        }
        table.left_out = self.updates.len().saturating_sub(MOST) as u64;
        UNKNOWN.clone_into(&mut table.note);
        table
    }

    /// The changes of manifests as a patch; none where there is nothing to change. `read` reads a file by its path as reports write it,
    /// `place` is its path from the root of the repository.
    pub fn patch(
        &self,
        read: &dyn Fn(&str) -> Option<String>,
        place: &dyn Fn(&str) -> String,
    ) -> Option<String> {
        let mut files = Files { read, files: BTreeMap::new() };
        let mut overrides: BTreeMap<(String, &str), Vec<(String, String)>> = BTreeMap::new();
        let (mut by_patch, mut by_command, mut by_hand) = (Vec::new(), Vec::new(), Vec::new());
        for (update, _) in &self.updates {
            let Some(package) = package(self.lockfiles, update) else { continue };
            let label =
                format!("{} -> {}", package.label(), update.repair.version.as_deref().unwrap_or_default());
            let command = command(update).map_or_else(String::new, |command| format!(": {command}"));
            if self.edit(update, package, &mut files, &mut overrides) {
                by_patch.push(format!("{label}{command}"));
            } else if update.update.is_some() {
                by_command.push(format!("{label}{command}"));
            } else {
                by_hand.push(format!("{label} ({})", admitted(&update.repair.needs)));
            }
        }
        for ((path, key), entries) in &overrides {
            let is_added = files.get(path).is_some_and(|file| file.overriding(key, entries));
            if !is_added {
                by_hand.extend(
                    entries.iter().map(|(name, version)| format!("{name} -> {version} ({key} in {path})")),
                );
            }
        }
        let mut diffs = String::new();
        for (path, file) in files.files {
            if let Some(file) = file.filter(|file| !file.changes.is_empty()) {
                diffs.push_str(&diff::unified(&place(&path), &file.text, &file.changes));
            }
        }
        if diffs.is_empty() {
            return None;
        }
        let mut head = format!(
            "{}.\n{UNKNOWN}\nApply it with `git apply fixes.patch`.\n",
            self.note().unwrap_or_default()
        );
        for (title, lines) in [
            ("Changed here; then update the lockfile:", by_patch),
            ("Without a change of a manifest:", by_command),
            ("Not changed here, by hand:", by_hand),
        ] {
            if !lines.is_empty() {
                let _ = write!(head, "\n{title}\n");
                for line in lines {
                    // A line of the head must not look like one of a diff.
                    let _ = writeln!(head, "  {}", line.replace(['\n', '\r'], " "));
                }
            }
        }
        Some(format!("{head}\n{diffs}"))
    }

    /// Makes the edits of an update; whether there is one.
    fn edit<'b>(
        &'b self,
        update: &'b Proposed,
        package: &'b Package,
        files: &mut Files<'_>,
        overrides: &mut BTreeMap<(String, &'b str), Vec<(String, String)>>,
    ) -> bool {
        let Some(version) = update.repair.version.as_deref() else { return false };
        let Some(lockfile) = self.lockfiles.get(update.lockfile) else { return false };
        if package.ecosystem == Ecosystem::GO {
            return edit_go(files, &lockfile.path, package, version);
        }
        let needs = &update.repair.needs;
        // The project's own requirement and an override must say the same.
        let is_raised = needs.own.iter().all(|own| raise(files, own, package, version));
        match needs.standing() {
            Standing::Raised => is_raised,
            Standing::Refused if is_raised => {
                let key = match update.tool {
                    "npm" | "bun" => "overrides",
                    "yarn" => "resolutions",
                    _ => return false,
                };
                let folder = lockfile.path.rsplit_once('/').map(|(folder, _)| format!("{folder}/"));
                let path = folder.unwrap_or_default() + "package.json";
                if files.get(&path).is_none() {
                    return false;
                }
                let is_direct_too = !needs.own.is_empty() && update.tool == "npm";
                let value = if is_direct_too { format!("${}", package.name) } else { version.to_owned() };
                overrides.entry((path, key)).or_default().push((update.key.clone(), value));
                true
            }
            _ => false,
        }
    }
}

/// Raises a requirement of the project in its manifest; whether that was possible.
fn raise(files: &mut Files<'_>, own: &Own, package: &Package, version: &str) -> bool {
    let Some(location) = &own.location else { return false };
    let (old, new) = if own.requirement.is_empty() {
        // With checksums behind it, a pin can't be changed without them.
        if !package.integrity.is_empty() {
            return false;
        }
        (format!("=={}", package.version), format!("=={version}"))
    } else {
        (own.requirement.clone(), raised(package.ecosystem, &own.requirement, version))
    };
    let Some(file) = files.get(&location.path) else { return false };
    let name = name_in_manifest(file, location.line, &package.name);
    file.replace(location.line.unwrap_or(0), &name, &old, &new)
}

/// What nobody knows who only has files.
const UNKNOWN: &str = "Not known offline: whether these versions are still published, what they depend on, and their checksums.";

/// The package of an update.
fn package<'a>(lockfiles: &'a [Lockfile], update: &Proposed) -> Option<&'a Package> {
    lockfiles.get(update.lockfile)?.graph.packages.get(update.package)
}

/// The command of an update: in place, or behind a changed manifest.
fn command(update: &Proposed) -> Option<String> {
    update.update.clone().or_else(|| tool::install(update.tool, &update.spec))
}

/// Whether a version is admitted, and what refuses it.
fn admitted(needs: &Needs) -> String {
    let own = || needs.own.iter().map(|own| own.requirement.as_str()).find(|text| !text.is_empty());
    match (needs.standing(), needs.refusing.first()) {
        (Standing::Admitted, _) => "yes".to_owned(),
        (Standing::Unknown, _) => "not known".to_owned(),
        (_, Some((who, requirement))) => format!("no: {who} asks for {requirement}"),
        _ => own().map_or_else(|| "no: pinned".to_owned(), |requirement| format!("no: {requirement}")),
    }
}

/// The spelling of a package's name on a line of a manifest.
fn name_in_manifest(file: &Edited, line: Option<u64>, name: &str) -> String {
    let number = line.and_then(|line| usize::try_from(line).ok()).and_then(|line| line.checked_sub(1));
    let text = number.and_then(|number| file.text.lines().nth(number)).unwrap_or_default();
    // Python's names are spelled freely.
    let spelled = text.split(|next: char| !(next.is_alphanumeric() || "-_.@/".contains(next)));
    let normal = |text: &str| text.to_ascii_lowercase().replace(['_', '.'], "-");
    spelled.into_iter().find(|word| normal(word) == normal(name)).unwrap_or(name).to_owned()
}

/// Raises a module in `go.mod`, or the toolchain.
fn edit_go(files: &mut Files<'_>, path: &str, package: &Package, version: &str) -> bool {
    if package.file.is_some() {
        return false;
    }
    let Some(file) = files.get(path) else { return false };
    if is_toolchain(package) {
        let toolchain = format!("toolchain go{version}");
        return if package.is_guessed {
            file.add(package.line, &["", &toolchain])
        } else {
            file.replace(
                package.line,
                "toolchain",
                &format!("go{}", package.version),
                &format!("go{version}"),
            )
        };
    }
    file.replace(package.line, &package.name, &format!("v{}", package.version), &format!("v{version}"))
}

/// Files that are edited, read when they are first asked for.
struct Files<'a> {
    read: &'a dyn Fn(&str) -> Option<String>,
    files: BTreeMap<String, Option<Edited>>,
}

impl Files<'_> {
    fn get(&mut self, path: &str) -> Option<&mut Edited> {
        let read = self.read;
        self.files.entry(path.to_owned()).or_insert_with(|| read(path).map(Edited::new)).as_mut()
    }
}
