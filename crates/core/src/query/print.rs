//! Canonical printing: what is printed is read as the same formula again.
//!
//! Operators are written out, a part inside another stands in parentheses, values are bare where they can be. Dates become
//! ranges of UTC, `field:*` becomes `_exists_:field`.

use std::fmt::{self, Write};
use std::ops::Bound;

use super::attribute::Attribute;
use super::date;
use super::expr::Expr;
use super::field::BARE;
use super::leaf::{Exactly, Kind, Leaf};
use super::scalar::OwnedScalar;

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*:*"),
            Self::Nothing => f.write_str("NOT *:*"),
            Self::Leaf(leaf) => leaf.fmt(f),
            Self::Not(part) => write!(f, "NOT {}", Operand(part)),
            Self::Every(parts) => list(f, parts, " AND "),
            Self::Any(parts) => match bare(parts) {
                Some(value) => f.write_str(&value),
                None => list(f, parts, " OR "),
            },
        }
    }
}

impl fmt::Display for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.test.kind {
            Kind::Exists => write!(f, "_exists_:{}", self.attribute),
            _ => write!(f, "{}:{}", self.attribute, value(&self.test.kind)),
        }
    }
}

/// A part of another: in parentheses where it needs them.
struct Operand<'a>(&'a Expr);

impl fmt::Display for Operand<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let needs_none = match self.0 {
            Expr::Leaf(_) => true,
            Expr::Any(parts) => bare(parts).is_some(),
            _ => false,
        };
        if needs_none {
            self.0.fmt(f)
        } else {
            write!(f, "({})", self.0)
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, parts: &[Expr], operator: &str) -> fmt::Result {
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            f.write_str(operator)?;
        }
        match part {
            Expr::Not(_) => write!(f, "{part}")?,
            _ => write!(f, "{}", Operand(part))?,
        }
    }
    Ok(())
}

/// Returns the value of a term without a field, if the parts are what one becomes.
fn bare(parts: &[Expr]) -> Option<String> {
    if parts.len() != BARE.len() {
        return None;
    }
    // The case of keywords is not folded: one of them has the value as it was given.
    let Expr::Leaf(given) = parts.last()? else {
        return None;
    };
    let kind = &given.test.kind;
    let folded = kind.folded();
    let fits = |(part, name): (&Expr, &&str)| {
        let Expr::Leaf(leaf) = part else {
            return false;
        };
        let is_folded = leaf.attribute.class() == super::Class::Folded;
        Attribute::of_path(name).as_ref() == Some(&leaf.attribute)
            && leaf.test.kind == *if is_folded { &folded } else { kind }
    };
    let is_bare = !given.test.is_exists() && parts.iter().zip(&BARE).all(fits);
    is_bare.then(|| value(kind))
}

fn value(kind: &Kind) -> String {
    let mut out = String::new();
    match kind {
        Kind::Exists => out.push('*'),
        Kind::Is(Exactly {
            text,
            number,
            boolean,
        }) => match (text, number, boolean) {
            (Some(text), ..) => push_value(text, &mut out),
            (None, Some(number), _) => push_value(&number_text(*number), &mut out),
            (None, None, boolean) => out.push_str(if *boolean == Some(true) {
                "true"
            } else {
                "false"
            }),
        },
        Kind::Range(from, to) => push_range(from, to, &mut out),
        Kind::Period(from, until) => push_period(*from, *until, &mut out),
        Kind::Pattern(pattern) => pattern.push(&mut out),
        Kind::Fuzzy(fuzzy) => {
            push_name(&fuzzy.text, &mut out);
            // Writing to a String cannot fail.
            let _ = write!(out, "~{}", fuzzy.edits);
        }
    }
    out
}

fn push_range(from: &Bound<OwnedScalar>, to: &Bound<OwnedScalar>, out: &mut String) {
    out.push(if matches!(from, Bound::Excluded(_)) {
        '{'
    } else {
        '['
    });
    push_bound(from, out);
    out.push_str(" TO ");
    push_bound(to, out);
    out.push(if matches!(to, Bound::Excluded(_)) {
        '}'
    } else {
        ']'
    });
}

fn push_bound(bound: &Bound<OwnedScalar>, out: &mut String) {
    match bound {
        Bound::Unbounded => out.push('*'),
        Bound::Included(value) | Bound::Excluded(value) => match value {
            OwnedScalar::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            OwnedScalar::Number(value) => out.push_str(&number_text(*value)),
            OwnedScalar::Text(text) if is_plain_bound(text) => out.push_str(text),
            OwnedScalar::Text(text) => out.push_str(&quoted(text)),
        },
    }
}

fn is_plain_bound(text: &str) -> bool {
    let is_odd = |c| super::lexer::is_space(c) || matches!(c, ']' | '}' | '"' | '\\');
    !text.is_empty() && text != "*" && text != "TO" && !text.contains(is_odd)
}

/// The last and the first moment that can be written have a neighbour that cannot: there the other bracket helps.
fn push_period(from: Option<i64>, until: Option<i64>, out: &mut String) {
    match from {
        None => out.push_str("[*"),
        Some(date::END) => out.push_str("{9999"),
        Some(from) => {
            out.push('[');
            out.push_str(&date::print(from));
        }
    }
    out.push_str(" TO ");
    match until {
        None => out.push_str("*]"),
        Some(date::END) => out.push_str("9999]"),
        Some(until) => {
            out.push_str(&date::print(until));
            out.push('}');
        }
    }
}

fn number_text(number: f64) -> String {
    if number.is_infinite() {
        // What is too large to be told apart; any such number will do.
        return if number > 0.0 {
            "1e999".to_owned()
        } else {
            "-1e999".to_owned()
        };
    }
    let text = number.to_string();
    if text.len() > 24 {
        format!("{number:e}")
    } else {
        text
    }
}

/// Appends a value: bare if that is possible, else in quotes.
fn push_value(text: &str, out: &mut String) {
    let is_bare = !text.is_empty()
        && !is_operator(text)
        && !text.starts_with(['+', '-', '<', '>'])
        && !text.contains(is_special);
    if is_bare {
        out.push_str(text);
    } else {
        out.push_str(&quoted(text));
    }
}

/// Returns a text in quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Appends a term that cannot stand in quotes, escaped where it must be.
pub(super) fn push_name(name: &str, out: &mut String) {
    for (at, c) in name.char_indices() {
        let is_first = at == 0 && (is_operator(name) || is_sign(c) || matches!(c, '<' | '>'));
        if is_first || is_special(c) {
            out.push('\\');
        }
        out.push(c);
    }
}

fn is_operator(word: &str) -> bool {
    matches!(word, "AND" | "OR" | "NOT" | "&&" | "||")
}

/// Returns whether a character cannot begin a term.
pub(super) fn is_sign(c: char) -> bool {
    matches!(c, '+' | '-' | '<' | '>')
}

/// Returns whether a character cannot stand in a term.
pub(super) fn is_special(c: char) -> bool {
    " \t\n\r\u{3000}!():^[]\"{}~*?\\/".contains(c)
}

impl Kind {
    /// Returns the test of a field whose case is folded.
    fn folded(&self) -> Self {
        use super::fold::fold;
        let fold_bound = |bound: &Bound<OwnedScalar>| {
            bound.clone().map(|value| match value {
                OwnedScalar::Text(text) => OwnedScalar::Text(fold(&text).into_owned()),
                other => other,
            })
        };
        match self {
            Self::Is(Exactly {
                text: Some(text), ..
            }) => Self::Is(Exactly::text(fold(text))),
            Self::Range(from, to) => Self::Range(fold_bound(from), fold_bound(to)),
            Self::Pattern(pattern) => Self::Pattern(pattern.folded().into()),
            Self::Fuzzy(fuzzy) => {
                Self::Fuzzy(super::fuzzy::Fuzzy::new(&fold(&fuzzy.text), fuzzy.edits).into())
            }
            other => other.clone(),
        }
    }
}
