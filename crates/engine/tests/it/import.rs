//! What an import does with good and bad rows, in every format.

use std::io::Write;

use purser_core::format::{InputFormat, OutputFormat};
use purser_core::job::{ImportOptions, JobStatus, Summary};
use purser_engine::report;

use crate::support::{Scene, rows};

const COUNT: usize = 3_000;

fn tally() -> Summary {
    Summary {
        inserted: 2_880,
        failed: 120,
        updated: 0,
        total: 3_000,
    }
}

fn ndjson() -> String {
    rows(COUNT).join("\n") + "\n"
}

fn array() -> String {
    format!("[{}]\n", rows(COUNT).join(",\n"))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn upsert() -> ImportOptions {
    ImportOptions {
        upsert: true,
        ..ImportOptions::default()
    }
}

#[test]
fn every_row_ends_in_exactly_one_place_whatever_the_format() {
    let zstd = zstd::encode_all(array().as_bytes(), 1).unwrap();
    let files = [
        ("ndjson", ndjson().into_bytes()),
        ("array", array().into_bytes()),
        (
            "array with BOM",
            [b"\xef\xbb\xbf", array().as_bytes()].concat(),
        ),
        ("crlf", ndjson().replace('\n', "\r\n").into_bytes()),
        ("gzip", gzip(ndjson().as_bytes())),
        ("zstd", zstd),
    ];
    let mut reports = Vec::new();
    for (name, bytes) in files {
        let scene = Scene::new();
        let job = scene.import(bytes);
        assert_eq!(
            (job.status, job.summary),
            (JobStatus::Completed, tally()),
            "{name}"
        );
        reports.push(scene.failures(&job.id));
    }
    assert!(reports.windows(2).all(|pair| pair[0] == pair[1]));
    let expected: Vec<(u64, &str)> = (0..COUNT as u64)
        .filter_map(|i| {
            let code = match i % 100 {
                3 => "INVALID_FORMAT",
                5 => "OBJECT_ADDITIONAL_PROPERTIES",
                7 => "DUPLICATED_USER",
                9 => "PATTERN",
                _ => return None,
            };
            Some((i + 1, code))
        })
        .collect();
    let found: Vec<(u64, &str)> = reports[0]
        .iter()
        .map(|(row, codes)| (*row, codes.as_str()))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn a_csv_file_gives_the_same_users() {
    let json = Scene::new();
    json.import(
        r#"[{"email":"a@b.co","email_verified":true,"given_name":"=Ann, \"A\"","user_metadata":{"n":7,"zip":"007"}},
            {"email":"c@d.co","app_metadata":{"roles":["x","y"]}}]"#,
    );
    let csv = Scene::new();
    let job = csv.import(concat!(
        "email,email_verified,given_name,user_metadata.n,user_metadata.zip,app_metadata.roles\r\n",
        "a@b.co,TRUE,\"'=Ann, \"\"A\"\"\",7,007,\r\n",
        "c@d.co,,,,,\"[\"\"x\"\",\"\"y\"\"]\"\r\n",
    ));
    assert_eq!(job.failure, None);
    assert_eq!(scene_users(&csv), scene_users(&json));
}

fn scene_users(scene: &Scene) -> std::collections::BTreeMap<String, serde_json::Value> {
    scene.users(&["user_id", "identities"])
}

#[test]
fn the_same_file_again_fails_without_upsert_and_updates_with_it() {
    let scene = Scene::new();
    scene.import(ndjson());
    let again = scene.import(ndjson());
    assert_eq!(
        again.summary,
        Summary {
            inserted: 0,
            updated: 0,
            failed: 3_000,
            total: 3_000
        }
    );
    let upserted = scene.import_with(ndjson(), upsert());
    assert_eq!(
        upserted.summary,
        Summary {
            inserted: 0,
            updated: 2_880,
            failed: 120,
            total: 3_000
        }
    );
    // The doubles of the first address are told from users who were there before.
    let doubles = scene
        .failures(&upserted.id)
        .into_iter()
        .filter(|(_, codes)| codes == "DUPLICATED_USER");
    assert_eq!(doubles.count(), 30);
}

#[test]
fn an_upsert_changes_what_is_given_and_nothing_else() {
    let scene = Scene::new();
    scene.import(
        r#"[{"email":"a@b.co","name":"Old","blocked":true,"user_metadata":{"a":1,"b":2}}]"#,
    );
    let job = scene.import_with(
        r#"[{"email":"A@B.co","nickname":"n","blocked":false,"user_metadata":{"b":3}}]"#,
        upsert(),
    );
    assert_eq!(job.summary.updated, 1);
    let user = &scene.users(&[])["a@b.co"];
    assert_eq!(user["name"], "Old");
    assert_eq!(user["nickname"], "n");
    assert_eq!(user["blocked"], true);
    assert_eq!(user["user_metadata"], serde_json::json!({"b": 3}));
}

#[test]
fn credentials_never_leave_with_an_export_or_a_report() {
    let scene = Scene::new();
    let job = scene.import(concat!(
        r#"[{"email":"a@b.co","password_hash":"$2b$10$C9hB01.YxRSTcn/ZOOo4j.TW7xCKKFKBSF.C7E0xiUwumqIDqWUXG"},"#,
        r#"{"email":"b@b.co","mfa_factors":[{"totp":{"secret":"ABCDEFGHIJKLMNOP"}}]},"#,
        r#"{"email":"bad","password_hash":"SECRETSECRET","custom_password_hash":{"algorithm":"md5","hash":{"value":"SECRETTOO","encoding":"hex"}},"mfa_factors":[{"totp":{"secret":"SECRETTHREE"}}]}]"#,
    ));
    assert_eq!((job.summary.inserted, job.summary.failed), (2, 1));
    let mut text = scene.export_text(OutputFormat::Ndjson, &[]);
    text += &scene.export_text(
        OutputFormat::Csv,
        &["password_hash", "credentials", "mfa_factors"],
    );
    for format in [OutputFormat::Json, OutputFormat::Ndjson, OutputFormat::Csv] {
        let mut out = Vec::new();
        report::write(scene.engine.store(), &job.id, format, &mut out).unwrap();
        text += &String::from_utf8(out).unwrap();
    }
    for secret in ["C9hB01", "ABCDEFGHIJKLMNOP", "SECRET"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    assert!(text.contains("*****"), "{text}");
}

#[test]
fn a_restore_keeps_profiles_byte_for_byte() {
    let users = std::fs::read(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../testdata/users.ndjson"
    ))
    .unwrap();
    let scene = Scene::new();
    let job = scene.restore(&users);
    assert_eq!(job.failure, None);
    assert_eq!(
        job.summary,
        Summary {
            inserted: 2_000,
            total: 2_000,
            ..Summary::default()
        }
    );
    let exported = scene.export_text(OutputFormat::Ndjson, &[]);
    let users = String::from_utf8(users).unwrap();
    for (given, kept) in users.lines().zip(exported.lines()) {
        assert_eq!(given, kept);
    }
    assert_eq!(users.lines().count(), exported.lines().count());
    let connections = scene.engine.store().list_connections().unwrap();
    assert!(connections.len() > 1, "rows name several connections");
    assert_eq!(connections.iter().map(|row| row.users).sum::<u64>(), 2_000);
    // Restoring the same again over it changes nothing.
    let options = ImportOptions {
        restore: true,
        upsert: true,
        ..ImportOptions::default()
    };
    let again = scene.import_with(users.as_bytes(), options);
    assert_eq!(
        again.summary,
        Summary {
            updated: 2_000,
            total: 2_000,
            ..Summary::default()
        }
    );
    assert_eq!(scene.export_text(OutputFormat::Ndjson, &[]), exported);
}

#[test]
fn exports_of_every_format_come_back_as_the_same_users() {
    let source = Scene::new();
    source.import(ndjson());
    let expected = source.users(&["created_at", "updated_at"]);
    let csv_fields = [
        "user_id",
        "email",
        "email_verified",
        "given_name",
        "family_name",
        "name",
        "nickname",
        "picture",
        "user_metadata",
        "app_metadata",
    ];
    let files = [
        source.export_text(OutputFormat::Ndjson, &[]),
        source.export_text(OutputFormat::Json, &[]),
        source.export_text(OutputFormat::Csv, &csv_fields),
    ];
    for file in files {
        let target = Scene::new();
        let job = target.import(&file);
        assert_eq!(
            job.summary,
            Summary {
                inserted: 2_880,
                total: 2_880,
                ..Summary::default()
            }
        );
        assert!(
            job.notes.iter().any(|note| note.contains("prefix")),
            "{:?}",
            job.notes
        );
        assert_eq!(target.users(&["created_at", "updated_at"]), expected);
    }
}

#[test]
fn a_corrected_report_is_an_import_file() {
    for format in [OutputFormat::Json, OutputFormat::Ndjson, OutputFormat::Csv] {
        let scene = Scene::new();
        let job = scene.import(
            r#"[{"email":"bad","name":"A","user_metadata":{"n":1}},{"email":"ok@b.co"},{"email":"c@d.co","colour":"red"}]"#,
        );
        assert_eq!(job.summary.failed, 2);
        let mut out = Vec::new();
        assert_eq!(
            report::write(scene.engine.store(), &job.id, format, &mut out).unwrap(),
            2
        );
        let report = String::from_utf8(out).unwrap();
        let fixed = report
            .replace("\"bad\"", "\"a@b.co\"")
            .replace("bad,", "a@b.co,")
            .replace("\"colour\"", "\"nickname\"")
            .replace(",colour", ",nickname");
        let again = scene.import(&fixed);
        assert_eq!(
            again.summary.inserted,
            2,
            "{fixed} {:?}",
            scene.failures(&again.id)
        );
        let users = scene.users(&[]);
        assert_eq!(users["a@b.co"]["user_metadata"]["n"], 1, "{fixed}");
        assert_eq!(users["c@d.co"]["nickname"], "red");
    }
}

#[test]
fn under_auth0s_limits_only_an_array_will_do() {
    let scene = Scene::new();
    let options = ImportOptions {
        strict: true,
        ..ImportOptions::default()
    };
    let job = scene.import_with("{\"email\":\"a@b.co\"}\n", options.clone());
    assert_eq!(job.status, JobStatus::Failed);
    let failure = job.failure.unwrap();
    assert_eq!(
        failure.details,
        "Failed to parse users file JSON when importing users. Make sure it is valid JSON."
    );
    let job = scene.import_with("[{\"email\":\"a@b.co\",\"created_at\":\"x\"}]", options);
    assert_eq!(
        scene.failures(&job.id),
        [(1, "OBJECT_ADDITIONAL_PROPERTIES".to_owned())]
    );
}

#[test]
fn a_given_format_is_not_guessed() {
    let scene = Scene::new();
    let options = ImportOptions {
        format: InputFormat::Csv,
        ..ImportOptions::default()
    };
    let job = scene.import_with("[{\"email\":\"a@b.co\"}]", options);
    assert_eq!(job.status, JobStatus::Failed);
    assert_eq!(scene.engine.store().count_users(None).unwrap(), 0);
}
