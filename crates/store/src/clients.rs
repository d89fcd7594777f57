//! The table of API clients. Secrets are kept as hashes only.

use purser_core::clock::Timestamp;
use purser_core::id::ClientId;
use rusqlite::{OptionalExtension, Row, params};

use crate::error::StoreError;
use crate::open::Store;

/// An API client and what it may do.
#[derive(Clone, PartialEq, Eq)]
pub struct Client {
    pub id: ClientId,
    pub name: String,
    /// SHA-256 of the secret. Secrets are 64 random characters, so a fast hash is enough.
    pub secret_hash: Vec<u8>,
    pub scopes: Vec<String>,
    pub created_at: Timestamp,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("id", &self.id)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Client> {
    Ok(Client {
        id: ClientId::new(row.get::<_, String>(0)?),
        name: row.get(1)?,
        secret_hash: row.get(2)?,
        scopes: row
            .get_ref(3)?
            .as_str()?
            .split_whitespace()
            .map(str::to_owned)
            .collect(),
        created_at: Timestamp(row.get(4)?),
    })
}

impl Store {
    pub fn insert_client(&self, client: &Client) -> Result<(), StoreError> {
        let Client {
            id,
            name,
            secret_hash,
            scopes,
            created_at,
        } = client;
        self.write("creating a client", |tx| {
            let inserted = tx
                .execute(
                    "INSERT OR IGNORE INTO clients (id, name, secret_hash, scopes, created_at)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![
                        id.as_str(),
                        name,
                        secret_hash,
                        scopes.join(" "),
                        created_at.0
                    ],
                )
                .map_err(StoreError::sql("creating a client"))?;
            if inserted == 0 {
                Err(StoreError::ClientExists)
            } else {
                Ok(())
            }
        })
    }

    pub fn find_client(&self, id: &ClientId) -> Result<Option<Client>, StoreError> {
        self.read("looking for a client", |db| {
            db.query_row(
                "SELECT id, name, secret_hash, scopes, created_at FROM clients WHERE id = ?1",
                [id.as_str()],
                from_row,
            )
            .optional()
            .map_err(StoreError::sql("looking for a client"))
        })
    }

    pub fn list_clients(&self) -> Result<Vec<Client>, StoreError> {
        let error = StoreError::sql("listing clients");
        self.read("listing clients", |db| {
            let mut statement = db
                .prepare_cached(
                    "SELECT id, name, secret_hash, scopes, created_at FROM clients
                     ORDER BY created_at, id",
                )
                .map_err(&error)?;
            statement
                .query_map([], from_row)
                .map_err(&error)?
                .collect::<Result<_, _>>()
                .map_err(&error)
        })
    }

    /// Returns whether the client was there.
    pub fn delete_client(&self, id: &ClientId) -> Result<bool, StoreError> {
        self.write("deleting a client", |tx| {
            tx.execute("DELETE FROM clients WHERE id = ?1", [id.as_str()])
                .map(|deleted| deleted > 0)
                .map_err(StoreError::sql("deleting a client"))
        })
    }
}
