//! Values: each becomes a test of the class that its field has, or an error.

use std::ops::Bound;
use std::sync::Arc;

use super::{Checker, shortened};
use crate::query::Limits;
use crate::query::attribute::{Attribute, Class};
use crate::query::date::{self, Period};
use crate::query::error::QueryError;
use crate::query::fold::fold;
use crate::query::fuzzy::Fuzzy;
use crate::query::leaf::{Exactly, Kind, between_dates, boolean, number};
use crate::query::lexer::is_space;
use crate::query::pattern::Pattern;
use crate::query::scalar::OwnedScalar;
use crate::query::syntax::{Between, End, Value, ValueKind};

/// Known characters that Auth0 asks for in a pattern that begins with `*`.
const LEADING_LITERALS: usize = 3;

impl Checker<'_> {
    /// Returns the test that a value of an attribute is.
    pub(super) fn kind(&self, value: &Value, attribute: &Attribute) -> Result<Kind, QueryError> {
        match &value.kind {
            ValueKind::Term(text) => {
                self.refuse_comparison(value, attribute)?;
                self.term(value, text, attribute)
            }
            ValueKind::Phrase(text) => self.term(value, text, attribute),
            ValueKind::Pattern(pattern) => self.pattern(value, pattern, attribute),
            ValueKind::Fuzzy(text, edits) => self.fuzzy(value, text, *edits, attribute),
            ValueKind::Range(range) => self.range(value, range, attribute),
        }
    }

    fn term(&self, value: &Value, text: &str, attribute: &Attribute) -> Result<Kind, QueryError> {
        Ok(match attribute.class() {
            Class::Folded => Kind::Is(Exactly::text(fold(text))),
            Class::Keyword => Kind::Is(Exactly::text(text)),
            Class::Boolean => Kind::Is(Exactly {
                boolean: Some(self.boolean(value, text, attribute)?),
                ..Exactly::default()
            }),
            Class::Number => Kind::Is(Exactly {
                number: Some(self.number(value, text, attribute)?),
                ..Exactly::default()
            }),
            Class::Date => {
                let period = self.date(value, text, attribute)?;
                Kind::Period(Some(period.from), Some(period.until))
            }
            Class::Metadata => Kind::Is(Exactly {
                text: Some(text.into()),
                number: number(text),
                boolean: boolean(text),
            }),
        })
    }

    fn pattern(
        &self,
        value: &Value,
        pattern: &Pattern,
        attribute: &Attribute,
    ) -> Result<Kind, QueryError> {
        if pattern.is_everything() {
            return Ok(Kind::Exists);
        }
        self.refuse_untyped(value, attribute, "a pattern")?;
        self.refuse_on_user_metadata(value, attribute, "wildcards")?;
        let is_short = pattern.longest_literal() < LEADING_LITERALS;
        if self.limits == Limits::Auth0 && pattern.is_leading() && is_short {
            let what = "Auth0's limits ask for 3 characters in a row behind a leading `*`";
            return Err(self
                .error(value, what)
                .expecting("a longer pattern, or a server without `--auth0-limits`"));
        }
        Ok(Kind::Pattern(Arc::new(match attribute.class() {
            Class::Folded => pattern.folded(),
            _ => pattern.clone(),
        })))
    }

    fn fuzzy(
        &self,
        value: &Value,
        text: &str,
        edits: f64,
        attribute: &Attribute,
    ) -> Result<Kind, QueryError> {
        self.refuse_untyped(value, attribute, "a fuzzy term")?;
        self.refuse_on_user_metadata(value, attribute, "fuzzy terms")?;
        match Fuzzy::edits_of(edits, text) {
            0 => self.term(value, text, attribute),
            edits if attribute.class() == Class::Folded => {
                Ok(Kind::Fuzzy(Arc::new(Fuzzy::new(&fold(text), edits))))
            }
            edits => Ok(Kind::Fuzzy(Arc::new(Fuzzy::new(text, edits)))),
        }
    }

    fn range(
        &self,
        value: &Value,
        range: &Between,
        attribute: &Attribute,
    ) -> Result<Kind, QueryError> {
        self.refuse_on_user_metadata(value, attribute, "ranges")?;
        let Between { from, to } = range;
        if from.text.is_none() && to.text.is_none() {
            return Ok(Kind::Exists);
        }
        let number_of = |end: &End| {
            end.text
                .as_deref()
                .is_none_or(|text| number(text).is_some())
        };
        let bound = |end: &End| -> Result<Bound<OwnedScalar>, QueryError> {
            let Some(text) = &end.text else {
                return Ok(Bound::Unbounded);
            };
            let place = Value {
                kind: ValueKind::Term(String::new()),
                span: end.span.clone(),
            };
            let scalar = match attribute.class() {
                Class::Folded => OwnedScalar::Text(fold(text).into_owned()),
                Class::Boolean => OwnedScalar::Bool(self.boolean(&place, text, attribute)?),
                Class::Number => OwnedScalar::Number(self.number(&place, text, attribute)?),
                Class::Metadata if number_of(from) && number_of(to) => {
                    OwnedScalar::Number(self.number(&place, text, attribute)?)
                }
                Class::Keyword | Class::Metadata | Class::Date => OwnedScalar::Text(text.clone()),
            };
            Ok(if end.is_included {
                Bound::Included(scalar)
            } else {
                Bound::Excluded(scalar)
            })
        };
        if attribute.class() != Class::Date {
            return Ok(Kind::Range(bound(from)?, bound(to)?));
        }
        let period = |end: &End| -> Result<Option<(Period, bool)>, QueryError> {
            let Some(text) = &end.text else {
                return Ok(None);
            };
            let place = Value {
                kind: ValueKind::Term(String::new()),
                span: end.span.clone(),
            };
            Ok(Some((self.date(&place, text, attribute)?, end.is_included)))
        };
        Ok(between_dates(period(from)?, period(to)?))
    }

    fn boolean(
        &self,
        value: &Value,
        text: &str,
        attribute: &Attribute,
    ) -> Result<bool, QueryError> {
        boolean(text).ok_or_else(|| {
            let what = format!(
                "`{}` is `true` or `false`, not `{}`",
                attribute.name(),
                shortened(text)
            );
            let error = self.error(value, what);
            match text.to_lowercase().as_str() {
                "true" | "yes" | "1" | "t" => error.suggesting("true"),
                "false" | "no" | "0" | "f" => error.suggesting("false"),
                _ => error,
            }
        })
    }

    fn number(&self, value: &Value, text: &str, attribute: &Attribute) -> Result<f64, QueryError> {
        number(text).ok_or_else(|| {
            let what = format!(
                "`{}` is a number, `{}` is none",
                attribute.name(),
                shortened(text)
            );
            self.error(value, what)
                .expecting("a number as in `10` or a range as in `[10 TO *]`")
        })
    }

    fn date(&self, value: &Value, text: &str, attribute: &Attribute) -> Result<Period, QueryError> {
        date::period(text).ok_or_else(|| {
            let what = format!(
                "`{}` is a date, `{}` is none",
                attribute.name(),
                shortened(text)
            );
            self.error(value, what)
                .expecting("`2025`, `2025-12`, `2025-12-31` or `\"2025-12-31T23:59:59Z\"`")
        })
    }

    /// Refuses `>5`, which search engine v2 understood.
    fn refuse_comparison(&self, value: &Value, attribute: &Attribute) -> Result<(), QueryError> {
        let raw = &self.query[value.span.clone()];
        let is_comparison = raw.starts_with(['<', '>']);
        let is_bare = !self.query[..value.span.start]
            .trim_end_matches(is_space)
            .ends_with(':');
        if !is_comparison || is_bare {
            return Ok(());
        }
        let (sign, bound) = raw.split_at(raw.len() - raw.trim_start_matches(['<', '>', '=']).len());
        let error = self
            .error(
                value,
                format!("the comparison `{sign}` is not part of the language"),
            )
            .expecting("a range, or quotes if the character is meant");
        let bound = if bound.is_empty() { "5" } else { bound };
        let name = attribute.name();
        Err(match sign {
            _ if bound.len() > 100 => error,
            ">" => error.suggesting(format!("{name}:{{{bound} TO *]")),
            ">=" => error.suggesting(format!("{name}:[{bound} TO *]")),
            "<" => error.suggesting(format!("{name}:[* TO {bound}}}")),
            "<=" => error.suggesting(format!("{name}:[* TO {bound}]")),
            _ => error,
        })
    }

    fn refuse_untyped(
        &self,
        value: &Value,
        attribute: &Attribute,
        what: &str,
    ) -> Result<(), QueryError> {
        let (kind, expected) = match attribute.class() {
            Class::Boolean => ("`true` or `false`", "one of the two"),
            Class::Number => ("a number", "a number or a range as in `[10 TO *]`"),
            Class::Date => (
                "a date",
                "a date as in `2025-12` or a range as in `[2025-12-01 TO *]`",
            ),
            _ => return Ok(()),
        };
        let what = format!("`{}` is {kind}, {what} does not fit", attribute.name());
        Err(self.error(value, what).expecting(expected))
    }

    fn refuse_on_user_metadata(
        &self,
        value: &Value,
        attribute: &Attribute,
        what: &str,
    ) -> Result<(), QueryError> {
        let is_user_metadata = attribute
            .keys()
            .first()
            .is_some_and(|key| key == "user_metadata");
        if self.limits != Limits::Auth0 || !is_user_metadata {
            return Ok(());
        }
        let what = format!("Auth0's limits allow no {what} on `user_metadata`");
        Err(self
            .error(value, what)
            .expecting("a whole value, or a server without `--auth0-limits`"))
    }
}
