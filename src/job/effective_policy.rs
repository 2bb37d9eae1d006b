//! A change can't weaken its own gate: the `devops.toml` of the target branch decides, and the change may only be stricter.

use std::collections::BTreeSet;
use std::path::Path;

use clap::Command;

use super::keys::Key;
use super::moves::follow;
use devops_config::{File, Refusal, Resolved, Setting, Source, combine, resolve};
use devops_core::rule::rules;
use devops_core::words::count;
use devops_core::{Error, Finding, Location};
use devops_policy::Waiver;
use devops_repository::{Authority, PolicyFile};

rules! {
    /// The rules about the policy of a change.
    pub const RULES;

    POLICY_NEW: "policy-new", Info, "the target branch has no devops.toml yet, so part of what the change says waits";
}

/// Whose `devops.toml` decides about a run, and what that file says.
pub(super) struct Decider {
    authority: Authority,
    /// The file of the commit that decides; none where it has none, and where nothing can be made of it.
    file: Option<File>,
    /// Why nothing can be made of it.
    trouble: Option<String>,
}

impl Decider {
    /// Reads the file of the commit that decides; `path` is where it stands.
    pub(super) fn of(authority: Authority, path: &Path) -> Self {
        let version = match &authority {
            Authority::Checkout | Authority::Unknown(_) => None,
            Authority::Target(file) | Authority::Common { file, .. } | Authority::Guess(file) => Some(file),
        };
        let parse = |found: &PolicyFile| Some(File::parse_version(path, &found.label, found.text.clone()?));
        let (file, trouble) = match version.and_then(parse).transpose() {
            Ok(file) => (file, None),
            Err(error) => (None, Some(error.to_string())),
        };
        Self { authority, file, trouble }
    }

    /// Whether a change is judged, which may not decide about itself.
    pub(super) fn is_of_change(&self) -> bool {
        !matches!(self.authority, Authority::Checkout | Authority::Guess(_))
    }

    /// The file that decides about a change, with the name of its commit.
    pub(super) fn deciding_file(&self) -> Option<(&str, &File)> {
        match &self.authority {
            Authority::Target(version) | Authority::Common { file: version, .. } => {
                Some((version.label.as_str(), self.file.as_ref()?))
            }
            Authority::Checkout | Authority::Unknown(_) | Authority::Guess(_) => None,
        }
    }

    /// The commit of the target branch that is known, whether or not it has the file.
    fn version(&self) -> Option<&PolicyFile> {
        match &self.authority {
            Authority::Target(version) | Authority::Common { file: version, .. } => Some(version),
            Authority::Checkout | Authority::Unknown(_) | Authority::Guess(_) => None,
        }
    }
}

/// What judges the findings beside the settings.
#[derive(Debug, Default)]
pub(super) struct EffectivePolicy {
    pub(super) waivers: Vec<Waiver>,
    /// SHA-256 of the file they and the thresholds are from.
    pub(super) sha256: Option<String>,
    /// The commit whose file that is, where it is not just the one that is there.
    pub(super) commit: Option<String>,
    /// Whether a change is judged.
    pub(super) is_of_change: bool,
    /// What the change says and what does not hold yet.
    pub(super) notes: Vec<String>,
    /// What is wrong with the base of the change.
    pub(super) findings: Vec<Finding>,
    /// Paths that the target branch names and the change takes away.
    pub(super) gone: Vec<String>,
}

impl EffectivePolicy {
    /// What the file that is there says.
    fn of_file(file: Option<&File>) -> Self {
        Self {
            waivers: file.map(|file| file.waivers.clone()).unwrap_or_default(),
            sha256: file.map(|file| file.sha256.clone()),
            ..Self::default()
        }
    }
}

/// What a change makes of the policy of a job.
pub(super) struct PolicyChange<'a> {
    /// Path of the file.
    pub(super) path: &'a Path,
    /// The file that is there.
    pub(super) file: Option<&'a File>,
    /// Its settings.
    pub(super) settings: &'a Resolved,
    /// What the change may do with a key.
    pub(super) key: &'a dyn Fn(&str) -> Key,
    /// Which rules are the job's.
    pub(super) knows: &'a dyn Fn(&str) -> bool,
}

/// The settings and waivers that hold; the settings are `None` where they are those of the file that is there.
///
/// # Errors
/// Where the settings of the two files can't stand together.
pub(super) fn apply(
    decider: &Decider,
    change: &PolicyChange<'_>,
    command: &mut Command,
    source: &Source<'_>,
) -> Result<(Option<Resolved>, EffectivePolicy), Refusal> {
    let own = EffectivePolicy::of_file(change.file);
    if matches!(decider.authority, Authority::Checkout) {
        return Ok((None, own));
    }
    let commit = decider.version().map(|version| version.commit.clone());
    let is_of_change = decider.is_of_change();
    let sha256 = decider.file.as_ref().map(|file| file.sha256.clone());
    if sha256.is_some() && sha256 == own.sha256 {
        return Ok((None, EffectivePolicy { commit, is_of_change, ..own }));
    }
    let (mut target, file, trouble) = of_target(decider, command, source)?;
    let gone = follow(&mut target, change, command, source, commit.as_deref());
    let is_on =
        |key: &str| target.settings.iter().any(|setting| setting.key == key && setting.values == ["true"]);
    let holds = |target: &Setting, own: &Setting| (change.key)(&own.key).holds(target, own, is_on);
    let settings = combine(command, &target, change.settings, holds)?;
    let (waivers, about_waivers) = waivers(file, change);
    let waits = Waiting::of(&change.settings.settings, &settings.settings, about_waivers);
    let mut policy =
        EffectivePolicy { waivers, sha256, commit, is_of_change, gone, ..EffectivePolicy::default() };
    if let Authority::Guess(version) = &decider.authority {
        let PolicyFile { label, revision, .. } = version;
        let is_shown = file.is_some() && !waits.is_empty();
        let notes = is_shown.then(|| {
            format!("a pull request would be judged by the policy of {label} ({revision}): {}", waits.here())
        });
        return Ok((None, EffectivePolicy { notes: notes.into_iter().collect(), ..own }));
    }
    say(&mut policy, decider, change.path, trouble, &waits);
    Ok((Some(settings), policy))
}

/// The settings by the file of the target branch, or by none where nothing can be made of it, and why.
fn of_target<'a>(
    decider: &'a Decider,
    command: &mut Command,
    source: &Source<'_>,
) -> Result<(Resolved, Option<&'a File>, Option<String>), Refusal> {
    let mut trouble = decider.trouble.clone();
    if let Some(file) = &decider.file {
        match resolve(command, &Source { file: Some(file), ..*source }) {
            Ok(resolved) => return Ok((resolved, Some(file), None)),
            Err(refusal) => trouble = Some(Error::from(refusal).to_string()),
        }
    }
    Ok((resolve(command, &Source { file: None, ..*source })?, None, trouble))
}

/// Says once what waits for the merge, and why.
fn say(
    policy: &mut EffectivePolicy,
    decider: &Decider,
    path: &Path,
    trouble: Option<String>,
    waits: &Waiting,
) {
    let path = path.display();
    match (&decider.authority, trouble) {
        (Authority::Unknown(finding), _) => {
            policy.findings.push(finding.clone());
            if !waits.is_empty() {
                policy.notes.push(format!(
                    "{path} of the change can only make the gate stricter, because the base is unknown: {}",
                    waits.change()
                ));
            }
        }
        (Authority::Target(version) | Authority::Common { file: version, .. }, Some(trouble)) => {
            let label = &version.label;
            policy.notes.push(format!(
                "the policy of {label} can't be used, so that of the change applies where it is stricter than the defaults: {trouble}"
            ));
            if !waits.is_empty() {
                policy.notes.push(format!("waiting for the merge: {}", waits.change()));
            }
        }
        (Authority::Target(version) | Authority::Common { file: version, .. }, None) => {
            let label = &version.label;
            if version.text.is_none() && !waits.is_empty() {
                policy.findings.push(new(&path.to_string(), label, waits));
            } else if !waits.is_empty() {
                policy.notes.push(format!(
                    "the policy of {label} applies until the change is merged: {}",
                    waits.change()
                ));
            }
        }
        (Authority::Checkout | Authority::Guess(_), _) => {}
    }
    if let Authority::Common { file, advice } = &decider.authority {
        policy.notes.push(format!(
            "the target branch is not known, so the policy of {}, where the change began, applies; to use that of the target \
             branch: {advice}",
            file.label
        ));
    }
}

/// The finding about a file that the target branch does not have.
fn new(path: &str, label: &str, waits: &Waiting) -> Finding {
    Finding::new(&POLICY_NEW, format!("{path} is new in this change, and part of it waits for the merge"), &[path])
        .detail(format!(
            "{label} has no such file. Paths and stricter limits of the change apply already; the rest waits: {}",
            waits.change()
        ))
        .named("file", path)
        .at(Location::file(path))
        .help("merge the file first and call the gate afterwards, or set `--base none` in the workflow until it is merged")
}

/// What the change says and what does not hold yet.
struct Waiting {
    /// The key, what holds, and what the change sets.
    settings: Vec<[String; 3]>,
    waivers: Vec<String>,
}

impl Waiting {
    fn of(own: &[Setting], effective: &[Setting], waivers: Vec<String>) -> Self {
        let shown = |setting: &Setting| match setting.values.as_slice() {
            [] => "not set".to_owned(),
            values => values.join(", "),
        };
        let pairs = own.iter().zip(effective).filter(|(own, effective)| own.values != effective.values);
        let settings =
            pairs.map(|(own, effective)| [own.key.clone(), shown(effective), shown(own)]).collect();
        Self { settings, waivers }
    }

    fn is_empty(&self) -> bool {
        self.settings.is_empty() && self.waivers.is_empty()
    }

    /// As a list, where a change is judged.
    fn change(&self) -> String {
        self.list("the change sets")
    }

    /// As a list, on somebody's own machine.
    fn here(&self) -> String {
        self.list("here")
    }

    /// Each setting that holds otherwise: `min-tests` is 100 (the change sets 1).
    fn list(&self, who: &str) -> String {
        let settings =
            self.settings.iter().map(|[key, holds, own]| format!("`{key}` is {holds} ({who} {own})"));
        settings.chain(self.waivers.iter().cloned()).collect::<Vec<_>>().join(", ")
    }
}

/// The waivers of the target branch without those that the change removes, which only makes the gate stricter; and a note of what
/// differs.
fn waivers(target: Option<&File>, change: &PolicyChange<'_>) -> (Vec<Waiver>, Vec<String>) {
    let target = target.map_or(&[][..], |file| &file.waivers);
    let own = change.file.map_or(&[][..], |file| &file.waivers);
    let subject = |waiver: &Waiver| (waiver.rule.clone(), waiver.matches.clone());
    let whole =
        |waiver: &Waiver| (subject(waiver), waiver.reason.clone(), waiver.owner.clone(), waiver.expires);
    let (subjects, known): (BTreeSet<_>, BTreeSet<_>) =
        (own.iter().map(subject).collect(), target.iter().map(whole).collect());
    let of_the_job = |waiver: &&Waiver| (change.knows)(&waiver.rule);
    let waiting = own.iter().filter(of_the_job).filter(|waiver| !known.contains(&whole(waiver)));
    let (kept, removed): (Vec<Waiver>, Vec<Waiver>) =
        target.iter().cloned().partition(|waiver| subjects.contains(&subject(waiver)));
    let mut said = Vec::new();
    match waiting.count() as u64 {
        0 => {}
        1 => said.push("1 waiver of the change applies only after the merge".to_owned()),
        many => said.push(format!("{} of the change apply only after the merge", count(many, "waiver"))),
    }
    match removed.iter().filter(of_the_job).count() as u64 {
        0 => {}
        many => said.push(format!("{} removed by the change no longer counted", count(many, "waiver"))),
    }
    (kept, said)
}
