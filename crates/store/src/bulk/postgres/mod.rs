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

mod copy;
mod overlay;
mod write;

use std::collections::HashMap;
use std::rc::Rc;

use postgres::Client;

use self::overlay::{Overlay, Owner};
use self::write::Pending;
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
