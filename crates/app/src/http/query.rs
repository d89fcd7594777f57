//! The query string: typed parameters with Auth0's sentences, and lists in every spelling that SDKs have.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::error::ApiError;

/// The parameters of a query string, decoded, in their order. Unknown ones are nobody's business.
#[derive(Debug, Default)]
pub(crate) struct QueryParams(Vec<(String, String)>);

impl QueryParams {
    /// Returns the last value given; an empty one counts as not given.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().rev().find(|(key, _)| key == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// Returns an integer within the bounds; `about` is Auth0's description without its full stop.
    pub(crate) fn integer(
        &self,
        name: &str,
        (min, max): (u64, u64),
        about: &str,
    ) -> Result<Option<u64>, ApiError> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let Ok(number) = text.trim().parse::<i128>() else {
            let found = if text.trim().parse::<f64>().is_ok() {
                "number"
            } else {
                "string"
            };
            return Err(refused(
                &format!("Expected type integer but found type {found}"),
                name,
                about,
            ));
        };
        if number < i128::from(min) {
            return Err(refused(
                &format!("Value {number} is less than minimum {min}"),
                name,
                about,
            ));
        }
        match u64::try_from(number) {
            Ok(number) if number <= max => Ok(Some(number)),
            _ => Err(refused(
                &format!("Value {number} is greater than maximum {max}"),
                name,
                about,
            )),
        }
    }

    /// Returns a boolean; Python clients capitalise it.
    pub(crate) fn boolean(&self, name: &str, about: &str) -> Result<Option<bool>, ApiError> {
        match self.text(name).map(str::to_ascii_lowercase).as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(refused(
                "Expected type boolean but found type string",
                name,
                about,
            )),
        }
    }

    /// Returns one of some words.
    pub(crate) fn one_of<'a>(
        &'a self,
        name: &str,
        words: &[&str],
        about: &str,
    ) -> Result<Option<&'a str>, ApiError> {
        match self.text(name) {
            Some(text) if !words.contains(&text) => {
                Err(refused(&format!("No enum match for: {text}"), name, about))
            }
            text => Ok(text),
        }
    }

    /// Returns all values of a list: `a=x&a=y`, `a=x,y`, `a[]=x`, `a[0]=x`.
    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        let is_item = |key: &str| {
            key.strip_prefix(name).is_some_and(|rest| {
                let index = rest
                    .strip_prefix('[')
                    .and_then(|rest| rest.strip_suffix(']'));
                rest.is_empty() || index.is_some_and(|i| i.bytes().all(|b| b.is_ascii_digit()))
            })
        };
        let values = self
            .0
            .iter()
            .filter(|(key, _)| is_item(key))
            .flat_map(|(_, value)| value.split(','));
        values
            .map(str::trim)
            .filter(|value| !value.is_empty())
            .collect()
    }
}

/// Returns the error for a parameter that breaks its schema.
fn refused(sentence: &str, name: &str, about: &str) -> ApiError {
    let about = if about.is_empty() {
        String::new()
    } else {
        format!(" ({about})")
    };
    ApiError::invalid_query(format!(
        "Query validation error: '{sentence}' on property {name}{about}."
    ))
}

impl<S: Send + Sync> FromRequestParts<S> for QueryParams {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self(
            form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(query: &str) -> QueryParams {
        QueryParams(
            form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    #[test]
    fn lists_have_many_spellings() {
        for query in ["s=a&s=b", "s=a%2Cb", "s[]=a&s[]=b", "s[0]=a&s[1]=b"] {
            assert_eq!(params(query).list("s"), ["a", "b"], "{query}");
        }
        assert!(params("strategy=a").list("s").is_empty());
    }

    #[test]
    fn integers_keep_their_bounds() {
        assert_eq!(
            params("page=3").integer("page", (0, 9), "").unwrap(),
            Some(3)
        );
        assert_eq!(params("page=").integer("page", (0, 9), "").unwrap(), None);
        for bad in ["page=x", "page=1.5", "page=-1", "page=10"] {
            assert!(params(bad).integer("page", (0, 9), "").is_err(), "{bad}");
        }
    }
}
