//! Blocks of attribute indexes where they are stored.

use std::collections::HashMap;
use std::ops::Range;

use purser_core::index::{Head, Part};

use crate::db::{Db, Value, values};
use crate::error::StoreError;

const DOING: &str = "reading an index";

/// Returns where the head of a segment's block stands.
pub(super) fn head_key(number: i64, segment: i64) -> i64 {
    number << 32 | segment
}

/// Returns where a part of a segment's block stands.
pub(super) fn part_key(number: i64, segment: i64, part: u32) -> i64 {
    number << 48 | segment << 16 | i64::from(part)
}

/// Returns the heads of an index for the segments, in their order; `None` where there is no block.
pub(super) fn heads(
    db: &Db<'_>,
    number: i64,
    segments: Range<i64>,
) -> Result<Vec<Option<Head>>, StoreError> {
    let mut heads: Vec<Option<Head>> = segments.clone().map(|_| None).collect();
    db.each(
        DOING,
        "SELECT key, head FROM index_heads WHERE key BETWEEN ?1 AND ?2",
        values![
            head_key(number, segments.start),
            head_key(number, segments.end) - 1
        ],
        |row| {
            let segment = row.int(0)? - head_key(number, segments.start);
            let head = Head::read(row.blob(1)?.to_vec()).map_err(unreadable)?;
            if let Some(slot) = usize::try_from(segment)
                .ok()
                .and_then(|index| heads.get_mut(index))
            {
                *slot = Some(head);
            }
            Ok(std::ops::ControlFlow::Continue(()))
        },
    )?;
    Ok(heads)
}

/// Parts that were read.
#[derive(Default)]
pub(super) struct Parts(HashMap<i64, Part>);

impl Parts {
    /// Reads the parts with these keys that were not read yet.
    pub(super) fn load(&mut self, db: &Db<'_>, mut keys: Vec<i64>) -> Result<(), StoreError> {
        keys.retain(|key| !self.0.contains_key(key));
        if keys.is_empty() {
            return Ok(());
        }
        keys.sort_unstable();
        keys.dedup();
        db.each(
            DOING,
            "SELECT key, part FROM index_parts WHERE key = ANY (?1)",
            &[Value::Ints(&keys)],
            |row| {
                let part = Part::read(row.blob(1)?).map_err(unreadable)?;
                self.0.insert(row.int(0)?, part);
                Ok(std::ops::ControlFlow::Continue(()))
            },
        )
    }

    pub(super) fn get(&self, number: i64, segment: i64, part: u32) -> Option<&Part> {
        self.0.get(&part_key(number, segment, part))
    }
}

pub(super) fn unreadable(error: purser_core::index::Unreadable) -> StoreError {
    StoreError::Corrupt {
        doing: DOING,
        what: error.to_string(),
    }
}
