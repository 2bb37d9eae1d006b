//! The judgement: which findings are waived, what the verdict is, and why.

use jiff::civil::Date;

use super::index::Index;
use super::waiver::{EXPIRED, SUPERSEDED, TOO_LONG, TOO_WIDE, UNUSED, Waiver};
use devops_core::words::{count, number};
use devops_core::{Change, Finding, Severity, Verdict};

/// For how many unused waivers it is found out what may have been meant.
const HINTS: usize = 20;
/// How many fixes of what one waiver accepts are named.
const FIXES: usize = 5;

/// The days by which waivers are judged.
#[derive(Debug, Clone, Copy)]
pub struct Days {
    /// Today.
    pub today: Date,
    /// The last day that a waiver may name.
    pub latest: Date,
}

/// What was decided about a job's findings.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// Why, the weightiest first.
    pub reasons: Vec<String>,
    /// The rules whose findings made it, the weightiest first.
    pub because: Vec<String>,
    /// The findings with what became of them: open ones first, the worst first, then waived ones.
    pub findings: Vec<Finding>,
}

/// Judges findings by a threshold and waivers.
///
/// An open finding of at least `fail_on` fails, one above info warns. An expired waiver fails, whatever the threshold,
/// one that ends too late is not applied and warns, and so does an unused one or one that is wider than needed; `rank` knows the rules of this job, so that other jobs' waivers are left alone, and which of two
/// findings of one severity goes first: causes have a lower rank than what follows from them.
pub fn judge(
    mut findings: Vec<Finding>,
    waivers: &[Waiver],
    fail_on: Severity,
    days: Days,
    rank: impl Fn(&str) -> Option<usize>,
) -> Judgement {
    let about_waivers =
        apply(&mut findings, waivers.iter().filter(|waiver| rank(&waiver.rule).is_some()), fail_on, days);
    findings.extend(about_waivers);
    findings.sort_by(|left, right| order(left, &rank).cmp(&order(right, &rank)));
    let fails =
        |finding: &&Finding| finding.is_open() && (finding.severity >= fail_on || finding.rule == EXPIRED.id);
    let warns = |finding: &&Finding| finding.is_open() && finding.severity > Severity::Info;
    let verdict = if findings.iter().any(|finding| fails(&finding)) {
        Verdict::Fail
    } else if findings.iter().any(|finding| warns(&finding)) {
        Verdict::Warn
    } else {
        Verdict::Pass
    };
    let (rules, threshold) = match verdict {
        Verdict::Fail => (by_rule(findings.iter().filter(fails)), format!("at or above `{fail_on}`")),
        Verdict::Warn => (by_rule(findings.iter().filter(warns)), format!("below `{fail_on}`")),
        Verdict::Pass | Verdict::Error => Default::default(),
    };
    let reasons = rules.iter().map(|(rule, amount)| reason(rule, *amount, &threshold)).collect();
    let because = rules.iter().map(|(rule, _)| (*rule).to_owned()).collect();
    Judgement { verdict, reasons, because, findings }
}

/// Marks what waivers cover; what is wrong with waivers becomes findings.
fn apply<'a>(
    findings: &mut [Finding],
    waivers: impl Iterator<Item = &'a Waiver>,
    fail_on: Severity,
    days: Days,
) -> Vec<Finding> {
    let index = Index::of(findings);
    let (mut about, mut marks, mut hints) = (Vec::new(), Vec::new(), 0);
    for waiver in waivers {
        if waiver.is_expired(days.today) {
            about.push(expired(waiver));
            continue;
        }
        if waiver.expires > days.latest {
            about.push(too_long(waiver, days));
            continue;
        }
        let covered = index.covered(waiver);
        if covered.is_empty() {
            hints += 1;
            let meant = if hints <= HINTS { waiver.meant(findings) } else { None };
            about.push(unused(waiver, meant));
        }
        let accepted: Vec<&Finding> = covered.iter().filter_map(|place| findings.get(*place)).collect();
        // One that accepts only what fails nothing can do little harm.
        if accepted.iter().any(|finding| finding.severity >= fail_on)
            && let Some(needed) = waiver.needed(&accepted)
        {
            about.push(too_wide(waiver, needed));
        }
        let fixes = Waiver::fixes(&accepted);
        if !fixes.is_empty() {
            about.push(superseded(waiver, &fixes));
        }
        marks.extend(covered.into_iter().map(|place| (place, waiver)));
    }
    drop(index);
    for (place, waiver) in marks {
        if let Some(finding) = findings.get_mut(place) {
            finding.waived = Some(waiver.mark());
        }
    }
    about
}

/// Open before waived, worst first, news before what was known, causes before what follows from them, then by place and title, so
/// that input order never shows.
fn order(finding: &Finding, rank: impl Fn(&str) -> Option<usize>) -> impl Ord + '_ {
    (
        finding.waived.is_some(),
        std::cmp::Reverse(finding.severity),
        finding.subject.change() == Some(Change::Known),
        rank(&finding.rule).unwrap_or(usize::MAX),
        finding.rule.as_str(),
        finding.location.as_ref(),
        finding.title.as_str(),
        &finding.fingerprint,
    )
}

/// How many findings of each rule there are, in their order.
fn by_rule<'a>(findings: impl Iterator<Item = &'a Finding>) -> Vec<(&'a str, u64)> {
    let mut rules: Vec<(&str, u64)> = Vec::new();
    for finding in findings {
        match rules.iter_mut().find(|(rule, _)| *rule == finding.rule) {
            Some((_, amount)) => *amount += 1,
            None => rules.push((&finding.rule, 1)),
        }
    }
    rules
}

/// One reason per rule: ``2 × `test-failed` at or above `high` ``.
fn reason(rule: &str, amount: u64, threshold: &str) -> String {
    match rule {
        _ if rule == EXPIRED.id => format!("{} past its last day", count(amount, "waiver")),
        _ if amount == 1 => format!("`{rule}` {threshold}"),
        _ => format!("{} × `{rule}` {threshold}", number(amount)),
    }
}

/// The finding about a waiver whose last day has passed.
fn expired(waiver: &Waiver) -> Finding {
    Finding::new(
        &EXPIRED,
        format!("waiver for {} expired on {}", waiver.name(), waiver.expires),
        &[&waiver.name()],
    )
    .detail(format!("owner {}: {}", waiver.owner, waiver.reason))
    .about("waiver", waiver.name())
    .at(waiver.location.clone())
    .help("fix what it covers and remove it, or let its owner set a new day")
}

/// The finding about a waiver that ends too late.
fn too_long(waiver: &Waiver, days: Days) -> Finding {
    let title = format!(
        "waiver for {} ends on {}, later than {}, so it is not applied",
        waiver.name(),
        waiver.expires,
        days.latest
    );
    Finding::new(&TOO_LONG, title, &[&waiver.name()])
        .detail(format!("owner {}: {}", waiver.owner, waiver.reason))
        .about("waiver", waiver.name())
        .at(waiver.location.clone())
        .help("choose an earlier day, or raise `max-waiver-days` in devops.toml on the target branch")
}

/// The finding about a waiver that is needed for one thing only.
fn too_wide(waiver: &Waiver, needed: &str) -> Finding {
    let title =
        format!("waiver for {} accepts far more than `{needed}`, which it is needed for", waiver.name());
    Finding::new(&TOO_WIDE, title, &[&waiver.name()])
        .detail(format!("owner {}: {}", waiver.owner, waiver.reason))
        .about("waiver", waiver.name())
        .at(waiver.location.clone())
        .help(format!("write `matches = \"{needed}\"`"))
}

/// The finding about a waiver for what can be fixed.
fn superseded(waiver: &Waiver, fixes: &[String]) -> Finding {
    let shown = fixes.iter().take(FIXES).cloned().collect::<Vec<_>>().join(", ");
    let more = match fixes.len().saturating_sub(FIXES) {
        0 => String::new(),
        more => format!(" and {} more", number(more as u64)),
    };
    let title = format!("waiver for {}: a fix is known: {shown}{more}", waiver.name());
    Finding::new(&SUPERSEDED, title, &[&waiver.name()])
        .detail(format!("owner {}: {}", waiver.owner, waiver.reason))
        .about("waiver", waiver.name())
        .at(waiver.location.clone())
        .help("take the fix and remove the waiver")
}

/// The finding about a waiver that matched nothing.
fn unused(waiver: &Waiver, meant: Option<String>) -> Finding {
    Finding::new(&UNUSED, format!("waiver for {} matches nothing", waiver.name()), &[&waiver.name()])
        .detail(format!("owner {}: {}", waiver.owner, waiver.reason))
        .about("waiver", waiver.name())
        .at(waiver.location.clone())
        .help(meant.unwrap_or_else(|| "remove it".to_owned()))
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, date};

    use super::{Days, Judgement, judge};
    use crate::Waiver;
    use devops_core::{Change, Finding, Location, Rule, Severity, Verdict};

    const RULE: Rule = Rule { id: "some-rule", severity: Severity::High, summary: "", page: "" };

    /// Stands before the other in the alphabet, and after it in a report.
    const LATER: Rule = Rule { id: "a-rule", severity: Severity::High, summary: "", page: "" };

    fn finding(name: &str, severity: Severity) -> Finding {
        Finding::new(&RULE, name, &[name]).severity(severity).named("name", name)
    }

    fn waiver(pattern: Option<&str>, expires: Date) -> Waiver {
        Waiver {
            rule: RULE.id.to_owned(),
            matches: pattern.map(str::to_owned),
            reason: "because".to_owned(),
            owner: "ops".to_owned(),
            expires,
            location: Location::line("devops.toml", 3),
        }
    }

    fn decide(findings: Vec<Finding>, waivers: &[Waiver]) -> Judgement {
        let days = Days { today: date(2026, 11, 23), latest: date(2027, 11, 24) };
        judge(findings, waivers, Severity::High, days, |rule| {
            [LATER.id, RULE.id].iter().rposition(|known| *known == rule).map(|at| 1 - at)
        })
    }

    #[test]
    fn causes_stand_before_what_follows_from_them() {
        let later = Finding::new(&LATER, "a", &["a"]);
        let known = finding("b", Severity::High).changed(Change::Known);
        let new = finding("c", Severity::High).changed(Change::New);
        let findings = decide(vec![later, known, new, finding("d", Severity::Critical)], &[]).findings;
        let titles: Vec<&str> = findings.iter().map(|finding| finding.title.as_str()).collect();
        assert_eq!(titles, ["d", "c", "a", "b"]);
    }

    #[test]
    fn the_threshold_separates_fail_from_warn() {
        assert_eq!(decide(vec![], &[]).verdict, Verdict::Pass);
        assert_eq!(decide(vec![finding("a", Severity::Info)], &[]).verdict, Verdict::Pass);
        assert_eq!(decide(vec![finding("a", Severity::Medium)], &[]).verdict, Verdict::Warn);
        let judgement = decide(vec![finding("a", Severity::Low), finding("b", Severity::Critical)], &[]);
        assert_eq!(judgement.verdict, Verdict::Fail);
        assert_eq!(judgement.findings[0].title, "b");
        assert_eq!(judgement.reasons, ["`some-rule` at or above `high`"]);
    }

    #[test]
    fn a_waiver_holds_through_its_last_day_and_fails_after() {
        let findings = || vec![finding("a", Severity::High)];
        let judgement = decide(findings(), &[waiver(Some("a"), date(2026, 11, 23))]);
        assert_eq!(judgement.verdict, Verdict::Pass);
        assert_eq!(judgement.findings[0].waived.as_ref().unwrap().owner, "ops");
        let judgement = decide(findings(), &[waiver(Some("a"), date(2026, 11, 22))]);
        assert_eq!(judgement.verdict, Verdict::Fail);
        assert_eq!(judgement.findings.iter().filter(|finding| finding.is_open()).count(), 2);
        assert_eq!(decide(vec![], &[waiver(None, date(2026, 11, 22))]).verdict, Verdict::Fail);
    }

    #[test]
    fn a_waiver_that_ends_too_late_is_not_applied() {
        let findings = || vec![finding("a", Severity::High)];
        let latest = date(2027, 11, 24);
        assert_eq!(decide(findings(), &[waiver(Some("a"), latest)]).verdict, Verdict::Pass);
        let judgement = decide(findings(), &[waiver(Some("a"), latest.tomorrow().unwrap())]);
        assert_eq!(judgement.verdict, Verdict::Fail);
        let rules: Vec<&str> = judgement.findings.iter().map(|finding| finding.rule.as_str()).collect();
        assert_eq!(rules, ["some-rule", "waiver-too-long"]);
        assert_eq!(decide(vec![], &[waiver(None, date(9999, 12, 31))]).verdict, Verdict::Warn);
    }

    #[test]
    fn the_last_of_several_waivers_marks_a_finding() {
        let last = Waiver { owner: "last".to_owned(), ..waiver(Some("*"), date(2026, 12, 31)) };
        let judgement =
            decide(vec![finding("a", Severity::High)], &[waiver(Some("a"), date(2026, 12, 1)), last]);
        assert_eq!(judgement.findings[0].waived.as_ref().unwrap().owner, "last");
    }

    #[test]
    fn a_waiver_that_accepts_far_more_than_it_is_needed_for_warns() {
        let of = |package: &str, id: &str| {
            Finding::new(&RULE, format!("{package}: {id}"), &[package, id])
                .named("package", package)
                .identified("advisory", id)
                .at(Location::file("web/yarn.lock"))
        };
        let one = || vec![of("a", "CVE-1")];
        let twice = || vec![of("a", "CVE-1"), of("a", "CVE-2")];
        let low = || vec![of("a", "CVE-1").severity(Severity::Low)];
        let two = || vec![of("a", "CVE-1"), of("b", "CVE-2")];
        let unnamed = || vec![finding("os", Severity::High)];
        for (findings, pattern, expected) in [
            (one(), None, Some("write `matches = \"CVE-1\"`")),
            (twice(), None, Some("write `matches = \"a\"`")),
            (one(), Some("CVE-*"), Some("write `matches = \"CVE-1\"`")),
            (twice(), Some("cve-*"), Some("write `matches = \"a\"`")),
            // What people write on purpose.
            (one(), Some("CVE-1"), None),
            (one(), Some("a"), None),
            (one(), Some("a*"), None),
            (one(), Some("web/*"), None),
            (two(), None, None),
            (two(), Some("CVE-*"), None),
            (low(), None, None),
            (unnamed(), None, None),
        ] {
            let judgement = decide(findings, &[waiver(pattern, date(2026, 12, 31))]);
            let found = judgement.findings.iter().find(|finding| finding.rule == "waiver-too-wide");
            assert_eq!(found.map(|finding| finding.help.as_str()), expected, "{pattern:?}");
            let verdict = if expected.is_some() { Verdict::Warn } else { Verdict::Pass };
            assert_eq!(judgement.verdict, verdict, "{pattern:?}");
        }
    }

    #[test]
    fn a_waiver_of_what_can_be_fixed_says_so_and_stays() {
        let fixable = |name: &str| finding(name, Severity::High).named("package", name).about("fix", "1.2.0");
        let waivers = ["a", "b", "c"].map(|name| waiver(Some(name), date(2026, 12, 31)));
        let out_of_reach = fixable("c").about("fix_admitted", "no");
        let judgement = decide(vec![fixable("a"), finding("b", Severity::High), out_of_reach], &waivers);
        assert_eq!(judgement.verdict, Verdict::Pass);
        let titles: Vec<&str> = judgement
            .findings
            .iter()
            .filter(|finding| finding.rule == "waiver-superseded")
            .map(|finding| finding.title.as_str())
            .collect();
        assert_eq!(titles, ["waiver for some-rule matching `a`: a fix is known: a 1.2.0"]);
    }

    #[test]
    fn an_unused_waiver_warns_and_another_jobs_waiver_is_left_alone() {
        assert_eq!(decide(vec![], &[waiver(Some("b"), date(2026, 12, 31))]).verdict, Verdict::Warn);
        let other = Waiver { rule: "other-rule".to_owned(), ..waiver(None, date(2026, 1, 1)) };
        assert_eq!(decide(vec![], &[other]).verdict, Verdict::Pass);
    }

    #[test]
    fn the_order_of_findings_does_not_depend_on_the_order_they_came_in() {
        let mut findings =
            vec![finding("a", Severity::Low), finding("b", Severity::High), finding("c", Severity::High)];
        let forwards = decide(findings.clone(), &[]);
        findings.reverse();
        assert_eq!(forwards, decide(findings, &[]));
    }
}
