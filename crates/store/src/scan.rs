//! Reading all users, on several threads, from one snapshot of the store.

use std::ops::ControlFlow;

use crate::error::StoreError;
use crate::open::Store;
use crate::pool::Reader;

/// The store as it was at one moment; writes that come later are not seen.
pub struct Snapshot {
    readers: Vec<SnapshotReader>,
    /// Numbers of the first and the last user.
    pub first: i64,
    pub last: i64,
    /// How many users it holds of the connection asked for.
    pub users: u64,
}

impl Snapshot {
    /// Returns the readers, each to be used by a thread of its own.
    pub fn into_readers(self) -> Vec<SnapshotReader> {
        self.readers
    }
}

/// One thread's view of a snapshot.
pub struct SnapshotReader {
    connection: Option<i64>,
    reader: Reader,
}

/// Tries before taking the write lock to keep commits out while the readers open their snapshots.
const TRIES: usize = 10;

impl Store {
    /// Opens one snapshot for `threads` readers, of one connection's users or of all.
    ///
    /// SQLite gives every connection a snapshot of its own. They are the same moment if no commit came between, which
    /// the count of commits in `settings` tells; under a storm of commits the write lock keeps them out.
    pub fn snapshot(
        &self,
        connection: Option<i64>,
        threads: usize,
    ) -> Result<Snapshot, StoreError> {
        let mut readers: Vec<SnapshotReader> = Vec::new();
        for _ in 0..threads.max(1) {
            readers.push(SnapshotReader {
                connection,
                reader: self.inner.readers.take()?,
            });
        }
        for _ in 0..TRIES {
            if begin_all(&readers)? {
                return finish(readers, connection);
            }
        }
        self.write("opening a snapshot", |_| begin_all(&readers))?;
        finish(readers, connection)
    }
}

/// Begins a transaction on each reader; returns whether they see the same moment.
fn begin_all(readers: &[SnapshotReader]) -> Result<bool, StoreError> {
    let error = StoreError::sql("opening a snapshot");
    let mut seen: Vec<i64> = Vec::new();
    for SnapshotReader { reader, .. } in readers {
        if !reader.is_autocommit() {
            reader.execute_batch("ROLLBACK").map_err(&error)?;
        }
        reader.execute_batch("BEGIN").map_err(&error)?;
        let commits = reader.query_row(
            "SELECT CAST(value AS INTEGER) FROM settings WHERE name = 'commits'",
            [],
            |row| row.get(0),
        );
        seen.push(commits.map_err(&error)?);
    }
    Ok(seen.windows(2).all(|pair| pair[0] == pair[1]))
}

fn finish(readers: Vec<SnapshotReader>, connection: Option<i64>) -> Result<Snapshot, StoreError> {
    let error = StoreError::sql("opening a snapshot");
    let db = &readers[0].reader;
    // Two statements: SQLite answers min or max from one end of the table, but both together by reading all of it.
    let edge = |sql| db.query_row(sql, [], |row| row.get::<_, Option<i64>>(0));
    let first = edge("SELECT min(pk) FROM users").map_err(&error)?;
    let last = edge("SELECT max(pk) FROM users").map_err(&error)?;
    let users = db
        .query_row(
            "SELECT coalesce(sum(users), 0) FROM connections WHERE ?1 IS NULL OR pk = ?1",
            [connection],
            |row| row.get(0),
        )
        .map_err(&error)?;
    Ok(Snapshot {
        first: first.unwrap_or(1),
        last: last.unwrap_or(0),
        users,
        readers,
    })
}

impl SnapshotReader {
    /// Hands the packed profiles numbered `from..=to` to `each`, in their order, until it breaks.
    pub fn scan(
        &self,
        from: i64,
        to: i64,
        mut each: impl FnMut(&str) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let error = StoreError::sql("reading users");
        let mut statement = self
            .reader
            .prepare_cached(
                "SELECT profile, connection FROM users WHERE pk BETWEEN ?1 AND ?2 ORDER BY pk",
            )
            .map_err(&error)?;
        let mut rows = statement.query([from, to]).map_err(&error)?;
        while let Some(row) = rows.next().map_err(&error)? {
            if let Some(wanted) = self.connection
                && row.get::<_, i64>(1).map_err(&error)? != wanted
            {
                continue;
            }
            let packed = row.get_ref(0).map_err(&error)?;
            let packed = packed.as_str().map_err(|e| StoreError::Corrupt {
                doing: "reading users",
                what: e.to_string(),
            })?;
            if each(packed).is_break() {
                break;
            }
        }
        Ok(())
    }
}
