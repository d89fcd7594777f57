//! Building indexes, a segment at a time, while everything else goes on.
//!
//! ```text
//! 1. write  the segment is marked: from here on every change of a user in it is noted
//! 2. read   the profiles are read and the blocks made, in a snapshot
//! 3. write  the blocks are stored, unless the segment was marked again or forgotten meanwhile
//! ```
//! A user changed between 2 and 3 is noted, so the blocks may be older than its profile.

use std::ops::ControlFlow;

use purser_core::index::{Bits, Block, BlockBuilder, place_of};
use purser_core::query::{Attribute, Class, Extractor, Limits, Matcher, Query, Scalar};

use super::attributes::{CONNECTION, Indexed, indexed, is_common_path};
use super::blocks::{head_key, part_key};
use super::filter::numbers;
use super::page::edges;
use super::paths;
use crate::db::{Db, values};
use crate::error::StoreError;
use crate::open::Store;

/// What one call did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuildStep {
    /// Every segment is indexed.
    Nothing,
    /// One more segment is indexed; so many are left.
    Built { left: u64 },
}

/// So many changed users make a segment worth building again.
const MANY_CHANGED: i64 = 512;
/// How often a segment is tried that somebody forgets each time.
const TRIES: usize = 3;

const DOING: &str = "building indexes";

impl Store {
    /// Indexes one segment that is not indexed, lacks a declared index, or has many changed users.
    pub fn build_indexes(&self) -> Result<BuildStep, StoreError> {
        for _ in 0..TRIES {
            let Some((segment, left)) = self.read(DOING, next)? else {
                return Ok(BuildStep::Nothing);
            };
            let paths = self.read(DOING, |db| paths::common(db, segment))?;
            let token = self.write_step(DOING, |db| {
                paths::note(db, &paths)?;
                mark(db, segment)
            })?;
            let built = self.read(DOING, |db| Built::make(db, segment))?;
            if self.write_step(DOING, |db| built.store(db, token))? {
                return Ok(BuildStep::Built { left });
            }
        }
        // Somebody is importing into it; a later call will do.
        Ok(BuildStep::Nothing)
    }
}

/// Returns a segment to be built, and how many more there are.
fn next(db: &Db<'_>) -> Result<Option<(i64, u64)>, StoreError> {
    let (first, last) = edges(db)?;
    let declared = highest_declared(db)?;
    let mut good = db.rows(
        DOING,
        "SELECT segment FROM segments WHERE declared >= ?1 AND segment NOT IN
             (SELECT pk >> 14 FROM changed_users GROUP BY pk >> 14 HAVING count(*) > ?2)
         ORDER BY segment",
        values![declared, MANY_CHANGED],
        |row| row.int(0),
    )?;
    good.retain(|segment| (first..=last).contains(segment));
    let missing = (first..=last).find(|segment| good.binary_search(segment).is_err());
    let left = (last + 1 - first) - good.len() as i64 - 1;
    Ok(missing.map(|segment| (segment, left.max(0) as u64)))
}

fn highest_declared(db: &Db<'_>) -> Result<i64, StoreError> {
    let highest = db.row(DOING, "SELECT max(id) FROM indexes", &[], |row| {
        row.opt_int(0)
    })?;
    Ok(highest.flatten().unwrap_or(0))
}

/// Begins to build a segment; returns a token that is its own as long as nobody else touches the segment.
fn mark(db: &Db<'_>, segment: i64) -> Result<i64, StoreError> {
    let (first, last) = numbers(segment);
    db.execute(
        DOING,
        "DELETE FROM changed_users WHERE pk BETWEEN ?1 AND ?2",
        values![first, last],
    )?;
    let token = db.row(
        DOING,
        "INSERT INTO segments (segment, token) VALUES (?1, 1)
         ON CONFLICT (segment) DO UPDATE SET token = segments.token + 1, declared = NULL, users = NULL
         RETURNING token",
        values![segment],
        |row| row.int(0),
    )?;
    Ok(token.unwrap_or(0))
}

/// The blocks of a segment, made but not stored.
struct Built {
    segment: i64,
    users: Bits,
    /// Numbers of the indexes, and their blocks.
    blocks: Vec<(i64, Block)>,
    declared: i64,
}

/// One attribute while its segment is read.
struct Making {
    number: i64,
    builder: BlockBuilder,
    /// Asks whether there is something below the path of an attribute that may be an object.
    below: Option<Matcher>,
    /// Whether the user at hand has a value.
    has_value: bool,
}

impl Built {
    fn make(db: &Db<'_>, segment: i64) -> Result<Self, StoreError> {
        let declared = highest_declared(db)?;
        let indexes = indexed(db)?;
        let attributes: Vec<Attribute> = indexes
            .iter()
            .map(|index| index.attribute.clone())
            .collect();
        let mut extractor = Extractor::new(&attributes);
        let mut making: Vec<Making> = indexes
            .iter()
            .map(|index| Making {
                number: index.number,
                builder: BlockBuilder::default(),
                below: exists_below(index),
                has_value: false,
            })
            .collect();
        let mut connections = BlockBuilder::default();
        let mut users = Bits::none();
        let (first, last) = numbers(segment);
        db.each(
            DOING,
            "SELECT pk, connection, profile FROM users WHERE pk BETWEEN ?1 AND ?2 ORDER BY pk",
            values![first, last],
            |row| {
                let place = place_of(row.int(0)?);
                users.insert(place);
                connections.push(place, Scalar::Number(row.int(1)? as f64));
                let packed = row.text(2)?;
                extractor.visit(packed, &mut |index, value| {
                    making[index].builder.push(place, value);
                    making[index].has_value = true;
                });
                for attribute in &mut making {
                    let has_value = std::mem::take(&mut attribute.has_value);
                    if let Some(below) = attribute.below.as_mut().filter(|_| !has_value)
                        && below.matches(packed)
                    {
                        attribute.builder.push_deep(place);
                    }
                }
                Ok(ControlFlow::Continue(()))
            },
        )?;
        let mut blocks = vec![(CONNECTION, connections.finish())];
        blocks.extend(
            making
                .into_iter()
                .map(|mut attribute| (attribute.number, attribute.builder.finish())),
        );
        Ok(Self {
            segment,
            users,
            blocks,
            declared,
        })
    }

    /// Stores the blocks; returns whether the segment was still waiting for them.
    fn store(&self, db: &Db<'_>, token: i64) -> Result<bool, StoreError> {
        let segment = self.segment;
        let waiting = db.execute(
            DOING,
            "UPDATE segments SET users = ?3, declared = ?4 WHERE segment = ?1 AND token = ?2",
            values![
                segment,
                token,
                self.users.to_bytes().as_slice(),
                self.declared
            ],
        )?;
        if waiting == 0 {
            return Ok(false);
        }
        for (number, Block { head, parts }) in &self.blocks {
            db.execute(
                DOING,
                "DELETE FROM index_parts WHERE key BETWEEN ?1 AND ?2",
                values![
                    part_key(*number, segment, 0),
                    part_key(*number, segment + 1, 0) - 1
                ],
            )?;
            db.execute(
                DOING,
                "INSERT INTO index_heads (key, head) VALUES (?1, ?2)
                 ON CONFLICT (key) DO UPDATE SET head = excluded.head",
                values![head_key(*number, segment), head.as_slice()],
            )?;
            let keys = (0..).map(|part| part_key(*number, segment, part));
            insert_parts(db, &keys.zip(parts).collect::<Vec<_>>())?;
        }
        Ok(true)
    }
}

/// Stores parts: one by one in this process, all in one statement on a server.
fn insert_parts(db: &Db<'_>, parts: &[(i64, &Vec<u8>)]) -> Result<(), StoreError> {
    if parts.is_empty() {
        return Ok(());
    }
    let (keys, bytes): (Vec<i64>, Vec<&[u8]>) = parts
        .iter()
        .map(|(key, part)| (*key, part.as_slice()))
        .unzip();
    let sql = "INSERT INTO index_parts (key, part) SELECT * FROM unnest($1::bigint[], $2::bytea[])";
    if let Some(inserted) = db.with_postgres(|client| client.execute(sql, &[&keys, &bytes])) {
        return inserted.map(|_| ()).map_err(StoreError::sql(DOING));
    }
    for (key, part) in parts {
        db.execute(
            DOING,
            "INSERT INTO index_parts (key, part) VALUES (?1, ?2)",
            values![*key, part.as_slice()],
        )?;
    }
    Ok(())
}

/// Returns a matcher for what lies at or below a path; `None` if nothing can lie below, or nobody declared that it matters.
fn exists_below(index: &Indexed) -> Option<Matcher> {
    let attribute = &index.attribute;
    if attribute.class() != Class::Metadata || is_common_path(index.number) {
        return None;
    }
    let query = Query::parse(&format!("_exists_:{}", attribute.name()), Limits::None).ok()?;
    Some(Matcher::new(&query))
}
