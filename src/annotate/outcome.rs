//! From deliveries to what the report says: headline, findings, totals and details.

use serde_json::{Value, json};

use super::arguments::Arguments;
use super::delivery::{Delivery, Reach};
use super::destinations::Chosen;
use super::history::History;
use super::outbox::{Told, is_late, there};
use super::preparation::Prepared;
use super::record::{Record, State};
use super::rules::{DAMAGED, REFUSED, SPOOLED};
use crate::core::report::Facts;
use crate::core::words::count;
use crate::core::{Exit, Finding};
use crate::job::{Context, Outcome};

/// What a dry run says: each write, in order, none of which happened.
pub(crate) fn planned(
    context: &Context,
    prepared: &Prepared,
    chosen: &[Chosen],
    history: &History,
) -> Outcome {
    let mut plan = Vec::new();
    for chosen in chosen {
        let name = chosen.target.as_str();
        if let Some(destination) = chosen.destination.as_deref() {
            for record in history.pending(name).into_iter().filter(|record| !is_same(record, prepared)) {
                plan.extend(destination.plan(record, is_late(record, context)));
            }
            if !prepared.is_overtaken && there(history, &prepared.record, name).is_none() {
                plan.extend(destination.plan(&prepared.record, is_late(&prepared.record, context)));
            }
        } else if chosen.is_journal() && !prepared.is_known && !prepared.is_overtaken {
            plan.push(json!({
                "id": format!("journal-{}", prepared.record.state.as_str()),
                "destination": name,
                "writes": format!("append {} to {}", what(&prepared.record), chosen.place),
            }));
        }
    }
    let headline = format!("would tell of {}: {}", what(&prepared.record), count(plan.len() as u64, "write"));
    let skipped = |delivery: &Delivery| to_json(delivery);
    let mut details =
        details(&prepared.record, chosen.iter().filter_map(|chosen| chosen.settled.as_ref()).map(skipped));
    details.insert("plan".to_owned(), Value::from(plan));
    Outcome { headline, details, findings: damage(prepared), ..Outcome::default() }
}

/// What a run says.
pub(crate) fn delivered(
    arguments: &Arguments,
    context: &Context,
    prepared: &Prepared,
    told: &Told,
) -> Outcome {
    let mut findings = damage(prepared);
    findings.extend(told.own.iter().filter_map(|delivery| finding(delivery, &prepared.record, context)));
    let missing =
        told.own.iter().filter(|delivery| matches!(delivery.reach, Reach::Refused | Reach::Spooled));
    let missing = missing.count();
    let mut totals = Facts::new();
    for reach in Reach::ALL {
        let number = told.own.iter().filter(|delivery| delivery.reach == reach).count();
        totals.insert(reach.as_str().to_owned(), Value::from(number));
    }
    totals.insert("late".to_owned(), Value::from(told.late));
    let mut notes = Vec::new();
    if prepared.is_overtaken {
        notes.push("the deployment had already ended, so its start was not told to anyone".to_owned());
    }
    if told.late > 0 {
        notes.push(format!("{} of earlier calls delivered late", count(told.late, "record")));
    }
    if told.left > 0 {
        notes.push(format!("{} of earlier calls still waiting", count(told.left, "record")));
    }
    let details = details(
        &prepared.record,
        told.own.iter().map(|delivery| {
            let mut delivery = delivery.clone();
            delivery.reason = delivery.reason.map(|reason| context.redactor.redact(&reason));
            to_json(&delivery)
        }),
    );
    Outcome {
        headline: headline(&prepared.record, told),
        findings,
        notes,
        totals,
        details,
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
fn headline(record: &Record, told: &Told) -> String {
    let mut parts = Vec::new();
    for reach in Reach::ALL {
        let names: Vec<&str> = told
            .own
            .iter()
            .filter(|delivery| delivery.reach == reach)
            .map(|delivery| delivery.destination)
            .collect();
        if !names.is_empty() && reach != Reach::Skipped {
            parts.push(format!("{} {}", reach.as_str(), names.join(", ")));
        }
    }
    let end = if parts.is_empty() { "nobody told".to_owned() } else { parts.join("; ") };
    format!("{}: {end}", what(record))
}

/// What is wrong with a delivery, if something is.
fn finding(delivery: &Delivery, record: &Record, context: &Context) -> Option<Finding> {
    let (rule, verb) = match delivery.reach {
        Reach::Refused => (&REFUSED, "refused"),
        Reach::Spooled => (&SPOOLED, "not told in time of"),
        _ => return None,
    };
    let title = format!("{} {verb} {}", delivery.destination, what(record));
    let detail = context.redactor.redact(delivery.reason.as_deref().unwrap_or_default());
    let help = delivery.help.clone().unwrap_or_else(|| match delivery.reach {
        Reach::Spooled => "keep the journal; the next call delivers it".to_owned(),
        _ => "see the reason, then run the same call again".to_owned(),
    });
    let state: State = record.state;
    Some(
        Finding::new(rule, title, &[delivery.destination, &record.service, &record.environment])
            .detail(detail)
            .named("destination", delivery.destination)
            .named("service", record.service.as_str())
            .named("environment", record.environment.as_str())
            .about("state", state.as_str())
            .help(context.redactor.redact(&help)),
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
    let mut value = json!({ "destination": delivery.destination, "state": delivery.reach.as_str() });
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
