//! What a step means, row by row.

use purser_core::clock::Timestamp;
use purser_core::id::{JobId, UserId};
use purser_core::job::Progress;

use super::{EXISTS, Row, Scene, TWICE};
use crate::bulk::Step;
use crate::testing::{NOW, New, TestStore, connection, on_both_stores};
use crate::{StoreError, StoreUrl};

on_both_stores!(
    new_users_are_inserted_and_found_by_every_key,
    users_who_were_there_fail_without_upsert,
    the_later_of_two_equal_rows_fails_in_one_batch_and_over_two,
    a_failed_row_takes_nothing_from_the_rows_behind_it,
    an_upsert_updates_by_address_and_inserts_the_rest,
    an_upsert_with_another_id_keeps_the_id_unless_it_is_somebody_elses,
    the_later_of_two_equal_rows_of_an_upsert_fails_too,
    connections_share_addresses_but_not_ids,
    a_worker_that_lost_its_lease_commits_nothing,
    batches_mean_what_single_rows_mean,
    a_deleted_connection_takes_no_users
);

fn new_users_are_inserted_and_found_by_every_key(new: New) {
    let scene = Scene::new(new);
    let job = scene.job(1);
    let rows = [Row("auth0|1", "a@b.co", ""), Row("auth0|2", "c@b.co", "")];
    assert_eq!(
        scene.apply(&job, &rows, false),
        "2 inserted, 0 updated, 0 failed"
    );
    assert!(scene.user("auth0|1").is_some());
    assert_eq!(scene.store.find_users_by_email("c@b.co").unwrap().len(), 1);
    assert_eq!(scene.store.count_users(None).unwrap(), 2);
}

fn users_who_were_there_fail_without_upsert(new: New) {
    let scene = Scene::new(new);
    scene.apply(&scene.job(1), &[Row("auth0|1", "a@b.co", "")], false);
    let rows = [
        Row("auth0|9", "a@b.co", ""),
        Row("auth0|1", "z@b.co", ""),
        Row("auth0|3", "new@b.co", ""),
    ];
    assert_eq!(
        scene.apply(&scene.job(2), &rows, false),
        "1 inserted, 0 updated, 2 failed"
    );
    assert_eq!(
        scene.errors(2),
        [format!("1 {EXISTS}"), format!("2 {EXISTS}")]
    );
    // The keys that the failed rows had claimed are free again.
    let rows = [Row("auth0|9", "y@b.co", ""), Row("auth0|8", "z@b.co", "")];
    assert_eq!(
        scene.apply(&scene.job(3), &rows, false),
        "2 inserted, 0 updated, 0 failed"
    );
}

fn the_later_of_two_equal_rows_fails_in_one_batch_and_over_two(new: New) {
    let scene = Scene::new(new);
    let job = scene.job(1);
    let rows = [
        Row("auth0|1", "a@b.co", ""),
        Row("auth0|2", "a@b.co", ""),
        Row("auth0|1", "c@b.co", ""),
    ];
    assert_eq!(
        scene.apply(&job, &rows, false),
        "1 inserted, 0 updated, 2 failed"
    );
    assert_eq!(
        scene.apply(&job, &[], false),
        "0 inserted, 0 updated, 0 failed"
    );
    assert_eq!(
        scene.errors(1),
        [format!("2 {TWICE}"), format!("3 {TWICE}")]
    );

    let scene = Scene::new(new);
    let job = scene.job(1);
    scene.apply(&job, &rows[..1], false);
    let later = [Row("auth0|7", "q@b.co", ""), Row("auth0|2", "a@b.co", "")];
    assert_eq!(
        scene.apply(&job, &later, false),
        "1 inserted, 0 updated, 1 failed"
    );
    assert_eq!(scene.errors(1), [format!("3 {TWICE}")]);
}

/// The first row fails for a key of its own, so the second is the first to have the address, and the third its double.
fn a_failed_row_takes_nothing_from_the_rows_behind_it(new: New) {
    let scene = Scene::new(new);
    scene.apply(&scene.job(1), &[Row("auth0|1", "a@b.co", "")], false);
    let rows = [
        Row("auth0|1", "x@b.co", ""),
        Row("auth0|2", "x@b.co", ""),
        Row("auth0|3", "x@b.co", ""),
    ];
    assert_eq!(
        scene.apply(&scene.job(2), &rows, false),
        "1 inserted, 0 updated, 2 failed"
    );
    assert_eq!(
        scene.errors(2),
        [format!("1 {EXISTS}"), format!("3 {TWICE}")]
    );
    assert!(scene.user("auth0|2").is_some());
    assert_eq!(scene.store.find_users_by_email("x@b.co").unwrap().len(), 1);
}

fn an_upsert_updates_by_address_and_inserts_the_rest(new: New) {
    let scene = Scene::new(new);
    scene.apply(
        &scene.job(1),
        &[Row("auth0|1", "a@b.co", ",\"name\":\"Old\",\"keep\":1")],
        false,
    );
    let rows = [
        Row("auth0|1", "a@b.co", ",\"name\":\"New\""),
        Row("auth0|2", "c@b.co", ",\"name\":\"C\""),
    ];
    assert_eq!(
        scene.apply(&scene.job(2), &rows, true),
        "1 inserted, 1 updated, 0 failed"
    );
    let user = scene.user("auth0|1").unwrap();
    assert!(user.contains("\"name\":\"New\",\"keep\":1"), "{user}");
}

fn an_upsert_with_another_id_keeps_the_id_unless_it_is_somebody_elses(new: New) {
    let scene = Scene::new(new);
    let old = [Row("auth0|1", "a@b.co", ""), Row("auth0|2", "c@b.co", "")];
    scene.apply(&scene.job(1), &old, false);
    let rows = [
        Row("auth0|1", "c@b.co", ",\"name\":\"C\""),
        Row("auth0|99", "a@b.co", ",\"name\":\"A\""),
    ];
    assert_eq!(
        scene.apply(&scene.job(2), &rows, true),
        "0 inserted, 1 updated, 1 failed"
    );
    assert!(
        scene.errors(2)[0].starts_with("1 CONFLICT "),
        "{:?}",
        scene.errors(2)
    );
    assert!(scene.user("auth0|99").is_none());
    // The id that the row brought along stayed free.
    let later = [Row("auth0|99", "n@b.co", "")];
    assert_eq!(
        scene.apply(&scene.job(3), &later, false),
        "1 inserted, 0 updated, 0 failed"
    );
}

fn the_later_of_two_equal_rows_of_an_upsert_fails_too(new: New) {
    let scene = Scene::new(new);
    scene.apply(&scene.job(1), &[Row("auth0|1", "a@b.co", "")], false);
    let rows = [
        Row("auth0|1", "a@b.co", ",\"name\":\"first\""),
        Row("auth0|1", "a@b.co", ",\"name\":\"second\""),
        Row("auth0|5", "e@b.co", ""),
        Row("auth0|6", "e@b.co", ""),
    ];
    assert_eq!(
        scene.apply(&scene.job(2), &rows, true),
        "1 inserted, 1 updated, 2 failed"
    );
    assert_eq!(
        scene.errors(2),
        [format!("2 {TWICE}"), format!("4 {TWICE}")]
    );
    assert!(scene.user("auth0|1").unwrap().contains("first"));
}

fn connections_share_addresses_but_not_ids(new: New) {
    let scene = Scene::new(new);
    let other = scene
        .store
        .insert_connection(&connection("Other", "auth0"))
        .unwrap();
    let rows = [Row("auth0|1", "a@b.co", ""), Row("auth0|2", "c@b.co", "")];
    scene.apply(&scene.job(1), &rows, false);
    let rows = [Row("auth0|3", "a@b.co", ""), Row("auth0|2", "d@b.co", "")];
    assert_eq!(
        scene.apply_to(&scene.job(2), &rows, other, false),
        "1 inserted, 0 updated, 1 failed"
    );
    assert_eq!(scene.store.find_users_by_email("a@b.co").unwrap().len(), 2);
    // With the first holder of the hash gone, the second still keeps the address.
    scene.store.delete_user(&UserId::new("auth0|1")).unwrap();
    assert_eq!(scene.store.find_users_by_email("a@b.co").unwrap().len(), 1);
    let again = [Row("auth0|7", "a@b.co", "")];
    assert_eq!(
        scene.apply_to(&scene.job(3), &again, other, false),
        "0 inserted, 0 updated, 1 failed"
    );
    assert_eq!(
        scene.apply(&scene.job(4), &again, false),
        "1 inserted, 0 updated, 0 failed"
    );
}

fn a_worker_that_lost_its_lease_commits_nothing(new: New) {
    let scene = Scene::new(new);
    let stale = scene.job(1);
    let late = Timestamp(NOW.0 + 3_600_000);
    let id = JobId::from_random(&[1; 16]);
    let taken = scene.store.claim_own_job(&id, late).unwrap().unwrap();
    assert_eq!(taken.attempt, 2);
    let batch = scene.batch(&[Row("auth0|1", "a@b.co", "")], scene.default, false);
    let step = Step {
        batch: &batch,
        failures: &[],
        upsert: false,
        checkpoint: "{}",
        progress: Progress::default(),
        notes: &[],
    };
    let refused = scene.store.apply_step(&stale, late, &step).unwrap_err();
    assert!(matches!(refused, StoreError::LeaseLost), "{refused}");
    assert_eq!(scene.store.count_users(None).unwrap(), 0);
    assert!(scene.user("auth0|1").is_none());
    assert_eq!(
        scene
            .store
            .apply_step(&taken.lease, late, &step)
            .unwrap()
            .so_far
            .inserted,
        1
    );
}

/// The same rows in one batch or one by one mean the same.
fn batches_mean_what_single_rows_mean(new: New) {
    let mut state = 7_u64;
    let mut next = |most: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % most
    };
    // A new store takes longer on PostgreSQL.
    let rounds = if matches!(new().url, StoreUrl::Sqlite(_)) {
        60
    } else {
        6
    };
    for round in 0..rounds {
        let upsert = round % 2 == 1;
        let rows: Vec<(String, String)> = (0..24)
            .map(|_| (format!("auth0|{}", next(16)), format!("u{}@b.co", next(16))))
            .collect();
        let outcome = |size: usize| {
            let scene = Scene::new(new);
            let job = scene.job(1);
            for chunk in rows.chunks(size) {
                let rows: Vec<Row> = chunk
                    .iter()
                    .map(|(id, email)| {
                        Row(id.clone().leak(), email.clone().leak(), ",\"name\":\"n\"")
                    })
                    .collect();
                scene.apply(&job, &rows, upsert);
            }
            let ids: Vec<_> = (0..16).map(|n| scene.user(&format!("auth0|{n}"))).collect();
            let mails: Vec<_> = (0..16)
                .map(|n| {
                    scene
                        .store
                        .find_users_by_email(&format!("u{n}@b.co"))
                        .unwrap()
                })
                .collect();
            let count = scene.errors(1).len();
            (ids, mails, count)
        };
        assert!(outcome(24) == outcome(1), "round {round}");
    }
}

/// A reader with an open snapshot keeps the log, but nobody waits for it.
#[test]
fn folding_the_log_waits_for_no_reader() {
    let scene = Scene::new(TestStore::sqlite);
    scene.apply(&scene.job(1), &[Row("auth0|1", "a@b.co", "")], false);
    let snapshot = scene.store.snapshot(None, 1).unwrap();
    scene.apply(&scene.job(2), &[Row("auth0|2", "c@b.co", "")], false);
    let started = std::time::Instant::now();
    scene.store.checkpoint_log().unwrap();
    assert!(
        started.elapsed() < std::time::Duration::from_secs(30),
        "a minute is what a writer would wait"
    );
    let mut seen = 0;
    for reader in snapshot.into_readers() {
        let mut everybody = reader.filter(None, None).unwrap();
        let scan = reader.each_match(&mut everybody, (1, 100), |_, _| {
            seen += 1;
            std::ops::ControlFlow::Continue(())
        });
        scan.unwrap();
    }
    assert_eq!(seen, 1, "the snapshot is as it was");
}

/// A connection that is deleted while an import into it runs takes no more users: nobody would find them again.
fn a_deleted_connection_takes_no_users(new: New) {
    let scene = Scene::new(new);
    let other = connection("Other", "auth0");
    let pk = scene.store.insert_connection(&other).unwrap();
    let job = scene.job(1);
    let row = [Row("auth0|1", "a@b.co", "")];
    assert_eq!(
        scene.apply_to(&job, &row, pk, false),
        "1 inserted, 0 updated, 0 failed"
    );
    assert!(scene.store.delete_connection(&other.id).unwrap());
    // Nor does one that was made since get them.
    let next = scene
        .store
        .insert_connection(&connection("Next", "auth0"))
        .unwrap();
    assert_ne!(next, pk);
    let row = [Row("auth0|2", "c@b.co", "")];
    assert_eq!(
        scene.apply_to(&job, &row, pk, false),
        "0 inserted, 0 updated, 1 failed"
    );
    assert!(
        scene.errors(1)[0].starts_with("2 CONNECTION_NOT_FOUND "),
        "{:?}",
        scene.errors(1)
    );
    assert!(scene.user("auth0|2").is_none());
}
