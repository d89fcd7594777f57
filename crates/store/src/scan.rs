//! Reading all users, on several threads, from one snapshot of the store.

use std::ops::ControlFlow;

use rusqlite::Connection as Sqlite;

use crate::db::{Db, PostgresReader, SqliteFile, SqliteReader, values};
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
            Reader::Postgres(reader) => Db::Postgres(reader),
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
            Reader::Postgres(_) => self.db().each(
                "reading users",
                "SELECT pk, profile FROM users
                 WHERE pk BETWEEN ?1 AND ?2 AND (?3 IS NULL OR connection = ?3) ORDER BY pk",
                values![from, to, self.connection],
                |row| Ok(each(row.int(0)?, row.text(1)?)),
            ),
        }
    }

    /// Hands the packed profiles of some users to `each`, in the order of `pks`, with the place of their number in it;
    /// users that are not there are left out.
    pub fn fetch(&self, pks: &[i64], mut each: impl FnMut(usize, &str)) -> Result<(), StoreError> {
        match &self.reader {
            Reader::Sqlite(reader) => fetch_sqlite(reader, pks, &mut each),
            Reader::Postgres(_) => fetch_postgres(&self.db(), pks, &mut each),
        }
    }
}

/// Users asked for at once.
const FETCHED: usize = 1000;

/// One question for many users, whose answers come in the order in which PostgreSQL finds them.
fn fetch_postgres(
    db: &Db<'_>,
    pks: &[i64],
    each: &mut impl FnMut(usize, &str),
) -> Result<(), StoreError> {
    let sql = "SELECT pk, profile FROM users WHERE pk = ANY (?1) ORDER BY pk";
    for (part, wanted) in pks.chunks(FETCHED).enumerate() {
        let found = db.rows("reading users", sql, values![wanted], |row| {
            Ok((row.int(0)?, row.string(1)?))
        })?;
        for (index, pk) in wanted.iter().enumerate() {
            if let Ok(at) = found.binary_search_by_key(pk, |(pk, _)| *pk) {
                each(part * FETCHED + index, &found[at].1);
            }
        }
    }
    Ok(())
}

pub(crate) fn scan_sqlite(
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

pub(crate) fn packed(value: rusqlite::types::ValueRef<'_>) -> Result<&str, StoreError> {
    value.as_str().map_err(|error| StoreError::Corrupt {
        doing: "reading users",
        what: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use purser_core::connection::Strategy;
    use purser_core::user::Profile;

    use super::*;
    use crate::testing::{New, TestStore, connection, on_both_stores};
    use crate::users::NewUserRecord;

    on_both_stores!(
        readers_see_one_moment,
        a_scan_is_of_one_connection_and_breaks,
        users_are_fetched_in_any_order,
    );

    fn insert(store: &TestStore, connection: i64, name: &str) {
        let record = NewUserRecord {
            connection,
            strategy: Strategy::database(),
            profile: Profile::from_canonical(format!(r#"{{"user_id":"auth0|{name}"}}"#)),
            credentials: None,
        };
        store.insert_user(&record).unwrap();
    }

    /// Numbers and last letters.
    fn scanned(reader: &SnapshotReader, from: i64, to: i64, most: usize) -> Vec<(i64, String)> {
        let mut seen = vec![];
        let scan = reader.scan(from, to, |pk, packed| {
            let name = packed.trim_end_matches(['"', '}']);
            seen.push((pk, name[name.len() - 1..].to_owned()));
            if seen.len() == most {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        scan.unwrap();
        seen
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
                let seen = scanned(&reader, 1, 100, 100);
                let sql = "SELECT count(*) FROM users";
                let count = reader.db().row("testing", sql, &[], |row| row.count(0));
                (seen.len(), count.unwrap().unwrap())
            })
        });
        for thread in threads.collect::<Vec<_>>() {
            assert_eq!(thread.join().unwrap(), (2, 2));
        }
    }

    fn a_scan_is_of_one_connection_and_breaks(new: New) {
        let store = new();
        let other = store
            .insert_connection(&connection("Other", "auth0"))
            .unwrap();
        for (connection, name) in [(1, "a"), (other, "b"), (other, "c"), (1, "d"), (other, "e")] {
            insert(&store, connection, name);
        }
        let own = |pairs: &[(i64, &str)]| -> Vec<(i64, String)> {
            pairs
                .iter()
                .map(|(pk, name)| (*pk, (*name).to_owned()))
                .collect()
        };
        let snapshot = store.snapshot(Some(other), 1).unwrap();
        assert_eq!(snapshot.users, 3);
        let reader = &snapshot.into_readers()[0];
        assert_eq!(
            scanned(reader, 1, 100, 100),
            own(&[(2, "b"), (3, "c"), (5, "e")])
        );
        assert_eq!(scanned(reader, 3, 4, 100), own(&[(3, "c")]));
        // After a break the reader is as good as new.
        assert_eq!(scanned(reader, 1, 100, 1), own(&[(2, "b")]));
        assert_eq!(scanned(reader, 5, 100, 100), own(&[(5, "e")]));
        assert_eq!(scanned(reader, 6, 100, 100), []);
    }

    fn users_are_fetched_in_any_order(new: New) {
        let store = new();
        for name in ["a", "b", "c"] {
            insert(&store, 1, name);
        }
        let reader = &store.snapshot(None, 1).unwrap().into_readers()[0];
        let mut seen = vec![];
        let fetched = reader.fetch(&[3, 9, 1, 3], |index, packed| {
            seen.push((index, packed.contains("c\"")));
        });
        fetched.unwrap();
        assert_eq!(seen, [(0, true), (2, false), (3, true)]);
        reader
            .fetch(&[], |_, _| unreachable!("nobody was asked for"))
            .unwrap();
    }
}
