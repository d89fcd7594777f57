//! JSON arrays, NDJSON and concatenated objects.

use super::*;
use crate::json;

#[test]
fn arrays_are_split_without_being_parsed() {
    let array = " \n[ {\"a\":\"]},{\\\"\"} ,\n[1,[2]],\"x\" , 12,nul\n]\n ";
    let file = read(array);
    assert_eq!(file.format, Some(InputFormat::Json));
    assert_eq!(
        rows(array),
        [r#"{"a":"]},{\""}"#, "[1,[2]]", "\"x\"", "12", "nul"]
    );
    assert_eq!(
        places(array),
        ["2:3@4", "3:1@21", "3:9@29", "3:15@35", "3:18@38"]
    );
    assert!(rows("[]").is_empty());
    assert!(rows("[ \r\n ]").is_empty());
}

#[test]
fn columns_count_characters() {
    assert_eq!(places("[\"é\",\"üü\",1]"), ["1:2@1", "1:6@6", "1:11@13"]);
}

#[test]
fn lines_are_rows() {
    let lines = "{\"a\":1}\r\n\n  \t\n  {\"b\":2} \n{\"c\":";
    let file = read(lines);
    assert_eq!(file.format, Some(InputFormat::Ndjson));
    assert_eq!(rows(lines), ["{\"a\":1}", "{\"b\":2}", "{\"c\":"]);
    assert_eq!(places(lines), ["1:1@0", "4:3@16", "5:1@25"]);
    assert_eq!(rows("{}"), ["{}"]);
}

#[test]
fn objects_may_be_printed_over_several_lines() {
    let pretty = "{\n  \"a\": 1\n}\n{\n  \"b\": 2\n}\n";
    let file = read(pretty);
    assert_eq!(file.format, Some(InputFormat::Ndjson));
    assert_eq!(rows(pretty), ["{\n  \"a\": 1\n}", "{\n  \"b\": 2\n}"]);
    assert_eq!(places(pretty), ["1:1@0", "4:1@13"]);
    assert_eq!(
        file.notes,
        ["the objects were read one after the other, whatever their lines"]
    );
    assert_eq!(
        rows("{\"a\":1}{\"b\":2} {}"),
        ["{\"a\":1}", "{\"b\":2}", "{}"]
    );
    assert_eq!(rows("{\n}"), ["{\n}"]);
}

#[test]
fn a_byte_order_mark_is_skipped() {
    assert_eq!(rows("\u{feff}[{}]"), ["{}"]);
    assert_eq!(rows("\u{feff}{}\n"), ["{}"]);
    assert_eq!(rows("\u{feff}email\nx"), ["{\"email\":\"x\"}"]);
    assert_eq!(places("\u{feff}[{}]"), ["1:2@4"]);
}

#[test]
fn a_fault_inside_an_array_is_shown_where_it_is_in_the_file() {
    let text = "[{\"a\":1},\n {\"b\":\n  tru}]";
    let mut decoder =
        Decoder::open(text.as_bytes(), InputFormat::Json, DecodeLimits::default()).unwrap();
    decoder.next().unwrap();
    let row = decoder.next().unwrap().unwrap().row.unwrap().to_owned();
    let fault = json::check(&row).unwrap_err();
    insta::assert_snapshot!(shown(&decoder.fault(&fault)), @r#"
    row 2, line 3, column 3 (byte 19): row 2, which began at line 2, is no JSON: expected `true`, `false` or `null`
    hint: correct the row, or have the program that wrote the file write valid JSON
    near: ":\u{a}  tru}]
    "#);
    assert_eq!(
        decoder.position(),
        Position {
            row: 2,
            line: 2,
            column: 2,
            byte: 11
        }
    );
}

#[test]
fn a_row_that_is_not_utf8_is_bad_alone() {
    for file in [&b"[{},\"ab\xff\",{}]"[..], b"{}\n\"ab\xff\"\n{}"] {
        let rows = read(file).rows;
        let shown: Vec<_> = rows.iter().map(|(_, row)| row.as_str()).collect();
        assert_eq!(shown, ["{}", "InvalidUtf8(3)", "{}"]);
    }
}

#[test]
fn a_row_that_is_too_large_is_passed_over() {
    let long = format!("{{\"a\":\"{}\"}}", "}\\\"é\n".repeat(1000));
    let line = long.replace('\n', " ");
    for (text, next) in [
        (format!("[{{}},\n{long},{{}}]"), "1002:4"),
        (format!("{{}}\n{line}\n{{}}"), "3:1"),
        (format!("{{\n}}\n{long}{{}}"), "1003:3"),
    ] {
        for chunk in [1, 1000, usize::MAX] {
            let file = read_in(text.as_bytes(), chunk, 100);
            assert_eq!(file.error, None);
            let [first, second, third] = &file.rows[..] else {
                panic!("three rows")
            };
            assert_eq!(
                (first.1.len(), second.1.as_str(), third.1.as_str()),
                (first.1.len(), "TooLarge(100)", "{}")
            );
            assert_eq!(format!("{}:{}", third.0.line, third.0.column), next);
        }
    }
}

#[test]
fn a_first_row_that_is_too_large_is_a_row_too() {
    let long = "x".repeat(200);
    for text in [
        format!("{{\n\"a\":\"{long}\"}}\n{{}}"),
        format!("{{\"a\":\"{long}\"}}\n{{}}"),
    ] {
        let file = read_in(text.as_bytes(), usize::MAX, 100);
        assert_eq!(file.error, None);
        assert_eq!(file.rows.len(), 2);
        assert_eq!(
            file.rows[0],
            (
                Position {
                    row: 1,
                    line: 1,
                    column: 1,
                    byte: 0
                },
                "TooLarge(100)".to_owned()
            )
        );
    }
    let objects = "{\"a\":1}".repeat(100);
    assert_eq!(read_in(objects.as_bytes(), usize::MAX, 100).rows.len(), 100);
}

#[test]
fn rows_are_never_shown_by_debug() {
    let mut decoder = Decoder::open(
        &b"[\"secret\"]"[..],
        InputFormat::Auto,
        DecodeLimits::default(),
    )
    .unwrap();
    let item = format!("{:?}", decoder.next().unwrap().unwrap());
    assert!(item.ends_with("Ok(8))"), "{item}");
    assert!(!format!("{decoder:?}").contains("secret"));
    let fault = json::check("{").unwrap_err();
    assert!(!format!("{:?}", BadRow::InvalidJson(fault, "secret")).contains("secret"));
}
