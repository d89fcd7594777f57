//! The server's RSA key: signs access tokens, checks them, and is published as a JWKS.
//!
//! It is made once per store and kept there, so that tokens outlive a restart and several servers can share a store.

use std::collections::HashSet;

use anyhow::Context;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use purser_core::clock::Timestamp;
use purser_store::Store;
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey, LineEnding};
use rsa::traits::PublicKeyParts;
use rsa::{RsaPrivateKey, RsaPublicKey};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::base_url::BaseUrl;

/// Seconds for which a token is good.
pub(crate) const TOKEN_SECONDS: i64 = 24 * 60 * 60;
const SETTING: &str = "signing_key";
const BITS: usize = 2048;

/// The key in every form that is needed.
pub(crate) struct Keys {
    encoding: EncodingKey,
    decoding: DecodingKey,
    kid: String,
    jwks: Value,
}

/// What a token says. Order as Auth0 documents it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    pub(crate) sub: String,
    pub(crate) aud: String,
    pub(crate) iat: i64,
    pub(crate) exp: i64,
    #[serde(default)]
    pub(crate) scope: String,
    pub(crate) gty: String,
    pub(crate) azp: String,
}

/// Why a token is refused, in Auth0's words.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("Invalid token")]
    Invalid,
    #[error("Expired token received for JSON Web Token validation")]
    Expired,
    #[error("Invalid signature received for JSON Web Token validation")]
    Signature,
    #[error("Bad audience: {0}")]
    Audience(String),
}

impl Keys {
    /// Takes the store's key; makes it if there is none.
    pub(crate) fn load(store: &Store) -> anyhow::Result<Self> {
        let pem = match store.setting(SETTING)? {
            Some(pem) => pem,
            None => store.setting_or_insert(SETTING, &generate()?)?,
        };
        Self::from_pem(&pem).context("the signing key in the store cannot be read")
    }

    fn from_pem(pem: &str) -> anyhow::Result<Self> {
        let private = RsaPrivateKey::from_pkcs8_pem(pem)?;
        let public = RsaPublicKey::from(&private);
        let (n, e) = (public.n().to_bytes_be(), public.e().to_bytes_be());
        let digest = Sha256::digest(public.to_public_key_der()?.as_bytes());
        let kid = URL_SAFE_NO_PAD.encode(digest);
        let certificate = super::tls::certificate_of_signing_key(pem, &digest)?;
        let jwks = json!({"keys": [{
            "alg": "RS256",
            "kty": "RSA",
            "use": "sig",
            "x5c": [STANDARD.encode(&certificate)],
            "n": URL_SAFE_NO_PAD.encode(&n),
            "e": URL_SAFE_NO_PAD.encode(&e),
            "kid": kid,
            // A name of the certificate, nothing rests on it; RFC 7517 has it with SHA-1.
            "x5t": URL_SAFE_NO_PAD.encode(Sha1::digest(&certificate)),
        }]});
        let encoding = EncodingKey::from_rsa_pem(pem.as_bytes())?;
        Ok(Self {
            encoding,
            decoding: DecodingKey::from_rsa_raw_components(&n, &e),
            kid,
            jwks,
        })
    }

    /// Returns the public key as `/.well-known/jwks.json` shows it.
    pub(crate) fn jwks(&self) -> &Value {
        &self.jwks
    }

    /// Returns a signed token.
    pub(crate) fn sign(&self, claims: &Claims) -> Result<String, jsonwebtoken::errors::Error> {
        let header = Header {
            kid: Some(self.kid.clone()),
            ..Header::new(Algorithm::RS256)
        };
        jsonwebtoken::encode(&header, claims, &self.encoding)
    }

    /// Returns what a token says, if it is one of ours, for one of these addresses, and not too old.
    pub(crate) fn verify(
        &self,
        token: &str,
        bases: &[BaseUrl],
        now: Timestamp,
    ) -> Result<Claims, TokenError> {
        let mut validation = Validation::new(Algorithm::RS256);
        // Checked below, with the server's own clock and with Auth0's words.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims = HashSet::new();
        let decoded = jsonwebtoken::decode::<Claims>(token, &self.decoding, &validation);
        let claims = decoded.map_err(|error| match error.kind() {
            ErrorKind::InvalidSignature => TokenError::Signature,
            _ => TokenError::Invalid,
        })?;
        let claims = claims.claims;
        if claims.exp <= now.seconds() {
            return Err(TokenError::Expired);
        }
        if bases.iter().all(|base| base.audience() != claims.aud) {
            return Err(TokenError::Audience(claims.aud));
        }
        if bases.iter().all(|base| base.issuer() != claims.iss) {
            return Err(TokenError::Invalid);
        }
        Ok(claims)
    }
}

fn generate() -> anyhow::Result<String> {
    let key = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, BITS)
        .context("could not make the signing key")?;
    Ok(key.to_pkcs8_pem(LineEnding::LF)?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::base_url::Origin;
    use crate::http::{ServeOptions, Tls};
    use axum::http::{HeaderMap, Uri};

    fn base(url: &str) -> Vec<BaseUrl> {
        let options = ServeOptions {
            listen: "127.0.0.1:0".parse().unwrap(),
            public_url: Some(url.to_owned()),
            tls: Tls::Off,
            auth0_limits: false,
            workers: 0,
            indexing: false,
        };
        Origin::new(&options).bases(&HeaderMap::new(), &Uri::from_static("/"))
    }

    #[test]
    fn only_our_own_fresh_tokens_are_good() {
        let (keys, others) = (
            Keys::from_pem(&generate().unwrap()).unwrap(),
            Keys::from_pem(&generate().unwrap()).unwrap(),
        );
        let here = base("https://here.example/");
        let claims = |aud: &str, iss: &str| Claims {
            iss: iss.to_owned(),
            sub: "a@clients".to_owned(),
            aud: aud.to_owned(),
            iat: 0,
            exp: 100,
            scope: "read:users".to_owned(),
            gty: "client-credentials".to_owned(),
            azp: "a".to_owned(),
        };
        let good = claims("https://here.example/api/v2/", "https://here.example/");
        let verify = |token: &str, now: i64| {
            keys.verify(token, &here, Timestamp(now * 1000))
                .map(|claims| claims.azp)
        };
        let token = keys.sign(&good).unwrap();
        assert_eq!(verify(&token, 99), Ok("a".to_owned()));
        assert_eq!(verify(&token, 100), Err(TokenError::Expired));
        assert_eq!(
            verify(&others.sign(&good).unwrap(), 0),
            Err(TokenError::Signature)
        );
        let elsewhere = claims("https://there.example/api/v2/", "https://here.example/");
        let audience = TokenError::Audience(elsewhere.aud.clone());
        assert_eq!(verify(&keys.sign(&elsewhere).unwrap(), 0), Err(audience));
        let issued_elsewhere = claims("https://here.example/api/v2/", "https://there.example/");
        assert_eq!(
            verify(&keys.sign(&issued_elsewhere).unwrap(), 0),
            Err(TokenError::Invalid)
        );
        // Signed with the public key as if it were a secret, the old trick against `alg`.
        let secret =
            EncodingKey::from_secret(keys.jwks()["keys"][0]["n"].as_str().unwrap().as_bytes());
        let forged = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &good, &secret).unwrap();
        assert_eq!(verify(&forged, 0), Err(TokenError::Invalid));
    }
}
