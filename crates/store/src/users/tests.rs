//! Users made, found, changed and deleted one at a time, on both databases.

use super::*;
use crate::SearchRequest;
use crate::testing::{New, TestStore, connection, on_both_stores};

on_both_stores!(
    a_user_is_found_changed_and_deleted,
    keys_of_others_are_taken,
    shared_addresses_survive_the_first_holder,
    pages_and_counts_are_of_one_connection,
    any_text_comes_back,
);

fn first(store: &TestStore) -> i64 {
    store.list_connections().unwrap().remove(0).pk
}

fn record(connection: i64, profile: &str) -> NewUserRecord {
    NewUserRecord {
        connection,
        strategy: Strategy::database(),
        profile: Profile::from_canonical(profile.to_owned()),
        credentials: None,
    }
}

fn insert(store: &TestStore, connection: i64, name: &str) -> UserWrite {
    let profile = format!(r#"{{"email":"{name}@b.example","user_id":"auth0|{connection}{name}"}}"#);
    store.insert_user(&record(connection, &profile)).unwrap()
}

fn a_user_is_found_changed_and_deleted(new: New) {
    let store = new();
    let connection = first(&store);
    assert_eq!(insert(&store, connection, "ada"), UserWrite::Done);
    let id = UserId::new(format!("auth0|{connection}ada"));
    let changed = format!(r#"{{"email":"eve@b.example","user_id":"{}"}}"#, id.as_str());
    let written = store.update_user(&id, &Strategy::database(), |profile, secrets| {
        assert!(profile.as_str().contains("ada@b.example"));
        assert!(secrets.is_none());
        let secrets = Secret::new("new".to_owned());
        Ok::<_, StoreError>((Profile::from_canonical(changed.clone()), Some(secrets)))
    });
    assert_eq!(written.unwrap().unwrap(), UserWrite::Done);
    assert!(
        store
            .find_users_by_email("ada@b.example")
            .unwrap()
            .is_empty()
    );
    let found = store.find_users_by_email("eve@b.example").unwrap();
    assert_eq!(found[0].as_str(), changed);
    assert!(store.delete_user(&id).unwrap());
    assert!(!store.delete_user(&id).unwrap());
    assert!(store.find_user(&id).unwrap().is_none());
    assert_eq!(store.count_users(None).unwrap(), 0);
    // The keys are free again, and so is the number.
    assert_eq!(insert(&store, connection, "eve"), UserWrite::Done);
}

fn keys_of_others_are_taken(new: New) {
    let store = new();
    let connection = first(&store);
    insert(&store, connection, "ada");
    insert(&store, connection, "eve");
    assert_eq!(
        insert(&store, connection, "ada"),
        UserWrite::Taken(KeyKind::UserId)
    );
    let same = r#"{"email":"ADA@b.example","user_id":"auth0|x"}"#;
    assert_eq!(
        store.insert_user(&record(connection, same)).unwrap(),
        UserWrite::Taken(KeyKind::Email)
    );
    let id = UserId::new(format!("auth0|{connection}eve"));
    let stolen = format!(r#"{{"email":"ada@b.example","user_id":"{}"}}"#, id.as_str());
    let written = store.update_user(&id, &Strategy::database(), |_, _| {
        Ok::<_, StoreError>((Profile::from_canonical(stolen), None))
    });
    assert_eq!(written.unwrap().unwrap(), UserWrite::Taken(KeyKind::Email));
    assert_eq!(store.count_users(Some(connection)).unwrap(), 2);
}

fn shared_addresses_survive_the_first_holder(new: New) {
    let store = new();
    let connection_1 = first(&store);
    let connection_2 = store
        .insert_connection(&connection("Other", "auth0"))
        .unwrap();
    for connection in [connection_1, connection_2] {
        assert_eq!(insert(&store, connection, "ada"), UserWrite::Done);
    }
    assert_eq!(store.find_users_by_email("ada@b.example").unwrap().len(), 2);
    assert_eq!(
        store
            .delete_users_by_email(connection_1, "ada@b.example")
            .unwrap(),
        1
    );
    assert_eq!(store.find_users_by_email("ada@b.example").unwrap().len(), 1);
    assert_eq!(
        insert(&store, connection_2, "ada"),
        UserWrite::Taken(KeyKind::UserId)
    );
}

fn pages_and_counts_are_of_one_connection(new: New) {
    let store = new();
    let connection_1 = first(&store);
    let connection_2 = store
        .insert_connection(&connection("Other", "auth0"))
        .unwrap();
    for name in ["a", "b", "c", "d"] {
        insert(&store, connection_1, name);
        insert(&store, connection_2, name);
    }
    let page = |connection, offset, limit| {
        let request = SearchRequest {
            connection,
            offset,
            limit,
            ..SearchRequest::default()
        };
        let users = store.search_users(&request).unwrap().users;
        users.iter().map(keys).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(page(Some(connection_2), 1, 2), "b c");
    assert_eq!(page(None, 6, u64::MAX), "d d");
    assert_eq!(page(None, u64::MAX, 1), "");
    assert_eq!(store.count_users(None).unwrap(), 8);
    assert_eq!(store.delete_users_of(connection_1, 3).unwrap(), 3);
    assert_eq!(store.count_users(Some(connection_1)).unwrap(), 1);
    assert_eq!(page(Some(connection_1), 0, 9), "d");
}

fn keys(profile: &Profile) -> String {
    let email = packed::get(profile.as_str(), "email").unwrap();
    let email = RawJson::trusted(&email).as_str().unwrap().into_owned();
    email.split('@').next().unwrap_or_default().to_owned()
}

fn any_text_comes_back(new: New) {
    let store = new();
    let connection = first(&store);
    // Quotes, backslashes, question marks and dollars, four bytes a letter, an escaped NUL, long enough to be
    // kept apart from its row.
    let long = "ß\u{1F600}?1 $1 'x' \\\\ \\u0000 ".repeat(4000);
    let profile = format!(r#"{{"user_id":"auth0|x","user_metadata":{{"t":"{long}"}}}}"#);
    store.insert_user(&record(connection, &profile)).unwrap();
    let found = store.find_user(&UserId::new("auth0|x")).unwrap().unwrap();
    assert!(found.as_str() == profile);
}
