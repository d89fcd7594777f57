//! The rules of a step: steps 2 and 3 of the bulk path, the same on every database.

use std::collections::{HashMap, HashSet};
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

use super::tables::{Hit, Tables};
use super::{Batch, Entry, Step};
use crate::error::StoreError;
use crate::keys::KeyKind;
use crate::lease::Lease;
use crate::row_errors::FailedRow;
use crate::users::{Found, has_key, keys_of};

/// What to do with a row.
enum Verdict {
    Insert,
    Update(Rc<Found>),
    Fail(Vec<RowError>),
}

/// How many rows ahead users are read: so many rows share a round trip, and their users are in memory at once.
const READ_AHEAD: usize = 2048;

/// The state of one step's transaction.
pub(super) struct Apply<'a, T> {
    tables: T,
    step: &'a Step<'a>,
    batch: &'a Batch,
    job: i64,
    /// The time as profiles have it.
    now: String,
    first_pk: i64,
    /// Connections of the batch that were deleted since the import began.
    gone: Vec<i64>,
    /// Hashes whose owners are no longer those that were there before the batch.
    moved: HashSet<i64>,
    merged: String,
    failures: Vec<FailedRow>,
    done: Done,
}

/// What was done.
#[derive(Default)]
pub(super) struct Done {
    pub(super) summary: Summary,
    /// How many users each connection got.
    pub(super) inserted: HashMap<i64, i64>,
    /// The first and the last new user.
    pub(super) new: Option<(i64, i64)>,
    /// The users that were changed.
    pub(super) changed: Vec<i64>,
}

impl<'a, T: Tables> Apply<'a, T> {
    pub(super) fn new(
        mut tables: T,
        step: &'a Step<'a>,
        lease: &Lease,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let batch = step.batch;
        Ok(Self {
            first_pk: tables.first_pk(),
            gone: gone_connections(&mut tables, batch)?,
            tables,
            step,
            batch,
            job: lease.job,
            now: now.to_string(),
            moved: HashSet::new(),
            merged: String::new(),
            failures: vec![],
            done: Done::default(),
        })
    }

    pub(super) fn run(mut self) -> Result<Done, StoreError> {
        let mut hits = self.tables.claim_keys()?;
        hits.sort_unstable_by_key(|hit| (hit.row, hit.kind));
        self.rows(&hits)?;
        self.done.summary.failed += self.step.failures.len() as u64;
        self.done.summary.total += self.step.failures.len() as u64;
        self.tables.finish(&[&self.failures, self.step.failures])?;
        self.done.changed.sort_unstable();
        Ok(self.done)
    }

    fn pk(&self, row: u32) -> i64 {
        self.first_pk + i64::from(row)
    }

    fn rows(&mut self, hits: &[Hit]) -> Result<(), StoreError> {
        let mut hits = hits;
        for (index, entry) in self.batch.entries.iter().enumerate() {
            let row = index as u32;
            if T::READS_AHEAD && index % READ_AHEAD == 0 {
                self.read_ahead(index + READ_AHEAD, hits)?;
            }
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
            self.done.summary.total += 1;
            if !errors.is_empty() {
                self.done.summary.failed += 1;
                let record = masked(self.batch.str(entry.source));
                self.failures
                    .push(FailedRow::new(entry.place, record, &errors)?);
            }
        }
        Ok(())
    }

    /// Has the users read that the rows before `end` will be compared with, and the credentials that may change.
    fn read_ahead(&mut self, end: usize, hits: &[Hit]) -> Result<(), StoreError> {
        let (mut users, mut credentials) = (Vec::new(), Vec::new());
        let mut replaced = false;
        for hit in hits.iter().take_while(|hit| (hit.row as usize) < end) {
            let entry = &self.batch.entries[hit.row as usize];
            if hit.pk < self.first_pk && is_rival(entry, hit) {
                users.push(hit.pk);
                replaced |= self.step.upsert && entry.changes.is_none();
                if self.new_credentials(entry).is_some() {
                    credentials.push(hit.pk);
                }
            }
        }
        for pks in [&mut users, &mut credentials] {
            pks.sort_unstable();
            pks.dedup();
        }
        self.tables.read_ahead(&users, &credentials, replaced)
    }

    /// Decides about one row, knowing which of its keys were taken.
    fn judge(&mut self, row: u32, entry: &Entry, hits: &[Hit]) -> Result<Verdict, StoreError> {
        if self.gone.contains(&entry.connection) {
            let name = self.tables.connection_name()?;
            return Ok(Verdict::Fail(vec![connection_not_found(&name)]));
        }
        if hits.is_empty() {
            return Ok(Verdict::Insert);
        }
        // A key taken by a row of the same batch may have been given up since, or gone to a third row; one that was
        // taken before may have got a further owner, or lost its own.
        let may_have_moved = |hit: &Hit| hit.pk >= self.first_pk || self.moved.contains(&hit.hash);
        let again;
        let hits = if hits.iter().any(may_have_moved) {
            again = self.look_up_again(row, hits)?;
            &again
        } else {
            hits
        };
        let mut found: Vec<(KeyKind, Rc<Found>)> = Vec::new();
        for hit in hits {
            if !is_rival(entry, hit) {
                continue;
            }
            let Some(user) = self.tables.read(hit.pk)? else {
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

    fn look_up_again(&mut self, row: u32, hits: &[Hit]) -> Result<Vec<Hit>, StoreError> {
        let mut again = Vec::new();
        let mut keys: Vec<(KeyKind, i64)> = hits.iter().map(|hit| (hit.kind, hit.hash)).collect();
        keys.dedup();
        for (kind, hash) in keys {
            self.tables.look_up((row, kind), hash, &mut again)?;
        }
        Ok(again)
    }

    /// Frees the keys that were claimed for a row that becomes no user: those that were not taken.
    fn give_up_keys(&mut self, row: u32, entry: &Entry, hits: &[Hit]) -> Result<(), StoreError> {
        for kind in KeyKind::ALL
            .into_iter()
            .filter(|kind| hits.iter().all(|hit| hit.kind != *kind))
        {
            if let Some(value) = self.batch.key(entry, kind) {
                self.tables
                    .delete_key(self.batch.hasher.hash(kind, value), self.pk(row))?;
            }
        }
        Ok(())
    }

    fn insert(&mut self, row: u32, entry: &Entry, hits: &[Hit]) -> Result<(), StoreError> {
        let pk = self.pk(row);
        self.tables.insert(row, entry)?;
        // Keys that were taken, but by nobody who may keep the user out: they are shared.
        for hit in hits {
            self.moved.insert(hit.hash);
            self.tables.insert_key(hit.hash, pk, entry.connection)?;
        }
        self.done.summary.inserted += 1;
        let first = self.done.new.map_or(pk, |(first, _)| first);
        self.done.new = Some((first, pk));
        *self.done.inserted.entry(entry.connection).or_default() += 1;
        Ok(())
    }

    /// Updates the user that a row matched; returns why it cannot, if so.
    fn update(&mut self, entry: &Entry, user: &Found) -> Result<Vec<RowError>, StoreError> {
        if let Some(new) = self.new_credentials(entry) {
            let old = self.tables.read_credentials(user.pk)?;
            let logged_in = packed::get(&user.packed, "last_login").is_some();
            let merged = match entry.changes {
                Some(_) => merge_credentials(old.as_deref(), new, logged_in),
                None => Ok(Some(Secret::new(new.to_owned()))),
            };
            match merged {
                Ok(Some(credentials)) if old.as_ref() != Some(credentials.expose()) => {
                    self.tables
                        .write_credentials(user.pk, credentials.expose())?;
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
        self.tables.update(user, &self.merged)?;
        self.done.summary.updated += 1;
        self.done.changed.push(user.pk);
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

    /// A restored profile replaces another: its keys may differ.
    fn replace_keys(&mut self, user: &Found) -> Result<(), StoreError> {
        let (old, new) = (keys_of(&user.packed), keys_of(&self.merged));
        let batch = self.batch;
        let hash = |(kind, value): &(KeyKind, String)| batch.hasher.hash(*kind, value);
        for key in old.iter().filter(|key| !new.contains(key)) {
            self.moved.insert(hash(key));
            self.tables.delete_key(hash(key), user.pk)?;
        }
        for key in new.iter().filter(|key| !old.contains(key)) {
            self.moved.insert(hash(key));
            self.tables
                .insert_key(hash(key), user.pk, user.connection)?;
        }
        Ok(())
    }
}

/// Returns whether a key that was taken may keep the row's user out; connections share addresses.
fn is_rival(entry: &Entry, hit: &Hit) -> bool {
    let here = hit.kind == KeyKind::UserId || hit.connection == entry.connection;
    here && entry.unique & (1 << (hit.kind as u8)) != 0
}

/// Returns the connections of a batch that are not there any more: a few look-ups a step, one in most imports.
fn gone_connections<T: Tables>(tables: &mut T, batch: &Batch) -> Result<Vec<i64>, StoreError> {
    let mut connections: Vec<i64> = Vec::new();
    for entry in &batch.entries {
        if !connections.contains(&entry.connection) {
            connections.push(entry.connection);
        }
    }
    let mut gone = Vec::new();
    for connection in connections {
        if !tables.connection_is_there(connection)? {
            gone.push(connection);
        }
    }
    Ok(gone)
}
