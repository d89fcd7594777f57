//! Single values: the tenant's name and the server's secrets.

use purser_core::connection::{Connection, DEFAULT_CONNECTION, Strategy};
use purser_core::id::ConnectionId;

use crate::db::{Db, values};
use crate::error::StoreError;
use crate::keys::KeyHasher;
use crate::open::{OpenOptions, Store};

/// Returns whether the store has what it starts with.
pub(crate) fn is_filled(db: &Db<'_>) -> Result<bool, StoreError> {
    Ok(get(db, "commits")?.is_some())
}

/// Writes what a new store starts with: its secrets, the tenant's name and the default connection. Returns whether the
/// store was new; another process may have been first.
pub(crate) fn fill(db: &Db<'_>, options: &OpenOptions) -> Result<bool, StoreError> {
    if is_filled(db)? {
        return Ok(false);
    }
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    for (name, value) in [
        ("commits", "0".to_owned()),
        ("tenant", options.tenant.clone()),
        ("key_hash_seed", hex(&options.random[..16])),
        ("link_secret", hex(&options.random[16..48])),
        ("created_at", options.now.to_string()),
    ] {
        db.execute(
            "preparing a new store",
            "INSERT INTO settings VALUES (?1, ?2)",
            values![name, &value],
        )?;
    }
    let random = options.random[48..64].try_into().expect("sixteen bytes");
    let first = Connection {
        id: ConnectionId::from_random(random),
        name: DEFAULT_CONNECTION.to_owned(),
        strategy: Strategy::database(),
        enabled: true,
        enabled_clients: vec![],
        options: purser_core::api::default_options(&Strategy::database()),
        extra: serde_json::Map::new(),
    };
    crate::connections::insert(db, &first)?;
    Ok(true)
}

fn get(db: &Db<'_>, name: &str) -> Result<Option<String>, StoreError> {
    let sql = "SELECT value FROM settings WHERE name = ?1";
    db.row("reading a setting", sql, values![name], |row| row.string(0))
}

pub(crate) fn key_hasher(db: &Db<'_>) -> Result<KeyHasher, StoreError> {
    let seed = get(db, "key_hash_seed")?.unwrap_or_default();
    let half = |part: Option<&str>| part.and_then(|digits| u64::from_str_radix(digits, 16).ok());
    match (half(seed.get(..16)), half(seed.get(16..))) {
        (Some(first), Some(second)) => Ok(KeyHasher::new(first, second)),
        _ => Err(StoreError::Corrupt {
            doing: "opening the store",
            what: "the seed of the key hashes".to_owned(),
        }),
    }
}

impl Store {
    /// Returns the tenant's name, after which export files are called.
    pub fn tenant(&self) -> Result<String, StoreError> {
        Ok(self.setting("tenant")?.unwrap_or_default())
    }

    pub fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        self.read("reading a setting", |db| get(db, name))
    }

    /// Stores `value` unless another process was first; returns what is stored.
    pub fn setting_or_insert(&self, name: &str, value: &str) -> Result<String, StoreError> {
        let doing = "writing a setting";
        self.write(doing, |tx| {
            let sql = "INSERT INTO settings VALUES (?1, ?2) ON CONFLICT DO NOTHING";
            tx.execute(doing, sql, values![name, value])?;
            Ok(get(tx, name)?.unwrap_or_default())
        })
    }
}
