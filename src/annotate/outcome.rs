//! From deliveries to the content of the report: headline, findings, totals and details.

use serde::Serialize;
use serde_json::Value;

use super::arguments::Arguments;
use super::delivery::{Delivery, DeliveryState};
use super::destinations::{Message, Opened, Way, Write};
use super::history::History;
use super::outbox::{Summary, already_delivered, is_late};
use super::preparation::Prepared;
use super::record::Record;
use super::rules::{DAMAGED, REFUSED, SPOOLED};
use devops_core::report::{Facts, facts};
use devops_core::words::count;
use devops_core::{Exit, Finding};
use devops_job::{Context, Outcome};
use devops_net::Request;

/// The details of a report.
#[derive(Debug, Serialize)]
struct Details<'a> {
    record: &'a Record,
    deliveries: &'a [&'a Delivery],
    /// What a run would write, where none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<&'a [PlannedWrite<'a>]>,
}

/// A write as plans have it: in a sentence, and as the very request that a run sends, where it is one.
#[derive(Debug, Serialize)]
struct PlannedWrite<'a> {
    id: String,
    destination: &'a str,
    writes: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    guard: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<Request>,
}

/// The outcome of a dry run: each write, in order, none of which happened.
pub(crate) fn planned(
    context: &Context,
    prepared: &Prepared,
    opened: &[Opened],
    history: &History,
) -> Outcome {
    let mut plan = Vec::new();
    let mut settled = Vec::new();
    for Opened { name, way } in opened {
        match way {
            Way::Network(destination) => {
                let pending = history.pending(name).into_iter();
                let pending = pending.filter(|record| !prepared.is_change && !is_same(record, prepared));
                let is_own =
                    !prepared.is_overtaken && already_delivered(history, &prepared.record, name).is_none();
                for record in pending.chain(is_own.then_some(&prepared.record)) {
                    let remote = history.remote(&record.uid, name);
                    let message = Message { record, is_late: is_late(record, context), remote };
                    plan.extend(
                        destination.plan(message).into_iter().map(|write| PlannedWrite::of(name, write)),
                    );
                }
            }
            Way::Journal(path) if !prepared.is_known && !prepared.is_overtaken => plan.push(PlannedWrite {
                id: format!("journal-{}", prepared.record.state.as_str()),
                destination: name,
                writes: format!("append {} to {path}", what(&prepared.record)),
                guard: None,
                request: None,
            }),
            Way::Journal(_) => {}
            Way::Settled(delivery) => settled.push(delivery),
        }
    }
    let headline = format!("would report {}: {}", what(&prepared.record), count(plan.len() as u64, "write"));
    let details = Details { record: &prepared.record, deliveries: &settled, plan: Some(&plan) };
    let notes = prepared.notes.clone();
    Outcome { headline, details: facts(&details), findings: damage(prepared), notes, ..Outcome::default() }
}

impl<'a> PlannedWrite<'a> {
    fn of(destination: &'a str, write: Write) -> Self {
        Self {
            id: write.id,
            destination,
            writes: format!("{}, {}", write.request, write.summary),
            guard: Some(write.guard),
            request: Some(write.request),
        }
    }
}

/// The outcome of a run.
pub(crate) fn delivered(arguments: &Arguments, prepared: &Prepared, summary: &Summary) -> Outcome {
    let mut findings = damage(prepared);
    findings.extend(summary.own.iter().filter_map(|delivery| finding(delivery, &prepared.record)));
    let missing = summary
        .own
        .iter()
        .filter(|delivery| matches!(delivery.state, DeliveryState::Refused | DeliveryState::Spooled));
    let missing = missing.count();
    let mut totals = Facts::new();
    for state in DeliveryState::ALL {
        let number = summary.own.iter().filter(|delivery| delivery.state == state).count();
        totals.insert(state.as_str().to_owned(), Value::from(number));
    }
    totals.insert("late".to_owned(), Value::from(summary.late));
    let mut notes = prepared.notes.clone();
    if prepared.is_overtaken {
        notes.push(
            "the deployment had already ended, so its start was not sent to any destination".to_owned(),
        );
    }
    if summary.late > 0 {
        notes.push(format!("{} of earlier calls delivered late", count(summary.late, "record")));
    }
    if summary.left > 0 {
        let until = if prepared.is_change { " for a run that is not for a change" } else { "" };
        notes.push(format!("{} of earlier calls still waiting{until}", count(summary.left, "record")));
    }
    let deliveries: Vec<&Delivery> = summary.own.iter().collect();
    let details = Details { record: &prepared.record, deliveries: &deliveries, plan: None };
    Outcome {
        headline: headline(&prepared.record, summary),
        findings,
        notes,
        totals,
        details: facts(&details),
        // A start that comes after the end does not show where the deployment is.
        deployment: (!prepared.is_overtaken).then(|| prepared.record.noted()),
        exit: (arguments.strict && missing > 0).then_some(Exit::Environment),
        ..Outcome::default()
    }
}

/// Whether a record of the journal is the one of this call.
fn is_same(record: &Record, prepared: &Prepared) -> bool {
    record.uid == prepared.record.uid && record.revision == prepared.record.revision
}

/// `webshop 1.4.0 started in production`.
fn what(record: &Record) -> String {
    format!("{} {} in {}", record.subject(), record.state.as_str(), record.environment)
}

/// The record, and the states of its deliveries as words.
fn headline(record: &Record, summary: &Summary) -> String {
    let mut parts = Vec::new();
    for state in DeliveryState::ALL {
        let names: Vec<&str> = summary
            .own
            .iter()
            .filter(|delivery| delivery.state == state)
            .map(|delivery| delivery.destination)
            .collect();
        if !names.is_empty() && state != DeliveryState::Skipped {
            parts.push(format!("{} {}", state.as_str(), names.join(", ")));
        }
    }
    let end = if parts.is_empty() { "sent to no destination".to_owned() } else { parts.join("; ") };
    format!("{}: {end}", what(record))
}

/// What is wrong with a delivery, if something is.
fn finding(delivery: &Delivery, record: &Record) -> Option<Finding> {
    let (rule, verb) = match delivery.state {
        DeliveryState::Refused => (&REFUSED, "refused"),
        DeliveryState::Spooled => (&SPOOLED, "did not answer in time about"),
        _ => return None,
    };
    let title = format!("{} {verb} {}", delivery.destination, what(record));
    let help = delivery.help.clone().unwrap_or_else(|| match delivery.state {
        DeliveryState::Spooled => "keep the journal; the next call delivers it".to_owned(),
        _ => "see the reason, then run the same call again".to_owned(),
    });
    Some(
        Finding::new(rule, title, &[delivery.destination, &record.service, &record.environment])
            .detail(delivery.reason.as_deref().unwrap_or_default())
            .named("destination", delivery.destination)
            .named("service", record.service.as_str())
            .named("environment", record.environment.as_str())
            .about("state", record.state.as_str())
            .help(help),
    )
}

/// What is wrong with the journal, if something is.
fn damage(prepared: &Prepared) -> Vec<Finding> {
    if prepared.damaged == 0 {
        return Vec::new();
    }
    let title = format!("the journal has {} that can't be read", count(prepared.damaged, "line"));
    vec![
        Finding::new(&DAMAGED, title, &["journal"])
            .help("remove the lines of the journal that are not whole JSON objects"),
    ]
}
