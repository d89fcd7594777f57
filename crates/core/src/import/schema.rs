//! The properties of a row of an import: their names, where Auth0 reports them, what only an export has,
//! and which one was probably meant.

use crate::field::DEFAULT_FIELDS;
use crate::import::Attribute;

/// Pattern that Auth0 prints for `password_hash`.
pub(crate) const PASSWORD_HASH_PATTERN: &str = r"^\$2[ab]?\$10+\$[./A-Za-z0-9]{53}$";
pub(crate) const PHONE_PATTERN: &str = r"^\+[0-9]{1,15}$";
pub(crate) const USERNAME_PATTERN: &str = r"^[a-z0-9@`^$!\-#.+'~_]+$";
pub(crate) const USER_ID_PATTERN: &str = r"^\S*$";
pub(crate) const USER_ID_CHARS: usize = 255;
/// Longest username that any connection can allow.
pub(crate) const USERNAME_CHARS: usize = 128;

/// Properties of a profile that Auth0 keeps by itself; an export has them, an import cannot set them.
const EXPORT_ONLY: [&str; 10] = [
    "identities",
    "created_at",
    "updated_at",
    "last_login",
    "last_ip",
    "logins_count",
    "last_password_reset",
    "password_set_date",
    "multifactor",
    "multifactor_last_modified",
];

/// A property that a row of an import may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    UserId,
    Email,
    Username,
    PhoneNumber,
    PasswordHash,
    CustomPasswordHash,
    MfaFactors,
    Set(Attribute),
}

impl Key {
    pub(crate) const ALL: [Self; 17] = [
        Self::UserId,
        Self::Email,
        Self::Username,
        Self::PhoneNumber,
        Self::PasswordHash,
        Self::CustomPasswordHash,
        Self::MfaFactors,
        Self::Set(Attribute::EmailVerified),
        Self::Set(Attribute::PhoneVerified),
        Self::Set(Attribute::Blocked),
        Self::Set(Attribute::GivenName),
        Self::Set(Attribute::FamilyName),
        Self::Set(Attribute::Name),
        Self::Set(Attribute::Nickname),
        Self::Set(Attribute::Picture),
        Self::Set(Attribute::UserMetadata),
        Self::Set(Attribute::AppMetadata),
    ];

    /// Finds the property of a name; on the hot path, hence a `match` and no table.
    pub(crate) fn of(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"user_id" => Self::UserId,
            b"email" => Self::Email,
            b"username" => Self::Username,
            b"phone_number" => Self::PhoneNumber,
            b"password_hash" => Self::PasswordHash,
            b"custom_password_hash" => Self::CustomPasswordHash,
            b"mfa_factors" => Self::MfaFactors,
            b"email_verified" => Self::Set(Attribute::EmailVerified),
            b"phone_verified" => Self::Set(Attribute::PhoneVerified),
            b"blocked" => Self::Set(Attribute::Blocked),
            b"given_name" => Self::Set(Attribute::GivenName),
            b"family_name" => Self::Set(Attribute::FamilyName),
            b"name" => Self::Set(Attribute::Name),
            b"nickname" => Self::Set(Attribute::Nickname),
            b"picture" => Self::Set(Attribute::Picture),
            b"user_metadata" => Self::Set(Attribute::UserMetadata),
            b"app_metadata" => Self::Set(Attribute::AppMetadata),
            _ => return None,
        })
    }

    /// Returns the property's name in a row.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::UserId => "user_id",
            Self::Email => "email",
            Self::Username => "username",
            Self::PhoneNumber => "phone_number",
            Self::PasswordHash => "password_hash",
            Self::CustomPasswordHash => "custom_password_hash",
            Self::MfaFactors => "mfa_factors",
            Self::Set(attribute) => attribute.name(),
        }
    }

    /// Returns where Auth0's internal record has the property; that of `email` and `password_hash` was seen.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::UserId => "identities[0].profileData.user_id",
            Self::Email => "identities[0].profileData.email",
            Self::Username => "identities[0].profileData.username",
            Self::PhoneNumber => "identities[0].profileData.phone_number",
            Self::PasswordHash => "passwordHash",
            Self::CustomPasswordHash => "custom_password_hash",
            Self::MfaFactors => "mfa_factors",
            Self::Set(attribute) => attribute_path(attribute),
        }
    }

    /// Returns the property's bit in a set of properties.
    pub(crate) fn bit(self) -> u32 {
        let number = match self {
            Self::UserId => 0,
            Self::Email => 1,
            Self::Username => 2,
            Self::PhoneNumber => 3,
            Self::PasswordHash => 4,
            Self::CustomPasswordHash => 5,
            Self::MfaFactors => 6,
            Self::Set(attribute) => 7 + attribute as u32,
        };
        1 << number
    }
}

fn attribute_path(attribute: Attribute) -> &'static str {
    match attribute {
        Attribute::EmailVerified => "identities[0].profileData.email_verified",
        Attribute::PhoneVerified => "identities[0].profileData.phone_verified",
        Attribute::Blocked => "identities[0].profileData.blocked",
        Attribute::GivenName => "identities[0].profileData.given_name",
        Attribute::FamilyName => "identities[0].profileData.family_name",
        Attribute::Name => "identities[0].profileData.name",
        Attribute::Nickname => "identities[0].profileData.nickname",
        Attribute::Picture => "identities[0].profileData.picture",
        Attribute::UserMetadata => "user_metadata",
        Attribute::AppMetadata => "app_metadata",
    }
}

/// Returns whether only an export has a property (`created_at`, `identities[0].connection`).
pub(crate) fn is_export_only(name: &str) -> bool {
    EXPORT_ONLY.contains(&name) || name.starts_with("identities[")
}

/// Returns the property whose column an export calls `title`.
pub(crate) fn of_title(title: &str) -> Option<&'static str> {
    DEFAULT_FIELDS
        .iter()
        .find(|(_, known)| *known == title)
        .map(|(name, _)| *name)
}

/// What people call properties in other systems, without case and punctuation.
const OTHER_NAMES: [(&str, &str); 22] = [
    ("id", "user_id"),
    ("uid", "user_id"),
    ("mail", "email"),
    ("emailaddress", "email"),
    ("verified", "email_verified"),
    ("login", "username"),
    ("phone", "phone_number"),
    ("mobile", "phone_number"),
    ("firstname", "given_name"),
    ("lastname", "family_name"),
    ("surname", "family_name"),
    ("fullname", "name"),
    ("displayname", "name"),
    ("avatar", "picture"),
    ("photo", "picture"),
    ("photourl", "picture"),
    ("password", "password_hash"),
    ("passwordhash", "password_hash"),
    ("hash", "custom_password_hash"),
    ("metadata", "user_metadata"),
    ("mfa", "mfa_factors"),
    ("disabled", "blocked"),
];

/// Returns the property that an unknown name probably means.
pub(crate) fn nearest(name: &str) -> Option<&'static str> {
    // Longer than any property by more than the distance allowed; also bounds the work on hostile names.
    if name.len() > 40 {
        return None;
    }
    let folded = fold(name);
    if let Some((_, known)) = OTHER_NAMES.iter().find(|(other, _)| *other == folded) {
        return Some(known);
    }
    let names = Key::ALL.into_iter().map(Key::name);
    let (distance, best) = names
        .map(|known| (edit_distance(&folded, &fold(known)), known))
        .min()?;
    (distance <= 2 && distance * 2 < folded.len()).then_some(best)
}

fn fold(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Returns how many insertions, deletions and replacements make one text of the other (Levenshtein).
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut line: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = line[0];
        line[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = line[j + 1];
            line[j + 1] = replaced.min(diagonal + 1).min(line[j] + 1);
        }
    }
    line[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_property_is_found_by_its_name_and_has_its_own_bit() {
        let mut bits = 0;
        for key in Key::ALL {
            assert_eq!(Key::of(key.name().as_bytes()), Some(key));
            assert!(key.path().ends_with(key.name()) || key == Key::PasswordHash);
            bits |= key.bit();
        }
        assert_eq!(bits.count_ones(), 17);
        assert_eq!(Key::of(b"Email"), None);
    }

    #[test]
    fn attributes_are_numbered_as_they_are_listed() {
        for (i, attribute) in Attribute::ALL.into_iter().enumerate() {
            assert_eq!(attribute as usize, i);
        }
    }

    #[test]
    fn titles_lead_to_their_properties() {
        assert_eq!(of_title("Email Verified"), Some("email_verified"));
        assert_eq!(of_title("Connection"), Some("identities[0].connection"));
        assert_eq!(of_title("email verified"), None);
    }

    #[test]
    fn the_nearest_property_is_suggested() {
        assert_eq!(nearest("givenname"), Some("given_name"));
        assert_eq!(nearest("givn_name"), Some("given_name"));
        assert_eq!(nearest("E-Mail"), Some("email"));
        assert_eq!(nearest("firstName"), Some("given_name"));
        assert_eq!(nearest("app_metdata"), Some("app_metadata"));
        assert_eq!(nearest("department"), None);
        assert_eq!(nearest("x"), None);
        assert_eq!(nearest(""), None);
    }

    #[test]
    fn edit_distance_counts_single_edits() {
        assert_eq!(edit_distance("kitten", "sitting"), 3);
        assert_eq!(edit_distance("", "ab"), 2);
        assert_eq!(edit_distance("ab", ""), 2);
    }
}
