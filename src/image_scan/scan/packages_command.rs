//! `packages`: what images contain, without a database.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches, Command, ValueHint, value_parser};
use serde::Serialize;

use super::contents::{Contents, Reading, read};
use super::judged::targets;
use super::shown;
use devops_core::escape::terminal_line;
use devops_core::{Bill, Error, Provenance};
use devops_image::Selection;
use devops_inventory::installed::Installed;
use devops_inventory::purl;
use devops_render::{Sbom, cyclonedx, spdx};

/// The sub-command.
pub(crate) fn command() -> Command {
    Command::new("packages")
        .about("List the packages of images")
        .long_about(
            "List the packages of images, without a database. An image that can't be read, or one of whose lists of packages can't be \
             read, is an error with exit code 3.",
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
            Arg::new("platform")
                .long("platform")
                .value_name("PLATFORM")
                .help("Which image is meant, where there is one for each platform, e.g. `linux/arm64`"),
        )
        .arg(
            Arg::new("image-tag")
                .long("image-tag")
                .value_name("NAME")
                .help("Which image is meant, where the archive or layout has several: a name or a tag"),
        )
        .arg(
            Arg::new("cache")
                .long("cache")
                .value_name("DIR")
                .value_hint(ValueHint::DirPath)
                .value_parser(value_parser!(PathBuf))
                .help("Folder that keeps what is known of packed layers for the next run"),
        )
        .arg(
            Arg::new("images")
                .value_name("IMAGE")
                .num_args(1..)
                .required(true)
                .value_hint(ValueHint::AnyPath)
                .value_parser(value_parser!(PathBuf))
                .help("Archives, OCI layouts, or root folders"),
        )
}

/// What the sub-command prints.
pub(crate) fn answer(matches: &ArgMatches) -> Result<String, Error> {
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let reading = Reading {
        selection: Selection { platform: text("platform"), reference: text("image-tag"), digest: None },
        verify: false,
        cache: matches.get_one::<PathBuf>("cache").map(PathBuf::as_path),
    };
    let images = matches.get_many::<PathBuf>("images").into_iter().flatten();
    let all = images.map(|image| read(image, &reading)).collect::<Result<Vec<_>, _>>()?;
    match text("format").as_deref() {
        Some("jsonl") => jsonl(&all),
        Some("cyclonedx") => Ok(sbom(&all, cyclonedx)),
        Some("spdx") => Ok(sbom(&all, spdx)),
        _ => Ok(table(&all)),
    }
}

/// A package as a line of JSON has it.
#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    version: Option<&'a str>,
    ecosystem: &'a str,
    purl: String,
    path: &'a str,
    line: Option<u64>,
    scope: &'static str,
    direct: bool,
    origin: &'static str,
    image: &'a str,
    layer: usize,
    step: Option<&'a str>,
    source_name: Option<&'a str>,
    source_version: Option<&'a str>,
}

impl<'a> Row<'a> {
    fn of(contents: &'a Contents, installed: &'a Installed) -> Self {
        let package = &installed.package;
        Self {
            name: &package.name,
            version: Some(package.version.as_str()).filter(|version| !version.is_empty()),
            ecosystem: package.ecosystem.name(),
            purl: purl(package.ecosystem, &package.name, &package.version),
            path: &installed.path,
            line: Some(package.line).filter(|line| *line > 0),
            scope: package.scope.word(),
            direct: false,
            origin: package.origin.word(),
            image: &contents.label,
            layer: installed.layer,
            step: contents.step(installed.layer),
            source_name: installed.source.as_ref().map(|source| source.name.as_str()),
            source_version: installed.source.as_ref().map(|source| source.version.as_str()),
        }
    }
}

/// A JSON object per line.
fn jsonl(all: &[Contents]) -> Result<String, Error> {
    let mut text = String::new();
    for contents in all {
        for installed in contents.packages() {
            let row = serde_json::to_string(&Row::of(contents, installed))
                .map_err(|error| Error::bug("a package can't be written as JSON").because(error))?;
            text.push_str(&row);
            text.push('\n');
        }
    }
    Ok(text)
}

/// A bill of materials, named after the first image.
fn sbom(all: &[Contents], draw: fn(&Sbom<'_>) -> String) -> String {
    let bill = Bill {
        files: all.iter().flat_map(|contents| shown::bill(&targets(contents)).files).collect(),
        ..Bill::default()
    };
    let label = all.first().map_or("image", |contents| contents.label.as_str());
    let name = Path::new(label).file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    draw(&Sbom {
        bill: &bill,
        project: if name.is_empty() { "image" } else { &name },
        provenance: &Provenance::of_this_build(),
        findings: &[],
        // The same image has the same bytes.
        time: "",
    })
}

/// Columns for people.
fn table(all: &[Contents]) -> String {
    let mut rows = vec![["PACKAGE", "VERSION", "ECOSYSTEM", "LAYER", "PATH"].map(str::to_owned)];
    for contents in all {
        rows.extend(contents.packages().map(|installed| {
            let package = &installed.package;
            let version = if package.version.is_empty() { "-" } else { &package.version };
            let layer = installed.layer.to_string();
            [package.name.as_str(), version, package.ecosystem.name(), &layer, &installed.path]
                .map(terminal_line)
        }));
    }
    let mut widths = [0; 5];
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
    text
}
