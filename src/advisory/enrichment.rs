//! What other lists say of vulnerabilities: which are exploited (CISA's KEV), and how likely each is used (EPSS).

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};

use jiff::civil::Date;

use super::record::{Advisory, Epss};
use super::tree::Node;

/// What is known of vulnerabilities, by CVE.
#[derive(Debug, Default)]
pub struct Enrichment {
    known_exploited: HashMap<String, Date>,
    epss: HashMap<String, Epss>,
}

/// Longest line of a list of EPSS.
const LONGEST_LINE: u64 = 4096;
/// Most lines of a list of EPSS; there are 330,000 CVEs.
const MOST_LINES: usize = 5_000_000;

impl Enrichment {
    /// Whether a tree is CISA's list.
    pub(super) fn is_known_exploited(tree: &Node<'_>) -> bool {
        tree.get("vulnerabilities").is_some() && tree.get("catalogVersion").is_some()
    }

    /// Takes CISA's list; gives the number of its entries and the newest day.
    ///
    /// # Errors
    /// Where an entry has no CVE or no day.
    pub(super) fn add_known_exploited(&mut self, tree: &Node<'_>) -> Result<(u64, Option<Date>), String> {
        let (mut count, mut newest) = (0, None);
        for entry in tree.list("vulnerabilities")? {
            let id = entry.text("cveID").filter(|id| is_cve(id)).ok_or("an entry has no valid `cveID`")?;
            let date = entry.text("dateAdded").and_then(|date| date.parse::<Date>().ok());
            let date = date.ok_or_else(|| format!("{id} has no `dateAdded`"))?;
            let known = self.known_exploited.entry(id.to_ascii_uppercase()).or_insert(date);
            *known = date.min(*known);
            newest = newest.max(Some(date));
            count += 1;
        }
        match tree.get("count") {
            _ if count == 0 => Err("has no entries".to_owned()),
            Some(said) if *said != Node::Number(count) => {
                Err(format!("has {count} entries, but `count` says otherwise"))
            }
            _ => Ok((count, newest)),
        }
    }

    /// Whether a text begins like a list of EPSS.
    pub fn is_epss(head: &[u8]) -> bool {
        head.starts_with(b"#model_version") || head.starts_with(b"cve,epss")
    }

    /// Takes a list of EPSS; gives the number of its lines and its day.
    ///
    /// # Errors
    /// Where a line is not one, or the last one has no end. Lines that are missing whole can't be noticed.
    pub fn add_epss(&mut self, source: impl Read) -> Result<(u64, Option<Date>), String> {
        let mut lines = BufReader::new(source);
        let (mut count, mut date) = (0, None);
        let mut line = Vec::new();
        for number in 1..=MOST_LINES {
            line.clear();
            let read = (&mut lines).take(LONGEST_LINE).read_until(b'\n', &mut line);
            if read.map_err(|error| error.to_string())? == 0 {
                return if count == 0 { Err("has no entries".to_owned()) } else { Ok((count, date)) };
            }
            if line.last() != Some(&b'\n') {
                return Err(format!("line {number} has no end"));
            }
            let text =
                std::str::from_utf8(&line).map_err(|_| format!("line {number} is not UTF-8"))?.trim_end();
            if let Some(comment) = text.strip_prefix('#').filter(|_| number == 1) {
                let day = comment.split(',').find_map(|part| part.strip_prefix("score_date:"));
                date = day.and_then(|day| day.get(..10)?.parse().ok()).or(date);
                continue;
            }
            if text == "cve,epss,percentile" && count == 0 {
                continue;
            }
            let mut fields = text.split(',');
            let entry =
                (fields.next(), fields.next().and_then(share), fields.next().and_then(share), fields.next());
            let (Some(id), Some(score), Some(percentile), None) = entry else {
                return Err(format!("line {number} is not `cve,epss,percentile`"));
            };
            if !is_cve(id) {
                return Err(format!("line {number}: `{id}` is not the id of a CVE"));
            }
            self.know(id.to_ascii_uppercase(), Epss { score, percentile });
            count += 1;
        }
        Err(format!("has more than {MOST_LINES} lines"))
    }

    /// Takes a probability, unless a higher one is known.
    fn know(&mut self, id: String, epss: Epss) {
        let known = self.epss.entry(id).or_insert(epss);
        if (known.score, known.percentile) < (epss.score, epss.percentile) {
            *known = epss;
        }
    }

    /// Takes all of another one.
    pub fn add(&mut self, other: Self) {
        for (id, date) in other.known_exploited {
            let known = self.known_exploited.entry(id).or_insert(date);
            *known = date.min(*known);
        }
        for (id, epss) in other.epss {
            self.know(id, epss);
        }
    }

    /// Adds what is known of an advisory's vulnerabilities: the earliest day, the highest probability.
    pub fn add_to(&self, advisory: &mut Advisory) {
        if self.known_exploited.is_empty() && self.epss.is_empty() {
            return;
        }
        let ids = std::iter::once(&advisory.id).chain(&advisory.aliases);
        for id in ids.filter(|id| id.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("CVE-"))) {
            let id = id.to_ascii_uppercase();
            if let Some(date) = self.known_exploited.get(&id) {
                advisory.known_exploited =
                    Some(advisory.known_exploited.map_or(*date, |known| known.min(*date)));
            }
            if let Some(epss) = self.epss.get(&id) {
                let is_higher = advisory.epss.is_none_or(|known| known.score < epss.score);
                advisory.epss = if is_higher { Some(*epss) } else { advisory.epss };
            }
        }
    }
}

/// Whether a text is the id of a CVE: `CVE-2021-44228`.
fn is_cve(id: &str) -> bool {
    let parts = id.get(..4).filter(|start| start.eq_ignore_ascii_case("CVE-")).and(id.get(4..));
    parts.and_then(|parts| parts.split_once('-')).is_some_and(|(year, number)| {
        year.len() == 4
            && !number.is_empty()
            && (year.bytes().chain(number.bytes())).all(|byte| byte.is_ascii_digit())
    })
}

/// A share such as `0.00043`, in hundred-thousandths.
fn share(text: &str) -> Option<u32> {
    let share = text.trim().parse::<f64>().ok().filter(|share| (0.0..=1.0).contains(share))?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at most 100,000, and not negative"
    )]
    Some((share * 100_000.0).round() as u32)
}

#[cfg(test)]
mod tests {
    use super::{Enrichment, Epss, Node, share};

    #[test]
    fn lists_are_read_whole_or_not_at_all() {
        let mut lists = Enrichment::default();
        let text = "#model_version:v2025.03.14,score_date:2026-11-20T00:00:00+0000\ncve,epss,percentile\nCVE-2026-1,0.97565,0.99998\n";
        let (count, date) = lists.add_epss(text.as_bytes()).unwrap();
        assert_eq!((count, date.unwrap().to_string().as_str()), (1, "2026-11-20"));
        assert_eq!(lists.epss["CVE-2026-1"], Epss { score: 97_565, percentile: 99_998 });
        for bad in
            ["", "cve,epss,percentile\n", "CVE-2026-1,high,0.1\n", "CVE-2026-1,0.1\n", "CVE-2026-1,2,0.1\n"]
        {
            assert!(lists.add_epss(bad.as_bytes()).is_err(), "{bad:?}");
        }
        let damaged = [
            text.trim_end().to_owned(),
            text.replace("CVE-2026-1", "#VE-2026-1"),
            text.replace("CVE-2026-1", "CWE-2026-1"),
            text.replace("CVE-2026-1", "CVE-2026-"),
            text.replace("cve,epss", "cve,EPSS"),
            format!("{text}\n"),
            text.repeat(2),
        ];
        for bad in damaged {
            assert!(Enrichment::default().add_epss(bad.as_bytes()).is_err(), "{bad:?}");
        }
        let tree = Node::of_json(br#"{"catalogVersion": "1", "vulnerabilities": [{"cveID": "CVE-2026-1", "dateAdded": "2026-10-01"}]}"#).unwrap();
        assert!(Enrichment::is_known_exploited(&tree));
        assert_eq!(lists.add_known_exploited(&tree).unwrap().0, 1);
        for bad in [
            r#"{"vulnerabilities": [{}]}"#,
            r#"{"vulnerabilities": [{"cveID": "2026-1", "dateAdded": "2026-10-01"}]}"#,
            r#"{"count": 2, "vulnerabilities": [{"cveID": "CVE-2026-1", "dateAdded": "2026-10-01"}]}"#,
            r#"{"count": "1", "vulnerabilities": [{"cveID": "CVE-2026-1", "dateAdded": "2026-10-01"}]}"#,
        ] {
            assert!(lists.add_known_exploited(&Node::of_json(bad.as_bytes()).unwrap()).is_err(), "{bad}");
        }
        assert_eq!((share("0.00001"), share("1"), share("NaN")), (Some(1), Some(100_000), None));
    }
}
