//! Every answer must be the one that asking each profile gives, whatever is indexed.

use std::ops::ControlFlow;

use purser_core::connection::{DEFAULT_CONNECTION, Strategy};
use purser_core::packed;
use purser_core::query::{Attribute, Limits, Matcher, Query, Sort};
use purser_core::user::Profile;

use super::{BuildStep, SearchRequest};
use crate::db::values;
use crate::testing::{NOW, New, TestStore, connection, on_both_stores};
use crate::users::NewUserRecord;

mod random;

use random::Random;

on_both_stores!(
    answers_do_not_depend_on_indexes,
    pages_follow_each_other,
    changes_are_seen_at_once,
    indexes_are_declared_and_dropped,
    values_that_cannot_be_indexed_are_found,
    common_paths_are_indexed_by_themselves,
    numbers_of_common_paths_are_given_once,
);

/// Some of the users of the recorded answers, scattered over several segments and two connections.
struct Scene {
    store: TestStore,
    users: Vec<(i64, i64, Profile)>,
}

impl Scene {
    fn new(new: New, every: usize, distance: i64) -> Self {
        let store = new();
        let default = store
            .find_connection_by_name(DEFAULT_CONNECTION)
            .unwrap()
            .unwrap()
            .pk;
        let second = store
            .insert_connection(&connection("second", "auth0"))
            .unwrap();
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/search");
        let text = std::fs::read_to_string(format!("{folder}/users.ndjson")).unwrap();
        let users: Vec<_> = text
            .lines()
            .step_by(every)
            .enumerate()
            .map(|(index, line)| {
                let value: serde_json::Value = serde_json::from_str(line).unwrap();
                let connection = if index % 3 == 0 { second } else { default };
                let profile = Profile::from_canonical(value.to_string());
                (1 + index as i64 * distance, connection, profile)
            })
            .collect();
        let insert = store.write("testing", |db| {
            for (pk, connection, profile) in &users {
                let mut packed = String::new();
                packed::pack(profile.as_str(), &mut packed);
                db.execute(
                    "testing",
                    "INSERT INTO users (pk, connection, profile) VALUES (?1, ?2, ?3)",
                    values![*pk, *connection, &packed],
                )?;
                for (kind, value) in crate::users::keys_of(profile.as_str()) {
                    let hash = store.inner.hasher.hash(kind, &value);
                    crate::keys::insert(db, hash, *pk, *connection)?;
                }
                crate::users::count_users(db, *connection, 1)?;
            }
            Ok(())
        });
        insert.unwrap();
        Self { store, users }
    }

    fn index_all(&self) -> usize {
        let mut built = 0;
        while self.store.build_indexes().unwrap() != BuildStep::Nothing {
            built += 1;
        }
        built
    }

    /// What asking each profile gives.
    fn expected(&self, query: &Query, connection: Option<i64>) -> Vec<&Profile> {
        let mut matcher = Matcher::new(query);
        self.users
            .iter()
            .filter(|(_, of, _)| connection.is_none_or(|wanted| wanted == *of))
            .map(|(.., profile)| profile)
            .filter(|profile| matcher.matches(profile.as_str()))
            .collect()
    }

    fn check(&self, query: &Query, connection: Option<i64>) {
        let expected = self.expected(query, connection);
        let found = self.store.search_users(&SearchRequest {
            query: Some(query),
            connection,
            limit: 100_000,
            count: true,
            ..SearchRequest::default()
        });
        let found = found.unwrap();
        assert_eq!(found.total, Some(expected.len() as u64), "{query}");
        assert_eq!(ids(found.users.iter()), ids(expected), "{query}");
        let reader = &self.store.snapshot(None, 1).unwrap().into_readers()[0];
        let mut filter = reader.filter(Some(query), connection).unwrap();
        let mut scanned = vec![];
        let last = self.users.last().unwrap().0;
        for from in (0..=last).step_by(4096) {
            let scan = reader.each_match(&mut filter, (from, from + 4095), |_, packed| {
                scanned.push(Profile::from_canonical(packed::unpacked(packed)));
                ControlFlow::Continue(())
            });
            scan.unwrap();
        }
        assert_eq!(ids(&scanned), ids(found.users.iter()), "{query}");
    }

    fn sorted(&self, query: &str, sort: &str, offset: u64, limit: u64) -> (Vec<String>, u64) {
        let query = Query::parse(query, Limits::None).unwrap();
        let sort = Sort::parse(sort).unwrap();
        let found = self.store.search_users(&SearchRequest {
            query: Some(&query),
            sort: Some(&sort),
            offset,
            limit,
            count: true,
            ..SearchRequest::default()
        });
        let found = found.unwrap();
        (ids(found.users.iter()), found.total.unwrap())
    }
}

fn ids<'a>(users: impl IntoIterator<Item = &'a Profile>) -> Vec<String> {
    users
        .into_iter()
        .map(|profile| profile.text("user_id").unwrap().into_owned())
        .collect()
}

fn parsed(query: &str) -> Query {
    Query::parse(query, Limits::None).unwrap_or_else(|error| panic!("{query}: {error}"))
}

/// How many random queries are asked; more in the long run of `PURSER_QUERIES`.
fn queries() -> usize {
    let asked = std::env::var("PURSER_QUERIES").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(150)
}

fn answers_do_not_depend_on_indexes(new: New) {
    let scene = Scene::new(new, 4, 97);
    scene
        .store
        .create_index(&Attribute::parse("app_metadata.plan").unwrap(), NOW)
        .unwrap();
    let mut random = Random::new(7, scene.users.iter().map(|(.., user)| user.as_str()));
    let second = scene.users[0].1;
    let asked: Vec<Query> = (0..queries())
        .filter_map(|_| Query::parse(&random.query(), Limits::None).ok())
        .collect();
    assert!(asked.len() * 10 > queries() * 7, "most are queries");
    // Without indexes, with some, with all, with all but the users of one segment.
    let steps = if asked.len() > 1000 { 1 } else { 4 };
    for step in 0..steps {
        match step {
            0 => {}
            1 => assert!(matches!(
                scene.store.build_indexes(),
                Ok(BuildStep::Built { left: 2 })
            )),
            2 => assert_eq!(scene.index_all(), 2),
            _ => {
                let forget = |db: &crate::db::Db<'_>| super::note_new(db, 20_000, 20_001);
                scene.store.write("testing", forget).unwrap();
            }
        }
        for (index, query) in asked.iter().enumerate() {
            let connection = (index % 5 == 0).then_some(second);
            scene.check(query, connection);
        }
    }
    if steps == 1 {
        scene.index_all();
        asked.iter().for_each(|query| scene.check(query, None));
    }
}

fn pages_follow_each_other(new: New) {
    let scene = Scene::new(new, 9, 300);
    for round in 0..2 {
        for sort in [
            "created_at:1",
            "created_at:-1",
            "name:1",
            "email:-1",
            "logins_count:-1",
            "blocked:1",
            "app_metadata.plan:1",
            "app_metadata.roles:-1",
            "user_metadata.age:-1",
        ] {
            let query = "email_verified:true OR _exists_:app_metadata.plan";
            let (all, total) = scene.sorted(query, sort, 0, 100_000);
            assert_eq!(all.len() as u64, total);
            // In the order that sorting the profiles gives.
            let order = Sort::parse(sort).unwrap();
            let reader = &scene.store.snapshot(None, 1).unwrap().into_readers()[0];
            let mut keys = reader.keys(&order).unwrap();
            let mut expected: Vec<_> = scene
                .expected(&parsed(query), None)
                .into_iter()
                .zip(0..)
                .map(|(user, index)| (keys.of(index, user.as_str()), user))
                .collect();
            expected.sort_by(|(a, _), (b, _)| a.order(b, order.descending));
            assert_eq!(all, ids(expected.iter().map(|(_, user)| *user)), "{sort}");
            for (offset, limit) in [(0, 10), (7, 13), (total - 3, 50), (total + 5, 5), (0, 0)] {
                let (page, _) = scene.sorted(query, sort, offset, limit);
                let rest = all.iter().skip(offset as usize).take(limit as usize);
                assert_eq!(
                    page,
                    rest.cloned().collect::<Vec<_>>(),
                    "{sort} {offset}+{limit}"
                );
            }
        }
        if round == 0 {
            scene.index_all();
        }
    }
}

fn changes_are_seen_at_once(new: New) {
    let scene = Scene::new(new, 50, 1);
    scene.index_all();
    let count = |query: &str| {
        scene
            .store
            .count_matching(Some(&parsed(query)), None)
            .unwrap()
    };
    let before = (count("blocked:true"), count("NOT blocked:true"));
    let id =
        purser_core::id::UserId::new(ids(scene.users.iter().map(|(.., user)| user))[3].clone());
    let change = |text: &'static str| {
        let done = scene
            .store
            .update_user(&id, &Strategy::database(), |profile, _| {
                let mut value: serde_json::Value = serde_json::from_str(profile.as_str()).unwrap();
                value["blocked"] = serde_json::Value::Bool(true);
                value["given_name"] = text.into();
                let changed = Profile::from_canonical(value.to_string());
                Ok::<_, crate::StoreError>((changed, None))
            });
        done.unwrap().unwrap();
    };
    change("Somebody Else");
    assert_eq!(count("blocked:true"), before.0 + 1);
    assert_eq!(count("given_name:\"somebody else\" AND blocked:true"), 1);
    assert_eq!(
        scene
            .sorted("given_name:somebody*", "given_name:-1", 0, 5)
            .1,
        1
    );
    let record = NewUserRecord {
        connection: scene.users[1].1,
        strategy: Strategy::database(),
        profile: Profile::from_canonical(
            r#"{"user_id":"auth0|new","email":"new@new.example","blocked":true}"#.to_owned(),
        ),
        credentials: None,
    };
    scene.store.insert_user(&record).unwrap();
    assert_eq!(count("blocked:true"), before.0 + 2);
    assert_eq!(count("email.domain:new.example"), 1);
    assert!(scene.store.delete_user(&id).unwrap());
    assert_eq!(count("blocked:true"), before.0 + 1);
    assert_eq!(count("NOT blocked:true"), before.1 - 1);
    // Few changes are not worth another index; the answers are as exact as before.
    assert_eq!(scene.index_all(), 0);
    let many = |db: &crate::db::Db<'_>| super::note_changes(db, &(1..=17).collect::<Vec<_>>());
    scene.store.write("testing", many).unwrap();
    assert_eq!(scene.index_all(), 1);
    assert_eq!(count("email.domain:new.example"), 1);
    assert_eq!(count("blocked:true"), before.0 + 1);
}

fn indexes_are_declared_and_dropped(new: New) {
    let scene = Scene::new(new, 20, 500);
    let segments = scene.index_all();
    assert!(segments > 1);
    let plan = Attribute::parse("app_metadata.plan").unwrap();
    scene.store.create_index(&plan, NOW).unwrap();
    let again = scene.store.create_index(&plan, NOW).unwrap_err();
    assert_eq!(
        again.to_string(),
        "there is an index on `app_metadata.plan` already"
    );
    let email = Attribute::parse("email").unwrap();
    assert!(scene.store.create_index(&email, NOW).is_err(), "it has one");
    let query = parsed("app_metadata.plan:pro AND NOT _exists_:app_metadata.quota");
    scene.check(&query, None);
    assert_eq!(scene.index_all(), segments);
    scene.check(&query, None);
    let names: Vec<String> = scene
        .store
        .list_indexes()
        .unwrap()
        .iter()
        .map(|index| index.attribute.name())
        .collect();
    assert_eq!(names, ["app_metadata.plan"]);
    assert!(scene.store.drop_index(&plan).unwrap());
    assert!(!scene.store.drop_index(&plan).unwrap());
    assert_eq!(scene.store.list_indexes().unwrap(), []);
    scene.check(&query, None);
    // A new index never gets the blocks of the one before.
    let quota = Attribute::parse("app_metadata.quota").unwrap();
    scene.store.create_index(&quota, NOW).unwrap();
    scene.check(&query, None);
    assert_eq!(scene.index_all(), segments);
    scene.check(&query, None);
}

fn values_that_cannot_be_indexed_are_found(new: New) {
    let store = new();
    let connection = store
        .find_connection_by_name(DEFAULT_CONNECTION)
        .unwrap()
        .unwrap()
        .pk;
    let long = "x".repeat(5000);
    let many: Vec<String> = (0..500).map(|n| n.to_string()).collect();
    let nested = serde_json::json!({"deep": {"er": 1}});
    let values = [
        serde_json::Value::from(long.as_str()),
        many.into(),
        nested,
        serde_json::Value::Null,
        "short".into(),
    ];
    for (index, value) in values.into_iter().enumerate() {
        let profile = serde_json::json!({
            "user_id": format!("auth0|{index}"), "app_metadata": {"a": value}
        });
        let record = NewUserRecord {
            connection,
            strategy: Strategy::database(),
            profile: Profile::from_canonical(profile.to_string()),
            credentials: None,
        };
        store.insert_user(&record).unwrap();
    }
    store
        .create_index(&Attribute::parse("app_metadata.a").unwrap(), NOW)
        .unwrap();
    let count = |query: &str| store.count_matching(Some(&parsed(query)), None).unwrap();
    for _ in 0..2 {
        assert_eq!(count(&format!("app_metadata.a:{long}")), 1);
        assert_eq!(count("app_metadata.a:x*"), 1);
        assert_eq!(count("app_metadata.a:499"), 1);
        assert_eq!(count("app_metadata.a:short"), 1);
        assert_eq!(count("_exists_:app_metadata.a"), 4);
        assert_eq!(count("NOT _exists_:app_metadata.a"), 1);
        assert_eq!(count("NOT app_metadata.a:short"), 4);
        while store.build_indexes().unwrap() != BuildStep::Nothing {}
    }
}

fn common_paths_are_indexed_by_themselves(new: New) {
    let scene = Scene::new(new, 4, 40);
    let lacking = |query: &str| -> Vec<String> {
        let lacking = scene.store.lacking_indexes(Some(&parsed(query)), None);
        let mut names: Vec<_> = lacking.unwrap().iter().map(Attribute::name).collect();
        names.sort();
        names
    };
    let common = "app_metadata.plan:pro OR app_metadata.roles:admin";
    assert_eq!(lacking(common), ["app_metadata.plan", "app_metadata.roles"]);
    scene.index_all();
    assert_eq!(lacking(common), Vec::<String>::new());
    assert_eq!(lacking("app_metadata.no_such:1"), ["app_metadata.no_such"]);
    for query in [
        common,
        "NOT app_metadata.plan:pro",
        "_exists_:app_metadata.plan",
        "NOT _exists_:app_metadata.subscription",
        "app_metadata.plan:p* AND NOT _exists_:user_metadata.approved",
    ] {
        scene.check(&parsed(query), None);
    }
    // Declared, it is the same index with a name.
    let plan = Attribute::parse("app_metadata.plan").unwrap();
    scene.store.create_index(&plan, NOW).unwrap();
    scene.index_all();
    scene.check(&parsed("NOT _exists_:app_metadata.plan"), None);
    assert!(scene.store.drop_index(&plan).unwrap());
    scene.check(&parsed(common), None);
}

/// Blocks stay where they are, so another path under the number would get the values of the one before.
fn numbers_of_common_paths_are_given_once(new: New) {
    let store = new();
    let path = |name: &str| Attribute::parse(&format!("app_metadata.{name}")).unwrap();
    let note = |name: &str| {
        store
            .write("testing", |db| super::paths::note(db, &[path(name)]))
            .unwrap();
    };
    note("a");
    store.create_index(&path("a"), NOW).unwrap();
    assert!(store.drop_index(&path("a")).unwrap());
    note("b");
    let numbers = store.read("testing", |db| {
        let sql = "SELECT id FROM common_paths ORDER BY path";
        db.rows("testing", sql, &[], |row| row.int(0))
    });
    assert_eq!(numbers.unwrap(), [100, 101]);
}
