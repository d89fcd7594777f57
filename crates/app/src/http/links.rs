//! Links to exports: they work without a token for a minute, because a signature in them says until when.

use hmac::{Hmac, KeyInit, Mac};
use purser_core::clock::Timestamp;
use purser_core::id::JobId;
use purser_core::job::{Job, JobKind, JobStatus, Runner};
use purser_core::limits::LOCATION_SECONDS;
use purser_store::Store;
use sha2::Sha256;

use super::base_url::BaseUrl;

/// Signs links and checks them.
pub(crate) struct Links {
    mac: Hmac<Sha256>,
}

/// Why a link opens nothing.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LinkError {
    #[error("The link is not valid: its signature does not match")]
    Signature,
    #[error("The link has expired; get the job again for a new one")]
    Expired,
}

impl Links {
    /// Takes the store's secret.
    pub(crate) fn load(store: &Store) -> anyhow::Result<Self> {
        let secret = store
            .setting("link_secret")?
            .filter(|secret| !secret.is_empty());
        let secret =
            secret.ok_or_else(|| anyhow::anyhow!("the store has no secret to sign links with"))?;
        let mac = Hmac::new_from_slice(secret.as_bytes())?;
        Ok(Self { mac })
    }

    /// Returns a fresh link to the artifact of a completed export, `None` for any other job.
    pub(crate) fn location(&self, base: &BaseUrl, job: &Job, now: Timestamp) -> Option<String> {
        let file = artifact_name(job)?;
        let expires = now.seconds() + LOCATION_SECONDS;
        let signature = hex::encode(self.signing(&job.id, file, expires).finalize().into_bytes());
        let (base, id) = (base.as_str(), &job.id);
        Some(format!(
            "{base}/exports/{id}/{file}?expires={expires}&signature={signature}"
        ))
    }

    /// Says whether a link was made here and is still good.
    pub(crate) fn check(
        &self,
        (job, file): (&JobId, &str),
        expires: &str,
        signature: &str,
        now: Timestamp,
    ) -> Result<(), LinkError> {
        let expires: i64 = expires.parse().map_err(|_| LinkError::Signature)?;
        let signature = hex::decode(signature).map_err(|_| LinkError::Signature)?;
        // Compares in constant time.
        let verified = self.signing(job, file, expires).verify_slice(&signature);
        verified.map_err(|_| LinkError::Signature)?;
        if expires < now.seconds() {
            Err(LinkError::Expired)
        } else {
            Ok(())
        }
    }

    fn signing(&self, job: &JobId, file: &str, expires: i64) -> Hmac<Sha256> {
        self.mac
            .clone()
            .chain_update(format!("{job}/{file}?expires={expires}"))
    }
}

/// Returns the name of the file that a completed export left in the store's folder; exports of the command line went
/// elsewhere.
pub(crate) fn artifact_name(job: &Job) -> Option<&str> {
    let is_export = matches!(job.kind, JobKind::UsersExport(_)) && job.runner == Runner::Queue;
    let file = job
        .file
        .as_deref()
        .filter(|_| is_export && job.status == JobStatus::Completed)?;
    std::path::Path::new(file).file_name()?.to_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_good_for_a_minute_and_for_one_file() {
        let mac = Hmac::new_from_slice(b"secret").unwrap();
        let links = Links { mac };
        let id = JobId::parse("job_0000000000000000").unwrap();
        let expires = 1_000_060;
        let signature = hex::encode(
            links
                .signing(&id, "a.csv.gz", expires)
                .finalize()
                .into_bytes(),
        );
        let check = |file, expires, signature: &str, now: i64| {
            links.check((&id, file), expires, signature, Timestamp(now * 1000))
        };
        assert_eq!(check("a.csv.gz", "1000060", &signature, 1_000_060), Ok(()));
        assert_eq!(
            check("a.csv.gz", "1000060", &signature, 1_000_061),
            Err(LinkError::Expired)
        );
        for (file, expires, signature) in [
            ("b.csv.gz", "1000060", &*signature),
            ("a.csv.gz", "1000061", &*signature),
            ("a.csv.gz", "", &*signature),
            ("a.csv.gz", "1000060", ""),
            ("a.csv.gz", "1000060", "00"),
            ("a.csv.gz", "1000060", "no hex"),
        ] {
            assert_eq!(
                check(file, expires, signature, 0),
                Err(LinkError::Signature)
            );
        }
    }
}
