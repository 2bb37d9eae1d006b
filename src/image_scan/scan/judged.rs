//! What is found in an image: findings about its packages, with the layer of each, and about the image itself.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::contents::Contents;
use super::origin::Origin;
use crate::rules::{CONTRADICTORY, MISMATCH, NOTHING_SCANNED, OS_END_OF_LIFE, OS_NOT_COVERED};
use crate::{Arguments, Only};
use devops_advisory::Database;
use devops_assessment::{Key, Lockfile, Matches};
use devops_core::report::{Facts, facts};
use devops_core::words::{count, counted, number};
use devops_core::{Ecosystem, Finding, Severity, Table};
use devops_inventory::installed::Installed;
use devops_inventory::installed::system::end_of_life::Support;
use devops_inventory::{Graph, Origin as From};
use devops_job::Context;

/// What an image was judged by.
pub(super) struct Judged<'a> {
    pub(super) arguments: &'a Arguments,
    pub(super) context: &'a Context,
    pub(super) contents: &'a Contents,
    pub(super) base_layers: Option<usize>,
    pub(super) targets: &'a [Lockfile],
}

/// The packages of an image in groups that people know: those of the distribution, and those of each language.
pub(super) fn targets(contents: &Contents) -> Vec<Lockfile> {
    let system = contents.system_name();
    let system = if system.is_empty() { "system".to_owned() } else { system };
    let mut groups: BTreeMap<(bool, String), Graph> = BTreeMap::new();
    let mut add = |key: (bool, String), installed: &Installed| {
        let mut package = installed.package.clone();
        package.file = Some(installed.path.clone());
        package.built_from = installed.source.clone().map(Box::new);
        groups.entry(key).or_default().packages.push(package);
    };
    for installed in &contents.system.packages {
        add((false, system.clone()), installed);
    }
    for installed in &contents.others {
        add((true, installed.package.ecosystem.name().to_owned()), installed);
    }
    groups.into_iter().map(|((_, path), graph)| Lockfile { path, graph }).collect()
}

/// Where a package is: its layers, the lowest first, and the files that say so.
type Places<'a> = BTreeMap<(Ecosystem, &'a str, &'a str), Vec<&'a Installed>>;

impl<'a> Judged<'a> {
    fn places(&self) -> Places<'a> {
        let mut places: Places<'a> = BTreeMap::new();
        for installed in self.contents.packages() {
            let package = &installed.package;
            let key = (package.ecosystem, package.name.as_str(), package.version.as_str());
            places.entry(key).or_default().push(installed);
        }
        for all in places.values_mut() {
            all.sort_by_key(|installed| installed.layer);
        }
        places
    }

    fn origin(&self, layer: usize) -> Option<Origin> {
        let base = self.base_layers?;
        Some(if layer < base { Origin::Base } else { Origin::Application })
    }

    /// Findings about packages, each with what is known of its place in the image.
    pub(super) fn about_packages(&self, matches: Matches) -> Vec<Finding> {
        let places = self.places();
        let image = self.contents.label.as_str();
        let all = matches.findings.into_iter().chain(matches.uncovered);
        let finding = |(key, finding): (Key, Finding)| {
            let installed = places.get(&(key.ecosystem, key.name.as_str(), key.version.as_str()));
            let installed = installed.map_or(&[][..], Vec::as_slice);
            self.placed(finding, installed).named("image", image)
        };
        all.map(finding).collect()
    }

    /// A finding about a package with its layer, its step and whose layer it is.
    fn placed(&self, mut finding: Finding, installed: &[&Installed]) -> Finding {
        // A path in an image is none of the repository.
        finding.location = None;
        let Some(first) = installed.first() else { return finding };
        // An image says where a package is, and not who needs it.
        let place = format!("layer {}: {}", first.layer, first.path);
        finding.detail = finding.detail.replace(devops_assessment::matching::UNCONNECTED, &place);
        let paths: BTreeSet<&str> = installed.iter().map(|one| one.path.as_str()).collect();
        let target = if is_of_system(self.contents, first) {
            self.contents.system_name()
        } else {
            first.package.ecosystem.name().to_owned()
        };
        let fixed = finding.subject.get("fix").and_then(|fix| fix.as_str()).unwrap_or_default().to_owned();
        finding = finding
            .named("target", target)
            .about("class", if is_of_system(self.contents, first) { "os-pkgs" } else { "lang-pkgs" })
            .about("layer", first.layer as u64)
            .about("installed", first.package.version.as_str())
            .about("status", if fixed.is_empty() { "affected" } else { "fixed" })
            .about("fixed", fixed)
            .named("paths", paths.into_iter().map(str::to_owned).collect::<Vec<_>>());
        if let Some(source) = &first.source {
            finding = finding
                .named("source_name", source.name.as_str())
                .about("source_version", source.version.as_str());
        }
        if let Some(step) = self.contents.step(first.layer) {
            finding = finding.about("step", step);
        }
        let origins: BTreeSet<Origin> = installed.iter().filter_map(|one| self.origin(one.layer)).collect();
        // What is in a layer of the application as well is the application's.
        let Some(origin) = origins.last() else { return finding };
        let is_held = self.arguments.only == Only::Application
            && *origin == Origin::Base
            && finding.rule != devops_assessment::rules::MALWARE.id
            && finding.severity >= self.context.fail_on;
        if is_held {
            finding.severity = below(self.context.fail_on);
            finding.detail.push_str("\nonly warns, because it is of the base image (`only`)");
        }
        finding.about("origin", origin.word())
    }

    /// Findings about the image itself.
    pub(super) fn about_image(&self, databases: &[Database]) -> Vec<Finding> {
        let mut findings = Vec::new();
        findings.extend(self.mismatch());
        findings.extend(self.nothing_scanned());
        findings.extend(self.contradictions());
        findings.extend(self.not_covered(databases));
        findings.extend(self.end_of_life());
        findings
    }

    fn finding(&self, rule: &'static devops_core::Rule, title: String, identity: &[&str]) -> Finding {
        Finding::new(rule, title, identity).named("image", self.contents.label.as_str())
    }

    /// The image is not the one that is shipped.
    fn mismatch(&self) -> Option<Finding> {
        let expected = self.arguments.expect_digest.as_ref()?;
        let known: Vec<String> = match &self.contents.image {
            Some(image) => {
                let own = image.manifest.iter().chain(&image.indexes).chain([&image.id]);
                own.map(ToString::to_string).collect()
            }
            None => Vec::new(),
        };
        (!known.iter().any(|known| expected.is(known))).then(|| {
            let has = if known.is_empty() { "no digest".to_owned() } else { known.join(", ") };
            self.finding(&MISMATCH, format!("{} is not the expected image", self.contents.label), &["digest"])
                .detail(format!("expected {expected}, the image has {has}"))
                .about("expected", expected.to_string())
                .help("scan the image that is shipped: `devops fetch image NAME@DIGEST` gets it")
        })
    }

    /// Nothing in the image says which packages it has.
    fn nothing_scanned(&self) -> Option<Finding> {
        let system = &self.contents.system;
        let has_system = system.release.is_some();
        let without_database = "scan an image whose package database was not removed, or check its packages otherwise and waive this";
        let (title, help) = if has_system && !system.has_own_packages {
            let name = self.contents.system_name();
            (format!("the image is of {name} and has no list of its packages"), without_database)
        } else if let Some((path, layer)) = self.contents.removed {
            (
                format!("layer {layer} has packages in {path}, which is not left in the image"),
                without_database,
            )
        } else if self.contents.packages().next().is_none() && !self.arguments.allow_empty {
            (
                "nothing in the image says which packages it has".to_owned(),
                "scan what is shipped; if it really contains nothing but a program of its own, set `allow-empty`",
            )
        } else {
            return None;
        };
        let entries: u64 = self.contents.layers.layers.iter().map(|layer| layer.entries).sum();
        let detail = format!("{} in {}", counted(entries, "entry", "entries"), self.layers_text());
        Some(self.finding(&NOTHING_SCANNED, title, &["packages"]).detail(detail).help(help))
    }

    fn contradictions(&self) -> Vec<Finding> {
        let finding = |sentence: &String| {
            self.finding(&CONTRADICTORY, sentence.clone(), &[sentence]).help(
                "check how the image was built, and scan it again; packages or advisories may be missing",
            )
        };
        self.contents.system.contradictions.iter().map(finding).collect()
    }

    /// No database is about the packages of the system, or of a language.
    fn not_covered(&self, databases: &[Database]) -> Vec<Finding> {
        let mut of: BTreeMap<Ecosystem, Vec<&Installed>> = BTreeMap::new();
        for installed in self.contents.packages().filter(|one| one.package.origin == From::Registry) {
            of.entry(installed.package.ecosystem).or_default().push(installed);
        }
        let missing = of
            .iter()
            .filter(|(ecosystem, _)| !databases.iter().any(|database| database.covers(ecosystem.name())));
        let finding = |(ecosystem, all): (&Ecosystem, &Vec<&Installed>)| {
            let is_system = all.iter().any(|one| is_of_system(self.contents, one));
            let amount = counted(all.len() as u64, "package", "packages");
            let name = ecosystem.name();
            let has_any = devops_versions::find(name).is_some();
            let (rule, severity) = match (is_system, has_any) {
                (true, _) => (&OS_NOT_COVERED, Severity::High),
                (false, true) => (&devops_assessment::rules::ECOSYSTEM, Severity::High),
                (false, false) => (&devops_assessment::rules::ECOSYSTEM, Severity::Medium),
            };
            self.finding(rule, format!("{amount} of {name} not checked: no database is about them"), &[name])
                .severity(severity)
                .named("ecosystem", name)
                .help("add a database of it with `--db`: `devops fetch advisories --ecosystem …` gets one")
        };
        missing.map(finding).collect()
    }

    fn end_of_life(&self) -> Option<Finding> {
        let release = self.contents.system.release.as_ref()?;
        let Support::Ended(day) = Support::of(release, self.context.today()) else { return None };
        let name = self.contents.system_name();
        Some(
            self.finding(&OS_END_OF_LIFE, format!("{name} is no longer supported, since {day}"), &[&name])
                .named("os", name.as_str())
                .about("ended", day.to_string())
                .help("use a base image that is still supported"),
        )
    }

    fn layers_text(&self) -> String {
        if self.contents.image.is_none() {
            return "the folder".to_owned();
        }
        count(self.contents.layers.layers.len() as u64, "layer")
    }

    /// The counts of `report.json`.
    pub(super) fn totals(&self, findings: &[Finding]) -> Facts {
        let of = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
        let mut totals: Facts =
            Severity::ALL.into_iter().map(|one| (one.as_str().to_owned(), (of(one) as u64).into())).collect();
        for (name, amount) in [
            ("targets", self.targets.len()),
            ("packages", self.contents.packages().count()),
            ("vulnerabilities", findings.len()),
            ("layers", self.contents.layers.layers.len()),
        ] {
            totals.insert(name.to_owned(), (amount as u64).into());
        }
        totals
    }

    /// `2 critical, 3 high of 41 vulnerabilities in 312 packages of debian 12`.
    pub(super) fn headline(&self, findings: &[Finding]) -> String {
        let of = |severity| findings.iter().filter(|finding| finding.severity == severity).count() as u64;
        let worst =
            Severity::ALL.into_iter().rev().map(|one| (one, of(one))).filter(|(_, amount)| *amount > 0);
        let worst: Vec<String> =
            worst.take(2).map(|(severity, amount)| format!("{} {severity}", number(amount))).collect();
        let total = counted(findings.len() as u64, "vulnerability", "vulnerabilities");
        let found = if worst.is_empty() {
            "no vulnerabilities".to_owned()
        } else {
            format!("{} of {total}", worst.join(", "))
        };
        let packages = count(self.contents.packages().count() as u64, "package");
        let system = self.contents.system_name();
        let of = if system.is_empty() { String::new() } else { format!(" of {system}") };
        format!("{found} in {packages}{of} ({})", self.contents.label)
    }

    /// What is to be known beside findings.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let elsewhere = self.contents.packages().filter(|one| one.package.origin != From::Registry).count();
        if elsewhere > 0 {
            notes.push(format!(
                "{} that no advisories are about, such as programs that were copied in",
                count(elsewhere as u64, "package")
            ));
        }
        if self.contents.layers.cached > 0 {
            notes.push(format!("{} out of the cache", count(self.contents.layers.cached as u64, "layer")));
        }
        notes
    }

    /// The job's own facts.
    pub(super) fn details(&self, findings: &[Finding]) -> Facts {
        let layers = self.layers(findings);
        let image = self.contents.image.as_ref();
        let mut details = facts(&Details {
            artifact: &self.contents.label,
            os: self.contents.system_name(),
            image_id: image.map(|image| image.id.to_string()),
            digest: image.and_then(|image| image.manifest.as_ref()).map(ToString::to_string),
            tags: image.map_or(&[], |image| image.tags.as_slice()),
            platform: image.map(|image| image.config.platform()),
            verified: !self.contents.layers.verified.is_empty()
                && self.contents.layers.verified.iter().all(|one| *one),
            layers: &layers,
        });
        Table::put(vec![table(&layers)], &mut details);
        details
    }

    fn layers(&self, findings: &[Finding]) -> Vec<LayerFacts> {
        let places = self.contents.packages();
        let mut packages: BTreeMap<usize, u64> = BTreeMap::new();
        for installed in places {
            *packages.entry(installed.layer).or_default() += 1;
        }
        let layer_of = |finding: &Finding| finding.subject.get("layer").and_then(serde_json::Value::as_u64);
        let blobs = self.contents.image.as_ref().map(|image| &image.layers);
        let all = self.contents.layers.layers.iter().zip(&self.contents.layers.verified).enumerate();
        let facts = |(number, (layer, verified)): (usize, (&devops_image::Layer, &bool))| {
            let blob = blobs.and_then(|blobs| blobs.get(number));
            LayerFacts {
                layer: number as u64,
                digest: blob.and_then(|blob| blob.digest.as_ref()).map(ToString::to_string),
                diff_id: blob.and_then(|blob| blob.diff_id.as_ref()).map(ToString::to_string),
                bytes: layer.bytes,
                entries: layer.entries,
                step: self.contents.step(number).map(str::to_owned),
                created: self.contents.created(number).map(str::to_owned),
                origin: self.origin(number).map(Origin::word),
                packages: packages.get(&number).copied().unwrap_or_default(),
                findings: findings.iter().filter(|one| layer_of(one) == Some(number as u64)).count() as u64,
                verified: *verified,
            }
        };
        all.map(facts).collect()
    }
}

/// Whether a package is of the distribution.
fn is_of_system(contents: &Contents, installed: &Installed) -> bool {
    contents.system.packages.iter().any(|one| std::ptr::eq(one, installed))
        || matches!(installed.package.ecosystem.purl_type(), "deb" | "apk" | "rpm")
}

/// The severity below one.
fn below(severity: Severity) -> Severity {
    match severity {
        Severity::Critical => Severity::High,
        Severity::High => Severity::Medium,
        Severity::Medium | Severity::Low => Severity::Low,
        Severity::Info => Severity::Info,
    }
}

/// The job's own facts.
#[derive(Serialize)]
struct Details<'a> {
    artifact: &'a str,
    os: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    tags: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<String>,
    verified: bool,
    layers: &'a [LayerFacts],
}

/// What is known of a layer.
#[derive(Serialize)]
struct LayerFacts {
    layer: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    diff_id: Option<String>,
    bytes: u64,
    entries: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<&'static str>,
    packages: u64,
    findings: u64,
    verified: bool,
}

/// The layers for people, the lowest first.
fn table(layers: &[LayerFacts]) -> Table {
    let mut table = Table::new("Layers", &["Layer", "Step", "Size", "Built", "Packages", "Findings"]);
    for layer in layers {
        let step: String = layer.step.as_deref().unwrap_or_default().chars().take(80).collect();
        table.rows.push(vec![
            layer.layer.to_string(),
            step,
            format!("{} MB", number(layer.bytes.div_ceil(1_000_000))),
            layer.created.as_deref().and_then(|time| time.get(..10)).unwrap_or_default().to_owned(),
            number(layer.packages),
            number(layer.findings),
        ]);
    }
    table
}
