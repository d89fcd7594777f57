//! What makes a file unreadable: what, where, what to do. A bad row is no such thing, see [`super::BadRow`].

use std::io;

use crate::row::Position;

/// Characters of the file that an error shows: enough to find the place, too few to leak a hash or a secret.
const EXCERPT_CHARS: usize = 10;

/// Longest excerpt once control characters are spelled out.
const EXCERPT_LEN: usize = 60;

/// A file that cannot be read on. Everything before the position stays valid.
#[derive(Debug, thiserror::Error)]
#[error("line {}, column {} (byte {}): {message}", .position.line, .position.column, .position.byte)]
pub struct FileError {
    #[source]
    pub kind: FileErrorKind,
    pub position: Position,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to do about it.
    pub hint: String,
    /// A few characters around the position, control characters as `\u{..}`.
    pub excerpt: String,
}

/// Why a file cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum FileErrorKind {
    /// The source failed, not the content.
    #[error("reading failed")]
    Io(#[source] io::Error),
    /// Nothing but white space.
    #[error("empty file")]
    Empty,
    /// A spreadsheet, an archive or another file that is no text.
    #[error("not a text file")]
    Binary,
    /// Text, but not UTF-8.
    #[error("not UTF-8")]
    Encoding,
    /// The content is not what the given format says.
    #[error("another format than stated")]
    OtherFormat,
    /// Text that is not JSON where JSON must stand.
    #[error("broken JSON")]
    Json,
    /// The file ends in the middle.
    #[error("truncated file")]
    Truncated,
    /// The first line of a CSV file names no columns, or not uniquely.
    #[error("unusable CSV header")]
    Header,
}

/// Returns a few characters of `bytes` around the offset `at`.
pub(super) fn excerpt(bytes: &[u8], at: usize) -> String {
    let at = at.min(bytes.len());
    // Four bytes a character at most; a character cut in half at either end is dropped.
    let half = EXCERPT_CHARS / 2;
    let before = String::from_utf8_lossy(&bytes[at.saturating_sub(4 * half)..at]);
    let after = String::from_utf8_lossy(&bytes[at..bytes.len().min(at + 4 * EXCERPT_CHARS)]);
    let skip = before.chars().count().saturating_sub(half);
    let shown = before
        .chars()
        .skip(skip)
        .chain(after.chars().take(EXCERPT_CHARS - half));
    let mut out = String::new();
    for character in shown {
        let spelled = if character.is_control()
            || matches!(character, '\u{feff}' | '\u{2028}'..='\u{202e}')
        {
            character.escape_unicode().to_string()
        } else {
            character.to_string()
        };
        if out.len() + spelled.len() > EXCERPT_LEN {
            break;
        }
        out.push_str(&spelled);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_short_and_printable() {
        assert_eq!(excerpt(b"0123456789abcdef", 8), "3456789abc");
        assert_eq!(excerpt(b"ab\0\ncd", 2), "ab\\u{0}\\u{a}cd");
        assert_eq!(excerpt("ééééééééééé".as_bytes(), 10), "éééééééééé");
        assert_eq!(excerpt(b"", 5), "");
        assert!(excerpt(&[7; 100], 50).len() <= EXCERPT_LEN);
    }
}
