//! The bulk path: a batch of rows, their failures and the job's checkpoint in one short transaction.
//!
//! ```text
//! 1. the lease is held, or nothing happens
//! 2. every key of the batch is claimed, in the order of the hashes; a taken one is a hit     → user_keys
//! 3. row by row, in the order of the file: insert, update or fail; who does not become a
//!    new user gives up the keys it claimed                                                   → users, credentials
//! 4. failed rows, counts, checkpoint and progress are written                                → row_errors, jobs
//! ```
//! Step 2 touches the key table in its own order, once a key, which is what makes large imports fast. Step 3 keeps the
//! meaning of "one row after the other": a row that shares a key with another of its batch looks again.
//!
//! The rules ([`apply`]) are the same on both databases; they ask a [`tables::Tables`]. SQLite answers with statements
//! ([`sqlite`]), PostgreSQL from memory ([`postgres`]), because each question would be a round trip.

mod apply;
mod postgres;
mod sqlite;
mod tables;
#[cfg(test)]
mod tests;

use purser_core::clock::Timestamp;
use purser_core::connection::Strategy;
use purser_core::job::{Progress, Summary};

use self::postgres::PostgresTables;
use crate::db::{Db, values};
use crate::error::StoreError;
use crate::keys::{KeyHasher, KeyKind};
use crate::lease::{Lease, hold};
use crate::open::Store;
use crate::row_errors::FailedRow;
use crate::search::{note_changes, note_new};
use crate::users::{count_users, is_unique};
use apply::{Apply, Done};
use sqlite::SqliteTables;
use tables::Scope;

/// A part of a batch's text.
#[derive(Debug, Clone, Copy, Default)]
struct Span {
    start: u32,
    end: u32,
}

/// A row to be stored.
pub struct NewRow<'a> {
    /// Row, line and byte in the file.
    pub place: (u64, u64, u64),
    /// The number of the user's connection, and its strategy.
    pub connection: i64,
    pub strategy: &'a Strategy,
    /// The row as submitted, for the report.
    pub source: &'a str,
    /// E-mail addresses and usernames in lower case.
    pub keys: &'a [(KeyKind, &'a str)],
    /// JSON object of credentials.
    pub credentials: Option<&'a str>,
}

struct Entry {
    place: (u64, u64, u64),
    connection: i64,
    /// Bit n: keys of kind n are unique.
    unique: u8,
    source: Span,
    profile: Span,
    credentials: Option<Span>,
    changes: Option<Span>,
    keys: [Option<Span>; 4],
}

#[derive(Clone, Copy)]
struct Key {
    hash: i64,
    row: u32,
    kind: KeyKind,
}

/// Rows on their way into the store. Made by one thread, applied by another; its memory is used again.
pub struct Batch {
    hasher: KeyHasher,
    text: String,
    entries: Vec<Entry>,
    keys: Vec<Key>,
}

impl Batch {
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns how much memory its rows take.
    pub fn bytes(&self) -> usize {
        self.text.len()
            + self.entries.len() * size_of::<Entry>()
            + self.keys.len() * size_of::<Key>()
    }

    pub fn clear(&mut self) {
        self.text.clear();
        self.entries.clear();
        self.keys.clear();
    }

    /// Adds a row. `write_profile` appends the new user's packed profile, `write_changes` (for an upsert) the object of
    /// attributes to change; without it a user who exists is replaced by the profile.
    pub fn push(
        &mut self,
        row: &NewRow<'_>,
        write_profile: impl FnOnce(&mut String),
        write_changes: Option<impl FnOnce(&mut String)>,
    ) {
        let index = u32::try_from(self.entries.len()).expect("a batch holds fewer than 2³² rows");
        let mut keys = [None; 4];
        let mut unique = 0;
        for (kind, value) in row.keys {
            self.keys.push(Key {
                hash: self.hasher.hash(*kind, value),
                row: index,
                kind: *kind,
            });
            keys[*kind as usize - 1] = Some(self.append(|text| text.push_str(value)));
            unique |= u8::from(is_unique(row.strategy, *kind)) << (*kind as u8);
        }
        let entry = Entry {
            place: row.place,
            connection: row.connection,
            unique,
            source: self.append(|text| text.push_str(row.source)),
            profile: self.append(write_profile),
            credentials: row
                .credentials
                .map(|json| self.append(|text| text.push_str(json))),
            changes: write_changes.map(|write| self.append(write)),
            keys,
        };
        self.entries.push(entry);
    }

    /// Sorts the keys; the thread that makes batches has more time for it than the one that applies them.
    pub fn seal(&mut self) {
        self.keys.sort_unstable_by_key(|key| (key.hash, key.row));
    }

    fn append(&mut self, write: impl FnOnce(&mut String)) -> Span {
        let start = self.text.len();
        write(&mut self.text);
        let at = |n: usize| u32::try_from(n).expect("a batch holds less than 4 GiB");
        Span {
            start: at(start),
            end: at(self.text.len()),
        }
    }

    fn str(&self, span: Span) -> &str {
        &self.text[span.start as usize..span.end as usize]
    }

    fn key(&self, entry: &Entry, kind: KeyKind) -> Option<&str> {
        entry.keys[kind as usize - 1].map(|span| self.str(span))
    }
}

/// One step of an import: what is committed together.
pub struct Step<'a> {
    pub batch: &'a Batch,
    /// Rows that failed before they came near the store.
    pub failures: &'a [FailedRow],
    pub upsert: bool,
    /// Where the next attempt goes on.
    pub checkpoint: &'a str,
    pub progress: Progress,
    /// The job's remarks so far.
    pub notes: &'a [String],
}

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchOutcome {
    pub step: Summary,
    /// Of the whole job.
    pub so_far: Summary,
}

impl Store {
    pub fn new_batch(&self) -> Batch {
        Batch {
            hasher: self.inner.hasher.clone(),
            text: String::new(),
            entries: vec![],
            keys: vec![],
        }
    }

    /// Applies a step in one transaction; it happens as a whole or not at all.
    pub fn apply_step(
        &self,
        lease: &Lease,
        now: Timestamp,
        step: &Step<'_>,
    ) -> Result<BatchOutcome, StoreError> {
        self.write_step("storing a batch of rows", |db| {
            hold(db, lease, now)?;
            let scope = Scope {
                batch: step.batch,
                job: lease.job,
                upsert: step.upsert,
            };
            let Done {
                summary,
                inserted,
                new,
                changed,
            } = match db.as_sqlite() {
                Some(db) => Apply::new(SqliteTables::new(db, scope)?, step, lease, now)?.run()?,
                None => db
                    .with_postgres(|client| {
                        let tables = PostgresTables::new(client, scope)?;
                        Apply::new(tables, step, lease, now)?.run()
                    })
                    .expect("what is not SQLite is PostgreSQL")?,
            };
            for (connection, inserted) in inserted {
                count_users(db, connection, inserted)?;
            }
            if let Some((first, last)) = new {
                note_new(db, first, last)?;
            }
            note_changes(db, &changed)?;
            let so_far = write_progress(db, lease, step, summary)?;
            Ok(BatchOutcome {
                step: summary,
                so_far,
            })
        })
    }
}

fn write_progress(
    db: &Db<'_>,
    lease: &Lease,
    step: &Step<'_>,
    done: Summary,
) -> Result<Summary, StoreError> {
    let doing = "writing a checkpoint";
    let notes = serde_json::to_string(step.notes).map_err(StoreError::corrupt(doing))?;
    let so_far = db.row(
        doing,
        "UPDATE jobs SET failed = failed + ?2, updated = updated + ?3, inserted = inserted + ?4,
                total = total + ?5, checkpoint = ?6, done = ?7, total_work = ?8, notes = ?9
         WHERE pk = ?1 RETURNING failed, updated, inserted, total",
        values![
            lease.job,
            done.failed,
            done.updated,
            done.inserted,
            done.total,
            step.checkpoint,
            step.progress.done,
            step.progress.of,
            &notes
        ],
        |row| {
            Ok(Summary {
                failed: row.count(0)?,
                updated: row.count(1)?,
                inserted: row.count(2)?,
                total: row.count(3)?,
            })
        },
    )?;
    so_far.ok_or(StoreError::LeaseLost)
}
