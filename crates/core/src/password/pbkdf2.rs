//! `pbkdf2`: a PHC string whose id names the digest; iterations `i` and length `l` default to 100000 and 64.

use super::phc::Phc;
use super::{CustomHash, Flaw};

const PATTERN: &str = r"^\$pbkdf2-[A-Za-z0-9-]+(\$(i=[0-9]+|l=[0-9]+)(,[il]=[0-9]+)?)?\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+$";
const DEFAULT_LENGTH: u32 = 64;

/// The digests that Auth0 lists: names of OpenSSL.
const DIGESTS: [&str; 33] = [
    "RSA-MD4",
    "RSA-MD5",
    "RSA-MDC2",
    "RSA-RIPEMD160",
    "RSA-SHA1",
    "RSA-SHA1-2",
    "RSA-SHA224",
    "RSA-SHA256",
    "RSA-SHA384",
    "RSA-SHA512",
    "md4",
    "md4WithRSAEncryption",
    "md5",
    "md5WithRSAEncryption",
    "mdc2",
    "mdc2WithRSA",
    "ripemd",
    "ripemd160",
    "ripemd160WithRSA",
    "rmd160",
    "sha1",
    "sha1WithRSAEncryption",
    "sha224",
    "sha224WithRSAEncryption",
    "sha256",
    "sha256WithRSAEncryption",
    "sha384",
    "sha384WithRSAEncryption",
    "sha512",
    "sha512WithRSAEncryption",
    "ssl3-md5",
    "ssl3-sha1",
    "whirlpool",
];

pub(super) fn flaws(hash: &CustomHash<'_>) -> Vec<Flaw> {
    let mut flaws: Vec<Flaw> = hash.encoding_must_be_utf8().into_iter().collect();
    flaws.extend(hash.salt_must_not_be("the salt stands in `hash.value`"));
    if let Err(hint) = check_value(&hash.value) {
        flaws.push(Flaw::pattern("hash.value", PATTERN, hint));
    }
    flaws
}

fn check_value(value: &str) -> Result<(), &'static str> {
    let phc = Phc::parse(value).ok_or(
        "give a PHC string, for example `$pbkdf2-sha512$i=100000,l=64$salt$hash`, \
         salt and hash in base64 without padding",
    )?;
    let digest = phc
        .id
        .strip_prefix("pbkdf2-")
        .ok_or("start the hash with `$pbkdf2-` and its digest")?;
    if !DIGESTS.contains(&digest) {
        return Err("use a digest that OpenSSL knows, for example `sha256` or `sha512`");
    }
    if phc.version.is_some()
        || phc
            .params
            .iter()
            .any(|(name, _)| !matches!(*name, "i" | "l"))
    {
        return Err("the parameters are `i` (iterations) and `l` (bytes of the hash)");
    }
    let length = phc.param("l").unwrap_or(DEFAULT_LENGTH);
    if usize::try_from(length) != Ok(phc.hash) {
        return Err("the hash must have as many bytes as `l` says; the default of `l` is 64");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::CustomHash;
    use super::super::tests::{flaws, hash, text};
    use super::*;

    const CECIL: &str = "$pbkdf2-sha512$i=100000,l=64$KNyFsA2rWoE$I2CQGI9H0JxdDf3kERRI97kPCGxh0KWBIV3MxyaS191gDGfzVBGyS4BibhgqWQ0/ails8mHuU9ckASxHOOq58w";

    #[test]
    fn takes_auth0s_examples() {
        let terrell = "$pbkdf2-md4$i=100000,l=64$+N375B8q0Fw$fp2R9KAM4hK/votGHC5Fu+jhqbxUD8+Nic/EMSGvNC3UP/k7wSHI0uXluHRSkZfl/BOheYqNOemayG90ZaSSQw";
        for value in [CECIL, terrell] {
            assert_eq!(flaws(&hash("pbkdf2", value)), [""; 0]);
        }
    }

    #[test]
    fn parameters_have_defaults() {
        assert_eq!(check_value(&CECIL.replace("i=100000,l=64$", "")), Ok(()));
        assert_eq!(check_value(&CECIL.replace(",l=64", "")), Ok(()));
    }

    #[test]
    fn digest_length_and_parameters_are_checked() {
        for (from, to, word) in [
            ("sha512", "sha3", "digest"),
            ("pbkdf2-", "", "start"),
            ("l=64", "l=32", "as many"),
            ("i=1", "x=1", "parameters"),
            ("$I2", "$I2=", "PHC"),
        ] {
            let hint = check_value(&CECIL.replacen(from, to, 1)).unwrap_err();
            assert!(hint.contains(word), "{to}: {hint}");
        }
    }

    #[test]
    fn a_salt_of_its_own_is_not_allowed() {
        let salted = CustomHash {
            salt: text("abc"),
            ..hash("pbkdf2", CECIL)
        };
        assert_eq!(flaws(&salted), ["salt: Forbidden"]);
    }
}
