//! The table of API clients. Secrets are kept as hashes only.

use purser_core::clock::Timestamp;
use purser_core::id::ClientId;

use crate::db::{Row, values};
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

const COLUMNS: &str = "id, name, secret_hash, scopes, created_at";

fn from_row(row: &Row<'_>) -> Result<Client, StoreError> {
    let scopes = row.text(3)?.split_whitespace();
    Ok(Client {
        id: ClientId::new(row.string(0)?),
        name: row.string(1)?,
        secret_hash: row.blob(2)?.to_owned(),
        scopes: scopes.map(str::to_owned).collect(),
        created_at: Timestamp(row.int(4)?),
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
        let doing = "creating a client";
        self.write(doing, |db| {
            let inserted = db.execute(
                doing,
                "INSERT INTO clients (id, name, secret_hash, scopes, created_at)
                 VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
                values![
                    id.as_str(),
                    name,
                    secret_hash.as_slice(),
                    &scopes.join(" "),
                    created_at.0
                ],
            )?;
            if inserted == 0 {
                Err(StoreError::ClientExists)
            } else {
                Ok(())
            }
        })
    }

    pub fn find_client(&self, id: &ClientId) -> Result<Option<Client>, StoreError> {
        let doing = "looking for a client";
        let sql = format!("SELECT {COLUMNS} FROM clients WHERE id = ?1");
        self.read(doing, |db| {
            db.row(doing, &sql, values![id.as_str()], from_row)
        })
    }

    pub fn list_clients(&self) -> Result<Vec<Client>, StoreError> {
        let doing = "listing clients";
        let sql = format!("SELECT {COLUMNS} FROM clients ORDER BY created_at, id");
        self.read(doing, |db| db.rows(doing, &sql, &[], from_row))
    }

    /// Returns whether the client was there.
    pub fn delete_client(&self, id: &ClientId) -> Result<bool, StoreError> {
        let doing = "deleting a client";
        self.write(doing, |db| {
            let sql = "DELETE FROM clients WHERE id = ?1";
            Ok(db.execute(doing, sql, values![id.as_str()])? > 0)
        })
    }
}
