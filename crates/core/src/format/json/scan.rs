//! Finds where a JSON value ends without parsing it: follows strings and brackets, byte range by byte range.
//!
//! ```text
//! state   byte                 next
//! Start   { [                  Inside, one bracket open
//!         "                    Text
//!         other                Word
//! Inside  { [                  one more open        } ]  one less, at none: end, on a wrong kind: mismatch
//!         "                    Text
//! Text    \                    Escape               "    Inside, or end when no bracket is open
//! Escape  any                  Text
//! Word    space , { } [ ] "    end before that byte
//! ```

use crate::json::string_stop;

/// Levels whose kind of bracket is remembered; deeper ones are only counted, the row's check refuses them anyway.
const LEVELS: usize = 1024;

/// What a range of bytes led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scan {
    /// All bytes belong to the value, which goes on.
    More,
    /// The value ends before this byte of the range.
    End(usize),
    /// This byte of the range closes a bracket of the other kind.
    Mismatch(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    Inside,
    Text,
    Escape,
    Word,
}

/// Follows one value at a time.
#[derive(Debug)]
pub(crate) struct Scanner {
    state: State,
    /// Brackets that are open.
    depth: usize,
    /// One bit a level: whether its bracket is `{`.
    objects: [u64; LEVELS / 64],
}

/// What a byte outside strings means.
const PLAIN: u8 = 0;
const QUOTE: u8 = 1;
const OPEN: u8 = 2;
const CLOSE: u8 = 3;

const CLASS: [u8; 256] = {
    let mut table = [PLAIN; 256];
    table[b'"' as usize] = QUOTE;
    table[b'{' as usize] = OPEN;
    table[b'[' as usize] = OPEN;
    table[b'}' as usize] = CLOSE;
    table[b']' as usize] = CLOSE;
    table
};

impl Scanner {
    pub(crate) fn new() -> Self {
        Self {
            state: State::Start,
            depth: 0,
            objects: [0; LEVELS / 64],
        }
    }

    /// Makes ready for the next value.
    pub(crate) fn reset(&mut self) {
        self.state = State::Start;
        self.depth = 0;
    }

    /// Returns whether the value that goes on is inside a string.
    pub(crate) fn in_string(&self) -> bool {
        matches!(self.state, State::Text | State::Escape)
    }

    /// Follows the value through its next bytes; starts at its first byte after [`Self::reset`].
    pub(crate) fn scan(&mut self, bytes: &[u8]) -> Scan {
        let mut at = 0;
        if self.state == State::Start && !bytes.is_empty() {
            self.state = match CLASS[usize::from(bytes[0])] {
                PLAIN | CLOSE => State::Word,
                _ => State::Inside,
            };
        }
        if self.state == State::Escape && !bytes.is_empty() {
            self.state = State::Text;
            at = 1;
        }
        if self.state == State::Text {
            match self.text(bytes, at) {
                Some(end) if self.depth == 0 => return Scan::End(end),
                Some(end) => at = end,
                None => return Scan::More,
            }
        }
        match self.state {
            State::Word => word(bytes),
            State::Inside => self.inside(bytes, at),
            _ => Scan::More,
        }
    }

    fn inside(&mut self, bytes: &[u8], mut at: usize) -> Scan {
        while let Some(&byte) = bytes.get(at) {
            match CLASS[usize::from(byte)] {
                PLAIN => {}
                QUOTE => {
                    match self.text(bytes, at + 1) {
                        Some(end) if self.depth == 0 => return Scan::End(end),
                        Some(end) => at = end,
                        None => return Scan::More,
                    }
                    continue;
                }
                OPEN => self.open(byte),
                _ => {
                    if !self.close(byte) {
                        return Scan::Mismatch(at);
                    }
                    if self.depth == 0 {
                        return Scan::End(at + 1);
                    }
                }
            }
            at += 1;
        }
        Scan::More
    }

    /// Returns where the string ends that `at` is inside of, or remembers that it does not end here.
    #[inline]
    fn text(&mut self, bytes: &[u8], mut at: usize) -> Option<usize> {
        while let Some(found) = string_stop(bytes, at) {
            if bytes[found] == b'"' {
                self.state = State::Inside;
                return Some(found + 1);
            }
            if found + 1 == bytes.len() {
                self.state = State::Escape;
                return None;
            }
            at = found + 2;
        }
        self.state = State::Text;
        None
    }

    fn open(&mut self, byte: u8) {
        if let Some(word) = self.objects.get_mut(self.depth / 64) {
            let bit = 1 << (self.depth % 64);
            *word = if byte == b'{' {
                *word | bit
            } else {
                *word & !bit
            };
        }
        self.depth += 1;
    }

    /// Closes a bracket and returns whether it is of the right kind.
    fn close(&mut self, byte: u8) -> bool {
        let level = self.depth - 1;
        let fits = match self.objects.get(level / 64) {
            Some(word) => (word >> (level % 64) & 1 == 1) == (byte == b'}'),
            None => true,
        };
        if fits {
            self.depth = level;
        }
        fits
    }
}

/// Numbers and literals end where something else begins.
fn word(bytes: &[u8]) -> Scan {
    let ends = |b: &u8| {
        matches!(b, b' ' | b'\n' | b'\r' | b'\t' | b',') || CLASS[usize::from(*b)] != PLAIN
    };
    bytes.iter().position(ends).map_or(Scan::More, Scan::End)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(text: &str) -> Scan {
        Scanner::new().scan(text.as_bytes())
    }

    #[test]
    fn finds_the_end_of_any_value() {
        for value in [
            r#"{"a":"}\"]","b":[{},[]]}"#,
            "[]",
            r#""a\\""#,
            "-1.5e3",
            "true",
        ] {
            assert_eq!(
                scan(&format!("{value},{{")),
                Scan::End(value.len()),
                "{value}"
            );
        }
        assert_eq!(scan("12"), Scan::More);
        assert_eq!(scan("{\"a"), Scan::More);
    }

    #[test]
    fn a_value_may_come_byte_by_byte() {
        let value = r#"{"a\\":"}\"]","b":[{},[]]}"#;
        let mut scanner = Scanner::new();
        for (i, byte) in value.bytes().enumerate() {
            let expected = if i + 1 == value.len() {
                Scan::End(1)
            } else {
                Scan::More
            };
            assert_eq!(scanner.scan(&[byte]), expected, "byte {i}");
        }
    }

    #[test]
    fn strings_of_any_length_and_content_end_at_their_quote() {
        for length in 0..80 {
            for filler in ["x", "!", "#", "\u{a2}", "\u{100}", "[", "\\\\"] {
                let value = format!("\"{}\"", filler.repeat(length));
                assert_eq!(
                    scan(&format!("{value},")),
                    Scan::End(value.len()),
                    "{value}"
                );
            }
        }
    }

    #[test]
    fn wrong_brackets_are_found_as_deep_as_they_are_remembered() {
        assert_eq!(scan("{]"), Scan::Mismatch(1));
        assert_eq!(scan("[[{}}"), Scan::Mismatch(4));
        let deep = "[".repeat(1_000_000);
        assert_eq!(
            scan(&format!("{deep}{}", "]".repeat(1_000_000))),
            Scan::End(2_000_000)
        );
        assert_eq!(
            scan(&format!("{deep}{}", "}".repeat(1_000_000))),
            Scan::Mismatch(1_998_976)
        );
    }
}
