//! Heads: what a block says without its parts.
//!
//! ```text
//! head   = version u8, several? u8, inline? u8, width u8, unknown, deep, values u32, parts, [ part ], users
//! unknown, deep = count u32, places u16 …
//! parts  = count u32, { code of the first value u32, length u32, its entry }
//! part   = length u32, entries                     the only part, if the head holds it
//! users  = count u32, codes                        one code each, of `width` bytes
//!        | count u32, starts u32 …, count u32, codes      several codes each
//! ```

use std::ops::{Bound, Range};

use super::part::{read_one, take};
use super::{Bits, Part, SEGMENT_USERS, Unreadable};
use crate::query::{OwnedScalar, Scalar, Span, Test};

pub(super) const VERSION: u8 = 1;

/// A block's head.
#[derive(Debug, Clone)]
pub struct Head {
    bytes: Vec<u8>,
    unknown: Vec<u16>,
    deep: Vec<u16>,
    values: u32,
    parts: Vec<(u32, OwnedScalar)>,
    inline: Option<Part>,
    /// Bytes of a code.
    width: usize,
    users: usize,
    /// Where the codes of each user begin, if users have several; one more than users.
    starts: Option<Vec<u32>>,
    codes: Range<usize>,
}

/// A set of codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Codes {
    Ranges(Vec<Range<u32>>),
    /// Bit n: code n.
    Set(Vec<u64>),
}

/// One end of an interval of values.
#[derive(Clone, Copy)]
enum Edge<'a> {
    /// Before the first value.
    Start,
    /// Behind the last value.
    End,
    /// Before the values that are at least this.
    Before(Scalar<'a>),
    /// Behind the values that are at most this.
    Behind(Scalar<'a>),
    /// Behind the texts that are less than this or begin with it.
    BehindPrefix(&'a str),
}

impl Edge<'_> {
    /// Returns whether the value lies before the edge.
    fn is_behind(self, value: Scalar<'_>) -> bool {
        match self {
            Edge::Start => false,
            Edge::End => true,
            Edge::Before(edge) => value.order(&edge).is_lt(),
            Edge::Behind(edge) => value.order(&edge).is_le(),
            Edge::BehindPrefix(prefix) => match value {
                Scalar::Text(text) => text < prefix || text.starts_with(prefix),
                _ => true,
            },
        }
    }
}

fn edges(span: &Span) -> [Edge<'_>; 2] {
    match span {
        Span::Between(lower, upper) => [
            match lower {
                Bound::Unbounded => Edge::Start,
                Bound::Included(value) => Edge::Before(value.as_scalar()),
                Bound::Excluded(value) => Edge::Behind(value.as_scalar()),
            },
            match upper {
                Bound::Unbounded => Edge::End,
                Bound::Included(value) => Edge::Behind(value.as_scalar()),
                Bound::Excluded(value) => Edge::Before(value.as_scalar()),
            },
        ],
        Span::Prefix(prefix) => [
            Edge::Before(Scalar::Text(prefix)),
            Edge::BehindPrefix(prefix),
        ],
    }
}

impl Head {
    /// Reads a head.
    pub fn read(bytes: Vec<u8>) -> Result<Self, Unreadable> {
        let mut rest = bytes.as_slice();
        let [version, several, is_inline, width] = take(&mut rest).ok_or(Unreadable)?;
        if version != VERSION || !matches!(width, 1 | 2 | 4) {
            return Err(Unreadable);
        }
        let unknown = places(&mut rest)?;
        let deep = places(&mut rest)?;
        let values = number(&mut rest)?;
        let mut parts = Vec::new();
        for _ in 0..number(&mut rest)? {
            let code = number(&mut rest)?;
            parts.push((code, read_one(slice(&mut rest)?)?));
        }
        let inline = match is_inline {
            0 => None,
            _ => Some(Part::read(slice(&mut rest)?)?),
        };
        let users = number(&mut rest)? as usize;
        if users > SEGMENT_USERS {
            return Err(Unreadable);
        }
        let (starts, count) = if several == 0 {
            (None, users)
        } else {
            let mut starts = Vec::with_capacity(users + 1);
            for _ in 0..=users {
                starts.push(number(&mut rest)?);
            }
            let count = starts.last().copied().unwrap_or(0) as usize;
            let is_sorted = starts.is_sorted();
            (Some(starts).filter(|_| is_sorted), count)
        };
        let width = usize::from(width);
        if (several != 0 && starts.is_none()) || rest.len() != count * width {
            return Err(Unreadable);
        }
        let codes = bytes.len() - rest.len()..bytes.len();
        Ok(Self {
            bytes,
            unknown,
            deep,
            values,
            parts,
            inline,
            width,
            users,
            starts,
            codes,
        })
    }

    /// Returns how many parts the block has outside its head.
    pub fn parts(&self) -> u32 {
        match self.inline {
            Some(_) => 0,
            None => self.parts.len() as u32,
        }
    }

    /// Returns the only part, if the head holds it.
    pub fn inline(&self) -> Option<&Part> {
        self.inline.as_ref()
    }

    /// Returns those whose values were too long or too many to be indexed.
    pub fn unknown(&self) -> Bits {
        set(&self.unknown)
    }

    /// Returns those who have no value at the path, but something below it.
    pub fn deep(&self) -> Bits {
        set(&self.deep)
    }

    /// Returns the parts that [`Self::accepted`] will ask for.
    pub fn parts_for(&self, test: &Test) -> Vec<u32> {
        if test.is_exists() {
            return vec![];
        }
        match test.spans() {
            Some(spans) => self.parts_for_spans(spans),
            None if self.inline.is_some() => vec![],
            None => self.parts_to_try(test).collect(),
        }
    }

    /// Returns the parts whose values must be tried one by one: those that begin as the pattern does.
    fn parts_to_try(&self, test: &Test) -> Range<u32> {
        let all = 0..self.parts.len() as u32;
        let Some(span) = test.within() else {
            return all;
        };
        let [start, end] = edges(&span);
        match (start, self.part_at(start), end, self.part_at(end)) {
            (_, first, Edge::End, _) => first.unwrap_or(0)..all.end,
            (_, first, _, Some(last)) => first.unwrap_or(0)..last + 1,
            _ => 0..0,
        }
    }

    /// Returns the parts that [`Self::accepted_in`] will ask for.
    pub fn parts_for_spans(&self, spans: &[Span]) -> Vec<u32> {
        if self.inline.is_some() {
            return vec![];
        }
        let mut parts: Vec<u32> = spans
            .iter()
            .flat_map(edges)
            .filter_map(|edge| self.part_at(edge))
            .collect();
        parts.sort_unstable();
        parts.dedup();
        parts
    }

    /// Returns the part in which an edge lies, if it must be read to know the code.
    fn part_at(&self, edge: Edge<'_>) -> Option<u32> {
        if matches!(edge, Edge::Start | Edge::End) {
            return None;
        }
        let before = self
            .parts
            .partition_point(|(_, first)| edge.is_behind(first.as_scalar()));
        before.checked_sub(1).map(|part| part as u32)
    }

    /// Returns the codes of the values that a test accepts. `part` hands out the parts of [`Self::parts_for`].
    pub fn accepted<'p>(
        &'p self,
        test: &Test,
        part: impl FnMut(u32) -> Option<&'p Part>,
    ) -> Result<Codes, Unreadable> {
        if test.is_exists() {
            let all = 1..self.values + 1;
            return Ok(Codes::Ranges(std::iter::once(all).collect()));
        }
        if let Some(spans) = test.spans() {
            return self.accepted_in(spans, part);
        }
        let mut part = self.reading(part);
        let mut accepted = vec![0; self.values as usize / 64 + 1];
        for number in self.parts_to_try(test) {
            let (first, _) = self.parts[number as usize];
            for (code, value) in (first..).zip(part(number)?.iter()) {
                if test.accepts(value) {
                    let word = accepted.get_mut(code as usize / 64).ok_or(Unreadable)?;
                    *word |= 1_u64 << (code % 64);
                }
            }
        }
        Ok(Codes::Set(accepted))
    }

    /// Returns the codes of the values in some intervals. `part` hands out the parts of [`Self::parts_for_spans`].
    pub fn accepted_in<'p>(
        &'p self,
        spans: &[Span],
        part: impl FnMut(u32) -> Option<&'p Part>,
    ) -> Result<Codes, Unreadable> {
        let mut part = self.reading(part);
        let mut ranges = Vec::with_capacity(spans.len());
        for span in spans {
            let mut ends = [0; 2];
            for (end, edge) in ends.iter_mut().zip(edges(span)) {
                *end = match (edge, self.part_at(edge)) {
                    (Edge::End, _) => self.values + 1,
                    (_, None) => 1,
                    (_, Some(number)) => {
                        let first = self.parts[number as usize].0;
                        first + part(number)?.partition(|value| edge.is_behind(value)) as u32
                    }
                };
            }
            if ends[0] < ends[1] {
                ranges.push(ends[0]..ends[1]);
            }
        }
        Ok(Codes::Ranges(ranges))
    }

    /// Returns a way to parts that knows the one inside the head.
    fn reading<'p>(
        &'p self,
        mut part: impl FnMut(u32) -> Option<&'p Part>,
    ) -> impl FnMut(u32) -> Result<&'p Part, Unreadable> {
        move |number| match &self.inline {
            Some(inline) => Ok(inline),
            None => part(number).ok_or(Unreadable),
        }
    }

    /// Returns the users who have one of the codes.
    pub fn users_with(&self, codes: &Codes) -> Bits {
        match codes {
            Codes::Ranges(ranges) => {
                let mut ranges = ranges.iter().map(|range| self.users_within(range));
                let mut all = ranges.next().unwrap_or_else(Bits::none);
                ranges.for_each(|more| all.extend(&more));
                all
            }
            Codes::Set(set) => {
                let accepts = |code: u32| {
                    set.get(code as usize / 64)
                        .is_some_and(|word| word >> (code % 64) & 1 == 1)
                };
                self.users_where(accepts)
            }
        }
    }

    fn users_within(&self, range: &Range<u32>) -> Bits {
        let (first, width) = (range.start, range.end - range.start);
        // Wrapped around, a code below the first is above the last: one comparison instead of two.
        self.users_where(|code| code.wrapping_sub(first) < width)
    }

    fn users_where(&self, accepts: impl Fn(u32) -> bool) -> Bits {
        let codes = &self.bytes[self.codes.clone()];
        if let Some(starts) = &self.starts {
            let mut bits = Bits::none();
            for (user, ends) in starts.windows(2).enumerate() {
                if (ends[0]..ends[1]).any(|at| accepts(code(codes, self.width, at as usize))) {
                    bits.insert(user);
                }
            }
            return bits;
        }
        match self.width {
            1 => single(codes, |code: [u8; 1]| accepts(code[0].into())),
            2 => single(codes, |code| accepts(u16::from_le_bytes(code).into())),
            _ => single(codes, |code| accepts(u32::from_le_bytes(code))),
        }
    }

    /// Returns the lowest and the highest code of a user; `None` if it has none.
    pub fn codes_of(&self, place: usize) -> Option<(u32, u32)> {
        let codes = &self.bytes[self.codes.clone()];
        if place >= self.users {
            return None;
        }
        match &self.starts {
            None => Some(code(codes, self.width, place))
                .filter(|code| *code > 0)
                .map(|code| (code, code)),
            Some(starts) => {
                let (from, to) = (starts[place] as usize, starts[place + 1] as usize);
                (from < to).then(|| {
                    (
                        code(codes, self.width, from),
                        code(codes, self.width, to - 1),
                    )
                })
            }
        }
    }

    /// Returns the part that holds the value of a code, and where in it.
    pub fn place_of_code(&self, code: u32) -> Option<(u32, usize)> {
        let part = self
            .parts
            .partition_point(|(first, _)| *first <= code)
            .checked_sub(1)?;
        Some((part as u32, (code - self.parts[part].0) as usize))
    }
}

/// Tests one code for each user, 64 users at a time.
fn single<const WIDTH: usize>(codes: &[u8], accepts: impl Fn([u8; WIDTH]) -> bool) -> Bits {
    let (codes, _) = codes.as_chunks::<WIDTH>();
    let mut words = codes.chunks(64);
    Bits::from_words(|_| {
        let users = words.next().unwrap_or_default();
        users.iter().enumerate().fold(0, |word, (bit, code)| {
            word | u64::from(accepts(*code)) << bit
        })
    })
}

fn code(codes: &[u8], width: usize, at: usize) -> u32 {
    let mut bytes = [0; 4];
    if let Some(code) = codes.get(at * width..(at + 1) * width) {
        bytes[..width].copy_from_slice(code);
    }
    u32::from_le_bytes(bytes)
}

fn set(places: &[u16]) -> Bits {
    let mut bits = Bits::none();
    places
        .iter()
        .for_each(|place| bits.insert(usize::from(*place)));
    bits
}

fn number(rest: &mut &[u8]) -> Result<u32, Unreadable> {
    take(rest).map(u32::from_le_bytes).ok_or(Unreadable)
}

fn slice<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], Unreadable> {
    let length = number(rest)? as usize;
    let (taken, after) = rest.split_at_checked(length).ok_or(Unreadable)?;
    *rest = after;
    Ok(taken)
}

fn places(rest: &mut &[u8]) -> Result<Vec<u16>, Unreadable> {
    let count = number(rest)?;
    let place = |_| take(rest).map(u16::from_le_bytes).ok_or(Unreadable);
    (0..count).map(place).collect()
}
