//! The table of connections.

use purser_core::connection::{Connection, Strategy};
use purser_core::id::ConnectionId;

use crate::db::{Db, Row, values};
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

fn from_row(row: &Row<'_>) -> Result<ConnectionRow, StoreError> {
    let id = ConnectionId::parse(row.text(1)?).ok_or_else(|| row.corrupt("a connection's id"))?;
    Ok(ConnectionRow {
        pk: row.int(0)?,
        connection: Connection {
            id,
            name: row.string(2)?,
            strategy: Strategy::new(row.string(3)?),
            enabled: row.is_true(4)?,
            enabled_clients: row.json(5)?.unwrap_or_default(),
            options: row.json(6)?.unwrap_or_default(),
            extra: row.json(7)?.unwrap_or_default(),
        },
        users: row.count(8)?,
    })
}

/// Inserts a connection and returns its number.
pub(crate) fn insert(db: &Db<'_>, connection: &Connection) -> Result<i64, StoreError> {
    let Connection {
        id,
        name,
        strategy,
        enabled,
        enabled_clients,
        options,
        extra,
    } = connection;
    let doing = "writing a connection";
    let json = StoreError::corrupt(doing);
    let pk = db.row(
        doing,
        "INSERT INTO connections (id, name, strategy, enabled, enabled_clients, options, extra)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING RETURNING pk",
        values![
            id.as_str(),
            name,
            strategy.as_str(),
            *enabled,
            &serde_json::to_string(enabled_clients).map_err(&json)?,
            &serde_json::to_string(options).map_err(&json)?,
            &serde_json::to_string(extra).map_err(&json)?,
        ],
        |row| row.int(0),
    )?;
    pk.ok_or(StoreError::ConnectionExists)
}

/// Replaces everything but id, name and strategy; returns whether the connection is there.
fn update(db: &Db<'_>, connection: &Connection) -> Result<bool, StoreError> {
    let Connection {
        id,
        name: _,
        strategy: _,
        enabled,
        enabled_clients,
        options,
        extra,
    } = connection;
    let doing = "updating a connection";
    let json = StoreError::corrupt(doing);
    let changed = db.execute(
        doing,
        "UPDATE connections SET enabled = ?2, enabled_clients = ?3, options = ?4, extra = ?5 WHERE id = ?1",
        values![
            id.as_str(),
            *enabled,
            &serde_json::to_string(enabled_clients).map_err(&json)?,
            &serde_json::to_string(options).map_err(&json)?,
            &serde_json::to_string(extra).map_err(&json)?,
        ],
    )?;
    Ok(changed > 0)
}

pub(crate) fn find_by(
    db: &Db<'_>,
    column: &'static str,
    value: &str,
) -> Result<Option<ConnectionRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM connections WHERE {column} = ?1");
    db.row("looking for a connection", &sql, values![value], from_row)
}

/// Returns the connection with this number.
pub(crate) fn find_by_number(db: &Db<'_>, pk: i64) -> Result<Option<ConnectionRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM connections WHERE pk = ?1");
    db.row("looking for a connection", &sql, values![pk], from_row)
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
        let doing = "listing connections";
        let sql = format!("SELECT {COLUMNS} FROM connections ORDER BY pk");
        self.read(doing, |db| db.rows(doing, &sql, &[], from_row))
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
        let doing = "deleting a connection";
        self.write(doing, |tx| {
            let deleted = delete_after(tx, &self.inner.hasher, connection, *after, DELETE_CHUNK)?;
            let seen_from_the_start = *after == 0 && deleted.is_empty();
            *after = deleted.last().copied().unwrap_or(*after);
            if deleted.len() as i64 == DELETE_CHUNK {
                return Ok(false);
            }
            let count = "SELECT users FROM connections WHERE pk = ?1";
            let left = tx.row(doing, count, values![connection], |row| row.int(0))?;
            // A user made meanwhile may have the number of one that was deleted.
            if left.is_some_and(|users| users > 0) && !seen_from_the_start {
                *after = 0;
                return Ok(false);
            }
            let delete = "DELETE FROM connections WHERE pk = ?1";
            tx.execute(doing, delete, values![connection])?;
            Ok(true)
        })
    }
}

#[cfg(test)]
mod tests {
    use purser_core::id::UserId;
    use purser_core::secret::Secret;
    use purser_core::user::Profile;

    use super::*;
    use crate::testing::{New, connection as new_connection, on_both_stores};
    use crate::users::{NewUserRecord, UserWrite};

    on_both_stores!(
        a_refused_change_changes_nothing,
        a_deleted_connection_takes_its_users_along_and_no_others,
        a_change_of_a_user_sees_the_credentials,
        a_name_is_given_once,
    );

    fn user(connection: i64, name: &str, secrets: &str) -> NewUserRecord {
        let profile = format!(r#"{{"email":"{name}@b.example","user_id":"auth0|{name}"}}"#);
        NewUserRecord {
            connection,
            strategy: Strategy::database(),
            profile: Profile::from_canonical(profile),
            credentials: Some(Secret::new(secrets.to_owned())),
        }
    }

    fn a_refused_change_changes_nothing(new: New) {
        let store = new();
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

    fn a_deleted_connection_takes_its_users_along_and_no_others(new: New) {
        let store = new();
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

    fn a_change_of_a_user_sees_the_credentials(new: New) {
        let store = new();
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

    fn a_name_is_given_once(new: New) {
        let store = new();
        let first = new_connection("Ünique \u{1F600}", "sms");
        store.insert_connection(&first).unwrap();
        let refused = store.insert_connection(&first).unwrap_err();
        assert!(matches!(refused, StoreError::ConnectionExists));
        let found = store.find_connection_by_name(&first.name).unwrap().unwrap();
        assert_eq!((found.connection, found.users), (first, 0));
        let names = store.list_connections().unwrap();
        assert_eq!(names.len(), 2);
    }
}
