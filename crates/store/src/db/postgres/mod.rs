//! Statements on PostgreSQL.

mod server;
#[cfg(test)]
mod tests;
mod tls;
mod url;

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::ControlFlow;

use postgres::fallible_iterator::FallibleIterator;
use postgres::types::ToSql;
use postgres::{Client, Statement};

use super::value::{Row, Value};
use crate::error::StoreError;

pub(crate) use self::server::{Lent as PostgresReader, PostgresServer};
pub use self::url::PostgresUrl;

/// One connection with the statements that it has prepared. Used by one thread at a time.
pub(crate) struct Session {
    client: RefCell<Client>,
    statements: RefCell<HashMap<String, Statement>>,
}

impl Session {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client: RefCell::new(client),
            statements: RefCell::default(),
        }
    }

    pub(super) fn execute(
        &self,
        doing: &'static str,
        sql: &str,
        values: &[Value<'_>],
    ) -> Result<u64, StoreError> {
        let statement = self.prepare(doing, sql, values)?;
        self.with_client(|client| client.execute(&statement, &parameters(values)))
            .map_err(StoreError::sql(doing))
    }

    /// Takes all rows at once.
    pub(super) fn all(
        &self,
        doing: &'static str,
        sql: &str,
        values: &[Value<'_>],
        each: &mut dyn FnMut(&Row<'_>) -> Result<ControlFlow<()>, StoreError>,
    ) -> Result<(), StoreError> {
        let statement = self.prepare(doing, sql, values)?;
        let rows = self
            .with_client(|client| client.query(&statement, &parameters(values)))
            .map_err(StoreError::sql(doing))?;
        for row in &rows {
            if each(&Row::postgres(doing, row))?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Takes the rows as they come; the driver reads no further than it is asked to.
    pub(super) fn each(
        &self,
        doing: &'static str,
        sql: &str,
        values: &[Value<'_>],
        each: &mut dyn FnMut(&Row<'_>) -> Result<ControlFlow<()>, StoreError>,
    ) -> Result<(), StoreError> {
        let statement = self.prepare(doing, sql, values)?;
        self.with_client(|client| {
            let error = StoreError::sql(doing);
            let mut rows = client
                .query_raw(&statement, parameters(values))
                .map_err(&error)?;
            while let Some(row) = rows.next().map_err(&error)? {
                if each(&Row::postgres(doing, &row))?.is_break() {
                    break;
                }
            }
            Ok(())
        })
    }

    /// Runs statements that need no values.
    pub(crate) fn batch(&self, doing: &'static str, sql: &str) -> Result<(), StoreError> {
        self.with_client(|client| client.batch_execute(sql))
            .map_err(StoreError::sql(doing))
    }

    pub(super) fn with_client<T>(&self, work: impl FnOnce(&mut Client) -> T) -> T {
        let mut client = self.client.try_borrow_mut();
        let client = client
            .as_mut()
            .expect("nothing else runs while rows are handed out");
        work(client)
    }

    fn prepare(
        &self,
        doing: &'static str,
        sql: &str,
        values: &[Value<'_>],
    ) -> Result<Statement, StoreError> {
        if let Some(statement) = self.statements.borrow().get(sql) {
            return Ok(statement.clone());
        }
        let types: Vec<_> = values.iter().map(Value::postgres_type).collect();
        let statement = self
            .with_client(|client| client.prepare_typed(&dialect(sql), &types))
            .map_err(StoreError::sql(doing))?;
        self.statements
            .borrow_mut()
            .insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

fn parameters<'a>(values: &'a [Value<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    values
        .iter()
        .map(|value| value as &(dyn ToSql + Sync))
        .collect()
}

/// PostgreSQL's placeholders are `$1`. No statement of ours has a question mark elsewhere.
fn dialect(sql: &str) -> String {
    sql.replace('?', "$")
}
