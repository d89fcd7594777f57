//! What may be wrong with a text, in z-schema's words.

use super::schema::{Rule, Telling};
use crate::import::{is_email, is_phone_number};

/// Says what is wrong with a text, if anything.
pub(super) fn text_problem(text: &str, rule: Rule, telling: Telling) -> Option<String> {
    // z-schema appends the value; Auth0 leaves it off.
    let mismatch = |pattern: &str| format!("String does not match pattern {pattern}");
    let format = |name: &str| {
        format!(
            "Object didn't pass validation for format {name}: {}",
            telling.echo(text)
        )
    };
    match rule {
        Rule::Text { min, max } => length_problem(text.chars().count(), min, max),
        Rule::Secret { max } => length_problem(text.len(), 1, max),
        Rule::Email => (!is_email(text)).then(|| format("email")),
        Rule::Phone => (!is_phone_number(text)).then(|| mismatch(r"^\+[0-9]{1,15}$")),
        Rule::Uri => (!is_uri(text)).then(|| format("strict-uri")),
        Rule::NoSpace { max } => length_problem(text.chars().count(), 0, max).or_else(|| {
            text.chars()
                .any(char::is_whitespace)
                .then(|| mismatch(r"^\S*$"))
        }),
        Rule::Pattern { pattern, test, max } => length_problem(text.chars().count(), 0, max)
            .or_else(|| (!test(text)).then(|| mismatch(pattern))),
        Rule::Choice(choices) => {
            (!choices.contains(&text)).then(|| format!("No enum match for: {}", telling.echo(text)))
        }
        _ => None,
    }
}

fn length_problem(length: usize, min: usize, max: usize) -> Option<String> {
    if length < min {
        Some(format!(
            "String is too short ({length} chars), minimum {min}"
        ))
    } else if length > max {
        Some(format!(
            "String is too long ({length} chars), maximum {max}"
        ))
    } else {
        None
    }
}

/// Returns whether a text is a URI with a scheme and something behind it, as validator.js's strict form asks.
fn is_uri(text: &str) -> bool {
    let scheme = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    };
    let clean = !text.chars().any(|c| c.is_whitespace() || c.is_control());
    clean
        && text
            .split_once(':')
            .is_some_and(|(before, rest)| scheme(before) && rest.len() > 2)
}
