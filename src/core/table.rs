//! A table in a report's details, which every renderer draws the same way whatever the job.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::report::Facts;

/// The name of the tables in a report's details.
const KEY: &str = "tables";

/// Rows of texts under named columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// What it shows.
    pub title: String,
    /// Whether it is about what changed, which people read first.
    #[serde(default)]
    pub leads: bool,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// As many texts a row as there are columns.
    pub rows: Vec<Vec<String>>,
    /// Rows that were left out.
    #[serde(default)]
    pub left_out: u64,
    /// How to read it, a sentence; may be empty.
    #[serde(default)]
    pub note: String,
}

impl Table {
    /// The name of a column whose cells are commands to be copied; it goes last.
    pub const COMMAND: &str = "Command";

    /// An empty table.
    pub fn new(title: &str, columns: &[&str]) -> Self {
        Self {
            title: title.to_owned(),
            leads: false,
            columns: columns.iter().map(|column| (*column).to_owned()).collect(),
            rows: Vec::new(),
            left_out: 0,
            note: String::new(),
        }
    }

    /// Whether its last column has commands.
    pub fn has_commands(&self) -> bool {
        self.columns.last().is_some_and(|column| column == Self::COMMAND)
    }

    /// Adds tables to a job's details; empty ones are no news.
    pub fn put(tables: Vec<Self>, details: &mut Facts) {
        let tables: Vec<Self> = tables.into_iter().filter(|table| !table.rows.is_empty()).collect();
        // Texts and numbers always have a JSON form.
        if let (false, Ok(value)) = (tables.is_empty(), serde_json::to_value(tables)) {
            details.insert(KEY.to_owned(), value);
        }
    }

    /// The tables in a job's details.
    pub fn all(details: &Facts) -> Vec<Self> {
        let tables = details.get(KEY).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        tables.iter().filter_map(|table| Self::deserialize(table).ok()).collect()
    }
}
