//! Files that are broken or hostile: a clear error with a place, bounded memory, the rows before accounted for.

use std::io::{Cursor, Read};

use purser_core::job::{ImportOptions, Job, JobStatus};
use purser_engine::{Input, Watch};

use crate::support::Scene;

/// What happened, in one line: status, rows taken and refused, reason.
fn told(job: &Job) -> String {
    let reason = job
        .failure
        .as_ref()
        .map(|failure| failure.reason.as_str())
        .unwrap_or_default();
    let hint = job
        .failure
        .as_ref()
        .and_then(|failure| failure.hint.as_deref())
        .unwrap_or_default();
    assert!(
        job.failure.is_none() || !hint.is_empty(),
        "no hint beside: {reason}"
    );
    format!(
        "{} {}+{} {reason}",
        job.status.as_str(),
        job.summary.inserted,
        job.summary.failed
    )
}

fn import(bytes: impl AsRef<[u8]>) -> String {
    told(&Scene::new().import(bytes))
}

#[test]
fn a_broken_array_keeps_the_rows_before_the_fault() {
    let whole = "[\n{\"email\":\"a@b.co\"},\n{\"email\":\"c@d.co\"},\n{\"email\":\"e@f.co\"}\n]";
    for (name, broken, rows, line) in [
        (
            "truncated",
            whole[..whole.len() - 10].to_owned(),
            2,
            "line 4",
        ),
        (
            "cut after a row",
            whole[..whole.len() - 2].to_owned(),
            3,
            "line 4",
        ),
        (
            "wrong bracket",
            whole.replace("c@d.co\"}", "c@d.co\"]"),
            1,
            "line 3",
        ),
        (
            "no comma",
            whole.replace("co\"},\n{\"email\":\"e", "co\"}\n{\"email\":\"e"),
            2,
            "line 4",
        ),
        ("trailing comma", whole.replace("\n]", ",\n]"), 3, "line 5"),
        (
            "fault inside a row",
            whole.replace("\"c@d.co\"", "c@d.co"),
            1,
            "line 3",
        ),
        (
            "NUL between rows",
            whole.replace(",\n{\"email\":\"e", ",\0\n{\"email\":\"e"),
            2,
            "line 3",
        ),
        ("text behind", format!("{whole}x"), 3, "line 5"),
    ] {
        let told = import(broken);
        assert!(
            told.starts_with(&format!("failed {rows}+0 ")),
            "{name}: {told}"
        );
        assert!(
            told.contains(line) && told.contains("byte"),
            "{name}: {told}"
        );
    }
}

#[test]
fn a_broken_line_is_one_failed_row() {
    let scene = Scene::new();
    let job = scene.import("{\"email\":\"a@b.co\"}\n{\"email\":\n{\"email\":\"c@d.co\"}\n");
    assert_eq!(told(&job), "completed 2+1 ");
    assert_eq!(scene.failures(&job.id), [(2, "INVALID_JSON".to_owned())]);
}

#[test]
fn other_encodings_and_binary_files_are_named() {
    let utf16: Vec<u8> = "\u{feff}[{\"email\":\"a@b.co\"}]"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let told = import(utf16);
    assert!(
        told.starts_with("failed 0+0 ") && told.contains("UTF-16"),
        "{told}"
    );
    let told = import(b"PK\x03\x04\x14\x00\x00\x00\x08\x00");
    assert!(told.starts_with("failed 0+0 "), "{told}");
    let told = import("");
    assert!(
        told.starts_with("failed 0+0 ") && told.contains("empty"),
        "{told}"
    );
    let told = import(b"[{\"email\":\"a@b.co\"},{\"email\":\"c@d.co\",\"name\":\"\xff\"}]");
    assert!(told.starts_with("completed 1+1 "), "{told}");
}

#[test]
fn deep_nesting_fails_the_row_alone() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let scene = Scene::new();
    let job = scene.import(format!(
        "[{{\"email\":\"a@b.co\",\"user_metadata\":{{\"x\":{deep}}}}},{{\"email\":\"c@d.co\"}}]"
    ));
    assert_eq!(told(&job), "completed 1+1 ");
    assert_eq!(scene.failures(&job.id), [(1, "INVALID_VALUE".to_owned())]);
}

#[test]
fn a_row_beyond_the_limit_fails_alone() {
    let scene = Scene::new();
    let head = Cursor::new(b"[{\"email\":\"a@b.co\"},{\"email\":\"b@b.co\",\"name\":\"".to_vec());
    let tail = Cursor::new(b"\"},{\"email\":\"c@d.co\"}]".to_vec());
    let file = head
        .chain(std::io::repeat(b'x').take(100 * 1024 * 1024))
        .chain(tail);
    let request = scene.request(ImportOptions::default());
    let job = scene
        .engine
        .import(&request, Input::stream(file), &Watch::default())
        .unwrap();
    assert_eq!(told(&job), "completed 2+1 ");
    assert_eq!(scene.failures(&job.id), [(2, "ROW_TOO_LARGE".to_owned())]);
}

#[test]
fn damaged_compression_keeps_the_rows_before() {
    use std::io::Write;
    // The first rows compress into blocks of their own, so that they can be read before the damage.
    let mut encoder = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
    for i in 0..2_000 {
        writeln!(encoder, "{{\"email\":\"user{i}@example.com\"}}").unwrap();
        if i == 999 {
            encoder.flush().unwrap();
        }
    }
    let bytes = encoder.finish().unwrap();
    let told = import(&bytes[..bytes.len() * 3 / 4]);
    assert!(
        told.starts_with("failed ") && told.contains("the gzip data ends too early"),
        "{told}"
    );
    assert!(!told.starts_with("failed 0+"), "{told}");
}

#[test]
fn a_bomb_ends_in_an_error() {
    let bomb = zstd::encode_all(std::io::repeat(b' ').take(1 << 30), 3).unwrap();
    let told = import(bomb);
    assert!(
        told.starts_with("failed 0+0 ") && told.contains("bomb"),
        "{told}"
    );
}

#[test]
fn a_failed_job_says_so_in_auth0s_words_too() {
    let job = Scene::new().import("[{");
    assert_eq!(job.status, JobStatus::Failed);
    assert_eq!(
        job.failure.unwrap().details,
        "Failed to parse users file JSON when importing users. Make sure it is valid JSON."
    );
}
