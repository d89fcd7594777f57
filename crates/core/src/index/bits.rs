//! Sets of users of one segment, one bit each.

use super::SEGMENT_USERS;

const WORDS: usize = SEGMENT_USERS / 64;

/// A set of places in a segment.
#[derive(Clone, PartialEq, Eq)]
pub struct Bits(Box<[u64; WORDS]>);

impl std::fmt::Debug for Bits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bits({} of {SEGMENT_USERS})", self.count())
    }
}

impl Bits {
    /// Returns the set that holds nothing.
    pub fn none() -> Self {
        Self(Box::new([0; WORDS]))
    }

    /// Returns the set that holds every place.
    pub fn all() -> Self {
        Self(Box::new([u64::MAX; WORDS]))
    }

    /// Makes a set, 64 places at a time; bit n of a word is its n-th place.
    pub(super) fn from_words(mut word: impl FnMut(usize) -> u64) -> Self {
        let mut bits = Self::none();
        for (index, slot) in bits.0.iter_mut().enumerate() {
            *slot = word(index);
        }
        bits
    }

    pub fn contains(&self, place: usize) -> bool {
        self.0
            .get(place / 64)
            .is_some_and(|word| word >> (place % 64) & 1 == 1)
    }

    pub fn insert(&mut self, place: usize) {
        if let Some(word) = self.0.get_mut(place / 64) {
            *word |= 1 << (place % 64);
        }
    }

    pub fn remove(&mut self, place: usize) {
        if let Some(word) = self.0.get_mut(place / 64) {
            *word &= !(1 << (place % 64));
        }
    }

    pub fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// Keeps what `other` has too.
    pub fn retain(&mut self, other: &Self) {
        self.combine(other, |mine, other| mine & other);
    }

    /// Adds what `other` has.
    pub fn extend(&mut self, other: &Self) {
        self.combine(other, |mine, other| mine | other);
    }

    /// Removes what `other` has.
    pub fn subtract(&mut self, other: &Self) {
        self.combine(other, |mine, other| mine & !other);
    }

    pub fn invert(&mut self) {
        self.0.iter_mut().for_each(|word| *word = !*word);
    }

    /// Keeps the places `from..to`.
    pub fn keep_range(&mut self, from: usize, to: usize) {
        for (index, word) in self.0.iter_mut().enumerate() {
            let (start, end) = (index * 64, index * 64 + 64);
            if end <= from || start >= to {
                *word = 0;
                continue;
            }
            if start < from {
                *word &= u64::MAX << (from - start);
            }
            if end > to {
                *word &= u64::MAX >> (end - to);
            }
        }
    }

    /// Iterates over the places in their order.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(index, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let place = left.trailing_zeros() as usize;
                left &= left.checked_sub(1)?;
                Some(index * 64 + place)
            })
        })
    }

    /// Returns the set as bytes, for storing.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// Reads what [`Self::to_bytes`] made; `None` if it is anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.len() != SEGMENT_USERS / 8 {
            return None;
        }
        let (words, _) = bytes.as_chunks::<8>();
        Some(Self::from_words(|index| {
            words.get(index).map_or(0, |word| u64::from_le_bytes(*word))
        }))
    }

    fn combine(&mut self, other: &Self, with: impl Fn(u64, u64) -> u64) {
        for (mine, other) in self.0.iter_mut().zip(other.0.iter()) {
            *mine = with(*mine, *other);
        }
    }
}

/// What is known of a condition in one segment: who meets it for certain, and who may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    /// Those who meet it.
    pub sure: Bits,
    /// Those who meet it or may; all of `sure` among them.
    pub maybe: Bits,
}

impl Bounds {
    pub fn exact(bits: Bits) -> Self {
        Self {
            maybe: bits.clone(),
            sure: bits,
        }
    }

    /// Returns that nothing is known.
    pub fn unknown() -> Self {
        Self {
            sure: Bits::none(),
            maybe: Bits::all(),
        }
    }

    #[must_use]
    pub fn inverted(mut self) -> Self {
        std::mem::swap(&mut self.sure, &mut self.maybe);
        self.sure.invert();
        self.maybe.invert();
        self
    }

    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        self.sure.retain(&other.sure);
        self.maybe.retain(&other.maybe);
        self
    }

    #[must_use]
    pub fn or(mut self, other: &Self) -> Self {
        self.sure.extend(&other.sure);
        self.maybe.extend(&other.maybe);
        self
    }

    /// Returns those of whom only the profile can tell.
    pub fn open(&self) -> Bits {
        let mut open = self.maybe.clone();
        open.subtract(&self.sure);
        open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(places: &[usize]) -> Bits {
        let mut bits = Bits::none();
        places.iter().for_each(|place| bits.insert(*place));
        bits
    }

    fn places(bits: &Bits) -> Vec<usize> {
        bits.iter().collect()
    }

    #[test]
    fn sets_combine() {
        let (a, b) = (bits(&[0, 63, 64, 16_383]), bits(&[63, 100, 16_383, 99_999]));
        let with = |change: fn(&mut Bits, &Bits)| {
            let mut a = a.clone();
            change(&mut a, &b);
            places(&a)
        };
        assert_eq!(with(Bits::retain), [63, 16_383]);
        assert_eq!(with(Bits::extend), [0, 63, 64, 100, 16_383]);
        assert_eq!(with(Bits::subtract), [0, 64]);
        let mut all = Bits::none();
        all.invert();
        assert_eq!((all.count(), all == Bits::all()), (SEGMENT_USERS, true));
        assert_eq!(Bits::from_bytes(&a.to_bytes()), Some(a));
        assert_eq!(Bits::from_bytes(&[1]), None);
    }

    #[test]
    fn ranges_are_cut_at_both_ends() {
        for (from, to) in [
            (0, 0),
            (0, 64),
            (1, 63),
            (60, 70),
            (64, 128),
            (5, 16_384),
            (16_383, 16_384),
        ] {
            let mut cut = Bits::all();
            cut.keep_range(from, to);
            assert_eq!(places(&cut), (from..to).collect::<Vec<_>>(), "{from}..{to}");
        }
    }

    #[test]
    fn bounds_stay_bounds() {
        let half_known = Bounds {
            sure: bits(&[1]),
            maybe: bits(&[1, 2]),
        };
        let known = Bounds::exact(bits(&[2, 3]));
        let both = half_known.clone().and(&known);
        assert_eq!((places(&both.sure), places(&both.maybe)), (vec![], vec![2]));
        let either = half_known.clone().or(&known);
        assert_eq!(places(&either.sure), [1, 2, 3]);
        assert!(either.open().is_empty());
        let not = half_known.inverted();
        assert!(
            !not.maybe.contains(1)
                && !not.sure.contains(2)
                && not.maybe.contains(2)
                && not.sure.contains(3)
        );
        assert_eq!(places(&not.open()), [2]);
    }
}
