//! Declared indexes: made, listed, dropped.

use purser_core::clock::Timestamp;
use purser_core::query::Attribute;

use super::attributes::{FIRST_DECLARED, Index, declared, is_built_in};
use super::blocks::{head_key, part_key};
use crate::db::{Db, values};
use crate::error::StoreError;
use crate::open::Store;

/// Declared indexes at most: each makes every segment a little slower to build.
const MOST_INDEXES: usize = 64;

impl Store {
    /// Declares an index; it is used for each segment as soon as that is built.
    pub fn create_index(&self, attribute: &Attribute, now: Timestamp) -> Result<(), StoreError> {
        let doing = "declaring an index";
        if is_built_in(attribute) {
            return Err(StoreError::IndexExists(attribute.name()));
        }
        self.write(doing, |db| {
            let there = declared(db)?;
            if there.iter().any(|index| index.attribute == *attribute) {
                return Err(StoreError::IndexExists(attribute.name()));
            }
            if there.len() >= MOST_INDEXES {
                return Err(StoreError::TooManyIndexes(MOST_INDEXES));
            }
            // Never a number given before: segments remember the highest that they have blocks of.
            let highest = db.row(doing, "SELECT max(declared) FROM segments", &[], |row| {
                row.opt_int(0)
            })?;
            let numbers = there.iter().map(|index| index.number);
            let number = numbers
                .chain(highest.flatten())
                .max()
                .unwrap_or(0)
                .max(FIRST_DECLARED)
                + 1;
            db.execute(
                doing,
                "INSERT INTO indexes (id, path, created_at) VALUES (?1, ?2, ?3)",
                values![number, attribute.name().as_str(), now.0],
            )
            .map(|_| ())
        })
    }

    /// Returns the declared indexes in the order they were made.
    pub fn list_indexes(&self) -> Result<Vec<Index>, StoreError> {
        self.read("listing indexes", declared)
    }

    /// Drops a declared index; returns whether it was there.
    pub fn drop_index(&self, attribute: &Attribute) -> Result<bool, StoreError> {
        let doing = "dropping an index";
        self.write(doing, |db| {
            let Some(index) = declared(db)?
                .into_iter()
                .find(|index| index.attribute == *attribute)
            else {
                return Ok(false);
            };
            db.execute(
                doing,
                "DELETE FROM indexes WHERE id = ?1",
                values![index.number],
            )?;
            delete_blocks(db, index.number)?;
            Ok(true)
        })
    }
}

fn delete_blocks(db: &Db<'_>, number: i64) -> Result<(), StoreError> {
    let doing = "deleting the blocks of an index";
    db.execute(
        doing,
        "DELETE FROM index_heads WHERE key BETWEEN ?1 AND ?2",
        values![head_key(number, 0), head_key(number + 1, 0) - 1],
    )?;
    db.execute(
        doing,
        "DELETE FROM index_parts WHERE key BETWEEN ?1 AND ?2",
        values![part_key(number, 0, 0), part_key(number + 1, 0, 0) - 1],
    )
    .map(|_| ())
}
