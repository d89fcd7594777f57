//! The tables of a step in SQLite: every question and every change is a statement.

use std::rc::Rc;

use rusqlite::{CachedStatement, Connection as Sqlite, OptionalExtension, params};

use super::tables::{Hit, Scope, Tables};
use super::{Entry, Key};
use crate::db::{Db, Row};
use crate::error::StoreError;
use crate::keys::{self, KeyKind, LOOK_UP, LOOK_UP_FIRST};
use crate::row_errors::{self, FailedRow};
use crate::users::Found;

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

pub(super) struct SqliteTables<'a> {
    db: &'a Sqlite,
    scope: Scope<'a>,
    statements: Statements<'a>,
    first_pk: i64,
    /// Whether some hash has more than one user; rarely so with one connection.
    has_shared: bool,
    /// The user read last: rows of one user have several hits.
    last_read: Option<Rc<Found>>,
}

impl<'a> SqliteTables<'a> {
    pub(super) fn new(db: &'a Sqlite, scope: Scope<'a>) -> Result<Self, StoreError> {
        let last: Option<i64> = db
            .query_row("SELECT max(pk) FROM users", [], |row| row.get(0))
            .map_err(StoreError::sql("storing a batch of rows"))?;
        let has_shared = db
            .query_row("SELECT EXISTS (SELECT 1 FROM user_keys_more)", [], |row| {
                row.get(0)
            })
            .map_err(StoreError::sql("storing a batch of rows"))?;
        Ok(Self {
            db,
            scope,
            statements: Statements::prepare(db)?,
            first_pk: last.unwrap_or(0) + 1,
            has_shared,
            last_read: None,
        })
    }
}

impl Tables for SqliteTables<'_> {
    const READS_AHEAD: bool = false;

    fn connection_is_there(&mut self, connection: i64) -> Result<bool, StoreError> {
        self.db
            .prepare_cached("SELECT 1 FROM connections WHERE pk = ?1")
            .and_then(|mut statement| statement.exists([connection]))
            .map_err(StoreError::sql("looking for a connection"))
    }

    fn connection_name(&mut self) -> Result<String, StoreError> {
        self.db
            .prepare_cached("SELECT coalesce(connection_name, '') FROM jobs WHERE pk = ?1")
            .and_then(|mut statement| statement.query_row([self.scope.job], |row| row.get(0)))
            .map_err(StoreError::sql("looking for a connection"))
    }

    fn first_pk(&self) -> i64 {
        self.first_pk
    }

    /// Touches the key table in its own order, once a key.
    fn claim_keys(&mut self) -> Result<Vec<Hit>, StoreError> {
        let error = StoreError::sql("claiming the keys of a batch");
        let Scope { batch, upsert, .. } = self.scope;
        let mut claim = self
            .db
            .prepare_cached("INSERT OR IGNORE INTO user_keys VALUES (?1, ?2, ?3)")
            .map_err(&error)?;
        let mut hits = Vec::new();
        for Key { hash, row, kind } in &batch.keys {
            if upsert && self.look_up((*row, *kind), *hash, &mut hits)? {
                continue;
            }
            let connection = batch.entries[*row as usize].connection;
            let claimed = claim
                .execute(params![hash, self.first_pk + i64::from(*row), connection])
                .map_err(&error)?;
            if claimed == 0 {
                self.look_up((*row, *kind), *hash, &mut hits)?;
            }
        }
        Ok(hits)
    }

    fn look_up(
        &mut self,
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

    fn insert_key(&mut self, hash: i64, pk: i64, connection: i64) -> Result<(), StoreError> {
        self.has_shared = true;
        keys::insert(&Db::Sqlite(self.db), hash, pk, connection)
    }

    fn delete_key(&mut self, hash: i64, pk: i64) -> Result<(), StoreError> {
        keys::delete(&Db::Sqlite(self.db), hash, pk)
    }

    fn read_ahead(&mut self, _: &[i64], _: &[i64], _: bool) -> Result<(), StoreError> {
        Ok(())
    }

    fn read(&mut self, pk: i64) -> Result<Option<Rc<Found>>, StoreError> {
        if let Some(user) = self.last_read.as_ref().filter(|user| user.pk == pk) {
            return Ok(Some(Rc::clone(user)));
        }
        let doing = "reading a user";
        let error = StoreError::sql(doing);
        let mut rows = self.statements.read.query([pk]).map_err(&error)?;
        let found = match rows.next().map_err(&error)? {
            Some(row) => Some(Found::from_row(&Row::sqlite(doing, row))?),
            None => None,
        };
        self.last_read = found.map(Rc::new);
        Ok(self.last_read.clone())
    }

    fn read_credentials(&mut self, pk: i64) -> Result<Option<String>, StoreError> {
        self.db
            .prepare_cached("SELECT secrets FROM credentials WHERE pk = ?1")
            .and_then(|mut statement| statement.query_row([pk], |row| row.get(0)).optional())
            .map_err(StoreError::sql("reading credentials"))
    }

    fn insert(&mut self, row: u32, entry: &Entry) -> Result<(), StoreError> {
        let Scope { batch, job, .. } = self.scope;
        let pk = self.first_pk + i64::from(row);
        self.statements
            .insert
            .execute(params![pk, entry.connection, job, batch.str(entry.profile)])
            .map_err(StoreError::sql("inserting a user"))?;
        match entry.credentials {
            Some(credentials) => self.write_credentials(pk, batch.str(credentials)),
            None => Ok(()),
        }
    }

    fn update(&mut self, user: &Found, profile: &str) -> Result<(), StoreError> {
        self.last_read = None;
        self.statements
            .update
            .execute(params![user.pk, profile, self.scope.job])
            .map(|_| ())
            .map_err(StoreError::sql("updating a user"))
    }

    fn write_credentials(&mut self, pk: i64, json: &str) -> Result<(), StoreError> {
        self.statements
            .credentials
            .execute(params![pk, json])
            .map(|_| ())
            .map_err(StoreError::sql("writing credentials"))
    }

    fn finish(&mut self, failures: &[&[FailedRow]]) -> Result<(), StoreError> {
        failures
            .iter()
            .try_for_each(|rows| row_errors::insert(&Db::Sqlite(self.db), self.scope.job, rows))
    }
}
