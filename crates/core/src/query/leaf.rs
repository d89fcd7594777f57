//! One test of one attribute.

use std::ops::Bound;
use std::sync::{Arc, OnceLock};

use super::attribute::{Attribute, Class};
use super::date;
use super::fuzzy::Fuzzy;
use super::pattern::Pattern;
use super::scalar::{OwnedScalar, Scalar, Span};

/// A test of the values of an attribute: true of a profile if one of them is accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct Leaf {
    pub attribute: Attribute,
    pub test: Test,
}

/// What a value must be.
#[derive(Debug, Clone)]
pub struct Test {
    class: Class,
    pub(super) kind: Kind,
    /// Made when they are asked for: a query of 30,000 ids is mostly asked without them.
    spans: OnceLock<Option<Vec<Span>>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Exists,
    Is(Exactly),
    /// Both ends have one type and are not both open; values of other types are outside.
    Range(Bound<OwnedScalar>, Bound<OwnedScalar>),
    /// Half-open, in milliseconds; not both open.
    Period(Option<i64>, Option<i64>),
    Pattern(Arc<Pattern>),
    Fuzzy(Arc<Fuzzy>),
}

/// One value, as it looks in each type that it can have.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Exactly {
    pub(super) text: Option<Arc<str>>,
    pub(super) number: Option<f64>,
    pub(super) boolean: Option<bool>,
}

impl Exactly {
    pub(super) fn text(text: impl Into<Arc<str>>) -> Self {
        Self {
            text: Some(text.into()),
            ..Self::default()
        }
    }

    /// Iterates over the values, in their order.
    pub(super) fn values(&self) -> impl Iterator<Item = Scalar<'_>> {
        let boolean = self.boolean.map(Scalar::Bool);
        let number = self.number.map(Scalar::Number);
        let text = self.text.as_deref().map(Scalar::Text);
        boolean.into_iter().chain(number).chain(text)
    }
}

/// The spans do not count: they follow from the rest.
impl PartialEq for Test {
    fn eq(&self, other: &Self) -> bool {
        self.class == other.class && self.kind == other.kind
    }
}

impl Leaf {
    pub(super) fn new(attribute: &Attribute, kind: Kind) -> Self {
        Self {
            attribute: attribute.clone(),
            test: Test {
                class: attribute.class(),
                kind,
                spans: OnceLock::new(),
            },
        }
    }
}

impl Test {
    /// Returns whether a value, as [`super::Extractor`] gives it, is one that is looked for.
    pub fn accepts(&self, value: Scalar<'_>) -> bool {
        match (&self.kind, value) {
            (Kind::Exists, _) => true,
            (Kind::Is(exactly), Scalar::Text(text)) => exactly.text.as_deref() == Some(text),
            (Kind::Is(exactly), Scalar::Number(number)) => exactly.number == Some(number),
            (Kind::Is(exactly), Scalar::Bool(boolean)) => exactly.boolean == Some(boolean),
            (Kind::Range(from, to), value) => is_between(from, to, value),
            (Kind::Period(from, until), Scalar::Number(at)) => {
                from.is_none_or(|from| at >= from as f64)
                    && until.is_none_or(|until| at < until as f64)
            }
            (Kind::Pattern(pattern), Scalar::Text(text)) => pattern.matches(text),
            (Kind::Fuzzy(fuzzy), Scalar::Text(text)) => fuzzy.matches(text),
            _ => false,
        }
    }

    /// Returns whether this is `_exists_:field`, also written `field:*`.
    pub fn is_exists(&self) -> bool {
        matches!(self.kind, Kind::Exists)
    }

    /// Returns disjoint intervals of [`Scalar`]'s order, in that order, that hold exactly the accepted ones of the values
    /// that the attribute can have; `None` if there are none such (wildcards in the middle, fuzzy terms).
    pub fn spans(&self) -> Option<&[Span]> {
        self.spans.get_or_init(|| self.make_spans()).as_deref()
    }

    /// Returns an interval outside which no value is accepted, for tests without [`Self::spans`]: the texts that begin
    /// like a pattern. `None` if nothing is known.
    pub fn within(&self) -> Option<Span> {
        match &self.kind {
            Kind::Pattern(pattern) => {
                let prefix = pattern.prefix().0;
                (!prefix.is_empty()).then(|| Span::Prefix(prefix.into_owned()))
            }
            _ => None,
        }
    }

    fn make_spans(&self) -> Option<Vec<Span>> {
        match &self.kind {
            Kind::Exists => Some(vec![Span::Between(Bound::Unbounded, Bound::Unbounded)]),
            Kind::Is(exactly) => {
                let point = |value: Scalar<'_>| {
                    Span::Between(
                        Bound::Included(value.to_owned()),
                        Bound::Included(value.to_owned()),
                    )
                };
                Some(exactly.values().map(point).collect())
            }
            Kind::Range(from, to) => {
                let (least, greatest) = ends(bound(from).or(bound(to))?.as_scalar());
                let from = match from {
                    Bound::Unbounded => Bound::Included(least.to_owned()),
                    _ => from.clone(),
                };
                let to = match (to, greatest) {
                    (Bound::Unbounded, Some(greatest)) => Bound::Included(greatest.to_owned()),
                    _ => to.clone(),
                };
                Some(not_empty(from, to))
            }
            Kind::Period(from, until) => {
                let included = |number| Bound::Included(OwnedScalar::Number(number));
                let excluded = |at: i64| Bound::Excluded(OwnedScalar::Number(at as f64));
                let from = included(from.map_or(f64::NEG_INFINITY, |at| at as f64));
                let until = until.map_or_else(|| included(f64::INFINITY), excluded);
                Some(not_empty(from, until))
            }
            Kind::Pattern(pattern) => match pattern.prefix() {
                (prefix, true) => Some(vec![Span::Prefix(prefix.into_owned())]),
                _ => None,
            },
            Kind::Fuzzy(_) => None,
        }
    }
}

fn is_between(from: &Bound<OwnedScalar>, to: &Bound<OwnedScalar>, value: Scalar<'_>) -> bool {
    let Some(end) = bound(from).or(bound(to)) else {
        return true;
    };
    std::mem::discriminant(&ends(end.as_scalar()).0) == std::mem::discriminant(&ends(value).0)
        && super::scalar::is_between(from, to, value)
}

fn bound(bound: &Bound<OwnedScalar>) -> Option<&OwnedScalar> {
    match bound {
        Bound::Included(value) | Bound::Excluded(value) => Some(value),
        Bound::Unbounded => None,
    }
}

/// Returns the least and the greatest value of a type; there is no greatest text.
fn ends(value: Scalar<'_>) -> (Scalar<'static>, Option<Scalar<'static>>) {
    match value {
        Scalar::Bool(_) => (Scalar::Bool(false), Some(Scalar::Bool(true))),
        Scalar::Number(_) => (
            Scalar::Number(f64::NEG_INFINITY),
            Some(Scalar::Number(f64::INFINITY)),
        ),
        Scalar::Text(_) => (Scalar::Text(""), None),
    }
}

/// Returns the interval, unless nothing can be in it.
fn not_empty(from: Bound<OwnedScalar>, to: Bound<OwnedScalar>) -> Vec<Span> {
    if let (Some(first), Some(last)) = (bound(&from), bound(&to)) {
        let are_both_in = matches!((&from, &to), (Bound::Included(_), Bound::Included(_)));
        match first.as_scalar().order(&last.as_scalar()) {
            std::cmp::Ordering::Greater => return Vec::new(),
            std::cmp::Ordering::Equal if !are_both_in => return Vec::new(),
            _ => {}
        }
    }
    vec![Span::Between(from, to)]
}

/// Reads a number as queries write them: JSON's, also with a `+`, with zeros before it or without digits on one side of
/// the point.
pub(super) fn number(text: &str) -> Option<f64> {
    let is_number = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    // Adding 0 makes -0 the same as 0.
    text.parse()
        .ok()
        .filter(|_| is_number)
        .map(|number: f64| number + 0.0)
}

/// Reads `true` or `false`.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// Returns the period that a range of dates is: both ends are periods themselves.
pub(super) fn between_dates(
    from: Option<(date::Period, bool)>,
    to: Option<(date::Period, bool)>,
) -> Kind {
    let from = from.map(|(period, is_in)| if is_in { period.from } else { period.until });
    let until = to.map(|(period, is_in)| if is_in { period.until } else { period.from });
    if from.is_none() && until.is_none() {
        return Kind::Exists;
    }
    Kind::Period(from, until)
}
