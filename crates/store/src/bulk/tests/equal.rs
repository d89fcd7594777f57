//! The same steps mean the same on both databases, down to the rows of the tables.

use std::collections::HashSet;

use proptest::prelude::*;
use purser_core::id::UserId;

use super::{FullRow, How, Scene};
use crate::KeyKind;
use crate::db::Row;
use crate::testing::{TestStore, connection};
use crate::users::{Found, keys_of};

/// What happens to a store.
#[derive(Debug, Clone)]
enum Event {
    Step {
        how: How,
        new_job: bool,
        rows: Vec<FullRow>,
    },
    Delete(u8),
}

/// Few names, so that they meet; the connection is the first or the second.
fn row() -> impl Strategy<Value = FullRow> {
    let credentials = prop_oneof![
        3 => Just(None),
        1 => Just(Some("{\"password_hash\":\"x\"}".to_owned())),
        1 => (0..3_u8).prop_map(|n| Some(format!("{{\"custom_password_hash\":{{\"n\":{n}}}}}"))),
        1 => (0..3_u8).prop_map(|n| Some(format!("{{\"mfa_factors\":[{{\"n\":{n}}}]}}"))),
    ];
    let username = proptest::option::weighted(0.4, 0..6_u8);
    (0..12_u8, 0..12_u8, username, 0..4_u8, credentials, 0..4_i64).prop_map(
        |(id, email, username, name, credentials, connection)| FullRow {
            id: format!("auth0|{id}"),
            email: format!("{email}@b.co"),
            username: username.map(|n| format!("name{n}")),
            more: format!(",\"name\":\"{name}\""),
            credentials,
            connection: i64::from(connection == 0),
        },
    )
}

fn event() -> impl Strategy<Value = Event> {
    let how = prop_oneof![Just(How::Insert), Just(How::Upsert), Just(How::Replace)];
    let rows = proptest::collection::vec(row(), 0..16);
    prop_oneof![
        6 => (how, any::<bool>(), rows).prop_map(|(how, new_job, rows)| Event::Step { how, new_job, rows }),
        1 => (0..12_u8).prop_map(Event::Delete),
    ]
}

/// Returns what each step told and everything that is stored at the end, and found.
fn outcome(scene: &Scene, events: &[Event]) -> Vec<String> {
    let other = connection("Other", "auth0");
    let other = scene.store.insert_connection(&other).unwrap();
    // A replaced user keeps its connection, whatever the row says; there the address may be somebody else's.
    let replaces = events.iter().any(|event| {
        let Event::Step { how, .. } = event else {
            return false;
        };
        *how == How::Replace
    });
    let mut number = 1;
    let mut job = scene.job(number);
    let mut seen = vec![];
    for event in events {
        match event {
            Event::Step { how, new_job, rows } => {
                if *new_job {
                    number += 1;
                    job = scene.job(number);
                }
                let mut rows = rows.clone();
                for row in &mut rows {
                    let is_other = if replaces {
                        row.id.ends_with(['1', '5'])
                    } else {
                        row.connection == 1
                    };
                    row.connection = if is_other { other } else { scene.default };
                }
                seen.push(scene.apply_full(&job, &rows, *how));
            }
            Event::Delete(id) => {
                let id = UserId::new(format!("auth0|{id}"));
                let was_there = scene.store.delete_user(&id).unwrap();
                seen.push(format!("deleted: {was_there}"));
            }
        }
    }
    assert_sound(scene);
    seen.extend(scene.everything());
    for n in 0..12 {
        seen.push(format!("{:?}", scene.user(&format!("auth0|{n}"))));
        let found = scene.store.find_users_by_email(&format!("{n}@b.co"));
        seen.extend(found.unwrap().into_iter().map(|user| user.into_string()));
    }
    seen
}

/// Every user is found by exactly the keys of its profile, and no two of a connection share one.
fn assert_sound(scene: &Scene) {
    let doing = "checking the keys";
    let read = scene.store.read(doing, |db| {
        let users = "SELECT pk, connection, import, profile FROM users";
        let keys = "SELECT hash, pk, connection FROM user_keys
            UNION ALL SELECT hash, pk, connection FROM user_keys_more";
        let alone =
            "SELECT hash FROM user_keys_more WHERE hash NOT IN (SELECT hash FROM user_keys)";
        let int = |row: &Row<'_>, n| row.int(n);
        Ok((
            db.rows(doing, users, &[], Found::from_row)?,
            db.rows(doing, keys, &[], |row| {
                Ok((int(row, 0)?, int(row, 1)?, int(row, 2)?))
            })?,
            db.rows(doing, alone, &[], |row| int(row, 0))?,
        ))
    });
    let (users, mut keys, alone) = read.unwrap();
    let mut expected = vec![];
    let mut taken = HashSet::new();
    for user in users {
        for (kind, value) in keys_of(&user.packed) {
            let hash = scene.store.inner.hasher.hash(kind, &value);
            expected.push((hash, user.pk, user.connection));
            let scope = (kind != KeyKind::UserId).then_some(user.connection);
            assert!(taken.insert((scope, hash)), "{} has a double", user.packed);
        }
    }
    keys.sort_unstable();
    expected.sort_unstable();
    assert_eq!(keys, expected);
    assert_eq!(alone, [0_i64; 0]);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 16,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn steps_mean_the_same_on_both_databases(events in proptest::collection::vec(event(), 1..8)) {
        let sqlite = outcome(&Scene::new(TestStore::sqlite), &events);
        let postgres = outcome(&Scene::new(TestStore::postgres), &events);
        prop_assert_eq!(sqlite, postgres);
    }
}
