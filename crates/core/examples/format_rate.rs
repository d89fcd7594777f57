//! Prints how fast files are split and profiles are written, on data that it makes itself.
//! Run it with `cargo run --release -p purser-core --example format_rate`.

use std::fmt::Write as _;
use std::time::Instant;

use purser_core::field::{Field, Projector};
use purser_core::format::{CsvGuard, DecodeLimits, Decoder, Encoder, InputFormat, OutputFormat};
use purser_core::job::ExportOptions;
use purser_core::json::{self, RawJson};

const ROWS: usize = 20_000;
const RUNS: usize = 40;

const FIELDS: [&str; 7] = [
    "user_id",
    "email",
    "name",
    "user_metadata.country",
    "app_metadata.plan",
    "identities[0].connection",
    "created_at",
];

fn main() {
    let rows: Vec<String> = (0..ROWS).map(import_row).collect();
    let profiles: Vec<String> = (0..ROWS).map(profile).collect();
    let size = |texts: &[String]| texts.iter().map(String::len).sum::<usize>() / ROWS;
    let (row, profile) = (size(&rows), size(&profiles));
    say(&format!(
        "{ROWS} rows of {row} bytes, profiles of {profile} bytes, best of {RUNS} runs"
    ));
    decode_all(&rows);
    let profiles: Vec<_> = profiles.iter().map(|text| RawJson::trusted(text)).collect();
    encode_all(&profiles);
    project(&profiles);
    let valid = |row: &String| json::check(row).is_ok();
    rate("json::check of rows", || {
        rows.iter().filter(|row| valid(row)).count()
    });
}

fn decode_all(rows: &[String]) {
    decode("json array", format!("[{}]", rows.join(",\n")).as_bytes());
    decode(
        "json array, one line",
        format!("[{}]", rows.join(",")).as_bytes(),
    );
    decode("ndjson", rows.join("\n").as_bytes());
}

fn encode_all(profiles: &[RawJson<'_>]) {
    for guard in [CsvGuard::None, CsvGuard::Auth0, CsvGuard::Formula] {
        let what = format!("csv, {guard:?}");
        let file = encode(&what, &FIELDS, OutputFormat::Csv, guard, profiles);
        decode("  the same", &file);
    }
    encode(
        "ndjson, fields",
        &FIELDS,
        OutputFormat::Ndjson,
        CsvGuard::None,
        profiles,
    );
    encode(
        "ndjson, whole",
        &[],
        OutputFormat::Ndjson,
        CsvGuard::None,
        profiles,
    );
    encode(
        "json, whole",
        &[],
        OutputFormat::Json,
        CsvGuard::None,
        profiles,
    );
}

fn decode(what: &str, file: &[u8]) {
    rate(&format!("decode {what}"), || {
        let mut decoder = Decoder::open(file, InputFormat::Auto, DecodeLimits::default())
            .expect("the data begins well");
        let mut rows = 0;
        while let Some(item) = decoder.next().expect("the data is well-formed") {
            rows += usize::from(item.row.is_ok());
        }
        rows
    });
}

fn encode(
    what: &str,
    names: &[&str],
    format: OutputFormat,
    csv_guard: CsvGuard,
    profiles: &[RawJson<'_>],
) -> Vec<u8> {
    let options = ExportOptions {
        fields: fields(names),
        format,
        csv_guard,
        ..Default::default()
    };
    let mut encoder = Encoder::new(&options).expect("the fields are paths");
    let mut out = Vec::new();
    rate(&format!("encode {what}"), || {
        out.clear();
        encoder.begin(&mut out);
        for (i, profile) in profiles.iter().enumerate() {
            encoder.record(i == 0, *profile, &mut out);
        }
        encoder.end(profiles.len() as u64, &mut out);
        profiles.len()
    });
    out
}

fn project(profiles: &[RawJson<'_>]) {
    let projector = Projector::new(&fields(&FIELDS)).expect("the fields are paths");
    let mut cells = Vec::new();
    rate("project 7 fields", || {
        profiles
            .iter()
            .filter(|profile| {
                projector.project(**profile, &mut cells);
                cells.iter().all(Option::is_some)
            })
            .count()
    });
}

fn fields(names: &[&str]) -> Vec<Field> {
    names
        .iter()
        .map(|name| Field {
            name: (*name).to_owned(),
            export_as: None,
        })
        .collect()
}

fn rate(what: &str, mut run: impl FnMut() -> usize) {
    let mut best = f64::MAX;
    for _ in 0..RUNS {
        let start = Instant::now();
        assert_eq!(std::hint::black_box(run()), ROWS, "{what}");
        best = best.min(start.elapsed().as_secs_f64());
    }
    say(&format!("{what:36} {:8.2} M/s", ROWS as f64 / best / 1e6));
}

#[expect(clippy::print_stdout, reason = "an example prints its figures")]
fn say(line: &str) {
    println!("{line}");
}

fn import_row(i: usize) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        concat!(
            r#"{{"user_id":"{0:024x}","email":"person.{0}@example.com","email_verified":{1},"given_name":"Given{0}","#,
            r#""family_name":"Family \"{0}\"","name":"Given{0} Family{0}","nickname":"person.{0}","#,
            r#""picture":"https://s.gravatar.com/avatar/{0:032x}?s=480&r=pg&d=retro","#,
            r#""custom_password_hash":{{"algorithm":"bcrypt","hash":{{"value":"$2b$10$abcdefghijklmnopqrstuvABCDEFGHIJKLMNOPQRSTUVWXYZ01234{2:02}"}}}},"#,
            r#""user_metadata":{{"country":"DE","language":"de-DE","tags":["a","b","c"],"score":{2}}},"#,
            r#""app_metadata":{{"plan":"pro","roles":["admin","editor"],"tenant":{{"id":{0},"region":"eu"}}}}}}"#
        ),
        i,
        i.is_multiple_of(2),
        i % 100
    );
    out
}

fn profile(i: usize) -> String {
    let mut out = String::new();
    let _ = write!(
        out,
        concat!(
            r#"{{"created_at":"2024-03-01T10:{1:02}:00.000Z","email":"person.{0}@example.com","email_verified":true,"#,
            r#""family_name":"Family{0}","given_name":"Given{0}","identities":[{{"connection":"Username-Password-Authentication","#,
            r#""provider":"auth0","user_id":"{0:024x}","isSocial":false}}],"name":"Given{0} Family{0}","nickname":"person.{0}","#,
            r#""picture":"https://s.gravatar.com/avatar/{0:032x}?s=480&r=pg&d=https%3A%2F%2Fcdn.auth0.com%2Favatars%2Fgf.png","#,
            r#""updated_at":"2024-03-01T10:{1:02}:00.000Z","user_id":"auth0|{0:024x}","#,
            r#""user_metadata":{{"country":"DE","language":"de-DE","tags":["a","b","c"],"address":{{"city":"Berlin","street":"Unter den Linden {1}"}}}},"#,
            r#""app_metadata":{{"plan":"pro","roles":["admin","editor"],"tenant":{{"id":{0},"region":"eu"}}}},"#,
            r#""last_ip":"203.0.113.{1}","last_login":"2024-04-01T10:{1:02}:00.000Z","logins_count":{1}}}"#
        ),
        i,
        i % 60
    );
    out
}
