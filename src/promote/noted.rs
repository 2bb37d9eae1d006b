//! A promotion as an event: a deployment, the same one that `annotate` records in the same run.

use super::arguments::Arguments;
use super::journal::Kind;
use super::machine::{End, Stop};
use devops_ci::Forge;
use devops_events::{Deployment, Intent, Progress, deployment_uid};
use devops_job::event_lines::service;
use devops_job::{Context, Noted};

/// A record of `annotate` starts with 1, so that the end of a promotion is the next.
const REVISION: u64 = 2;

/// What became of a promotion.
pub(super) fn progress(end: &End) -> Progress {
    match end {
        End::Promoted => Progress::Succeeded,
        End::RolledBack(..) => Progress::RolledBack,
        End::Superseded(_) | End::Stopped(Stop::Cancelled | Stop::Superseded(_)) => Progress::Cancelled,
        End::Stopped(_) => Progress::Failed,
        End::Held(..) => Progress::Unknown,
    }
}

/// The promotion as a deployment.
pub(super) fn noted(
    result: Progress,
    kind: Kind,
    generation: Option<u64>,
    arguments: &Arguments,
    context: &Context,
) -> Noted {
    let facts =
        context.host.forge().map(|forge: Forge| forge.facts(&context.environment)).unwrap_or_default();
    let given =
        |value: Option<&String>| value.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
    let id = given(arguments.names.id.as_ref()).or(facts.identity).unwrap_or_else(|| context.local_run());
    let service = service(context);
    let environment = arguments.names.environment.trim().to_owned();
    let finished = context.refreshed().now;
    Noted {
        uid: deployment_uid(facts.repository.as_deref().unwrap_or_default(), &service, &environment, &id),
        revision: REVISION,
        at: Some(finished),
        service,
        environment,
        deployment: Deployment {
            started_at: Some(context.now),
            finished_at: (result != Progress::Unknown).then_some(finished),
            // Why a promotion is made is not known here, but a rollback is.
            intent: (kind == Kind::Rollback).then_some(Intent::Rollback),
            generation,
            ..Deployment::of(result)
        },
    }
}
