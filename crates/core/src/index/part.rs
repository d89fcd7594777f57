//! Parts: pieces of a block's sorted values.
//!
//! ```text
//! entry = tag, then  number: 8 bytes  |  text: length shared with the entry before (u16), length of the rest (u16), the rest
//! ```

use super::Unreadable;
use crate::query::{OwnedScalar, Scalar};

const FALSE: u8 = 0;
const TRUE: u8 = 1;
const NUMBER: u8 = 2;
const TEXT: u8 = 3;

/// Appends an entry that follows `before`.
pub(super) fn push_entry(out: &mut Vec<u8>, value: Scalar<'_>, before: Option<Scalar<'_>>) {
    match value {
        Scalar::Bool(value) => out.push(if value { TRUE } else { FALSE }),
        Scalar::Number(value) => {
            out.push(NUMBER);
            out.extend_from_slice(&value.to_le_bytes());
        }
        Scalar::Text(text) => {
            let shared = match before {
                Some(Scalar::Text(before)) => shared(before, text),
                _ => 0,
            };
            let rest = &text.as_bytes()[shared..];
            out.push(TEXT);
            // A text has at most `MAX_TEXT` bytes.
            out.extend_from_slice(&(shared as u16).to_le_bytes());
            out.extend_from_slice(&(rest.len() as u16).to_le_bytes());
            out.extend_from_slice(rest);
        }
    }
}

/// Returns how many bytes two texts begin with alike, whole characters only.
fn shared(a: &str, b: &str) -> usize {
    let mut alike = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    while !b.is_char_boundary(alike) {
        alike -= 1;
    }
    alike
}

/// The values of one part, read.
#[derive(Debug, Clone)]
pub struct Part {
    text: String,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, Copy)]
enum Entry {
    Bool(bool),
    Number(f64),
    Text(u32, u32),
}

impl Part {
    /// Reads a part.
    pub fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut part = Self {
            text: String::with_capacity(bytes.len() * 2),
            entries: Vec::with_capacity(bytes.len() / 12),
        };
        let mut rest = bytes;
        let mut before = 0..0;
        while let Some(tag) = take::<1>(&mut rest) {
            let entry = match tag[0] {
                FALSE => Entry::Bool(false),
                TRUE => Entry::Bool(true),
                NUMBER => Entry::Number(f64::from_le_bytes(take(&mut rest).ok_or(Unreadable)?)),
                TEXT => {
                    let shared = take(&mut rest).map(u16::from_le_bytes).ok_or(Unreadable)?;
                    let length = take(&mut rest).map(u16::from_le_bytes).ok_or(Unreadable)?;
                    let (own, after) = rest.split_at_checked(length.into()).ok_or(Unreadable)?;
                    rest = after;
                    let start = part.text.len();
                    let alike = before.start..before.start + usize::from(shared);
                    if alike.end > before.end || !part.text.is_char_boundary(alike.end) {
                        return Err(Unreadable);
                    }
                    part.text.extend_from_within(alike);
                    part.text
                        .push_str(std::str::from_utf8(own).map_err(|_| Unreadable)?);
                    before = start..part.text.len();
                    Entry::Text(start as u32, part.text.len() as u32)
                }
                _ => return Err(Unreadable),
            };
            part.entries.push(entry);
        }
        Ok(part)
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the value at `index`.
    pub fn get(&self, index: usize) -> Option<Scalar<'_>> {
        self.entries.get(index).map(|entry| self.scalar(*entry))
    }

    pub fn iter(&self) -> impl Iterator<Item = Scalar<'_>> {
        self.entries.iter().map(|entry| self.scalar(*entry))
    }

    /// Returns how many of the values come before the point at which `is_before` turns false.
    pub(super) fn partition(&self, is_before: impl Fn(Scalar<'_>) -> bool) -> usize {
        self.entries
            .partition_point(|entry| is_before(self.scalar(*entry)))
    }

    fn scalar(&self, entry: Entry) -> Scalar<'_> {
        match entry {
            Entry::Bool(value) => Scalar::Bool(value),
            Entry::Number(value) => Scalar::Number(value),
            Entry::Text(start, end) => Scalar::Text(&self.text[start as usize..end as usize]),
        }
    }
}

/// Takes `N` bytes from the front.
pub(super) fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (first, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    Some(*first)
}

/// Reads one entry that stands alone.
pub(super) fn read_one(bytes: &[u8]) -> Result<OwnedScalar, Unreadable> {
    let part = Part::read(bytes)?;
    match (part.len(), part.get(0)) {
        (1, Some(value)) => Ok(value.to_owned()),
        _ => Err(Unreadable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_back() {
        let values = [
            Scalar::Bool(false),
            Scalar::Bool(true),
            Scalar::Number(-1.5),
            Scalar::Number(1e300),
            Scalar::Text(""),
            Scalar::Text("a"),
            Scalar::Text("aé"),
            Scalar::Text("aèb"),
            Scalar::Text("aèc"),
        ];
        let mut bytes = vec![];
        let mut before = None;
        for value in values {
            push_entry(&mut bytes, value, before);
            before = Some(value);
        }
        let part = Part::read(&bytes).unwrap();
        assert_eq!(part.iter().collect::<Vec<_>>(), values);
        assert_eq!(
            part.partition(|value| value.order(&Scalar::Text("a")).is_lt()),
            5
        );
    }

    #[test]
    fn damage_is_noticed() {
        for bytes in [
            &[9][..],
            &[NUMBER, 1, 2],
            &[TEXT, 0, 0, 2, 0, b'a'],
            &[TEXT, 1, 0, 0, 0],
            &[TEXT, 0, 0, 1, 0, 0xff],
        ] {
            assert!(Part::read(bytes).is_err(), "{bytes:?}");
        }
    }
}
