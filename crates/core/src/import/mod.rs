//! What a row may contain and what becomes of it: text of a row → [`NewUser`] or [`RestoredUser`], or all its errors.
//! Nothing here knows how rows are found in a file or how users are stored.

mod attributes;
pub mod codes;
mod credentials;
mod custom_hash;
mod dotted;
mod email;
mod identifiers;
mod mapping;
mod mask;
mod metadata;
mod mfa;
#[cfg(test)]
mod parity;
pub mod plan;
mod problem;
mod restore;
mod schema;
#[cfg(test)]
mod testing;
mod text;
mod validate;

use std::borrow::Cow;
use std::fmt;

use crate::connection::{Strategy, UsernameRules};

pub use credentials::Credentials;
pub use email::is_email;
pub use mask::masked;
pub use problem::{
    already_provided, conflict, connection_not_found, duplicated_user, invalid_json, invalid_utf8,
    password_hash_defined, row_too_large,
};
pub use restore::validate_restore;
pub use text::{is_phone_number, is_picture_url, is_username};
pub use validate::validate;

/// What the target connection and the job ask of a row.
#[derive(Debug, Clone)]
pub struct Rules {
    pub strategy: Strategy,
    pub username: UsernameRules,
    /// Leave a strategy prefix of an id as it is, as Auth0 does.
    pub keep_prefix: bool,
    /// Take nothing that Auth0 would refuse.
    pub strict: bool,
}

/// Root attributes that an import may set besides the identifiers, in the order they are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(usize)]
pub enum Attribute {
    EmailVerified,
    PhoneVerified,
    Blocked,
    GivenName,
    FamilyName,
    Name,
    Nickname,
    Picture,
    UserMetadata,
    AppMetadata,
}

impl Attribute {
    /// Every attribute, in the order of their numbers.
    pub const ALL: [Self; 10] = [
        Self::EmailVerified,
        Self::PhoneVerified,
        Self::Blocked,
        Self::GivenName,
        Self::FamilyName,
        Self::Name,
        Self::Nickname,
        Self::Picture,
        Self::UserMetadata,
        Self::AppMetadata,
    ];

    /// Returns the attribute's key in a row and in a profile.
    pub fn name(self) -> &'static str {
        match self {
            Self::EmailVerified => "email_verified",
            Self::PhoneVerified => "phone_verified",
            Self::Blocked => "blocked",
            Self::GivenName => "given_name",
            Self::FamilyName => "family_name",
            Self::Name => "name",
            Self::Nickname => "nickname",
            Self::Picture => "picture",
            Self::UserMetadata => "user_metadata",
            Self::AppMetadata => "app_metadata",
        }
    }

    /// Returns whether an upsert changes the attribute of a user that exists.
    pub fn upsertable(self) -> bool {
        !matches!(self, Self::PhoneVerified | Self::Blocked)
    }
}

/// A row that may be imported; borrows from the row's text.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct NewUser<'a> {
    /// Without the strategy's prefix, unless it is to be kept; `None`: an id is to be made.
    pub id: Option<Cow<'a, str>>,
    /// In lower case.
    pub email: Option<Cow<'a, str>>,
    /// In lower case.
    pub username: Option<Cow<'a, str>>,
    pub phone_number: Option<Cow<'a, str>>,
    /// Canonical JSON text of each value, indexed by [`Attribute`].
    pub attributes: [Option<Cow<'a, str>>; 10],
    pub credentials: Option<Credentials>,
    pub notes: Notes,
}

/// Holds personal data, so only what is there is shown, not what it says.
impl fmt::Debug for NewUser<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let attributes = self.attributes.iter().flatten().count();
        write!(f, "NewUser({attributes} attributes, {:?})", self.notes)
    }
}

/// What was done to a row besides checking it, to be counted in the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Notes {
    /// The id had the strategy's prefix, which was taken off.
    pub prefix_stripped: bool,
    /// The row had attributes that only an export has (`created_at`, `identities` …), which were left out.
    pub export_attributes_ignored: bool,
    /// The row had readable titles (`Given Name`) or dotted keys (`user_metadata.city`), which were put in place.
    pub titles_mapped: bool,
}

/// A row of a restore: a full profile as `GET /users` or an export gives it.
#[derive(Clone, PartialEq, Eq)]
pub struct RestoredUser<'a> {
    /// With its prefix, exactly as given.
    pub user_id: Cow<'a, str>,
    /// `identities[0].connection`
    pub connection: Option<Cow<'a, str>>,
    /// `identities[0].provider`, else the id's prefix, else `auth0`.
    pub strategy: Cow<'a, str>,
    /// In lower case, for the unique key; the profile keeps it as given.
    pub email: Option<Cow<'a, str>>,
    /// In lower case, for the unique key; the profile keeps it as given.
    pub username: Option<Cow<'a, str>>,
    pub phone_number: Option<Cow<'a, str>>,
    /// Canonical JSON text of the row, unknown attributes included, without credentials.
    pub profile: Cow<'a, str>,
    pub credentials: Option<Credentials>,
}

/// Holds personal data, so only its size is shown.
impl fmt::Debug for RestoredUser<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RestoredUser({} bytes)", self.profile.len())
    }
}
