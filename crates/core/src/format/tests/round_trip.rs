//! What is written is read back as the same values, whatever the format and the guard.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::field::{Field, Path};
use crate::format::{CsvGuard, Encoder, OutputFormat};
use crate::job::ExportOptions;
use crate::json::RawJson;

const FIELDS: [&str; 10] = [
    "user_id",
    "email",
    "name",
    "email_verified",
    "logins_count",
    "identities",
    "identities[0].connection",
    "user_metadata.a",
    "app_metadata.b.c",
    "created_at",
];

fn options(names: &[&str], format: OutputFormat, csv_guard: CsvGuard) -> ExportOptions {
    let fields = names
        .iter()
        .map(|name| Field {
            name: (*name).to_owned(),
            export_as: None,
        })
        .collect();
    ExportOptions {
        fields,
        format,
        csv_guard,
        ..Default::default()
    }
}

/// Encodes in chunks of two, as several threads would.
fn encode(options: &ExportOptions, profiles: &[String]) -> String {
    let encoder = Encoder::new(options).unwrap();
    let mut out = Vec::new();
    encoder.begin(&mut out);
    for (i, chunk) in profiles.chunks(2).enumerate() {
        if i > 0 {
            out.extend_from_slice(encoder.between());
        }
        let mut encoder = encoder.clone();
        for (i, profile) in chunk.iter().enumerate() {
            encoder.record(i == 0, RawJson::trusted(profile), &mut out);
        }
    }
    encoder.end(profiles.len() as u64, &mut out);
    String::from_utf8(out).unwrap()
}

fn csv(guard: CsvGuard, names: &[&str], profile: Value) -> String {
    encode(
        &options(names, OutputFormat::Csv, guard),
        &[profile.to_string()],
    )
}

#[test]
fn auth0_writes_an_apostrophe_before_every_text_but_its_dates() {
    let profile = json!({
        "user_id": "auth0|1", "name": "say \"hi\", you", "created_at": "2024-01-01T00:00:00.000Z", "blocked": false,
        "logins_count": 3, "email": null, "user_metadata": {"born": "2024-01-01", "tags": ["a"], "e": ""}
    });
    let names = [
        "user_id",
        "name",
        "created_at",
        "blocked",
        "logins_count",
        "email",
        "x",
    ];
    insta::assert_snapshot!(csv(CsvGuard::Auth0, &names, profile.clone()), @r#"
    user_id,name,created_at,blocked,logins_count,email,x
    "'auth0|1","'say ""hi"", you","2024-01-01T00:00:00.000Z",false,3,,
    "#);
    let names = [
        "user_metadata.born",
        "user_metadata.tags",
        "user_metadata.e",
    ];
    insta::assert_snapshot!(csv(CsvGuard::Auth0, &names, profile), @r#"
    user_metadata.born,user_metadata.tags,user_metadata.e
    "'2024-01-01","[""a""]","'"
    "#);
}

#[test]
fn plain_csv_has_quotes_only_where_they_are_needed() {
    let profile = json!({
        "user_id": "12", "name": "A, \"B\"", "email": "=1+1", "nickname": "", "picture": "a\nb",
        "user_metadata": {"n": 12, "s": "12", "o": {"x": [1, 2]}}
    });
    let names = ["user_id", "name", "email", "nickname", "picture", "x"];
    assert_eq!(
        csv(CsvGuard::None, &names, profile.clone()),
        "user_id,name,email,nickname,picture,x\r\n12,\"A, \"\"B\"\"\",=1+1,\"\",\"a\nb\",\r\n"
    );
    let names = ["user_metadata.n", "user_metadata.s", "user_metadata.o"];
    assert_eq!(
        csv(CsvGuard::None, &names, profile),
        "user_metadata.n,user_metadata.s,user_metadata.o\r\n12,\"12\",\"{\"\"x\"\":[1,2]}\"\r\n"
    );
}

#[test]
fn formulas_are_guarded_reversibly() {
    let profile =
        json!({"a": "=1", "b": "+49", "c": "'x", "d": "\tx", "e": "x", "f": -5, "g": "-5"});
    assert_eq!(
        csv(
            CsvGuard::Formula,
            &["a", "b", "c", "d", "e", "f", "g"],
            profile
        ),
        "a,b,c,d,e,f,g\r\n'=1,'+49,''x,'\tx,x,-5,'-5\r\n"
    );
}

#[test]
fn json_is_flat_with_fields_and_whole_without() {
    let profiles = [
        r#"{"a":1.50,"m":{"x":[1, 2]},"n":null}"#.to_owned(),
        "{}".to_owned(),
    ];
    let mut flat = options(
        &["n", "m.x[1]", "a", "z", "a"],
        OutputFormat::Ndjson,
        CsvGuard::None,
    );
    flat.fields[2].export_as = Some("A \"a\"".to_owned());
    assert_eq!(
        encode(&flat, &profiles),
        "{\"n\":null,\"m.x[1]\":2,\"A \\\"a\\\"\":1.50,\"a\":1.50}\n{}\n"
    );
    let whole = options(&[], OutputFormat::Json, CsvGuard::None);
    assert_eq!(
        encode(&whole, &profiles),
        format!("[{},\n{{}}\n]\n", profiles[0])
    );
    assert_eq!(encode(&whole, &[]), "[]\n");
    let whole = options(&[], OutputFormat::Ndjson, CsvGuard::None);
    assert_eq!(encode(&whole, &["{\"a\":\n1}".to_owned()]), "{\"a\":1}\n");
}

#[test]
fn csv_without_fields_has_the_default_ones() {
    let csv = encode(&options(&[], OutputFormat::Csv, CsvGuard::None), &[]);
    assert!(
        csv.starts_with("user_id,given_name,family_name,nickname,name,email,"),
        "{csv}"
    );
}

#[test]
fn a_record_of_one_missing_cell_is_still_a_record() {
    let csv = encode(
        &options(&["email"], OutputFormat::Csv, CsvGuard::None),
        &["{}".to_owned()],
    );
    assert_eq!(csv, "email\r\n\"\"\r\n");
    assert_eq!(rows(csv), ["{}"]);
}

#[test]
fn text_in_a_single_column_stays_text() {
    for guard in [CsvGuard::Auth0, CsvGuard::Formula, CsvGuard::None] {
        for value in [json!("12"), json!(12), json!("true"), json!([1, 2])] {
            let profile = json!({ "user_metadata": { "a": value } });
            let options = options(&["user_metadata.a"], OutputFormat::Csv, guard);
            check_round_trip(&["user_metadata.a"], &options, &[profile]);
        }
    }
}

/// Text that looks like anything a cell may be, or like its guard.
fn text() -> impl Strategy<Value = String> {
    let tricky = prop::sample::select(vec![
        "",
        "12",
        "-5",
        "007",
        "true",
        "null",
        "=1",
        "+49",
        "@x",
        "'",
        "''",
        "'=1",
        "'x",
        "\t",
        "\r\n",
        "\"",
        "a,b",
        "2024-01-01",
        "1e999",
        " 12 ",
        "é\u{feff}",
        "[]x",
        "{",
    ]);
    prop_oneof![tricky.prop_map(str::to_owned), "[^\\x00]{0,8}"]
}

/// Text that is no JSON object or array: without a guard that cannot be told from one.
fn metadata() -> impl Strategy<Value = Value> {
    prop_oneof![
        text().prop_map(Value::String),
        any::<i32>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        prop::collection::vec(text().prop_map(Value::String), 0..3).prop_map(Value::from),
        text().prop_map(|text| json!({ "k": text })),
    ]
}

prop_compose! {
    fn profile()(
        id in "[a-z]{1,4}\\|[0-9]{1,4}", email in prop::option::of(text()), name in prop::option::of(text()),
        verified in prop::option::of(any::<bool>()), logins in prop::option::of(any::<u32>()),
        connection in text(), a in prop::option::of(metadata()), b in prop::option::of(metadata()),
        json_text in prop::option::of(Just("[\"text\"]")),
    ) -> Value {
        let mut profile = Map::new();
        profile.insert("user_id".to_owned(), id.into());
        let optional = [
            ("email", email.map(Value::from)),
            ("name", name.map(Value::from)),
            ("email_verified", verified.map(Value::from)),
            ("logins_count", logins.map(Value::from)),
            ("user_metadata", a.map(|a| json!({ "a": a, "text": json_text }))),
            ("app_metadata", b.map(|b| json!({ "b": { "c": b } }))),
        ];
        for (key, value) in optional {
            if let Some(value) = value {
                profile.insert(key.to_owned(), value);
            }
        }
        profile.insert("identities".to_owned(), json!([{ "connection": connection }]));
        profile.insert("created_at".to_owned(), "2024-01-01T00:00:00.000Z".into());
        Value::Object(profile)
    }
}

fn decoded(text: &str) -> Vec<Value> {
    rows(text)
        .iter()
        .map(|row| serde_json::from_str(row).unwrap())
        .collect()
}

/// Returns a profile as the flat object that its fields make.
fn flat(profile: &Value, names: &[&str]) -> Value {
    let text = profile.to_string();
    let value = |name: &&str| {
        let value = Path::parse(name).unwrap().get(RawJson::trusted(&text))?;
        Some((
            (*name).to_owned(),
            serde_json::from_str(value.text()).unwrap(),
        ))
    };
    Value::Object(names.iter().filter_map(value).collect())
}

fn check_round_trip(names: &[&str], options: &ExportOptions, profiles: &[Value]) {
    let texts: Vec<_> = profiles.iter().map(Value::to_string).collect();
    let file = encode(options, &texts);
    let expected: Vec<_> = profiles
        .iter()
        .map(|profile| flat(profile, names))
        .collect();
    assert_eq!(decoded(&file), expected, "{file}");
}

proptest! {
    #[test]
    fn json_round_trips(profiles in prop::collection::vec(profile(), 0..5)) {
        for format in [OutputFormat::Json, OutputFormat::Ndjson] {
            let texts: Vec<_> = profiles.iter().map(Value::to_string).collect();
            let whole = encode(&options(&[], format, CsvGuard::None), &texts);
            if whole.is_empty() {
                continue;
            }
            prop_assert_eq!(&decoded(&whole), &profiles);
            check_round_trip(&FIELDS, &options(&FIELDS, format, CsvGuard::None), &profiles);
        }
    }

    #[test]
    fn csv_round_trips_with_every_guard(profiles in prop::collection::vec(profile(), 0..5)) {
        for guard in [CsvGuard::Auth0, CsvGuard::Formula] {
            check_round_trip(&FIELDS, &options(&FIELDS, OutputFormat::Csv, guard), &profiles);
        }
    }

    /// With a guard even JSON that is meant as text stays text.
    #[test]
    fn json_text_round_trips_with_a_guard(profiles in prop::collection::vec(profile(), 1..5)) {
        let names = ["user_id", "user_metadata.text"];
        let profiles: Vec<_> = profiles.into_iter().map(|mut profile| {
            if profile.pointer("/user_metadata/text").is_some_and(Value::is_null) {
                profile["user_metadata"] = json!({});
            }
            profile
        }).collect();
        for guard in [CsvGuard::Auth0, CsvGuard::Formula] {
            check_round_trip(&names, &options(&names, OutputFormat::Csv, guard), &profiles);
        }
    }

    /// Without a guard, text that begins like one is lost to it; everything else comes back.
    #[test]
    fn csv_round_trips_without_a_guard(profiles in prop::collection::vec(profile(), 0..5)) {
        let plain: Vec<_> =
            profiles.into_iter().filter(|profile| !profile.to_string().contains("\"'")).collect();
        check_round_trip(&FIELDS, &options(&FIELDS, OutputFormat::Csv, CsvGuard::None), &plain);
    }
}
