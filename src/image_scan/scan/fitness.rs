//! What is to be said of how an image was built, whatever advisories say of its packages.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::contents::Contents;
use super::origin::{BASE_DIGEST, Origin};
use super::secrets::{Leaked, in_environment, in_step};
use crate::rules::{
    BASE_OUTDATED, CACHE_LEFT, LABEL_MISSING, NOT_PINNED, PRIVILEGED_FILE, ROOT, SECRET, TOO_LARGE,
    TOO_MANY_LAYERS,
};
use devops_core::words::{count, number};
use devops_core::{Finding, Severity};
use devops_image::{Cache, Image};

/// Labels that say where an image comes from, which are missed where the project names none of its own.
const USUAL_LABELS: [&str; 2] = ["org.opencontainers.image.source", "org.opencontainers.image.revision"];

/// What the project asks of its images.
#[derive(Debug, Clone, Default)]
pub(crate) struct Demands {
    /// Labels that an image must have.
    pub(crate) labels: Vec<String>,
    /// Most megabytes of all layers together, unpacked.
    pub(crate) size: Option<u64>,
    /// Most layers.
    pub(crate) layers: Option<u32>,
    /// Most days since the base image was built.
    pub(crate) base_age: Option<u32>,
}

/// An image, how many of its layers are those of its base, and what is asked of it.
pub(crate) struct Fitness<'a> {
    /// What it contains.
    pub(crate) contents: &'a Contents,
    /// How many of its layers are those of its base image, where that is known.
    pub(crate) base_layers: Option<usize>,
    /// What the project asks.
    pub(crate) demands: &'a Demands,
    /// The time of the run.
    pub(crate) now: Timestamp,
}

impl Fitness<'_> {
    /// Everything that is to be said.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        if let Some(image) = &self.contents.image {
            findings.extend(self.root(image));
            findings.extend(self.secrets(image));
            findings.extend(self.labels(image));
            findings.extend(self.base(image));
            findings.extend(self.layers());
        }
        findings.extend(self.size());
        findings.extend(self.privileged());
        findings.extend(self.caches());
        findings
    }

    fn finding(&self, rule: &'static devops_core::Rule, title: String, identity: &[&str]) -> Finding {
        Finding::new(rule, title, identity).named("image", self.contents.label.as_str())
    }

    /// The same about a layer.
    fn of_layer(&self, finding: Finding, layer: usize) -> Finding {
        let finding = finding.about("layer", layer as u64);
        let origin =
            self.base_layers.map(|base| if layer < base { Origin::Base } else { Origin::Application });
        let finding = match origin {
            Some(origin) => finding.about("origin", origin.word()),
            None => finding,
        };
        match self.contents.step(layer) {
            Some(step) => finding.about("step", step),
            None => finding,
        }
    }

    fn root(&self, image: &Image) -> Option<Finding> {
        let user = image.config.user.split(':').next().unwrap_or_default();
        let is_root = matches!(user, "" | "root") || user.parse() == Ok(0_u64);
        is_root.then(|| {
            let how =
                if user.is_empty() { "names no user".to_owned() } else { format!("names the user `{user}`") };
            self.finding(&ROOT, "the image runs as root".to_owned(), &["root"])
                .detail(format!("its configuration {how}"))
                .about("user", user)
                .help("add a user in the Dockerfile and end it with `USER`, best with a number: `USER 10001`")
        })
    }

    fn secrets(&self, image: &Image) -> Vec<Finding> {
        let steps = image.config.history.iter().enumerate();
        let mut leaked = in_environment(&image.config.environment);
        for (at, step) in steps {
            // What a step sets stays in the environment, where it is named already.
            let new = in_step(at, &step.created_by).into_iter();
            leaked.extend(
                new.filter(|one| {
                    !leaked.iter().any(|known: &Leaked| known.is_of_environment && known.name == one.name)
                })
                .collect::<Vec<_>>(),
            );
        }
        let finding = |leaked: Leaked| {
            let Leaked { name, is_of_environment, step } = leaked;
            let place = if is_of_environment { "environment" } else { "history" };
            let title = format!("the {place} of the image has a secret: {name}");
            let step_text = step.map(|step| step.to_string()).unwrap_or_default();
            let finding = self
                .finding(&SECRET, title, &[place, &name, &step_text])
                .severity(Severity::High)
                .detail("everybody who can pull the image can read it")
                .named("variable", name.as_str())
                .about("place", place)
                .help("revoke the secret; give it when the image runs, or for one step with `RUN --mount=type=secret`");
            match step {
                Some(step) => finding.about("step", step as u64),
                None => finding,
            }
        };
        leaked.into_iter().map(finding).collect()
    }

    fn labels(&self, image: &Image) -> Option<Finding> {
        let (wanted, severity): (Vec<&str>, _) = if self.demands.labels.is_empty() {
            (USUAL_LABELS.to_vec(), Severity::Info)
        } else {
            (self.demands.labels.iter().map(String::as_str).collect(), Severity::Medium)
        };
        let has = |label: &str| image.config.labels.get(label).is_some_and(|value| !value.trim().is_empty());
        let missing: Vec<&str> = wanted.into_iter().filter(|label| !has(label)).collect();
        (!missing.is_empty()).then(|| {
            let title = format!("the image lacks {}", count(missing.len() as u64, "label"));
            self.finding(&LABEL_MISSING, title, &missing)
                .severity(severity)
                .detail(missing.join("\n"))
                .about("labels", missing.iter().map(|label| (*label).to_owned()).collect::<Vec<_>>())
                .help("set them when the image is built: `docker build --label NAME=VALUE`, or `docker/metadata-action`")
        })
    }

    fn base(&self, image: &Image) -> Vec<Finding> {
        let mut findings = Vec::new();
        if !image.config.labels.contains_key(BASE_DIGEST) {
            findings.push(
                self.finding(&NOT_PINNED, "the image does not name its base image by digest".to_owned(), &["base"])
                    .detail(format!("it lacks the label {BASE_DIGEST}"))
                    .help("pin the base image in the Dockerfile: `FROM name:tag@sha256:…`, and let the build set the label"),
            );
        }
        let Some((maximum, base)) = self.demands.base_age.zip(self.base_layers) else { return findings };
        let built = image.config.steps(image.layers.len());
        let times = built.into_iter().take(base).flatten().filter_map(|step| image.config.history.get(step));
        let newest = times.filter_map(|step| step.created.as_ref()?.parse::<Timestamp>().ok()).max();
        let days = newest.map(|time| (self.now.as_second() - time.as_second()) / (24 * 3600));
        let title = match days {
            Some(days) if days <= i64::from(maximum) => return findings,
            Some(days) => {
                format!(
                    "the base image is {} old, the maximum is {maximum}",
                    count(days.unsigned_abs(), "day")
                )
            }
            None => "the base image does not say when it was built".to_owned(),
        };
        findings.push(
            self.finding(&BASE_OUTDATED, title, &["base"])
                .about("built", newest.map(|time| time.to_string()).unwrap_or_default())
                .help("build the image again on a newer base image"),
        );
        findings
    }

    fn layers(&self) -> Option<Finding> {
        let amount = self.contents.layers.layers.len() as u64;
        let maximum = u64::from(self.demands.layers?);
        (amount > maximum).then(|| {
            self.finding(
                &TOO_MANY_LAYERS,
                format!("the image has {amount} layers, the maximum is {maximum}"),
                &["layers"],
            )
            .about("amount", amount)
            .about("maximum", maximum)
            .help("join steps of the Dockerfile, or build in stages")
        })
    }

    fn size(&self) -> Option<Finding> {
        let bytes: u64 = self.contents.layers.layers.iter().map(|layer| layer.bytes).sum();
        let maximum = self.demands.size?;
        let megabytes = bytes.div_ceil(1_000_000);
        (megabytes > maximum).then(|| {
            let title = format!("the image has {} MB, the maximum is {}", number(megabytes), number(maximum));
            self.finding(&TOO_LARGE, title, &["size"]).about("bytes", bytes).about("maximum", maximum).help(
                "see the table of layers; leave out what is needed for building only, by building in stages",
            )
        })
    }

    /// Files that run as their owner and that the distribution did not bring.
    fn privileged(&self) -> Vec<Finding> {
        let owned = &self.contents.system.owned;
        let added = self.contents.privileged.iter().filter(|(path, layer, _)| {
            let is_of_base = self.base_layers.is_some_and(|base| *layer < base);
            let is_owned = owned.get(path).is_some_and(|owner| layer <= owner);
            !is_of_base && !is_owned
        });
        let finding = |(path, layer, mode): &(String, usize, u32)| {
            let finding = self
                .finding(
                    &PRIVILEGED_FILE,
                    format!("{path} runs with the rights of its owner or group"),
                    &[path],
                )
                .detail(format!("its mode is {mode:04o}, and no package of the distribution owns it"))
                .named("path", path.as_str())
                .about("mode", format!("{mode:04o}"))
                .help(format!("remove the bits in the step that adds it: `chmod ug-s /{path}`"));
            self.of_layer(finding, *layer)
        };
        added.map(finding).collect()
    }

    fn caches(&self) -> Vec<Finding> {
        let mut largest: BTreeMap<Cache, (u64, usize)> = BTreeMap::new();
        for (number, layer) in self.contents.layers.layers.iter().enumerate() {
            if self.base_layers.is_some_and(|base| number < base) {
                continue;
            }
            for (cache, bytes) in layer.caches() {
                let known = largest.entry(cache).or_default();
                *known = (known.0 + bytes, number);
            }
        }
        // Folders with a few bytes of locks and settings are none.
        let left = largest.into_iter().filter(|(_, (bytes, _))| *bytes >= 1_000_000);
        let finding = |(cache, (bytes, layer)): (Cache, (u64, usize))| {
            let title = format!(
                "{} MB of {}'s cache are in the image",
                number(bytes.div_ceil(1_000_000)),
                cache.name()
            );
            let finding = self
                .finding(&CACHE_LEFT, title, &[cache.name()])
                .named("cache", cache.name())
                .about("bytes", bytes)
                .help("remove the cache in the step that fills it, or keep it out: `RUN --mount=type=cache,target=…`");
            self.of_layer(finding, layer)
        };
        left.map(finding).collect()
    }
}
