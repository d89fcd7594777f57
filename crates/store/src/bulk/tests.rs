//! What a step means, row by row, on a real SQLite file.

use std::cell::Cell;

use purser_core::clock::Timestamp;
use purser_core::connection::{DEFAULT_CONNECTION, Strategy};
use purser_core::id::{JobId, UserId};
use purser_core::job::{ImportOptions, JobKind, Progress, Runner, Summary};
use purser_core::json::RawJson;

use super::{Batch, NewRow, Step};
use crate::testing::{NOW, TestStore, connection};
use crate::{Claimed, KeyKind, Lease, NewJob, StoreError};

/// One row: id, e-mail address, further members of the profile.
struct Row(&'static str, &'static str, &'static str);

struct Scene {
    store: TestStore,
    default: i64,
    /// Rows of the job so far.
    rows: Cell<u64>,
}

impl Scene {
    fn new() -> Self {
        let store = TestStore::sqlite();
        let default = store
            .find_connection_by_name(DEFAULT_CONNECTION)
            .unwrap()
            .unwrap()
            .pk;
        Self {
            store,
            default,
            rows: Cell::new(0),
        }
    }

    fn job(&self, number: u8) -> Lease {
        self.rows.set(0);
        let id = JobId::from_random(&[number; 16]);
        self.store
            .create_job(&NewJob {
                id: id.clone(),
                kind: JobKind::UsersImport(ImportOptions::default()),
                runner: Runner::Caller,
                connection: None,
                external_id: None,
                created_at: NOW,
                file: None,
            })
            .unwrap();
        let Claimed { lease, .. } = self.store.claim_own_job(&id, NOW).unwrap().unwrap();
        lease
    }

    fn batch(&self, rows: &[Row], connection: i64, upsert: bool) -> Batch {
        let mut batch = self.store.new_batch();
        for Row(id, email, more) in rows {
            let number = self.rows.get() + 1;
            self.rows.set(number);
            let source = format!("{{\"user_id\":\"{id}\",\"email\":\"{email}\"}}");
            let profile = format!("{{\"user_id\":\"{id}\",\"email\":\"{email}\"{more}}}");
            let changes = format!("{{{}}}", more.trim_start_matches(','));
            batch.push(
                &NewRow {
                    place: (number, number, 0),
                    connection,
                    strategy: &Strategy::database(),
                    source: &source,
                    keys: &[(KeyKind::UserId, id), (KeyKind::Email, email)],
                    credentials: None,
                },
                |out| out.push_str(&profile),
                upsert.then_some(|out: &mut String| out.push_str(&changes)),
            );
        }
        batch.seal();
        batch
    }

    fn apply_to(&self, lease: &Lease, rows: &[Row], connection: i64, upsert: bool) -> String {
        let batch = self.batch(rows, connection, upsert);
        let step = Step {
            batch: &batch,
            failures: &[],
            upsert,
            checkpoint: "{}",
            progress: Progress { done: 1, of: 2 },
            notes: &[],
        };
        let Summary {
            failed,
            updated,
            inserted,
            total,
        } = self.store.apply_step(lease, NOW, &step).unwrap().step;
        assert_eq!(failed + updated + inserted, total);
        format!("{inserted} inserted, {updated} updated, {failed} failed")
    }

    fn apply(&self, lease: &Lease, rows: &[Row], upsert: bool) -> String {
        self.apply_to(lease, rows, self.default, upsert)
    }

    /// Row numbers, codes and messages of the job's failed rows.
    fn errors(&self, number: u8) -> Vec<String> {
        let mut errors = Vec::new();
        self.store
            .scan_row_errors::<StoreError>(&JobId::from_random(&[number; 16]), |row| {
                let all = RawJson::trusted(&row.errors);
                for error in all.elements() {
                    let text = |name: &str| {
                        error
                            .get(name)
                            .and_then(RawJson::as_str)
                            .unwrap_or_default()
                    };
                    errors.push(format!("{} {} {}", row.row, text("code"), text("message")));
                }
                Ok(())
            })
            .unwrap();
        errors
    }

    fn user(&self, id: &str) -> Option<String> {
        self.store
            .find_user(&UserId::new(id))
            .unwrap()
            .map(|profile| profile.into_string())
    }
}

const EXISTS: &str = "DUPLICATED_USER The user already exist and upsert parameter is false";
const TWICE: &str =
    "DUPLICATED_USER A user with this [email|username|user_id] was already provided.";

#[test]
fn new_users_are_inserted_and_found_by_every_key() {
    let scene = Scene::new();
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

#[test]
fn users_who_were_there_fail_without_upsert() {
    let scene = Scene::new();
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

#[test]
fn the_later_of_two_equal_rows_fails_in_one_batch_and_over_two() {
    let scene = Scene::new();
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

    let scene = Scene::new();
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
#[test]
fn a_failed_row_takes_nothing_from_the_rows_behind_it() {
    let scene = Scene::new();
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

#[test]
fn an_upsert_updates_by_address_and_inserts_the_rest() {
    let scene = Scene::new();
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

#[test]
fn an_upsert_with_another_id_keeps_the_id_unless_it_is_somebody_elses() {
    let scene = Scene::new();
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

#[test]
fn the_later_of_two_equal_rows_of_an_upsert_fails_too() {
    let scene = Scene::new();
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

#[test]
fn connections_share_addresses_but_not_ids() {
    let scene = Scene::new();
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

#[test]
fn a_worker_that_lost_its_lease_commits_nothing() {
    let scene = Scene::new();
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
#[test]
fn batches_mean_what_single_rows_mean() {
    let mut state = 7_u64;
    let mut next = |most: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % most
    };
    for round in 0..60 {
        let upsert = round % 2 == 1;
        let rows: Vec<(String, String)> = (0..24)
            .map(|_| (format!("auth0|{}", next(16)), format!("u{}@b.co", next(16))))
            .collect();
        let outcome = |size: usize| {
            let scene = Scene::new();
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
    let scene = Scene::new();
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
        reader
            .scan(1, 100, |_, _| {
                seen += 1;
                std::ops::ControlFlow::Continue(())
            })
            .unwrap();
    }
    assert_eq!(seen, 1, "the snapshot is as it was");
}

/// A connection that is deleted while an import into it runs takes no more users: nobody would find them again.
#[test]
fn a_deleted_connection_takes_no_users() {
    let scene = Scene::new();
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
