//! Makes a block from the values of a segment's users.

use std::cmp::Ordering;

use super::part::push_entry;
use super::{MAX_TEXT, MAX_VALUES, SEGMENT_USERS};
use crate::query::Scalar;

/// What a part may hold before the next one begins.
const PART_BYTES: usize = 4096;
/// More text than this is not indexed in one block: only long values in long lists could reach it.
const BLOCK_BYTES: usize = 16 << 20;

/// A block as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub head: Vec<u8>,
    /// Empty if the head holds the only part.
    pub parts: Vec<Vec<u8>>,
}

/// A user's value.
struct Value {
    /// Orders most values without a look at the text.
    rank: u64,
    kind: u8,
    place: u16,
    start: u32,
    length: u32,
}

/// Collects the values of one attribute, user by user.
pub struct BlockBuilder {
    text: String,
    values: Vec<Value>,
    unknown: Vec<u16>,
    deep: Vec<u16>,
    /// Where the values of the user at `place` begin.
    current: (usize, usize),
}

impl Default for BlockBuilder {
    fn default() -> Self {
        Self {
            text: String::new(),
            values: Vec::new(),
            unknown: Vec::new(),
            deep: Vec::new(),
            current: (usize::MAX, 0),
        }
    }
}

impl BlockBuilder {
    /// Adds a value of the user at `place`; users come in their order.
    pub fn push(&mut self, place: usize, value: Scalar<'_>) {
        debug_assert!(place < SEGMENT_USERS, "a place lies in the segment");
        let at = place as u16;
        if self.current.0 != place {
            self.current = (place, self.values.len());
        }
        if self.unknown.last() == Some(&at) {
            return;
        }
        let is_too_long = matches!(value, Scalar::Text(text)
            if text.len() > MAX_TEXT || self.text.len() + text.len() > BLOCK_BYTES);
        if is_too_long || self.values.len() - self.current.1 >= MAX_VALUES {
            self.values.truncate(self.current.1);
            self.unknown.push(at);
            return;
        }
        let start = self.text.len() as u32;
        let (kind, rank, length) = match value {
            Scalar::Bool(value) => (0, u64::from(value), 0),
            Scalar::Number(value) => (1, rank_of_number(value), 0),
            Scalar::Text(text) => {
                self.text.push_str(text);
                (2, rank_of_text(text), text.len() as u32)
            }
        };
        self.values.push(Value {
            rank,
            kind,
            place: at,
            start,
            length,
        });
    }

    /// Notes that the user at `place` has no value there, but something below it.
    pub fn push_deep(&mut self, place: usize) {
        self.deep.push(place as u16);
    }

    /// Makes the block and is empty again.
    pub fn finish(&mut self) -> Block {
        let text = std::mem::take(&mut self.text);
        let mut values = std::mem::take(&mut self.values);
        let order = |a: &Value, b: &Value| -> Ordering {
            (a.kind, a.rank)
                .cmp(&(b.kind, b.rank))
                .then_with(|| match a.kind {
                    2 => slice(&text, a).cmp(slice(&text, b)),
                    _ => Ordering::Equal,
                })
        };
        values.sort_unstable_by(|a, b| order(a, b).then(a.place.cmp(&b.place)));
        let mut codes: Vec<(u16, u32)> = Vec::with_capacity(values.len());
        let mut parts = Parts::default();
        let mut before: Option<&Value> = None;
        for value in &values {
            if before.is_none_or(|before| order(before, value).is_ne()) {
                parts.push(scalar(&text, value));
            }
            before = Some(value);
            codes.push((value.place, parts.entries));
        }
        codes.sort_unstable();
        codes.dedup();
        let block = self.write(&codes, parts);
        self.unknown.clear();
        self.deep.clear();
        self.current = (usize::MAX, 0);
        // Kept for the next block.
        self.text = text;
        self.text.clear();
        self.values = values;
        self.values.clear();
        block
    }

    fn write(&self, codes: &[(u16, u32)], mut parts: Parts) -> Block {
        let places = codes.last().map_or(0, |(place, _)| usize::from(*place) + 1);
        let is_multiple = codes.windows(2).any(|pair| pair[0].0 == pair[1].0);
        let width: u8 = match parts.entries {
            0..=0xff => 1,
            0x100..=0xffff => 2,
            _ => 4,
        };
        let is_inline = parts.done.is_empty();
        let mut head = vec![
            super::head::VERSION,
            u8::from(is_multiple),
            u8::from(is_inline),
            width,
        ];
        let number = |head: &mut Vec<u8>, number: usize| {
            head.extend_from_slice(&(number as u32).to_le_bytes());
        };
        for list in [&self.unknown, &self.deep] {
            number(&mut head, list.len());
            list.iter()
                .for_each(|place| head.extend_from_slice(&place.to_le_bytes()));
        }
        number(&mut head, parts.entries as usize);
        number(&mut head, parts.firsts.len());
        for (first, entry) in &parts.firsts {
            number(&mut head, *first as usize);
            number(&mut head, entry.len());
            head.extend_from_slice(entry);
        }
        if is_inline {
            number(&mut head, parts.current.len());
            head.append(&mut parts.current);
        } else {
            parts.close();
        }
        number(&mut head, places);
        let code = |head: &mut Vec<u8>, code: u32| {
            head.extend_from_slice(&code.to_le_bytes()[..usize::from(width)]);
        };
        if is_multiple {
            let mut at = 0;
            for place in 0..places {
                number(&mut head, at);
                at += codes[at..]
                    .iter()
                    .take_while(|(of, _)| usize::from(*of) == place)
                    .count();
            }
            number(&mut head, codes.len());
            codes.iter().for_each(|(_, value)| code(&mut head, *value));
        } else {
            let mut rest = codes;
            for place in 0..places {
                match rest.split_first() {
                    Some(((of, value), after)) if usize::from(*of) == place => {
                        code(&mut head, *value);
                        rest = after;
                    }
                    _ => code(&mut head, 0),
                }
            }
        }
        Block {
            head,
            parts: parts.done,
        }
    }
}

/// The distinct values on their way into parts.
#[derive(Default)]
struct Parts {
    done: Vec<Vec<u8>>,
    current: Vec<u8>,
    /// The last value of the current part, as text or number.
    before: Option<crate::query::OwnedScalar>,
    /// Of every part: the code of its first value, and that value.
    firsts: Vec<(u32, Vec<u8>)>,
    entries: u32,
}

impl Parts {
    fn push(&mut self, value: Scalar<'_>) {
        self.entries += 1;
        if self.current.len() >= PART_BYTES {
            self.close();
        }
        if self.current.is_empty() {
            let mut first = vec![];
            push_entry(&mut first, value, None);
            self.firsts.push((self.entries, first));
        }
        let before = self
            .before
            .as_ref()
            .map(crate::query::OwnedScalar::as_scalar);
        push_entry(&mut self.current, value, before);
        self.before = Some(value.to_owned());
    }

    fn close(&mut self) {
        if !self.current.is_empty() {
            self.done.push(std::mem::take(&mut self.current));
            self.before = None;
        }
    }
}

fn slice<'t>(text: &'t str, value: &Value) -> &'t str {
    &text[value.start as usize..(value.start + value.length) as usize]
}

fn scalar<'t>(text: &'t str, value: &Value) -> Scalar<'t> {
    match value.kind {
        0 => Scalar::Bool(value.rank == 1),
        1 => Scalar::Number(number_of_rank(value.rank)),
        _ => Scalar::Text(slice(text, value)),
    }
}

/// Maps numbers to integers of the same order; -0 is 0.
fn rank_of_number(number: f64) -> u64 {
    let bits = (number + 0.0).to_bits();
    if bits >> 63 == 1 {
        !bits
    } else {
        bits | 1 << 63
    }
}

fn number_of_rank(rank: u64) -> f64 {
    f64::from_bits(if rank >> 63 == 1 {
        rank & !(1 << 63)
    } else {
        !rank
    })
}

/// The first eight bytes.
fn rank_of_text(text: &str) -> u64 {
    let mut bytes = [0; 8];
    let length = text.len().min(8);
    bytes[..length].copy_from_slice(&text.as_bytes()[..length]);
    u64::from_be_bytes(bytes)
}
