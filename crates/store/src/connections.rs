//! The table of connections.

use purser_core::connection::{Connection, Strategy};
use purser_core::id::ConnectionId;
use rusqlite::{Connection as Sqlite, OptionalExtension, Row, params};

use crate::error::StoreError;
use crate::open::Store;
use crate::users::delete_after;

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
            rusqlite::Error::FromSqlConversionFailure(
                index,
                rusqlite::types::Type::Text,
                error.into(),
            )
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
    let Connection {
        id,
        name,
        strategy,
        enabled,
        enabled_clients,
        options,
        extra,
    } = connection;
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

/// Replaces everything but id, name and strategy; returns whether the connection is there.
fn update(db: &Sqlite, connection: &Connection) -> Result<bool, StoreError> {
    let Connection {
        id,
        name: _,
        strategy: _,
        enabled,
        enabled_clients,
        options,
        extra,
    } = connection;
    let json = StoreError::corrupt("writing a connection");
    db.execute(
        "UPDATE connections SET enabled = ?2, enabled_clients = ?3, options = ?4, extra = ?5 WHERE id = ?1",
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
}

pub(crate) fn find_by(
    db: &Sqlite,
    column: &'static str,
    value: &str,
) -> Result<Option<ConnectionRow>, StoreError> {
    db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM connections WHERE {column} = ?1"
    ))
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
        self.read("looking for a connection", |db| {
            find_by(db, "id", id.as_str())
        })
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

    /// Changes a connection inside one transaction; returns it as it became, if it is there.
    pub fn change_connection<E>(
        &self,
        id: &ConnectionId,
        change: impl FnOnce(&mut ConnectionRow) -> Result<(), E>,
    ) -> Result<Option<Result<Connection, E>>, StoreError> {
        self.write("updating a connection", |tx| {
            let Some(mut found) = find_by(tx, "id", id.as_str())? else {
                return Ok(None);
            };
            if let Err(refused) = change(&mut found) {
                return Ok(Some(Err(refused)));
            }
            update(tx, &found.connection)?;
            Ok(Some(Ok(found.connection)))
        })
    }

    /// Deletes a connection with its users; returns whether it was there.
    pub fn delete_connection(&self, id: &ConnectionId) -> Result<bool, StoreError> {
        // No import may begin while its users are being deleted.
        let mut pk = 0;
        let found = self.change_connection(id, |row| {
            pk = row.pk;
            row.connection.enabled = false;
            Ok::<_, std::convert::Infallible>(())
        })?;
        if found.is_none() {
            return Ok(false);
        }
        let mut after = 0;
        while !self.delete_chunk(pk, &mut after)? {}
        Ok(true)
    }

    /// Deletes some users of a connection and, once there are none, the connection; returns whether it is gone.
    /// `after` is the number of the last user deleted: what lies before it need not be read again.
    fn delete_chunk(&self, connection: i64, after: &mut i64) -> Result<bool, StoreError> {
        let error = StoreError::sql("deleting a connection");
        self.write("deleting a connection", |tx| {
            let deleted = delete_after(tx, &self.inner.hasher, connection, *after, DELETE_CHUNK)?;
            let seen_from_the_start = *after == 0 && deleted.is_empty();
            *after = deleted.last().copied().unwrap_or(*after);
            if deleted.len() as i64 == DELETE_CHUNK {
                return Ok(false);
            }
            let count = "SELECT users FROM connections WHERE pk = ?1";
            let left: Option<i64> = tx
                .query_row(count, [connection], |row| row.get(0))
                .optional()
                .map_err(&error)?;
            // A user made meanwhile may have the number of one that was deleted.
            if left.is_some_and(|users| users > 0) && !seen_from_the_start {
                *after = 0;
                return Ok(false);
            }
            tx.execute("DELETE FROM connections WHERE pk = ?1", [connection])
                .map_err(&error)?;
            Ok(true)
        })
    }
}

#[cfg(test)]
mod tests {
    use purser_core::clock::Timestamp;
    use purser_core::id::UserId;
    use purser_core::secret::Secret;
    use purser_core::user::Profile;

    use super::*;
    use crate::open::{OpenOptions, StoreUrl};
    use crate::users::{NewUserRecord, UserWrite};

    fn store(folder: &tempfile::TempDir) -> Store {
        let random = std::array::from_fn(|i| i as u8);
        let options = OpenOptions {
            create: true,
            tenant: "t".to_owned(),
            random,
            now: Timestamp(0),
        };
        Store::open(&StoreUrl::Sqlite(folder.path().join("t.db")), &options).unwrap()
    }

    fn user(connection: i64, name: &str, secrets: &str) -> NewUserRecord {
        let profile = format!(r#"{{"email":"{name}@b.example","user_id":"auth0|{name}"}}"#);
        NewUserRecord {
            connection,
            strategy: Strategy::database(),
            profile: Profile::from_canonical(profile),
            credentials: Some(Secret::new(secrets.to_owned())),
        }
    }

    #[test]
    fn a_refused_change_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder);
        let before = store.list_connections().unwrap().remove(0);
        let id = &before.connection.id;
        let refused = store.change_connection(id, |row| {
            row.connection.enabled = false;
            Err("no")
        });
        assert_eq!(refused.unwrap(), Some(Err("no")));
        assert_eq!(store.find_connection(id).unwrap().unwrap(), before);
        let changed = store.change_connection(id, |row| {
            row.connection.enabled = false;
            Ok::<(), ()>(())
        });
        assert!(!changed.unwrap().unwrap().unwrap().enabled);
        assert!(
            !store
                .find_connection(id)
                .unwrap()
                .unwrap()
                .connection
                .enabled
        );
    }

    #[test]
    fn a_deleted_connection_takes_its_users_along_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder);
        let first = store.list_connections().unwrap().remove(0);
        let second = Connection {
            id: ConnectionId::from_random(&[1; 16]),
            name: "second".to_owned(),
            ..first.connection.clone()
        };
        let second = store.insert_connection(&second).unwrap();
        for (connection, name) in [(first.pk, "a"), (second, "b"), (first.pk, "c")] {
            assert_eq!(
                store.insert_user(&user(connection, name, "{}")).unwrap(),
                UserWrite::Done
            );
        }
        assert!(store.delete_connection(&first.connection.id).unwrap());
        assert!(!store.delete_connection(&first.connection.id).unwrap());
        assert_eq!(store.count_users(None).unwrap(), 1);
        assert!(store.find_user(&UserId::new("auth0|b")).unwrap().is_some());
        assert!(store.find_user(&UserId::new("auth0|a")).unwrap().is_none());
        let late = store.insert_user(&user(first.pk, "d", "{}")).unwrap();
        assert_eq!(late, UserWrite::Missing, "its connection is gone");
    }

    #[test]
    fn a_change_of_a_user_sees_the_credentials() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder);
        let connection = store.list_connections().unwrap().remove(0).pk;
        store.insert_user(&user(connection, "a", "first")).unwrap();
        let mut seen = vec![];
        for new in [Some("second"), None, None] {
            let written = store.update_user(
                &UserId::new("auth0|a"),
                &Strategy::database(),
                |profile, secrets| -> Result<_, StoreError> {
                    seen.push(secrets.unwrap().expose().clone());
                    Ok((profile.clone(), new.map(|new| Secret::new(new.to_owned()))))
                },
            );
            assert_eq!(written.unwrap().unwrap(), UserWrite::Done);
        }
        assert_eq!(seen, ["first", "second", "second"]);
    }
}
