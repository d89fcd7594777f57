//! Building indexes, and that what is written later is found all the same.

use std::time::{Duration, Instant};

use purser_core::id::UserId;
use purser_core::job::ImportOptions;
use purser_core::query::{Attribute, Limits, Query};
use purser_engine::index::Indexer;
use purser_engine::{Stage, Watch};

use crate::support::{NOW, Scene};

/// Returns rows with ids `from..to`, all with this plan.
fn rows(ids: std::ops::Range<u32>, plan: &str) -> String {
    let row = |id| {
        format!(
            "{{\"user_id\":\"{id}\",\"email\":\"u{id}@example.com\",\"app_metadata\":{{\"plan\":\"{plan}\"}}}}\n"
        )
    };
    ids.map(row).collect()
}

fn count(scene: &Scene, text: &str) -> u64 {
    let query = Query::parse(text, Limits::None).unwrap();
    let store = scene.engine.store();
    store.count_matching(Some(&query), None).unwrap()
}

/// Returns how many users the index of the plan and those that are always there hold.
fn held(scene: &Scene) -> (Option<u64>, u64) {
    let states = scene.engine.store().index_states().unwrap();
    let declared = states.declared.first().map(|state| state.indexed);
    (declared, states.indexed)
}

fn build(scene: &Scene) -> u64 {
    let watch = Watch::default();
    let built = scene.engine.build_indexes(&watch).unwrap();
    assert_eq!(watch.stage(), Stage::Done);
    built
}

#[test]
fn what_is_written_after_indexing_is_found() {
    let scene = Scene::new();
    scene.import(rows(0..100, "gold"));
    let plan = Attribute::parse("app_metadata.plan").unwrap();
    scene.engine.store().create_index(&plan, NOW).unwrap();
    assert_eq!(held(&scene), (Some(0), 0));
    build(&scene);
    assert_eq!(held(&scene), (Some(100), 100));
    assert_eq!(build(&scene), 0);
    let counts = |gold, silver, all| {
        assert_eq!(count(&scene, "app_metadata.plan:gold"), gold);
        assert_eq!(count(&scene, "app_metadata.plan:silver"), silver);
        assert_eq!(count(&scene, "email.domain:example.com"), all);
        assert_eq!(count(&scene, ""), all);
    };
    counts(100, 0, 100);

    // New users in a segment that is indexed.
    scene.import(rows(100..150, "silver"));
    counts(100, 50, 150);
    build(&scene);
    counts(100, 50, 150);

    // Few changes, then many.
    let upsert = ImportOptions {
        upsert: true,
        ..ImportOptions::default()
    };
    scene.import_with(rows(0..3, "silver"), upsert.clone());
    counts(97, 53, 150);
    assert_eq!(held(&scene), (Some(150), 150));
    scene.import_with(rows(3..50, "silver"), upsert);
    counts(50, 100, 150);
    build(&scene);
    counts(50, 100, 150);

    // One by one.
    let id = UserId::new("auth0|149");
    assert!(scene.engine.store().delete_user(&id).unwrap());
    counts(50, 99, 149);
    assert!(scene.engine.store().drop_index(&plan).unwrap());
    counts(50, 99, 149);
}

#[test]
fn the_background_indexes_what_is_written_and_ends_when_told() {
    let scene = Scene::new();
    scene.import(rows(0..10, "gold"));
    let indexer = Indexer::start(&scene.engine);
    let until = |wanted| {
        let started = Instant::now();
        while held(&scene) != wanted {
            assert!(started.elapsed() < Duration::from_secs(30), "{wanted:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    until((None, 10));
    let plan = Attribute::parse("app_metadata.plan").unwrap();
    scene.engine.store().create_index(&plan, NOW).unwrap();
    indexer.wake();
    until((Some(10), 10));
    indexer.stop();
    scene.import(rows(10..20, "gold"));
    assert_eq!(held(&scene).1, 0);
    assert_eq!(count(&scene, "app_metadata.plan:gold"), 20);
}

#[test]
fn indexing_can_be_canceled_and_goes_on_later() {
    let scene = Scene::new();
    scene.import(rows(0..10, "gold"));
    let watch = Watch::default();
    watch.cancel();
    assert!(scene.engine.build_indexes(&watch).is_err());
    assert_eq!(held(&scene), (None, 0));
    build(&scene);
    assert_eq!(held(&scene), (None, 10));
}
