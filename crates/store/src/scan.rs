//! Reading all users, on several threads, from one snapshot of the store.

use std::ops::ControlFlow;

use rusqlite::Connection as Sqlite;

use crate::db::{Db, SqliteFile, SqliteReader};
use crate::error::StoreError;
use crate::open::{Base, Store};
use crate::users::counted_users;

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

enum Reader {
    Sqlite(SqliteReader),
}

/// Tries before taking the write lock to keep commits out while the readers open their snapshots.
const TRIES: usize = 10;

impl Store {
    /// Opens one snapshot for `threads` readers, of one connection's users or of all.
    pub fn snapshot(
        &self,
        connection: Option<i64>,
        threads: usize,
    ) -> Result<Snapshot, StoreError> {
        let threads = threads.max(1);
        let readers: Vec<Reader> = match &self.inner.base {
            Base::Sqlite(file) => {
                let readers = self.sqlite_snapshot(file, threads)?;
                readers.into_iter().map(Reader::Sqlite).collect()
            }
        };
        let readers = readers
            .into_iter()
            .map(|reader| SnapshotReader { connection, reader });
        finish(readers.collect(), connection)
    }

    /// SQLite gives every connection a snapshot of its own. They are the same moment if no commit came between, which
    /// the count of commits in `settings` tells; under a storm of commits the write lock keeps them out.
    fn sqlite_snapshot(
        &self,
        file: &SqliteFile,
        threads: usize,
    ) -> Result<Vec<SqliteReader>, StoreError> {
        let readers: Vec<SqliteReader> = (0..threads)
            .map(|_| file.reader())
            .collect::<Result<_, _>>()?;
        for _ in 0..TRIES {
            if begin_all(&readers)? {
                return Ok(readers);
            }
        }
        self.write("opening a snapshot", |_| begin_all(&readers))?;
        Ok(readers)
    }
}

/// Begins a transaction on each reader; returns whether they see the same moment.
fn begin_all(readers: &[SqliteReader]) -> Result<bool, StoreError> {
    let error = StoreError::sql("opening a snapshot");
    let mut seen: Vec<i64> = Vec::new();
    for reader in readers {
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
    let db = readers[0].db();
    // Two statements: SQLite answers min or max from one end of the table, but both together by reading all of it.
    let edge = |sql| db.row("opening a snapshot", sql, &[], |row| row.opt_int(0));
    let first = edge("SELECT min(pk) FROM users")?.flatten();
    let last = edge("SELECT max(pk) FROM users")?.flatten();
    let users = counted_users(&db, connection)?;
    Ok(Snapshot {
        first: first.unwrap_or(1),
        last: last.unwrap_or(0),
        users,
        readers,
    })
}

impl SnapshotReader {
    /// Returns the way to ask more of the same moment.
    pub(crate) fn db(&self) -> Db<'_> {
        match &self.reader {
            Reader::Sqlite(reader) => Db::Sqlite(reader),
        }
    }

    /// Hands the numbers and packed profiles of the users `from..=to` to `each`, in their order, until it breaks.
    pub fn scan(
        &self,
        from: i64,
        to: i64,
        mut each: impl FnMut(i64, &str) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        match &self.reader {
            Reader::Sqlite(reader) => scan_sqlite(reader, self.connection, (from, to), &mut each),
        }
    }

    /// Hands the packed profiles of some users to `each`, in the order of `pks`, with the place of their number in it;
    /// users that are not there are left out.
    pub fn fetch(&self, pks: &[i64], mut each: impl FnMut(usize, &str)) -> Result<(), StoreError> {
        match &self.reader {
            Reader::Sqlite(reader) => fetch_sqlite(reader, pks, &mut each),
        }
    }
}

fn scan_sqlite(
    db: &Sqlite,
    connection: Option<i64>,
    (from, to): (i64, i64),
    each: &mut impl FnMut(i64, &str) -> ControlFlow<()>,
) -> Result<(), StoreError> {
    let error = StoreError::sql("reading users");
    let mut statement = db
        .prepare_cached(
            "SELECT profile, connection, pk FROM users WHERE pk BETWEEN ?1 AND ?2 ORDER BY pk",
        )
        .map_err(&error)?;
    let mut rows = statement.query([from, to]).map_err(&error)?;
    while let Some(row) = rows.next().map_err(&error)? {
        if let Some(wanted) = connection
            && row.get::<_, i64>(1).map_err(&error)? != wanted
        {
            continue;
        }
        let pk = row.get(2).map_err(&error)?;
        if each(pk, packed(row.get_ref(0).map_err(&error)?)?).is_break() {
            break;
        }
    }
    Ok(())
}

fn fetch_sqlite(
    db: &Sqlite,
    pks: &[i64],
    each: &mut impl FnMut(usize, &str),
) -> Result<(), StoreError> {
    let error = StoreError::sql("reading users");
    let mut statement = db
        .prepare_cached("SELECT profile FROM users WHERE pk = ?1")
        .map_err(&error)?;
    for (index, pk) in pks.iter().enumerate() {
        let mut rows = statement.query([pk]).map_err(&error)?;
        if let Some(row) = rows.next().map_err(&error)? {
            each(index, packed(row.get_ref(0).map_err(&error)?)?);
        }
    }
    Ok(())
}

fn packed(value: rusqlite::types::ValueRef<'_>) -> Result<&str, StoreError> {
    value.as_str().map_err(|error| StoreError::Corrupt {
        doing: "reading users",
        what: error.to_string(),
    })
}
