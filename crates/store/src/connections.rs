//! The table of connections.

use purser_core::connection::{Connection, Strategy};
use purser_core::id::ConnectionId;
use rusqlite::{Connection as Sqlite, OptionalExtension, Row, params};

use crate::error::StoreError;
use crate::open::Store;

/// A connection with what only the store knows of it.
#[derive(Debug, Clone, PartialEq)]
pub struct ConnectionRow {
    /// The store's own number, by which users refer to it.
    pub pk: i64,
    pub connection: Connection,
    /// How many users it has.
    pub users: u64,
}

const COLUMNS: &str = "pk, id, name, strategy, enabled, enabled_clients, options, extra, users";

fn from_row(row: &Row<'_>) -> rusqlite::Result<ConnectionRow> {
    let json = |index: usize| -> rusqlite::Result<serde_json::Value> {
        let text = row.get_ref(index)?.as_str()?;
        serde_json::from_str(text).map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(index, rusqlite::types::Type::Text, error.into())
        })
    };
    let object = |index| json(index).map(|value| value.as_object().cloned().unwrap_or_default());
    let id: String = row.get(1)?;
    Ok(ConnectionRow {
        pk: row.get(0)?,
        connection: Connection {
            id: ConnectionId::parse(&id).ok_or(rusqlite::Error::InvalidQuery)?,
            name: row.get(2)?,
            strategy: Strategy::new(row.get::<_, String>(3)?),
            enabled: row.get(4)?,
            enabled_clients: serde_json::from_value(json(5)?).unwrap_or_default(),
            options: object(6)?,
            extra: object(7)?,
        },
        users: row.get(8)?,
    })
}

/// Inserts a connection and returns its number.
pub(crate) fn insert(db: &Sqlite, connection: &Connection) -> Result<i64, StoreError> {
    let Connection { id, name, strategy, enabled, enabled_clients, options, extra } = connection;
    let json = StoreError::corrupt("writing a connection");
    let inserted = db.execute(
        "INSERT OR IGNORE INTO connections (id, name, strategy, enabled, enabled_clients, options, extra)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            id.as_str(),
            name,
            strategy.as_str(),
            enabled,
            serde_json::to_string(enabled_clients).map_err(&json)?,
            serde_json::to_string(options).map_err(&json)?,
            serde_json::to_string(extra).map_err(&json)?,
        ],
    );
    match inserted.map_err(StoreError::sql("writing a connection"))? {
        0 => Err(StoreError::ConnectionExists),
        _ => Ok(db.last_insert_rowid()),
    }
}

pub(crate) fn find_by(
    db: &Sqlite,
    column: &'static str,
    value: &str,
) -> Result<Option<ConnectionRow>, StoreError> {
    db.prepare_cached(&format!("SELECT {COLUMNS} FROM connections WHERE {column} = ?1"))
        .and_then(|mut statement| statement.query_row([value], from_row).optional())
        .map_err(StoreError::sql("looking for a connection"))
}

/// Users deleted in one transaction when their connection goes; keeps the writer free for others in between.
const DELETE_CHUNK: i64 = 5_000;

impl Store {
    pub fn insert_connection(&self, connection: &Connection) -> Result<i64, StoreError> {
        self.write("creating a connection", |tx| insert(tx, connection))
    }

    pub fn find_connection(&self, id: &ConnectionId) -> Result<Option<ConnectionRow>, StoreError> {
        self.read("looking for a connection", |db| find_by(db, "id", id.as_str()))
    }

    pub fn find_connection_by_name(&self, name: &str) -> Result<Option<ConnectionRow>, StoreError> {
        self.read("looking for a connection", |db| find_by(db, "name", name))
    }

    /// Returns all connections in the order they were made.
    pub fn list_connections(&self) -> Result<Vec<ConnectionRow>, StoreError> {
        let error = StoreError::sql("listing connections");
        self.read("listing connections", |db| {
            let mut statement = db
                .prepare_cached(&format!("SELECT {COLUMNS} FROM connections ORDER BY pk"))
                .map_err(&error)?;
            let rows = statement.query_map([], from_row).map_err(&error)?;
            rows.collect::<Result<_, _>>().map_err(&error)
        })
    }

    /// Replaces everything but id, name and strategy; returns whether the connection is still there.
    pub fn update_connection(&self, connection: &Connection) -> Result<bool, StoreError> {
        let Connection { id, name: _, strategy: _, enabled, enabled_clients, options, extra } = connection;
        let json = StoreError::corrupt("writing a connection");
        self.write("updating a connection", |tx| {
            tx.execute(
                "UPDATE connections SET enabled = ?2, enabled_clients = ?3, options = ?4, extra = ?5
                 WHERE id = ?1",
                params![
                    id.as_str(),
                    enabled,
                    serde_json::to_string(enabled_clients).map_err(&json)?,
                    serde_json::to_string(options).map_err(&json)?,
                    serde_json::to_string(extra).map_err(&json)?,
                ],
            )
            .map(|changed| changed > 0)
            .map_err(StoreError::sql("updating a connection"))
        })
    }

    /// Deletes a connection with its users; returns whether it was there.
    pub fn delete_connection(&self, id: &ConnectionId) -> Result<bool, StoreError> {
        let Some(found) = self.find_connection(id)? else { return Ok(false) };
        // No import may add users while they are being deleted.
        self.update_connection(&Connection { enabled: false, ..found.connection })?;
        while self.delete_users_of(found.pk, DELETE_CHUNK)? > 0 {}
        self.write("deleting a connection", |tx| {
            tx.execute("DELETE FROM connections WHERE id = ?1", [id.as_str()])
                .map(|deleted| deleted > 0)
                .map_err(StoreError::sql("deleting a connection"))
        })
    }
}
