//! Reads checked JSON where it lies: members, elements and single values as slices of the text.
//! It trusts the text (the store's own, or one that passed [`super::check`]); on any other it ends early, never panics.

use std::borrow::Cow;
use std::fmt;

use super::text::unescape;

/// What a JSON value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Null,
    Bool,
    Number,
    String,
    Array,
    Object,
}

impl Kind {
    /// Returns the name that JSON Schema has for the type.
    pub fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "boolean",
            Self::Number => "number",
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
        }
    }
}

/// One JSON value as text, without white space around it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RawJson<'a>(&'a str);

/// A value may be a password hash, so only its kind and size are shown.
impl fmt::Debug for RawJson<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawJson({}, {} bytes)", self.kind().name(), self.0.len())
    }
}

impl<'a> RawJson<'a> {
    /// Takes a text that is known to be one JSON value.
    pub fn trusted(text: &'a str) -> Self {
        Self(text)
    }

    pub fn text(self) -> &'a str {
        self.0
    }

    pub fn kind(self) -> Kind {
        match self.0.as_bytes().first() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'"') => Kind::String,
            Some(b't' | b'f') => Kind::Bool,
            Some(b'n') | None => Kind::Null,
            Some(_) => Kind::Number,
        }
    }

    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    pub fn as_bool(self) -> Option<bool> {
        match self.0 {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// Returns what a string says.
    pub fn as_str(self) -> Option<Cow<'a, str>> {
        (self.kind() == Kind::String).then(|| unescape(self.0))
    }

    pub fn as_i64(self) -> Option<i64> {
        self.0.parse().ok()
    }

    /// Iterates over the members of an object; over nothing if it is not one.
    pub fn members(self) -> Members<'a> {
        Members {
            text: self.0,
            at: usize::from(self.kind() == Kind::Object),
        }
    }

    /// Iterates over the elements of an array; over nothing if it is not one.
    pub fn elements(self) -> Elements<'a> {
        Elements {
            text: self.0,
            at: usize::from(self.kind() == Kind::Array),
        }
    }

    /// Returns the member called `name`.
    pub fn get(self, name: &str) -> Option<Self> {
        self.members().find(|m| m.is(name)).map(|m| m.value)
    }
}

/// One member of an object.
#[derive(Debug, Clone, Copy)]
pub struct Member<'a> {
    /// The key as it stands in the text, with its quotes.
    pub key: &'a str,
    pub value: RawJson<'a>,
}

impl<'a> Member<'a> {
    /// Returns the key unescaped.
    pub fn name(&self) -> Cow<'a, str> {
        unescape(self.key)
    }

    /// Returns whether the key says `name`.
    pub fn is(&self, name: &str) -> bool {
        let inner = self
            .key
            .as_bytes()
            .get(1..self.key.len() - 1)
            .unwrap_or_default();
        inner == name.as_bytes() || (inner.contains(&b'\\') && unescape(self.key) == name)
    }
}

/// The members of an object, in the order of the text.
#[derive(Debug, Clone)]
pub struct Members<'a> {
    text: &'a str,
    /// 0 when there is nothing (more) to read.
    at: usize,
}

impl<'a> Iterator for Members<'a> {
    type Item = Member<'a>;

    fn next(&mut self) -> Option<Member<'a>> {
        let bytes = self.text.as_bytes();
        if self.at == 0 {
            return None;
        }
        let start = skip_separators(bytes, self.at);
        if bytes.get(start) != Some(&b'"') {
            self.at = 0;
            return None;
        }
        let key_end = string_end(bytes, start);
        let value_start = skip_separators(bytes, key_end);
        let value_end = value_end(bytes, value_start);
        self.at = value_end;
        Some(Member {
            key: self.text.get(start..key_end)?,
            value: RawJson(self.text.get(value_start..value_end)?),
        })
    }
}

/// The elements of an array.
#[derive(Debug, Clone)]
pub struct Elements<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Iterator for Elements<'a> {
    type Item = RawJson<'a>;

    fn next(&mut self) -> Option<RawJson<'a>> {
        let bytes = self.text.as_bytes();
        if self.at == 0 {
            return None;
        }
        let start = skip_separators(bytes, self.at);
        if matches!(bytes.get(start), None | Some(b']')) {
            self.at = 0;
            return None;
        }
        let end = value_end(bytes, start);
        self.at = end;
        Some(RawJson(self.text.get(start..end)?))
    }
}

/// White space, commas and colons separate tokens; in checked text nothing else does.
fn skip_separators(bytes: &[u8], mut at: usize) -> usize {
    while matches!(
        bytes.get(at),
        Some(b' ' | b'\n' | b'\r' | b'\t' | b',' | b':')
    ) {
        at += 1;
    }
    at
}

/// Returns where the string that starts at `at` ends, its closing quote included.
pub(crate) fn string_end(bytes: &[u8], at: usize) -> usize {
    let mut from = at + 1;
    while let Some(stop) = string_stop(bytes, from) {
        if bytes[stop] == b'"' {
            return stop + 1;
        }
        from = stop + 2;
    }
    bytes.len()
}

/// Returns where the first `"` or `\` at or behind `at` stands.
/// Most strings are shorter than a call of the search function is worth, so words of eight bytes are looked at first:
/// a byte of `word ^ needle` is zero where it matches, and subtracting one from a zero borrows into its highest bit.
#[inline]
pub(crate) fn string_stop(bytes: &[u8], mut at: usize) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const WORDS: usize = 4;
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & (ONES << 7);
    for _ in 0..WORDS {
        let Some(&chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk) else {
            break;
        };
        let word = u64::from_le_bytes(chunk);
        let found =
            zeros(word ^ (ONES * u64::from(b'"'))) | zeros(word ^ (ONES * u64::from(b'\\')));
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    memchr::memchr2(b'"', b'\\', bytes.get(at..)?).map(|found| at + found)
}

/// Returns where the value that starts at `at` ends.
pub(crate) fn value_end(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at) {
        Some(b'"') => string_end(bytes, at),
        Some(b'{' | b'[') => container_end(bytes, at + 1, 1),
        _ => {
            let stop = |b: &u8| matches!(b, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t');
            let rest = bytes.get(at..).unwrap_or_default();
            at + rest.iter().position(stop).unwrap_or(rest.len())
        }
    }
}

/// Returns where `open` containers that are open at `at` are closed.
pub(crate) fn container_end(bytes: &[u8], mut at: usize, mut open: usize) -> usize {
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = string_end(bytes, at);
                continue;
            }
            b'{' | b'[' => open += 1,
            b'}' | b']' => {
                open -= 1;
                if open == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_members_and_elements() {
        let raw = RawJson::trusted(r#"{ "a" : [1, "x,]", {"b":null}] , "c\u0064":true,"e":-1.5}"#);
        let names: Vec<_> = raw
            .members()
            .map(|m| (m.name().into_owned(), m.value.text()))
            .collect();
        assert_eq!(
            names,
            [
                ("a".to_owned(), r#"[1, "x,]", {"b":null}]"#),
                ("cd".to_owned(), "true"),
                ("e".to_owned(), "-1.5")
            ]
        );
        let elements: Vec<_> = raw
            .get("a")
            .unwrap()
            .elements()
            .map(RawJson::text)
            .collect();
        assert_eq!(elements, ["1", "\"x,]\"", "{\"b\":null}"]);
        assert_eq!(raw.get("cd").unwrap().as_bool(), Some(true));
        assert!(raw.get("x").is_none());
    }

    #[test]
    fn ends_early_on_text_that_is_no_json() {
        for text in [
            "",
            "{",
            "{\"a",
            "{\"a\":",
            "[",
            "[1,",
            "{]",
            "\\",
            "{\"a\":\"\\",
        ] {
            let raw = RawJson::trusted(text);
            assert!(
                raw.members().count() + raw.elements().count() <= 1,
                "{text}"
            );
        }
    }

    #[test]
    fn debug_shows_no_content() {
        assert_eq!(
            format!("{:?}", RawJson::trusted("\"secret\"")),
            "RawJson(string, 8 bytes)"
        );
    }
}
