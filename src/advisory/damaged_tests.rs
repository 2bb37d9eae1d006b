//! Sources that are damaged: what is read of one never says less than the whole, unless it is refused or the damage is named.
//!
//! `DEVOPS_MUTATIONS` sets the number of damaged copies for each source; `scripts/mutations` runs many.

use std::io::Write as _;

use jiff::civil::date;

use super::collector::Wanted;
use super::{Collected, Committed, collect_committed};
use devops_core::Ecosystem;

/// Gives damaged copies of bytes, each with how it was damaged; returns how many there were.
pub(super) fn mutations(whole: &[u8], take: impl FnMut(&str, &[u8])) -> usize {
    devops_damage::copies(whole, devops_damage::BYTES, 300, take)
}

const RECORD: &str = r#"{"id": "GHSA-1", "modified": "2026-10-01T00:00:00Z", "summary": "bad", "affected": [{"package": {"ecosystem": "npm", "name": "bad"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.2.0"}]}], "versions": ["1.0.1"]}], "aliases": ["CVE-2026-1"]}"#;
const ADVISORY: &str = "```toml\n[advisory]\nid = \"RUSTSEC-2026-0001\"\npackage = \"bad\"\ndate = \"2026-10-01\"\n\n[versions]\npatched = [\">= 1.2.0\"]\n```\n\n# Bad\n\nIt is.\n";

/// What a file has about the package `bad`; none where it is refused.
fn read(bytes: &[u8], label: &str) -> Option<Collected> {
    let wanted: Wanted<'_> = [(Ecosystem::NPM, "bad"), (Ecosystem::CRATES_IO, "bad")].into_iter().collect();
    let database = Committed::File(bytes.to_vec());
    collect_committed(label, &database, &mut |_| Ok(Vec::new()), &wanted, date(2026, 11, 23)).ok()
}

/// Whether a reader would see something of the advisory about `bad`: the same, or that there is one that can't be read.
fn is_seen(collected: &Collected, whole: &Collected) -> bool {
    let is_named = !collected.unreadable.is_empty() || !collected.nameless.is_empty();
    is_named || collected.advisories == whole.advisories
}

fn judge(whole: &[u8], label: &str) {
    let right = read(whole, label).unwrap();
    assert!(!right.advisories.is_empty());
    let mut refused = 0;
    let rounds = mutations(whole, |how, bytes| match read(bytes, label) {
        None => refused += 1,
        Some(collected) => assert!(is_seen(&collected, &right), "{label}: {how}: {collected:?}"),
    });
    assert!(refused > rounds / 2, "{label}: {refused} of {rounds}");
}

#[test]
fn a_damaged_zip_never_says_less() {
    let other = RECORD.replace("GHSA-1", "GHSA-2").replace("\"bad\"}", "\"other\"}");
    judge(&super::zip::tests::zip_of(&[("GHSA-1.json", RECORD), ("GHSA-2.json", &other)]), "all.zip");
}

#[test]
fn a_damaged_tarball_never_says_less() {
    let mut archive = tar::Builder::new(Vec::new());
    for (package, text) in [("bad", ADVISORY.to_owned()), ("other", ADVISORY.replace("\"bad\"", "\"other\""))]
    {
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        let name = format!("db/crates/{package}/RUSTSEC-2026-0001.md");
        archive.append_data(&mut header, name, text.as_bytes()).unwrap();
    }
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(&archive.into_inner().unwrap()).unwrap();
    judge(&packed.finish().unwrap(), "db.tar.gz");
}

/// Damage of what a record is built of: its keys and its punctuation. Nothing protects the values of a file that has no checksum.
#[test]
fn a_damaged_record_is_named_or_says_the_same() {
    let right = read(RECORD.as_bytes(), "GHSA-1.json").unwrap();
    let judge = |text: &[u8], how: &str| {
        if let Some(collected) = read(text, "GHSA-1.json") {
            let shown = String::from_utf8_lossy(text);
            assert!(is_seen(&collected, &right), "{how}: {shown}: {collected:?}");
        }
    };
    for end in 0..RECORD.len() {
        judge(&RECORD.as_bytes()[..end], "cut off");
        judge(&[&RECORD.as_bytes()[..end], RECORD.as_bytes()].concat(), "starts again");
    }
    let pieces: Vec<&str> = RECORD.split_inclusive('"').collect();
    let mut at = 0;
    for (number, piece) in pieces.iter().enumerate() {
        let is_text = number % 2 == 1;
        let is_key = is_text && pieces.get(number + 1).is_some_and(|next| next.starts_with(": "));
        let is_of_interest = !["summary", "modified", "aliases"].iter().any(|key| piece.starts_with(key));
        for place in at..at + piece.len() {
            for bit in 0..8 {
                let mut text = RECORD.as_bytes().to_vec();
                text[place] ^= 1 << bit;
                if (!is_text || is_key) && is_of_interest {
                    judge(&text, "flipped");
                }
            }
        }
        at += piece.len();
    }
    for key in
        ["affected", "package", "ranges", "events", "versions", "name", "ecosystem", "introduced", "fixed"]
    {
        let twice = RECORD.replace(&format!("\"{key}\":"), &format!("\"{key}\": null, \"{key}\":"));
        judge(twice.as_bytes(), "has a key twice");
        let upper = RECORD.replace(&format!("\"{key}\":"), &format!("\"{}\":", key.to_uppercase()));
        judge(upper.as_bytes(), "has a key in another case");
    }
}

/// Damage of a list of EPSS never takes a probability away unseen. Nothing protects digits, and lines that are missing whole can't be
/// noticed; packed with gzip, every damage is.
#[test]
fn a_damaged_list_of_epss_is_refused_or_says_the_same() {
    let head = "#model_version:v2025.03.14,score_date:2026-11-20T00:00:00+0000\ncve,epss,percentile\n";
    let line =
        |number: u32| format!("CVE-2026-{},0.{:05},0.{:05}\n", 1000 + number, number * 7 + 1, number * 9 + 1);
    let whole: String = std::iter::once(head.to_owned()).chain((0..40).map(line)).collect();
    let read = |bytes: &[u8]| {
        let mut lists = crate::enrichment::Enrichment::default();
        lists.add_epss(bytes).ok().map(|(count, _)| count)
    };
    assert_eq!(read(whole.as_bytes()), Some(40));
    let mut refused = 0;
    let rounds = mutations(whole.as_bytes(), |how, bytes| match read(bytes) {
        None => refused += 1,
        Some(count) => {
            // What is read is what lines of the form say, read apart from the reader.
            let text = std::str::from_utf8(bytes).unwrap();
            let is_line = |line: &&str| line.to_ascii_uppercase().starts_with("CVE-");
            let lines = text.lines().filter(|line| !line.starts_with('#') && !line.starts_with("cve,epss"));
            let of_form = lines.filter(is_line).count() as u64;
            assert!(count == of_form && text.ends_with('\n'), "{how}: {count} of {of_form}");
        }
    });
    assert!(refused > rounds / 4, "{refused} of {rounds}");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(whole.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    mutations(&packed, |how, bytes| {
        let mut unpacked = Vec::new();
        let is_whole =
            std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(bytes), &mut unpacked).is_ok();
        assert!(!is_whole || unpacked == whole.as_bytes(), "{how}");
    });
}

#[test]
fn damaged_lists_are_refused() {
    let known = br#"{"catalogVersion": "1", "count": 2, "vulnerabilities": [{"cveID": "CVE-2026-1", "dateAdded": "2026-10-05"}, {"cveID": "CVE-2026-2", "dateAdded": "2026-10-05"}]}"#;
    assert!(read(known, "kev.json").is_some());
    for end in 1..known.len() {
        let seen = read(&known[..end], "kev.json");
        assert!(seen.is_none_or(|seen| !seen.nameless.is_empty()), "cut off at {end}");
    }
    let mut refused = 0;
    let rounds = mutations(known, |how, bytes| {
        let mut lists = crate::enrichment::Enrichment::default();
        let tree = crate::tree::Node::of_json(bytes);
        match tree.map(|tree| lists.add_known_exploited(&tree)) {
            Ok(Ok((count, _))) => assert!(count >= 2, "{how}: {}", String::from_utf8_lossy(bytes)),
            _ => refused += 1,
        }
    });
    assert!(refused > rounds / 4, "{refused} of {rounds}");
}
