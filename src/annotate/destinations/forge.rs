//! What destinations on a forge have in common: address, repository, token.

use std::rc::Rc;

use super::{Destination, Opening, Way};
use crate::delivery::{Delivery, DeliveryState};
use devops_ci::{Forge, ForgeToken};
use devops_job::Context;
use devops_net::Http;

/// How to reach a forge.
pub(super) struct Access {
    /// The client all share.
    pub(super) http: Rc<Http>,
    /// Base of the API, without a slash at the end.
    pub(super) base: String,
    /// The repository or project.
    pub(super) repository: String,
    /// The credential.
    pub(super) token: ForgeToken,
    /// Seconds since 1970 at the start of the run.
    pub(super) now: i64,
}

/// Whether the job runs on this forge with a token for it.
pub(super) fn is_at_hand(forge: Forge, context: &Context) -> bool {
    context.host.forge() == Some(forge) && forge.token(&context.environment, true).is_some()
}

/// The address of a forge's API: what the flag says, else the run's own.
pub(super) fn address(forge: Forge, given: Option<String>, context: &Context) -> Option<String> {
    given.filter(|url| !url.is_empty()).or_else(|| forge.facts(&context.environment).api_url)
}

/// A destination on a forge, or why there is no way to it; `missing` is what the record lacks for it.
pub(super) fn open(
    (name, forge): (&'static str, Forge),
    base: String,
    missing: Option<&str>,
    opening: &Opening<'_>,
    make: impl FnOnce(Access) -> Box<dyn Destination>,
) -> Way {
    let environment = &opening.context.environment;
    let refuse = |reason: String, help: String| {
        Way::Settled(Delivery::new(name, DeliveryState::Refused).because(reason).help(help))
    };
    let Some(repository) = forge.facts(environment).repository else {
        let help = format!("set {}, as the host's own pipelines do", forge.repository_name());
        return refuse("no repository known".to_owned(), help);
    };
    let host = opening.context.host.forge();
    let is_own = host.map_or_else(|| opening.is_only_forge(forge), |own| own == forge);
    let Some(token) = forge.token(environment, is_own) else {
        return refuse("no token".to_owned(), format!("set {}", forge.token_names()));
    };
    if let Some(missing) = missing {
        return refuse(format!("no {missing} known"), "pass `--sha` and `--ref`".to_owned());
    }
    if let Err(trouble) = opening.http.check(&base) {
        return refuse(trouble.message, trouble.help.unwrap_or_default());
    }
    let now = opening.context.now.as_second();
    Way::Network(make(Access { http: Rc::clone(&opening.http), base, repository, token, now }))
}
