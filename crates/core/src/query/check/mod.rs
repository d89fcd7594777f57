//! From what is written to what it means: names are known, values have their types, limits are kept.

mod value;

use std::collections::HashSet;
use std::ops::Range;

use crate::query::Limits;
use crate::query::attribute::{Attribute, Class};
use crate::query::error::QueryError;
use crate::query::expr::Expr;
use crate::query::field::{BARE, Meaning, meaning};
use crate::query::leaf::{Kind, Leaf};
use crate::query::parser::{MAX_ATTRIBUTES, MAX_CLAUSES, MAX_PATTERNS};
use crate::query::syntax::{Clause, Joint, Modifier, Name, Node, Value, ValueKind};

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
        patterns: 0,
        attributes: HashSet::new(),
    };
    checker.clauses(clauses, &Target::Bare)
}

struct Checker<'q> {
    query: &'q str,
    limits: Limits,
    bare: Vec<Attribute>,
    leaves: usize,
    /// What must be tried on every value, one after the other.
    patterns: usize,
    attributes: HashSet<Attribute>,
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

    /// Counts the different fields of the query.
    fn count(&mut self, attribute: &Attribute, span: Range<usize>) -> Result<(), QueryError> {
        self.attributes.insert(attribute.clone());
        if self.attributes.len() <= MAX_ATTRIBUTES {
            return Ok(());
        }
        let what = format!("the query asks for more than {MAX_ATTRIBUTES} fields");
        Err(QueryError::new(self.query, span, what))
    }

    fn target(&mut self, name: &Name) -> Result<Target, QueryError> {
        match &name.path[..] {
            "_exists_" => return Ok(Target::Exists),
            "_missing_" => return Ok(Target::Missing),
            _ => {}
        }
        match meaning(&name.path) {
            Meaning::Attribute(attribute) => {
                self.count(&attribute, name.span.clone())?;
                Ok(Target::Attribute(attribute))
            }
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
        let fields = if matches!(target, Target::Bare) {
            BARE.len()
        } else {
            1
        };
        self.leaves += fields;
        if !matches!(value.kind, ValueKind::Term(_) | ValueKind::Phrase(_)) {
            self.patterns += fields;
        }
        if self.patterns > MAX_PATTERNS {
            let what = format!(
                "the query has more than {MAX_PATTERNS} patterns, ranges and fuzzy terms, each of {} fields for one without",
                BARE.len()
            );
            return Err(self.error(&value, what));
        }
        if self.leaves > MAX_CLAUSES {
            let what = format!(
                "the query has more than {MAX_CLAUSES} clauses, each of {} fields for a term without one",
                BARE.len()
            );
            return Err(self.error(&value, what));
        }
        match target {
            Target::Bare if is_everything(&value) => Ok(Expr::All),
            Target::Bare => self.bare(&value),
            Target::Attribute(attribute) => {
                let kind = self.kind(&value, attribute)?;
                Ok(Expr::Leaf(Leaf::new(attribute, kind)))
            }
            Target::Exists => self.existence(value),
            Target::Missing => Ok(self.existence(value)?.negate()),
            Target::NotSearched => Ok(Expr::Nothing),
        }
    }

    /// Looks a value up in all fields for such; those of one class share it.
    fn bare(&self, value: &Value) -> Result<Expr, QueryError> {
        let mut kinds: Vec<(Class, Kind)> = Vec::new();
        let mut leaves = Vec::new();
        for attribute in &self.bare {
            let class = attribute.class();
            let known = kinds.iter().find(|(known, _)| *known == class);
            let kind = match known {
                Some((_, kind)) => kind.clone(),
                None => {
                    let kind = self.kind(value, attribute)?;
                    kinds.push((class, kind.clone()));
                    kind
                }
            };
            leaves.push(Expr::Leaf(Leaf::new(attribute, kind)));
        }
        Ok(Expr::any(leaves))
    }

    /// Checks the value of `_exists_`, which is a name.
    fn existence(&mut self, value: Value) -> Result<Expr, QueryError> {
        match value.kind {
            ValueKind::Term(path) | ValueKind::Phrase(path) => self.exists(&path, value.span),
            ValueKind::Pattern(pattern) if pattern.is_everything() => Ok(Expr::All),
            _ => Err(self
                .error(&value, "`_exists_` asks for a whole field")
                .expecting("the name of a field, without wildcards")),
        }
    }

    fn exists(&mut self, path: &str, span: Range<usize>) -> Result<Expr, QueryError> {
        match meaning(path) {
            Meaning::Attribute(attribute) => {
                self.count(&attribute, span)?;
                Ok(Expr::Leaf(Leaf::new(&attribute, Kind::Exists)))
            }
            Meaning::Unknown(None) if path.split('.').any(str::is_empty) => {
                let error = QueryError::new(self.query, span, "a key is missing");
                Err(error.expecting("a field as in `user_metadata.country`"))
            }
            Meaning::NotSearched | Meaning::Unknown(_) => Ok(Expr::Nothing),
        }
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
