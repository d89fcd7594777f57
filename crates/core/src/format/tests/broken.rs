//! Files that cannot be read on: the words, the place, the hint.

use super::*;

#[test]
fn commas_and_brackets() {
    insta::assert_snapshot!(error("[{},\n{\"a\":1}\n {}]"), @r"
    row 2, line 3, column 2 (byte 14): expected `,` or `]` after row 2, found `{`
    hint: put a comma between the rows
    near: :1}\u{a} {}]
    ");
    insta::assert_snapshot!(error("[{},\n]"), @r"
    row 1, line 2, column 1 (byte 5): a comma after row 1, the last one
    hint: remove the comma before `]`
    near: [{},\u{a}]
    ");
    insta::assert_snapshot!(error("[{},,{}]"), @r"
    row 1, line 1, column 5 (byte 4): two commas after row 1
    hint: remove one of the commas
    near: [{},,{}]
    ");
    insta::assert_snapshot!(error("[,{}]"), @r"
    row 1, line 1, column 2 (byte 1): expected row 1, found `,`
    hint: every element of the array must be an object: `{…}`
    near: [,{}]
    ");
    insta::assert_snapshot!(error("[{}}]"), @r"
    row 1, line 1, column 4 (byte 3): expected `,` or `]` after row 1, found `}`
    hint: a bracket is closed twice: remove one
    near: [{}}]
    ");
    insta::assert_snapshot!(error("[{},\n{\"a\":[1}]"), @r#"
    row 2, line 2, column 8 (byte 12): `}` where `]` must close an array, inside row 2, which began at line 2
    hint: close every array with `]`, or look for a quote that is missing before
    near: a":[1}]
    "#);
    insta::assert_snapshot!(error("[{}] {}"), @r"
    row 1, line 1, column 6 (byte 5): the file goes on after the `]` that closes the array
    hint: put all rows into one array, or write one object a line (NDJSON)
    near: [{}] {}
    ");
    insta::assert_snapshot!(error("[{},é]"), @r"
    row 2, line 1, column 5 (byte 4): expected row 2, found another character
    hint: every element of the array must be an object: `{…}`
    near: [{},é]
    ");
}

#[test]
fn files_that_end_early() {
    insta::assert_snapshot!(error("[{},\n{\"a\":1,\n\"b\":{"), @r#"
    row 2, line 3, column 6 (byte 18): the file ends inside row 2, which began at line 2
    hint: a bracket is not closed: add it, or get the file again if it was cut off
    near: "b":{
    "#);
    insta::assert_snapshot!(error("[\"abc"), @r#"
    row 1, line 1, column 6 (byte 5): the file ends inside row 1, which began at line 1
    hint: a string is not closed: add its `"`, or get the file again if it was cut off
    near: ["abc
    "#);
    insta::assert_snapshot!(error("[{}"), @r"
    row 1, line 1, column 4 (byte 3): the file ends after row 1; `]` is missing
    hint: add `]`, or get the file again if it was cut off
    near: [{}
    ");
    insta::assert_snapshot!(error("["), @r"
    row 0, line 1, column 2 (byte 1): the file ends before the first row; `]` is missing
    hint: add `]`, or get the file again if it was cut off
    near: [
    ");
    insta::assert_snapshot!(error("{\n\"a\":1"), @r#"
    row 1, line 2, column 6 (byte 7): the file ends inside row 1, which began at line 1
    hint: a bracket is not closed: add it, or get the file again if it was cut off
    near: "a":1
    "#);
    insta::assert_snapshot!(error("a,b\n1,2\n3,\"x\n4,5\n"), @r#"
    row 2, line 3, column 3 (byte 10): the quote that opens here is never closed
    hint: close it, or write it twice if it is part of the text
    near: ,2\u{a}3,"x\u{a}4,
    "#);
}

#[test]
fn objects_that_are_neither_lines_nor_concatenated() {
    insta::assert_snapshot!(error("{\"a\":1},\n{\"b\":2}\n"), @r#"
    row 1, line 1, column 8 (byte 7): expected `{` or the end of the file after row 1
    hint: remove the commas between the objects, or put all of them into one array: `[…]`
    near: a":1},\u{a}{"b
    "#);
    insta::assert_snapshot!(error("{a:1}\n{}\n"), @r"
    row 1, line 1, column 2 (byte 1): row 1, which began at line 1, is no JSON: expected a key in double quotes
    hint: correct the row, or have the program that wrote the file write valid JSON
    near: {a:1}\u{a}
    ");
    insta::assert_snapshot!(error("{\"a\":1} x\n{}"), @r#"
    row 1, line 1, column 9 (byte 8): expected `{` or the end of the file after row 1
    hint: remove what stands between the objects
    near: ":1} x\u{a}{}
    "#);
}

#[test]
fn files_that_are_no_text() {
    let text = "[{\"email\":\"a@example.com\"}]";
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    insta::assert_snapshot!(error([b"\xff\xfe", &utf16[..]].concat()), @r"
    row 0, line 1, column 1 (byte 0): the file is encoded in UTF-16, not in UTF-8
    hint: convert it: `iconv -f UTF-16 -t UTF-8`
    near: ��[\u{0}{
    ");
    insta::assert_snapshot!(error(&utf16), @r#"
    row 0, line 1, column 2 (byte 1): the file holds a NUL byte: this looks like a binary or UTF-16 file
    hint: if it is UTF-16, convert it: `iconv -f UTF-16 -t UTF-8`
    near: [\u{0}{\u{0}"\u{0}
    "#);
    let utf32: Vec<u8> = text
        .chars()
        .flat_map(|c| u32::from(c).to_le_bytes())
        .collect();
    assert!(error([b"\xff\xfe\0\0", &utf32[..]].concat()).contains("UTF-32"));
    insta::assert_snapshot!(error(b"PK\x03\x04rest"), @r"
    row 0, line 1, column 1 (byte 0): the file is a ZIP archive or an Excel workbook (.xlsx), not JSON, NDJSON or CSV
    hint: export or unpack it as one of these formats
    near: PK\u{3}\u{4}r
    ");
    assert!(error(b"\x1f\x8b\x08").contains("gzip"));
    assert!(error("<!DOCTYPE html>").contains("HTML"));
    for empty in ["", " \n\t\r\n", "\u{feff}\n"] {
        assert!(error(empty).contains("the file is empty"), "{empty:?}");
    }
    let late = format!("a,b\n{}1,\0\n", "1,2\n".repeat(2000));
    assert!(
        error(late).starts_with("row 2001, line 2002, column 3 (byte 8006): the file holds a NUL")
    );
}

#[test]
fn a_format_that_was_stated_must_fit() {
    let open = |text: &'static str, format| {
        let limits = DecodeLimits::default();
        Decoder::open(text.as_bytes(), format, limits)
            .map(|d| d.format())
            .map_err(|e| shown(&e))
    };
    insta::assert_snapshot!(open(" {}", InputFormat::Json).unwrap_err(), @r"
    row 0, line 1, column 2 (byte 1): the format was stated as a JSON array, but the file looks like NDJSON
    hint: state the format that it has, or none
    near:  {}
    ");
    assert!(
        open("[]", InputFormat::Csv)
            .unwrap_err()
            .contains("as CSV, but the file looks like a JSON array")
    );
    assert!(
        open("a,b", InputFormat::Ndjson)
            .unwrap_err()
            .contains("looks like CSV")
    );
    for (text, format) in [
        ("[]", InputFormat::Json),
        ("{}", InputFormat::Ndjson),
        ("a", InputFormat::Csv),
    ] {
        assert_eq!(open(text, format), Ok(format));
    }
}

#[test]
fn after_an_error_there_is_no_row() {
    let mut decoder =
        Decoder::open(&b"[{} {}]"[..], InputFormat::Auto, DecodeLimits::default()).unwrap();
    assert!(decoder.next().unwrap().is_some());
    assert!(decoder.next().is_err());
    assert!(decoder.next().unwrap().is_none());
}
