//! The strict reader (RFC 8259) for text that comes from outside.
//! Faults of *syntax* end the reading: what follows cannot be trusted. Faults of *value* (a lone surrogate, a number no
//! double can hold, two equal keys, too deep nesting, U+0000) are collected and the reading goes on, so that one row
//! shows all its problems at once.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use super::text::unescape;

/// How deep arrays and objects may lie in one another; Auth0 states no figure, this one fits any real profile.
pub const MAX_DEPTH: u32 = 64;

/// Faults of value kept for one text; a hostile row could hold millions.
const MAX_FAULTS: usize = 20;

/// Up to this many keys are compared pair by pair, more are sorted first.
const PAIRWISE_KEYS: usize = 16;

/// What is wrong with a JSON text, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at byte {offset}")]
pub struct Fault {
    /// Bytes from the start of the text.
    pub offset: usize,
    pub kind: FaultKind,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultKind {
    #[error("the text ends in the middle of a value")]
    UnexpectedEnd,
    #[error("expected {0}")]
    Expected(&'static str),
    #[error("a string holds the unescaped control character U+{0:04X}")]
    ControlCharacter(u8),
    #[error("unknown escape in a string")]
    BadEscape,
    #[error("text goes on after the value")]
    Trailing,
    #[error("half of a surrogate pair stands alone in a string")]
    LoneSurrogate,
    #[error("a string holds U+0000, which cannot be stored")]
    NulCharacter,
    #[error("a number is too large to be represented")]
    NumberOutOfRange,
    #[error("arrays and objects lie more than {MAX_DEPTH} levels deep")]
    TooDeep,
    #[error("the same key stands twice in one object")]
    DuplicateKey,
}

impl FaultKind {
    /// Returns whether the text is no JSON at all, as against JSON that Purser will not store.
    pub fn is_syntax(&self) -> bool {
        match self {
            Self::UnexpectedEnd
            | Self::Expected(_)
            | Self::ControlCharacter(_)
            | Self::BadEscape
            | Self::Trailing => true,
            Self::LoneSurrogate
            | Self::NulCharacter
            | Self::NumberOutOfRange
            | Self::TooDeep
            | Self::DuplicateKey => false,
        }
    }
}

/// What the strict reader found in a text that is valid JSON.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Whether the text has neither white space between tokens nor needless escapes.
    pub canonical: bool,
    /// Faults of value, in the order of the text.
    pub faults: Vec<Fault>,
}

/// Reads one JSON value that fills the whole text; white space around it is allowed.
pub fn check(text: &str) -> Result<Checked, Fault> {
    let mut reader = Reader {
        bytes: text.as_bytes(),
        text,
        at: 0,
        canonical: true,
        faults: vec![],
        keys: vec![],
    };
    reader.space();
    reader.value(0)?;
    reader.space();
    if reader.at < text.len() {
        return Err(reader.fault(FaultKind::Trailing));
    }
    Ok(Checked {
        canonical: reader.canonical,
        faults: reader.faults,
    })
}

struct Reader<'a> {
    bytes: &'a [u8],
    text: &'a str,
    at: usize,
    canonical: bool,
    faults: Vec<Fault>,
    /// Key spans of all objects that are open, outermost first.
    keys: Vec<(usize, usize)>,
}

impl Reader<'_> {
    fn fault(&self, kind: FaultKind) -> Fault {
        Fault {
            offset: self.at,
            kind,
        }
    }

    fn note(&mut self, offset: usize, kind: FaultKind) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(Fault { offset, kind });
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), Fault> {
        match self.peek() {
            Some(found) if found == byte => {
                self.at += 1;
                Ok(())
            }
            Some(_) => Err(self.fault(FaultKind::Expected(what))),
            None => Err(self.fault(FaultKind::UnexpectedEnd)),
        }
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
            self.canonical = false;
        }
    }

    fn value(&mut self, depth: u32) -> Result<(), Fault> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'{' | b'[') if depth == MAX_DEPTH => {
                self.note(self.at, FaultKind::TooDeep);
                self.skip_too_deep()
            }
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.array(depth + 1),
            Some(b't') => self.literal("true"),
            Some(b'f') => self.literal("false"),
            Some(b'n') => self.literal("null"),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(_) => Err(self.fault(FaultKind::Expected("a value"))),
            None => Err(self.fault(FaultKind::UnexpectedEnd)),
        }
    }

    fn literal(&mut self, word: &'static str) -> Result<(), Fault> {
        if self.bytes[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            return Ok(());
        }
        if word.as_bytes().starts_with(&self.bytes[self.at..]) {
            self.at = self.bytes.len();
            return Err(self.fault(FaultKind::UnexpectedEnd));
        }
        Err(self.fault(FaultKind::Expected("`true`, `false` or `null`")))
    }

    fn digits(&mut self) -> Result<(), Fault> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at > start {
            return Ok(());
        }
        match self.peek() {
            Some(_) => Err(self.fault(FaultKind::Expected("a digit"))),
            None => Err(self.fault(FaultKind::UnexpectedEnd)),
        }
    }

    fn number(&mut self) -> Result<(), Fault> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
            if let Some(b'0'..=b'9') = self.peek() {
                return Err(self.fault(FaultKind::Expected("no digit after a leading zero")));
            }
        } else {
            self.digits()?;
        }
        let mut exponent = false;
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            exponent = true;
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        // Only a long number or one with an exponent can leave the range of a double.
        if (exponent || self.at - start > 300)
            && !self.text[start..self.at]
                .parse::<f64>()
                .is_ok_and(f64::is_finite)
        {
            self.note(start, FaultKind::NumberOutOfRange);
        }
        Ok(())
    }

    fn string(&mut self) -> Result<(), Fault> {
        self.at += 1;
        loop {
            let Some(stop) = string_break(self.bytes, self.at) else {
                self.at = self.bytes.len();
                return Err(self.fault(FaultKind::UnexpectedEnd));
            };
            self.at = stop;
            match self.bytes[stop] {
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => self.escape()?,
                control => return Err(self.fault(FaultKind::ControlCharacter(control))),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Fault> {
        let start = self.at;
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'/') => {
                self.canonical = false;
                self.at += 2;
            }
            Some(b'u') => {
                self.canonical = false;
                self.at += 2;
                let unit = self.hex4()?;
                if unit == 0 {
                    self.note(start, FaultKind::NulCharacter);
                }
                if (0xdc00..0xe000).contains(&unit) {
                    self.note(start, FaultKind::LoneSurrogate);
                }
                if (0xd800..0xdc00).contains(&unit) {
                    self.low_surrogate(start)?;
                }
            }
            Some(_) => return Err(self.fault(FaultKind::BadEscape)),
            None => {
                self.at = self.bytes.len();
                return Err(self.fault(FaultKind::UnexpectedEnd));
            }
        }
        Ok(())
    }

    /// Reads the second half of a pair, if it is there.
    fn low_surrogate(&mut self, start: usize) -> Result<(), Fault> {
        let before = self.at;
        if self.bytes[self.at..].starts_with(b"\\u") {
            self.at += 2;
            if (0xdc00..0xe000).contains(&self.hex4()?) {
                return Ok(());
            }
            self.at = before;
        }
        self.note(start, FaultKind::LoneSurrogate);
        Ok(())
    }

    fn hex4(&mut self) -> Result<u32, Fault> {
        let mut unit = 0;
        for _ in 0..4 {
            let Some(byte) = self.peek() else {
                return Err(self.fault(FaultKind::UnexpectedEnd));
            };
            let Some(digit) = char::from(byte).to_digit(16) else {
                return Err(self.fault(FaultKind::BadEscape));
            };
            unit = unit * 16 + digit;
            self.at += 1;
        }
        Ok(unit)
    }

    fn array(&mut self, depth: u32) -> Result<(), Fault> {
        self.at += 1;
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.space();
            self.value(depth)?;
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(_) => return Err(self.fault(FaultKind::Expected("`,` or `]`"))),
                None => return Err(self.fault(FaultKind::UnexpectedEnd)),
            }
        }
    }

    fn object(&mut self, depth: u32) -> Result<(), Fault> {
        self.at += 1;
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        let first = self.keys.len();
        loop {
            self.space();
            let start = self.at;
            if self.peek().is_some_and(|b| b != b'"') {
                return Err(self.fault(FaultKind::Expected("a key in double quotes")));
            }
            if self.peek().is_none() {
                return Err(self.fault(FaultKind::UnexpectedEnd));
            }
            self.string()?;
            self.keys.push((start, self.at));
            self.space();
            self.expect(b':', "`:` after a key")?;
            self.space();
            self.value(depth)?;
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                Some(_) => return Err(self.fault(FaultKind::Expected("`,` or `}`"))),
                None => return Err(self.fault(FaultKind::UnexpectedEnd)),
            }
        }
        self.at += 1;
        if let Some(offset) = self.duplicate_key(first) {
            self.note(offset, FaultKind::DuplicateKey);
        }
        self.keys.truncate(first);
        Ok(())
    }

    /// Returns where the second of two equal keys stands among the keys of the innermost object.
    fn duplicate_key(&self, first: usize) -> Option<usize> {
        let keys = &self.keys[first..];
        let span = |&(start, end): &(usize, usize)| &self.bytes[start..end];
        let escaped = keys.iter().any(|key| span(key).contains(&b'\\'));
        if keys.len() <= PAIRWISE_KEYS && !escaped {
            return keys.iter().enumerate().find_map(|(i, key)| {
                keys[..i]
                    .iter()
                    .any(|earlier| span(earlier) == span(key))
                    .then_some(key.0)
            });
        }
        let mut names: Vec<(Cow<'_, str>, usize)> = keys
            .iter()
            .map(|&(start, end)| (unescape(&self.text[start..end]), start))
            .collect();
        names.sort_unstable();
        names
            .windows(2)
            .find(|pair| pair[0].0 == pair[1].0)
            .map(|pair| pair[1].1)
    }

    /// Passes over a value that lies too deep, without recursion and checking only its brackets and strings.
    fn skip_too_deep(&mut self) -> Result<(), Fault> {
        let mut open = 0_usize;
        loop {
            match self.peek() {
                Some(b'"') => self.string()?,
                Some(b'{' | b'[') => {
                    open += 1;
                    self.at += 1;
                }
                Some(b'}' | b']') => {
                    open -= 1;
                    self.at += 1;
                    if open == 0 {
                        return Ok(());
                    }
                }
                Some(_) => self.at += 1,
                None => return Err(self.fault(FaultKind::UnexpectedEnd)),
            }
        }
    }
}

/// Returns where the first `"`, `\\` or control character at or behind `at` stands, eight bytes at a time.
/// A byte of `word ^ needle` is zero where it matches, and subtracting one from a zero borrows into its highest bit;
/// a byte below 0x20 does so when 0x20 is subtracted. Only the lowest mark counts, and that one is exact.
fn string_break(bytes: &[u8], mut at: usize) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = ONES << 7;
    let equals = |word: u64, byte: u8| {
        let word = word ^ (ONES * u64::from(byte));
        word.wrapping_sub(ONES) & !word
    };
    while let Some(&chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let word = u64::from_le_bytes(chunk);
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let found = (equals(word, b'"') | equals(word, b'\\') | control) & HIGH;
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    let rest = bytes.get(at..)?;
    rest.iter()
        .position(|b| matches!(b, b'"' | b'\\' | 0..=0x1f))
        .map(|found| at + found)
}
