//! Why a repository did not answer, each reason with what to do.

use devops_core::Error;

/// What kept a repository from answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The folder belongs to no repository.
    NotARepository,
    /// The repository is there and of a kind that can't be read.
    Unreadable,
    /// There is no commit yet.
    NoCommit,
    /// Nothing has that name.
    UnknownRevision,
    /// The history was cut off by a shallow clone.
    Shallow,
    /// The two commits have no ancestor in common.
    Unrelated,
    /// The working directory is outside of the folder that the host checks out into.
    OutsideWorkspace,
    /// Something else is checked out than the change that the host names.
    OtherCheckout,
    /// The reference is there, and of another repository than the target's.
    OtherRepository,
    /// The base is the commit that is checked out.
    SameCommit,
    /// Objects were left out by a partial clone, or are lost.
    MissingObjects,
}

/// What kept a repository from answering, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub reason: Reason,
    /// A lower-case fragment.
    pub message: String,
}

impl Failure {
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into() }
    }

    /// What to do, one imperative sentence.
    pub fn help(&self) -> &'static str {
        match self.reason {
            Reason::NotARepository => "run it in a checkout of the repository, or omit `--base`",
            Reason::Unreadable => {
                "use a repository with SHA-1 object names and references stored as files, and check that it is readable"
            }
            Reason::NoCommit => "commit first",
            Reason::UnknownRevision => {
                "name a branch, tag or commit of the checkout, and fetch it first if necessary"
            }
            Reason::Shallow => {
                "fetch the history: `fetch-depth: 0` for actions/checkout, `GIT_DEPTH: 0` in GitLab CI, or `git fetch --unshallow`"
            }
            Reason::Unrelated => "name a base that shares history with this commit",
            Reason::OutsideWorkspace => {
                "run it in the workspace, or name the folder by an absolute path with `--working-directory`"
            }
            Reason::OtherCheckout => "check out the merge commit or the head of the change",
            Reason::OtherRepository => {
                "check out the target repository, or add it as a remote and fetch the target branch from it"
            }
            Reason::SameCommit => {
                "fetch the target branch: `fetch-depth: 0` for actions/checkout, `GIT_DEPTH: 0` in GitLab CI"
            }
            Reason::MissingObjects => {
                "clone without a filter, or fetch the objects first: `git fetch --refetch --no-filter`"
            }
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let help = failure.help();
        Self::input(failure.message).help(help)
    }
}
