//! Key hashes: how a user is found by id, e-mail address, username or phone number.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;

/// What a key says about a user. The numbers are part of the stored hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum KeyKind {
    UserId = 1,
    Email = 2,
    Username = 3,
    Phone = 4,
}

impl KeyKind {
    pub const ALL: [Self; 4] = [Self::UserId, Self::Email, Self::Username, Self::Phone];

    /// Returns the profile's attribute that holds the key.
    pub fn attribute(self) -> &'static str {
        match self {
            Self::UserId => "user_id",
            Self::Email => "email",
            Self::Username => "username",
            Self::Phone => "phone_number",
        }
    }

    /// Returns whether two spellings of a value are the same key.
    pub fn same(self, stored: &str, key: &str) -> bool {
        match self {
            Self::UserId | Self::Phone => stored == key,
            // Keys are lower-cased already; restored profiles keep the spelling they came with.
            Self::Email | Self::Username => stored == key || stored.to_lowercase() == key,
        }
    }
}

/// Hashes keys with the store's own seed, so that nobody can craft values that collide.
#[derive(Clone)]
pub(crate) struct KeyHasher(SipHasher13);

impl KeyHasher {
    pub(crate) fn new(first: u64, second: u64) -> Self {
        Self(SipHasher13::new_with_keys(first, second))
    }

    pub(crate) fn hash(&self, kind: KeyKind, value: &str) -> i64 {
        let mut hasher = self.0;
        hasher.write_u8(kind as u8);
        hasher.write(value.as_bytes());
        hasher.finish().cast_signed()
    }
}
