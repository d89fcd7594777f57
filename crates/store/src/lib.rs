//! Where Purser keeps things; the only SQL of the project. One concrete [`Store`], opened by URL.
//!
//! Calls block: SQLite does, bulk work is bound by one core anyway, and threads with bounded channels between them
//! are easier to reason about than tasks. The server calls from its blocking threads.

mod bulk;
mod clients;
mod connections;
mod db;
mod edit;
mod error;
mod jobs;
mod keys;
mod lease;
mod migrate;
mod open;
mod row_errors;
mod search;
mod settings;
mod snapshot;
#[cfg(test)]
mod testing;
mod users;

pub use bulk::{Batch, BatchOutcome, NewRow, Step};
pub use clients::Client;
pub use connections::ConnectionRow;
pub use db::PostgresUrl;
pub use edit::{EditCheckpoint, EditOutcome, EditPage, EditScope, UserEdit};
pub use error::{DatabaseError, PostgresError, StoreError};
pub use jobs::{JobFilter, NewJob};
pub use keys::KeyKind;
pub use lease::{Claimed, Ending, Lease};
pub use open::{LogFolder, OpenOptions, Store, StoreUrl};
pub use row_errors::FailedRow;
pub use search::{
    BuildStep, Filter, Index, IndexState, IndexStates, Keys, SearchRequest, SearchResult, SortKey,
};
pub use snapshot::{Snapshot, SnapshotReader};
pub use users::{NewUserRecord, UserWrite};
