//! What a step of an edit means.

use purser_core::connection::{DEFAULT_CONNECTION, Strategy};
use purser_core::id::{JobId, UserId};
use purser_core::import::codes::Code;
use purser_core::job::{EditAction, EditOptions, JobKind, Runner};
use purser_core::query::Limits;
use purser_core::secret::Secret;

use super::*;
use crate::testing::{NOW, New, TestStore, connection, on_both_stores};
use crate::{NewJob, NewUserRecord, UserWrite};

on_both_stores!(
    those_who_match_are_changed_each_once,
    a_step_is_short_and_the_next_goes_on_behind_it,
    the_checkpoint_is_written_with_the_users,
    those_who_stay_and_those_who_cannot_be_changed_are_counted,
    a_deleted_user_leaves_nothing_behind,
    a_new_address_is_found_and_the_old_one_is_free,
    a_page_shows_users_and_changes_nothing,
);

const ALL: EditScope<'_> = EditScope {
    query: None,
    connection: None,
};

struct Scene {
    store: TestStore,
    default: i64,
}

impl Scene {
    /// Returns a store with users 1 to `users`, every other one blocked.
    fn new(new: New, users: usize) -> Self {
        let store = new();
        let default = store
            .find_connection_by_name(DEFAULT_CONNECTION)
            .unwrap()
            .unwrap()
            .pk;
        let scene = Self { store, default };
        for number in 1..=users {
            scene.add(scene.default, number);
        }
        scene
    }

    fn add(&self, connection: i64, number: usize) {
        let blocked = number.is_multiple_of(2);
        let profile = format!(
            r#"{{"blocked":{blocked},"email":"u{number}@b.example","user_id":"auth0|{number}"}}"#
        );
        let record = NewUserRecord {
            connection,
            strategy: Strategy::database(),
            profile: Profile::from_canonical(profile),
            credentials: Some(Secret::new("{}".to_owned())),
        };
        assert_eq!(self.store.insert_user(&record).unwrap(), UserWrite::Done);
    }

    fn job(&self) -> Lease {
        let id = JobId::from_random(&[1; 16]);
        let options = EditOptions {
            query: None,
            action: EditAction::Block,
            set: vec![],
            unset: vec![],
        };
        let job = NewJob {
            id: id.clone(),
            kind: JobKind::UsersEdit(options),
            runner: Runner::Caller,
            connection: None,
            external_id: None,
            created_at: NOW,
            file: None,
        };
        self.store.create_job(&job).unwrap();
        self.store.claim_own_job(&id, NOW).unwrap().unwrap().lease
    }

    /// Does steps until there are no more; returns what came of the last.
    fn run(
        &self,
        lease: &Lease,
        scope: EditScope<'_>,
        mut change: impl FnMut(&Profile) -> Result<UserEdit, RowError>,
    ) -> EditOutcome {
        let mut checkpoint = self.store.begin_edit(lease, NOW).unwrap();
        loop {
            let outcome = self
                .store
                .edit_step(lease, NOW, scope, &checkpoint, |profile, _| change(profile))
                .unwrap();
            checkpoint = outcome.checkpoint;
            if checkpoint.is_at_the_end() {
                return outcome;
            }
        }
    }

    fn user(&self, number: usize) -> Option<String> {
        let id = UserId::new(format!("auth0|{number}"));
        let found = self.store.find_user(&id).unwrap();
        found.map(Profile::into_string)
    }
}

fn named(profile: &Profile) -> Result<UserEdit, RowError> {
    let text = profile.as_str().replacen('{', r#"{"name":"N","#, 1);
    Ok(UserEdit::Replace(Profile::from_canonical(text)))
}

fn summary(updated: u64, failed: u64) -> Summary {
    Summary {
        failed,
        updated,
        inserted: 0,
        total: updated + failed,
    }
}

fn those_who_match_are_changed_each_once(new: New) {
    let scene = Scene::new(new, 2_500);
    let lease = scene.job();
    let query = Query::parse("blocked:true", Limits::None).unwrap();
    let scope = EditScope {
        query: Some(&query),
        connection: Some(scene.default),
    };
    let mut met = Vec::new();
    let outcome = scene.run(&lease, scope, |profile| {
        met.push(profile.text("user_id").unwrap().into_owned());
        named(profile)
    });
    assert_eq!(outcome.so_far, summary(1_250, 0));
    assert_eq!((met.len(), met[0].as_str()), (1_250, "auth0|2"));
    assert!(scene.user(2_500).unwrap().contains("\"name\":\"N\""));
    assert!(!scene.user(2_499).unwrap().contains("\"name\""));
    let job = scene
        .store
        .list_jobs(&crate::JobFilter::default())
        .unwrap()
        .remove(0);
    assert_eq!(
        (job.summary, job.progress.percentage()),
        (outcome.so_far, 100)
    );
}

fn a_step_is_short_and_the_next_goes_on_behind_it(new: New) {
    let scene = Scene::new(new, 1_500);
    let lease = scene.job();
    let start = scene.store.begin_edit(&lease, NOW).unwrap();
    let step = |checkpoint: &EditCheckpoint| {
        let change = |profile: &Profile, _: &Connection| named(profile);
        scene.store.edit_step(&lease, NOW, ALL, checkpoint, change)
    };
    let first = step(&start).unwrap();
    assert_eq!(
        (first.so_far, first.checkpoint.after),
        (summary(1_000, 0), 1_000)
    );
    scene.add(scene.default, 1_501);
    let second = step(&first.checkpoint).unwrap();
    assert_eq!(second.so_far, summary(1_500, 0));
    assert!(second.checkpoint.is_at_the_end());
    assert!(
        !scene.user(1_501).unwrap().contains("name"),
        "he came later"
    );
}

/// What a job that is taken up again finds is what the last step wrote.
fn the_checkpoint_is_written_with_the_users(new: New) {
    let scene = Scene::new(new, 1_200);
    let lease = scene.job();
    let start = scene.store.begin_edit(&lease, NOW).unwrap();
    let change = |profile: &Profile, _: &Connection| named(profile);
    let first = scene
        .store
        .edit_step(&lease, NOW, ALL, &start, change)
        .unwrap();
    scene.store.release_job(&lease, NOW).unwrap();
    let again = scene
        .store
        .claim_own_job(&JobId::from_random(&[1; 16]), NOW)
        .unwrap()
        .unwrap();
    let kept: EditCheckpoint = serde_json::from_str(&again.checkpoint.unwrap()).unwrap();
    assert_eq!(kept, first.checkpoint);
    assert_eq!(again.job.summary, first.so_far);
    let late = scene.store.edit_step(&lease, NOW, ALL, &kept, change);
    assert!(matches!(late, Err(StoreError::LeaseLost)));
    assert!(
        !scene.user(1_200).unwrap().contains("name"),
        "nothing came of it"
    );
}

fn those_who_stay_and_those_who_cannot_be_changed_are_counted(new: New) {
    let scene = Scene::new(new, 4);
    let lease = scene.job();
    let outcome = scene.run(&lease, ALL, |profile| {
        let id = profile.text("user_id").unwrap();
        match &*id {
            "auth0|1" => Ok(UserEdit::Keep),
            "auth0|3" => Err(RowError {
                code: Code::OperationNotSupported,
                message: "no".to_owned(),
                path: None,
                hint: None,
            }),
            // The address of another.
            "auth0|4" => Ok(UserEdit::Replace(Profile::from_canonical(
                r#"{"email":"u1@b.example","user_id":"auth0|4"}"#.to_owned(),
            ))),
            _ => named(profile),
        }
    });
    assert_eq!(outcome.so_far, summary(1, 2));
    assert_eq!(
        (outcome.checkpoint.met, outcome.checkpoint.unchanged),
        (4, 1)
    );
    let mut rows = Vec::new();
    scene
        .store
        .scan_row_errors::<StoreError>(&JobId::from_random(&[1; 16]), |row| {
            rows.push((row.row, row.record, row.errors.contains("CONFLICT_EMAIL")));
            Ok(())
        })
        .unwrap();
    let record = |n| format!(r#"{{"user_id":"auth0|{n}","email":"u{n}@b.example"}}"#);
    assert_eq!(rows, [(3, record(3), false), (4, record(4), true)]);
    assert!(scene.user(4).unwrap().contains("u4@b.example"));
}

fn a_deleted_user_leaves_nothing_behind(new: New) {
    let scene = Scene::new(new, 3);
    let staff = scene
        .store
        .insert_connection(&connection("staff", "auth0"))
        .unwrap();
    scene.add(staff, 4);
    let lease = scene.job();
    let scope = EditScope {
        query: None,
        connection: Some(scene.default),
    };
    let outcome = scene.run(&lease, scope, |_| Ok(UserEdit::Delete));
    assert_eq!(outcome.so_far, summary(3, 0));
    assert_eq!(scene.store.count_users(Some(scene.default)).unwrap(), 0);
    assert_eq!(scene.store.count_users(None).unwrap(), 1);
    assert!(scene.user(4).is_some());
    let count = |sql| {
        let count = scene.store.read("counting", |db| {
            db.row("counting", sql, &[], |row| row.int(0))
        });
        count.unwrap()
    };
    assert_eq!(count("SELECT count(*) FROM credentials"), Some(1));
    // An id and an address.
    assert_eq!(count("SELECT count(*) FROM user_keys"), Some(2));
    scene.add(scene.default, 1);
    let by_email = scene.store.find_users_by_email("u1@b.example").unwrap();
    assert_eq!(by_email.len(), 1, "the address is free again");
}

fn a_new_address_is_found_and_the_old_one_is_free(new: New) {
    let scene = Scene::new(new, 2);
    let lease = scene.job();
    let query = Query::parse("user_id:\"auth0|2\"", Limits::None).unwrap();
    let scope = EditScope {
        query: Some(&query),
        connection: None,
    };
    let outcome = scene.run(&lease, scope, |_| {
        let text = r#"{"email":"new@b.example","user_id":"auth0|2"}"#;
        Ok(UserEdit::Replace(Profile::from_canonical(text.to_owned())))
    });
    assert_eq!(outcome.so_far, summary(1, 0));
    let find = |email| scene.store.find_users_by_email(email).unwrap().len();
    assert_eq!((find("new@b.example"), find("u2@b.example")), (1, 0));
}

fn a_page_shows_users_and_changes_nothing(new: New) {
    let scene = Scene::new(new, 3);
    let start = scene.store.new_edit().unwrap();
    let page = scene.store.edit_page(ALL, &start).unwrap();
    assert_eq!(page.users.len(), 3);
    assert!(page.checkpoint.is_at_the_end());
    assert_eq!(page.users[0].1.name, DEFAULT_CONNECTION);
    let empty = Scene::new(new, 0).store.new_edit().unwrap();
    assert!(empty.is_at_the_end());
}
