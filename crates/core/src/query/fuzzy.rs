//! Fuzzy terms: Lucene's distance, which counts insertions, deletions, changes and swaps of neighbours.

/// The most edits that Lucene allows.
pub(super) const MAX_EDITS: usize = 2;

/// A text and how far others may be from it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fuzzy {
    pub(super) text: String,
    chars: Vec<char>,
    pub(super) edits: usize,
}

impl Fuzzy {
    /// `edits` is at most [`MAX_EDITS`].
    pub(super) fn new(text: &str, edits: usize) -> Self {
        Self {
            text: text.to_owned(),
            chars: text.chars().collect(),
            edits: edits.min(MAX_EDITS),
        }
    }

    /// Returns the edits that `~number` means for a text: a number below 1 is the similarity of old versions.
    pub(super) fn edits_of(number: f64, text: &str) -> usize {
        let edits = if number >= 1.0 {
            number
        } else if number <= 0.0 {
            0.0
        } else {
            (1.0 - number) * text.chars().count() as f64
        };
        edits.min(MAX_EDITS as f64) as usize
    }

    /// Returns whether a text is near enough. As with Lucene, there must be fewer edits than characters in either text.
    pub(super) fn matches(&self, text: &str) -> bool {
        if text == self.text {
            return true;
        }
        // A byte more than four for each character cannot be near; this spares counting long texts.
        if text.len() > (self.chars.len() + self.edits) * 4 {
            return false;
        }
        let length = text.chars().count();
        if length.abs_diff(self.chars.len()) > self.edits {
            return false;
        }
        let distance = self.distance(text);
        distance <= self.edits && distance < length.min(self.chars.len())
    }

    /// Returns the distance; if it is more than `edits`, any number that is. Only cells near the diagonal are looked at.
    fn distance(&self, text: &str) -> usize {
        const BAND: usize = 2 * MAX_EDITS + 1;
        const FAR: usize = usize::MAX / 2;
        let columns = self.chars.len();
        // Cell `k` of row `i` is column `i + k - MAX_EDITS`.
        let mut rows = [[FAR; BAND]; 3];
        for (k, cell) in rows[0].iter_mut().enumerate().skip(MAX_EDITS) {
            *cell = k - MAX_EDITS;
        }
        let mut before = '\0';
        let mut count = 0;
        for (i, c) in text.chars().enumerate().map(|(i, c)| (i + 1, c)) {
            let mut row = [FAR; BAND];
            for k in 0..BAND {
                let Some(j) = (i + k).checked_sub(MAX_EDITS).filter(|j| *j <= columns) else {
                    continue;
                };
                let mut best = rows[0].get(k + 1).map_or(FAR, |up| up + 1);
                if j == 0 {
                    row[k] = best;
                    continue;
                }
                best = best.min(rows[0][k] + usize::from(self.chars[j - 1] != c));
                if k > 0 {
                    best = best.min(row[k - 1] + 1);
                }
                if i > 1 && j > 1 && self.chars[j - 1] == before && self.chars[j - 2] == c {
                    best = best.min(rows[1][k] + 1);
                }
                row[k] = best;
            }
            rows = [row, rows[0], rows[1]];
            before = c;
            count = i;
        }
        let last = (columns + MAX_EDITS).checked_sub(count);
        last.and_then(|k| rows[0].get(k)).copied().unwrap_or(FAR)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The whole table.
    fn distance(a: &[char], b: &[char]) -> usize {
        let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
        for i in 0..=a.len() {
            for j in 0..=b.len() {
                table[i][j] = if i == 0 || j == 0 {
                    i + j
                } else {
                    let change = table[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                    change.min(table[i - 1][j] + 1).min(table[i][j - 1] + 1)
                };
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    table[i][j] = table[i][j].min(table[i - 2][j - 2] + 1);
                }
            }
        }
        table[a.len()][b.len()]
    }

    #[test]
    fn neighbours_may_be_swapped() {
        assert!(Fuzzy::new("smith", 1).matches("simth"));
        assert!(!Fuzzy::new("smith", 1).matches("smyhh"));
        assert!(Fuzzy::new("roam", 2).matches("foams") && !Fuzzy::new("ab", 2).matches("cd"));
    }

    #[test]
    fn numbers_are_edits_or_similarities() {
        let of = |number| Fuzzy::edits_of(number, "smith");
        assert_eq!([of(0.0), of(1.0), of(2.0), of(9.0)], [0, 1, 2, 2]);
        assert_eq!([of(0.5), of(0.7), of(0.9), of(0.01)], [2, 1, 0, 2]);
    }

    proptest! {
        #[test]
        fn near_is_what_the_table_says(a in "[abé]{0,7}", b in "[abé]{0,7}", edits in 0_usize..3) {
            let (x, y): (Vec<_>, Vec<_>) = (a.chars().collect(), b.chars().collect());
            let far = distance(&x, &y);
            let expected = far == 0 || (far <= edits && far < x.len().min(y.len()));
            prop_assert_eq!(Fuzzy::new(&a, edits).matches(&b), expected);
        }
    }
}
