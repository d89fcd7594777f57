//! `sort`: `created_at:-1`.

use crate::query::{Attribute, AttributeError, Class, Limits};

/// The order that somebody asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct SortBy {
    pub attribute: Attribute,
    pub descending: bool,
}

/// An order that cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SortError {
    #[error("`{0}` is no order: expected `FIELD:1` or `FIELD:-1`")]
    Shape(String),
    #[error(transparent)]
    Attribute(#[from] AttributeError),
    /// Auth0 sorts by the attributes of the profile that it knows, never by metadata.
    #[error("users cannot be sorted by `{0}` while Auth0's limits are on")]
    Refused(String),
}

impl SortBy {
    /// Reads an attribute, a colon, and `1` or `-1`.
    pub fn parse(text: &str, limits: Limits) -> Result<Self, SortError> {
        let shape = || SortError::Shape(text.to_owned());
        let (name, order) = text.rsplit_once(':').ok_or_else(shape)?;
        let descending = match order {
            "1" => false,
            "-1" => true,
            _ => return Err(shape()),
        };
        if name.is_empty() {
            return Err(shape());
        }
        let attribute = Attribute::parse(name)?;
        if limits == Limits::Auth0 && attribute.class() == Class::Metadata {
            return Err(SortError::Refused(attribute.name()));
        }
        Ok(Self {
            attribute,
            descending,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_an_attribute_and_a_direction() {
        let read = |text: &str| {
            let sort = SortBy::parse(text, Limits::None).unwrap();
            (sort.attribute.name(), sort.descending)
        };
        assert_eq!(read("created_at:-1"), ("created_at".to_owned(), true));
        assert_eq!(
            read("user_metadata.a.b:1"),
            ("user_metadata.a.b".to_owned(), false)
        );
        assert_eq!(
            read(r"app_metadata.https\:\/\/x.io:1"),
            (r"app_metadata.https\:\/\/x.io".to_owned(), false)
        );
        for bad in [
            "",
            "email",
            "email:",
            ":1",
            "email:2",
            "email:desc",
            "email:1:",
        ] {
            let error = SortBy::parse(bad, Limits::None).unwrap_err();
            assert_eq!(error, SortError::Shape(bad.to_owned()));
        }
        let error = SortBy::parse("a..b:1", Limits::None).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`a..b` is no attribute: a key is missing"
        );
    }

    #[test]
    fn auth0_does_not_sort_by_metadata() {
        for name in [
            "user_metadata.plan",
            "app_metadata.n",
            "nothing",
            "identities",
        ] {
            let text = format!("{name}:1");
            assert!(SortBy::parse(&text, Limits::None).is_ok());
            assert_eq!(
                SortBy::parse(&text, Limits::Auth0),
                Err(SortError::Refused(name.to_owned()))
            );
        }
        assert!(SortBy::parse("last_login:-1", Limits::Auth0).is_ok());
    }
}
