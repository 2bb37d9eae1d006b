//! Bills of materials and the reports of other programs' forms: valid against their schemas whatever is in them, and true.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use devops_core::{
    Bill, BilledFile, Component, Ecosystem, Finding, Location, Provenance, Report, Severity, Verdict, Waived,
};
use devops_inventory::lockfiles::{Kind, Source};
use devops_render::{Document, Drawn, Revision, Sbom};
use proptest::prelude::{ProptestConfig, any, proptest};
use proptest::test_runner::RngSeed;
use serde_json::{Value, json};

use super::samples::{self, HOSTILE, RULES};
use super::{golden, with};
use crate::support;

fn component(name: &str, version: &str, line: u64) -> Component {
    Component {
        ecosystem: Ecosystem::NPM,
        name: name.to_owned(),
        version: version.to_owned(),
        purl: format!("pkg:npm/{name}@{version}"),
        location: Location::line("web/package-lock.json", line),
        scope: "runtime",
        origin: "registry",
        is_direct: false,
        license: None,
        integrity: Vec::new(),
        source: String::new(),
    }
}

/// Two lockfiles, in one of which a package stands twice.
fn bill() -> Bill {
    let sri =
        "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==";
    let first = vec![
        Component { origin: "project", purl: String::new(), ..component("webshop", "1.0.0", 1) },
        Component { is_direct: true, license: Some("MIT".to_owned()), ..component("express", "4.17.0", 10) },
        Component {
            integrity: vec![sri.to_owned()],
            license: Some("MIT/Apache-2.0".to_owned()),
            ..component("qs", "6.7.0", 20)
        },
        Component {
            is_direct: true,
            scope: "dev",
            license: Some("SEE LICENSE IN a.txt".to_owned()),
            ..component("vite", "5.0.0", 30)
        },
        Component { version: String::new(), purl: "pkg:npm/loose".to_owned(), ..component("loose", "", 40) },
    ];
    let second = vec![
        Component {
            scope: "dev",
            location: Location::line("api/package-lock.json", 5),
            ..component("qs", "6.7.0", 5)
        },
        Component {
            origin: "git",
            source: "git+https://git.example.org/qs".to_owned(),
            ..component("qs", "6.7.0", 9)
        },
    ];
    let file = |path: &str, components, dependencies| BilledFile {
        path: path.to_owned(),
        package_manager: "npm".to_owned(),
        components,
        dependencies,
    };
    Bill {
        files: vec![
            file("api/package-lock.json", second, vec![vec![1]]),
            file("web/package-lock.json", first, vec![vec![1, 3], vec![2], vec![], vec![2, 4]]),
        ],
        not_read: vec!["app/bun.lockb".to_owned()],
        ..Bill::default()
    }
}

fn advisory(package: &str, version: &str, id: &str, aliases: &[&str]) -> Finding {
    Finding::new(
        &RULES[2],
        format!("{package} {version}: reads too much ({id})"),
        &["npm", package, version, id],
    )
    .severity(Severity::High)
    .detail("through express 4.17.0 → qs 6.7.0")
    .named("package", package)
    .about("version", version)
    .about("ecosystem", "npm")
    .named("purl", format!("pkg:npm/{package}@{version}"))
    .identified("advisory", id)
    .identified("aliases", aliases.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>())
    .about("path", json!(["express 4.17.0", "qs 6.7.0"]))
    .at(Location::line("web/package-lock.json", 20))
    .help("upgrade qs to 6.7.3")
}

fn report() -> Report {
    let mut report = samples::report("dep-scan", Verdict::Fail, "1 vulnerability in 1 of 5 packages");
    let mut waived = advisory("vite", "5.0.0", "GHSA-aaaa-bbbb-cccc", &[]);
    waived.waived = Some(Waived::until("web", "only runs on developers' machines", "2026-12-31"));
    let of_image = advisory("busybox", "1.36.1-r15", "CVE-2023-42365", &[])
        .about("image", "webshop:green")
        .about("os", "alpine 3.19.1");
    report.findings =
        vec![advisory("qs", "6.7.0", "GHSA-hrpp-h998-j3pp", &["CVE-2022-24999"]), of_image, waived];
    report.provenance.inputs = vec![devops_core::Input::of_bytes("web/package-lock.json", b"{}")];
    report
}

fn with_bill<T>(report: &Report, bill: Option<&Bill>, draw: impl FnOnce(&Document<'_>) -> T) -> T {
    with(report, std::slice::from_ref(report), |document| draw(&Document { bill, ..*document }))
}

const FORMATS: [(&str, fn(&Document<'_>) -> Drawn); 7] = [
    ("bom.cdx.json", devops_render::cyclonedx_of),
    ("bom.spdx.json", devops_render::spdx_of),
    ("gl-dependency-scanning-report.json", devops_render::dependency_scanning),
    ("gl-container-scanning-report.json", devops_render::container_scanning),
    ("dependency-snapshot.json", devops_render::snapshot),
    ("openvex.json", devops_render::openvex),
    ("verdict.intoto.json", devops_render::intoto),
];

/// Every format that is written, as JSON, by the name of its file.
fn drawn(report: &Report, bill: Option<&Bill>) -> BTreeMap<&'static str, Value> {
    let parse = |text: String| serde_json::from_str(&text).expect("JSON");
    let draw = |draw: fn(&Document<'_>) -> Drawn| match with_bill(report, bill, draw) {
        Ok(text) => text.map(parse),
        Err(why) => {
            assert_eq!((bill, why), (None, "no job listed any packages"));
            None
        }
    };
    FORMATS.into_iter().filter_map(|(name, format)| Some((name, draw(format)?))).collect()
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The validators of the formats by the names of their files; CycloneDX's only where its public schema is.
pub(crate) fn validators() -> BTreeMap<&'static str, jsonschema::Validator> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let options = || jsonschema::options().should_validate_formats(true);
    let mut all: BTreeMap<_, _> = [
        ("bom.spdx.json", "spdx-2.3"),
        ("gl-dependency-scanning-report.json", "gitlab-dependency-scanning-15.0.7"),
        ("gl-container-scanning-report.json", "gitlab-container-scanning-15.0.7"),
        ("dependency-snapshot.json", "github-dependency-snapshot"),
        ("openvex.json", "openvex-0.2.0"),
        ("verdict.intoto.json", "in-toto-svr"),
    ]
    .into_iter()
    .map(|(file, name)| {
        let schema = read(&own.join(format!("{name}.schema.json")));
        (file, options().build(&schema).expect("the schema is one"))
    })
    .collect();
    if let Some(folder) = support::schemas() {
        // What it refers to is put inside it, so that nothing is fetched.
        let mut schema = read(&folder.join("cyclonedx-1.6.schema.json"));
        let text =
            schema.to_string().replace("jsf-0.82.schema.json#/definitions/signature", "#/definitions/jsf");
        schema =
            serde_json::from_str(&text.replace("\"spdx.schema.json\"", "\"#/definitions/spdx\"")).unwrap();
        let mut ids = read(&folder.join("spdx-ids.schema.json"));
        for key in ["$id", "$schema"] {
            ids.as_object_mut().unwrap().remove(key);
        }
        schema["definitions"]["spdx"] = ids;
        schema["definitions"]["jsf"] = json!({});
        all.insert("bom.cdx.json", options().build(&schema).expect("the schema is one"));
    }
    all
}

/// Checks every format of a report and a bill.
fn check(validators: &BTreeMap<&'static str, jsonschema::Validator>, report: &Report, bill: &Bill) {
    let all = drawn(report, Some(bill));
    for (name, document) in &all {
        let Some(validator) = validators.get(name) else { continue };
        let errors = validator.iter_errors(document).take(5);
        let errors: Vec<String> =
            errors.map(|error| format!("{}: {error:.200}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
    }
    consistent(&all["bom.cdx.json"]);
    let ids = |document: &Value, list: &str, id: &str| -> (usize, BTreeSet<String>) {
        let all = document[list].as_array().unwrap();
        (all.len(), all.iter().map(|one| one[id].as_str().unwrap().to_owned()).collect())
    };
    for name in ["gl-dependency-scanning-report.json", "gl-container-scanning-report.json"] {
        let (amount, unique) = ids(&all[name], "vulnerabilities", "id");
        assert_eq!(amount, unique.len(), "a host keeps one vulnerability of each id");
    }
    let (amount, unique) = ids(&all["bom.spdx.json"], "packages", "SPDXID");
    assert_eq!(amount, unique.len());
    for relationship in all["bom.spdx.json"]["relationships"].as_array().unwrap() {
        let known = |end: &str| end == "SPDXRef-DOCUMENT" || unique.contains(end);
        assert!(known(relationship["spdxElementId"].as_str().unwrap()), "{relationship}");
        assert!(known(relationship["relatedSpdxElement"].as_str().unwrap()), "{relationship}");
    }
}

/// Every reference of a CycloneDX document is unique, and leads to something in it.
fn consistent(bom: &Value) {
    let mut known = BTreeSet::from(["root".to_owned()]);
    for list in ["components", "vulnerabilities"] {
        for one in bom[list].as_array().unwrap() {
            let reference = one["bom-ref"].as_str().unwrap().to_owned();
            assert!(known.insert(reference.clone()), "{reference} stands twice");
        }
    }
    let mut depending = BTreeSet::new();
    for dependency in bom["dependencies"].as_array().unwrap() {
        assert!(depending.insert(dependency["ref"].as_str().unwrap()));
        let all = dependency["dependsOn"].as_array().unwrap().iter().chain([&dependency["ref"]]);
        all.for_each(|reference| assert!(known.contains(reference.as_str().unwrap()), "{reference}"));
    }
    for vulnerability in bom["vulnerabilities"].as_array().unwrap() {
        for affected in vulnerability["affects"].as_array().into_iter().flatten() {
            assert!(known.contains(affected["ref"].as_str().unwrap()), "{affected}");
        }
    }
}

#[test]
fn every_format_of_a_bill_is_as_expected_and_valid() {
    let (report, bill) = (report(), bill());
    check(&validators(), &report, &bill);
    for (name, format) in FORMATS {
        let text = with_bill(&report, Some(&bill), format).unwrap().unwrap();
        assert_eq!(with_bill(&report, Some(&bill), format).unwrap().unwrap(), text, "the same bytes again");
        golden("bill", name, &text);
    }
    golden("bill", "report.html", &with_bill(&report, Some(&bill), devops_render::html));
}

#[test]
fn hostile_bills_and_findings_stay_valid() {
    let validators = validators();
    let one = |name: &str| Component {
        name: name.to_owned(),
        version: name.to_owned(),
        license: Some(name.to_owned()),
        integrity: vec![name.to_owned()],
        source: name.to_owned(),
        location: Location { path: name.to_owned(), line: Some(0), column: Some(0) },
        ..component("a", "1", 1)
    };
    let file = BilledFile {
        path: HOSTILE.to_owned(),
        package_manager: HOSTILE.to_owned(),
        components: vec![one(HOSTILE), one(HOSTILE), one("b")],
        dependencies: vec![vec![0, 1, 2, 99], vec![]],
    };
    let mut report = report();
    let mut finding = advisory(HOSTILE, HOSTILE, HOSTILE, &[HOSTILE, "", "CVE-2026-1"]);
    report.findings.push(finding.clone().about("image", HOSTILE).about("os", HOSTILE));
    finding.title = HOSTILE.repeat(50);
    finding.help = HOSTILE.repeat(500);
    report.findings.extend([finding.clone(), finding]);
    report.notes = vec![HOSTILE.to_owned(), String::new()];
    let bill =
        Bill { files: vec![file.clone(), file], not_read: vec![HOSTILE.to_owned()], ..Bill::default() };
    check(&validators, &report, &bill);
    let all = drawn(&report, Some(&bill));
    let gitlab = all["gl-dependency-scanning-report.json"].to_string();
    assert!(!gitlab.contains("\\u00"), "no control characters: {gitlab}");
    let text = with_bill(&report, Some(&bill), devops_render::html);
    assert_eq!(text.matches("<script").count(), 1);
    assert!(!text.contains("<img"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, rng_seed: RngSeed::Fixed(13), ..ProptestConfig::default() })]

    #[test]
    fn any_findings_of_any_bill_are_valid(
        names in proptest::collection::vec("(?s).{0,8}|[a-c]", 1..8),
        edges in proptest::collection::vec((0_usize..9, 0_usize..9), 0..12),
        kinds in proptest::collection::vec((0_usize..9, 0_usize..5, any::<bool>(), any::<bool>()), 0..9),
    ) {
        thread_local!(static VALIDATORS: BTreeMap<&'static str, jsonschema::Validator> = validators());
        let scopes = ["runtime", "optional", "build", "dev"];
        let components: Vec<Component> = names.iter().enumerate().map(|(index, name)| Component {
            scope: scopes[index % 4],
            is_direct: index % 3 == 0,
            license: Some(name.clone()),
            purl: format!("pkg:npm/{}@1", name.len()),
            ..component(name, "1", index as u64)
        }).collect();
        let mut dependencies = vec![Vec::new(); components.len()];
        for (from, to) in edges {
            dependencies.get_mut(from).into_iter().for_each(|needs| needs.push(to));
        }
        let file = BilledFile { path: "a".to_owned(), package_manager: "npm".to_owned(), components, dependencies };
        let mut report = report();
        report.findings = kinds.iter().map(|(at, severity, is_waived, is_named)| {
            let name = names.get(*at).map_or("z", String::as_str);
            let finding = advisory(name, "1", if *is_named { "RUSTSEC-2026-0001" } else { name }, &[name, name]);
            let waived = is_waived.then(|| Waived::until(name, name, name));
            Finding { waived, severity: Severity::ALL[*severity], ..finding }
        }).collect();
        VALIDATORS.with(|validators| check(validators, &report, &Bill { files: vec![file.clone(), file], not_read: vec![], ..Bill::default() }));
    }
}

#[test]
fn one_package_of_two_files_is_one_component_with_both_places() {
    let all = drawn(&report(), Some(&bill()));
    let components = all["bom.cdx.json"]["components"].as_array().unwrap();
    let qs: Vec<&Value> = components.iter().filter(|one| one["name"] == "qs").collect();
    // One of the registry, in two files, and one from git.
    assert_eq!(qs.len(), 2);
    let shared = qs.iter().find(|one| one["evidence"]["occurrences"].as_array().unwrap().len() == 2).unwrap();
    assert_eq!(shared["scope"], "required", "needed at run time in one of them");
    assert_eq!(shared["licenses"], json!([{ "expression": "MIT OR Apache-2.0" }]));
    assert_eq!(shared["hashes"][0]["alg"], "SHA-512");
    let vulnerability = &all["bom.cdx.json"]["vulnerabilities"][0];
    assert_eq!(
        vulnerability["affects"].as_array().unwrap().len(),
        2,
        "a twin from elsewhere is named as well"
    );
    assert_eq!(vulnerability["references"][0]["id"], "CVE-2022-24999");
}

#[test]
fn a_waiver_is_an_acceptance_and_no_claim_that_nothing_is_affected() {
    let all = drawn(&report(), Some(&bill()));
    let statement = &all["openvex.json"]["statements"][0];
    assert_eq!(statement["status"], "affected");
    assert_eq!(
        statement["action_statement"],
        "Accepted until 2026-12-31 by web: only runs on developers' machines"
    );
    let mut report = report();
    report.findings.truncate(1);
    assert!(!drawn(&report, None).contains_key("openvex.json"), "without statements there is no document");
}

#[test]
fn only_a_verdict_that_is_no_failure_has_properties() {
    for (verdict, expected) in [
        (Verdict::Pass, json!(["DEVOPS_ACTION_DEP_SCAN_PASSED", "DEVOPS_ACTION_DEP_SCAN_WITHOUT_WARNINGS"])),
        (Verdict::Warn, json!(["DEVOPS_ACTION_DEP_SCAN_PASSED"])),
        (Verdict::Fail, json!([])),
        (Verdict::Error, json!([])),
    ] {
        let report = Report { verdict, ..report() };
        let all = drawn(&report, None);
        assert_eq!(all["verdict.intoto.json"]["predicate"]["properties"], expected, "{verdict}");
    }
    let mut report = report();
    report.provenance.inputs.clear();
    assert!(!drawn(&report, None).contains_key("verdict.intoto.json"));
}

#[test]
fn a_report_without_a_bill_has_no_bill_of_materials() {
    let mut report = report();
    let names: Vec<&str> = drawn(&report, None).into_keys().collect();
    assert_eq!(
        names,
        [
            "gl-container-scanning-report.json",
            "gl-dependency-scanning-report.json",
            "openvex.json",
            "verdict.intoto.json"
        ]
    );
    report.error =
        Some(devops_core::report::Failure { code: 3, message: "damaged".to_owned(), help: String::new() });
    let gitlab = &drawn(&report, None)["gl-dependency-scanning-report.json"];
    assert_eq!(gitlab["scan"]["status"], "failure");
    assert_eq!(gitlab["scan"]["messages"][0], json!({ "level": "fatal", "value": "damaged" }));
}

#[test]
fn what_is_unknown_is_said_instead_of_written() {
    let (report, bill) = (report(), bill());
    let nothing = Revision::default();
    let draw = |draw: fn(&Document<'_>) -> Drawn| {
        with_bill(&report, Some(&bill), |document| draw(&Document { revision: &nothing, ..*document }))
    };
    for format in [
        devops_render::snapshot,
        devops_render::openvex,
        devops_render::dependency_scanning,
        devops_render::container_scanning,
        devops_render::intoto,
    ] {
        assert!(draw(format).unwrap_err().contains("unknown"));
    }
}

/// A lockfile that a package manager made, as a bill.
fn real(folder: &Path) -> Option<Bill> {
    let list = std::fs::read_to_string(folder.join("listed.txt")).ok()?;
    let name = list.lines().next()?.trim_start_matches("# ").split(':').next()?.to_owned();
    let neighbour = |name: &str| Ok(std::fs::read(folder.join(name)).ok());
    let bytes = std::fs::read(folder.join(&name)).ok()?;
    let Some(Kind::Read(format)) = Kind::of(&name) else { panic!("{name} is not read") };
    let graph = format.read(&Source { path: &name, bytes: &bytes, neighbour: &neighbour }).unwrap();
    Some(Bill { files: vec![devops_inventory::bill(&name, &graph)], not_read: vec![], ..Bill::default() })
}

#[test]
fn a_bill_keeps_packages_licences_and_edges_when_it_is_read_back() {
    type Drawing = fn(&Sbom<'_>) -> String;
    let formats: [(&str, &str, &str, &str, Drawing); 2] = [
        ("bom.cdx.json", "components", "evidence", "dependencies", devops_render::cyclonedx),
        ("bom.spdx.json", "packages", "sourceInfo", "relationships", devops_render::spdx),
    ];
    let validators = validators();
    let provenance = Provenance::of_this_build();
    let folders = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/lockfiles");
    let mut seen = (0, 0, 0);
    for entry in std::fs::read_dir(folders).unwrap() {
        let folder = entry.unwrap().path();
        let Some(first) = real(&folder) else { continue };
        for (file, packages, place, edges, draw) in formats {
            let draw = |bill: &Bill| -> Value {
                let sbom = Sbom { bill, project: "shop", provenance: &provenance, findings: &[], time: "" };
                serde_json::from_str(&draw(&sbom)).unwrap()
            };
            let written = draw(&first);
            if let Some(validator) = validators.get(file) {
                let errors: Vec<String> =
                    validator.iter_errors(&written).take(3).map(|error| format!("{error:.200}")).collect();
                assert_eq!(errors, [""; 0], "{file} of {}", folder.display());
            }
            let Some(Kind::Read(format)) = Kind::of(file) else { panic!("{file} is not read") };
            let graph = format.read(&Source::alone(file, written.to_string().as_bytes())).unwrap();
            let again = draw(&Bill {
                files: vec![devops_inventory::bill(file, &graph)],
                not_read: vec![],
                ..Bill::default()
            });
            // What the bill is about is one package more; everything else is there once more, but for where it stands.
            let listed = |bom: &Value| -> BTreeSet<String> {
                let all = bom[packages].as_array().unwrap().iter().cloned();
                all.map(|mut one| {
                    one.as_object_mut().unwrap().remove(place);
                    one.to_string()
                })
                .collect()
            };
            let (ours, theirs) = (listed(&written), listed(&again));
            let missing: Vec<&String> = ours.difference(&theirs).collect();
            assert_eq!(missing, [""; 0], "{file} of {}", folder.display());
            let known: BTreeSet<String> =
                again[edges].as_array().unwrap().iter().map(Value::to_string).collect();
            let lost: Vec<String> = written[edges]
                .as_array()
                .unwrap()
                .iter()
                .filter(|edge| edge["ref"] != "root" && !edge.to_string().contains("SPDXRef-Root"))
                .map(Value::to_string)
                .filter(|edge| !known.contains(edge))
                .collect();
            assert_eq!(lost, [""; 0], "{file} of {}", folder.display());
            seen.0 += 1;
            seen.1 += first.files[0].components.iter().filter(|one| one.license.is_some()).count();
            seen.2 += first.files[0].dependencies.iter().map(Vec::len).sum::<usize>();
        }
    }
    assert!(seen.0 >= 60 && seen.1 >= 100 && seen.2 >= 500, "bills, licences and edges: {seen:?}");
}

#[test]
fn a_bill_alone_is_enough_for_a_bill_of_materials() {
    let bill = bill();
    let provenance = Provenance::of_this_build();
    let sbom = Sbom { bill: &bill, project: "webshop", provenance: &provenance, findings: &[], time: "" };
    let bom: Value = serde_json::from_str(&devops_render::cyclonedx(&sbom)).unwrap();
    consistent(&bom);
    assert_eq!(bom["components"].as_array().unwrap().len(), 6);
    assert!(devops_render::spdx(&sbom).contains("1970-01-01T00:00:00Z"));
}
