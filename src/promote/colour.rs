//! The two sides traffic can go to, and what may be found in their place.

use std::fmt;

use clap::ValueEnum;
use serde::{Deserialize, Serialize, Serializer};

/// One of the two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Colour {
    /// The blue side.
    Blue,
    /// The green side.
    Green,
}

impl Colour {
    /// Both, in the order they are documented.
    pub const ALL: [Self; 2] = [Self::Blue, Self::Green];

    /// The word used in flags, journals and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Blue => "blue",
            Self::Green => "green",
        }
    }

    /// The colour of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|colour| colour.as_str() == name)
    }

    /// The one it is not.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Blue => Self::Green,
            Self::Green => Self::Blue,
        }
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// Where traffic goes right now, as the target itself reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Live {
    /// To this colour.
    Colour(Colour),
    /// Nowhere yet: the target was never pointed at a colour.
    Nothing,
    /// Somewhere that is neither colour.
    Foreign(String),
}

impl Live {
    /// The colour, if it is one.
    pub(crate) const fn colour(&self) -> Option<Colour> {
        match self {
            Self::Colour(colour) => Some(*colour),
            Self::Nothing | Self::Foreign(_) => None,
        }
    }

    /// Whether it is this colour.
    pub(crate) fn is(&self, colour: Colour) -> bool {
        self.colour() == Some(colour)
    }
}

impl From<Option<Colour>> for Live {
    fn from(colour: Option<Colour>) -> Self {
        colour.map_or(Self::Nothing, Self::Colour)
    }
}

impl Serialize for Live {
    /// Writes the colour, or null where it is none.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.colour().serialize(serializer)
    }
}

impl fmt::Display for Live {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Colour(colour) => write!(formatter, "{colour}"),
            Self::Nothing => formatter.write_str("nothing"),
            Self::Foreign(text) => write!(formatter, "`{text}`"),
        }
    }
}
