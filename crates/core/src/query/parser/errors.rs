//! What is said of a token that cannot stand where it stands.

use super::Parser;
use crate::query::error::QueryError;
use crate::query::lexer::{Kind, is_space};
use crate::query::print::quoted;
use crate::query::syntax::{Name, Node};

impl Parser<'_> {
    pub(super) fn second_colon(&self, node: &Node) -> QueryError {
        let query = self.lexer.query;
        let error = self
            .error("a second `:`")
            .expecting("quotes around the value, or `\\:`");
        let value = match node {
            Node::Value(Some(_), value) => value,
            Node::Value(None, value) => {
                let error = self.error_at(value.span.clone(), "this is no field");
                return error.expecting("a name before `:`, without quotes, `*` and `?`");
            }
            _ => return error,
        };
        let end = query[value.span.start..]
            .find(|c| is_space(c) || matches!(c, ')' | '"'))
            .map_or(query.len(), |end| value.span.start + end);
        let is_short = end - value.span.start <= 100 && end > self.token.span.start;
        match query.get(value.span.start..end).filter(|_| is_short) {
            Some(text) => error.suggesting(quoted(&text.replace('\\', ""))),
            None => error,
        }
    }

    pub(super) fn unexpected(&self, name: Option<&Name>) -> QueryError {
        let word = self.word();
        match (self.token.kind, name) {
            (Kind::And | Kind::Or | Kind::Not, Some(_)) => self
                .error(format!("the operator `{word}` stands where a value should"))
                .expecting("quotes around the word if it is the value"),
            (Kind::Plus | Kind::Minus, Some(_)) => {
                let rest = &self.lexer.query[self.token.span.end..];
                let value = &rest[..rest
                    .find(|c| is_space(c) || matches!(c, ')' | '"' | '\\'))
                    .unwrap_or(rest.len())];
                let error = self
                    .error(format!("a value cannot begin with `{word}`"))
                    .expecting(format!("`\\{word}`, or quotes around the value"));
                match value.len() {
                    1..=100 => error.suggesting(format!("\"{word}{value}\"")),
                    _ => error,
                }
            }
            (Kind::And | Kind::Or, None) => self
                .error(format!("nothing stands before `{word}`"))
                .expecting("a term, a field or `(`"),
            (Kind::Colon, None) => self
                .error("no field stands before `:`")
                .expecting("a field as in `email:`"),
            (Kind::End, _) => self
                .error("the query ends too early")
                .expecting("a term, a field or `(`"),
            _ => self
                .error(format!("`{word}` cannot stand here"))
                .expecting("a term, a field or `(`"),
        }
    }
}
