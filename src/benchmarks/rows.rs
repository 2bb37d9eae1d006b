//! Reports in JSON that are a list of rows.

use std::io::Read;

use serde::Deserialize;
use serde::de::MapAccess;

use super::sheet::{Reading, Sheet};
use devops_reading::json::{Fields, Object, document, each, skip};

/// Reads an object with a list of rows under a key, and hands them to `take` one by one; other keys are passed over.
pub(super) fn rows_under<T: for<'de> Deserialize<'de>>(
    source: &mut dyn Read,
    key: &'static str,
    take: impl FnMut(T, &mut Sheet),
) -> Reading {
    let mut root = Root { key, sheet: Sheet::default(), take, row: std::marker::PhantomData };
    if let Err(trouble) = document(source, Fields(&mut root)) {
        root.sheet.troubles.push(trouble);
    }
    root.sheet.finish()
}

/// Reads a list of rows, and hands them to `take` one by one.
pub(super) fn rows<T: for<'de> Deserialize<'de>>(
    source: &mut dyn Read,
    mut take: impl FnMut(T, &mut Sheet),
) -> Reading {
    let mut sheet = Sheet::default();
    if let Err(trouble) = document(source, each(|row| take(row, &mut sheet))) {
        sheet.troubles.push(trouble);
    }
    sheet.finish()
}

/// The object around the list.
struct Root<T, F> {
    key: &'static str,
    sheet: Sheet,
    take: F,
    row: std::marker::PhantomData<T>,
}

impl<T: for<'de> Deserialize<'de>, F: FnMut(T, &mut Sheet)> Object for Root<T, F> {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        if key != self.key {
            return skip(map);
        }
        map.next_value_seed(each(|row| (self.take)(row, &mut self.sheet)))
    }
}
