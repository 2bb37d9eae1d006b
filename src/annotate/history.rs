//! What a journal adds up to: the newest revision of each record, and what is still to be delivered.

use std::collections::BTreeMap;

use super::delivery::DeliveryState;
use super::journal::{Event, Step};
use super::record::{Record, State};

/// What a journal adds up to.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// Every record, by its uid and revision.
    records: BTreeMap<(String, u64), Record>,
    /// The last state of each delivery; `None` is an intent without an outcome.
    deliveries: BTreeMap<Step, Option<DeliveryState>>,
    /// The order in which records were first seen.
    order: Vec<(String, u64)>,
    /// The name each destination gave each record.
    remotes: BTreeMap<(String, String), String>,
    /// Lines that could not be read.
    pub(crate) damaged: u64,
    /// Records that were left out, because no call of this repository and host could have written them.
    pub(crate) disbelieved: u64,
}

impl History {
    /// Adds one more line.
    pub(crate) fn learn(&mut self, event: Event) {
        match event {
            Event::Record(record) => {
                let key = (record.uid.clone(), record.revision);
                if self.records.insert(key.clone(), *record).is_none() {
                    self.order.push(key);
                }
            }
            Event::Intent(step) => {
                self.deliveries.insert(step, None);
            }
            Event::Outcome { step, state, remote, .. } => {
                if let Some(remote) = remote {
                    self.remotes.insert((step.uid.clone(), step.destination.clone()), remote);
                }
                self.deliveries.insert(step, Some(state));
            }
        }
    }

    /// The newest revision of a record.
    pub(crate) fn latest(&self, uid: &str) -> Option<&Record> {
        self.records
            .range((uid.to_owned(), 0)..=(uid.to_owned(), u64::MAX))
            .next_back()
            .map(|(_, record)| record)
    }

    /// When a deployment started, where that is known.
    pub(crate) fn started_at(&self, uid: &str) -> Option<&str> {
        self.records
            .range((uid.to_owned(), 0)..=(uid.to_owned(), u64::MAX))
            .find(|(_, record)| record.state == State::Started)
            .map(|(_, record)| record.at.as_str())
    }

    /// How far a delivery got; `None` where it was never tried or its outcome is unknown.
    pub(crate) fn state(&self, step: &Step) -> Option<DeliveryState> {
        self.deliveries.get(step).copied().flatten()
    }

    /// The name a destination gave a record.
    pub(crate) fn remote(&self, uid: &str, destination: &str) -> Option<&str> {
        self.remotes.get(&(uid.to_owned(), destination.to_owned())).map(String::as_str)
    }

    /// The records a destination does not have, or may not have, oldest first.
    pub(crate) fn pending(&self, destination: &str) -> Vec<&Record> {
        let is_pending = |(uid, revision): &&(String, u64)| {
            let step = Step { uid: uid.clone(), revision: *revision, destination: destination.to_owned() };
            matches!(self.deliveries.get(&step), Some(None | Some(DeliveryState::Spooled)))
        };
        self.order.iter().filter(is_pending).filter_map(|key| self.records.get(key)).collect()
    }
}
