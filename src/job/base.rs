//! A change can't widen its own gate: what `devops.toml` said where the change began decides, not what the change says.

use super::common::Common;
use crate::config::{File, Policy, Resolved, Setting};
use crate::core::Error;
use crate::core::words::count;
use crate::policy::Waiver;
use crate::repository::policy::BaseFile;

/// Keys that decide for every job, and that the file of the base decides where there is one.
const SHARED: [&str; 2] = ["fail-on", "mode"];

/// What judges the findings beside the settings.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) waivers: Vec<Waiver>,
    /// SHA-256 of the file they and the thresholds are from.
    pub(super) sha256: Option<String>,
    /// The commit whose file that is, where it is not just the one that is there.
    pub(super) commit: Option<String>,
    /// The commit whose file has a table for the job, where the file that is there has none.
    pub(super) dropped: Option<String>,
    /// What the change says and what does not hold yet.
    pub(super) notes: Vec<String>,
}

impl Held {
    /// What the file that is there says.
    pub(super) fn of_file(file: Option<&File>) -> Self {
        Self {
            waivers: file.map(|file| file.waivers.clone()).unwrap_or_default(),
            sha256: file.map(|file| file.sha256.clone()),
            ..Self::default()
        }
    }
}

/// The two sides of a change to the policy.
pub(super) struct Sides<'a> {
    /// The file that is there.
    pub(super) head: Option<&'a File>,
    /// Its settings.
    pub(super) settings: &'a Resolved,
    /// The job.
    pub(super) job: &'a str,
    /// Which rules are the job's.
    pub(super) knows: &'a dyn Fn(&str) -> bool,
}

/// The settings and waivers that hold where the change began at `base`; the settings are `None` where they are the head's.
///
/// `again` makes the settings anew with these keys decided by the base's file.
pub(super) fn hold(
    common: &Common,
    base: BaseFile,
    sides: &Sides<'_>,
    keys: &[&str],
    again: impl FnOnce(Policy<'_>) -> Result<Resolved, Error>,
) -> (Option<Resolved>, Held) {
    let of_head = Held { commit: Some(base.commit), ..Held::of_file(sides.head) };
    let path = common.file();
    let Some(text) = base.text else {
        let is_new = sides.head.is_some();
        let note = format!("{} is new in this change, so its own policy applies", path.display());
        return (None, Held { commit: None, notes: is_new.then_some(note).into_iter().collect(), ..of_head });
    };
    if sides.head.is_some_and(|head| head.is_text(&text)) {
        return (None, of_head);
    }
    let keys: Vec<&str> = SHARED.iter().chain(keys).copied().collect();
    let resolved = File::parse_version(&path, &base.label, text).and_then(|file| {
        let resolved = again(Policy { keys: &keys, file: Some(&file), unheard: &[] })?;
        Ok((file, resolved))
    });
    match resolved {
        // A base that nothing can be made of must not keep the change that mends it from passing.
        Err(error) => {
            let note =
                format!("the policy of {} can't be used, so that of the change applies: {error}", base.label);
            (None, Held { commit: None, notes: vec![note], ..of_head })
        }
        Ok((file, resolved)) => {
            let (waivers, mut told) = waivers(&file.waivers, sides);
            let mut said = differences(&sides.settings.settings, &resolved.settings);
            said.append(&mut told);
            let note = format!(
                "the policy of {} applies until the change is merged: {}",
                base.label,
                said.join(", ")
            );
            let notes = if said.is_empty() { Vec::new() } else { vec![note] };
            let is_dropped =
                file.has_table(sides.job) && !sides.head.is_some_and(|head| head.has_table(sides.job));
            let dropped = is_dropped.then_some(base.label);
            let held = Held { waivers, sha256: Some(file.sha256), commit: of_head.commit, dropped, notes };
            (Some(resolved), held)
        }
    }
}

/// Each setting that the base has otherwise: `min-tests` is 100 (the change sets 1).
fn differences(head: &[Setting], base: &[Setting]) -> Vec<String> {
    let shown = |setting: &Setting| match setting.values.as_slice() {
        [] => "not set".to_owned(),
        values => values.join(", "),
    };
    let pairs = head.iter().filter_map(|head| Some((head, base.iter().find(|base| base.key == head.key)?)));
    pairs
        .filter(|(head, base)| head.values != base.values)
        .map(|(head, base)| format!("`{}` is {} (the change sets {})", base.key, shown(base), shown(head)))
        .collect()
}

/// The base's waivers without those that the change removes, which only makes the gate stricter; and a word on what differs.
fn waivers(base: &[Waiver], sides: &Sides<'_>) -> (Vec<Waiver>, Vec<String>) {
    let head = sides.head.map_or(&[][..], |file| &file.waivers);
    let is_for_the_same =
        |one: &Waiver, other: &Waiver| one.rule == other.rule && one.matches == other.matches;
    let is_same = |one: &Waiver, other: &Waiver| {
        is_for_the_same(one, other)
            && (&one.reason, &one.owner, one.expires) == (&other.reason, &other.owner, other.expires)
    };
    let of_the_job = |waiver: &&Waiver| (sides.knows)(&waiver.rule);
    let waiting = head.iter().filter(of_the_job).filter(|one| !base.iter().any(|other| is_same(one, other)));
    let (kept, removed): (Vec<Waiver>, Vec<Waiver>) =
        base.iter().cloned().partition(|one| head.iter().any(|other| is_for_the_same(one, other)));
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
