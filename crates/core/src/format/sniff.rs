//! Tells a file's format from its first bytes, never from its name, and names what is no format of ours.

use std::io::Read;

use super::InputFormat;
use super::error::{FileError, FileErrorKind};
use super::window::Window;

/// How much is looked at; more is read only if a file begins with more white space than that.
const HEAD: usize = 4096;

const UTF8_BOM: &[u8] = b"\xef\xbb\xbf";

/// First bytes of files that are no text, and what to call them.
const BINARY: [(&[u8], &str); 10] = [
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook (.xlsx)"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"%PDF", "a PDF document"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)"),
    (
        b"\x1f\x8b",
        "gzip data inside what was decompressed already",
    ),
    (
        b"\x28\xb5\x2f\xfd",
        "zstd data inside what was decompressed already",
    ),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"PAR1", "a Parquet file"),
    (b"{\\rtf", "an RTF document"),
    (b"<", "an HTML or XML document"),
];

/// Passes over what stands before the first value and returns the format of the rest.
pub(super) fn sniff<R: Read>(
    window: &mut Window<R>,
    stated: InputFormat,
) -> Result<InputFormat, FileError> {
    while window.rest().len() < HEAD && window.fill()? {}
    refuse_binary(window)?;
    if window.rest().starts_with(UTF8_BOM) {
        window.pass_bom(UTF8_BOM.len());
    }
    let (at, first) = first_byte(window)?;
    let found = match first {
        b'[' => InputFormat::Json,
        b'{' => InputFormat::Ndjson,
        _ => InputFormat::Csv,
    };
    if stated != InputFormat::Auto && stated != found {
        let (stated, found) = (name(stated), name(found));
        let message = format!("the format was stated as {stated}, but the file looks like {found}");
        let hint = "state the format that it has, or none";
        return Err(window.error(at, 0, FileErrorKind::OtherFormat, message, hint));
    }
    // A tab is white space in JSON and a separator in CSV, where only blank lines are nothing.
    let before = &window.rest()[..at];
    let nothing = match found {
        InputFormat::Csv => memchr::memrchr2(b'\n', b'\r', before).map_or(0, |last| last + 1),
        _ => at,
    };
    window.pass(nothing);
    Ok(found)
}

fn name(format: InputFormat) -> &'static str {
    match format {
        InputFormat::Auto => "any",
        InputFormat::Json => "a JSON array",
        InputFormat::Ndjson => "NDJSON",
        InputFormat::Csv => "CSV",
    }
}

fn refuse_binary<R: Read>(window: &Window<R>) -> Result<(), FileError> {
    let head = &window.rest()[..window.rest().len().min(HEAD)];
    let utf32 = head.starts_with(b"\xff\xfe\0\0") || head.starts_with(b"\0\0\xfe\xff");
    let utf16 = head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff");
    if utf32 || utf16 {
        let encoding = if utf32 { "UTF-32" } else { "UTF-16" };
        let message = format!("the file is encoded in {encoding}, not in UTF-8");
        let hint = format!("convert it: `iconv -f {encoding} -t UTF-8`");
        return Err(window.error(0, 0, FileErrorKind::Encoding, message, hint));
    }
    if let Some((_, what)) = BINARY.iter().find(|(magic, _)| head.starts_with(magic)) {
        let message = format!("the file is {what}, not JSON, NDJSON or CSV");
        let hint = "export or unpack it as one of these formats";
        return Err(window.error(0, 0, FileErrorKind::Binary, message, hint));
    }
    // UTF-16 without a mark has a NUL at once. Later ones are the decoders' to report, with the rows before them.
    match memchr::memchr(0, &head[..head.len().min(4)]) {
        Some(at) => Err(nul(window, at, 0)),
        None => Ok(()),
    }
}

/// Returns the error of a NUL byte at `at`.
pub(super) fn nul<R: Read>(window: &Window<R>, at: usize, row: u64) -> FileError {
    let message = "the file holds a NUL byte: this looks like a binary or UTF-16 file";
    let hint = "if it is UTF-16, convert it: `iconv -f UTF-16 -t UTF-8`";
    window.error(at, row, FileErrorKind::Binary, message, hint)
}

fn first_byte<R: Read>(window: &mut Window<R>) -> Result<(usize, u8), FileError> {
    let found = window.skip(0, |b| matches!(b, b' ' | b'\n' | b'\r' | b'\t'))?;
    if let (at, Some(byte)) = found {
        return Ok((at, byte));
    }
    let hint = "check that the right file was chosen";
    Err(window.error(0, 0, FileErrorKind::Empty, "the file is empty", hint))
}
