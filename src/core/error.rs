//! Trouble with the surroundings: what happened, where, what to do, and the exit code that says so.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::Path;

use super::exit::Exit;
use super::finding::Location;

/// What kind of trouble stopped a job; decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// A flag or an argument is wrong.
    Usage,
    /// A key or value of the configuration is wrong.
    Configuration,
    /// An input of the gate is missing, corrupt or fails its hash.
    Input,
    /// Network, permission or target out of reach.
    Environment,
    /// A bug of ours.
    Bug,
}

impl ErrorKind {
    /// The exit that stands for this kind.
    pub const fn exit(self) -> Exit {
        match self {
            Self::Usage | Self::Configuration => Exit::Usage,
            Self::Input => Exit::Input,
            Self::Environment => Exit::Environment,
            Self::Bug => Exit::Bug,
        }
    }
}

/// A place in a text that an error points at, with the text, so that the line can be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Name of the text, usually a path.
    pub path: String,
    /// The whole text.
    pub text: String,
    /// Bytes of the text that are meant.
    pub span: std::ops::Range<usize>,
    /// What is wrong with just these bytes.
    pub label: String,
}

impl Place {
    /// Line and column, from 1, where the span starts.
    pub fn location(&self) -> Location {
        let before = self.text.get(..self.span.start).unwrap_or(&self.text);
        let line = before.matches('\n').count() as u64 + 1;
        let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) as u64 + 1;
        Location { path: self.path.clone(), line: Some(line), column: Some(column) }
    }
}

/// Why a job could not do its work.
///
/// Displays as `path:line:column: message: cause`, a lower-case fragment without a final period.
#[derive(Debug)]
pub struct Error {
    inner: Box<Inner>,
}

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    message: String,
    help: String,
    location: Option<Location>,
    place: Option<Place>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of this kind; `message` is a lower-case fragment.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            inner: Box::new(Inner {
                kind,
                message: message.into(),
                help: String::new(),
                location: None,
                place: None,
                source: None,
            }),
        }
    }

    /// A flag or an argument is wrong: exit 2.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, message)
    }

    /// A key or value of the configuration is wrong: exit 2.
    pub fn configuration(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Configuration, message)
    }

    /// An input of the gate is missing, corrupt or fails its hash: exit 3.
    pub fn input(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Input, message)
    }

    /// Network, permission or target out of reach: exit 4.
    pub fn environment(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Environment, message)
    }

    /// A bug of ours: exit 70.
    pub fn bug(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Bug, message)
            .help("please report it, with the command and its input if you can share them")
    }

    /// An input file that can't be read: exit 3.
    pub fn unreadable(path: &Path, cause: io::Error) -> Self {
        Self::input("can't be read").at(Location::file(path.display().to_string())).because(cause)
    }

    /// A file that can't be written: exit 4.
    pub fn unwritable(path: &Path, cause: io::Error) -> Self {
        Self::environment("can't be written")
            .at(Location::file(path.display().to_string()))
            .help("check that the folder exists and that this user may write there")
            .because(cause)
    }

    /// The same with what to do: one imperative sentence.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.inner.help = help.into();
        self
    }

    /// The same at a place in a file.
    #[must_use]
    pub fn at(mut self, location: Location) -> Self {
        self.inner.location = Some(location);
        self
    }

    /// The same pointing into a text, whose line is then shown.
    #[must_use]
    pub fn pointing(mut self, place: Place) -> Self {
        self.inner.location = Some(place.location());
        self.inner.place = Some(place);
        self
    }

    /// The same with what caused it.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.inner.source = Some(cause.into());
        self
    }

    /// What kind of trouble it is.
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// What happened, without place and cause.
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// What to do; may be empty.
    pub fn help_text(&self) -> &str {
        &self.inner.help
    }

    /// Where, if it is somewhere.
    pub fn location(&self) -> Option<&Location> {
        self.inner.location.as_ref()
    }

    /// The text it points into, if there is one to show.
    pub fn place(&self) -> Option<&Place> {
        self.inner.place.as_ref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = &self.inner.location {
            write!(formatter, "{location}: ")?;
        }
        formatter.write_str(&self.inner.message)?;
        let mut cause = self.source();
        while let Some(error) = cause {
            write!(formatter, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
