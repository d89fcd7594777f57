//! Input made to hurt: bounded memory, bounded time, the same rows however the bytes arrive.

use proptest::prelude::*;

use super::*;

/// A file of any length made of a beginning, a repeated byte and an end.
fn endless<'a>(head: &'a str, byte: u8, count: u64, tail: &'a str) -> impl Read + 'a {
    head.as_bytes()
        .chain(io::repeat(byte).take(count))
        .chain(tail.as_bytes())
}

const LIMIT: usize = 1 << 20;
const HUGE: u64 = 100_000_000;

#[test]
fn a_string_of_100_mb_costs_no_memory() {
    for (head, tail) in [
        ("[{\"a\":\"", "\"},{}]"),
        ("{}\n{\"a\":\"", "\"}\n{}"),
        ("a\n\"", "\"\nb"),
    ] {
        let limits = DecodeLimits {
            max_row_bytes: LIMIT,
        };
        let file = endless(head, b'x', HUGE, tail);
        let mut decoder = Decoder::open(file, InputFormat::Auto, limits).unwrap();
        let mut large = 0;
        while let Some(item) = decoder.next().unwrap() {
            large += usize::from(item.row == Err(BadRow::TooLarge { limit: LIMIT }));
        }
        assert_eq!(large, 1);
        assert!(decoder.capacity() <= LIMIT + (2 << 20));
    }
}

#[test]
fn white_space_without_end_costs_no_memory() {
    for (head, tail) in [("", "[]"), ("[{},", "{}]"), ("{\n}", "{}"), ("a\n", "b")] {
        let byte = if head.starts_with('a') { b'\n' } else { b' ' };
        let limits = DecodeLimits {
            max_row_bytes: LIMIT,
        };
        let file = endless(head, byte, HUGE / 20, tail);
        let mut decoder = Decoder::open(file, InputFormat::Auto, limits).unwrap();
        while decoder.next().unwrap().is_some() {}
        assert!(decoder.capacity() <= LIMIT + (2 << 20));
    }
}

#[test]
fn brackets_a_million_deep_are_counted() {
    let deep = format!("[{}{},{{}}]", "[".repeat(1_000_000), "]".repeat(1_000_000));
    let rows = rows(&deep);
    assert_eq!((rows[0].len(), rows[1].as_str()), (2_000_000, "{}"));
    assert!(error("[".repeat(1_000_000)).contains("the file ends inside row 1"));
    assert!(error("{\"a\":[".repeat(100_000)).contains("the file ends inside row 1"));
}

#[test]
fn a_nul_inside_a_row_of_an_array_is_left_to_the_check() {
    let text = format!("[{}\"\0\"]", "{},".repeat(2000));
    assert_eq!(rows(text).pop().unwrap(), "\"\0\"");
}

#[test]
fn lone_quotes_and_pieces_of_files_never_panic() {
    for text in [
        "\"",
        "a\n\"",
        "\"\n",
        "[\"",
        "[\"\\",
        "{\"",
        "a,\"b\n",
        "\"a\"b,c\n\"",
        "\u{feff}",
        "'",
        ",\n,",
        "[-",
        "[t]",
    ] {
        for chunk in [1, usize::MAX] {
            let _ = read_in(text.as_bytes(), chunk, 3);
        }
    }
}

/// Pieces that matter to at least one format.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        "\"",
        "\\",
        ",",
        ";",
        "\n",
        "\r\n",
        "\r",
        " ",
        "a",
        "é",
        "{\"a\":1}",
        "1",
        "true",
        "\"x\"",
        "\"\"",
        "'",
        "\0",
        "\u{feff}",
        "email",
        "\t",
        "{\"a\":\"b,\n\\\"\"}",
    ]);
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat().into_bytes())
}

fn starts() -> impl Strategy<Value = Vec<u8>> {
    let start = prop::sample::select(vec!["", "[", "[{},", "{}\n", "{\n}", "a,b\n", "a\n"]);
    (start, pieces()).prop_map(|(start, rest)| [start.as_bytes(), &rest].concat())
}

proptest! {
    #[test]
    fn rows_do_not_depend_on_how_the_bytes_arrive(file in starts(), limit in 1_usize..80) {
        let whole = read_in(&file, usize::MAX, limit);
        for chunk in [1, 7, 64] {
            prop_assert_eq!(&read_in(&file, chunk, limit), &whole);
        }
    }

    #[test]
    fn any_bytes_end_in_rows_or_an_error(file in prop::collection::vec(any::<u8>(), 0..300)) {
        let read = read_in(&file, 7, 50);
        prop_assert!(read.rows.len() <= file.len());
    }

    #[test]
    fn positions_are_those_of_the_rows(file in starts()) {
        for (position, row) in read(&file).rows {
            let before = &file[..usize::try_from(position.byte).unwrap()];
            let line = 1 + before.iter().filter(|b| **b == b'\n').count() as u64;
            // Lines of old Macs end with \r; there the count differs.
            if !file.contains(&b'\r') {
                prop_assert_eq!(position.line, line, "{}", row);
            }
        }
    }
}
