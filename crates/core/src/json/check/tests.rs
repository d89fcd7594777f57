//! What the strict reader takes and refuses.

use super::*;
use crate::json::path_at;

fn kinds(text: &str) -> Vec<FaultKind> {
    check(text)
        .unwrap()
        .faults
        .into_iter()
        .map(|f| f.kind)
        .collect()
}

fn syntax(text: &str) -> String {
    check(text).unwrap_err().to_string()
}

#[test]
fn accepts_what_rfc_8259_accepts() {
    for text in [
        "{}",
        "[]",
        " null ",
        "-0.5e+10",
        r#"{"a":[1,{"b":"\u00e9\n"}],"c":""}"#,
        "\"😀\"",
    ] {
        assert_eq!(check(text).unwrap().faults, vec![], "{text}");
    }
}

#[test]
fn names_the_place_of_a_syntax_fault() {
    assert_eq!(syntax("{\"a\":}"), "expected a value at byte 5");
    assert_eq!(
        syntax("{\"a\":1,}"),
        "expected a key in double quotes at byte 7"
    );
    assert_eq!(syntax("{\"a\" 1}"), "expected `:` after a key at byte 5");
    assert_eq!(syntax("[1 2]"), "expected `,` or `]` at byte 3");
    assert_eq!(
        syntax("01"),
        "expected no digit after a leading zero at byte 1"
    );
    assert_eq!(
        syntax("[1,"),
        "the text ends in the middle of a value at byte 3"
    );
    assert_eq!(
        syntax("tru"),
        "the text ends in the middle of a value at byte 3"
    );
    assert_eq!(
        syntax("trux"),
        "expected `true`, `false` or `null` at byte 0"
    );
    assert_eq!(syntax("1 2"), "text goes on after the value at byte 2");
    assert_eq!(
        syntax("\"a\tb\""),
        "a string holds the unescaped control character U+0009 at byte 2"
    );
    assert_eq!(syntax(r#""\x""#), "unknown escape in a string at byte 1");
    assert_eq!(
        syntax("1."),
        "the text ends in the middle of a value at byte 2"
    );
    assert_eq!(
        syntax("-"),
        "the text ends in the middle of a value at byte 1"
    );
}

#[test]
fn collects_faults_of_value_and_reads_on() {
    let text = r#"{"a":"\ud800","b":1e999,"a":2,"c":"\u0000","d":"\udc00x"}"#;
    use FaultKind::*;
    assert_eq!(
        kinds(text),
        [
            LoneSurrogate,
            NumberOutOfRange,
            NulCharacter,
            LoneSurrogate,
            DuplicateKey
        ]
    );
    assert_eq!(kinds(r#"{"a":1,"\u0061":2}"#), [DuplicateKey]);
    assert_eq!(kinds(r#""\ud83d\ude00""#), []);
}

#[test]
fn deep_nesting_is_bounded() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(kinds(&deep), [FaultKind::TooDeep]);
    let fits = format!("{}{}", "[".repeat(64), "]".repeat(64));
    assert_eq!(kinds(&fits), []);
    assert!(check(&"[".repeat(100_000)).is_err());
}

#[test]
fn a_million_keys_are_compared_in_order_n_log_n() {
    let mut text = String::from("{");
    for i in 0..200_000 {
        text.push_str(&format!("\"k{i}\":0,"));
    }
    text.push_str("\"k7\":1}");
    assert_eq!(kinds(&text), [FaultKind::DuplicateKey]);
}

#[test]
fn tells_canonical_text_from_other() {
    assert!(check(r#"{"a":"x\n","b":[1,2]}"#).unwrap().canonical);
    assert!(!check(r#"{"a": 1}"#).unwrap().canonical);
    assert!(!check(r#"{"a":"\/"}"#).unwrap().canonical);
}

#[test]
fn finds_what_breaks_a_string_at_every_place() {
    for length in 0..40 {
        for at in 0..length {
            for byte in [b'"', b'\\', 0, 0x1f, b'\n'] {
                let mut text = vec![b'\x7f'; length];
                text[length / 2] = 0xe9;
                text[at] = byte;
                assert_eq!(string_break(&text, 0), Some(at), "{length} {at} {byte}");
                assert_eq!(string_break(&text, at + 1), None);
            }
        }
    }
}

#[test]
fn finds_the_path_of_an_offset() {
    let text = r#" {"a":1,"user_metadata":{"tags":["x",{"y":"\ud800"}]}}"#;
    let fault = &check(text).unwrap().faults[0];
    assert_eq!(path_at(text, fault.offset), "user_metadata.tags[1].y");
}
