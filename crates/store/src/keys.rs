//! Key hashes: how a user is found by id, e-mail address, username or phone number.

use std::hash::Hasher;

use purser_core::query::fold;
use siphasher::sip::SipHasher13;

use crate::db::{Db, values};
use crate::error::StoreError;

/// What a key says about a user. The numbers are part of the stored hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum KeyKind {
    UserId = 1,
    Email = 2,
    Username = 3,
    Phone = 4,
}

impl KeyKind {
    pub const ALL: [Self; 4] = [Self::UserId, Self::Email, Self::Username, Self::Phone];

    /// Returns the profile's attribute that holds the key.
    pub fn attribute(self) -> &'static str {
        match self {
            Self::UserId => "user_id",
            Self::Email => "email",
            Self::Username => "username",
            Self::Phone => "phone_number",
        }
    }

    /// Returns whether two spellings of a value are the same key.
    pub fn same(self, stored: &str, key: &str) -> bool {
        match self {
            Self::UserId | Self::Phone => stored == key,
            // Keys are lower-cased already; restored profiles keep the spelling they came with.
            Self::Email | Self::Username => stored == key || fold(stored) == key,
        }
    }
}

/// Hashes keys with the store's own seed, so that nobody can craft values that collide.
#[derive(Clone)]
pub(crate) struct KeyHasher(SipHasher13);

impl KeyHasher {
    pub(crate) fn new(first: u64, second: u64) -> Self {
        Self(SipHasher13::new_with_keys(first, second))
    }

    pub(crate) fn hash(&self, kind: KeyKind, value: &str) -> i64 {
        let mut hasher = self.0;
        hasher.write_u8(kind as u8);
        hasher.write(value.as_bytes());
        hasher.finish().cast_signed()
    }
}

/// Selects the first user (`pk`, `connection`) that has the hash `?1`; the only one where no hash is shared.
pub(crate) const LOOK_UP_FIRST: &str = "SELECT pk, connection FROM user_keys WHERE hash = ?1";

/// Selects the users (`pk`, `connection`) that have the hash `?1`.
pub(crate) const LOOK_UP: &str = "SELECT pk, connection FROM user_keys WHERE hash = ?1
    UNION ALL SELECT pk, connection FROM user_keys_more WHERE hash = ?1";

/// Writes one key of a user.
pub(crate) fn insert(db: &Db<'_>, hash: i64, pk: i64, connection: i64) -> Result<(), StoreError> {
    let run = |sql| db.execute("writing a user's keys", sql, values![hash, pk, connection]);
    if run("INSERT INTO user_keys VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")? == 0 {
        run("INSERT INTO user_keys_more SELECT ?1, ?2, ?3
             WHERE NOT EXISTS (SELECT 1 FROM user_keys WHERE hash = ?1 AND pk = ?2) ON CONFLICT DO NOTHING")?;
    }
    Ok(())
}

/// Deletes one key of a user; a further user with the same hash takes its place.
pub(crate) fn delete(db: &Db<'_>, hash: i64, pk: i64) -> Result<(), StoreError> {
    let doing = "deleting a user's keys";
    let run = |sql| db.execute(doing, sql, values![hash, pk]);
    if run("DELETE FROM user_keys WHERE hash = ?1 AND pk = ?2")? == 0 {
        run("DELETE FROM user_keys_more WHERE hash = ?1 AND pk = ?2")?;
        return Ok(());
    }
    let run = |sql| db.execute(doing, sql, values![hash]);
    let promoted = run(
        "INSERT INTO user_keys SELECT hash, pk, connection FROM user_keys_more
         WHERE hash = ?1 ORDER BY pk LIMIT 1",
    )?;
    if promoted > 0 {
        run("DELETE FROM user_keys_more
             WHERE hash = ?1 AND pk = (SELECT pk FROM user_keys WHERE hash = ?1)")?;
    }
    Ok(())
}
