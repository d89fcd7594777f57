//! Patterns: `*` is any run of characters, `?` is one.

use std::borrow::Cow;

use super::fold::fold;
use super::print::{is_sign, is_special};

/// A pattern, cut at its `*`.
///
/// Never backtracks: the first and the last part are tied to the ends, each one between is taken where it is found first.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pattern {
    /// At least one; the first or last may be empty, the others are not.
    parts: Vec<Part>,
}

/// What stands between two `*`.
#[derive(Debug, Clone, PartialEq, Default)]
struct Part {
    /// Its characters; each `?` stands as U+0000 here.
    text: String,
    /// Where the `?` are, in characters. Profiles may hold U+0000, so the text does not tell.
    ones: Vec<usize>,
}

impl Part {
    fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Returns the bytes that the part takes at the beginning of a text.
    fn at_start(&self, text: &str) -> Option<usize> {
        if self.ones.is_empty() {
            return text.starts_with(&self.text).then_some(self.text.len());
        }
        let mut chars = text.char_indices();
        for (i, wanted) in self.text.chars().enumerate() {
            let (_, c) = chars.next()?;
            if c != wanted && self.ones.binary_search(&i).is_err() {
                return None;
            }
        }
        Some(text.len() - chars.as_str().len())
    }

    fn is_end(&self, text: &str) -> bool {
        if self.ones.is_empty() {
            return text.ends_with(&self.text);
        }
        let before = self.text.chars().count() - 1;
        let start = text
            .char_indices()
            .rev()
            .nth(before)
            .map(|(start, _)| start);
        start.is_some_and(|start| self.at_start(&text[start..]).is_some())
    }

    /// Returns where the part first stands in a text, and where it ends.
    fn find(&self, text: &str) -> Option<usize> {
        if self.ones.is_empty() {
            let start = memchr::memmem::find(text.as_bytes(), self.text.as_bytes())?;
            return Some(start + self.text.len());
        }
        text.char_indices()
            .find_map(|(start, _)| self.at_start(&text[start..]).map(|length| start + length))
    }

    /// Iterates over the runs of characters without `?`.
    fn literals(&self) -> Vec<String> {
        let mut runs = vec![String::new()];
        for (i, c) in self.text.chars().enumerate() {
            if self.ones.binary_search(&i).is_ok() {
                runs.push(String::new());
            } else if let Some(run) = runs.last_mut() {
                run.push(c);
            }
        }
        runs
    }
}

impl Pattern {
    /// Cuts the symbols of a pattern at each `*`; several in a row are one.
    pub(super) fn of(symbols: impl Iterator<Item = Symbol>) -> Self {
        let mut parts = vec![Part::default()];
        let mut count = 0;
        for symbol in symbols {
            let many = parts.len() > 1;
            let Some(part) = parts.last_mut() else {
                continue;
            };
            match symbol {
                Symbol::Many if many && part.is_empty() => {}
                Symbol::Many => {
                    parts.push(Part::default());
                    count = 0;
                }
                Symbol::One => {
                    part.text.push('\0');
                    part.ones.push(count);
                    count += 1;
                }
                Symbol::Char(c) => {
                    part.text.push(c);
                    count += 1;
                }
            }
        }
        Self { parts }
    }

    /// Returns the pattern with its case folded.
    pub(super) fn folded(&self) -> Self {
        let fold_part = |part: &Part| Part {
            text: fold(&part.text).into_owned(),
            ones: part.ones.clone(),
        };
        Self {
            parts: self.parts.iter().map(fold_part).collect(),
        }
    }

    /// Returns the number of its characters.
    pub(super) fn length(&self) -> usize {
        let texts = self.parts.iter().map(|part| part.text.chars().count());
        texts.sum::<usize>() + self.parts.len() - 1
    }

    /// Returns the number of its `*` and `?`.
    pub(super) fn wildcards(&self) -> usize {
        let ones = self.parts.iter().map(|part| part.ones.len());
        ones.sum::<usize>() + self.parts.len() - 1
    }

    /// Returns whether every text matches: a run of `*`.
    pub(super) fn is_everything(&self) -> bool {
        self.parts.len() > 1 && self.parts.iter().all(Part::is_empty)
    }

    /// Returns whether a `*` comes before any character that is known.
    pub(super) fn is_leading(&self) -> bool {
        let first = self.parts.first();
        self.parts.len() > 1
            && first.is_some_and(|part| part.ones.len() == part.text.chars().count())
    }

    /// Returns the number of characters of the longest run of known ones.
    pub(super) fn longest_literal(&self) -> usize {
        let runs = self.parts.iter().flat_map(Part::literals);
        runs.map(|run| run.chars().count()).max().unwrap_or(0)
    }

    /// Returns what all texts that match begin with, and whether all that begin so match.
    pub(super) fn prefix(&self) -> (Cow<'_, str>, bool) {
        let Some(first) = self.parts.first() else {
            return ("".into(), false);
        };
        if first.ones.is_empty() {
            let is_all = matches!(&self.parts[..], [_, last] if last.is_empty());
            return (first.text.as_str().into(), is_all);
        }
        (first.literals().swap_remove(0).into(), false)
    }

    /// Returns the runs of known characters, each with whether it stands at the start and at the end of the text.
    pub(super) fn runs(&self) -> Vec<(String, bool, bool)> {
        let last = self.parts.len() - 1;
        let mut runs = Vec::new();
        for (i, part) in self.parts.iter().enumerate() {
            let literals = part.literals();
            let count = literals.len();
            for (j, literal) in literals.into_iter().enumerate() {
                runs.push((literal, i == 0 && j == 0, i == last && j + 1 == count));
            }
        }
        runs
    }

    /// Returns whether the whole text matches.
    pub(super) fn matches(&self, text: &str) -> bool {
        let Some((first, rest)) = self.parts.split_first() else {
            return false;
        };
        let Some(start) = first.at_start(text) else {
            return false;
        };
        let mut text = &text[start..];
        let Some((last, middle)) = rest.split_last() else {
            return text.is_empty();
        };
        for part in middle {
            let Some(end) = part.find(text) else {
                return false;
            };
            text = &text[end..];
        }
        last.is_empty() || last.is_end(text)
    }

    /// Appends the pattern as queries spell it.
    pub(super) fn push(&self, out: &mut String) {
        let start = out.len();
        for (i, part) in self.parts.iter().enumerate() {
            if i > 0 {
                out.push('*');
            }
            for (j, c) in part.text.chars().enumerate() {
                if part.ones.binary_search(&j).is_ok() {
                    out.push('?');
                    continue;
                }
                if is_special(c) || (out.len() == start && is_sign(c)) {
                    out.push('\\');
                }
                out.push(c);
            }
        }
    }
}

/// One symbol of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Symbol {
    Char(char),
    /// `?`
    One,
    /// `*`
    Many,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::of(text.chars().map(|c| match c {
            '*' => Symbol::Many,
            '?' => Symbol::One,
            _ => Symbol::Char(c),
        }))
    }

    /// The textbook's definition.
    fn matches(pattern: &[char], text: &[char]) -> bool {
        match (pattern, text) {
            ([], _) => text.is_empty(),
            (['*', rest @ ..], _) => (0..=text.len()).any(|skip| matches(rest, &text[skip..])),
            (['?', rest @ ..], [_, others @ ..]) => matches(rest, others),
            ([a, rest @ ..], [b, others @ ..]) => a == b && matches(rest, others),
            _ => false,
        }
    }

    #[test]
    fn ends_do_not_overlap() {
        assert!(!pattern("ab*ba").matches("aba"));
        assert!(pattern("ab*ba").matches("abba"));
        assert!(pattern("?").matches("\0") && !pattern("\0").matches("x"));
        assert!(pattern("*é?").matches("aé😀") && !pattern("*é?").matches("é"));
    }

    #[test]
    fn shapes_are_known() {
        assert!(pattern("**").is_everything() && !pattern("*?").is_everything());
        assert!(pattern("*a").is_leading() && pattern("?*a").is_leading());
        assert!(!pattern("a*").is_leading() && !pattern("?a*").is_leading());
        assert_eq!(pattern("*ab?cde*").longest_literal(), 3);
        assert_eq!(pattern("ab*").prefix(), ("ab".into(), true));
        assert_eq!(pattern("a?b*").prefix(), ("a".into(), false));
        assert_eq!(pattern("ab").prefix(), ("ab".into(), false));
    }

    #[test]
    fn many_stars_take_no_time() {
        let wild = pattern(&"a*".repeat(2000));
        assert!(!pattern(&format!("{}b", "a*".repeat(2000))).matches(&"a".repeat(100_000)));
        assert!(wild.matches(&"a".repeat(100_000)));
    }

    proptest! {
        #[test]
        fn patterns_match_as_defined(wild in "[ab?*é]{0,8}", text in "[abé]{0,8}") {
            let chars: Vec<_> = wild.chars().collect();
            let expected = matches(&chars, &text.chars().collect::<Vec<_>>());
            prop_assert_eq!(pattern(&wild).matches(&text), expected);
        }
    }
}
