//! What an export writes.

use std::io::Read;

use purser_core::field::Field;
use purser_core::format::{CsvGuard, OutputFormat};
use purser_core::job::{ExportOptions, ImportOptions, JobStatus};
use purser_engine::export::ExportRequest;
use purser_engine::{EngineError, Input, Watch};
use purser_store::{BuildStep, JobFilter};

use crate::support::{Scene, rows};

fn scene(users: usize) -> Scene {
    let scene = Scene::new();
    let rows: Vec<String> = (0..users)
        .map(|i| format!(r#"{{"user_id":"u{i:05}","email":"user{i}@example.com"}}"#))
        .collect();
    assert_eq!(scene.import(rows.join("\n")).summary.inserted, users as u64);
    scene
}

fn ids(count: usize) -> Vec<String> {
    (0..count).map(|i| format!("auth0|u{i:05}")).collect()
}

fn only_ids(format: OutputFormat) -> ExportOptions {
    let fields = vec![Field {
        name: "user_id".to_owned(),
        export_as: Some("Id".to_owned()),
    }];
    ExportOptions {
        format,
        fields,
        ..ExportOptions::default()
    }
}

#[test]
fn all_users_come_once_and_in_order_over_many_chunks() {
    let scene = scene(10_500);
    let csv = String::from_utf8(scene.export(only_ids(OutputFormat::Csv))).unwrap();
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("Id"));
    assert!(lines.eq(ids(10_500)));
    let json: Vec<serde_json::Value> =
        serde_json::from_slice(&scene.export(only_ids(OutputFormat::Json))).unwrap();
    assert!(
        json.iter()
            .map(|user| user["Id"].as_str().unwrap())
            .eq(ids(10_500))
    );
}

#[test]
fn gzip_is_the_same_bytes_compressed() {
    let scene = scene(9_000);
    for limit in [None, Some(1), Some(4_001), Some(100_000)] {
        let plain = ExportOptions {
            limit,
            ..only_ids(OutputFormat::Csv)
        };
        let packed = scene.export(ExportOptions {
            gzip: true,
            ..plain.clone()
        });
        let mut text = Vec::new();
        flate2::read::GzDecoder::new(&packed[..])
            .read_to_end(&mut text)
            .unwrap();
        assert_eq!(text, scene.export(plain), "{limit:?}");
    }
}

#[test]
fn a_limit_cuts_exactly() {
    let scene = scene(9_000);
    for limit in [1, 10, 4_000, 4_001, 8_999, 9_000, 9_001] {
        let options = ExportOptions {
            limit: Some(limit),
            ..only_ids(OutputFormat::Json)
        };
        let users: Vec<serde_json::Value> = serde_json::from_slice(&scene.export(options)).unwrap();
        assert_eq!(users.len() as u64, limit.min(9_000));
    }
}

#[test]
fn an_empty_store_gives_empty_files() {
    let scene = Scene::new();
    assert_eq!(scene.export_text(OutputFormat::Ndjson, &[]), "");
    assert_eq!(
        scene.export_text(OutputFormat::Csv, &["email", "name"]),
        "email,name\r\n"
    );
    let users: Vec<serde_json::Value> =
        serde_json::from_str(&scene.export_text(OutputFormat::Json, &[])).unwrap();
    assert_eq!(users, Vec::<serde_json::Value>::new());
}

#[test]
fn one_connection_gives_its_users_alone() {
    let scene = scene(20);
    scene.restore(
        r#"{"user_id":"sms|1","phone_number":"+4912","name":"x","identities":[{"connection":"sms","provider":"sms","user_id":"1","isSocial":false}]}"#,
    );
    let sms = scene.engine.store().find_connection_by_name("sms").unwrap();
    let mut out = Vec::new();
    let request = ExportRequest {
        connection: sms,
        options: only_ids(OutputFormat::Csv),
    };
    let job = scene
        .engine
        .export(&request, &mut out, &Watch::default())
        .unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "Id\r\nsms|1\r\n");
    assert_eq!((job.status, job.summary.total), (JobStatus::Completed, 1));
}

#[test]
fn the_guard_is_auth0s() {
    let scene = Scene::new();
    scene.import(r#"[{"user_id":"1","email":"a@b.co","name":"say \"hi\"","blocked":true}]"#);
    let fields = ["user_id", "name", "blocked", "given_name", "created_at"];
    let options = ExportOptions {
        format: OutputFormat::Csv,
        csv_guard: CsvGuard::Auth0,
        fields: fields
            .map(|name| Field {
                name: name.to_owned(),
                export_as: None,
            })
            .to_vec(),
        ..ExportOptions::default()
    };
    assert_eq!(
        String::from_utf8(scene.export(options))
            .unwrap()
            .lines()
            .nth(1)
            .unwrap(),
        "\"'auth0|1\",\"'say \"\"hi\"\"\",true,,\"2023-01-25T17:48:16.543Z\""
    );
}

#[test]
fn a_field_that_is_no_path_is_refused_before_there_is_a_job() {
    let scene = Scene::new();
    let fields = vec![Field {
        name: "identities[".to_owned(),
        export_as: None,
    }];
    let request = ExportRequest {
        connection: None,
        options: ExportOptions {
            fields,
            ..ExportOptions::default()
        },
    };
    let error = scene
        .engine
        .export(&request, &mut Vec::new(), &Watch::default())
        .unwrap_err();
    assert!(matches!(error, EngineError::Field(_)), "{error}");
}

/// Whatever an import commits meanwhile, an export shows one moment: whole steps of it, every user once.
#[test]
fn an_export_sees_one_snapshot_while_an_import_goes_on() {
    let scene = Scene::new();
    let good: Vec<String> = rows(30_000)
        .into_iter()
        .enumerate()
        .filter(|(i, _)| ![3, 5, 7, 9].contains(&(i % 100)))
        .map(|(_, row)| row)
        .collect();
    let path = scene.write("users", good.join("\n"));
    let watch = Watch::default();
    std::thread::scope(|scope| {
        let import = scope.spawn(|| {
            let request = scene.request(ImportOptions::default());
            scene
                .engine
                .import(&request, Input::file(&path).unwrap(), &watch)
                .unwrap()
        });
        let mut last = 0;
        loop {
            let before = watch.summary().inserted;
            let done = import.is_finished();
            let text = String::from_utf8(scene.export(only_ids(OutputFormat::Csv))).unwrap();
            let users: Vec<&str> = text.lines().skip(1).collect();
            let count = users.len() as u64;
            assert!(
                count >= before.max(last),
                "{count} users, {before} were committed"
            );
            assert_eq!(
                users.iter().collect::<std::collections::HashSet<_>>().len(),
                users.len()
            );
            last = count;
            if done {
                assert_eq!(count, import.join().unwrap().summary.inserted);
                return;
            }
        }
    });
}

#[test]
fn what_a_search_finds_comes_sorted_over_many_chunks() {
    let scene = scene(20_000);
    let store = scene.engine.store();
    let found = |query: &str, sort: &str, limit: Option<u64>| -> Vec<String> {
        let options = ExportOptions {
            query: Some(query.to_owned()),
            sort: (!sort.is_empty()).then(|| sort.to_owned()),
            limit,
            ..only_ids(OutputFormat::Csv)
        };
        let csv = String::from_utf8(scene.export(options)).unwrap();
        csv.lines().skip(1).map(str::to_owned).collect()
    };
    let sorted = |mut ids: Vec<String>| {
        // By address: user10, user100, user1000 …
        ids.sort_by_key(|id| {
            id.trim_start_matches("auth0|u")
                .parse::<u32>()
                .unwrap()
                .to_string()
                + "@"
        });
        ids
    };
    let odd: Vec<String> = ids(20_000)
        .into_iter()
        .filter(|id| id.ends_with('7'))
        .collect();
    for _ in 0..2 {
        let query = "user_id:*7 AND email:user*";
        assert_eq!(found(query, "", None), odd);
        assert_eq!(found(query, "", Some(5)), odd[..5]);
        assert_eq!(found(query, "email:1", None), sorted(odd.clone()));
        let mut reversed = sorted(odd.clone());
        reversed.reverse();
        assert_eq!(found(query, "email:-1", None), reversed);
        assert_eq!(found(query, "email:-1", Some(1500)), reversed[..1500]);
        assert_eq!(found("*", "no_such.thing:1", None), ids(20_000));
        assert_eq!(found("email:nobody", "email:1", None), Vec::<String>::new());
        while store.build_indexes().unwrap() != BuildStep::Nothing {}
    }
}

#[test]
fn a_query_that_cannot_be_read_fails_before_there_is_a_job() {
    let scene = scene(1);
    for (query, sort) in [(Some("email:("), None), (None, Some("email:up"))] {
        let request = ExportRequest {
            connection: None,
            options: ExportOptions {
                query: query.map(str::to_owned),
                sort: sort.map(str::to_owned),
                ..ExportOptions::default()
            },
        };
        let refused = scene
            .engine
            .export(&request, &mut Vec::new(), &Watch::default());
        assert!(matches!(
            refused,
            Err(EngineError::Query(_) | EngineError::Sort(_))
        ));
    }
    assert_eq!(
        scene
            .engine
            .store()
            .list_jobs(&JobFilter::default())
            .unwrap()
            .len(),
        1
    );
}
