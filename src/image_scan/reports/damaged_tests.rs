//! Damaged reports: what is read never says less than what a lenient reader would find in the same bytes, unless it is refused.
//!
//! `scripts/mutations` tries many more than a run of the tests does.

use serde_json::{Value, json};

use super::Source;
use crate::collect::Collector;
use crate::filters::Filters;
use crate::problem::Kind;
use devops_core::Severity;

/// What a report amounts to: how many complaints, and whether the gate is red.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Verdict {
    complaints: u64,
    is_red: bool,
}

fn read(bytes: &[u8]) -> Option<Verdict> {
    let mut collector = Collector::new(Filters::default());
    let source = Source::of("t.json".to_owned(), Box::new(std::io::Cursor::new(bytes.to_vec())));
    super::read(source, &mut collector).ok()?;
    let headers = std::mem::take(&mut collector.headers);
    let (counts, judged) = collector.finish(&crate::images::groups(&headers));
    let unknown: u64 =
        headers.iter().flat_map(|header| header.not_judged.values()).map(|one| one.objects).sum();
    let is_odd = |header: &super::Header| {
        header.results == 0
            || !header.incomplete.is_empty()
            || header.not_judged.values().any(|one| one.is_found)
    };
    Some(Verdict {
        complaints: counts.kinds.values().sum::<u64>() + unknown,
        is_red: headers.iter().any(is_odd) || judged.iter().any(|one| one.severity >= Severity::High),
    })
}

/// Whether a key is a known one, or damaged so little that a reader must notice.
fn is_near(key: &str, known: &str) -> bool {
    let limit = [5, 8, 12].into_iter().filter(|least| known.len() >= *least).count();
    key.eq_ignore_ascii_case(known) || distance(key, known) <= limit
}

/// Letters to be changed, added or left out.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, letter) in one.chars().enumerate() {
        let mut before = row[0];
        row[0] = index + 1;
        for (position, known) in other.iter().enumerate() {
            let cost = before + usize::from(letter != *known);
            before = row[position + 1];
            row[position + 1] = cost.min(before + 1).min(row[position] + 1);
        }
    }
    row[other.len()]
}

/// What a lenient reader finds: every different vulnerability under a key that is nearly the known one.
fn lenient(report: &Value) -> Verdict {
    let mut found: Vec<String> = Vec::new();
    let mut is_red = false;
    let get = |value: &Value, known: &str| {
        let fields = value.as_object().into_iter().flatten();
        fields
            .filter(|(key, _)| is_near(key, known))
            .map(|(_, value)| value.clone())
            .next()
            .unwrap_or_default()
    };
    let list = |value: &Value, known: &str| get(value, known).as_array().cloned().unwrap_or_default();
    for result in list(report, "Results") {
        for one in list(&result, "Vulnerabilities").into_iter().filter(Value::is_object) {
            let names = ["VulnerabilityID", "PkgName", "InstalledVersion"]
                .map(|key| get(&one, key).to_string().to_ascii_lowercase());
            // The same package in two targets may be one place, so that only the package tells them apart.
            let name = names.join(" ");
            let severity = get(&one, "Severity");
            let severity = severity.as_str().unwrap_or_default().to_ascii_uppercase();
            is_red |= ["HIGH", "CRITICAL"].contains(&severity.as_str());
            if !found.contains(&name) {
                found.push(name);
            }
        }
    }
    Verdict { complaints: found.len() as u64, is_red }
}

/// A generator of numbers, the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end.max(1) as u64).unwrap()
    }
}

/// Damages bytes in one of many ways.
fn damage(bytes: &mut Vec<u8>, numbers: &mut Numbers) {
    let at = numbers.below(bytes.len());
    let end = (at + 1 + numbers.below(12)).min(bytes.len());
    match numbers.below(10) {
        0 => bytes[at] ^= 1 << numbers.below(8),
        1 => bytes[at] = b"\"{}[],:0aZ \\\n\xff"[numbers.below(14)],
        2 => drop(bytes.remove(at)),
        3 => bytes.insert(at, b"\"{}[],:0aZ \\\n\xff"[numbers.below(14)]),
        4 => drop(bytes.drain(at..end)),
        5 => bytes.truncate(at),
        6 => {
            let piece = bytes[at..end].to_vec();
            bytes.splice(at..at, piece);
        }
        7 => {
            bytes[at..end].reverse();
        }
        8 => bytes[at..end].make_ascii_lowercase(),
        _ => bytes[at..end].make_ascii_uppercase(),
    }
}

/// Damages a value somewhere: a key in another case, misspelt or twice, a value of another type.
fn damage_value(value: &mut Value, numbers: &mut Numbers) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let key = fields.keys().nth(numbers.below(fields.len())).unwrap().clone();
            if numbers.below(3) > 0 {
                return damage_value(fields.get_mut(&key).unwrap(), numbers);
            }
            let old = fields.remove(&key).unwrap();
            match numbers.below(5) {
                0 => drop(fields.insert(key.to_lowercase(), old)),
                1 => drop(fields.insert(key.to_uppercase(), old)),
                2 => {
                    let at = numbers.below(key.len());
                    let misspelt: String = key
                        .chars()
                        .enumerate()
                        .filter(|(index, _)| *index != at)
                        .map(|(_, letter)| letter)
                        .collect();
                    fields.insert(misspelt, old);
                }
                3 => drop(fields.insert(format!("{key}s"), old)),
                _ => drop(fields.insert(
                    key,
                    [json!(null), json!(7), json!("x"), json!([old])][numbers.below(4)].clone(),
                )),
            }
        }
        Value::Array(items) if !items.is_empty() => {
            let at = numbers.below(items.len());
            damage_value(&mut items[at], numbers);
        }
        other => *other = [json!(null), json!(7), json!("x"), json!([]), json!({})][numbers.below(5)].clone(),
    }
}

/// A report with vulnerabilities of every severity in two targets, among packages and other lists.
fn report() -> Value {
    let one = |id: &str, package: &str, severity: &str| {
        json!({"VulnerabilityID": id, "PkgID": format!("{package}@1"), "PkgName": package, "InstalledVersion": "1.0-r0",
            "FixedVersion": "1.1-r0", "Status": "fixed", "Severity": severity, "Layer": {"DiffID": "sha256:1"}, "Title": "t",
            "CVSS": {"nvd": {"V3Score": 9.8}}, "References": ["https://a"]})
    };
    json!({
        "SchemaVersion": 2, "ArtifactName": "shop:1", "ArtifactType": "container_image",
        "CreatedAt": "2026-11-20T13:00:00Z", "Metadata": {"OS": {"Family": "alpine", "Name": "3.19"}, "ImageID": "sha256:3"},
        "Results": [
            {"Target": "shop:1 (alpine 3.19)", "Class": "os-pkgs", "Type": "alpine",
                "Packages": [{"ID": "openssl@1", "Name": "openssl", "Version": "1.0-r0"}],
                "Vulnerabilities": [one("CVE-2026-1", "openssl", "CRITICAL"), one("CVE-2026-2", "zlib", "LOW")]},
            {"Target": "app/package-lock.json", "Class": "lang-pkgs", "Type": "npm",
                "Vulnerabilities": [one("CVE-2026-3", "minimist", "HIGH")]},
        ],
    })
}

#[test]
fn a_damaged_report_never_says_less_than_a_lenient_reader_finds() {
    let amount = std::env::var("DEVOPS_MUTATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(4_000);
    let whole = report();
    let text = serde_json::to_vec_pretty(&whole).unwrap();
    assert_eq!(read(&text), Some(Verdict { complaints: 3, is_red: true }));
    let mut numbers = Numbers(0x2545_f491_4f6c_dd1d);
    let (mut accepted, mut refused) = (0, 0);
    for number in 0..amount {
        let mut bytes = text.clone();
        if number % 3 == 0 {
            let mut value = whole.clone();
            damage_value(&mut value, &mut numbers);
            bytes = value.to_string().into_bytes();
        } else {
            for _ in 0..=numbers.below(2) {
                if !bytes.is_empty() {
                    damage(&mut bytes, &mut numbers);
                }
            }
        }
        let Some(verdict) = read(&bytes) else {
            refused += 1;
            continue;
        };
        accepted += 1;
        let shown = || String::from_utf8_lossy(&bytes).into_owned();
        let value: Value =
            serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{error}: {}", shown()));
        let expected = lenient(&value);
        assert!(verdict.complaints >= expected.complaints, "{verdict:?} {expected:?}: {}", shown());
        assert!(verdict.is_red || !expected.is_red, "{verdict:?} {expected:?}: {}", shown());
    }
    assert!(accepted > amount / 20 && refused > amount / 3, "{accepted} accepted, {refused} refused");
    println!("{amount} mutations: {refused} refused, {accepted} accepted, 0 of them with fewer findings");
}

#[test]
fn what_every_format_calls_a_vulnerability_is_one() {
    for text in [
        r#"{"SchemaVersion": 2, "Results": [{"Vulnerabilities": [{"VulnerabilityID": "CVE-1", "Severity": "HIGH"}]}]}"#,
        r#"[{"Target": "a", "Vulnerabilities": [{"VulnerabilityID": "CVE-1", "Severity": "HIGH"}]}]"#,
        r#"[{"SchemaVersion": 2, "Results": [{"Vulnerabilities": [{"VulnerabilityID": "CVE-1", "Severity": "HIGH"}]}]}]"#,
        r#"{"ClusterName": "a", "Resources": [{"Kind": "Pod", "Name": "p", "Results": [{"Vulnerabilities": [{"VulnerabilityID": "CVE-1", "Severity": "HIGH"}]}]}]}"#,
        r#"{"matches": [{"vulnerability": {"id": "CVE-1", "severity": "High"}, "artifact": {"name": "a"}}]}"#,
        r#"{"version": "2.1.0", "runs": [{"results": [{"ruleId": "CVE-1", "level": "error", "message": {"text": "a"}}]}]}"#,
    ] {
        let mut collector = Collector::new(Filters::default());
        let source =
            Source::of("t.json".to_owned(), Box::new(std::io::Cursor::new(text.as_bytes().to_vec())));
        super::read(source, &mut collector).unwrap_or_else(|error| panic!("{error}: {text}"));
        let (counts, judged) = collector.finish(&[]);
        assert_eq!(counts.of(Kind::Vulnerability), 1, "{text}");
        assert_eq!((judged[0].problem.id.as_str(), judged[0].severity), ("CVE-1", Severity::High), "{text}");
    }
}
