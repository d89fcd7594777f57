//! The bulk path: a batch of rows, their failures and the job's checkpoint in one short transaction.
//!
//! ```text
//! 1. the lease is held, or nothing happens
//! 2. every key of the batch is looked up, in the order of the hashes            → hits
//! 3. row by row, in the order of the file: insert, update or fail               → users, credentials, row errors
//! 4. keys of the new users are written, in the order of the hashes
//! 5. counts, checkpoint and progress are written to the job
//! ```
//! Step 3 keeps the meaning of "one row after the other": a row meets what the rows before it left behind. Steps 2 and 4
//! touch the key table in its own order, which is what makes large imports fast.

use std::collections::HashMap;
use std::collections::HashSet;
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
use crate::keys::{KeyHasher, KeyKind};
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
        self.write("storing a batch of rows", |tx| {
            hold(tx, lease, now)?;
            let mut apply = Apply::new(tx, step, lease, now)?;
            let hits = apply.look_up()?;
            apply.rows(&hits)?;
            apply.write_keys()?;
            let mut failures = apply.failures;
            let mut step_summary = apply.summary;
            step_summary.failed += step.failures.len() as u64;
            step_summary.total += step.failures.len() as u64;
            row_errors::insert(tx, lease.job, &failures)?;
            row_errors::insert(tx, lease.job, step.failures)?;
            failures.clear();
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

/// A key of the batch that a stored user may have.
struct Hit {
    row: u32,
    kind: KeyKind,
    pk: i64,
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
    /// Hashes that more than one row of the batch has → the accepted rows that have them.
    shared: HashMap<i64, Vec<u32>>,
    /// Rows that have a shared hash.
    sharing: HashSet<u32>,
    /// The number that each row's new user got; 0 where none was inserted.
    numbers: Vec<i64>,
    next_pk: i64,
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
        let mut shared = HashMap::new();
        let mut sharing = HashSet::new();
        for pair in batch.keys.windows(2).filter(|pair| pair[0].hash == pair[1].hash) {
            shared.insert(pair[0].hash, Vec::new());
            sharing.extend([pair[0].row, pair[1].row]);
        }
        Ok(Self {
            db,
            step,
            batch,
            job: lease.job,
            now,
            shared,
            sharing,
            numbers: vec![0; batch.len()],
            next_pk: last.unwrap_or(0) + 1,
            last_read: None,
            merged: String::new(),
            failures: vec![],
            summary: Summary::default(),
            inserted: HashMap::new(),
        })
    }

    /// Looks up every key, in the order of the hashes; returns the hits in the order of the rows.
    fn look_up(&self) -> Result<Vec<Hit>, StoreError> {
        let error = StoreError::sql("looking up the keys of a batch");
        let mut hits = Vec::new();
        let empty: bool = self
            .db
            .query_row("SELECT NOT EXISTS (SELECT 1 FROM user_keys)", [], |row| row.get(0))
            .map_err(&error)?;
        if empty {
            return Ok(hits);
        }
        let mut statement = self
            .db
            .prepare_cached("SELECT pk, connection FROM user_keys WHERE hash = ?1 ORDER BY pk")
            .map_err(&error)?;
        for Key { hash, row, kind } in &self.batch.keys {
            let entry = &self.batch.entries[*row as usize];
            if entry.unique & (1 << (*kind as u8)) == 0 {
                continue;
            }
            let mut found = statement.query([hash]).map_err(&error)?;
            while let Some(key) = found.next().map_err(&error)? {
                let connection: i64 = key.get(1).map_err(&error)?;
                if *kind == KeyKind::UserId || connection == entry.connection {
                    hits.push(Hit { row: *row, kind: *kind, pk: key.get(0).map_err(&error)? });
                }
            }
        }
        hits.sort_unstable_by_key(|hit| (hit.row, hit.kind));
        Ok(hits)
    }

    fn rows(&mut self, hits: &[Hit]) -> Result<(), StoreError> {
        let mut hits = hits;
        for (index, entry) in self.batch.entries.iter().enumerate() {
            let row = index as u32;
            let mine = hits.iter().take_while(|hit| hit.row == row).count();
            let verdict = self.judge(row, entry, &hits[..mine])?;
            hits = &hits[mine..];
            let verdict = match verdict {
                Verdict::Update(user) => match self.update(entry, &user)? {
                    Ok(()) => None,
                    Err(errors) => Some(errors),
                },
                Verdict::Insert => {
                    self.insert(row, entry)?;
                    None
                }
                Verdict::Fail(errors) => Some(errors),
            };
            self.summary.total += 1;
            match verdict {
                None => self.claim(row, entry),
                Some(errors) => {
                    self.summary.failed += 1;
                    let record = masked(self.batch.str(entry.source));
                    self.failures.push(FailedRow::new(entry.place, record, &errors)?);
                }
            }
        }
        Ok(())
    }

    /// Decides about one row, knowing the users that have one of its keys.
    fn judge(&mut self, row: u32, entry: &Entry, hits: &[Hit]) -> Result<Verdict, StoreError> {
        if self.is_claimed(row, entry) {
            return Ok(Verdict::Fail(vec![already_provided()]));
        }
        let mut found: Vec<(KeyKind, Rc<Found>)> = Vec::new();
        for hit in hits {
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

    /// Returns whether an earlier row of this batch took one of the row's keys.
    fn is_claimed(&self, row: u32, entry: &Entry) -> bool {
        self.sharing.contains(&row)
            && KeyKind::ALL.into_iter().any(|kind| {
                let Some(value) = self.batch.key(entry, kind) else { return false };
                let hash = self.batch.hasher.hash(kind, value);
                entry.unique & (1 << (kind as u8)) != 0
                    && self.shared.get(&hash).into_iter().flatten().any(|earlier| {
                        let other = &self.batch.entries[*earlier as usize];
                        self.batch.key(other, kind) == Some(value)
                            && (kind == KeyKind::UserId || other.connection == entry.connection)
                    })
            })
    }

    /// Notes that an accepted row has its keys, for later rows that share their hashes.
    fn claim(&mut self, row: u32, entry: &Entry) {
        if !self.sharing.contains(&row) {
            return;
        }
        for kind in KeyKind::ALL {
            let Some(value) = self.batch.key(entry, kind) else { continue };
            let hash = self.batch.hasher.hash(kind, value);
            if let Some(rows) = self.shared.get_mut(&hash) {
                rows.push(row);
            }
        }
    }

    fn insert(&mut self, row: u32, entry: &Entry) -> Result<(), StoreError> {
        let error = StoreError::sql("inserting a user");
        let pk = self.next_pk;
        self.db
            .prepare_cached("INSERT INTO users (pk, connection, import, profile) VALUES (?1, ?2, ?3, ?4)")
            .and_then(|mut statement| {
                statement.execute(params![pk, entry.connection, self.job, self.batch.str(entry.profile)])
            })
            .map_err(&error)?;
        if let Some(credentials) = entry.credentials {
            self.write_credentials(pk, self.batch.str(credentials))?;
        }
        self.numbers[row as usize] = pk;
        self.next_pk += 1;
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

    fn update(
        &mut self,
        entry: &Entry,
        user: &Found,
    ) -> Result<Result<(), Vec<RowError>>, StoreError> {
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
                Err(error) => return Ok(Err(vec![error])),
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
        Ok(Ok(()))
    }

    fn read_credentials(&self, pk: i64) -> Result<Option<String>, StoreError> {
        self.db
            .prepare_cached("SELECT secrets FROM credentials WHERE pk = ?1")
            .and_then(|mut statement| statement.query_row([pk], |row| row.get(0)).optional())
            .map_err(StoreError::sql("reading credentials"))
    }

    /// A restored profile replaces another: its keys may differ.
    fn replace_keys(&self, user: &Found, profile: &str) -> Result<(), StoreError> {
        let error = StoreError::sql("writing a user's keys");
        let (old, new) = (keys_of(&user.profile), keys_of(profile));
        let hash = |(kind, value): &(KeyKind, String)| self.batch.hasher.hash(*kind, value);
        for key in old.iter().filter(|key| !new.contains(key)) {
            self.db
                .execute("DELETE FROM user_keys WHERE hash = ?1 AND pk = ?2", params![hash(key), user.pk])
                .map_err(&error)?;
        }
        for key in new.iter().filter(|key| !old.contains(key)) {
            self.db
                .execute(
                    "INSERT OR IGNORE INTO user_keys VALUES (?1, ?2, ?3)",
                    params![hash(key), user.pk, user.connection],
                )
                .map_err(&error)?;
        }
        Ok(())
    }

    fn write_keys(&self) -> Result<(), StoreError> {
        let error = StoreError::sql("writing the keys of a batch");
        let mut statement =
            self.db.prepare_cached("INSERT INTO user_keys VALUES (?1, ?2, ?3)").map_err(&error)?;
        for Key { hash, row, .. } in &self.batch.keys {
            let pk = self.numbers[*row as usize];
            if pk != 0 {
                let connection = self.batch.entries[*row as usize].connection;
                statement.execute(params![hash, pk, connection]).map_err(&error)?;
            }
        }
        Ok(())
    }
}
