//! What is easily lost between memory and tables: rows that meet in one batch, long ones, many of them, and errors.

use purser_core::id::UserId;
use purser_core::query::{Limits, Query};

use super::{EXISTS, FullRow, How, Scene, TWICE};
use crate::row_errors::FailedRow;
use crate::testing::{New, connection, on_both_stores};
use crate::{BuildStep, SearchRequest};

on_both_stores!(
    only_the_first_of_many_equal_rows_counts,
    connections_share_an_address_in_one_batch,
    a_restore_replaces_profile_keys_and_credentials,
    an_address_of_another_connection_hides_no_double,
    an_address_given_up_by_a_restore_is_free_for_the_next_row,
    credentials_are_merged_or_refused,
    huge_profiles_are_stored_and_changed,
    rows_far_apart_meet,
    a_step_that_fails_leaves_nothing,
    many_rows_may_fail,
    searches_see_what_steps_changed,
);

fn only_the_first_of_many_equal_rows_counts(new: New) {
    for how in [How::Insert, How::Upsert, How::Replace] {
        let scene = Scene::new(new);
        let job = scene.job(1);
        let rows: Vec<FullRow> = (0..9)
            .map(|n| FullRow::new("auth0|1", "a@b.co", scene.default).with(format!(",\"n\":{n}")))
            .collect();
        assert_eq!(
            scene.apply_full(&job, &rows, how),
            "1 inserted, 0 updated, 8 failed"
        );
        assert!(scene.user("auth0|1").unwrap().contains("\"n\":0"));
        assert!(scene.errors(1).iter().all(|error| error.ends_with(TWICE)));
        assert_eq!(scene.store.count_users(None).unwrap(), 1);
        // Once gone, nothing of it stands in the way.
        assert!(scene.store.delete_user(&UserId::new("auth0|1")).unwrap());
        let job = scene.job(2);
        assert_eq!(
            scene.apply_full(&job, &rows[..1], how),
            "1 inserted, 0 updated, 0 failed"
        );
    }
}

fn connections_share_an_address_in_one_batch(new: New) {
    let scene = Scene::new(new);
    let insert = |name| {
        let connection = connection(name, "auth0");
        scene.store.insert_connection(&connection).unwrap()
    };
    let (first, second, third) = (scene.default, insert("Second"), insert("Third"));
    let rows = [
        FullRow::new("auth0|1", "a@b.co", first),
        FullRow::new("auth0|2", "a@b.co", second),
        FullRow::new("auth0|3", "a@b.co", first),
        FullRow::new("auth0|4", "a@b.co", third),
        FullRow::new("auth0|5", "a@b.co", second),
    ];
    assert_eq!(
        scene.apply_full(&scene.job(1), &rows, How::Insert),
        "3 inserted, 0 updated, 2 failed"
    );
    assert_eq!(
        scene.errors(1),
        [format!("3 {TWICE}"), format!("5 {TWICE}")]
    );
    assert_eq!(scene.store.find_users_by_email("a@b.co").unwrap().len(), 3);
    // An upsert finds the one of its own connection, and whoever is deleted leaves the others.
    let rows = rows.map(|row| row.with(",\"name\":\"N\""));
    assert_eq!(
        scene.apply_full(&scene.job(2), &rows[3..], How::Upsert),
        "0 inserted, 2 updated, 0 failed"
    );
    for (id, left) in [("auth0|1", 2), ("auth0|4", 1), ("auth0|2", 0)] {
        assert!(scene.store.delete_user(&UserId::new(id)).unwrap());
        let found = scene.store.find_users_by_email("a@b.co").unwrap();
        assert_eq!(found.len(), left, "{id}");
    }
}

fn an_address_of_another_connection_hides_no_double(new: New) {
    let scene = Scene::new(new);
    let other = connection("Other", "auth0");
    let other = scene.store.insert_connection(&other).unwrap();
    let row = |id, connection| FullRow::new(id, "a@b.co", connection);
    scene.apply_full(&scene.job(1), &[row("auth0|1", other)], How::Insert);
    let rows = [row("auth0|2", scene.default), row("auth0|3", scene.default)];
    for how in [How::Insert, How::Upsert, How::Replace] {
        let job = scene.job(2 + how as u8);
        assert_eq!(
            scene.apply_full(&job, &rows, how),
            "1 inserted, 0 updated, 1 failed"
        );
        assert_eq!(scene.errors(2 + how as u8), [format!("2 {TWICE}")]);
        assert!(scene.store.delete_user(&UserId::new("auth0|2")).unwrap());
    }
}

fn a_restore_replaces_profile_keys_and_credentials(new: New) {
    let scene = Scene::new(new);
    let old = [
        FullRow::new("auth0|1", "a@b.co", scene.default)
            .with(",\"old\":1")
            .secret("{\"password_hash\":\"old\"}"),
        FullRow::new("auth0|2", "c@b.co", scene.default).secret("{\"password_hash\":\"kept\"}"),
    ];
    scene.apply_full(&scene.job(1), &old, How::Insert);
    let new = [
        FullRow::new("auth0|1", "z@b.co", scene.default)
            .with(",\"new\":1")
            .secret("{\"password_hash\":\"new\"}"),
        FullRow::new("auth0|2", "a@b.co", scene.default).with(",\"new\":2"),
    ];
    assert_eq!(
        scene.apply_full(&scene.job(2), &new, How::Replace),
        "0 inserted, 2 updated, 0 failed"
    );
    let user = scene.user("auth0|1").unwrap();
    assert_eq!(
        user,
        "{\"user_id\":\"auth0|1\",\"email\":\"z@b.co\",\"new\":1}"
    );
    let holders = |email| scene.store.find_users_by_email(email).unwrap().len();
    assert_eq!(
        (holders("a@b.co"), holders("z@b.co"), holders("c@b.co")),
        (1, 1, 0)
    );
    let everything = scene.everything();
    let secrets = everything.iter().filter(|row| row.starts_with("cred"));
    assert!(
        secrets.eq(&[
            "credentials 1{\"password_hash\":\"new\"}",
            "credentials 2{\"password_hash\":\"kept\"}"
        ]),
        "{everything:?}"
    );
}

fn an_address_given_up_by_a_restore_is_free_for_the_next_row(new: New) {
    let scene = Scene::new(new);
    let row = |id, email| FullRow::new(id, email, scene.default);
    scene.apply_full(&scene.job(1), &[row("auth0|1", "a@b.co")], How::Insert);
    let rows = [
        row("auth0|1", "z@b.co"),
        row("auth0|2", "a@b.co"),
        row("auth0|3", "z@b.co"),
        row("auth0|4", "a@b.co"),
    ];
    assert_eq!(
        scene.apply_full(&scene.job(2), &rows, How::Replace),
        "1 inserted, 1 updated, 2 failed"
    );
    assert_eq!(
        scene.errors(2),
        [format!("3 {TWICE}"), format!("4 {TWICE}")]
    );
    assert!(scene.user("auth0|2").unwrap().contains("a@b.co"));
}

fn credentials_are_merged_or_refused(new: New) {
    let scene = Scene::new(new);
    let row = |id: &str, secrets: &str| {
        FullRow::new(id, &format!("{}@b.co", &id[6..]), scene.default)
            .with(",\"name\":\"N\"")
            .secret(secrets)
    };
    let old = [
        row("auth0|1", "{\"custom_password_hash\":{\"old\":1}}"),
        row("auth0|2", "{\"password_hash\":\"bcrypt\"}"),
        row("auth0|3", "{\"custom_password_hash\":{\"old\":3}}"),
        FullRow::new("auth0|4", "4@b.co", scene.default),
    ];
    scene.apply_full(&scene.job(1), &old, How::Insert);
    let new = [
        row("auth0|1", "{\"custom_password_hash\":{\"new\":1}}"),
        row("auth0|2", "{\"custom_password_hash\":{\"new\":2}}"),
        row("auth0|3", "{\"mfa_factors\":[{\"totp\":3}]}"),
        row("auth0|4", "{\"mfa_factors\":[{\"totp\":4}]}"),
        row("auth0|5", "{\"password_hash\":\"fresh\"}"),
    ];
    assert_eq!(
        scene.apply_full(&scene.job(2), &new, How::Upsert),
        "1 inserted, 3 updated, 1 failed"
    );
    assert!(scene.errors(2)[0].starts_with("2 CONFLICT "));
    let mut secrets = scene.everything();
    secrets.retain(|row| row.starts_with("credentials"));
    assert_eq!(
        secrets,
        [
            "credentials 1{\"custom_password_hash\":{\"new\":1}}",
            "credentials 2{\"password_hash\":\"bcrypt\"}",
            "credentials 3{\"custom_password_hash\":{\"old\":3},\"mfa_factors\":[{\"totp\":3}]}",
            "credentials 4{\"mfa_factors\":[{\"totp\":4}]}",
            "credentials 9{\"password_hash\":\"fresh\"}",
        ]
    );
}

/// More text than waits in memory at a time.
fn huge_profiles_are_stored_and_changed(new: New) {
    let scene = Scene::new(new);
    let long = "é".repeat(1_500_000);
    let row = |n: usize, mark: &str| {
        FullRow::new(&format!("auth0|{n}"), &format!("{n}@b.co"), scene.default)
            .with(format!(",\"mark\":\"{mark}\",\"long\":\"{long}\""))
    };
    let rows: Vec<FullRow> = (0..4).map(|n| row(n, "old")).collect();
    scene.apply_full(&scene.job(1), &rows, How::Insert);
    let mut rows: Vec<FullRow> = (0..4).map(|n| row(n, "new")).collect();
    rows.extend((0..4).map(|n| row(n, "again")));
    assert_eq!(
        scene.apply_full(&scene.job(2), &rows, How::Upsert),
        "0 inserted, 4 updated, 4 failed"
    );
    assert!(scene.errors(2).iter().all(|error| error.ends_with(TWICE)));
    let user = scene.user("auth0|3").unwrap();
    assert!(user.contains("\"mark\":\"new\"") && user.contains(&long));
}

/// Rows that share keys lie further apart than users are read ahead.
fn rows_far_apart_meet(new: New) {
    const MANY: usize = 5000;
    let scene = Scene::new(new);
    let row = |n: usize, mark: &str| {
        FullRow::new(&format!("auth0|{n}"), &format!("{n}@b.co"), scene.default)
            .with(format!(",\"mark\":\"{mark}\""))
    };
    let mut rows: Vec<FullRow> = (0..MANY).map(|n| row(n, "a")).collect();
    rows.push(row(0, "b"));
    assert_eq!(
        scene.apply_full(&scene.job(1), &rows, How::Insert),
        "5000 inserted, 0 updated, 1 failed"
    );
    let mut rows: Vec<FullRow> = (0..MANY).map(|n| row(n + MANY / 2, "c")).collect();
    rows.push(row(MANY / 2, "d"));
    assert_eq!(
        scene.apply_full(&scene.job(2), &rows, How::Upsert),
        "2500 inserted, 2500 updated, 1 failed"
    );
    assert_eq!(scene.errors(2), [format!("5001 {TWICE}")]);
    for (n, mark) in [(0, "a"), (MANY / 2, "c"), (MANY, "c")] {
        let user = scene.user(&format!("auth0|{n}")).unwrap();
        assert!(user.contains(&format!("\"mark\":\"{mark}\"")), "{user}");
    }
    assert_eq!(scene.store.count_users(None).unwrap(), 7500);
}

/// Two failed rows with one number: the last table that a step writes refuses.
fn a_step_that_fails_leaves_nothing(new: New) {
    let scene = Scene::new(new);
    let row = |id, email| FullRow::new(id, email, scene.default).with(",\"name\":\"N\"");
    let old = [row("auth0|1", "a@b.co").secret("{\"password_hash\":\"x\"}")];
    scene.apply_full(&scene.job(1), &old, How::Insert);
    let job = scene.job(2);
    let rows = [
        row("auth0|1", "a@b.co").secret("{\"mfa_factors\":[1]}"),
        row("auth0|2", "c@b.co").secret("{\"password_hash\":\"y\"}"),
    ];
    let batch = scene.full_batch(&rows, How::Upsert);
    let before = scene.everything();
    let failed = FailedRow::new((7, 7, 7), "{}".to_owned(), &[]).unwrap();
    let failures = [failed.clone(), failed];
    scene
        .step_with(&job, &batch, true, &failures)
        .expect_err("no two rows have one number");
    assert_eq!(scene.everything(), before);
    // The store goes on.
    let done = scene.step_with(&job, &batch, true, &failures[..1]).unwrap();
    assert_eq!((done.inserted, done.updated, done.failed), (1, 1, 1));
}

fn many_rows_may_fail(new: New) {
    let scene = Scene::new(new);
    let rows: Vec<FullRow> = (0..3000)
        .map(|n| FullRow::new(&format!("auth0|{n}"), &format!("{n}@b.co"), scene.default))
        .collect();
    scene.apply_full(&scene.job(1), &rows, How::Insert);
    let before = scene.everything().len();
    assert_eq!(
        scene.apply_full(&scene.job(2), &rows, How::Insert),
        "0 inserted, 0 updated, 3000 failed"
    );
    let errors = scene.errors(2);
    assert_eq!(errors.len(), 3000);
    assert_eq!(errors[2999], format!("3000 {EXISTS}"));
    assert_eq!(scene.everything().len(), before + 3000 + 1);
}

fn searches_see_what_steps_changed(new: New) {
    let scene = Scene::new(new);
    let row = |n: usize, name: &str| {
        FullRow::new(&format!("auth0|{n}"), &format!("{n}@b.co"), scene.default)
            .with(format!(",\"name\":\"{name}\""))
    };
    let found = |name: &str| {
        let query = Query::parse(&format!("name:{name}"), Limits::None).unwrap();
        let request = SearchRequest {
            query: Some(&query),
            limit: 100,
            count: true,
            ..SearchRequest::default()
        };
        scene.store.search_users(&request).unwrap().total.unwrap()
    };
    let rows: Vec<FullRow> = (0..40).map(|n| row(n, "old")).collect();
    scene.apply_full(&scene.job(1), &rows, How::Insert);
    for (number, most, how) in [
        (2, 3, How::Upsert),
        (3, 30, How::Upsert),
        (4, 5, How::Replace),
    ] {
        while scene.store.build_indexes().unwrap() != BuildStep::Nothing {}
        let (name, more) = (format!("new{number}"), 100 * usize::from(number));
        let mut rows: Vec<FullRow> = (0..most).map(|n| row(n, &name)).collect();
        rows.push(row(more, &name));
        scene.apply_full(&scene.job(number), &rows, how);
        assert_eq!(found(&name), most as u64 + 1);
    }
    assert_eq!(found("old"), 10);
}
