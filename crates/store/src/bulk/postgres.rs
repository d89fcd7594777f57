//! The tables of a step in PostgreSQL. A question a row would be a round trip a row; so what the rules will ask is read
//! beforehand in few statements, they are answered from memory, and what they change is written at the end.
//!
//! ```text
//! claim_keys   one look-up of all hashes of the batch; from then on the keys live in the overlay
//! read_ahead   the users that the next rows hit, in one query
//! update       buffered; so are credentials
//! finish       COPY users, credentials, keys and row errors; one statement for each kind of change
//! ```
//! Nobody else writes meanwhile: every writer holds the same lock.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use postgres::Client;

use super::copy::Copy;
use super::overlay::{Overlay, Owner};
use super::tables::{Hit, Scope, Tables};
use super::{Entry, Key};
use crate::error::StoreError;
use crate::keys::KeyKind;
use crate::row_errors::FailedRow;
use crate::users::{Found, keys_of};

/// How much changed text waits in memory before it is written.
const PENDING_BYTES: usize = 8 * 1024 * 1024;
/// Longer profiles are not read ahead but each when it is asked for, so that a few thousand of them are no danger.
const AHEAD_BYTES: i32 = 16 * 1024;

/// Tables grow by a batch at a time and statistics are late; every statement here wants the index, and none is worth
/// being compiled.
const PLANS: &str =
    "SET LOCAL jit = off; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off;
    SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off";

const COPY_USERS: &str = "COPY users (pk, connection, import, profile) FROM STDIN (FORMAT binary)";

/// Changed texts that wait to be written.
#[derive(Default)]
struct Pending {
    text: String,
    rows: HashMap<i64, (i64, Range<usize>)>,
}

impl Pending {
    fn push(&mut self, pk: i64, connection: i64, text: &str) {
        let start = self.text.len();
        self.text.push_str(text);
        self.rows.insert(pk, (connection, start..self.text.len()));
    }

    fn get(&self, pk: i64) -> Option<(i64, &str)> {
        let (connection, range) = self.rows.get(&pk)?;
        Some((*connection, &self.text[range.clone()]))
    }

    /// Returns numbers, connections and texts, in the order of the numbers.
    fn rows(&self) -> Vec<(i64, i64, &str)> {
        let mut rows: Vec<_> = self
            .rows
            .iter()
            .map(|(pk, (connection, range))| (*pk, *connection, &self.text[range.clone()]))
            .collect();
        rows.sort_unstable_by_key(|(pk, ..)| *pk);
        rows
    }

    fn clear(&mut self) {
        self.text.clear();
        self.rows.clear();
    }
}

pub(super) struct PostgresTables<'a> {
    client: &'a mut Client,
    scope: Scope<'a>,
    first_pk: i64,
    /// Whether some hash has more than one user; rarely so with one connection.
    has_shared: bool,
    keys: Overlay<'a>,
    /// Rows that became users; they are written from the batch.
    inserted: Vec<u32>,
    updates: Pending,
    credentials: Pending,
    /// Users and credentials as the tables have them, read ahead.
    users: HashMap<i64, Rc<Found>>,
    secrets: HashMap<i64, Option<String>>,
    /// The user read last outside of that: rows of one user have several hits.
    last_read: Option<Rc<Found>>,
}

impl<'a> PostgresTables<'a> {
    pub(super) fn new(client: &'a mut Client, scope: Scope<'a>) -> Result<Self, StoreError> {
        let error = StoreError::sql("storing a batch of rows");
        client.batch_execute(PLANS).map_err(&error)?;
        let row = client
            .query_one(
                "SELECT coalesce(max(pk), 0), EXISTS (SELECT 1 FROM user_keys_more) FROM users",
                &[],
            )
            .map_err(&error)?;
        let first_pk = row.get::<_, i64>(0) + 1;
        Ok(Self {
            client,
            scope,
            first_pk,
            has_shared: row.get(1),
            keys: Overlay::new(scope.batch, first_pk),
            inserted: vec![],
            updates: Pending::default(),
            credentials: Pending::default(),
            users: HashMap::new(),
            secrets: HashMap::new(),
            last_read: None,
        })
    }

    /// Returns the stored owners of hashes, sorted by hash, the first owner of each first.
    fn stored_owners(&mut self, hashes: &[i64]) -> Result<Vec<(i64, Owner)>, StoreError> {
        if hashes.is_empty() {
            return Ok(vec![]);
        }
        let error = StoreError::sql("looking up keys");
        let mut stored = Vec::new();
        for (table, shared) in [("user_keys", false), ("user_keys_more", true)] {
            if shared && !self.has_shared {
                continue;
            }
            // One row of three lists is read much faster than many rows.
            let sql = format!(
                "SELECT array_agg(hash), array_agg(pk), array_agg(connection)
                 FROM {table} WHERE hash = ANY ($1)"
            );
            let row = self.client.query_one(&sql, &[&hashes]).map_err(&error)?;
            let list = |column: usize| -> Result<Vec<i64>, StoreError> {
                let list: Option<Vec<i64>> = row.try_get(column).map_err(&error)?;
                Ok(list.unwrap_or_default())
            };
            let owners = list(1)?.into_iter().zip(list(2)?);
            stored.extend(
                list(0)?
                    .into_iter()
                    .zip(owners)
                    .map(|(hash, owner)| (hash, shared, owner)),
            );
        }
        stored.sort_unstable();
        Ok(stored
            .into_iter()
            .map(|(hash, _, owner)| (hash, owner))
            .collect())
    }

    /// Makes sure that the owners of the hashes are known.
    fn learn(&mut self, mut hashes: Vec<i64>) -> Result<(), StoreError> {
        hashes.retain(|hash| !self.keys.knows(*hash));
        hashes.sort_unstable();
        hashes.dedup();
        let stored = self.stored_owners(&hashes)?;
        for hash in hashes {
            let start = stored.partition_point(|(at, _)| *at < hash);
            let owners: Vec<Owner> = stored[start..]
                .iter()
                .take_while(|(at, _)| *at == hash)
                .map(|(_, owner)| *owner)
                .collect();
            self.keys.learn(hash, &owners);
        }
        Ok(())
    }

    fn read_one(&mut self, pk: i64) -> Result<Option<Rc<Found>>, StoreError> {
        if let Some(user) = self.last_read.as_ref().filter(|user| user.pk == pk) {
            return Ok(Some(Rc::clone(user)));
        }
        let row = self
            .client
            .query_opt(
                "SELECT pk, connection, import, profile FROM users WHERE pk = $1",
                &[&pk],
            )
            .map_err(StoreError::sql("reading a user"))?;
        self.last_read = row.and_then(|row| found(&row)).map(Rc::new);
        Ok(self.last_read.clone())
    }

    /// A row that is deleted and copied anew costs two thirds of one that is updated: COPY writes page by page.
    fn write_updates(&mut self) -> Result<(), StoreError> {
        let rows = self.updates.rows();
        let pks: Vec<i64> = rows.iter().map(|(pk, ..)| *pk).collect();
        if pks.is_empty() {
            return Ok(());
        }
        self.client
            .execute("DELETE FROM users WHERE pk = ANY ($1)", &[&pks])
            .map_err(StoreError::sql("updating users"))?;
        let mut users = Copy::start(self.client, "updating users", COPY_USERS)?;
        for (pk, connection, profile) in &rows {
            users.row([*pk, *connection, self.scope.job], [profile])?;
        }
        users.finish()?;
        for pk in pks {
            self.users.remove(&pk);
        }
        self.updates.clear();
        Ok(())
    }

    fn write_changed_credentials(&mut self) -> Result<(), StoreError> {
        let rows = self.credentials.rows();
        let (pks, secrets): (Vec<i64>, Vec<&str>) =
            rows.iter().map(|(pk, _, secrets)| (*pk, *secrets)).unzip();
        if pks.is_empty() {
            return Ok(());
        }
        self.client
            .execute(
                "INSERT INTO credentials (pk, secrets)
                 SELECT pk, secrets FROM unnest($1::BIGINT[], $2::TEXT[]) AS new (pk, secrets)
                 ON CONFLICT (pk) DO UPDATE SET secrets = excluded.secrets",
                &[&pks, &secrets],
            )
            .map_err(StoreError::sql("writing credentials"))?;
        for pk in pks {
            self.secrets.remove(&pk);
        }
        self.credentials.clear();
        Ok(())
    }

    fn write_users(&mut self) -> Result<(), StoreError> {
        if self.inserted.is_empty() {
            return Ok(());
        }
        let Scope { batch, job, .. } = self.scope;
        let mut users = Copy::start(self.client, "inserting users", COPY_USERS)?;
        for row in &self.inserted {
            let entry = &batch.entries[*row as usize];
            users.row(
                [self.first_pk + i64::from(*row), entry.connection, job],
                [batch.str(entry.profile)],
            )?;
        }
        users.finish()
    }

    fn write_credentials_of_new(&mut self) -> Result<(), StoreError> {
        let batch = self.scope.batch;
        let mut rows = self
            .inserted
            .iter()
            .filter_map(|row| Some((*row, batch.entries[*row as usize].credentials?)))
            .peekable();
        if rows.peek().is_none() {
            return Ok(());
        }
        let mut credentials = Copy::start(
            self.client,
            "writing credentials",
            "COPY credentials (pk, secrets) FROM STDIN (FORMAT binary)",
        )?;
        for (row, secrets) in rows {
            credentials.row([self.first_pk + i64::from(row)], [batch.str(secrets)])?;
        }
        credentials.finish()
    }

    fn write_keys(&mut self) -> Result<(), StoreError> {
        let doing = "writing the keys of users";
        let error = StoreError::sql(doing);
        let difference = self.keys.difference();
        if !difference.delete.is_empty() {
            self.client
                .execute(
                    "DELETE FROM user_keys WHERE hash = ANY ($1)",
                    &[&difference.delete],
                )
                .map_err(&error)?;
        }
        if !difference.replace.is_empty() {
            let (hashes, pks, connections) = columns(&difference.replace);
            self.client
                .execute(
                    "UPDATE user_keys SET pk = new.pk, connection = new.connection
                     FROM unnest($1::BIGINT[], $2::BIGINT[], $3::BIGINT[]) AS new (hash, pk, connection)
                     WHERE user_keys.hash = new.hash",
                    &[&hashes, &pks, &connections],
                )
                .map_err(&error)?;
        }
        if !difference.delete_more.is_empty() {
            let (hashes, pks): (Vec<i64>, Vec<i64>) =
                difference.delete_more.iter().copied().unzip();
            self.client
                .execute(
                    "DELETE FROM user_keys_more AS more
                     USING unnest($1::BIGINT[], $2::BIGINT[]) AS old (hash, pk)
                     WHERE more.hash = old.hash AND more.pk = old.pk",
                    &[&hashes, &pks],
                )
                .map_err(&error)?;
        }
        let first = self.keys.claimed().chain(difference.insert);
        let more = difference.insert_more.into_iter();
        copy_keys(self.client, doing, "user_keys", first)?;
        copy_keys(self.client, doing, "user_keys_more", more)
    }

    fn write_failures(&mut self, failures: &[&[FailedRow]]) -> Result<(), StoreError> {
        if failures.iter().all(|rows| rows.is_empty()) {
            return Ok(());
        }
        let mut errors = Copy::start(
            self.client,
            "writing row errors",
            "COPY row_errors (job, row, line, byte, record, errors) FROM STDIN (FORMAT binary)",
        )?;
        for failed in failures.iter().copied().flatten() {
            errors.row(
                [
                    self.scope.job,
                    failed.row.cast_signed(),
                    failed.line.cast_signed(),
                    failed.byte.cast_signed(),
                ],
                [&failed.record, &failed.errors],
            )?;
        }
        errors.finish()
    }
}

impl Tables for PostgresTables<'_> {
    const READS_AHEAD: bool = true;

    fn connection_is_there(&mut self, connection: i64) -> Result<bool, StoreError> {
        self.client
            .query_opt("SELECT 1 FROM connections WHERE pk = $1", &[&connection])
            .map(|row| row.is_some())
            .map_err(StoreError::sql("looking for a connection"))
    }

    fn connection_name(&mut self) -> Result<String, StoreError> {
        let sql = "SELECT coalesce(connection_name, '') FROM jobs WHERE pk = $1";
        self.client
            .query_one(sql, &[&self.scope.job])
            .and_then(|row| row.try_get(0))
            .map_err(StoreError::sql("looking for a connection"))
    }

    fn first_pk(&self) -> i64 {
        self.first_pk
    }

    fn claim_keys(&mut self) -> Result<Vec<Hit>, StoreError> {
        let keys = &self.scope.batch.keys;
        let mut hashes: Vec<i64> = keys.iter().map(|Key { hash, .. }| *hash).collect();
        hashes.dedup();
        let stored = self.stored_owners(&hashes)?;
        Ok(self.keys.claim(&stored))
    }

    fn look_up(
        &mut self,
        (row, kind): (u32, KeyKind),
        hash: i64,
        hits: &mut Vec<Hit>,
    ) -> Result<bool, StoreError> {
        self.learn(vec![hash])?;
        let owners = self.keys.owners(hash);
        hits.extend(owners.iter().map(|(pk, connection)| Hit {
            row,
            kind,
            hash,
            pk: *pk,
            connection: *connection,
        }));
        Ok(!owners.is_empty())
    }

    fn insert_key(&mut self, hash: i64, pk: i64, connection: i64) -> Result<(), StoreError> {
        self.learn(vec![hash])?;
        self.keys.insert(hash, (pk, connection));
        Ok(())
    }

    fn delete_key(&mut self, hash: i64, pk: i64) -> Result<(), StoreError> {
        self.learn(vec![hash])?;
        self.keys.delete(hash, pk);
        Ok(())
    }

    fn read_ahead(
        &mut self,
        users: &[i64],
        credentials: &[i64],
        replaced: bool,
    ) -> Result<(), StoreError> {
        self.users.clear();
        self.secrets.clear();
        if !users.is_empty() {
            let sql = "SELECT pk, connection, import,
                              CASE WHEN octet_length(profile) <= $2 THEN profile END
                       FROM users WHERE pk = ANY ($1)";
            let rows = self
                .client
                .query(sql, &[&users, &AHEAD_BYTES])
                .map_err(StoreError::sql("reading users"))?;
            let found = rows.iter().filter_map(found);
            self.users
                .extend(found.map(|user| (user.pk, Rc::new(user))));
        }
        if !credentials.is_empty() {
            let sql = "SELECT pk, secrets FROM credentials WHERE pk = ANY ($1)";
            let rows = self
                .client
                .query(sql, &[&credentials])
                .map_err(StoreError::sql("reading credentials"))?;
            self.secrets
                .extend(credentials.iter().map(|pk| (*pk, None)));
            self.secrets
                .extend(rows.iter().map(|row| (row.get(0), Some(row.get(1)))));
        }
        if replaced {
            let hasher = &self.scope.batch.hasher;
            let keys = self.users.values().flat_map(|user| keys_of(&user.packed));
            let hashes = keys
                .map(|(kind, value)| hasher.hash(kind, &value))
                .collect();
            self.learn(hashes)?;
        }
        Ok(())
    }

    fn read(&mut self, pk: i64) -> Result<Option<Rc<Found>>, StoreError> {
        let Scope { batch, job, .. } = self.scope;
        let written = if pk >= self.first_pk {
            let row = (pk - self.first_pk) as u32;
            if self.inserted.binary_search(&row).is_err() {
                return Ok(None);
            }
            let entry = &batch.entries[row as usize];
            Some((entry.connection, batch.str(entry.profile)))
        } else {
            self.updates.get(pk)
        };
        if let Some((connection, packed)) = written {
            return Ok(Some(Rc::new(Found {
                pk,
                connection,
                import: Some(job),
                packed: packed.to_owned(),
            })));
        }
        match self.users.get(&pk) {
            Some(user) => Ok(Some(Rc::clone(user))),
            None => self.read_one(pk),
        }
    }

    fn read_credentials(&mut self, pk: i64) -> Result<Option<String>, StoreError> {
        if let Some((_, secrets)) = self.credentials.get(pk) {
            return Ok(Some(secrets.to_owned()));
        }
        if let Some(secrets) = self.secrets.get(&pk) {
            return Ok(secrets.clone());
        }
        self.client
            .query_opt("SELECT secrets FROM credentials WHERE pk = $1", &[&pk])
            .map(|row| row.map(|row| row.get(0)))
            .map_err(StoreError::sql("reading credentials"))
    }

    fn insert(&mut self, row: u32, _: &Entry) -> Result<(), StoreError> {
        self.inserted.push(row);
        Ok(())
    }

    fn update(&mut self, user: &Found, profile: &str) -> Result<(), StoreError> {
        self.last_read = None;
        self.updates.push(user.pk, user.connection, profile);
        if self.updates.text.len() >= PENDING_BYTES {
            self.write_updates()?;
        }
        Ok(())
    }

    fn write_credentials(&mut self, pk: i64, json: &str) -> Result<(), StoreError> {
        self.credentials.push(pk, 0, json);
        if self.credentials.text.len() >= PENDING_BYTES {
            self.write_changed_credentials()?;
        }
        Ok(())
    }

    fn finish(&mut self, failures: &[&[FailedRow]]) -> Result<(), StoreError> {
        self.write_users()?;
        self.write_credentials_of_new()?;
        self.write_updates()?;
        self.write_changed_credentials()?;
        self.write_keys()?;
        self.write_failures(failures)
    }
}

/// Reads `pk, connection, import, profile`; nothing if the profile was left out.
fn found(row: &postgres::Row) -> Option<Found> {
    Some(Found {
        pk: row.get(0),
        connection: row.get(1),
        import: row.get(2),
        packed: row.get::<_, Option<&str>>(3)?.to_owned(),
    })
}

fn columns(keys: &[(i64, Owner)]) -> (Vec<i64>, Vec<i64>, Vec<i64>) {
    let hashes = keys.iter().map(|(hash, _)| *hash).collect();
    let pks = keys.iter().map(|(_, (pk, _))| *pk).collect();
    let connections = keys
        .iter()
        .map(|(_, (_, connection))| *connection)
        .collect();
    (hashes, pks, connections)
}

fn copy_keys(
    client: &mut Client,
    doing: &'static str,
    table: &str,
    keys: impl Iterator<Item = (i64, Owner)>,
) -> Result<(), StoreError> {
    let mut keys = keys.peekable();
    if keys.peek().is_none() {
        return Ok(());
    }
    let sql = format!("COPY {table} (hash, pk, connection) FROM STDIN (FORMAT binary)");
    let mut copy = Copy::start(client, doing, &sql)?;
    for (hash, (pk, connection)) in keys {
        copy.row([hash, pk, connection], [])?;
    }
    copy.finish()
}
