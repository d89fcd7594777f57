//! Reading profiles inside a transaction: a range of numbers, or certain ones.

use std::ops::ControlFlow;

use rusqlite::Connection as Sqlite;

use crate::db::{Db, Value, values};
use crate::error::StoreError;

const DOING: &str = "reading users";

/// Hands the users numbered `from..=to` to `each`, in order, until it breaks: number and packed profile. PostgreSQL leaves
/// out those whose profile lacks `needle`: what is not sent need not be read.
pub(super) fn scan(
    db: &Db<'_>,
    (from, to): (i64, i64),
    connection: Option<i64>,
    needle: Option<&str>,
    mut each: impl FnMut(i64, &str) -> ControlFlow<()>,
) -> Result<(), StoreError> {
    if let Some(sqlite) = db.as_sqlite() {
        return scan_sqlite(sqlite, connection, (from, to), &mut each);
    }
    db.each(
        DOING,
        "SELECT pk, profile FROM users WHERE pk BETWEEN ?1 AND ?2
           AND (?3 IS NULL OR connection = ?3) AND (?4 IS NULL OR strpos(profile, ?4) > 0)
         ORDER BY pk",
        values![from, to, connection, needle],
        |row| Ok(each(row.int(0)?, row.text(1)?)),
    )
}

/// Hands some users to `each`, in the order of `pks`, with the place of their number in it, until it breaks; users that are
/// not there, or not of the connection, are left out.
pub(super) fn fetch(
    db: &Db<'_>,
    pks: &[i64],
    connection: Option<i64>,
    mut each: impl FnMut(usize, &str) -> ControlFlow<()>,
) -> Result<(), StoreError> {
    let Some(sqlite) = db.as_sqlite() else {
        return fetch_postgres(db, pks, connection, &mut each);
    };
    let error = StoreError::sql(DOING);
    let mut statement = sqlite
        .prepare_cached(
            "SELECT profile FROM users WHERE pk = ?1 AND (?2 IS NULL OR connection = ?2)",
        )
        .map_err(&error)?;
    for (index, pk) in pks.iter().enumerate() {
        let mut rows = statement.query((pk, connection)).map_err(&error)?;
        if let Some(row) = rows.next().map_err(&error)?
            && each(index, packed(row.get_ref(0).map_err(&error)?)?).is_break()
        {
            break;
        }
    }
    Ok(())
}

/// Users fetched by one statement; bounds the memory.
const FETCHED: usize = 1000;

fn fetch_postgres(
    db: &Db<'_>,
    pks: &[i64],
    connection: Option<i64>,
    each: &mut impl FnMut(usize, &str) -> ControlFlow<()>,
) -> Result<(), StoreError> {
    for (chunk, wanted) in pks.chunks(FETCHED).enumerate() {
        let sql = "SELECT pk, profile FROM users
                   WHERE pk = ANY (?1) AND (?2 IS NULL OR connection = ?2)";
        let read = |row: &crate::db::Row<'_>| Ok((row.int(0)?, row.string(1)?));
        let values = &[Value::Ints(wanted), Value::Int(connection)];
        let found: std::collections::HashMap<i64, String> =
            db.rows(DOING, sql, values, read)?.into_iter().collect();
        for (index, pk) in wanted.iter().enumerate() {
            if let Some(packed) = found.get(pk)
                && each(chunk * FETCHED + index, packed).is_break()
            {
                return Ok(());
            }
        }
    }
    Ok(())
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

fn packed(value: rusqlite::types::ValueRef<'_>) -> Result<&str, StoreError> {
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
    fn scanned(
        (store, connection): (&TestStore, i64),
        range: (i64, i64),
        most: usize,
    ) -> Vec<(i64, String)> {
        let mut seen = vec![];
        let reader = &store.snapshot(None, 1).unwrap().into_readers()[0];
        let scan = scan(&reader.db(), range, Some(connection), None, |pk, packed| {
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
        drop(snapshot);
        let scanned = |from, to, most| scanned((&store, other), (from, to), most);
        assert_eq!(scanned(1, 100, 100), own(&[(2, "b"), (3, "c"), (5, "e")]));
        assert_eq!(scanned(3, 4, 100), own(&[(3, "c")]));
        // After a break the connection is as good as new.
        assert_eq!(scanned(1, 100, 1), own(&[(2, "b")]));
        assert_eq!(scanned(5, 100, 100), own(&[(5, "e")]));
        assert_eq!(scanned(6, 100, 100), []);
    }

    fn users_are_fetched_in_any_order(new: New) {
        let store = new();
        for name in ["a", "b", "c"] {
            insert(&store, 1, name);
        }
        let reader = &store.snapshot(None, 1).unwrap().into_readers()[0];
        let mut seen = vec![];
        let fetched = fetch(&reader.db(), &[3, 9, 1, 3], None, |index, packed| {
            seen.push((index, packed.contains("c\"")));
            ControlFlow::Continue(())
        });
        fetched.unwrap();
        assert_eq!(seen, [(0, true), (2, false), (3, true)]);
        for (pks, connection) in [(&[][..], None), (&[1, 2], Some(7))] {
            let nobody = |_, _: &str| unreachable!("nobody was asked for");
            fetch(&reader.db(), pks, connection, nobody).unwrap();
        }
    }
}
