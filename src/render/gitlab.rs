//! `gl-dependency-scanning-report.json` and `gl-container-scanning-report.json`: GitLab's reports of dependency and container
//! scanning, schema 15.0.7.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::sbom::uuid;
use super::stand_in;
use super::vulnerabilities::{Publisher, Vulnerability, block, line};
use super::{Document, Drawn};
use devops_core::escape;
use devops_core::{BilledFile, Severity};

/// The version of the schema. Newer ones are rejected by older instances.
const VERSION: &str = "15.0.7";
/// Characters of a vulnerability's name, description and solution: GitLab rejects a report with longer ones.
const NAME: usize = 255;
const DESCRIPTION: usize = 20_000;
const SOLUTION: usize = 7_000;
/// Characters of any other text.
const TEXT: usize = 1_000;
/// Messages about the scan.
const MESSAGES: usize = 100;

/// What was scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scan {
    /// Files that list packages.
    Dependencies,
    /// Images: what is found in one names it as `image`.
    Containers,
}

/// The open findings about packages that files list, and the packages of each file.
///
/// # Errors
/// Where the time of the scan is unknown.
pub fn dependency_scanning(document: &Document<'_>) -> Drawn {
    draw(document, Scan::Dependencies)
}

/// The open findings about packages of images.
///
/// # Errors
/// Where the time of the scan is unknown.
pub fn container_scanning(document: &Document<'_>) -> Drawn {
    draw(document, Scan::Containers)
}

fn draw(document: &Document<'_>, scan: Scan) -> Drawn {
    let report = document.report;
    let revision = document.revision;
    // Without zone and fraction.
    let time = |time: &str| time.strip_suffix('Z').map(str::to_owned);
    let (Some(start), Some(end)) = (time(&revision.started), time(&revision.ended)) else {
        return Err("the time of the scan is unknown");
    };
    let tool = json!({
        "id": word(&report.provenance.tool),
        "name": word(&report.provenance.tool),
        "version": word(&report.provenance.version),
        "vendor": { "name": word(&report.provenance.tool) },
    });
    let failures = document.reports().iter().filter_map(|report| report.error.as_ref());
    let failures = failures.map(|failure| json!({ "level": "fatal", "value": line(&failure.message, TEXT) }));
    let notes = report.notes.iter().map(|note| json!({ "level": "info", "value": line(note, TEXT) }));
    let unread = document
        .bill
        .filter(|_| scan == Scan::Dependencies)
        .map(|bill| bill.not_read.as_slice())
        .unwrap_or_default();
    let unread = unread
        .iter()
        .map(|path| json!({ "level": "warn", "value": line(&format!("not read: {path}"), TEXT) }));
    let messages =
        failures.chain(unread).chain(notes).filter(|message| message.get("value") != Some(&json!("")));
    let has_failed = document.reports().iter().any(|report| report.error.is_some());
    let files = document.bill.map(|bill| bill.files.as_slice()).unwrap_or_default();
    let mut gitlab = json!({
        "version": VERSION,
        "scan": {
            "analyzer": tool,
            "scanner": tool,
            "type": match scan {
                Scan::Dependencies => "dependency_scanning",
                Scan::Containers => "container_scanning",
            },
            "start_time": start,
            "end_time": end,
            "status": if has_failed { "failure" } else { "success" },
            "messages": messages.take(MESSAGES).collect::<Vec<_>>(),
        },
        "vulnerabilities": vulnerabilities(document, scan),
    });
    if let (Scan::Dependencies, Some(fields)) = (scan, gitlab.as_object_mut()) {
        fields.insert("dependency_files".to_owned(), files.iter().map(file).collect());
    }
    Ok(Some(escape::json(&format!("{gitlab:#}\n"))))
}

/// A file and its packages; one without an exact version has no place in this report.
fn file(file: &BilledFile) -> Value {
    let exact = file.components.iter().enumerate().filter(|(_, one)| !one.version.is_empty());
    let dependency = |(index, one): (usize, &devops_core::Component)| {
        json!({
            "iid": index + 1,
            "direct": one.is_direct,
            "package": { "name": word(&one.name) },
            "version": word(&one.version),
        })
    };
    json!({
        "path": word(&file.path),
        "package_manager": word(&file.package_manager),
        "dependencies": exact.map(dependency).collect::<Vec<_>>(),
    })
}

/// The open findings; GitLab takes those with one identifier for one.
fn vulnerabilities(document: &Document<'_>, scan: Scan) -> Value {
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    let found =
        document.reports().iter().flat_map(|report| report.open().map(move |finding| (report, finding)));
    for (report, finding) in found {
        let is_of_image = finding.subject.get("image").is_some();
        let vulnerability = Vulnerability::of(finding).filter(|_| is_of_image == (scan == Scan::Containers));
        let Some(vulnerability) = vulnerability else { continue };
        let mut times = 1;
        while !seen.insert((finding.fingerprint.as_str(), times)) {
            times += 1;
        }
        let id = uuid([finding.fingerprint.as_str(), &times.to_string()]);
        let dependency = json!({
            "package": { "name": word(vulnerability.fact("package")) },
            "version": word(vulnerability.fact("version")),
        });
        let location = match scan {
            Scan::Dependencies => {
                let (location, _) = stand_in::place(document, report, finding);
                json!({ "file": word(location.path.trim_start_matches("./")), "dependency": dependency })
            }
            Scan::Containers => json!({
                "image": word(vulnerability.fact("image")),
                "operating_system": word(vulnerability.fact("os")),
                "dependency": dependency,
            }),
        };
        all.push(of_finding(&vulnerability, &id, location));
    }
    Value::Array(all)
}

fn of_finding(vulnerability: &Vulnerability<'_>, id: &str, location: Value) -> Value {
    let finding = vulnerability.finding;
    let pages = vulnerability.ids.iter().filter_map(|id| Publisher::of(id).page(id));
    let links: Vec<Value> = pages.map(|url| json!({ "url": url })).collect();
    let detail = [finding.title.as_str(), finding.detail.as_str()].join("\n\n");
    let mut fields = Map::from_iter([
        ("id".to_owned(), json!(id)),
        ("name".to_owned(), json!(line(&finding.title, NAME))),
        ("description".to_owned(), json!(block(&detail, DESCRIPTION))),
        ("severity".to_owned(), json!(severity(finding.severity))),
        ("identifiers".to_owned(), vulnerability.ids.iter().map(|id| identifier(id)).collect()),
        ("links".to_owned(), Value::Array(links)),
        ("location".to_owned(), location),
    ]);
    if !finding.help.trim().is_empty() {
        fields.insert("solution".to_owned(), json!(block(&finding.help, SOLUTION)));
    }
    Value::Object(fields)
}

/// A text that must not be empty.
fn word(text: &str) -> String {
    let word = line(text, TEXT);
    if word.trim().is_empty() { "unknown".to_owned() } else { word }
}

/// An identifier, of the type by which GitLab knows it.
fn identifier(id: &str) -> Value {
    let publisher = Publisher::of(id);
    let name = line(id, NAME);
    match publisher.page(id) {
        Some(url) => json!({ "type": publisher.kind, "name": name, "value": name, "url": url }),
        None => json!({ "type": publisher.kind, "name": name, "value": name }),
    }
}

const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "Critical",
        Severity::High => "High",
        Severity::Medium => "Medium",
        Severity::Low => "Low",
        Severity::Info => "Info",
    }
}
