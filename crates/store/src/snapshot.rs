//! One moment of the store, for several threads: what searches, exports and edits read from.

use crate::db::{Db, PostgresReader, SqliteFile, SqliteReader};
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
pub struct SnapshotReader(Reader);

enum Reader {
    Sqlite(SqliteReader),
    Postgres(Box<PostgresReader>),
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
            Base::Postgres(server) => {
                let readers = server.snapshot(threads)?;
                let boxed = readers.into_iter().map(Box::new);
                boxed.map(Reader::Postgres).collect()
            }
        };
        let readers = readers.into_iter().map(SnapshotReader);
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
        match &self.0 {
            Reader::Sqlite(reader) => Db::Sqlite(reader),
            Reader::Postgres(reader) => Db::Postgres(reader),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use purser_core::connection::Strategy;
    use purser_core::user::Profile;

    use crate::testing::{New, TestStore, on_both_stores};
    use crate::users::NewUserRecord;

    on_both_stores!(readers_see_one_moment);

    fn insert(store: &TestStore, connection: i64, name: &str) {
        let record = NewUserRecord {
            connection,
            strategy: Strategy::database(),
            profile: Profile::from_canonical(format!(r#"{{"user_id":"auth0|{name}"}}"#)),
            credentials: None,
        };
        store.insert_user(&record).unwrap();
    }

    fn readers_see_one_moment(new: New) {
        let store = new();
        let empty = store.snapshot(None, 1).unwrap();
        assert_eq!((empty.first, empty.last, empty.users), (1, 0, 0));
        drop(empty);
        insert(&store, 1, "a");
        insert(&store, 1, "b");
        let snapshot = store.snapshot(None, 3).unwrap();
        insert(&store, 1, "c");
        assert_eq!((snapshot.first, snapshot.last, snapshot.users), (1, 2, 2));
        let threads = snapshot.into_readers().into_iter().map(|reader| {
            std::thread::spawn(move || {
                let mut seen = 0;
                let mut everybody = reader.filter(None, None).unwrap();
                let scan = reader.each_match(&mut everybody, (1, 100), |_, _| {
                    seen += 1;
                    ControlFlow::Continue(())
                });
                scan.unwrap();
                let sql = "SELECT count(*) FROM users";
                let count = reader.db().row("testing", sql, &[], |row| row.count(0));
                (seen, count.unwrap().unwrap())
            })
        });
        for thread in threads.collect::<Vec<_>>() {
            assert_eq!(thread.join().unwrap(), (2, 2));
        }
    }
}
