//! Thresholds: what raises a severity, and what keeps a finding from failing the gate.

use jiff::ToSpan;
use jiff::civil::Date;

use super::{Facts, Rating};
use crate::matching::kind_severity;
use devops_advisory::Kind;
use devops_core::Severity;
use devops_core::words::count;

/// The severity of a finding, and what it was raised or lowered for.
pub(super) fn rated(rating: &Rating<'_>, facts: &Facts) -> (Severity, Vec<String>) {
    let mut reasons = Vec::new();
    let unknown = match facts.kind {
        Kind::Vulnerability => rating.unknown_severity,
        _ => kind_severity(&facts.kind),
    };
    let mut severity = facts.severity.unwrap_or(unknown);
    let mut raise = |to: Severity, reason: String| {
        if severity < to {
            severity = to;
            reasons.push(format!("raised to {to}: {reason}"));
        }
    };
    if let Some(threshold) = rating.arguments.cvss_threshold
        && let Some(score) = facts.score.filter(|score| *score >= threshold)
    {
        raise(Severity::High, format!("its CVSS score {score:.1} reaches `cvss-threshold`"));
    }
    if let Some(threshold) = rating.arguments.epss_threshold
        && let Some(epss) = facts.epss.filter(|epss| f64::from(epss.score) >= threshold * 100_000.0)
    {
        let share = f64::from(epss.score) / 1_000.0;
        raise(Severity::High, format!("its EPSS of {share:.2} % reaches `epss-threshold`"));
    }
    if rating.arguments.kev && facts.known_exploited.is_some() {
        raise(Severity::Critical, "it is known to be exploited".to_owned());
    }
    if facts.is_guessed && severity > Severity::Medium {
        // The file gives a bound, and what is installed may be newer.
        severity = Severity::Medium;
        reasons.push("low confidence: the version is only a lower bound".to_owned());
    }
    (severity, reasons)
}

/// Why a finding that would fail the gate only warns.
pub(super) fn held(rating: &Rating<'_>, facts: &Facts, severity: Severity, today: Date) -> Option<String> {
    if !rating.scopes.is_empty() && !rating.scopes.contains(&facts.scope) {
        return Some(format!("the scope `{}` is not in `scopes`, so it only warns", facts.scope.word()));
    }
    if rating.fixed_only && !facts.has_fix {
        return Some("no fix is known, so it only warns (`fixed-only`)".to_owned());
    }
    let red = turns_red(rating, facts, severity).filter(|red| *red > today)?;
    let left = today.until(red).map_or(0, |span| span.get_days());
    Some(format!("only warns until it turns red on {red}, in {}", count(left.unsigned_abs().into(), "day")))
        .filter(|_| facts.known_exploited.is_none() && facts.published.is_some_and(|day| day <= today))
}

/// The day on which the grace of a finding ends; none where it has none.
fn turns_red(rating: &Rating<'_>, facts: &Facts, severity: Severity) -> Option<Date> {
    let days = match severity {
        Severity::Critical => rating.arguments.grace_critical,
        Severity::High => rating.arguments.grace_high,
        Severity::Medium => rating.arguments.grace_medium,
        Severity::Low | Severity::Info => rating.arguments.grace_low,
    };
    facts.published?.checked_add(i64::from(days).days()).ok()
}
