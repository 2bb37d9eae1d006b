//! `packages`: what lockfiles list, without a database.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint, value_parser};
use serde::Serialize;

use super::scan::read_lockfile;
use super::sight::Seen;
use super::target::Target;
use devops_core::bill::{Bill, Component};
use devops_core::escape::terminal_line;
use devops_core::{Error, Provenance};
use devops_inventory::bill;
use devops_inventory::lockfiles::find::shown;
use devops_inventory::lockfiles::{find, help};
use devops_render::{Sbom, cyclonedx, spdx};
use devops_repository::{Repository, Workspace};

/// The sub-command.
pub(super) fn command() -> Command {
    Command::new("packages")
        .about("List the packages of lockfiles")
        .long_about(
            "List the packages of lockfiles, without a database. A lockfile that can't be read is an error with exit code 3; \
             one in a format that is not read yet is named: on a line of its own, as a row with `not_read`, or in the SBOM, which is then \
             incomplete.",
        )
        .arg(
            Arg::new("format")
                .long("format")
                .value_name("FORMAT")
                .value_parser(["table", "jsonl", "cyclonedx", "spdx"])
                .default_value("table")
                .help("Format of the list: a table, a JSON object per line, or an SBOM in CycloneDX 1.6 or SPDX 2.3"),
        )
        .arg(
            Arg::new("exclude")
                .long("exclude")
                .value_name("LIST")
                .value_delimiter(',')
                .action(ArgAction::Append)
                .help("Files and folders that a search leaves out, as paths or patterns, separated by commas"),
        )
        .arg(
            Arg::new("paths")
                .value_name("PATH")
                .num_args(0..)
                .value_parser(value_parser!(PathBuf))
                .value_hint(ValueHint::AnyPath)
                .help("Lockfiles, or folders to search for lockfiles [default: the working directory]"),
        )
}

/// The list.
pub(super) fn answer(matches: &ArgMatches) -> Result<String, Error> {
    let mut paths: Vec<PathBuf> = matches.get_many("paths").into_iter().flatten().cloned().collect();
    if paths.is_empty() {
        paths.push(PathBuf::from("."));
    }
    let workspace = Workspace::of(Path::new("."), &BTreeMap::new());
    let exclude: Vec<String> = matches.get_many("exclude").into_iter().flatten().cloned().collect();
    let repository = Repository::discover(Path::new(".")).ok();
    let found = find(&paths, &Seen::of(&workspace, repository.as_ref(), &Target::None, &exclude))?;
    let mut all = Bill::default();
    for (path, format) in found.read() {
        let graph = read_lockfile(path, format, &workspace)?;
        all.files.push(bill(&shown(path), &graph));
    }
    let others: Vec<(String, &str)> = found.not_read().map(|(path, of)| (shown(path), of)).collect();
    if let ([], Some((other, _))) = (all.files.as_slice(), others.first()) {
        return Err(Error::input(format!(
            "found only lockfiles in formats that are not read yet, such as {other}"
        ))
        .help(help()));
    }
    all.not_read = others.iter().map(|(path, _)| path.clone()).collect();
    match matches.get_one::<String>("format").map(String::as_str) {
        Some("jsonl") => jsonl(&all, &others),
        Some("cyclonedx") => sbom(&all, cyclonedx),
        Some("spdx") => sbom(&all, spdx),
        _ => Ok(table(&all)),
    }
}

/// A bill of materials, named after the folder.
fn sbom(bill: &Bill, draw: fn(&Sbom<'_>) -> String) -> Result<String, Error> {
    let folder = Path::new(".").canonicalize().map_err(|error| Error::unreadable(Path::new("."), error))?;
    let project = folder.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    Ok(draw(&Sbom {
        bill,
        project: if project.is_empty() { "project" } else { &project },
        provenance: &Provenance::of_this_build(),
        findings: &[],
        // The same lockfiles have the same bytes.
        time: "",
    }))
}

/// A package as a line of JSON has it; one without a name stands for a file that was not read.
#[derive(Serialize, Default)]
struct Row<'a> {
    name: Option<&'a str>,
    version: Option<&'a str>,
    ecosystem: &'a str,
    purl: Option<&'a str>,
    path: &'a str,
    line: Option<u64>,
    scope: Option<&'a str>,
    direct: Option<bool>,
    origin: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    not_read: bool,
}

impl<'a> Row<'a> {
    fn of(component: &'a Component) -> Self {
        Self {
            name: Some(&component.name),
            version: Some(component.version.as_str()).filter(|version| !version.is_empty()),
            ecosystem: component.ecosystem.name(),
            purl: Some(&component.purl),
            path: &component.location.path,
            line: component.location.line,
            scope: Some(component.scope),
            direct: Some(component.is_direct),
            origin: Some(component.origin),
            not_read: false,
        }
    }
}

/// A JSON object per line.
fn jsonl(bill: &Bill, not_read: &[(String, &str)]) -> Result<String, Error> {
    let mut text = String::new();
    let packages = bill.files.iter().flat_map(|file| &file.components).map(Row::of);
    let others = not_read.iter().map(|(path, ecosystem)| Row {
        ecosystem,
        path: path.as_str(),
        not_read: true,
        ..Row::default()
    });
    for row in packages.chain(others) {
        let row = serde_json::to_string(&row)
            .map_err(|error| Error::bug("a package can't be written as JSON").because(error))?;
        text.push_str(&row);
        text.push('\n');
    }
    Ok(text)
}

/// Columns for people.
fn table(bill: &Bill) -> String {
    let header = ["PACKAGE", "VERSION", "ECOSYSTEM", "SCOPE", "ORIGIN", "LOCATION"].map(str::to_owned);
    let rows = bill.files.iter().flat_map(|file| &file.components).map(|component| {
        let version = if component.version.is_empty() { "-" } else { &component.version };
        let scope = if component.is_direct {
            format!("{}, direct", component.scope)
        } else {
            component.scope.to_owned()
        };
        let location = component.location.to_string();
        [component.name.as_str(), version, component.ecosystem.name(), &scope, component.origin, &location]
            .map(terminal_line)
    });
    let rows: Vec<[String; 6]> = std::iter::once(header).chain(rows).collect();
    let mut widths = [0; 6];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            let _ = write!(line, "{cell:width$}  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    for other in &bill.not_read {
        let _ = writeln!(text, "not read: {}", terminal_line(other));
    }
    text
}
