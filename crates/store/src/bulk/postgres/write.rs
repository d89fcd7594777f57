//! Writing what a step changed.

use std::collections::HashMap;
use std::ops::Range;

use postgres::Client;

use super::PostgresTables;
use super::copy::Copy;
use super::overlay::Owner;
use crate::bulk::tables::Scope;
use crate::error::StoreError;
use crate::row_errors::FailedRow;

const COPY_USERS: &str = "COPY users (pk, connection, import, profile) FROM STDIN (FORMAT binary)";

/// Changed texts that wait to be written.
#[derive(Default)]
pub(super) struct Pending {
    pub(super) text: String,
    rows: HashMap<i64, (i64, Range<usize>)>,
}

impl Pending {
    pub(super) fn push(&mut self, pk: i64, connection: i64, text: &str) {
        let start = self.text.len();
        self.text.push_str(text);
        self.rows.insert(pk, (connection, start..self.text.len()));
    }

    pub(super) fn get(&self, pk: i64) -> Option<(i64, &str)> {
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

impl PostgresTables<'_> {
    /// A row that is deleted and copied anew costs two thirds of one that is updated: COPY writes page by page.
    pub(super) fn write_updates(&mut self) -> Result<(), StoreError> {
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

    pub(super) fn write_changed_credentials(&mut self) -> Result<(), StoreError> {
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

    pub(super) fn write_users(&mut self) -> Result<(), StoreError> {
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

    pub(super) fn write_credentials_of_new(&mut self) -> Result<(), StoreError> {
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

    pub(super) fn write_keys(&mut self) -> Result<(), StoreError> {
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

    pub(super) fn write_failures(&mut self, failures: &[&[FailedRow]]) -> Result<(), StoreError> {
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
