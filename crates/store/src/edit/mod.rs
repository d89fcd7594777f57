//! The path for bulk edits: some of the users who match, their errors and the job's checkpoint in one short transaction.
//!
//! ```text
//! 1. the next user who matches is looked for, without the write lock
//! 2. the lease is held, or nothing happens
//! 3. from there on up to 1,000 users who match now are changed or deleted    → users, user_keys, credentials, connections
//! 4. row errors, counts, checkpoint and progress are written                 → row_errors, jobs
//! ```
//! Users are met in the order of their numbers, each once; who matches no longer when it is his turn is left alone.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::ControlFlow;

use purser_core::clock::Timestamp;
use purser_core::connection::Connection;
use purser_core::import::conflict;
use purser_core::job::{Progress, Summary};
use purser_core::json::push_string;
use purser_core::query::Query;
use purser_core::row::RowError;
use purser_core::user::Profile;
use serde::{Deserialize, Serialize};

use crate::connections::find_by_number;
use crate::db::{Db, values};
use crate::error::StoreError;
use crate::lease::{Lease, hold};
use crate::open::Store;
use crate::row_errors::{self, FailedRow};
use crate::search::{Matching, each_next, note_changes};
use crate::users::{Found, delete_all, find_all};

/// Users handled in one transaction: short enough for others to write in between.
const MOST_USERS: usize = 1_000;
/// Segments looked through for the next user who matches before the worker says again that it is alive.
const SEGMENTS_AHEAD: i64 = 16;
/// Segments looked at inside a transaction.
const SEGMENTS: i64 = 1;

/// Where an edit goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditCheckpoint {
    /// The number of the last user who was looked at.
    pub after: i64,
    /// The highest number when the edit began; who came later is left alone.
    pub last: i64,
    /// Users who matched so far.
    pub met: u64,
    /// Those of them who needed no change.
    pub unchanged: u64,
}

impl EditCheckpoint {
    pub fn is_at_the_end(&self) -> bool {
        self.after >= self.last
    }

    /// Returns how far the edit is.
    pub fn progress(&self) -> Progress {
        let number = |pk: i64| u64::try_from(pk).unwrap_or(0);
        Progress {
            done: number(self.after.min(self.last)),
            of: number(self.last),
        }
    }
}

/// Whom an edit means.
#[derive(Debug, Clone, Copy)]
pub struct EditScope<'q> {
    /// `None`: all users.
    pub query: Option<&'q Query>,
    /// The number of a connection; `None`: the users of all.
    pub connection: Option<i64>,
}

impl<'q> EditScope<'q> {
    fn matching(self) -> Matching<'q> {
        let Self { query, connection } = self;
        Matching { query, connection }
    }
}

/// What is to become of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserEdit {
    Keep,
    Replace(Profile),
    Delete,
}

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EditOutcome {
    pub checkpoint: EditCheckpoint,
    /// Of the whole job.
    pub so_far: Summary,
}

/// Some users who match.
#[derive(Debug)]
pub struct EditPage {
    pub users: Vec<(Profile, Connection)>,
    pub checkpoint: EditCheckpoint,
}

impl Store {
    /// Returns where an edit of all that is there begins.
    pub fn new_edit(&self) -> Result<EditCheckpoint, StoreError> {
        self.read("preparing an edit", edges)
    }

    /// Writes where an edit begins, so that later attempts end where this one would.
    pub fn begin_edit(&self, lease: &Lease, now: Timestamp) -> Result<EditCheckpoint, StoreError> {
        self.write_step("preparing an edit", |tx| {
            hold(tx, lease, now)?;
            let checkpoint = edges(tx)?;
            write_progress(tx, lease, &checkpoint, Summary::default())?;
            Ok(checkpoint)
        })
    }

    /// Changes the next users in one transaction; it happens as a whole or not at all.
    pub fn edit_step(
        &self,
        lease: &Lease,
        now: Timestamp,
        scope: EditScope<'_>,
        checkpoint: &EditCheckpoint,
        mut change: impl FnMut(&Profile, &Connection) -> Result<UserEdit, RowError>,
    ) -> Result<EditOutcome, StoreError> {
        let (matches, ahead) = self.look_ahead(scope, checkpoint)?;
        self.write_step("editing users", |tx| {
            hold(tx, lease, now)?;
            let mut checkpoint = EditCheckpoint {
                after: ahead,
                ..*checkpoint
            };
            let pks = if matches {
                self.next_page(tx, scope, &mut checkpoint)?
            } else {
                vec![]
            };
            let mut step = Step {
                store: self,
                tx,
                checkpoint: &mut checkpoint,
                connections: Connections::default(),
                summary: Summary::default(),
                changed: vec![],
                deleted: vec![],
                failures: vec![],
            };
            for user in find_all(tx, &pks)? {
                step.edit(user, &mut change)?;
            }
            let summary = step.finish(lease)?;
            // A user made after the last ones were deleted gets one of their numbers.
            checkpoint.last = checkpoint.last.min(edges(tx)?.last);
            let so_far = write_progress(tx, lease, &checkpoint, summary)?;
            Ok(EditOutcome { checkpoint, so_far })
        })
    }

    /// Returns the next users who match, to see what would become of them.
    pub fn edit_page(
        &self,
        scope: EditScope<'_>,
        checkpoint: &EditCheckpoint,
    ) -> Result<EditPage, StoreError> {
        let (matches, ahead) = self.look_ahead(scope, checkpoint)?;
        let mut checkpoint = EditCheckpoint {
            after: ahead,
            ..*checkpoint
        };
        let mut users = vec![];
        if matches {
            self.read("reading users to edit", |db| {
                let mut connections = Connections::default();
                let pks = self.next_page(db, scope, &mut checkpoint)?;
                for user in find_all(db, &pks)? {
                    let connection = connections.get(db, user.connection)?.clone();
                    users.push((user.profile(), connection));
                }
                Ok(())
            })?;
        }
        Ok(EditPage { users, checkpoint })
    }

    /// Returns whether a user who matches was found, and the number before which nobody does.
    fn look_ahead(
        &self,
        scope: EditScope<'_>,
        checkpoint: &EditCheckpoint,
    ) -> Result<(bool, i64), StoreError> {
        let range = (checkpoint.after, checkpoint.last);
        let hasher = &self.inner.hasher;
        self.read("looking for users to edit", |db| {
            let mut found = None;
            let matching = scope.matching();
            let end = each_next(db, hasher, matching, range, SEGMENTS_AHEAD, |pk| {
                found = Some(pk);
                ControlFlow::Break(())
            })?;
            Ok((found.is_some(), found.map_or(end, |pk| pk - 1)))
        })
    }

    /// Returns the numbers of the next users who match, and moves the checkpoint behind them.
    fn next_page(
        &self,
        db: &Db<'_>,
        scope: EditScope<'_>,
        checkpoint: &mut EditCheckpoint,
    ) -> Result<Vec<i64>, StoreError> {
        let range = (checkpoint.after, checkpoint.last);
        let hasher = &self.inner.hasher;
        let mut pks = Vec::new();
        checkpoint.after = each_next(db, hasher, scope.matching(), range, SEGMENTS, |pk| {
            pks.push(pk);
            if pks.len() < MOST_USERS {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })?;
        Ok(pks)
    }
}

/// One transaction's work.
struct Step<'s> {
    store: &'s Store,
    tx: &'s Db<'s>,
    checkpoint: &'s mut EditCheckpoint,
    connections: Connections,
    summary: Summary,
    /// The numbers of those who changed, in order.
    changed: Vec<i64>,
    deleted: Vec<Found>,
    failures: Vec<FailedRow>,
}

impl Step<'_> {
    fn edit(
        &mut self,
        user: Found,
        change: &mut impl FnMut(&Profile, &Connection) -> Result<UserEdit, RowError>,
    ) -> Result<(), StoreError> {
        let profile = user.profile();
        let connection = self.connections.get(self.tx, user.connection)?;
        self.checkpoint.met += 1;
        let refused = match change(&profile, connection) {
            Ok(UserEdit::Keep) => {
                self.checkpoint.unchanged += 1;
                return Ok(());
            }
            Ok(UserEdit::Delete) => {
                self.deleted.push(user);
                None
            }
            Ok(UserEdit::Replace(new)) => {
                let strategy = &connection.strategy;
                let taken = self.store.replace_profile(self.tx, &user, strategy, &new)?;
                if taken.is_none() {
                    self.changed.push(user.pk);
                }
                taken.map(|kind| conflict(kind.attribute()))
            }
            Err(error) => Some(error),
        };
        self.summary.total += 1;
        match refused {
            None => self.summary.updated += 1,
            Some(error) => {
                self.summary.failed += 1;
                let place = (self.checkpoint.met, 0, 0);
                let failure = FailedRow::new(place, who(&profile), &[error])?;
                self.failures.push(failure);
            }
        }
        Ok(())
    }

    fn finish(self, lease: &Lease) -> Result<Summary, StoreError> {
        delete_all(self.tx, &self.store.inner.hasher, &self.deleted)?;
        note_changes(self.tx, &self.changed)?;
        row_errors::insert(self.tx, lease.job, &self.failures)?;
        Ok(self.summary)
    }
}

/// Connections that were read, by their numbers.
#[derive(Default)]
struct Connections(HashMap<i64, Connection>);

impl Connections {
    fn get(&mut self, db: &Db<'_>, pk: i64) -> Result<&Connection, StoreError> {
        match self.0.entry(pk) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(free) => {
                let found = find_by_number(db, pk)?.ok_or_else(|| StoreError::Corrupt {
                    doing: "editing users",
                    what: format!("the connection {pk} of a user is gone"),
                })?;
                Ok(free.insert(found.connection))
            }
        }
    }
}

/// Returns what a report shows of a user: what tells one from another.
fn who(profile: &Profile) -> String {
    let mut out = String::from("{");
    for name in ["user_id", "email", "username", "phone_number"] {
        if let Some(value) = profile.raw().get(name) {
            out.push_str(if out.len() > 1 { "," } else { "" });
            push_string(&mut out, name);
            out.push(':');
            out.push_str(value.text());
        }
    }
    out.push('}');
    out
}

/// Returns a checkpoint before all users who are there.
fn edges(db: &Db<'_>) -> Result<EditCheckpoint, StoreError> {
    let doing = "looking for the first and the last user";
    let edge = |sql| db.row(doing, sql, &[], |row| row.opt_int(0));
    let first = edge("SELECT min(pk) FROM users")?.flatten().unwrap_or(1);
    let last = edge("SELECT max(pk) FROM users")?.flatten().unwrap_or(0);
    Ok(EditCheckpoint {
        after: first - 1,
        last,
        met: 0,
        unchanged: 0,
    })
}

fn write_progress(
    db: &Db<'_>,
    lease: &Lease,
    checkpoint: &EditCheckpoint,
    done: Summary,
) -> Result<Summary, StoreError> {
    let doing = "writing a checkpoint";
    let text = serde_json::to_string(checkpoint).map_err(StoreError::corrupt(doing))?;
    let Progress { done: at, of } = checkpoint.progress();
    let so_far = db.row(
        doing,
        "UPDATE jobs SET failed = failed + ?2, updated = updated + ?3, total = total + ?4,
                checkpoint = ?5, done = ?6, total_work = ?7
         WHERE pk = ?1 RETURNING failed, updated, inserted, total",
        values![
            lease.job,
            done.failed,
            done.updated,
            done.total,
            &text,
            at,
            of,
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

#[cfg(test)]
mod tests;
