//! Bulk edits: whom they meet, what they leave, how they go on.

use std::cell::Cell;

use purser_core::clock::Timestamp;
use purser_core::edit::read_setting;
use purser_core::id::UserId;
use purser_core::job::{EditAction, EditOptions, Job, JobStatus, Summary};
use purser_core::query::Limits;
use purser_engine::edit::{EditRequest, Fate};
use purser_engine::jobs::Workers;
use purser_engine::{EngineError, Watch};

use crate::support::{NOW, Scene, open};

/// Returns a store with users 0 to `count`: their plans are `free` and, of every tenth, `pro`.
fn scene(count: usize) -> Scene {
    let scene = Scene::new();
    add(&scene, 0..count);
    scene
}

fn add(scene: &Scene, numbers: std::ops::Range<usize>) {
    let rows: Vec<String> = numbers
        .map(|i| {
            let plan = if i % 10 == 0 { "pro" } else { "free" };
            format!(
                r#"{{"user_id":"{i}","email":"u{i}@example.com","app_metadata":{{"plan":"{plan}"}}}}"#
            )
        })
        .collect();
    assert_eq!(scene.import(rows.join("\n")).summary.failed, 0);
}

fn request(query: Option<&str>, action: EditAction, set: &[&str]) -> EditRequest {
    EditRequest {
        connection: None,
        options: EditOptions {
            query: query.map(str::to_owned),
            action,
            set: set.iter().map(|text| read_setting(text).unwrap()).collect(),
            unset: vec![],
        },
        limits: Limits::None,
    }
}

fn count(scene: &Scene, query: &str) -> u64 {
    let query = purser_core::query::Query::parse(query, Limits::None).unwrap();
    let store = scene.engine.store();
    store.count_matching(Some(&query), None).unwrap()
}

fn updated(users: u64) -> Summary {
    Summary {
        updated: users,
        total: users,
        ..Summary::default()
    }
}

fn edit(scene: &Scene, request: &EditRequest) -> Job {
    scene.engine.edit(request, &Watch::default()).unwrap()
}

#[test]
fn those_who_match_are_blocked_and_unblocked() {
    let scene = scene(2_345);
    let block = request(Some("app_metadata.plan:pro"), EditAction::Block, &[]);
    let job = edit(&scene, &block);
    assert_eq!(
        (job.status, job.summary),
        (JobStatus::Completed, updated(235))
    );
    assert_eq!(job.notes, Vec::<String>::new());
    assert_eq!(count(&scene, "blocked:true"), 235);
    let again = edit(&scene, &block);
    assert_eq!(
        (again.status, again.summary),
        (JobStatus::Completed, updated(0))
    );
    assert_eq!(again.notes, ["235 users needed no change"]);
    let unblock = request(None, EditAction::Unblock, &[]);
    let job = edit(&scene, &unblock);
    assert_eq!(job.summary, updated(235));
    assert_eq!(job.notes, ["2110 users needed no change"]);
    assert_eq!(count(&scene, "blocked:true"), 0);
}

#[test]
fn an_edit_may_change_who_matches() {
    let scene = scene(2_100);
    let promote = request(
        Some("app_metadata.plan:free"),
        EditAction::Update,
        &["app_metadata.plan=pro", "user_metadata.since=2026"],
    );
    let job = edit(&scene, &promote);
    assert_eq!(job.summary, updated(1_890));
    assert_eq!(count(&scene, "app_metadata.plan:free"), 0);
    assert_eq!(count(&scene, "user_metadata.since:2026"), 1_890);
}

/// Whether few or many of a segment changed, searches find what is there.
#[test]
fn indexes_follow_an_edit() {
    let scene = scene(500);
    for users in [3, 400] {
        scene.engine.build_indexes(&Watch::default()).unwrap();
        let query = format!(
            "email:({})",
            (0..users)
                .map(|i| format!("u{i}@example.com"))
                .collect::<Vec<_>>()
                .join(" OR ")
        );
        let block = request(Some(&query), EditAction::Block, &[]);
        assert_eq!(edit(&scene, &block).status, JobStatus::Completed);
        assert_eq!(count(&scene, "blocked:true"), users);
        assert_eq!(count(&scene, "NOT blocked:true"), 500 - users);
    }
    scene.engine.build_indexes(&Watch::default()).unwrap();
    let delete = request(Some("blocked:true"), EditAction::Delete, &[]);
    assert_eq!(edit(&scene, &delete).summary, updated(400));
    assert_eq!(count(&scene, "_exists_:email"), 100);
}

#[test]
fn those_of_one_connection_are_deleted() {
    let scene = scene(1_500);
    let store = scene.engine.store();
    let connection = store.list_connections().unwrap().remove(0);
    let delete = EditRequest {
        connection: Some(connection.clone()),
        ..request(Some("app_metadata.plan:free"), EditAction::Delete, &[])
    };
    let job = edit(&scene, &delete);
    assert_eq!(job.summary, updated(1_350));
    assert_eq!(job.connection.unwrap().name, connection.connection.name);
    assert_eq!(store.count_users(None).unwrap(), 150);
    add(&scene, 1..3);
    assert_eq!(
        count(&scene, "email:u1@example.com"),
        1,
        "the address is free again"
    );
}

/// Stops after the first step, as a kill would; then others change, delete and add users.
#[test]
fn a_stopped_edit_goes_on_behind_what_it_did() {
    let scene = scene(3_000);
    let block = request(None, EditAction::Block, &[]);
    let queued = scene.engine.queue_edit(&block).unwrap();
    // A worker that did one step and died.
    let store = scene.engine.store();
    let dead = store.claim_job(Timestamp(0)).unwrap().unwrap();
    let start = store.begin_edit(&dead.lease, Timestamp(0)).unwrap();
    let steps = Cell::new(0);
    let scope = purser_store::EditScope {
        query: None,
        connection: None,
    };
    store
        .edit_step(&dead.lease, Timestamp(0), scope, &start, |user, _| {
            steps.set(steps.get() + 1);
            let text = user.as_str().replacen('{', r#"{"blocked":true,"#, 1);
            let user = purser_core::user::Profile::from_canonical(text);
            Ok(purser_store::UserEdit::Replace(user))
        })
        .unwrap();
    assert_eq!(steps.get(), 1_000);
    add(&scene, 3_000..3_010);
    for number in [5, 2_500] {
        let id = UserId::new(format!("auth0|{number}"));
        assert!(store.delete_user(&id).unwrap());
    }
    let workers = Workers::start(&scene.engine, 1);
    let job = crate::jobs::wait(&scene, &queued.id);
    workers.stop();
    assert_eq!(
        (job.status, job.summary),
        (JobStatus::Completed, updated(2_999))
    );
    assert_eq!(job.notes, Vec::<String>::new(), "nobody was met twice");
    assert_eq!(count(&scene, "blocked:true"), 2_998);
    assert_eq!(
        store.count_users(None).unwrap(),
        3_008,
        "late users are left alone"
    );
    let late = store.edit_step(&dead.lease, NOW, scope, &start, |_, _| {
        Ok(purser_store::UserEdit::Delete)
    });
    assert!(late.is_err(), "the dead worker holds nothing any more");
}

#[test]
fn an_edit_of_the_command_line_is_resumed() {
    let scene = scene(20);
    let watch = Watch::default();
    watch.stop();
    let stopped = scene
        .engine
        .edit(&request(None, EditAction::Block, &[]), &watch);
    assert!(matches!(stopped, Err(EngineError::Stopping)));
    let job = scene
        .engine
        .store()
        .list_jobs(&Default::default())
        .unwrap()
        .remove(0);
    assert_eq!(job.status, JobStatus::Pending);
    let engine = open(scene.folder.path());
    let resumed = engine
        .resume_edit(&job.id, &Watch::default())
        .unwrap()
        .unwrap();
    assert_eq!(resumed.summary, updated(20));
    assert_eq!(
        engine.resume_edit(&job.id, &Watch::default()).unwrap(),
        None
    );
}

#[test]
fn a_canceled_edit_keeps_what_it_committed() {
    let scene = scene(5);
    let watch = Watch::default();
    watch.cancel();
    let job = scene
        .engine
        .edit(&request(None, EditAction::Delete, &[]), &watch)
        .unwrap();
    assert_eq!((job.status, job.summary), (JobStatus::Canceled, updated(0)));
    assert_eq!(scene.engine.store().count_users(None).unwrap(), 5);
}

#[test]
fn users_who_cannot_be_changed_are_reported() {
    let scene = scene(3);
    scene.restore(r#"{"user_id":"google-oauth2|1","email":"g@example.com","name":"G","app_metadata":{"plan":{"x":1}},"identities":[{"provider":"google-oauth2","connection":"google","user_id":"1","isSocial":true}]}"#);
    let rename = request(None, EditAction::Update, &["name=N"]);
    let job = edit(&scene, &rename);
    let expected = Summary {
        failed: 1,
        updated: 3,
        inserted: 0,
        total: 4,
    };
    assert_eq!((job.status, job.summary), (JobStatus::Completed, expected));
    let failed = [(4, "OPERATION_NOT_SUPPORTED".to_owned())];
    assert_eq!(scene.failures(&job.id), failed);
    let below = request(None, EditAction::Update, &["app_metadata.plan.x=2"]);
    let job = edit(&scene, &below);
    let failed = [1, 2, 3].map(|row| (row, "INVALID_TYPE".to_owned()));
    assert_eq!(scene.failures(&job.id), failed);
    assert_eq!(job.summary.updated, 1);
}

#[test]
fn a_preview_tells_and_changes_nothing() {
    let scene = scene(100);
    let before = scene.users(&[]);
    let promote = request(
        Some("app_metadata.plan:(free OR pro)"),
        EditAction::Update,
        &["app_metadata.plan=pro"],
    );
    let preview = scene
        .engine
        .preview_edit(&promote, &Watch::default())
        .unwrap();
    assert_eq!(
        (preview.would_change, preview.unchanged, preview.would_fail),
        (90, 10, 0)
    );
    assert_eq!(preview.users.len(), 10);
    let Fate::Changed(fields) = &preview.users[0].what else {
        panic!("{preview:?}");
    };
    assert_eq!(fields[0].path, "app_metadata.plan");
    assert_eq!(
        preview.to_json()["users"][0].to_string(),
        r#"{"user_id":"auth0|1","email":"u1@example.com","changes":[{"path":"app_metadata.plan","before":"free","after":"pro"}]}"#
    );
    let delete = request(None, EditAction::Delete, &[]);
    let preview = scene
        .engine
        .preview_edit(&delete, &Watch::default())
        .unwrap();
    assert_eq!(
        (preview.would_change, &preview.users[0].what),
        (100, &Fate::Deleted)
    );
    assert_eq!(scene.users(&[]), before);
    let jobs = scene.engine.store().list_jobs(&Default::default()).unwrap();
    let is_edit = |job: &Job| matches!(job.kind, purser_core::job::JobKind::UsersEdit(_));
    assert!(!jobs.iter().any(is_edit));
}

#[test]
fn an_edit_that_makes_no_sense_makes_no_job() {
    let scene = Scene::new();
    let refused = |request: &EditRequest| {
        let error = scene.engine.queue_edit(request).unwrap_err();
        error.chain()
    };
    let secret = request(None, EditAction::Update, &["password=x"]);
    assert_eq!(
        refused(&secret),
        "`password` cannot be changed for many users at once"
    );
    let unread = refused(&request(Some("plan:("), EditAction::Block, &[]));
    assert!(unread.starts_with("the query cannot be read: "), "{unread}");
    let mut auth0 = request(Some("user_metadata.plan:p*"), EditAction::Block, &[]);
    assert_eq!(edit(&scene, &auth0).status, JobStatus::Completed);
    auth0.limits = Limits::Auth0;
    assert!(matches!(
        scene.engine.queue_edit(&auth0),
        Err(EngineError::Query(_))
    ));
    assert_eq!(
        scene
            .engine
            .store()
            .list_jobs(&Default::default())
            .unwrap()
            .len(),
        1
    );
}
