//! Dates of queries: each names the period of its precision.
//!
//! ```text
//! date = YYYY [ "-" MM [ "-" DD [ "T" hh [ ":" mm [ ":" ss [ "." digits ] ] ] ] ] ] [ "Z" | ( "+" | "-" ) hh ":" mm ]
//! ```
//! The Gregorian calendar, the years 0000 to 9999; UTC if nothing else is said. `2025-12` is the whole month.

use crate::clock::Timestamp;

/// The first millisecond that can be written.
pub(super) const FIRST: i64 = days(0, 1, 1) * DAY;
/// The first millisecond that cannot be written any more.
pub(super) const END: i64 = days(10_000, 1, 1) * DAY;
/// Milliseconds of a day.
pub(super) const DAY: i64 = 86_400_000;

/// Half-open: milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Period {
    pub(super) from: i64,
    pub(super) until: i64,
}

/// Reads a date.
pub(super) fn period(text: &str) -> Option<Period> {
    let mut rest = Rest(text.as_bytes());
    let year = rest.digits(4)?;
    let mut offset = rest.offset();
    let Some(month) = rest.part(offset.is_none(), b'-', 1..=12)? else {
        return whole(
            days(year, 1, 1) * DAY,
            days(year + 1, 1, 1) * DAY,
            offset,
            &rest,
        );
    };
    offset = offset.or_else(|| rest.offset());
    let Some(day) = rest.part(offset.is_none(), b'-', 1..=month_days(year, month))? else {
        let (next_year, next) = if month == 12 {
            (year + 1, 1)
        } else {
            (year, month + 1)
        };
        return whole(
            days(year, month, 1) * DAY,
            days(next_year, next, 1) * DAY,
            offset,
            &rest,
        );
    };
    offset = offset.or_else(|| rest.offset());
    let mut from = days(year, month, day) * DAY;
    let mut length = DAY;
    for (separator, last, unit) in [(b'T', 23, 3_600_000), (b':', 59, 60_000), (b':', 59, 1000)] {
        let Some(part) = rest.part(offset.is_none(), separator, 0..=last)? else {
            return whole(from, from + length, offset, &rest);
        };
        from += part * unit;
        length = unit;
        offset = offset.or_else(|| rest.offset());
    }
    if offset.is_none() && rest.eat(b'.') {
        let (millis, unit) = rest.fraction()?;
        from += millis;
        length = unit;
        offset = rest.offset();
    }
    whole(from, from + length, offset, &rest)
}

/// Reads a point in time as profiles have it; what a period begins with, if it is written so.
pub(super) fn instant(text: &str) -> Option<i64> {
    period(text)
        .map(|period| period.from)
        .or_else(|| Timestamp::parse(text).map(|at| at.0))
}

/// Prints a point in time as short as it can be read back; `at` lies between [`FIRST`] and [`END`].
pub(super) fn print(at: i64) -> String {
    let text = Timestamp(at).to_string();
    match text.split_once('T') {
        Some((day, _)) if at.rem_euclid(DAY) == 0 => day.to_owned(),
        _ => text,
    }
}

fn whole(from: i64, until: i64, offset: Option<i64>, rest: &Rest<'_>) -> Option<Period> {
    let offset = offset.unwrap_or(0);
    let (from, until) = (from - offset, until - offset);
    (rest.0.is_empty() && from >= FIRST && until <= END).then_some(Period { from, until })
}

/// What is left to read.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn eat(&mut self, byte: u8) -> bool {
        let found = self.0.first() == Some(&byte);
        if found {
            self.0 = &self.0[1..];
        }
        found
    }

    fn digits(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        let number = digits.iter().try_fold(0, |number, digit| {
            digit
                .is_ascii_digit()
                .then(|| number * 10 + i64::from(digit - b'0'))
        })?;
        self.0 = rest;
        Some(number)
    }

    /// Reads a separator and two digits; inside, `None` means that there is no such part, outside that it is wrong.
    #[expect(clippy::option_option, reason = "absent and wrong are two things")]
    fn part(
        &mut self,
        may_be: bool,
        separator: u8,
        range: std::ops::RangeInclusive<i64>,
    ) -> Option<Option<i64>> {
        if !may_be || !self.eat(separator) {
            return Some(None);
        }
        let part = self.digits(2)?;
        range.contains(&part).then_some(Some(part))
    }

    /// Reads the digits behind the point: milliseconds, and how long the period is. Further digits are cut off.
    fn fraction(&mut self) -> Option<(i64, i64)> {
        let count = self
            .0
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let unit = [0, 100, 10, 1][count.min(3)];
        let millis = Rest(self.0).digits(count.min(3))? * unit;
        self.0 = &self.0[count..];
        (count > 0).then_some((millis, unit))
    }

    /// Reads the offset to UTC in milliseconds; it stands at the end.
    fn offset(&mut self) -> Option<i64> {
        let sign = match self.0 {
            [b'Z'] => 0,
            [b'+', _, _, b':', _, _] => 1,
            [b'-', _, _, b':', _, _] => -1,
            _ => return None,
        };
        if sign == 0 {
            self.0 = &[];
            return Some(0);
        }
        let hours = Rest(&self.0[1..3]).digits(2).filter(|hours| *hours < 24)?;
        let minutes = Rest(&self.0[4..6])
            .digits(2)
            .filter(|minutes| *minutes < 60)?;
        self.0 = &[];
        Some(sign * (hours * 60 + minutes) * 60_000)
    }
}

fn month_days(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Returns the days from 1970-01-01 to a day. The year begins in March, so that the leap day is its last.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + (month * 153 + 2) / 5 + day
        - 1
        - 719_468
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> String {
        match period(text) {
            Some(Period { from, until }) => format!("{} {}", Timestamp(from), Timestamp(until - 1)),
            None => "none".to_owned(),
        }
    }

    #[test]
    fn a_date_is_the_period_of_its_precision() {
        let all = [
            "2024",
            "2024-02",
            "2024-12",
            "2024-02-29",
            "2024-02-29T23",
            "2024-02-29T23:59",
            "2024-02-29T23:59:58",
            "2024-02-29T23:59:58.5",
            "2024-02-29T23:59:58.123456Z",
            "2024-03-01T00:30+01:00",
            "2024-05-00:30",
            "2024-05-01-05:00",
            "9999",
            "0000",
        ];
        insta::assert_snapshot!(all.map(|text| format!("{text} = {}", shown(text))).join("\n"), @r"
        2024 = 2024-01-01T00:00:00.000Z 2024-12-31T23:59:59.999Z
        2024-02 = 2024-02-01T00:00:00.000Z 2024-02-29T23:59:59.999Z
        2024-12 = 2024-12-01T00:00:00.000Z 2024-12-31T23:59:59.999Z
        2024-02-29 = 2024-02-29T00:00:00.000Z 2024-02-29T23:59:59.999Z
        2024-02-29T23 = 2024-02-29T23:00:00.000Z 2024-02-29T23:59:59.999Z
        2024-02-29T23:59 = 2024-02-29T23:59:00.000Z 2024-02-29T23:59:59.999Z
        2024-02-29T23:59:58 = 2024-02-29T23:59:58.000Z 2024-02-29T23:59:58.999Z
        2024-02-29T23:59:58.5 = 2024-02-29T23:59:58.500Z 2024-02-29T23:59:58.599Z
        2024-02-29T23:59:58.123456Z = 2024-02-29T23:59:58.123Z 2024-02-29T23:59:58.123Z
        2024-03-01T00:30+01:00 = 2024-02-29T23:30:00.000Z 2024-02-29T23:30:59.999Z
        2024-05-00:30 = 2024-05-01T00:30:00.000Z 2024-06-01T00:29:59.999Z
        2024-05-01-05:00 = 2024-05-01T05:00:00.000Z 2024-05-02T04:59:59.999Z
        9999 = 9999-01-01T00:00:00.000Z 9999-12-31T23:59:59.999Z
        0000 = 0000-01-01T00:00:00.000Z 0000-12-31T23:59:59.999Z
        ");
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "now",
            "now-1d",
            "24",
            "20240229",
            "2023-02-29",
            "2024-13",
            "2024-00",
            "2024-1-1",
            "2024-01-32",
            "2024-01-01T24",
            "2024-01-01T10:60",
            "2024-01-01T10:00:60",
            "2024-",
            "2024-01-01T",
            "2024-01-01 10:00",
            "2024-01-01T10:00:00.",
            "2024-01-01T10:00:00z",
            "2024-01-01T10:00:00+24:00",
            "2024-01-01T10:00:00Z ",
            "2024Z1",
            "١٩٩٩",
            "9999-12-31T23-01:00",
            "0000-01-01T00+01:00",
        ] {
            assert_eq!(period(text), None, "{text}");
        }
    }

    #[test]
    fn profiles_may_write_dates_as_rfc_3339_does() {
        assert_eq!(instant("1970-01-01t00:00:01z"), Some(1000));
        assert_eq!(instant("1970-01-01"), Some(0));
        assert_eq!(instant("x"), None);
    }

    proptest! {
        #[test]
        fn days_are_those_of_the_calendar(at in FIRST..END) {
            prop_assert_eq!(period(&Timestamp(at).to_string()), Some(Period { from: at, until: at + 1 }));
            prop_assert_eq!(period(&print(at)).map(|period| period.from), Some(at));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[0-9TZ:+. -]{0,30}") {
            if let Some(period) = period(&text) {
                prop_assert!(period.from < period.until);
            }
        }
    }
}
