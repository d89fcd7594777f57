//! CSV: headers, separators, guards, types.

use super::*;

fn row(header: &str, record: &str) -> String {
    rows(format!("{header}\n{record}\n"))
        .pop()
        .expect("one row")
}

#[test]
fn records_become_objects() {
    let text = "email,Given Name,user_metadata.a\r\nx@y.z,\"A \"\"B\"\"\nC\",\r\n\r\n,,t";
    assert_eq!(read(text).format, Some(InputFormat::Csv));
    assert_eq!(
        rows(text),
        [
            r#"{"email":"x@y.z","Given Name":"A \"B\"\nC"}"#,
            r#"{"user_metadata.a":"t"}"#
        ]
    );
    assert_eq!(places(text), ["2:1@34", "5:1@56"]);
}

#[test]
fn separators_and_line_ends_are_told_from_the_header() {
    let expected = r#"{"a":"1,5","b":"x"}"#;
    assert_eq!(row("a;b", "1,5;x"), expected);
    assert_eq!(row("a|b", "1,5|x"), expected);
    assert_eq!(row("a\tb", "1,5\tx"), expected);
    assert_eq!(row("\"a\",\"b\"", "\"1,5\",x"), expected);
    assert_eq!(row("\"a;a;a\",b", "1,x"), r#"{"a;a;a":"1","b":"x"}"#);
    let mac = "a,b\r1,2\r3,4";
    assert_eq!(rows(mac).len(), 2);
    assert_eq!(places(mac), ["2:1@4", "3:1@8"]);
    assert_eq!(read("a;b\n1;2").notes, ["cells are separated by `;`"]);
}

#[test]
fn headers_must_name_every_column_once() {
    insta::assert_snapshot!(error("a,b, a ,c,b\n"), @r"
    row 0, line 1, column 1 (byte 0): the header names columns `a`, `b` more than once
    hint: rename or remove all but one of them
    near: a,b, 
    ");
    insta::assert_snapshot!(error("a,,b,\n1,2,3,4"), @r"
    row 0, line 1, column 1 (byte 0): the header gives no name to columns 2, 4
    hint: name every column, or remove the empty ones
    near: a,,b,
    ");
    insta::assert_snapshot!(error(b"pr\xe9nom,email\n"), @r"
    row 0, line 1, column 3 (byte 2): the file is not encoded in UTF-8
    hint: if it comes from Windows, convert it: `iconv -f WINDOWS-1252 -t UTF-8`
    near: pr�nom,
    ");
    insta::assert_snapshot!(error(",".repeat(20_000)), @r"
    row 0, line 1, column 1 (byte 0): the first line has 20001 columns, so it is no CSV header
    hint: begin the file with a line that names the columns
    near: ,,,,,
    ");
    assert!(error("\ta\n").contains("no name to column 1"));
}

#[test]
fn records_that_do_not_fit_are_bad_alone() {
    let file = read(b"a,b\n1\n1,2,3\n1,\"x\" y\n1,\xff\n1,2\n");
    let shown: Vec<_> = file.rows.iter().map(|(_, row)| row.as_str()).collect();
    assert_eq!(
        shown,
        [
            "Csv(expected 2 cells, found 1; hint: give the record a cell for every column, empty ones included)",
            "Csv(expected 2 cells, found 3; hint: put quotes around cells that hold `,`)",
            "Csv(cell 2 goes on behind its closing quote; hint: write every quote inside a quoted cell twice: `\"\"`)",
            "InvalidUtf8(2)",
            r#"{"a":"1","b":"2"}"#,
        ]
    );
}

#[test]
fn columns_have_types() {
    assert_eq!(
        row("email_verified,blocked,phone_verified", "TRUE,0,no"),
        r#"{"email_verified":true,"blocked":false,"phone_verified":false}"#
    );
    assert_eq!(
        row("Email Verified,email", "maybe,true"),
        r#"{"Email Verified":"maybe","email":"true"}"#
    );
    assert_eq!(
        row("logins_count,phone_number", "12,0049"),
        r#"{"logins_count":12,"phone_number":"0049"}"#
    );
    assert_eq!(
        row("user_metadata,x", "\"{\"\"a\"\":1}\",{}"),
        r#"{"user_metadata":{"a":1},"x":"{}"}"#
    );
    assert_eq!(
        row("user_metadata,x", "{a,1"),
        r#"{"user_metadata":"{a","x":"1"}"#
    );
    assert_eq!(
        row("identities[0].user_id,identities[0].isSocial", "123,true"),
        r#"{"identities[0].user_id":"123","identities[0].isSocial":true}"#
    );
}

#[test]
fn metadata_cells_are_json_unless_they_are_marked_as_text() {
    let header = "app_metadata.a,app_metadata.b";
    assert_eq!(
        row(header, "12.50,true"),
        r#"{"app_metadata.a":12.50,"app_metadata.b":true}"#
    );
    assert_eq!(
        row(header, "\"12\",\"true\""),
        r#"{"app_metadata.a":"12","app_metadata.b":"true"}"#
    );
    assert_eq!(
        row(header, "007,+49"),
        r#"{"app_metadata.a":"007","app_metadata.b":"+49"}"#
    );
    assert_eq!(
        row(header, "\"[1,2]\",null"),
        r#"{"app_metadata.a":[1,2],"app_metadata.b":null}"#
    );
    assert_eq!(row(header, "\"\","), r#"{"app_metadata.a":""}"#);
    let notes = read(format!("{header}\n1,x\n2,y\ny,true\n")).notes;
    assert_eq!(
        notes,
        [
            "column app_metadata.a: 2 cells read as JSON numbers or booleans",
            "column app_metadata.b: 1 cell read as JSON numbers or booleans"
        ]
    );
}

#[test]
fn quotes_say_nothing_where_every_cell_has_them() {
    let header = "\"email\",\"app_metadata.b\"";
    assert_eq!(row(header, "\"\",\"12\""), r#"{"app_metadata.b":12}"#);
}

#[test]
fn auth0_guards_are_taken_off() {
    let header = "user_id,created_at,email_verified,app_metadata.n,app_metadata.s,name";
    let first = r#""'auth0|1","2024-01-01T00:00:00.000Z",true,3,"'3","'""#;
    let file = read(format!("{header}\n{first}\n\"''x\",,,,\"'[1]\",plain\n"));
    assert_eq!(
        file.rows[0].1,
        r#"{"user_id":"auth0|1","created_at":"2024-01-01T00:00:00.000Z","email_verified":true,"app_metadata.n":3,"app_metadata.s":"3","name":""}"#
    );
    assert_eq!(
        file.rows[1].1,
        r#"{"user_id":"'x","app_metadata.s":"[1]","name":"plain"}"#
    );
    assert_eq!(file.notes[0], "the `'` before every text was taken off");
}

#[test]
fn formula_guards_are_taken_off_and_other_apostrophes_stay() {
    let header = "id,a,app_metadata.b,app_metadata.c";
    assert_eq!(
        row(header, "1x,'tis,'=1,'-5"),
        r#"{"id":"1x","a":"'tis","app_metadata.b":"=1","app_metadata.c":"-5"}"#
    );
    assert_eq!(
        row(header, "1x,x,''tis,-5"),
        r#"{"id":"1x","a":"x","app_metadata.b":"'tis","app_metadata.c":-5}"#
    );
}

#[test]
fn a_record_that_is_too_large_is_passed_over() {
    let text = format!("a,b\n1,\"{}\"\n3,4\n", "x,\"\"\n".repeat(1000));
    for chunk in [1, 1000, usize::MAX] {
        let file = read_in(text.as_bytes(), chunk, 100);
        assert_eq!(file.error, None);
        assert_eq!(file.rows[0].1, "TooLarge(100)");
        assert_eq!(
            file.rows[1],
            (
                Position {
                    row: 2,
                    line: 1003,
                    column: 1,
                    byte: 5009
                },
                r#"{"a":"3","b":"4"}"#.to_owned()
            )
        );
    }
    let unclosed = format!("a,b\n1,{},\"{}", "x".repeat(200), "y\n".repeat(1000));
    for chunk in [1, 1000, usize::MAX] {
        let error = read_in(unclosed.as_bytes(), chunk, 100)
            .error
            .expect("a quote is open");
        assert!(
            error.starts_with("row 1, line 2, column 204 (byte 207): the quote"),
            "{error}"
        );
    }
}
