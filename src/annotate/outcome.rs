//! From deliveries to the content of the report: headline, findings, totals and details.

use serde_json::{Value, json};

use super::arguments::Arguments;
use super::delivery::{Delivery, DeliveryState};
use super::destinations::{Message, Opened, Way, Write};
use super::history::History;
use super::outbox::{Summary, already_delivered, is_late};
use super::preparation::Prepared;
use super::record::Record;
use super::rules::{DAMAGED, REFUSED, SPOOLED};
use devops_core::report::Facts;
use devops_core::words::count;
use devops_core::{Exit, Finding};
use devops_job::{Context, Outcome};

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
                let pending = history.pending(name).into_iter().filter(|record| !is_same(record, prepared));
                let is_own =
                    !prepared.is_overtaken && already_delivered(history, &prepared.record, name).is_none();
                for record in pending.chain(is_own.then_some(&prepared.record)) {
                    let remote = history.remote(&record.uid, name);
                    let message = Message { record, is_late: is_late(record, context), remote };
                    plan.extend(destination.plan(message).iter().map(|write| planned_write(name, write)));
                }
            }
            Way::Journal(path) if !prepared.is_known && !prepared.is_overtaken => plan.push(json!({
                "id": format!("journal-{}", prepared.record.state.as_str()),
                "destination": name,
                "writes": format!("append {} to {path}", what(&prepared.record)),
            })),
            Way::Journal(_) => {}
            Way::Settled(delivery) => settled.push(to_json(delivery)),
        }
    }
    let headline = format!("would report {}: {}", what(&prepared.record), count(plan.len() as u64, "write"));
    let mut details = details(&prepared.record, settled.into_iter());
    details.insert("plan".to_owned(), Value::from(plan));
    Outcome { headline, details, findings: damage(prepared), ..Outcome::default() }
}

/// A write as plans have it: in a sentence, and as the very request that a run sends.
fn planned_write(destination: &str, write: &Write) -> Value {
    json!({
        "id": write.id,
        "destination": destination,
        "writes": format!("{}, {}", write.request, write.summary),
        "guard": write.guard,
        "request": write.request,
    })
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
    let mut notes = Vec::new();
    if prepared.is_overtaken {
        notes.push(
            "the deployment had already ended, so its start was not sent to any destination".to_owned(),
        );
    }
    if summary.late > 0 {
        notes.push(format!("{} of earlier calls delivered late", count(summary.late, "record")));
    }
    if summary.left > 0 {
        notes.push(format!("{} of earlier calls still waiting", count(summary.left, "record")));
    }
    let details = details(&prepared.record, summary.own.iter().map(to_json));
    Outcome {
        headline: headline(&prepared.record, summary),
        findings,
        notes,
        totals,
        details,
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

/// The record and its deliveries.
fn details(record: &Record, deliveries: impl Iterator<Item = Value>) -> Facts {
    let mut details = Facts::new();
    details.insert("record".to_owned(), serde_json::to_value(record).unwrap_or_default());
    details.insert("deliveries".to_owned(), deliveries.collect());
    details
}

/// A delivery as reports have it.
fn to_json(delivery: &Delivery) -> Value {
    let mut value = json!({ "destination": delivery.destination, "state": delivery.state.as_str() });
    if let Some(fields) = value.as_object_mut() {
        if let Some(reason) = &delivery.reason {
            fields.insert("reason".to_owned(), Value::from(reason.as_str()));
        }
        if let Some(remote) = &delivery.remote {
            fields.insert("remote".to_owned(), Value::from(remote.as_str()));
        }
    }
    value
}
