//! Queries and orders as they are typed, and what to say of slow searches.

use std::time::{Duration, Instant};

use purser_core::query::{Attribute, Class, Limits, Query, Sort};
use purser_engine::Engine;
use purser_store::{SearchRequest, SearchResult};

use super::context::Context;
use super::failure::Failure;

/// A search that takes longer gets a hint how it would be fast.
const SLOW: Duration = Duration::from_secs(1);

/// Reads a query.
pub(crate) fn query(text: &str, context: &Context) -> Result<Query, Failure> {
    Query::parse(text, limits(context)).map_err(|error| Failure::query(&error, text))
}

/// Reads an order: `created_at:-1`.
pub(crate) fn sort(text: &str, context: &Context) -> Result<Sort, Failure> {
    let sort = Sort::parse(text).map_err(|error| {
        Failure::usage(error.to_string())
            .hinted("for example `--sort created_at:-1`, the latest first")
    })?;
    if context.settings.auth0_limits && sort.attribute.class() == Class::Metadata {
        let message = format!("Auth0 does not sort users by `{}`", sort.attribute);
        return Err(Failure::usage(message).hinted("leave `--auth0-limits` out"));
    }
    Ok(sort)
}

/// Reads the name of an attribute.
pub(crate) fn attribute(text: &str) -> Result<Attribute, Failure> {
    Attribute::parse(text).map_err(|error| {
        Failure::usage(error.to_string()).hinted("for example `app_metadata.plan`")
    })
}

/// Returns whose limits hold for queries.
pub(crate) fn limits(context: &Context) -> Limits {
    if context.settings.auth0_limits {
        Limits::Auth0
    } else {
        Limits::None
    }
}

/// Searches, and says what would make a slow search fast.
pub(crate) fn search(
    engine: &Engine,
    request: &SearchRequest<'_>,
    context: &Context,
) -> Result<SearchResult, Failure> {
    let started = Instant::now();
    let result = engine.store().search_users(request)?;
    if started.elapsed() > SLOW && context.output.talks() {
        advise(engine, request, context)?;
    }
    Ok(result)
}

fn advise(engine: &Engine, request: &SearchRequest<'_>, context: &Context) -> Result<(), Failure> {
    if request.query.is_none() && request.sort.is_none() {
        return Ok(());
    }
    let store = engine.store();
    let lacking = store.lacking_indexes(request.query, request.sort)?;
    let states = store.index_states()?;
    if let Some(advice) = advice(&lacking, states.indexed, states.users) {
        context.output.hint(&advice);
    }
    Ok(())
}

/// Returns what would make a search fast, if anything.
fn advice(lacking: &[Attribute], indexed: u64, users: u64) -> Option<String> {
    let command =
        |attribute: &Attribute| format!("`purser indexes create {}`", typed(&attribute.name()));
    let commands: Vec<String> = lacking.iter().map(command).collect();
    if !commands.is_empty() {
        let commands = commands.join(", ");
        return Some(format!("an index would make this fast: {commands}"));
    }
    (indexed < users / 2).then(|| {
        "most users are not indexed yet: `purser indexes build` makes this fast".to_owned()
    })
}

/// Returns a word as a shell takes it.
pub(crate) fn typed(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-/:@%+,".contains(c);
    if word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_searches_get_advice_if_there_is_any() {
        let attribute = |name| Attribute::parse(name).unwrap();
        let lacking = [
            attribute("app_metadata.plan"),
            attribute(r"user_metadata.a\ b"),
        ];
        assert_eq!(
            advice(&lacking, 0, 10).unwrap(),
            r"an index would make this fast: `purser indexes create app_metadata.plan`, `purser indexes create 'user_metadata.a\ b'`"
        );
        assert!(
            advice(&[], 4, 10)
                .unwrap()
                .contains("`purser indexes build`")
        );
        assert_eq!(advice(&[], 10, 10), None);
    }

    #[test]
    fn odd_words_are_quoted() {
        assert_eq!(typed("app_metadata.plan"), "app_metadata.plan");
        assert_eq!(typed(r"user_metadata.a\ b"), r"'user_metadata.a\ b'");
        assert_eq!(typed("it's"), r"'it'\''s'");
    }
}
