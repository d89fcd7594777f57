//! What the rules of a step ask of a database. The rules are compiled once for each, so asking costs nothing.

use std::rc::Rc;

use super::{Batch, Entry};
use crate::error::StoreError;
use crate::keys::KeyKind;
use crate::row_errors::FailedRow;
use crate::users::Found;

/// A key of the batch that was taken already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) row: u32,
    pub(super) kind: KeyKind,
    pub(super) hash: i64,
    pub(super) pk: i64,
    pub(super) connection: i64,
}

/// The tables that a step reads and writes. What was written is read again, whether or not it has left the memory.
pub(super) trait Tables {
    /// Whether [`Self::read_ahead`] does anything.
    const READS_AHEAD: bool;

    fn connection_is_there(&mut self, connection: i64) -> Result<bool, StoreError>;

    /// Returns what the job's connection was called when the job was made; a restore has none.
    fn connection_name(&mut self) -> Result<String, StoreError>;

    /// Returns the number that the first row's new user gets; the others follow, with gaps where none is inserted.
    fn first_pk(&self) -> i64;

    /// Claims every key of the batch for the user that its row may become; returns the taken ones in any order.
    fn claim_keys(&mut self) -> Result<Vec<Hit>, StoreError>;

    /// Adds the users that have the hash to `hits`; returns whether there are any.
    fn look_up(
        &mut self,
        key: (u32, KeyKind),
        hash: i64,
        hits: &mut Vec<Hit>,
    ) -> Result<bool, StoreError>;

    /// Writes one key of a user.
    fn insert_key(&mut self, hash: i64, pk: i64, connection: i64) -> Result<(), StoreError>;

    /// Deletes one key of a user; a further user with the same hash takes its place.
    fn delete_key(&mut self, hash: i64, pk: i64) -> Result<(), StoreError>;

    /// Says which users, and whose credentials, are about to be read, and whether the users may be `replaced`, keys and
    /// all.
    fn read_ahead(
        &mut self,
        users: &[i64],
        credentials: &[i64],
        replaced: bool,
    ) -> Result<(), StoreError>;

    fn read(&mut self, pk: i64) -> Result<Option<Rc<Found>>, StoreError>;

    fn read_credentials(&mut self, pk: i64) -> Result<Option<String>, StoreError>;

    /// Inserts the user that a row becomes, with its credentials but without its keys, which it has claimed.
    fn insert(&mut self, row: u32, entry: &Entry) -> Result<(), StoreError>;

    fn update(&mut self, user: &Found, profile: &str) -> Result<(), StoreError>;

    fn write_credentials(&mut self, pk: i64, json: &str) -> Result<(), StoreError>;

    /// Writes what is still in memory, and the rows that failed.
    fn finish(&mut self, failures: &[&[FailedRow]]) -> Result<(), StoreError>;
}

/// What the tables of a step belong to.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) batch: &'a Batch,
    pub(super) job: i64,
    /// Most keys of an upsert are taken, most of another import are free: the likely question comes first.
    pub(super) upsert: bool,
}
