//! From a complaint to a finding: its title, its facts, its place and the next step.

use serde_json::Value;

use super::collect::Judged;
use super::problem::{Kind, Problem, Target};
use super::rating::Rating;
use super::reports::Header;
use super::rules::rule;
use devops_core::{Change, Finding, Location};

/// The finding of a complaint.
pub(super) fn finding(judged: &Judged, header: &Header) -> Finding {
    let Judged { problem, target, severity, held, is_known } = judged;
    let rule = rule(problem.kind, &problem.rating);
    let location = location(problem, target, header);
    let file = file_of(problem, target);
    let identity =
        [problem.id.as_str(), &problem.package, &problem.installed, &target.kind, &file, &problem.mark];
    let mut finding = Finding::new(rule, title(problem, &file), &identity)
        .severity(*severity)
        .detail(detail(problem, *held))
        .identified("advisory", problem.id.clone())
        .named("target", target.name.clone())
        .about("class", target.class.clone())
        .about("report", header.path.clone())
        .about("image", header.name())
        .help(help(problem));
    if problem.kind == Kind::Vulnerability {
        finding = about_package(finding, problem, target);
    } else {
        finding = named(finding, "package", &problem.package);
    }
    if problem.kind == Kind::Licence {
        finding = about(finding, "category", &problem.status);
    }
    finding = about(finding, "os", &header.system);
    finding = about(finding, "layer", &problem.layer);
    finding = about(finding, "url", &problem.url);
    if !problem.paths.is_empty() {
        finding = finding.named("paths", list(problem.paths.iter()));
    }
    if let Some(is_known) = is_known {
        finding = finding.changed(if *is_known { Change::Known } else { Change::New });
    }
    finding.location = location;
    finding
}

/// The facts about a vulnerable package.
fn about_package(finding: Finding, problem: &Problem, target: &Target) -> Finding {
    let patched: Vec<String> = versions(&problem.fixed).map(str::to_owned).collect();
    let finding = finding
        .named("package", problem.package.clone())
        .about("version", problem.installed.clone())
        .about("installed", problem.installed.clone())
        .about("fixed", problem.fixed.clone())
        .about("patched", list(patched.iter()))
        .identified("aliases", list(problem.aliases.iter()))
        .about("status", problem.status.clone());
    // A distribution fixes a package within its release, where an upgrade is all it takes.
    let fix = patched.first().filter(|_| target.class == "os-pkgs").map_or("", String::as_str);
    let finding = about(finding, "fix", fix);
    let finding = if problem.is_by_cpe { finding.about("matched_by", "cpe") } else { finding };
    named(about(finding, "ecosystem", &target.kind), "purl", &problem.purl)
}

/// One more fact, if it is known.
fn about(finding: Finding, name: &str, fact: &str) -> Finding {
    if fact.is_empty() { finding } else { finding.about(name, fact) }
}

/// One more name, if it is known.
fn named(finding: Finding, fact: &str, name: &str) -> Finding {
    if name.is_empty() { finding } else { finding.named(fact, name) }
}

fn list<'a>(texts: impl Iterator<Item = &'a String>) -> Value {
    Value::Array(texts.map(|text| Value::from(text.as_str())).collect())
}

/// The versions with the fix.
fn versions(fixed: &str) -> impl Iterator<Item = &str> {
    fixed.split(',').map(str::trim).filter(|version| !version.is_empty())
}

/// The file that a complaint is about, where it is about one: the same from scan to scan, unlike an image's name.
fn file_of(problem: &Problem, target: &Target) -> String {
    match target.class.as_str() {
        "lang-pkgs" if target.is_collection() => problem.paths.first().cloned().unwrap_or_default(),
        "lang-pkgs" | "config" | "secret" => target.name.clone(),
        _ => problem.paths.first().cloned().unwrap_or_default(),
    }
}

/// Where it stands, if that is a file of the repository.
fn location(problem: &Problem, target: &Target, header: &Header) -> Option<Location> {
    let path = file_of(problem, target);
    if !header.is_of_files() || path.is_empty() {
        return None;
    }
    Some(Location { line: problem.line, ..Location::file(path.replace('\\', "/")) })
}

/// One line that names it.
fn title(problem: &Problem, file: &str) -> String {
    let id = if problem.id.is_empty() { "something without a name" } else { &problem.id };
    let package = format!("{} {}", problem.package, problem.installed);
    let place = if file.is_empty() { String::new() } else { format!(" in {file}") };
    match problem.kind {
        Kind::Vulnerability => format!("{id} in {}", package.trim()),
        Kind::Misconfiguration | Kind::Result if problem.title.is_empty() => format!("{id}{place}"),
        Kind::Misconfiguration => format!("{id} {}{place}", problem.title),
        Kind::Secret => {
            let line = problem.line.map(|line| format!(":{line}")).unwrap_or_default();
            let what = if problem.title.is_empty() { id } else { &problem.title };
            format!("{what}{place}{line}")
        }
        Kind::Result => format!("{id}: {}{place}", problem.title),
        Kind::Licence if problem.package.is_empty() => format!("{id}{place}"),
        Kind::Licence => format!("{id} in {}", problem.package),
    }
}

/// What the scanner says about it, and what was made of that.
fn detail(problem: &Problem, held: Option<&str>) -> String {
    let mut detail = match problem.kind {
        Kind::Misconfiguration | Kind::Result => problem.detail.clone(),
        Kind::Licence if !problem.status.is_empty() => format!("category {}", problem.status),
        Kind::Licence | Kind::Secret => String::new(),
        Kind::Vulnerability => problem.title.clone(),
    };
    let odd = match &problem.rating {
        Rating::Odd(word) => Some(format!("the severity `{word}` is not known, so it counts as high")),
        Rating::None | Rating::Known(_) => None,
    };
    let by_cpe = (problem.is_by_cpe && held.is_none()).then(|| "matched by its CPE alone".to_owned());
    for line in odd.into_iter().chain(by_cpe).chain(held.map(str::to_owned)) {
        if !detail.is_empty() {
            detail.push('\n');
        }
        detail.push_str(&line);
    }
    detail
}

/// The next step.
fn help(problem: &Problem) -> String {
    let package = &problem.package;
    match problem.kind {
        Kind::Secret => {
            "revoke the secret, then build the image without it: later layers only hide it".to_owned()
        }
        Kind::Result => "fix it, or suppress it where the analyser looks for that".to_owned(),
        Kind::Licence => "replace it, or have it waived by those who decide about licences".to_owned(),
        Kind::Misconfiguration if problem.advice.is_empty() => "correct the configuration".to_owned(),
        Kind::Misconfiguration => problem.advice.clone(),
        Kind::Vulnerability if !problem.fixed.is_empty() => {
            let versions: Vec<&str> = versions(&problem.fixed).collect();
            format!("upgrade {package} to {}", versions.join(" or "))
        }
        Kind::Vulnerability => match problem.status.as_str() {
            "will_not_fix" => {
                format!("there will be no fix: replace {package}, or waive it for a limited time")
            }
            "end_of_life" => "there will be no fix: use a base image that is still supported".to_owned(),
            "under_investigation" => {
                "no fix yet, under investigation: waive it for a limited time".to_owned()
            }
            _ => format!("no fix yet: remove {package}, or waive it for a limited time"),
        },
    }
}
