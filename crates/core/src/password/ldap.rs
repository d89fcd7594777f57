//! `ldap`: an RFC 2307 `userPassword`, `{SSHA}` and base64 of the digest with the salt behind it. `{CRYPT}` depends on
//! the system it was made on and is refused.

use super::{CustomHash, Encoding, Flaw};

const PATTERN: &str = r"^\{(S?MD5|S?SHA(1|224|256|384|512)?)\}[A-Za-z0-9+/]+={0,2}$";

pub(super) fn flaws(hash: &CustomHash<'_>) -> Vec<Flaw> {
    let mut flaws: Vec<Flaw> = hash.encoding_must_be_utf8().into_iter().collect();
    flaws.extend(hash.salt_must_not_be("the salt stands in `hash.value`, behind the digest"));
    if let Err(hint) = check_value(&hash.value) {
        flaws.push(Flaw::pattern("hash.value", PATTERN, hint));
    }
    flaws
}

fn check_value(value: &str) -> Result<(), &'static str> {
    let parts = value
        .strip_prefix('{')
        .and_then(|rest| rest.split_once('}'));
    let (scheme, digits) =
        parts.ok_or("start the hash with its scheme, for example `{SSHA512}`")?;
    let scheme = scheme.to_ascii_lowercase();
    if scheme == "crypt" {
        return Err("hashes of the scheme `{CRYPT}` cannot be imported");
    }
    let (len, salted) = shape(&scheme).ok_or("use one of the schemes MD5, SMD5, SHA*, SSHA*")?;
    match Encoding::Base64.decoded_len(digits) {
        Some(found) if salted && found > len => Ok(()),
        Some(found) if !salted && found == len => Ok(()),
        Some(_) if salted => Err("the base64 text must be the digest and a salt behind it"),
        Some(_) => Err("the base64 text must be as long as the digest"),
        None => Err("the text behind the scheme must be base64"),
    }
}

/// Returns the length of a scheme's digest and whether a salt follows it.
fn shape(scheme: &str) -> Option<(usize, bool)> {
    let salted = |plain: &str| match scheme.strip_prefix('s') {
        Some(rest) if rest == plain => Some(true),
        _ => (scheme == plain).then_some(false),
    };
    let digests = [
        ("md5", 16),
        ("sha", 20),
        ("sha1", 20),
        ("sha224", 28),
        ("sha256", 32),
        ("sha384", 48),
        ("sha512", 64),
    ];
    digests
        .into_iter()
        .find_map(|(name, len)| salted(name).map(|salted| (len, salted)))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{flaws, hash, text};
    use super::*;

    const SEAN: &str =
        "{SSHA384}/cgEjdoZh85DhurDeOQEMO1rMlAur93SVPbYe5XSD4lF7nNuvrBju5hUeg9A6agRemgSXGl5YuE=";

    #[test]
    fn takes_auth0s_example() {
        assert_eq!(flaws(&hash("ldap", SEAN)), [""; 0]);
    }

    #[test]
    fn takes_each_scheme_with_its_length() {
        let of =
            |scheme: &str, len: usize| format!("{{{scheme}}}{}", "A".repeat(len.div_ceil(3) * 4));
        for (scheme, len) in [
            ("MD5", 15),
            ("smd5", 18),
            ("SHA512", 63),
            ("SSHA", 24),
            ("ssha1", 24),
        ] {
            let fits = check_value(&of(scheme, len)).is_ok();
            assert_eq!(
                fits,
                scheme.to_lowercase().starts_with("ss") || scheme == "smd5",
                "{scheme}"
            );
        }
        assert_eq!(check_value("{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk="), Ok(()));
        assert_eq!(check_value("{MD5}1B2M2Y8AsgTpgAmY7PhCfg=="), Ok(()));
    }

    #[test]
    fn refuses_other_schemes() {
        let hints = [
            "{CRYPT}x",
            "{SHA3}x",
            "x",
            "{SHA}-*-",
            "{SHA}AAAA",
            "{SSHA}AAAA",
        ]
        .map(check_value);
        assert!(hints.iter().all(Result::is_err));
        assert_eq!(
            hints[0],
            Err("hashes of the scheme `{CRYPT}` cannot be imported")
        );
    }

    #[test]
    fn a_salt_of_its_own_is_not_allowed() {
        let salted = CustomHash {
            salt: text("abc"),
            ..hash("ldap", SEAN)
        };
        assert_eq!(flaws(&salted), ["salt: Forbidden"]);
    }
}
