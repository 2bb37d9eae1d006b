//! A place in a file, and what could not be understood there.

/// A place in a file, from 1; zero where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// From 1.
    pub line: u64,
    /// In characters, from 1.
    pub column: u64,
}

impl Position {
    /// The beginning of a file.
    pub const START: Self = Self { line: 1, column: 1 };

    /// No place in the file, but the file as a whole.
    pub const NOWHERE: Self = Self { line: 0, column: 0 };

    /// The position behind `text` that starts here.
    #[must_use]
    pub fn behind(self, text: &str) -> Self {
        // Pieces whose count fits a byte are counted sixteen bytes at a time.
        let newlines = |piece: &[u8]| piece.iter().fold(0_u8, |count, byte| count + u8::from(*byte == b'\n'));
        let lines: u64 = text.as_bytes().chunks(255).map(|piece| u64::from(newlines(piece))).sum();
        let tail = text.rsplit('\n').next().unwrap_or_default();
        let column = tail.chars().count() as u64 + if lines == 0 { self.column } else { 1 };
        Self { line: self.line + lines, column }
    }
}

/// What is wrong with a file, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What is wrong, a fragment.
    pub what: String,
    /// Where.
    pub at: Position,
}

impl Trouble {
    /// What is wrong with a line.
    pub fn line(line: u64, what: impl Into<String>) -> Self {
        Self { what: what.into(), at: Position { line, column: 1 } }
    }

    /// What is wrong with the file as a whole.
    pub fn whole(what: impl Into<String>) -> Self {
        Self { what: what.into(), at: Position::NOWHERE }
    }
}

/// The first troubles of a file; the others are counted.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Troubles {
    kept: Vec<Trouble>,
    more: u64,
}

impl Troubles {
    /// Maximum number that is kept.
    const KEPT: usize = 10;

    /// One more.
    pub fn push(&mut self, trouble: Trouble) {
        if self.kept.len() < Self::KEPT { self.kept.push(trouble) } else { self.more += 1 }
    }

    /// Whether everything was understood.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// The first ones, in the order in which they were met.
    pub fn kept(&self) -> &[Trouble] {
        &self.kept
    }

    /// How many were met beyond those.
    pub fn more(&self) -> u64 {
        self.more
    }
}
