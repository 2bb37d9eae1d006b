//! The outbox: what earlier calls left and the record of this one, to all destinations at once, under one budget.
//!
//! Owns the order, the journal's promises (an intent before the first byte, an outcome after the last) and giving up.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep, timeout_at};

use super::arguments::Arguments;
use super::delivery::{Delivery, DeliveryState};
use super::destinations::{Destination, JOURNAL, Message, Opened, Receipt, Way};
use super::history::History;
use super::journal::{Event, Journal, Step};
use super::preparation::Prepared;
use super::record::Record;
use devops_core::Error;
use devops_core::escape::terminal_line;
use devops_core::words::count;
use devops_job::Context;
use devops_job::report_folder::stays_inside;
use devops_net::{Next, Trouble, next, runtime, together};

/// A delay that the text of a message mentions.
const NOTICEABLE: SignedDuration = SignedDuration::from_secs(60);

/// Characters of a reason that are kept.
const REASON: usize = 300;

/// What became of all deliveries.
pub(crate) struct Summary {
    /// This call's record, one delivery per destination.
    pub(crate) own: Vec<Delivery>,
    /// Records of earlier calls that arrived now.
    pub(crate) late: u64,
    /// Records of earlier calls that still wait.
    pub(crate) left: u64,
}

/// What one destination's queue came to.
struct Queue {
    own: Delivery,
    late: u64,
    left: u64,
}

/// What all queues share.
struct Outbox<'a> {
    context: &'a Context,
    prepared: &'a Prepared,
    history: &'a History,
    journal: RefCell<Option<Journal>>,
    /// Whether what earlier calls left is ours to deliver.
    is_ours: bool,
    deadline: Instant,
    budget: u64,
}

/// Delivers what earlier calls left and then this call's record.
///
/// # Errors
/// Where the system gives no runtime.
pub(crate) fn deliver(
    arguments: &Arguments,
    context: &Context,
    prepared: &Prepared,
    opened: &[Opened],
    history: &History,
) -> Result<Summary, Error> {
    let (journal, journaled) = open(arguments, context, prepared);
    let runtime = runtime()?;
    let summary = runtime.block_on(async {
        let outbox = Outbox {
            context,
            prepared,
            history,
            is_ours: journal.as_ref().is_some_and(|journal| journal.is_ours),
            journal: RefCell::new(journal),
            deadline: Instant::now() + Duration::from_secs(arguments.budget),
            budget: arguments.budget,
        };
        let queues = opened
            .iter()
            .map(|opened| -> Pin<Box<dyn Future<Output = Queue> + '_>> {
                Box::pin(outbox.queue(opened, &journaled))
            })
            .collect();
        let queues = together(queues).await;
        Summary {
            late: queues.iter().map(|queue| queue.late).sum(),
            left: queues.iter().map(|queue| queue.left).sum(),
            own: queues.into_iter().map(|queue| queue.own).collect(),
        }
    });
    // A name server that does not answer would delay a runtime that waits for its tasks.
    runtime.shutdown_background();
    Ok(summary)
}

/// Opens the journal and writes the record to it; a disk that is full or read-only never costs the deploy.
fn open(arguments: &Arguments, context: &Context, prepared: &Prepared) -> (Option<Journal>, Delivery) {
    let name = JOURNAL;
    let is_here = stays_inside(context, &arguments.journal).map_err(io::Error::other);
    let opened = is_here.and_then(|()| Journal::open(&arguments.journal, context.now.to_string()));
    let opened = opened.and_then(|mut journal| {
        if !prepared.is_known && !prepared.is_overtaken {
            journal.append(Event::Record(Box::new(prepared.record.clone())))?;
        }
        Ok(journal)
    });
    match opened {
        Ok(journal) => {
            let delivery = if prepared.is_overtaken {
                Delivery::new(name, DeliveryState::Skipped).because("the deployment has already ended")
            } else if prepared.is_known {
                Delivery::new(name, DeliveryState::Verified).because("the journal already has this record")
            } else {
                Delivery::new(name, DeliveryState::Accepted)
            };
            (Some(journal), delivery)
        }
        Err(error) => {
            let reason = format!("{}: can't be written: {error}", arguments.journal.display());
            let help = "name a file this user may write with `--journal FILE`";
            (None, Delivery::new(name, DeliveryState::Refused).because(reason).help(help))
        }
    }
}

impl Outbox<'_> {
    /// Everything that one destination has to get, oldest first; after an error that may be temporary, the rest waits too.
    async fn queue(&self, opened: &Opened, journaled: &Delivery) -> Queue {
        let name = opened.name;
        let destination = match &opened.way {
            Way::Network(destination) => destination.as_ref(),
            Way::Journal(_) => return Queue { own: journaled.clone(), late: 0, left: 0 },
            Way::Settled(own) => {
                if own.state == DeliveryState::Refused {
                    self.log_outcome(&self.prepared.record, own);
                }
                return Queue { own: own.clone(), late: 0, left: 0 };
            }
        };
        let pending: Vec<&Record> = self
            .history
            .pending(name)
            .into_iter()
            .filter(|record| self.is_ours && !self.is_own(record))
            .collect();
        let mut late = 0;
        for (index, record) in pending.iter().enumerate() {
            let delivery = self.send(name, destination, record, is_late(record, self.context)).await;
            if delivery.state == DeliveryState::Spooled {
                let mut own = Delivery::new(name, DeliveryState::Spooled);
                own.reason = delivery.reason.map(|reason| format!("an earlier record waits: {reason}"));
                self.log_outcome(&self.prepared.record, &own);
                return Queue { own, late, left: (pending.len() - index) as u64 };
            }
            late += u64::from(delivery.state.is_there());
        }
        Queue { own: self.own(name, destination).await, late, left: 0 }
    }

    fn is_own(&self, record: &Record) -> bool {
        record.uid == self.prepared.record.uid && record.revision == self.prepared.record.revision
    }

    /// This call's record.
    async fn own(&self, name: &'static str, destination: &dyn Destination) -> Delivery {
        let record = &self.prepared.record;
        if self.prepared.is_overtaken {
            return Delivery::new(name, DeliveryState::Skipped).because("the deployment has already ended");
        }
        if let Some(state) = already_delivered(self.history, record, name) {
            let mut delivery = Delivery::new(name, state).because("an earlier call delivered it");
            delivery.remote = self.history.remote(&record.uid, name).map(str::to_owned);
            return delivery;
        }
        let is_late = is_late(record, self.context);
        self.send(name, destination, record, is_late).await
    }

    /// Sends a record to a destination: intent, tries, outcome.
    async fn send(
        &self,
        name: &'static str,
        destination: &dyn Destination,
        record: &Record,
        is_late: bool,
    ) -> Delivery {
        self.log(Event::Intent(step(record, name)));
        let remote = self.history.remote(&record.uid, name);
        let message = Message { record, is_late, remote };
        let mut delivery = match timeout_at(self.deadline, self.tries(destination, message)).await {
            Ok(Ok(receipt)) => received(name, receipt),
            Ok(Err((Next::Never, trouble))) => troubled(name, DeliveryState::Refused, trouble),
            Ok(Err((_, trouble))) => troubled(name, DeliveryState::Spooled, trouble),
            Err(_) => Delivery::new(name, DeliveryState::Spooled)
                .because(format!("no answer within {}", count(self.budget, "second"))),
        };
        delivery.reason = delivery.reason.map(|reason| self.clean(&reason));
        self.log_outcome(record, &delivery);
        delivery
    }

    /// Tries until it works, can't, or should be left to a later call.
    async fn tries(
        &self,
        destination: &dyn Destination,
        message: Message<'_>,
    ) -> Result<Receipt, (Next, Trouble)> {
        let seed = message
            .record
            .uid
            .bytes()
            .fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        for attempt in 1.. {
            let trouble = match destination.send(message).await {
                Ok(receipt) => return Ok(receipt),
                Err(trouble) => trouble,
            };
            let left = self.deadline.saturating_duration_since(Instant::now());
            match next(destination.class(), &trouble.cause, attempt, left, seed) {
                Next::Again(wait) => sleep(wait).await,
                end => return Err((end, trouble)),
            }
        }
        Err((Next::Never, Trouble::unable("too many tries")))
    }

    /// A text of others without secrets, line breaks and excess; masked before they are cut, so that no half secret stays.
    fn clean(&self, text: &str) -> String {
        let line = terminal_line(&self.context.redactor.redact(text));
        if line.chars().count() <= REASON {
            return line;
        }
        line.chars().take(REASON).chain(['…']).collect()
    }

    fn log_outcome(&self, record: &Record, delivery: &Delivery) {
        self.log(Event::Outcome {
            step: step(record, delivery.destination),
            state: delivery.state,
            reason: delivery.reason.clone(),
            remote: delivery.remote.clone(),
        });
    }

    /// Writes to the journal; a disk that fills up in the middle costs the memory of this step, not the deploy.
    fn log(&self, event: Event) {
        if let Some(journal) = self.journal.borrow_mut().as_mut()
            && let Err(error) = journal.append(event)
        {
            self.context.progress(&format!("journal can't be written: {error}"));
        }
    }
}

/// Whether a record is sent noticeably later than it happened, as by a call that is repeated after an outage.
pub(crate) fn is_late(record: &Record, context: &Context) -> bool {
    record.at.parse::<Timestamp>().is_ok_and(|at| context.now.duration_since(at) > NOTICEABLE)
}

/// How far a record got, if the journal shows that the destination has it: then there is nothing to send.
pub(crate) fn already_delivered(
    history: &History,
    record: &Record,
    destination: &str,
) -> Option<DeliveryState> {
    history.state(&step(record, destination)).filter(|state| state.is_there())
}

fn step(record: &Record, destination: &str) -> Step {
    Step { uid: record.uid.clone(), revision: record.revision, destination: destination.to_owned() }
}

fn received(name: &'static str, receipt: Receipt) -> Delivery {
    Delivery {
        destination: name,
        state: receipt.state,
        reason: receipt.note,
        help: None,
        remote: receipt.remote,
    }
}

fn troubled(name: &'static str, state: DeliveryState, trouble: Trouble) -> Delivery {
    Delivery { destination: name, state, reason: Some(trouble.message), help: trouble.help, remote: None }
}
