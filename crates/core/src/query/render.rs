//! The line of a query with marks under a place.

use std::ops::Range;

/// Columns of a line that are shown: a terminal of 80 with some room.
const COLUMNS: usize = 72;
/// Columns that are shown before the place at least, if the line is cut.
const BEFORE: usize = 24;

/// Returns two lines: the line of the text that the place is on, and marks under it.
pub(super) fn excerpt(text: &str, place: &Range<usize>) -> String {
    let at = floor(text, place.start);
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[at..]
        .find('\n')
        .map_or(text.len(), |newline| at + newline);
    let from = cut_before(text, start, at);
    let to = cut_behind(text, from, end);
    let marked = floor(text, place.end).clamp(at, to.max(at));
    let mut line = String::new();
    let mut marks = String::new();
    if from > start {
        line.push('…');
        marks.push(' ');
    }
    for (offset, c) in text[from..to].char_indices() {
        let is_marked = (at..marked).contains(&(from + offset));
        let columns = width(c);
        line.push(if c.is_control() { ' ' } else { c });
        let mark = match is_marked {
            true => '^',
            false if from + offset < at => ' ',
            false => continue,
        };
        marks.extend(std::iter::repeat_n(mark, columns));
    }
    if to < end {
        line.push('…');
    }
    if !marks.contains('^') {
        marks.push('^');
    }
    format!("{line}\n{marks}\n")
}

/// Returns where the shown part begins.
fn cut_before(text: &str, start: usize, at: usize) -> usize {
    // A line is only as long as it must be looked at to know that it is too long.
    let mut columns = 0;
    let mut kept = at;
    for (offset, c) in text[start..at].char_indices().rev() {
        columns += width(c);
        if columns > COLUMNS / 2 {
            return kept;
        }
        if columns <= BEFORE {
            kept = start + offset;
        }
    }
    start
}

fn cut_behind(text: &str, from: usize, end: usize) -> usize {
    let mut columns = 0;
    for (offset, c) in text[from..end].char_indices() {
        columns += width(c);
        if columns > COLUMNS {
            return from + offset;
        }
    }
    end
}

fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

/// Returns how many columns terminals give a character, nearly.
fn width(c: char) -> usize {
    match u32::from(c) {
        0x300..=0x36f
        | 0x483..=0x489
        | 0x591..=0x5bd
        | 0x610..=0x61a
        | 0x64b..=0x65f
        | 0x1ab0..=0x1aff
        | 0x1dc0..=0x1dff
        | 0x200b..=0x200f
        | 0x2060..=0x2064
        | 0x20d0..=0x20ff
        | 0xfe00..=0xfe0f
        | 0xfe20..=0xfe2f
        | 0xfeff
        | 0x1f3fb..=0x1f3ff => 0,
        0x1100..=0x115f
        | 0x2e80..=0x303e
        | 0x3041..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1f64f
        | 0x1f680..=0x1f6ff
        | 0x1f900..=0x1f9ff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_stand_under_the_place() {
        assert_eq!(excerpt("name:x y", &(5..6)), "name:x y\n     ^\n");
        assert_eq!(excerpt("name:", &(5..5)), "name:\n     ^\n");
        assert_eq!(excerpt("", &(0..0)), "\n^\n");
    }

    #[test]
    fn wide_and_combining_characters_count_as_they_show() {
        assert_eq!(excerpt("東京 x", &(7..8)), "東京 x\n     ^\n");
        assert_eq!(excerpt("e\u{301} x", &(4..5)), "e\u{301} x\n  ^\n");
        assert_eq!(excerpt("a\tb", &(2..3)), "a b\n  ^\n");
    }

    #[test]
    fn one_line_is_shown() {
        assert_eq!(excerpt("a OR\nb c\nd", &(7..8)), "b c\n  ^\n");
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let text = format!("{}!{}", "a".repeat(500), "b".repeat(500));
        let shown = excerpt(&text, &(500..501));
        let lines: Vec<_> = shown.lines().collect();
        assert_eq!(lines[0].chars().count(), 74);
        assert_eq!(
            lines[0].chars().position(|c| c == '!'),
            lines[1].chars().position(|c| c == '^')
        );
    }
}
