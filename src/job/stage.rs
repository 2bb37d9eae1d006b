//! How a job takes part in a pipeline: what kind of job it is, and what it does at which step.

/// What a job does to the world, which decides where it stands in a pipeline: gates → change(record(change)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Judges, and changes nothing.
    Gate,
    /// Changes something, once all gates have passed.
    Change,
    /// Records the changes: when they start and how they ended.
    Record,
}

/// What happens in a pipeline when a job is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The gates judge.
    Judge,
    /// The changes are about to start.
    Started,
    /// It is time for the change.
    Change,
    /// The changes have ended well.
    Finished,
    /// The changes have failed or were stopped.
    Failed,
}

/// A step of a pipeline, as a job is asked to take it.
#[derive(Debug, Clone)]
pub struct Step {
    /// What happens.
    pub moment: Moment,
    /// Whether nothing outside the report folder may change.
    pub is_dry: bool,
    /// Whether the whole run is about to be killed.
    pub is_hurried: bool,
    /// Name of the deployment where neither the host nor the configuration gives it one.
    pub deployment: Option<String>,
}

/// What a job does at a step.
#[derive(Debug)]
pub enum Turn<A> {
    /// It runs with these arguments; the note, if there is one, says what is different.
    Run(A, Option<String>),
    /// It does not run; the fragment says why: "because a dry run writes no baseline".
    Skip(&'static str),
}
