//! Password hashes of other systems: one file per algorithm, each checks the *shape* that an import may bring.
//! Nothing here computes a hash, knows of rows, or repeats a value in what it returns.

mod argon2;
pub(crate) mod bcrypt;
mod digest;
mod encoding;
mod hmac;
mod ldap;
mod pbkdf2;
mod phc;
mod scrypt;

use std::borrow::Cow;

pub use digest::Digest;
pub use encoding::{Encoded, Encoding};

/// An algorithm of `custom_password_hash`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    Argon2,
    Bcrypt,
    Hmac,
    Ldap,
    /// A digest of the password and perhaps a salt, computed once.
    Plain(Digest),
    Pbkdf2,
    Scrypt,
}

impl Algorithm {
    /// The names that an import may give, in Auth0's order.
    pub const NAMES: [&'static str; 11] = [
        "argon2", "bcrypt", "hmac", "ldap", "md4", "md5", "sha1", "sha256", "sha512", "pbkdf2",
        "scrypt",
    ];

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "argon2" => Self::Argon2,
            "bcrypt" => Self::Bcrypt,
            "hmac" => Self::Hmac,
            "ldap" => Self::Ldap,
            "md4" => Self::Plain(Digest::Md4),
            "md5" => Self::Plain(Digest::Md5),
            "sha1" => Self::Plain(Digest::Sha1),
            "sha256" => Self::Plain(Digest::Sha256),
            "sha512" => Self::Plain(Digest::Sha512),
            "pbkdf2" => Self::Pbkdf2,
            "scrypt" => Self::Scrypt,
            _ => return None,
        })
    }
}

/// A `custom_password_hash` whose members have the right types; a secret, hence without `Debug`.
#[derive(Clone)]
pub struct CustomHash<'a> {
    pub algorithm: Algorithm,
    pub value: Cow<'a, str>,
    pub encoding: Option<Encoding>,
    pub digest: Option<Digest>,
    pub key: Option<Encoded<'a>>,
    pub salt: Option<Encoded<'a>>,
    pub keylen: Option<u64>,
}

/// Something that an algorithm does not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// The member that is wrong, or the object that lacks one: `hash.encoding`; empty for the whole.
    pub part: &'static str,
    pub kind: FlawKind,
    /// What the algorithm asks for, in words; never the value.
    pub hint: String,
}

/// How a member is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlawKind {
    Missing(&'static str),
    Forbidden,
    /// Not one of these.
    Choice(&'static [&'static str]),
    /// Does not match this pattern.
    Pattern(Cow<'static, str>),
}

impl Flaw {
    fn missing(part: &'static str, member: &'static str, hint: impl Into<String>) -> Self {
        Self {
            part,
            kind: FlawKind::Missing(member),
            hint: hint.into(),
        }
    }

    fn forbidden(part: &'static str, hint: impl Into<String>) -> Self {
        Self {
            part,
            kind: FlawKind::Forbidden,
            hint: hint.into(),
        }
    }

    fn pattern(
        part: &'static str,
        pattern: impl Into<Cow<'static, str>>,
        hint: impl Into<String>,
    ) -> Self {
        Self {
            part,
            kind: FlawKind::Pattern(pattern.into()),
            hint: hint.into(),
        }
    }
}

impl CustomHash<'_> {
    /// Returns everything that the algorithm does not allow.
    pub fn flaws(&self) -> Vec<Flaw> {
        let mut flaws = match self.algorithm {
            Algorithm::Argon2 => argon2::flaws(self),
            Algorithm::Bcrypt => bcrypt::flaws(self),
            Algorithm::Hmac => hmac::flaws(self),
            Algorithm::Ldap => ldap::flaws(self),
            Algorithm::Plain(digest) => digest::flaws(self, digest),
            Algorithm::Pbkdf2 => pbkdf2::flaws(self),
            Algorithm::Scrypt => scrypt::flaws(self),
        };
        for (part, encoded) in [("hash.key.value", &self.key), ("salt.value", &self.salt)] {
            flaws.extend(encoded.as_ref().and_then(|encoded| encoded.flaw(part)));
        }
        flaws
    }

    /// Returns the flaw of an encoding other than `utf8`, which is the default of such algorithms.
    fn encoding_must_be_utf8(&self) -> Option<Flaw> {
        let fits = matches!(self.encoding, None | Some(Encoding::Utf8));
        (!fits).then(|| Flaw {
            part: "hash.encoding",
            kind: FlawKind::Choice(&["utf8"]),
            hint: "this algorithm's hash is a text: use `utf8`".to_owned(),
        })
    }

    /// Returns the flaw of an encoding other than `hex` and `base64`; there is no default.
    fn encoding_must_be_binary(&self) -> Option<Flaw> {
        let hint = "this algorithm's hash is bytes: use `hex` or `base64`";
        match self.encoding {
            Some(Encoding::Hex | Encoding::Base64) => None,
            None => Some(Flaw::missing("hash", "encoding", hint)),
            Some(Encoding::Utf8) => Some(Flaw {
                part: "hash.encoding",
                kind: FlawKind::Choice(&["base64", "hex"]),
                hint: hint.to_owned(),
            }),
        }
    }

    /// Returns the flaw of a salt beside a hash that has its own.
    fn salt_must_not_be(&self, hint: &str) -> Option<Flaw> {
        self.salt.is_some().then(|| Flaw::forbidden("salt", hint))
    }

    /// Returns the flaw of a value that is not `len` bytes in the encoding given.
    fn value_must_have(&self, len: u64) -> Option<Flaw> {
        let encoding = self
            .encoding
            .filter(|encoding| *encoding != Encoding::Utf8)?;
        let fits = encoding.decoded_len(&self.value) == usize::try_from(len).ok();
        (!fits).then(|| {
            let hint = format!(
                "the hash must be {len} bytes, written in `{}`",
                encoding.name()
            );
            Flaw::pattern("hash.value", encoding.pattern(len), hint)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a hash with nothing but a value, for the tests of the algorithms.
    pub(crate) fn hash(algorithm: &str, value: &'static str) -> CustomHash<'static> {
        CustomHash {
            algorithm: Algorithm::parse(algorithm).unwrap(),
            value: Cow::Borrowed(value),
            encoding: None,
            digest: None,
            key: None,
            salt: None,
            keylen: None,
        }
    }

    pub(crate) fn text(value: &'static str) -> Option<Encoded<'static>> {
        Some(Encoded {
            value: Cow::Borrowed(value),
            encoding: Encoding::Utf8,
        })
    }

    /// Returns the flaws in short: `part: kind`.
    pub(crate) fn flaws(hash: &CustomHash<'_>) -> Vec<String> {
        hash.flaws()
            .into_iter()
            .map(|flaw| format!("{}: {:?}", flaw.part, flaw.kind))
            .collect()
    }

    #[test]
    fn every_name_is_an_algorithm() {
        assert!(
            Algorithm::NAMES
                .into_iter()
                .all(|name| Algorithm::parse(name).is_some())
        );
        assert_eq!(Algorithm::parse("SHA1"), None);
    }
}
