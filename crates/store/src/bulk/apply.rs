//! Applies one step inside its transaction: steps 2 and 3 of the bulk path.

use std::collections::HashMap;
use std::rc::Rc;

use purser_core::clock::Timestamp;
use purser_core::import::plan::{merge_credentials, push_merged};
use purser_core::import::{
    already_provided, conflict, connection_not_found, duplicated_user, masked,
};
use purser_core::job::Summary;
use purser_core::json::RawJson;
use purser_core::packed;
use purser_core::row::RowError;
use purser_core::secret::Secret;
use rusqlite::{CachedStatement, Connection as Sqlite, OptionalExtension, params};

use super::{Batch, Entry, Key, Step};
use crate::db::{Db, Row};
use crate::error::StoreError;
use crate::keys::{self, KeyKind, LOOK_UP, LOOK_UP_FIRST};
use crate::lease::Lease;
use crate::row_errors::FailedRow;
use crate::search::{note_changes, note_new};
use crate::users::{Found, has_key, keys_of};

/// A key of the batch that was taken already.
#[derive(Clone, Copy)]
pub(super) struct Hit {
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

/// The statements that run for every row; to ask the cache for them each time would cost a fiftieth of an import.
struct Statements<'a> {
    insert: CachedStatement<'a>,
    update: CachedStatement<'a>,
    read: CachedStatement<'a>,
    credentials: CachedStatement<'a>,
}

impl<'a> Statements<'a> {
    fn prepare(db: &'a Sqlite) -> Result<Self, StoreError> {
        let prepare = |sql| {
            db.prepare_cached(sql)
                .map_err(StoreError::sql("storing a batch of rows"))
        };
        Ok(Self {
            insert: prepare(
                "INSERT INTO users (pk, connection, import, profile) VALUES (?1, ?2, ?3, ?4)",
            )?,
            update: prepare("UPDATE users SET profile = ?2, import = ?3 WHERE pk = ?1")?,
            read: prepare("SELECT pk, connection, import, profile FROM users WHERE pk = ?1")?,
            credentials: prepare("INSERT OR REPLACE INTO credentials VALUES (?1, ?2)")?,
        })
    }
}

/// The state of one step's transaction.
pub(super) struct Apply<'a> {
    tx: Db<'a>,
    db: &'a Sqlite,
    step: &'a Step<'a>,
    batch: &'a Batch,
    job: i64,
    /// The time as profiles have it.
    now: String,
    statements: Statements<'a>,
    /// The number that the first row's new user gets; the others follow, with gaps where none is inserted.
    first_pk: i64,
    /// Connections of the batch that were deleted since the import began.
    gone: Vec<i64>,
    /// Whether some hash has more than one user; rarely so with one connection.
    has_shared: bool,
    /// The user read last: rows of one user have several hits.
    last_read: Option<Rc<Found>>,
    merged: String,
    pub(super) failures: Vec<FailedRow>,
    pub(super) summary: Summary,
    pub(super) inserted: HashMap<i64, i64>,
    /// The numbers of the users that were updated.
    pub(super) updated: Vec<i64>,
}

impl<'a> Apply<'a> {
    pub(super) fn new(
        tx: &Db<'a>,
        step: &'a Step<'a>,
        lease: &Lease,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let batch = step.batch;
        let db = tx.as_sqlite().ok_or(StoreError::Corrupt {
            doing: "storing a batch of rows",
            what: "batches are not yet written to PostgreSQL".to_owned(),
        })?;
        let last: Option<i64> = db
            .query_row("SELECT max(pk) FROM users", [], |row| row.get(0))
            .map_err(StoreError::sql("storing a batch of rows"))?;
        let has_shared = db
            .query_row("SELECT EXISTS (SELECT 1 FROM user_keys_more)", [], |row| {
                row.get(0)
            })
            .map_err(StoreError::sql("storing a batch of rows"))?;
        Ok(Self {
            tx: *tx,
            db,
            step,
            batch,
            job: lease.job,
            now: now.to_string(),
            statements: Statements::prepare(db)?,
            first_pk: last.unwrap_or(0) + 1,
            gone: gone_connections(db, batch)?,
            has_shared,
            last_read: None,
            merged: String::new(),
            failures: vec![],
            summary: Summary::default(),
            inserted: HashMap::new(),
            updated: vec![],
        })
    }

    /// Claims every key for the user that its row may become; returns the taken ones in the order of the rows.
    pub(super) fn claim_keys(&self) -> Result<Vec<Hit>, StoreError> {
        let error = StoreError::sql("claiming the keys of a batch");
        let mut claim = self
            .db
            .prepare_cached("INSERT OR IGNORE INTO user_keys VALUES (?1, ?2, ?3)")
            .map_err(&error)?;
        let mut hits = Vec::new();
        for Key { hash, row, kind } in &self.batch.keys {
            // Most keys of an upsert are taken, most of another import are free: the likely question comes first.
            if self.step.upsert && self.look_up((*row, *kind), *hash, &mut hits)? {
                continue;
            }
            let connection = self.batch.entries[*row as usize].connection;
            let claimed = claim
                .execute(params![hash, self.pk(*row), connection])
                .map_err(&error)?;
            if claimed == 0 {
                self.look_up((*row, *kind), *hash, &mut hits)?;
            }
        }
        hits.sort_unstable_by_key(|hit| (hit.row, hit.kind));
        Ok(hits)
    }

    /// Adds the users that have the hash to `hits`; returns whether there are any.
    fn look_up(
        &self,
        (row, kind): (u32, KeyKind),
        hash: i64,
        hits: &mut Vec<Hit>,
    ) -> Result<bool, StoreError> {
        let error = StoreError::sql("looking up a key");
        let sql = if self.has_shared {
            LOOK_UP
        } else {
            LOOK_UP_FIRST
        };
        let mut statement = self.db.prepare_cached(sql).map_err(&error)?;
        let mut taken = statement.query([hash]).map_err(&error)?;
        let before = hits.len();
        while let Some(key) = taken.next().map_err(&error)? {
            let (pk, connection) = (key.get(0).map_err(&error)?, key.get(1).map_err(&error)?);
            hits.push(Hit {
                row,
                kind,
                hash,
                pk,
                connection,
            });
        }
        Ok(hits.len() > before)
    }

    fn pk(&self, row: u32) -> i64 {
        self.first_pk + i64::from(row)
    }

    pub(super) fn rows(&mut self, hits: &[Hit]) -> Result<(), StoreError> {
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
                self.failures
                    .push(FailedRow::new(entry.place, record, &errors)?);
            }
        }
        Ok(())
    }

    /// Decides about one row, knowing which of its keys were taken.
    fn judge(&mut self, row: u32, entry: &Entry, hits: &[Hit]) -> Result<Verdict, StoreError> {
        if self.gone.contains(&entry.connection) {
            let name = self.connection_name()?;
            return Ok(Verdict::Fail(vec![connection_not_found(&name)]));
        }
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
            let Some(user) = self.read(hit.pk)? else {
                continue;
            };
            let key = self.batch.key(entry, hit.kind).unwrap_or_default();
            if has_key(&user.packed, hit.kind, key) {
                found.push((hit.kind, user));
            }
        }
        if found.iter().any(|(_, user)| user.import == Some(self.job)) {
            return Ok(Verdict::Fail(vec![already_provided()]));
        }
        if !self.step.upsert {
            let free = found.is_empty();
            return Ok(if free {
                Verdict::Insert
            } else {
                Verdict::Fail(vec![duplicated_user()])
            });
        }
        let by = self.match_key(entry);
        let matched = found
            .iter()
            .find(|(kind, _)| Some(*kind) == by)
            .map(|(_, user)| Rc::clone(user));
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

    /// Returns what the job's connection was called when the job was made; a restore has none.
    fn connection_name(&self) -> Result<String, StoreError> {
        self.db
            .prepare_cached("SELECT coalesce(connection_name, '') FROM jobs WHERE pk = ?1")
            .and_then(|mut statement| statement.query_row([self.job], |row| row.get(0)))
            .map_err(StoreError::sql("looking for a connection"))
    }

    /// Returns the key by which an upsert finds its user: the e-mail address, as Auth0 documents it. Full profiles are
    /// found by id, users without a unique address by phone number or id.
    fn match_key(&self, entry: &Entry) -> Option<KeyKind> {
        let by_id = [KeyKind::UserId];
        let by_address = [KeyKind::Email, KeyKind::Phone, KeyKind::UserId];
        let order: &[KeyKind] = if entry.changes.is_some() {
            &by_address
        } else {
            &by_id
        };
        let usable = |kind: &&KeyKind| {
            entry.unique & (1 << (**kind as u8)) != 0 && entry.keys[**kind as usize - 1].is_some()
        };
        order.iter().find(usable).copied()
    }

    fn read(&mut self, pk: i64) -> Result<Option<Rc<Found>>, StoreError> {
        if let Some(user) = self.last_read.as_ref().filter(|user| user.pk == pk) {
            return Ok(Some(Rc::clone(user)));
        }
        let error = StoreError::sql("reading a user");
        let mut rows = self.statements.read.query([pk]).map_err(&error)?;
        let found = match rows.next().map_err(&error)? {
            Some(row) => Some(Found::from_row(&Row::sqlite("reading a user", row))?),
            None => None,
        };
        self.last_read = found.map(Rc::new);
        Ok(self.last_read.clone())
    }

    fn look_up_again(&self, row: u32, hits: &[Hit]) -> Result<Vec<Hit>, StoreError> {
        let mut again = Vec::new();
        let mut keys: Vec<(KeyKind, i64)> = hits.iter().map(|hit| (hit.kind, hit.hash)).collect();
        keys.dedup();
        for (kind, hash) in keys {
            self.look_up((row, kind), hash, &mut again)?;
        }
        Ok(again)
    }

    /// Frees the keys that were claimed for a row that becomes no user: those that were not taken.
    fn give_up_keys(&self, row: u32, entry: &Entry, hits: &[Hit]) -> Result<(), StoreError> {
        for kind in KeyKind::ALL
            .into_iter()
            .filter(|kind| hits.iter().all(|hit| hit.kind != *kind))
        {
            if let Some(value) = self.batch.key(entry, kind) {
                keys::delete(&self.tx, self.batch.hasher.hash(kind, value), self.pk(row))?;
            }
        }
        Ok(())
    }

    /// Tells the indexes which users the step made and changed.
    pub(super) fn note_users(&mut self) -> Result<(), StoreError> {
        if self.summary.inserted > 0 {
            let rows = self.batch.entries.len() as i64;
            note_new(&self.tx, self.first_pk, self.first_pk + rows - 1)?;
        }
        self.updated.sort_unstable();
        self.updated.dedup();
        note_changes(&self.tx, &self.updated)
    }

    fn insert(&mut self, row: u32, entry: &Entry, hits: &[Hit]) -> Result<(), StoreError> {
        let error = StoreError::sql("inserting a user");
        let pk = self.pk(row);
        self.statements
            .insert
            .execute(params![
                pk,
                entry.connection,
                self.job,
                self.batch.str(entry.profile)
            ])
            .map_err(&error)?;
        if let Some(credentials) = entry.credentials {
            self.write_credentials(pk, self.batch.str(credentials))?;
        }
        // Keys that were taken, but by nobody who may keep the user out: they are shared.
        for hit in hits {
            keys::insert(&self.tx, hit.hash, pk, entry.connection)?;
            self.has_shared = true;
        }
        self.summary.inserted += 1;
        *self.inserted.entry(entry.connection).or_default() += 1;
        Ok(())
    }

    fn write_credentials(&mut self, pk: i64, json: &str) -> Result<(), StoreError> {
        self.statements
            .credentials
            .execute(params![pk, json])
            .map(|_| ())
            .map_err(StoreError::sql("writing credentials"))
    }

    /// Updates the user that a row matched; returns why it cannot, if so.
    fn update(&mut self, entry: &Entry, user: &Found) -> Result<Vec<RowError>, StoreError> {
        if let Some(new) = self.new_credentials(entry) {
            let old = self.read_credentials(user.pk)?;
            let logged_in = packed::get(&user.packed, "last_login").is_some();
            let merged = match entry.changes {
                Some(_) => merge_credentials(old.as_deref(), new, logged_in),
                None => Ok(Some(Secret::new(new.to_owned()))),
            };
            match merged {
                Ok(Some(credentials)) if old.as_ref() != Some(credentials.expose()) => {
                    self.write_credentials(user.pk, credentials.expose())?;
                }
                Ok(_) => {}
                Err(error) => return Ok(vec![error]),
            }
        }
        self.merged.clear();
        match entry.changes {
            Some(changes) => {
                push_merged(
                    &user.packed,
                    self.batch.str(changes),
                    &self.now,
                    &mut self.merged,
                );
            }
            None => {
                self.merged.push_str(self.batch.str(entry.profile));
                self.replace_keys(user)?;
            }
        }
        self.statements
            .update
            .execute(params![user.pk, self.merged, self.job])
            .map_err(StoreError::sql("updating a user"))?;
        self.last_read = None;
        self.summary.updated += 1;
        self.updated.push(user.pk);
        Ok(vec![])
    }

    /// Returns the credentials of a row if an update would look at them: a restore at all, an upsert not at a
    /// `password_hash`, which counts for new users alone.
    fn new_credentials(&self, entry: &Entry) -> Option<&'a str> {
        let json = self.batch.str(entry.credentials?);
        let counts = |name: &str| RawJson::trusted(json).get(name).is_some();
        (entry.changes.is_none() || counts("custom_password_hash") || counts("mfa_factors"))
            .then_some(json)
    }

    fn read_credentials(&self, pk: i64) -> Result<Option<String>, StoreError> {
        self.db
            .prepare_cached("SELECT secrets FROM credentials WHERE pk = ?1")
            .and_then(|mut statement| statement.query_row([pk], |row| row.get(0)).optional())
            .map_err(StoreError::sql("reading credentials"))
    }

    /// A restored profile replaces another: its keys may differ.
    fn replace_keys(&self, user: &Found) -> Result<(), StoreError> {
        let (old, new) = (keys_of(&user.packed), keys_of(&self.merged));
        let hash = |(kind, value): &(KeyKind, String)| self.batch.hasher.hash(*kind, value);
        for key in old.iter().filter(|key| !new.contains(key)) {
            keys::delete(&self.tx, hash(key), user.pk)?;
        }
        for key in new.iter().filter(|key| !old.contains(key)) {
            keys::insert(&self.tx, hash(key), user.pk, user.connection)?;
        }
        Ok(())
    }
}

/// Returns the connections of a batch that are not there any more: a few look-ups a step, one in most imports.
fn gone_connections(db: &Sqlite, batch: &Batch) -> Result<Vec<i64>, StoreError> {
    let error = StoreError::sql("looking for a connection");
    let mut connections: Vec<i64> = Vec::new();
    for entry in &batch.entries {
        if !connections.contains(&entry.connection) {
            connections.push(entry.connection);
        }
    }
    let mut there = db
        .prepare_cached("SELECT 1 FROM connections WHERE pk = ?1")
        .map_err(&error)?;
    let mut gone = Vec::new();
    for connection in connections {
        if !there.exists([connection]).map_err(&error)? {
            gone.push(connection);
        }
    }
    Ok(gone)
}
