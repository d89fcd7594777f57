//! From what is written to what it means: names are known, values have their types, limits are kept.

use std::ops::Bound;
use std::sync::Arc;

use super::Limits;
use super::attribute::{Attribute, Class};
use super::date::{self, Period};
use super::error::QueryError;
use super::expr::Expr;
use super::field::{BARE, Meaning, meaning};
use super::fold::fold;
use super::fuzzy::Fuzzy;
use super::leaf::{Exactly, Kind, Leaf, between_dates, boolean, number};
use super::parser::MAX_CLAUSES;
use super::pattern::Pattern;
use super::scalar::OwnedScalar;
use super::syntax::{Between, Clause, End, Joint, Modifier, Name, Node, Value, ValueKind};

/// Known characters that Auth0 asks for in a pattern that begins with `*`.
const LEADING_LITERALS: usize = 3;

/// What values are looked up in.
#[derive(Clone)]
enum Target {
    /// No field is given.
    Bare,
    Attribute(Attribute),
    /// The values of `_exists_` are names.
    Exists,
    Missing,
    NotSearched,
}

/// Checks the clauses of a query.
pub(super) fn check(query: &str, limits: Limits, clauses: Vec<Clause>) -> Result<Expr, QueryError> {
    let bare = BARE
        .iter()
        .filter_map(|name| Attribute::of_path(name))
        .collect();
    let mut checker = Checker {
        query,
        limits,
        bare,
        leaves: 0,
    };
    checker.clauses(clauses, &Target::Bare)
}

struct Checker<'q> {
    query: &'q str,
    limits: Limits,
    bare: Vec<Attribute>,
    leaves: usize,
}

impl Checker<'_> {
    fn error(&self, value: &Value, what: impl Into<String>) -> QueryError {
        QueryError::new(self.query, value.span.clone(), what)
    }

    /// Combines the clauses of one level: those between which an operator stands are a formula, and so one clause.
    fn clauses(&mut self, clauses: Vec<Clause>, target: &Target) -> Result<Expr, QueryError> {
        let (mut must, mut should, mut must_not) = (Vec::new(), Vec::new(), Vec::new());
        let mut clauses = clauses.into_iter().peekable();
        while let Some(first) = clauses.next() {
            if clauses
                .peek()
                .is_none_or(|next| next.joint == Joint::Beside)
            {
                let expr = self.node(first.node, target)?;
                match first.modifier {
                    Modifier::Must => must.push(expr),
                    Modifier::Not => must_not.push(expr.negate()),
                    Modifier::None => should.push(expr),
                }
                continue;
            }
            let (mut any, mut every) = (Vec::new(), vec![self.operand(first, target)?]);
            while let Some(next) = clauses.next_if(|next| next.joint != Joint::Beside) {
                if next.joint == Joint::Or {
                    any.push(Expr::every(std::mem::take(&mut every)));
                }
                every.push(self.operand(next, target)?);
            }
            any.push(Expr::every(every));
            should.push(Expr::any(any));
        }
        let mut parts = must;
        if parts.is_empty() && !should.is_empty() {
            parts.push(Expr::any(should));
        }
        parts.append(&mut must_not);
        Ok(Expr::every(parts))
    }

    fn operand(&mut self, clause: Clause, target: &Target) -> Result<Expr, QueryError> {
        let expr = self.node(clause.node, target)?;
        Ok(match clause.modifier {
            Modifier::Not => expr.negate(),
            Modifier::None | Modifier::Must => expr,
        })
    }

    fn node(&mut self, node: Node, target: &Target) -> Result<Expr, QueryError> {
        match node {
            Node::Everything => Ok(Expr::All),
            Node::Group(None, clauses) => self.clauses(clauses, target),
            Node::Group(Some(name), clauses) => {
                let target = self.target(&name)?;
                self.clauses(clauses, &target)
            }
            Node::Value(None, value) => self.value(value, target),
            Node::Value(Some(name), value) => {
                // Whether there is anything in a field that is not known has an answer; what is in it has none.
                if is_everything(&value) {
                    return match &name.path[..] {
                        "_exists_" => Ok(Expr::All),
                        "_missing_" => Ok(Expr::Nothing),
                        _ => self.exists(&name.path, name.span),
                    };
                }
                let target = self.target(&name)?;
                self.value(value, &target)
            }
        }
    }

    fn target(&self, name: &Name) -> Result<Target, QueryError> {
        match &name.path[..] {
            "_exists_" => return Ok(Target::Exists),
            "_missing_" => return Ok(Target::Missing),
            _ => {}
        }
        match meaning(&name.path) {
            Meaning::Attribute(attribute) => Ok(Target::Attribute(attribute)),
            Meaning::NotSearched => Ok(Target::NotSearched),
            Meaning::Unknown(suggestion) => {
                let what = format!("`{}` is no field", shortened(&name.path));
                let error = QueryError::new(self.query, name.span.clone(), what);
                Err(match suggestion {
                    Some(suggestion) => error.suggesting(suggestion),
                    None => error.expecting("a field as in `email:` or `user_metadata.country:`"),
                })
            }
        }
    }

    fn value(&mut self, value: Value, target: &Target) -> Result<Expr, QueryError> {
        self.leaves += if matches!(target, Target::Bare) {
            BARE.len()
        } else {
            1
        };
        if self.leaves > MAX_CLAUSES {
            let what = format!(
                "the query has more than {MAX_CLAUSES} clauses, each of {} fields for a term without one",
                BARE.len()
            );
            return Err(self.error(&value, what));
        }
        match target {
            Target::Bare if is_everything(&value) => Ok(Expr::All),
            Target::Bare => {
                let attributes = std::mem::take(&mut self.bare);
                let leaf = |attribute| {
                    Ok(Expr::Leaf(Leaf::new(
                        attribute,
                        self.kind(&value, attribute)?,
                    )))
                };
                let leaves: Result<_, _> = attributes.iter().map(leaf).collect();
                self.bare = attributes;
                Ok(Expr::any(leaves?))
            }
            Target::Attribute(attribute) => {
                let kind = self.kind(&value, attribute)?;
                Ok(Expr::Leaf(Leaf::new(attribute, kind)))
            }
            Target::Exists => self.existence(value),
            Target::Missing => Ok(self.existence(value)?.negate()),
            Target::NotSearched => Ok(Expr::Nothing),
        }
    }

    /// Checks the value of `_exists_`, which is a name.
    fn existence(&self, value: Value) -> Result<Expr, QueryError> {
        match value.kind {
            ValueKind::Term(path) | ValueKind::Phrase(path) => self.exists(&path, value.span),
            ValueKind::Pattern(pattern) if pattern.is_everything() => Ok(Expr::All),
            _ => Err(self
                .error(&value, "`_exists_` asks for a whole field")
                .expecting("the name of a field, without wildcards")),
        }
    }

    fn exists(&self, path: &str, span: std::ops::Range<usize>) -> Result<Expr, QueryError> {
        match meaning(path) {
            Meaning::Attribute(attribute) => Ok(Expr::Leaf(Leaf::new(&attribute, Kind::Exists))),
            Meaning::Unknown(None) if path.split('.').any(str::is_empty) => {
                let error = QueryError::new(self.query, span, "a key is missing");
                Err(error.expecting("a field as in `user_metadata.country`"))
            }
            Meaning::NotSearched | Meaning::Unknown(_) => Ok(Expr::Nothing),
        }
    }

    fn kind(&self, value: &Value, attribute: &Attribute) -> Result<Kind, QueryError> {
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
            .trim_end_matches(super::lexer::is_space)
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

fn is_everything(value: &Value) -> bool {
    matches!(&value.kind, ValueKind::Pattern(pattern) if pattern.is_everything())
}

/// Returns a text that is short enough for a message.
fn shortened(text: &str) -> String {
    const SHOWN: usize = 60;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
