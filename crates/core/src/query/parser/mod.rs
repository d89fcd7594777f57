//! Reads tokens as clauses.

mod errors;

use std::ops::Range;

use crate::query::error::QueryError;
use crate::query::lexer::{Kind, Lexer, Token, symbols, unescape};
use crate::query::pattern::Pattern;
use crate::query::syntax::{Between, Clause, End, Joint, Modifier, Name, Node, Value, ValueKind};

/// Largest query: room for 30,000 ids. Whoever has more should import a list and mark those users.
pub(super) const MAX_BYTES: usize = 1 << 20;
/// Most values and wildcards in a query, a term without a field counted as often as it is looked up: 30,000 ids, and an end
/// to memory.
pub(super) const MAX_CLAUSES: usize = 32_768;
/// Most patterns, ranges and fuzzy terms, counted likewise: values are found by a table, but each of these is tried on every
/// value of every user.
pub(super) const MAX_PATTERNS: usize = 512;
/// Most fields: every one is looked for in every profile.
pub(super) const MAX_ATTRIBUTES: usize = 256;
/// Most parentheses inside each other: far more than people or programs write, and nothing to a thread's stack.
const MAX_DEPTH: usize = 100;
/// Longest pattern or term, in bytes: what Lucene indexes.
const MAX_TERM: usize = 32_766;
/// Longest pattern, in characters: looking one up takes this many steps for each character of a value at worst.
const MAX_PATTERN: usize = 4096;

/// Reads a query; `None` if it is blank.
pub(super) fn parse(query: &str) -> Result<Option<Vec<Clause>>, QueryError> {
    if query.len() > MAX_BYTES {
        let what = format!("the query is longer than {MAX_BYTES} bytes");
        return Err(QueryError::new(query, 0..0, what));
    }
    let mut lexer = Lexer::new(query);
    let token = lexer.next()?;
    if token.kind == Kind::End {
        return Ok(None);
    }
    let mut parser = Parser {
        lexer,
        token,
        clauses: 0,
    };
    let clauses = parser.clauses(0)?;
    match parser.token.kind {
        Kind::Close => Err(parser
            .error("`)` without `(`")
            .expecting("`\\)` if the character is meant")),
        _ => Ok(Some(clauses)),
    }
}

struct Parser<'q> {
    lexer: Lexer<'q>,
    /// The next token, not taken yet.
    token: Token,
    clauses: usize,
}

impl<'q> Parser<'q> {
    fn take(&mut self) -> Result<Token, QueryError> {
        let next = self.lexer.next()?;
        Ok(std::mem::replace(&mut self.token, next))
    }

    fn error(&self, what: impl Into<String>) -> QueryError {
        self.error_at(self.token.span.clone(), what)
    }

    fn error_at(&self, span: Range<usize>, what: impl Into<String>) -> QueryError {
        QueryError::new(self.lexer.query, span, what)
    }

    fn word(&self) -> &'q str {
        self.lexer.slice(&self.token)
    }

    /// Reads clauses up to the end or a `)`.
    fn clauses(&mut self, depth: usize) -> Result<Vec<Clause>, QueryError> {
        let mut clauses = Vec::new();
        loop {
            let joint = if clauses.is_empty() {
                Joint::Beside
            } else {
                self.joint()?
            };
            let modifier = self.modifier()?;
            let node = self.clause(depth)?;
            clauses.push(Clause {
                joint,
                modifier,
                node,
            });
            if matches!(self.token.kind, Kind::End | Kind::Close) {
                return Ok(clauses);
            }
        }
    }

    fn joint(&mut self) -> Result<Joint, QueryError> {
        let joint = match self.token.kind {
            Kind::And => Joint::And,
            Kind::Or => Joint::Or,
            _ => return Ok(Joint::Beside),
        };
        let operator = self.take()?;
        match self.token.kind {
            Kind::End | Kind::Close => {
                let what = format!("nothing stands behind `{}`", self.lexer.slice(&operator));
                Err(self
                    .error_at(operator.span, what)
                    .expecting("a term, a field or `(`"))
            }
            Kind::And | Kind::Or => Err(self
                .error(format!("`{}` stands behind another operator", self.word()))
                .expecting("a term, a field or `(`")),
            _ => Ok(joint),
        }
    }

    fn modifier(&mut self) -> Result<Modifier, QueryError> {
        let modifier = match self.token.kind {
            Kind::Plus => Modifier::Must,
            Kind::Minus | Kind::Not => Modifier::Not,
            _ => return Ok(Modifier::None),
        };
        let sign = self.take()?;
        let word = self.lexer.slice(&sign);
        match self.token.kind {
            Kind::Plus | Kind::Minus | Kind::Not => {
                let what = format!("`{}` stands behind `{word}`", self.word());
                Err(self
                    .error(what)
                    .expecting("one of them, or parentheses: `NOT (NOT …)`"))
            }
            Kind::End | Kind::Close | Kind::And | Kind::Or => {
                let what = format!("nothing stands behind `{word}`");
                Err(self
                    .error_at(sign.span, what)
                    .expecting("a term, a field or `(`"))
            }
            _ if word != "NOT" && self.token.span.start > sign.span.end => {
                let what = format!("a space stands behind `{word}`");
                let error = self.error_at(sign.span, what);
                Err(error.expecting(format!(
                    "the clause right behind it, or `\\{word}` if the character is meant"
                )))
            }
            _ => Ok(modifier),
        }
    }

    fn clause(&mut self, depth: usize) -> Result<Node, QueryError> {
        self.count(1)?;
        let name = match self.token.kind {
            Kind::Term | Kind::Star => {
                let word = self.take()?;
                if self.token.kind != Kind::Colon {
                    let value = self.term(word)?;
                    return self.after(Node::Value(None, value));
                }
                let colon = self.take()?;
                if word.kind == Kind::Star {
                    return self.everything(&word);
                }
                let path = unescape(self.lexer.query, word.span.clone())?;
                if matches!(self.token.kind, Kind::End | Kind::Close) {
                    let what = format!("no value stands behind `{}:`", self.lexer.slice(&word));
                    let error = self.error_at(colon.span.end..colon.span.end, what);
                    return Err(error.expecting("a value, a pattern, a range or `(`"));
                }
                Some(Name {
                    path,
                    span: word.span,
                })
            }
            _ => None,
        };
        let node = match self.token.kind {
            Kind::Open => Node::Group(name, self.group(depth)?),
            Kind::Term | Kind::Star | Kind::Pattern | Kind::Quoted => {
                let word = self.take()?;
                Node::Value(name, self.term(word)?)
            }
            Kind::RangeOpen => Node::Value(name, self.range()?),
            _ => return Err(self.unexpected(name.as_ref())),
        };
        self.after(node)
    }

    fn count(&mut self, clauses: usize) -> Result<(), QueryError> {
        self.clauses += clauses;
        if self.clauses > MAX_CLAUSES {
            let what = format!("the query has more than {MAX_CLAUSES} clauses and wildcards");
            return Err(self.error(what));
        }
        Ok(())
    }

    /// Reads the `*` of `*:*`.
    fn everything(&mut self, star: &Token) -> Result<Node, QueryError> {
        let is_star = self.token.kind == Kind::Star
            || self.token.kind == Kind::Pattern && self.word().bytes().all(|byte| byte == b'*');
        if !is_star {
            let error = self.error_at(star.span.clone(), "`*` is no field");
            return Err(error.expecting("`*:*` for everybody, or the value without a field"));
        }
        let star = self.take()?;
        self.suffixes(&star)?;
        self.after(Node::Everything)
    }

    fn group(&mut self, depth: usize) -> Result<Vec<Clause>, QueryError> {
        if depth == MAX_DEPTH {
            return Err(self.error(format!(
                "more than {MAX_DEPTH} parentheses stand inside each other"
            )));
        }
        let open = self.take()?;
        if self.token.kind == Kind::Close {
            let error = self.error_at(
                open.span.start..self.token.span.end,
                "nothing stands in the parentheses",
            );
            return Err(error.expecting("a term, a field or `(`"));
        }
        if self.token.kind == Kind::End {
            return Err(self.unclosed(&open));
        }
        let clauses = self.clauses(depth + 1)?;
        if self.token.kind != Kind::Close {
            return Err(self.unclosed(&open));
        }
        self.take()?;
        if self.token.kind == Kind::Carat {
            self.boost()?;
        }
        Ok(clauses)
    }

    fn unclosed(&self, open: &Token) -> QueryError {
        self.error_at(open.span.clone(), "the parenthesis is not closed")
            .expecting("`)` behind the group")
    }

    /// Reads what may follow a term, and makes a value of it.
    fn term(&mut self, word: Token) -> Result<Value, QueryError> {
        let query = self.lexer.query;
        let fuzzy = self.suffixes(&word)?;
        let span = word.span.clone();
        self.check_length(&span)?;
        let kind = match word.kind {
            Kind::Quoted => ValueKind::Phrase(unescape(query, span.start + 1..span.end - 1)?),
            Kind::Term => {
                let text = unescape(query, span.clone())?;
                match fuzzy {
                    Some(number) => ValueKind::Fuzzy(text, number),
                    None => ValueKind::Term(text),
                }
            }
            _ => {
                let pattern = Pattern::of(symbols(query, span.clone())?.into_iter());
                if pattern.length() > MAX_PATTERN {
                    let what = format!("the pattern has more than {MAX_PATTERN} characters");
                    return Err(self.error_at(span, what));
                }
                self.count(pattern.wildcards())?;
                ValueKind::Pattern(pattern)
            }
        };
        Ok(Value { kind, span })
    }

    /// Reads `~` and `^` with their numbers, in either order, each once; returns the number of `~`. Behind quotes and
    /// patterns `~` means nothing here: a value is one, whatever is near in it.
    fn suffixes(&mut self, word: &Token) -> Result<Option<f64>, QueryError> {
        let (mut fuzzy, mut is_boosted) = (None, false);
        loop {
            match self.token.kind {
                Kind::Tilde if fuzzy.is_none() => {
                    let number = self.take()?;
                    let digits = &self.lexer.slice(&number)[1..];
                    let edits: f64 = if digits.is_empty() {
                        2.0
                    } else {
                        digits.parse().unwrap_or(2.0)
                    };
                    let is_cut = edits.is_finite() && edits > 1.0 && edits.fract() != 0.0;
                    if is_cut && word.kind == Kind::Term {
                        let error =
                            self.error_at(number.span, "a fuzzy term differs by whole characters");
                        return Err(error.expecting("`~1` or `~2`"));
                    }
                    fuzzy = Some(edits);
                }
                Kind::Carat if !is_boosted => {
                    self.boost()?;
                    is_boosted = true;
                }
                _ => return Ok(fuzzy),
            }
        }
    }

    /// Reads `^` and its number, which weighs results elsewhere; here they have an order of their own.
    fn boost(&mut self) -> Result<(), QueryError> {
        // The token behind `^` was not looked at: only a number may stand there, and it may go over into a term.
        let carat = self.token.span.clone();
        let mut lexer = Lexer::starting(self.lexer.query, carat.end);
        if lexer.number().is_none() {
            let error = self.error_at(carat, "no number stands behind `^`");
            return Err(error.expecting("a number as in `^2`, or `\\^` if the character is meant"));
        }
        self.lexer = lexer;
        self.token = self.lexer.next()?;
        Ok(())
    }

    /// Checks what follows a clause.
    fn after(&mut self, node: Node) -> Result<Node, QueryError> {
        match self.token.kind {
            Kind::Colon => Err(self.second_colon(&node)),
            Kind::Tilde | Kind::Carat => {
                let what = format!("`{}` cannot stand here", self.word());
                Err(self.error(what).expecting("it once, right behind a term"))
            }
            _ => Ok(node),
        }
    }

    fn range(&mut self) -> Result<Value, QueryError> {
        // Inside brackets other rules cut the text.
        let open = self.token.clone();
        let mut lexer = Lexer::starting(self.lexer.query, open.span.end);
        let is_from_included = self.word() == "[";
        let from = lexer.range_end();
        self.range_bound(&from, &open)?;
        let to = lexer.range_end();
        if &lexer.query[to.clone()] != "TO" {
            let what = "no ` TO ` stands between the ends of the range";
            return Err(self
                .error_at(to, what)
                .expecting("a range as in `[1 TO 5]`"));
        }
        let to = lexer.range_end();
        self.range_bound(&to, &open)?;
        let Some((close, close_span)) = lexer.range_close() else {
            let error = self.error_at(open.span, "the range is not closed");
            return Err(error.expecting("`]` to include its end, `}` to exclude it"));
        };
        let from = self.range_text(from, is_from_included)?;
        let to = self.range_text(to, close == ']')?;
        let span = open.span.start..close_span.end;
        self.lexer = lexer;
        self.token = self.lexer.next()?;
        if self.token.kind == Kind::Carat {
            self.boost()?;
        }
        let kind = ValueKind::Range(Box::new(Between { from, to }));
        Ok(Value { kind, span })
    }

    fn range_bound(&self, span: &Range<usize>, open: &Token) -> Result<(), QueryError> {
        let text = &self.lexer.query[span.clone()];
        if span.start == self.lexer.query.len() {
            let error = self.error_at(open.span.clone(), "the range is not closed");
            return Err(error.expecting("a range as in `[1 TO 5]`"));
        }
        if text.is_empty() || text == "TO" {
            let error = self.error_at(span.clone(), "an end of the range is missing");
            return Err(error.expecting("a range as in `[1 TO 5]`; an open end is `*`"));
        }
        self.check_length(span)
    }

    fn range_text(&self, span: Range<usize>, is_included: bool) -> Result<End, QueryError> {
        let query = self.lexer.query;
        let raw = &query[span.clone()];
        let is_quoted = raw.len() > 1 && raw.starts_with('"') && raw.ends_with('"');
        let text = match raw {
            "*" => None,
            _ if is_quoted => Some(unescape(query, span.start + 1..span.end - 1)?),
            _ => Some(unescape(query, span.clone())?),
        };
        Ok(End {
            text,
            is_included,
            span,
        })
    }

    fn check_length(&self, span: &Range<usize>) -> Result<(), QueryError> {
        if span.len() > MAX_TERM {
            let what = format!("the value is longer than {MAX_TERM} bytes");
            return Err(self.error_at(span.clone(), what));
        }
        Ok(())
    }
}
