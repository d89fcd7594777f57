//! Digests, and the algorithms `md4`, `md5`, `sha1`, `sha256`, `sha512`: one digest of password and salt.

use super::{CustomHash, Flaw};

/// A digest that `hmac` may use; five of them are algorithms by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digest {
    Md4,
    Md5,
    Ripemd160,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    Whirlpool,
}

impl Digest {
    /// The names that an import may give.
    pub const NAMES: [&'static str; 9] = [
        "md4",
        "md5",
        "ripemd160",
        "sha1",
        "sha224",
        "sha256",
        "sha384",
        "sha512",
        "whirlpool",
    ];

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "md4" => Self::Md4,
            "md5" => Self::Md5,
            "ripemd160" => Self::Ripemd160,
            "sha1" => Self::Sha1,
            "sha224" => Self::Sha224,
            "sha256" => Self::Sha256,
            "sha384" => Self::Sha384,
            "sha512" => Self::Sha512,
            "whirlpool" => Self::Whirlpool,
            _ => return None,
        })
    }

    /// Returns how many bytes the digest has.
    pub fn size(self) -> u64 {
        match self {
            Self::Md4 | Self::Md5 => 16,
            Self::Ripemd160 | Self::Sha1 => 20,
            Self::Sha224 => 28,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 | Self::Whirlpool => 64,
        }
    }
}

pub(super) fn flaws(hash: &CustomHash<'_>, digest: Digest) -> Vec<Flaw> {
    hash.encoding_must_be_binary()
        .into_iter()
        .chain(hash.value_must_have(digest.size()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{flaws, hash, text};
    use super::super::{Encoding, *};

    const SHA256: &str = "d24e794fce503c3ddb1cd1ba1dd5d9b250cf9917336a0316fefd87fecf79200f";

    #[test]
    fn takes_auth0s_examples() {
        let md4 = CustomHash {
            encoding: Some(Encoding::Base64),
            ..hash("md4", "AbuUujgF0pPPkJPSFRTpmA==")
        };
        assert_eq!(flaws(&md4), [""; 0]);
        let salted = CustomHash {
            encoding: Some(Encoding::Hex),
            salt: text("abc123"),
            ..hash("sha256", SHA256)
        };
        assert_eq!(flaws(&salted), [""; 0]);
    }

    #[test]
    fn needs_hex_or_base64() {
        assert_eq!(
            flaws(&hash("sha256", SHA256)),
            [r#"hash: Missing("encoding")"#]
        );
        let utf8 = CustomHash {
            encoding: Some(Encoding::Utf8),
            ..hash("sha256", SHA256)
        };
        assert_eq!(
            flaws(&utf8),
            [r#"hash.encoding: Choice(["base64", "hex"])"#]
        );
    }

    #[test]
    fn a_hash_has_the_digests_length() {
        for (algorithm, pattern) in [
            ("md4", "{32}"),
            ("md5", "{32}"),
            ("sha1", "{40}"),
            ("sha512", "{128}"),
        ] {
            let wrong = CustomHash {
                encoding: Some(Encoding::Hex),
                ..hash(algorithm, SHA256)
            };
            let expected = format!("hash.value: Pattern(\"^[0-9A-Fa-f]{pattern}$\")");
            assert_eq!(flaws(&wrong), [expected]);
        }
    }

    #[test]
    fn every_name_is_a_digest() {
        assert!(
            Digest::NAMES
                .into_iter()
                .all(|name| Digest::parse(name).is_some())
        );
    }
}
