//! A change can't weaken its own gate: the `devops.toml` of the commit where the change began decides, not that of the change.

use std::path::Path;

use devops_config::{File, Policy, Resolved, Setting};
use devops_core::words::count;
use devops_core::{Error, Finding};
use devops_policy::Waiver;
use devops_repository::policy::{BaseFile, BasePolicy};

/// Keys that decide for every job, and that the file of the base decides where there is one.
const SHARED: [&str; 2] = ["fail-on", "mode"];

/// `devops.toml` where the change began.
pub(super) struct BaseVersion {
    /// The commit's whole name.
    commit: String,
    /// The commit's name as people are shown it.
    label: String,
    /// The revision that led to the commit.
    revision: String,
    /// Whether it decides, or only shows what a pipeline would go by.
    decides: bool,
    /// The file; none where the base had none, an error where nothing can be made of it.
    file: Option<Result<File, Error>>,
    /// SHA-256 of the file's bytes.
    sha256: Option<String>,
}

impl BaseVersion {
    fn of(found: BaseFile, path: &Path) -> Self {
        let BaseFile { commit, label, revision, text, decides } = found;
        let file = text.map(|text| File::parse_version(path, &label, text));
        let sha256 = file.as_ref().and_then(|file| Some(file.as_ref().ok()?.sha256.clone()));
        Self { commit, label, revision, decides, file, sha256 }
    }

    /// The commit and its file, where that decides and something can be made of it.
    pub(super) fn deciding_file(&self) -> Option<(&str, &File)> {
        let file = self.file.as_ref()?.as_ref().ok()?;
        self.decides.then_some((self.label.as_str(), file))
    }
}

/// What is known about where the change began.
#[derive(Default)]
pub(super) struct KnownBase {
    /// `devops.toml` there; none where there is no base.
    pub(super) version: Option<BaseVersion>,
    /// That the host names a base which the checkout does not reach.
    pub(super) unknown: Option<Finding>,
}

impl KnownBase {
    /// What a repository found, of the file at this path.
    pub(super) fn of(found: BasePolicy, path: &Path) -> Self {
        let version = found.file.map(|file| BaseVersion::of(file, path));
        Self { version, unknown: found.unknown }
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
    /// What the change says and what does not hold yet.
    pub(super) notes: Vec<String>,
    /// What is wrong with the base of the change.
    pub(super) findings: Vec<Finding>,
}

impl EffectivePolicy {
    /// What the file that is there says.
    pub(super) fn of_file(file: Option<&File>) -> Self {
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
    /// Which rules are the job's.
    pub(super) knows: &'a dyn Fn(&str) -> bool,
}

/// The settings and waivers that hold for a change; the settings are `None` where they are the change's own.
///
/// `resolve_again` makes the settings anew with these keys decided by the base's file.
pub(super) fn apply_base_policy(
    base: &BaseVersion,
    change: &PolicyChange<'_>,
    keys: &[&str],
    resolve_again: impl FnOnce(Policy<'_>) -> Result<Resolved, Error>,
) -> (Option<Resolved>, EffectivePolicy) {
    let own = EffectivePolicy::of_file(change.file);
    let of_commit = |policy| EffectivePolicy { commit: base.decides.then(|| base.commit.clone()), ..policy };
    let file = match &base.file {
        None => {
            let is_new = base.decides && change.file.is_some();
            let note = format!("{} is new in this change, so its own policy applies", change.path.display());
            return (None, EffectivePolicy { notes: is_new.then_some(note).into_iter().collect(), ..own });
        }
        Some(_) if base.sha256.is_some() && base.sha256 == own.sha256 => return (None, of_commit(own)),
        Some(file) => file.as_ref(),
    };
    let keys: Vec<&str> = SHARED.iter().chain(keys).copied().collect();
    let resolved = file.map_err(ToString::to_string).and_then(|file| {
        let resolved = resolve_again(Policy { keys: &keys, file: Some(file), ignored_keys: &[] });
        resolved.map(|resolved| (file, resolved)).map_err(|error| error.to_string())
    });
    let (file, resolved) = match resolved {
        Ok(resolved) => resolved,
        Err(_) if !base.decides => return (None, own),
        // A base that nothing can be made of must not keep the change that mends it from passing.
        Err(error) => {
            let note =
                format!("the policy of {} can't be used, so that of the change applies: {error}", base.label);
            return (None, EffectivePolicy { notes: vec![note], ..own });
        }
    };
    let (waivers, about_waivers) = waivers(&file.waivers, change);
    let mut differences = differences(&change.settings.settings, &resolved.settings, base.decides);
    differences.extend(about_waivers);
    let differences = differences.join(", ");
    let note = if base.decides {
        format!("the policy of {} applies until the change is merged: {differences}", base.label)
    } else {
        let BaseVersion { label, revision, .. } = base;
        format!("a pull request would be judged by the policy of {label} ({revision}): {differences}")
    };
    let notes = if differences.is_empty() { Vec::new() } else { vec![note] };
    if !base.decides {
        return (None, EffectivePolicy { notes, ..own });
    }
    let sha256 = Some(file.sha256.clone());
    (Some(resolved), of_commit(EffectivePolicy { waivers, sha256, notes, ..EffectivePolicy::default() }))
}

/// Each setting that the base has otherwise: `min-tests` is 100 (the change sets 1).
fn differences(change: &[Setting], base: &[Setting], decides: bool) -> Vec<String> {
    let shown = |setting: &Setting| match setting.values.as_slice() {
        [] => "not set".to_owned(),
        values => values.join(", "),
    };
    let who = if decides { "the change sets" } else { "here" };
    let pairs = change.iter().filter_map(|own| Some((own, base.iter().find(|base| base.key == own.key)?)));
    pairs
        .filter(|(own, base)| own.values != base.values)
        .map(|(own, base)| format!("`{}` is {} ({who} {})", base.key, shown(base), shown(own)))
        .collect()
}

/// The base's waivers without those that the change removes, which only makes the gate stricter; and a note of what differs.
fn waivers(base: &[Waiver], change: &PolicyChange<'_>) -> (Vec<Waiver>, Vec<String>) {
    let own = change.file.map_or(&[][..], |file| &file.waivers);
    let is_for_the_same =
        |one: &Waiver, other: &Waiver| one.rule == other.rule && one.matches == other.matches;
    let is_same = |one: &Waiver, other: &Waiver| {
        is_for_the_same(one, other)
            && (&one.reason, &one.owner, one.expires) == (&other.reason, &other.owner, other.expires)
    };
    let of_the_job = |waiver: &&Waiver| (change.knows)(&waiver.rule);
    let waiting = own.iter().filter(of_the_job).filter(|one| !base.iter().any(|other| is_same(one, other)));
    let (kept, removed): (Vec<Waiver>, Vec<Waiver>) =
        base.iter().cloned().partition(|one| own.iter().any(|other| is_for_the_same(one, other)));
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
