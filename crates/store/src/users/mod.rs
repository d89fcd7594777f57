//! The table of users, one at a time: the API's own reads and writes. Imports go through `bulk.rs`.

#[cfg(test)]
mod tests;

use purser_core::connection::Strategy;
use purser_core::id::UserId;
use purser_core::json::RawJson;
use purser_core::packed;
use purser_core::query::fold;
use purser_core::secret::Secret;
use purser_core::user::Profile;

use crate::db::{Db, Row, values};
use crate::error::StoreError;
use crate::keys::{self, KeyHasher, KeyKind, LOOK_UP};
use crate::open::Store;
use crate::search::{note_change, note_changes};

/// A user to be stored.
#[derive(Debug)]
pub struct NewUserRecord {
    /// The connection's number.
    pub connection: i64,
    pub strategy: Strategy,
    pub profile: Profile,
    /// JSON object of credentials.
    pub credentials: Option<Secret<String>>,
}

/// What became of a write to one user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserWrite {
    Done,
    /// Another user has this key already.
    Taken(KeyKind),
    /// There is no such user, or no such connection for a new one.
    Missing,
}

/// A user found by a key.
pub(crate) struct Found {
    pub(crate) pk: i64,
    pub(crate) connection: i64,
    pub(crate) import: Option<i64>,
    /// As the table keeps it.
    pub(crate) packed: String,
}

impl Found {
    /// Reads `pk, connection, import, profile`.
    pub(crate) fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            pk: row.int(0)?,
            connection: row.int(1)?,
            import: row.opt_int(2)?,
            packed: row.string(3)?,
        })
    }

    pub(crate) fn profile(&self) -> Profile {
        Profile::from_canonical(packed::unpacked(&self.packed))
    }
}

/// Returns a profile as the table keeps it.
fn pack(profile: &Profile) -> String {
    let mut text = String::with_capacity(profile.as_str().len());
    packed::pack(profile.as_str(), &mut text);
    text
}

/// Returns the keys that a profile has, packed or not.
pub(crate) fn keys_of(profile: &str) -> Vec<(KeyKind, String)> {
    KeyKind::ALL
        .into_iter()
        .filter_map(|kind| {
            let value = packed::get(profile, kind.attribute())?;
            let value = RawJson::trusted(&value).as_str()?.into_owned();
            let folded = matches!(kind, KeyKind::Email | KeyKind::Username);
            Some((
                kind,
                if folded {
                    fold(&value).into_owned()
                } else {
                    value
                },
            ))
        })
        .collect()
}

/// Returns the users with these numbers who are there, in the order of the numbers.
pub(crate) fn find_all(db: &Db<'_>, pks: &[i64]) -> Result<Vec<Found>, StoreError> {
    let sql = "SELECT pk, connection, import, profile FROM users WHERE pk = ANY (?1) ORDER BY pk";
    db.rows("reading users", sql, values![pks], Found::from_row)
}

/// Returns the users that have the key, their real values compared.
pub(crate) fn find_by_key(
    db: &Db<'_>,
    hasher: &KeyHasher,
    kind: KeyKind,
    value: &str,
) -> Result<Vec<Found>, StoreError> {
    let sql = format!(
        "SELECT pk, connection, import, profile FROM users
         WHERE pk IN (SELECT pk FROM ({LOOK_UP}) AS holders) ORDER BY pk"
    );
    let hash = hasher.hash(kind, value);
    let mut found = db.rows("looking for a user", &sql, values![hash], Found::from_row)?;
    found.retain(|user| has_key(&user.packed, kind, value));
    Ok(found)
}

/// Returns whether a packed profile really has the key that its hash promised.
pub(crate) fn has_key(profile: &str, kind: KeyKind, value: &str) -> bool {
    packed::get(profile, kind.attribute()).is_some_and(|stored| {
        RawJson::trusted(&stored)
            .as_str()
            .is_some_and(|stored| kind.same(&stored, value))
    })
}

/// Returns whether the strategy lets no two users of a connection share such a key.
pub(crate) fn is_unique(strategy: &Strategy, kind: KeyKind) -> bool {
    match kind {
        KeyKind::UserId => true,
        KeyKind::Email => strategy.email_is_unique(),
        KeyKind::Username => strategy.is_database(),
        KeyKind::Phone => strategy.phone_is_unique(),
    }
}

fn find_credentials(db: &Db<'_>, pk: i64) -> Result<Option<Secret<String>>, StoreError> {
    let sql = "SELECT secrets FROM credentials WHERE pk = ?1";
    db.row("reading credentials", sql, values![pk], |row| {
        row.string(0).map(Secret::new)
    })
}

/// Writes a user's credentials in the place of those that are there.
fn write_credentials(db: &Db<'_>, pk: i64, secrets: &Secret<String>) -> Result<(), StoreError> {
    let sql = "INSERT INTO credentials VALUES (?1, ?2)
         ON CONFLICT (pk) DO UPDATE SET secrets = excluded.secrets";
    db.execute("writing credentials", sql, values![pk, secrets.expose()])?;
    Ok(())
}

/// Deletes users, given in the order of their numbers.
pub(crate) fn delete_all(
    db: &Db<'_>,
    hasher: &KeyHasher,
    users: &[Found],
) -> Result<(), StoreError> {
    for user in users {
        delete_one(db, hasher, user)?;
    }
    let deleted: Vec<i64> = users.iter().map(|user| user.pk).collect();
    note_changes(db, &deleted)
}

fn delete_one(db: &Db<'_>, hasher: &KeyHasher, user: &Found) -> Result<(), StoreError> {
    for (kind, value) in keys_of(&user.packed) {
        keys::delete(db, hasher.hash(kind, &value), user.pk)?;
    }
    for sql in [
        "DELETE FROM credentials WHERE pk = ?1",
        "DELETE FROM users WHERE pk = ?1",
    ] {
        db.execute("deleting a user", sql, values![user.pk])?;
    }
    count_users(db, user.connection, -1)
}

/// Deletes up to `most` users of a connection whose numbers are above `after`; returns the numbers.
pub(crate) fn delete_after(
    db: &Db<'_>,
    hasher: &KeyHasher,
    connection: i64,
    after: i64,
    most: i64,
) -> Result<Vec<i64>, StoreError> {
    let users = db.rows(
        "deleting the users of a connection",
        "SELECT pk, connection, import, profile FROM users WHERE connection = ?1 AND pk > ?2
         ORDER BY pk LIMIT ?3",
        values![connection, after, most],
        Found::from_row,
    )?;
    delete_all(db, hasher, &users)?;
    Ok(users.into_iter().map(|user| user.pk).collect())
}

pub(crate) fn count_users(db: &Db<'_>, connection: i64, more: i64) -> Result<(), StoreError> {
    let sql = "UPDATE connections SET users = users + ?2 WHERE pk = ?1";
    db.execute("counting users", sql, values![connection, more])?;
    Ok(())
}

/// Returns how many users one connection has, or all.
pub(crate) fn counted_users(db: &Db<'_>, connection: Option<i64>) -> Result<u64, StoreError> {
    let sql = "SELECT CAST(coalesce(sum(users), 0) AS BIGINT) FROM connections WHERE ?1 IS NULL OR pk = ?1";
    let count = db.row("counting users", sql, values![connection], |row| {
        row.count(0)
    })?;
    Ok(count.unwrap_or(0))
}

impl Store {
    pub fn find_user(&self, id: &UserId) -> Result<Option<Profile>, StoreError> {
        self.read("looking for a user", |db| {
            let found = find_by_key(db, &self.inner.hasher, KeyKind::UserId, id.as_str())?;
            Ok(found.into_iter().next().map(|user| user.profile()))
        })
    }

    /// Returns the users of all connections that have the (lower-case) address.
    pub fn find_users_by_email(&self, email: &str) -> Result<Vec<Profile>, StoreError> {
        self.read("looking for users by e-mail", |db| {
            let found = find_by_key(db, &self.inner.hasher, KeyKind::Email, email)?;
            Ok(found.into_iter().map(|user| user.profile()).collect())
        })
    }

    /// Counts the users of one connection or of all.
    pub fn count_users(&self, connection: Option<i64>) -> Result<u64, StoreError> {
        self.read("counting users", |db| counted_users(db, connection))
    }

    pub fn insert_user(&self, record: &NewUserRecord) -> Result<UserWrite, StoreError> {
        let NewUserRecord {
            connection,
            strategy,
            profile,
            credentials,
        } = record;
        let doing = "creating a user";
        self.write(doing, |tx| {
            // It may have been deleted since the caller looked.
            let there = "SELECT 1 FROM connections WHERE pk = ?1";
            if tx
                .row(doing, there, values![*connection], |_| Ok(()))?
                .is_none()
            {
                return Ok(UserWrite::Missing);
            }
            let keys = keys_of(profile.as_str());
            if let Some(kind) = self.taken(tx, &keys, *connection, strategy, None)? {
                return Ok(UserWrite::Taken(kind));
            }
            let last = "SELECT max(pk) FROM users";
            let last = tx.row(doing, last, &[], |row| row.opt_int(0))?.flatten();
            let pk = last.unwrap_or(0) + 1;
            tx.execute(
                doing,
                "INSERT INTO users (pk, connection, profile) VALUES (?1, ?2, ?3)",
                values![pk, *connection, &pack(profile)],
            )?;
            if let Some(secrets) = credentials {
                write_credentials(tx, pk, secrets)?;
            }
            self.insert_keys(tx, &keys, pk, *connection)?;
            note_change(tx, pk)?;
            count_users(tx, *connection, 1)?;
            Ok(UserWrite::Done)
        })
    }

    /// Changes a user inside one transaction: `change` gets the profile and the credentials as they are and returns
    /// what they shall be; no credentials leave them alone.
    pub fn update_user<E: From<StoreError>>(
        &self,
        id: &UserId,
        strategy: &Strategy,
        change: impl FnOnce(
            &Profile,
            Option<&Secret<String>>,
        ) -> Result<(Profile, Option<Secret<String>>), E>,
    ) -> Result<Result<UserWrite, E>, StoreError> {
        let doing = "updating a user";
        self.write(doing, |tx| {
            let found = find_by_key(tx, &self.inner.hasher, KeyKind::UserId, id.as_str())?
                .into_iter()
                .next();
            let Some(user) = found else {
                return Ok(Ok(UserWrite::Missing));
            };
            let secrets = find_credentials(tx, user.pk)?;
            let (profile, credentials) = match change(&user.profile(), secrets.as_ref()) {
                Ok(changed) => changed,
                Err(refused) => return Ok(Err(refused)),
            };
            if let Some(kind) = self.replace_profile(tx, &user, strategy, &profile)? {
                return Ok(Ok(UserWrite::Taken(kind)));
            }
            if let Some(secrets) = &credentials {
                write_credentials(tx, user.pk, secrets)?;
            }
            note_change(tx, user.pk)?;
            Ok(Ok(UserWrite::Done))
        })
    }

    /// Returns whether the user was there.
    pub fn delete_user(&self, id: &UserId) -> Result<bool, StoreError> {
        self.write("deleting a user", |tx| {
            let found = find_by_key(tx, &self.inner.hasher, KeyKind::UserId, id.as_str())?;
            delete_all(tx, &self.inner.hasher, &found)?;
            Ok(!found.is_empty())
        })
    }

    /// Deletes the users of a connection that have the address; returns how many there were.
    pub fn delete_users_by_email(&self, connection: i64, email: &str) -> Result<u64, StoreError> {
        self.write("deleting users", |tx| {
            let mut found = find_by_key(tx, &self.inner.hasher, KeyKind::Email, email)?;
            found.retain(|user| user.connection == connection);
            delete_all(tx, &self.inner.hasher, &found)?;
            Ok(found.len() as u64)
        })
    }

    /// Deletes up to `most` users of a connection in one transaction; returns how many.
    pub fn delete_users_of(&self, connection: i64, most: i64) -> Result<u64, StoreError> {
        self.write("deleting the users of a connection", |tx| {
            let deleted = delete_after(tx, &self.inner.hasher, connection, 0, most)?;
            Ok(deleted.len() as u64)
        })
    }

    /// Puts a profile in the place of a user's, unless another user has one of its keys already: then returns which.
    /// That the user changed is for the caller to note.
    pub(crate) fn replace_profile(
        &self,
        db: &Db<'_>,
        user: &Found,
        strategy: &Strategy,
        profile: &Profile,
    ) -> Result<Option<KeyKind>, StoreError> {
        let (old_keys, keys) = (keys_of(&user.packed), keys_of(profile.as_str()));
        let are_new = old_keys != keys;
        if are_new
            && let Some(kind) = self.taken(db, &keys, user.connection, strategy, Some(user.pk))?
        {
            return Ok(Some(kind));
        }
        let update = "UPDATE users SET profile = ?2 WHERE pk = ?1";
        db.execute("updating a user", update, values![user.pk, &pack(profile)])?;
        if are_new {
            for (kind, value) in &old_keys {
                keys::delete(db, self.inner.hasher.hash(*kind, value), user.pk)?;
            }
            self.insert_keys(db, &keys, user.pk, user.connection)?;
        }
        Ok(None)
    }

    /// Returns which key another user has already.
    fn taken(
        &self,
        db: &Db<'_>,
        keys: &[(KeyKind, String)],
        connection: i64,
        strategy: &Strategy,
        own: Option<i64>,
    ) -> Result<Option<KeyKind>, StoreError> {
        for (kind, value) in keys.iter().filter(|(kind, _)| is_unique(strategy, *kind)) {
            let others = find_by_key(db, &self.inner.hasher, *kind, value)?;
            let clash = others.iter().any(|user| {
                Some(user.pk) != own && (*kind == KeyKind::UserId || user.connection == connection)
            });
            if clash {
                return Ok(Some(*kind));
            }
        }
        Ok(None)
    }

    fn insert_keys(
        &self,
        db: &Db<'_>,
        keys: &[(KeyKind, String)],
        pk: i64,
        connection: i64,
    ) -> Result<(), StoreError> {
        for (kind, value) in keys {
            keys::insert(db, self.inner.hasher.hash(*kind, value), pk, connection)?;
        }
        Ok(())
    }
}
