//! What a CSV cell means: which columns hold booleans, numbers or JSON, and how guards are undone.
//! The encoder asks the same questions, so that what it writes is read back as the same value.

use crate::json;

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text, whatever it looks like: `007`, `+49…`, `true`.
    Text,
    /// Yes or no in any of the usual spellings.
    Bool,
    /// A number, as it stands.
    Number,
    /// An object or array as a whole.
    Whole,
    /// Text, unless it is an object or array: a part of the identities or factors.
    Part,
    /// Any JSON value: a part of the metadata.
    Any,
}

/// Root attributes that are objects or arrays.
const WHOLE: [&str; 6] = [
    "user_metadata",
    "app_metadata",
    "identities",
    "custom_password_hash",
    "mfa_factors",
    "multifactor",
];

/// Parts of the above that are numbers.
const NUMBERS: [&str; 5] = [
    "keylen",
    "cost",
    "blockSize",
    "parallelization",
    "expires_in",
];

impl Kind {
    /// Tells a column's kind from its name.
    pub(super) fn of(name: &str) -> Self {
        let path = name.strip_prefix("user.").unwrap_or(name);
        let root_len = path.find(['.', '[']).unwrap_or(path.len());
        let (root, below) = path.split_at(root_len);
        let last = path.rsplit('.').next().unwrap_or_default();
        match (root, below) {
            ("email_verified" | "phone_verified" | "blocked" | "Email Verified", "") => Self::Bool,
            ("logins_count", "") => Self::Number,
            (root, "") if WHOLE.contains(&root) => Self::Whole,
            ("user_metadata" | "app_metadata", _) => Self::Any,
            (root, _) if !WHOLE.contains(&root) => Self::Text,
            _ if last == "isSocial" => Self::Bool,
            _ if NUMBERS.contains(&last) => Self::Number,
            _ => Self::Part,
        }
    }

    /// Returns whether an empty text means something in such a column.
    pub(super) fn may_be_text(self) -> bool {
        match self {
            Self::Text | Self::Part | Self::Any => true,
            Self::Bool | Self::Number | Self::Whole => false,
        }
    }
}

/// How the file keeps text from being misread by spreadsheets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guard {
    /// No record yet that tells.
    Unknown,
    /// A `'` before every text, as Auth0 writes it.
    EveryText,
    /// A `'` at most before text that begins like a formula.
    Formula,
}

impl Guard {
    /// Tells the guard from the cells of a record.
    pub(super) fn of<T: AsRef<str>>(cells: impl Iterator<Item = T>) -> Self {
        let mut guard = Self::Unknown;
        for cell in cells {
            let cell = cell.as_ref();
            if cell.is_empty() || is_bare(cell) {
                continue;
            }
            if !cell.starts_with('\'') {
                return Self::Formula;
            }
            guard = Self::EveryText;
        }
        guard
    }

    /// Returns a cell without its guard, and whether it had one.
    pub(super) fn strip(self, cell: &str) -> (&str, bool) {
        match cell.strip_prefix('\'') {
            Some(text) if self == Self::EveryText || needs_formula_guard(text) => (text, true),
            _ => (cell, false),
        }
    }
}

/// Returns whether the formula guard stands before this text. Besides what spreadsheets take for a formula it is text
/// that begins with a guard, and JSON that is meant as text: without it neither could be told from the other.
pub(super) fn needs_formula_guard(text: &str) -> bool {
    match text.as_bytes().first() {
        Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r' | b'\'') => true,
        Some(b'{' | b'[') => is_container(text),
        _ => false,
    }
}

/// Returns whether Auth0 writes such a value without its guard.
fn is_bare(cell: &str) -> bool {
    is_scalar(cell) || parse_bool(cell).is_some() || is_iso_date(cell) || is_container(cell)
}

/// Returns whether a text begins with a date like `2024-05-31`.
pub(super) fn is_iso_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = |range: std::ops::Range<usize>| bytes[range].iter().all(u8::is_ascii_digit);
    bytes.len() >= 10
        && digits(0..4)
        && digits(5..7)
        && digits(8..10)
        && (bytes[4], bytes[7]) == (b'-', b'-')
        && matches!(bytes.get(10), None | Some(b'T' | b' '))
}

/// Returns whether a text is a JSON number, `true`, `false` or `null`.
pub(super) fn is_scalar(text: &str) -> bool {
    match text.as_bytes() {
        [b't' | b'f' | b'n', ..] => matches!(text, "true" | "false" | "null"),
        // Numbers that no double can hold are more likely codes: `12e4567`.
        [b'-' | b'0'..=b'9', .., b'0'..=b'9'] | [b'0'..=b'9'] => {
            json::check(text).is_ok_and(|checked| checked.faults.is_empty())
        }
        _ => false,
    }
}

/// Returns whether the JSON text of a cell is a number or boolean, which its author may have meant as text.
pub(super) fn is_note_worthy(json: &str) -> bool {
    is_scalar(json) && json != "null"
}

/// Returns whether a text is a JSON object or array.
pub(super) fn is_container(text: &str) -> bool {
    let trimmed = text.trim_matches([' ', '\n', '\r', '\t']);
    matches!(trimmed.as_bytes(), [b'{', .., b'}'] | [b'[', .., b']'])
        && json::check(trimmed).is_ok()
}

/// Reads a boolean in any of the usual spellings.
pub(super) fn parse_bool(text: &str) -> Option<bool> {
    let text = text.trim();
    let is = |words: [&str; 3]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(["true", "1", "yes"]) {
        Some(true)
    } else if is(["false", "0", "no"]) {
        Some(false)
    } else {
        None
    }
}

/// Returns the JSON text of a cell, `None` if it is a string.
/// `is_text` says that the file marks the cell as text, by a guard or by quotes.
pub(super) fn json_of(kind: Kind, cell: &str, guarded: bool, is_text: bool) -> Option<&str> {
    match kind {
        Kind::Text => None,
        Kind::Bool => parse_bool(cell).map(|yes| if yes { "true" } else { "false" }),
        Kind::Number => Some(cell.trim()).filter(|cell| is_scalar(cell)),
        // There is nothing else that it could be, so a guard says nothing.
        Kind::Whole => Some(cell).filter(|cell| is_container(cell)),
        Kind::Part => Some(cell).filter(|cell| !guarded && is_container(cell)),
        Kind::Any if guarded => None,
        Kind::Any => Some(cell).filter(|cell| (!is_text && is_scalar(cell)) || is_container(cell)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_kinds() {
        let kinds = |names: &[&str]| names.iter().map(|name| Kind::of(name)).collect::<Vec<_>>();
        assert_eq!(
            kinds(&["blocked", "Email Verified", "identities[0].isSocial"]),
            [Kind::Bool; 3]
        );
        assert_eq!(
            kinds(&[
                "user_metadata.a.b",
                "user.app_metadata.x",
                "app_metadata[0]"
            ]),
            [Kind::Any; 3]
        );
        assert_eq!(
            kinds(&["identities[0].connection", "mfa_factors[0]"]),
            [Kind::Part; 2]
        );
        assert_eq!(
            kinds(&["email", "created_at", "phone_number", "isSocial"]),
            [Kind::Text; 4]
        );
        assert_eq!(
            kinds(&["logins_count", "custom_password_hash.keylen"]),
            [Kind::Number; 2]
        );
        assert_eq!(
            kinds(&["identities", "user.user_metadata"]),
            [Kind::Whole; 2]
        );
    }

    #[test]
    fn only_what_json_calls_a_number_is_one() {
        for text in ["0", "-1", "12.5e3", "12345678901234567890", "true", "null"] {
            assert!(is_scalar(text), "{text}");
        }
        for text in [
            "007",
            "+49",
            "1 ",
            "1.",
            ".5",
            "0x1",
            "12e4567",
            "True",
            "-",
            "",
            "2024-01-01",
        ] {
            assert!(!is_scalar(text), "{text}");
        }
    }

    #[test]
    fn guards_are_told_from_a_record() {
        assert_eq!(
            Guard::of(["'a", "", "true", "2024-01-01T00:00:00.000Z", "[1]"].into_iter()),
            Guard::EveryText
        );
        assert_eq!(Guard::of(["'a", "b"].into_iter()), Guard::Formula);
        assert_eq!(Guard::of(["", "12"].into_iter()), Guard::Unknown);
    }

    #[test]
    fn guards_are_taken_off() {
        assert_eq!(Guard::EveryText.strip("'O'Neill"), ("O'Neill", true));
        assert_eq!(Guard::EveryText.strip("12"), ("12", false));
        assert_eq!(Guard::Formula.strip("'tis"), ("'tis", false));
        assert_eq!(Guard::Formula.strip("''tis"), ("'tis", true));
        assert_eq!(Guard::Formula.strip("'=1+1"), ("=1+1", true));
    }
}
