//! Certificates: the server's own, given or made once, and the one that wraps the signing key.

use std::fs;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

use anyhow::Context;
use axum::http::Uri;
use axum_server::tls_rustls::RustlsConfig;
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_RSA_SHA256, SanType, SerialNumber};

use super::{ServeOptions, Tls};

/// Years for which a certificate that the server made for itself is good.
const FIRST_YEAR: i32 = 2024;
const LAST_YEAR: i32 = 2124;

/// Returns the certificate and key to serve with; `None` without TLS.
pub(crate) async fn config(
    options: &ServeOptions,
    files_folder: &Path,
) -> anyhow::Result<Option<RustlsConfig>> {
    let (cert, key) = match &options.tls {
        Tls::Off => return Ok(None),
        Tls::Files { cert, key } => (cert.clone(), key.clone()),
        Tls::SelfSigned => self_signed(options.public_url.as_deref(), &files_folder.join("tls"))?,
    };
    let doing = || {
        format!(
            "could not use the certificate {} with the key {}",
            cert.display(),
            key.display()
        )
    };
    RustlsConfig::from_pem_file(&cert, &key)
        .await
        .with_context(doing)
        .map(Some)
}

/// Returns the files of the certificate in `folder`; makes them if they are not there.
fn self_signed(public_url: Option<&str>, folder: &Path) -> anyhow::Result<(PathBuf, PathBuf)> {
    let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    if !(cert.exists() && key.exists()) {
        make_self_signed(public_url, folder, &cert, &key)
            .with_context(|| format!("could not make a certificate in {}", folder.display()))?;
    }
    tracing::info!(certificate = %cert.display(), "serving a self-signed certificate; clients must be told to trust it");
    Ok((cert, key))
}

fn make_self_signed(
    public_url: Option<&str>,
    folder: &Path,
    cert: &Path,
    key: &Path,
) -> anyhow::Result<()> {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()])?;
    params
        .subject_alt_names
        .push(SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    params
        .subject_alt_names
        .push(SanType::IpAddress(IpAddr::V6(Ipv6Addr::LOCALHOST)));
    if let Some(name) = public_url.and_then(public_name).transpose()?
        && !params.subject_alt_names.contains(&name)
    {
        params.subject_alt_names.push(name);
    }
    prepare(&mut params, "Purser");
    let pair = KeyPair::generate()?;
    let certificate = params.self_signed(&pair)?;
    fs::create_dir_all(folder)?;
    // The key goes first: with a certificate alone the next start would not make both again.
    write_private(key, pair.serialize_pem().as_bytes())?;
    write_private(cert, certificate.pem().as_bytes())?;
    Ok(())
}

/// Returns the host of the public URL as a certificate names it.
fn public_name(url: &str) -> Option<anyhow::Result<SanType>> {
    let uri: Uri = url.parse().ok()?;
    let host = uri
        .host()?
        .trim_start_matches('[')
        .trim_end_matches(']')
        .to_owned();
    Some(match host.parse::<IpAddr>() {
        Ok(address) => Ok(SanType::IpAddress(address)),
        Err(_) => host
            .try_into()
            .map(SanType::DnsName)
            .map_err(anyhow::Error::new),
    })
}

/// Returns the DER of a certificate around the signing key: the same one every time, as its digest is published.
pub(crate) fn certificate_of_signing_key(pem: &str, digest: &[u8]) -> anyhow::Result<Vec<u8>> {
    let pair = KeyPair::from_pkcs8_pem_and_sign_algo(pem, &PKCS_RSA_SHA256)?;
    let mut params = CertificateParams::default();
    params.serial_number = Some(SerialNumber::from_slice(&digest[..8]));
    prepare(&mut params, "Purser token signing");
    Ok(params.self_signed(&pair)?.der().to_vec())
}

fn prepare(params: &mut CertificateParams, common_name: &str) {
    params.not_before = rcgen::date_time_ymd(FIRST_YEAR, 1, 1);
    params.not_after = rcgen::date_time_ymd(LAST_YEAR, 1, 1);
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
}

/// Writes a file that only its owner may read.
fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(bytes)
}
