//! Cuts a query into tokens as Lucene's classic parser does: the longest one wins.

use std::ops::Range;

use super::error::QueryError;
use super::pattern::Symbol;

/// What a token is; what it says stands in its span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    And,
    Or,
    Not,
    Plus,
    Minus,
    Open,
    Close,
    Colon,
    Carat,
    /// `~` with the digits behind it.
    Tilde,
    /// `[` or `{`.
    RangeOpen,
    Quoted,
    Term,
    /// `*` alone.
    Star,
    /// A term with `*` or `?` in it.
    Pattern,
    End,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
}

#[derive(Debug, Clone)]
pub(super) struct Lexer<'q> {
    pub(super) query: &'q str,
    at: usize,
}

impl<'q> Lexer<'q> {
    pub(super) fn new(query: &'q str) -> Self {
        Self { query, at: 0 }
    }

    /// Goes on in the middle of a query.
    pub(super) fn starting(query: &'q str, at: usize) -> Self {
        Self { query, at }
    }

    pub(super) fn slice(&self, token: &Token) -> &'q str {
        &self.query[token.span.clone()]
    }

    pub(super) fn next(&mut self) -> Result<Token, QueryError> {
        let rest = &self.query[self.at..];
        let skipped = rest.len() - rest.trim_start_matches(is_space).len();
        let start = self.at + skipped;
        let Some(first) = self.query[start..].chars().next() else {
            self.at = self.query.len();
            return Ok(Token {
                kind: Kind::End,
                span: self.at..self.at,
            });
        };
        let (kind, end) = match first {
            '(' => (Kind::Open, start + 1),
            ')' => (Kind::Close, start + 1),
            ':' => (Kind::Colon, start + 1),
            '^' => (Kind::Carat, start + 1),
            '+' => (Kind::Plus, start + 1),
            '-' => (Kind::Minus, start + 1),
            '!' => (Kind::Not, start + 1),
            '[' | '{' => (Kind::RangeOpen, start + 1),
            '~' => (Kind::Tilde, number_end(self.query, start + 1)),
            '"' => (Kind::Quoted, self.quoted_end(start)?),
            ']' | '}' => return Err(self.stray_bracket(start)),
            '/' => return Err(self.regex(start)),
            _ => self.word(start)?,
        };
        self.at = end;
        Ok(Token {
            kind,
            span: start..end,
        })
    }

    /// Reads a number that stands right here, as behind a `^`.
    pub(super) fn number(&mut self) -> Option<&'q str> {
        let end = number_end(self.query, self.at);
        let number = &self.query[self.at..end];
        self.at = end;
        (!number.is_empty()).then_some(number)
    }

    /// Reads one end of a range: quoted or up to a space or bracket; an empty span if there is none.
    pub(super) fn range_end(&mut self) -> Range<usize> {
        let bytes = self.query.as_bytes();
        let rest = &self.query[self.at..];
        let start = self.query.len() - rest.trim_start_matches(is_space).len();
        let tail = &self.query[start..];
        let plain = start + tail.find([' ', ']', '}']).unwrap_or(tail.len());
        let quoted = match bytes.get(start) {
            Some(b'"') => self.quoted_end(start).unwrap_or(start),
            _ => start,
        };
        self.at = plain.max(quoted);
        start..self.at
    }

    /// Reads the bracket that ends a range.
    pub(super) fn range_close(&mut self) -> Option<(char, Range<usize>)> {
        let rest = &self.query[self.at..];
        let start = self.query.len() - rest.trim_start_matches(is_space).len();
        let bracket = self.query[start..]
            .chars()
            .next()
            .filter(|c| matches!(c, ']' | '}'))?;
        self.at = start + 1;
        Some((bracket, start..self.at))
    }

    fn quoted_end(&self, start: usize) -> Result<usize, QueryError> {
        let bytes = self.query.as_bytes();
        let mut at = start + 1;
        while let Some(found) = bytes
            .get(at..)
            .and_then(|rest| memchr::memchr2(b'"', b'\\', rest))
        {
            at += found;
            if bytes[at] == b'"' {
                return Ok(at + 1);
            }
            // What is escaped may take several bytes, none of them a quote or backslash.
            at += 2;
        }
        let error = QueryError::new(self.query, start..start + 1, "the quote is not closed");
        Err(error.expecting("`\"` behind the text"))
    }

    /// Reads a term, an operator or a pattern.
    fn word(&self, start: usize) -> Result<(Kind, usize), QueryError> {
        let mut chars = self.query[start..].char_indices();
        let mut is_pattern = false;
        let mut end = self.query.len();
        while let Some((offset, c)) = chars.next() {
            match c {
                '\\' if chars.next().is_none() => {
                    let at = start + offset;
                    let error =
                        QueryError::new(self.query, at..at + 1, "nothing stands behind the `\\`");
                    return Err(
                        error.expecting("the character that is meant; a backslash is `\\\\`")
                    );
                }
                '*' | '?' => is_pattern = true,
                '+' | '-' | '\\' => {}
                _ if is_word(c) => {}
                _ => {
                    end = start + offset;
                    break;
                }
            }
        }
        let kind = match &self.query[start..end] {
            "AND" | "&&" => Kind::And,
            "OR" | "||" => Kind::Or,
            "NOT" => Kind::Not,
            "*" => Kind::Star,
            _ if is_pattern => Kind::Pattern,
            _ => Kind::Term,
        };
        Ok((kind, end))
    }

    fn stray_bracket(&self, at: usize) -> QueryError {
        let bracket = &self.query[at..=at];
        let open = if bracket == "]" { "[" } else { "{" };
        let what = format!("`{bracket}` without `{open}`");
        QueryError::new(self.query, at..at + 1, what)
            .expecting(format!("`\\{bracket}` if the character is meant"))
    }

    fn regex(&self, at: usize) -> QueryError {
        QueryError::new(
            self.query,
            at..at + 1,
            "regular expressions are not supported",
        )
        .expecting("`\\/` or quotes if a slash is meant, `*` for any characters")
    }
}

/// Returns the symbols that a term or pattern says.
pub(super) fn symbols(query: &str, span: Range<usize>) -> Result<Vec<Symbol>, QueryError> {
    let raw = &query[span.clone()];
    let mut out = Vec::new();
    let mut chars = raw.char_indices();
    let mut half: Option<(u32, usize)> = None;
    let lone = |at: usize| {
        QueryError::new(
            query,
            span.start + at..span.start + at + 6,
            "half of a surrogate pair",
        )
        .expecting("two escapes `\\uD83D\\uDE00`, or the character itself")
    };
    while let Some((at, c)) = chars.next() {
        let mut symbol = match c {
            '*' => Symbol::Many,
            '?' => Symbol::One,
            _ => Symbol::Char(c),
        };
        let mut unit = None;
        if c == '\\' {
            match chars.next() {
                Some((_, 'u')) => {
                    let digits = chars
                        .as_str()
                        .get(..4)
                        .filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
                    let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
                    let place = span.start + at;
                    unit = Some(code.ok_or_else(|| {
                        QueryError::new(
                            query,
                            place..place + 2,
                            "`\\u` without four hexadecimal digits",
                        )
                        .expecting("`\\u00E9`; the letter itself is `u`")
                    })?);
                    chars.nth(3);
                }
                Some((_, escaped)) => symbol = Symbol::Char(escaped),
                None => {
                    let place = span.start + at;
                    return Err(QueryError::new(
                        query,
                        place..place + 1,
                        "nothing stands behind the `\\`",
                    )
                    .expecting("the character that is meant; a backslash is `\\\\`"));
                }
            }
        }
        match (half.take(), unit) {
            (None, Some(high @ 0xd800..0xdc00)) => {
                half = Some((high, at));
                continue;
            }
            (Some((high, start)), Some(low @ 0xdc00..0xe000)) => {
                let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                symbol = Symbol::Char(char::from_u32(code).ok_or_else(|| lone(start))?);
            }
            (Some((_, start)), _) => return Err(lone(start)),
            (None, Some(code)) => {
                symbol = Symbol::Char(char::from_u32(code).ok_or_else(|| lone(at))?);
            }
            (None, None) => {}
        }
        out.push(symbol);
    }
    match half {
        Some((_, start)) => Err(lone(start)),
        None => Ok(out),
    }
}

/// Returns what a term, or the inside of quotes, says: there `*` and `?` stand for themselves.
pub(super) fn unescape(query: &str, span: Range<usize>) -> Result<String, QueryError> {
    let raw = &query[span.clone()];
    if !raw.contains('\\') {
        return Ok(raw.to_owned());
    }
    let to_char = |symbol| match symbol {
        Symbol::Char(c) => c,
        Symbol::One => '?',
        Symbol::Many => '*',
    };
    Ok(symbols(query, span)?.into_iter().map(to_char).collect())
}

/// White space of queries; other spaces of Unicode are ordinary characters.
pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{3000}')
}

fn is_word(c: char) -> bool {
    !is_space(c) && !"!():^[]\"{}~/".contains(c)
}

fn number_end(query: &str, start: usize) -> usize {
    let bytes = query.as_bytes();
    let digits = |at: usize| {
        let rest = bytes.get(at..).unwrap_or_default();
        at + rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
    };
    let whole = digits(start);
    if whole == start || bytes.get(whole) != Some(&b'.') {
        return whole;
    }
    match digits(whole + 1) {
        end if end > whole + 1 => end,
        _ => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(query: &str) -> String {
        let mut lexer = Lexer::new(query);
        let mut out = Vec::new();
        loop {
            match lexer.next() {
                Ok(Token {
                    kind: Kind::End, ..
                }) => return out.join(" "),
                Ok(token) => out.push(format!("{:?}`{}`", token.kind, lexer.slice(&token))),
                Err(error) => return error.to_string(),
            }
        }
    }

    #[test]
    fn the_longest_token_wins() {
        insta::assert_snapshot!(tokens("a&&b && NOTa NOT(a) a!b c++ en-US"), @"Term`a&&b` And`&&` Term`NOTa` Not`NOT` Open`(` Term`a` Close`)` Term`a` Not`!` Term`b` Term`c++` Term`en-US`");
        insta::assert_snapshot!(tokens("* ** a* *:* a?b~2.5^ x~.5 ~1.a"), @"Star`*` Pattern`**` Pattern`a*` Star`*` Colon`:` Star`*` Pattern`a?b` Tilde`~2.5` Carat`^` Term`x` Tilde`~` Term`.5` Tilde`~1` Term`.a`");
        insta::assert_snapshot!(tokens(r#"a\ b:"c\"d" \* +-x {1"#), @r#"Term`a\ b` Colon`:` Quoted`"c\"d"` Term`\*` Plus`+` Minus`-` Term`x` RangeOpen`{` Term`1`"#);
        insta::assert_snapshot!(tokens("a\u{3000}b\u{a0}c"), @"Term`a` Term`b c`");
    }

    #[test]
    fn escapes_are_read() {
        let said = |text: &str| unescape(text, 0..text.len()).map_err(|error| error.to_string());
        assert_eq!(
            said(r"a\+\\\u00e9\uD83D\ude00\_"),
            Ok("a+\\é😀_".to_owned())
        );
        assert_eq!(said(r"\*?"), Ok("*?".to_owned()));
        insta::assert_snapshot!(said(r"x\u12").unwrap_err(), @r#"`\u` without four hexadecimal digits at character 2; expected `\u00E9`; the letter itself is `u`"#);
        insta::assert_snapshot!(said(r"\uD83Dx").unwrap_err(), @r#"half of a surrogate pair at character 1; expected two escapes `\uD83D\uDE00`, or the character itself"#);
        insta::assert_snapshot!(said(r"\uDE00").unwrap_err(), @r#"half of a surrogate pair at character 1; expected two escapes `\uD83D\uDE00`, or the character itself"#);
        assert_eq!(
            symbols(r"\**?", 0..4).unwrap(),
            [Symbol::Char('*'), Symbol::Many, Symbol::One]
        );
    }
}
