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

use std::collections::HashMap;
use std::rc::Rc;

use purser_core::clock::Timestamp;
use purser_core::connection::Strategy;
use purser_core::import::plan::{merge_credentials, push_merged};
use purser_core::import::{already_provided, conflict, duplicated_user, masked};
use purser_core::job::{Progress, Summary};
use purser_core::json::RawJson;
use purser_core::row::RowError;
use rusqlite::{Connection as Sqlite, OptionalExtension, params};

use crate::error::StoreError;
use crate::keys::{self, KeyHasher, KeyKind, LOOK_UP};
use crate::lease::{Lease, hold};
use crate::open::Store;
use crate::row_errors::{self, FailedRow};
use crate::users::{Found, count_users, has_key, is_unique, keys_of};

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
        self.text.len() + self.entries.len() * size_of::<Entry>() + self.keys.len() * size_of::<Key>()
    }

    pub fn clear(&mut self) {
        self.text.clear();
        self.entries.clear();
        self.keys.clear();
    }

    /// Adds a row. `write_profile` appends the new user's profile, `write_changes` (for an upsert) the object of
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
            self.keys.push(Key { hash: self.hasher.hash(*kind, value), row: index, kind: *kind });
            keys[*kind as usize - 1] = Some(self.append(|text| text.push_str(value)));
            unique |= u8::from(is_unique(row.strategy, *kind)) << (*kind as u8);
        }
        let entry = Entry {
            place: row.place,
            connection: row.connection,
            unique,
            source: self.append(|text| text.push_str(row.source)),
            profile: self.append(write_profile),
            credentials: row.credentials.map(|json| self.append(|text| text.push_str(json))),
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
        Span { start: at(start), end: at(self.text.len()) }
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
        Batch { hasher: self.inner.hasher.clone(), text: String::new(), entries: vec![], keys: vec![] }
    }

    /// Applies a step in one transaction; it happens as a whole or not at all.
    pub fn apply_step(
        &self,
        lease: &Lease,
        now: Timestamp,
        step: &Step<'_>,
    ) -> Result<BatchOutcome, StoreError> {
        self.write_step("storing a batch of rows", |tx| {
            hold(tx, lease, now)?;
            let mut apply = Apply::new(tx, step, lease, now)?;
            let hits = apply.claim_keys()?;
            apply.rows(&hits)?;
            let mut step_summary = apply.summary;
            step_summary.failed += step.failures.len() as u64;
            step_summary.total += step.failures.len() as u64;
            row_errors::insert(tx, lease.job, &apply.failures)?;
            row_errors::insert(tx, lease.job, step.failures)?;
            for (connection, inserted) in apply.inserted {
                count_users(tx, connection, inserted)?;
            }
            let so_far = write_progress(tx, lease, step, step_summary)?;
            Ok(BatchOutcome { step: step_summary, so_far })
        })
    }
}

fn write_progress(
    db: &Sqlite,
    lease: &Lease,
    step: &Step<'_>,
    done: Summary,
) -> Result<Summary, StoreError> {
    let doing = "writing a checkpoint";
    let notes = serde_json::to_string(step.notes).map_err(StoreError::corrupt(doing))?;
    db.prepare_cached(
        "UPDATE jobs SET failed = failed + ?2, updated = updated + ?3, inserted = inserted + ?4,
                total = total + ?5, checkpoint = ?6, done = ?7, total_work = ?8, notes = ?9
         WHERE pk = ?1 RETURNING failed, updated, inserted, total",
    )
    .and_then(|mut statement| {
        statement.query_row(
            params![
                lease.job,
                done.failed,
                done.updated,
                done.inserted,
                done.total,
                step.checkpoint,
                step.progress.done,
                step.progress.of,
                notes
            ],
            |row| {
                Ok(Summary {
                    failed: row.get(0)?,
                    updated: row.get(1)?,
                    inserted: row.get(2)?,
                    total: row.get(3)?,
                })
            },
        )
    })
    .map_err(StoreError::sql(doing))
}

/// A key of the batch that was taken already.
#[derive(Clone, Copy)]
struct Hit {
    row: u32,
    kind: KeyKind,
    hash: i64,
    pk: i64,
    connection: i64,
}

/// What to do with a row.
enum Verdict {
    Insert,
    Update(Rc<Found>),
    Fail(Vec<RowError>),
}

/// The state of one step's transaction.
struct Apply<'a> {
    db: &'a Sqlite,
    step: &'a Step<'a>,
    batch: &'a Batch,
    job: i64,
    now: Timestamp,
    /// The number that the first row's new user gets; the others follow, with gaps where none is inserted.
    first_pk: i64,
    /// The user read last: rows of one user have several hits.
    last_read: Option<Rc<Found>>,
    merged: String,
    failures: Vec<FailedRow>,
    summary: Summary,
    inserted: HashMap<i64, i64>,
}

impl<'a> Apply<'a> {
    fn new(
        db: &'a Sqlite,
        step: &'a Step<'a>,
        lease: &Lease,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let batch = step.batch;
        let last: Option<i64> = db
            .query_row("SELECT max(pk) FROM users", [], |row| row.get(0))
            .map_err(StoreError::sql("storing a batch of rows"))?;
        Ok(Self {
            db,
            step,
            batch,
            job: lease.job,
            now,
            first_pk: last.unwrap_or(0) + 1,
            last_read: None,
            merged: String::new(),
            failures: vec![],
            summary: Summary::default(),
            inserted: HashMap::new(),
        })
    }

    /// Claims every key for the user that its row may become; returns the taken ones in the order of the rows.
    fn claim_keys(&self) -> Result<Vec<Hit>, StoreError> {
        let error = StoreError::sql("claiming the keys of a batch");
        let prepare = |sql| self.db.prepare_cached(sql).map_err(&error);
        let mut claim = prepare("INSERT OR IGNORE INTO user_keys VALUES (?1, ?2, ?3)")?;
        let mut look_up = prepare(LOOK_UP)?;
        let mut hits = Vec::new();
        for Key { hash, row, kind } in &self.batch.keys {
            let connection = self.batch.entries[*row as usize].connection;
            if claim.execute(params![hash, self.pk(*row), connection]).map_err(&error)? > 0 {
                continue;
            }
            let mut taken = look_up.query([hash]).map_err(&error)?;
            while let Some(key) = taken.next().map_err(&error)? {
                let (pk, connection) =
                    (key.get(0).map_err(&error)?, key.get(1).map_err(&error)?);
                hits.push(Hit { row: *row, kind: *kind, hash: *hash, pk, connection });
            }
        }
        hits.sort_unstable_by_key(|hit| (hit.row, hit.kind));
        Ok(hits)
    }

    fn pk(&self, row: u32) -> i64 {
        self.first_pk + i64::from(row)
    }

    fn rows(&mut self, hits: &[Hit]) -> Result<(), StoreError> {
        let mut hits = hits;
        for (index, entry) in self.batch.entries.iter().enumerate() {
            let row = index as u32;
            let mine = hits.iter().take_while(|hit| hit.row == row).count();
            let (mine, rest) = hits.split_at(mine);
            hits = rest;
            let errors = match self.judge(row, entry, mine)? {
                Verdict::Insert => {
                    self.insert(row, entry, mine)?;
                    vec![]
                }
                Verdict::Update(user) => {
                    self.give_up_keys(row, entry, mine)?;
                    self.update(entry, &user)?
                }
                Verdict::Fail(errors) => {
                    self.give_up_keys(row, entry, mine)?;
                    errors
                }
            };
            self.summary.total += 1;
            if !errors.is_empty() {
                self.summary.failed += 1;
                let record = masked(self.batch.str(entry.source));
                self.failures.push(FailedRow::new(entry.place, record, &errors)?);
            }
        }
        Ok(())
    }

    /// Decides about one row, knowing which of its keys were taken.
    fn judge(&mut self, row: u32, entry: &Entry, hits: &[Hit]) -> Result<Verdict, StoreError> {
        if hits.is_empty() {
            return Ok(Verdict::Insert);
        }
        // A key taken by a row of the same batch may have been given up since, or gone to a third row.
        let again;
        let hits = if hits.iter().any(|hit| hit.pk >= self.first_pk) {
            again = self.look_up_again(row, hits)?;
            &again
        } else {
            hits
        };
        let mut found: Vec<(KeyKind, Rc<Found>)> = Vec::new();
        for hit in hits {
            let rival = hit.kind == KeyKind::UserId || hit.connection == entry.connection;
            if !rival || entry.unique & (1 << (hit.kind as u8)) == 0 {
                continue;
            }
            let Some(user) = self.read(hit.pk)? else { continue };
            let key = self.batch.key(entry, hit.kind).unwrap_or_default();
            if has_key(&user.profile, hit.kind, key) {
                found.push((hit.kind, user));
            }
        }
        if found.iter().any(|(_, user)| user.import == Some(self.job)) {
            return Ok(Verdict::Fail(vec![already_provided()]));
        }
        if !self.step.upsert {
            let free = found.is_empty();
            return Ok(if free { Verdict::Insert } else { Verdict::Fail(vec![duplicated_user()]) });
        }
        let by = self.match_key(entry);
        let matched = found.iter().find(|(kind, _)| Some(*kind) == by).map(|(_, user)| Rc::clone(user));
        let pk = matched.as_ref().map(|user| user.pk);
        let foreign: Vec<RowError> = found
            .iter()
            .filter(|(_, user)| Some(user.pk) != pk)
            .map(|(kind, _)| conflict(kind.attribute()))
            .collect();
        Ok(match matched {
            _ if !foreign.is_empty() => Verdict::Fail(foreign),
            Some(user) => Verdict::Update(user),
            None => Verdict::Insert,
        })
    }

    /// Returns the key by which an upsert finds its user: the e-mail address, as Auth0 documents it. Full profiles are
    /// found by id, users without a unique address by phone number or id.
    fn match_key(&self, entry: &Entry) -> Option<KeyKind> {
        let by_id = [KeyKind::UserId];
        let by_address = [KeyKind::Email, KeyKind::Phone, KeyKind::UserId];
        let order: &[KeyKind] = if entry.changes.is_some() { &by_address } else { &by_id };
        let usable = |kind: &&KeyKind| {
            entry.unique & (1 << (**kind as u8)) != 0 && entry.keys[**kind as usize - 1].is_some()
        };
        order.iter().find(usable).copied()
    }

    fn read(&mut self, pk: i64) -> Result<Option<Rc<Found>>, StoreError> {
        if let Some(user) = self.last_read.as_ref().filter(|user| user.pk == pk) {
            return Ok(Some(Rc::clone(user)));
        }
        let found = self
            .db
            .prepare_cached("SELECT connection, import, profile FROM users WHERE pk = ?1")
            .and_then(|mut statement| {
                statement
                    .query_row([pk], |row| {
                        Ok(Found {
                            pk,
                            connection: row.get(0)?,
                            import: row.get(1)?,
                            profile: row.get(2)?,
                        })
                    })
                    .optional()
            })
            .map_err(StoreError::sql("reading a user"))?;
        self.last_read = found.map(Rc::new);
        Ok(self.last_read.clone())
    }

    fn look_up_again(&self, row: u32, hits: &[Hit]) -> Result<Vec<Hit>, StoreError> {
        let error = StoreError::sql("looking up the keys of a row");
        let mut look_up = self.db.prepare_cached(LOOK_UP).map_err(&error)?;
        let mut again = Vec::new();
        let mut keys: Vec<(KeyKind, i64)> = hits.iter().map(|hit| (hit.kind, hit.hash)).collect();
        keys.dedup();
        for (kind, hash) in keys {
            let mut taken = look_up.query([hash]).map_err(&error)?;
            while let Some(key) = taken.next().map_err(&error)? {
                let (pk, connection) =
                    (key.get(0).map_err(&error)?, key.get(1).map_err(&error)?);
                again.push(Hit { row, kind, hash, pk, connection });
            }
        }
        Ok(again)
    }

    /// Frees the keys that were claimed for a row that becomes no user: those that were not taken.
    fn give_up_keys(&self, row: u32, entry: &Entry, hits: &[Hit]) -> Result<(), StoreError> {
        for kind in KeyKind::ALL.into_iter().filter(|kind| hits.iter().all(|hit| hit.kind != *kind)) {
            if let Some(value) = self.batch.key(entry, kind) {
                keys::delete(self.db, self.batch.hasher.hash(kind, value), self.pk(row))?;
            }
        }
        Ok(())
    }

    fn insert(&mut self, row: u32, entry: &Entry, hits: &[Hit]) -> Result<(), StoreError> {
        let error = StoreError::sql("inserting a user");
        let pk = self.pk(row);
        self.db
            .prepare_cached("INSERT INTO users (pk, connection, import, profile) VALUES (?1, ?2, ?3, ?4)")
            .and_then(|mut statement| {
                statement.execute(params![pk, entry.connection, self.job, self.batch.str(entry.profile)])
            })
            .map_err(&error)?;
        if let Some(credentials) = entry.credentials {
            self.write_credentials(pk, self.batch.str(credentials))?;
        }
        // Keys that were taken, but by nobody who may keep the user out: they are shared.
        for hit in hits {
            keys::insert(self.db, hit.hash, pk, entry.connection)?;
        }
        self.summary.inserted += 1;
        *self.inserted.entry(entry.connection).or_default() += 1;
        Ok(())
    }

    fn write_credentials(&self, pk: i64, json: &str) -> Result<(), StoreError> {
        self.db
            .prepare_cached("INSERT OR REPLACE INTO credentials VALUES (?1, ?2)")
            .and_then(|mut statement| statement.execute(params![pk, json]))
            .map(|_| ())
            .map_err(StoreError::sql("writing credentials"))
    }

    /// Updates the user that a row matched; returns why it cannot, if so.
    fn update(&mut self, entry: &Entry, user: &Found) -> Result<Vec<RowError>, StoreError> {
        if let Some(new) = entry.credentials.map(|span| self.batch.str(span)) {
            let old = self.read_credentials(user.pk)?;
            let logged_in = RawJson::trusted(&user.profile).get("last_login").is_some();
            let merged = match entry.changes {
                Some(_) => merge_credentials(old.as_deref(), new, logged_in),
                None => Ok(Some(purser_core::secret::Secret::new(new.to_owned()))),
            };
            match merged {
                Ok(Some(credentials)) if old.as_ref() != Some(credentials.expose()) => {
                    self.write_credentials(user.pk, credentials.expose())?;
                }
                Ok(_) => {}
                Err(error) => return Ok(vec![error]),
            }
        }
        let mut profile = std::mem::take(&mut self.merged);
        profile.clear();
        match entry.changes {
            Some(changes) => {
                push_merged(&user.profile, self.batch.str(changes), self.now, &mut profile);
            }
            None => {
                profile.push_str(self.batch.str(entry.profile));
                self.replace_keys(user, &profile)?;
            }
        }
        self.db
            .prepare_cached("UPDATE users SET profile = ?2, import = ?3 WHERE pk = ?1")
            .and_then(|mut statement| statement.execute(params![user.pk, profile, self.job]))
            .map_err(StoreError::sql("updating a user"))?;
        self.merged = profile;
        self.last_read = None;
        self.summary.updated += 1;
        Ok(vec![])
    }

    fn read_credentials(&self, pk: i64) -> Result<Option<String>, StoreError> {
        self.db
            .prepare_cached("SELECT secrets FROM credentials WHERE pk = ?1")
            .and_then(|mut statement| statement.query_row([pk], |row| row.get(0)).optional())
            .map_err(StoreError::sql("reading credentials"))
    }

    /// A restored profile replaces another: its keys may differ.
    fn replace_keys(&self, user: &Found, profile: &str) -> Result<(), StoreError> {
        let (old, new) = (keys_of(&user.profile), keys_of(profile));
        let hash = |(kind, value): &(KeyKind, String)| self.batch.hasher.hash(*kind, value);
        for key in old.iter().filter(|key| !new.contains(key)) {
            keys::delete(self.db, hash(key), user.pk)?;
        }
        for key in new.iter().filter(|key| !old.contains(key)) {
            keys::insert(self.db, hash(key), user.pk, user.connection)?;
        }
        Ok(())
    }
}
