//! Single values: the tenant's name and the server's secrets.

use purser_core::connection::{Connection, DEFAULT_CONNECTION, Strategy};
use purser_core::id::ConnectionId;
use rusqlite::{Connection as Sqlite, OptionalExtension, params};

use crate::error::StoreError;
use crate::keys::KeyHasher;
use crate::open::{OpenOptions, Store};

/// Writes what a new store starts with: its secrets, the tenant's name and the default connection.
pub(crate) fn fill(db: &mut Sqlite, options: &OpenOptions) -> Result<(), StoreError> {
    let error = StoreError::sql("preparing a new store");
    if get(db, "commits")?.is_some() {
        return Ok(());
    }
    let tx = db
        .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
        .map_err(&error)?;
    if get(&tx, "commits")?.is_none() {
        let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
        for (name, value) in [
            ("commits", "0".to_owned()),
            ("tenant", options.tenant.clone()),
            ("key_hash_seed", hex(&options.random[..16])),
            ("link_secret", hex(&options.random[16..48])),
            ("created_at", options.now.to_string()),
        ] {
            tx.execute("INSERT INTO settings VALUES (?1, ?2)", params![name, value])
                .map_err(&error)?;
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
        crate::connections::insert(&tx, &first)?;
    }
    tx.commit().map_err(&error)
}

fn get(db: &Sqlite, name: &str) -> Result<Option<String>, StoreError> {
    db.query_row(
        "SELECT value FROM settings WHERE name = ?1",
        [name],
        |row| row.get_ref(0).map(text),
    )
    .optional()
    .map_err(StoreError::sql("reading a setting"))
}

/// The count of commits becomes an integer with its first increment.
fn text(value: rusqlite::types::ValueRef<'_>) -> String {
    match value {
        rusqlite::types::ValueRef::Integer(number) => number.to_string(),
        other => other.as_str().unwrap_or_default().to_owned(),
    }
}

pub(crate) fn key_hasher(db: &Sqlite) -> Result<KeyHasher, StoreError> {
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
        self.write("writing a setting", |tx| {
            tx.execute(
                "INSERT OR IGNORE INTO settings VALUES (?1, ?2)",
                params![name, value],
            )
            .map_err(StoreError::sql("writing a setting"))?;
            Ok(get(tx, name)?.unwrap_or_default())
        })
    }
}
