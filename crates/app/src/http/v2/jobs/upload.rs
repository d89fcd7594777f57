//! The multipart body of an import: parts in any order, the file straight to disk.

use std::path::{Path, PathBuf};

use axum::body::Bytes;
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::{StatusCode, header};
use purser_core::api;
use purser_core::format::InputFormat;
use purser_core::id::{ConnectionId, alphanumeric};
use purser_core::job::ImportOptions;
use purser_core::limits::IMPORT_BODY_BYTES;
use serde_json::Value;
use tokio::io::{AsyncWriteExt, BufWriter};

use crate::http::error::ApiError;
use crate::http::state::App;
use crate::http::timeouts::UPLOAD_PIECE;

/// What a file is called while it arrives; a killed server leaves such files behind.
pub(crate) const PARTIAL_UPLOAD: &str = "part";
/// Pieces are collected to so many bytes before they are written.
const BUFFER: usize = 256 * 1024;
/// Largest part that is no file.
const TEXT_BYTES: usize = 64 * 1024;
const INVALID: &str = "Payload validation error: 'Invalid multipart payload format'";

/// What was asked for.
pub(crate) struct ImportForm {
    pub(crate) upload: Upload,
    /// A restore alone may do without: its rows name their connections.
    pub(crate) connection_id: Option<ConnectionId>,
    pub(crate) options: ImportOptions,
    pub(crate) external_id: Option<String>,
}

/// An uploaded file; removed again unless it is kept.
pub(crate) struct Upload {
    path: PathBuf,
    bytes: u64,
    kept: bool,
}

impl Upload {
    /// Returns where the file lies.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves the file where it is.
    pub(crate) fn keep(mut self) {
        self.kept = true;
    }

    /// Takes a file that is there.
    #[cfg(test)]
    pub(super) fn of(path: &Path, bytes: u64) -> Self {
        Self {
            path: path.to_owned(),
            bytes,
            kept: false,
        }
    }

    /// Writes a part to disk as it arrives.
    async fn receive(folder: &Path, mut part: Field<'_>) -> Result<Self, ApiError> {
        let failed = |error| ApiError::from_io("storing an upload", error);
        tokio::fs::create_dir_all(folder).await.map_err(failed)?;
        let name = format!("upload_{}", alphanumeric(&purser_engine::random::<16>()));
        let path = folder.join(&name).with_extension(PARTIAL_UPLOAD);
        // From here on whatever happens removes the file, also a client that goes away.
        let mut upload = Self {
            path,
            bytes: 0,
            kept: false,
        };
        let mut options = tokio::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        options.mode(0o600);
        let file = options.open(&upload.path).await.map_err(failed)?;
        let mut writer = BufWriter::with_capacity(BUFFER, file);
        while let Some(piece) = next_piece(&mut part).await? {
            upload.bytes += piece.len() as u64;
            writer.write_all(&piece).await.map_err(failed)?;
        }
        writer.flush().await.map_err(failed)?;
        writer.get_ref().sync_all().await.map_err(failed)?;
        let complete = folder.join(name);
        tokio::fs::rename(&upload.path, &complete)
            .await
            .map_err(failed)?;
        upload.path = complete;
        sync_folder(folder).await.map_err(failed)?;
        Ok(upload)
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if !self.kept {
            // It may never have been made; what stays behind is cleaned up later.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// A rename lasts once its folder is on disk.
async fn sync_folder(folder: &Path) -> std::io::Result<()> {
    if cfg!(unix) {
        tokio::fs::File::open(folder).await?.sync_all().await
    } else {
        Ok(())
    }
}

/// The parts as they came.
#[derive(Default)]
struct Parts {
    upload: Option<Upload>,
    texts: Vec<(String, String)>,
}

/// Reads the body of an import.
pub(crate) async fn receive(app: &App, request: Request) -> Result<ImportForm, ApiError> {
    if app.auth0_limits() && announced(&request).is_some_and(|length| length > IMPORT_BODY_BYTES) {
        return Err(ApiError::payload_too_large(IMPORT_BODY_BYTES));
    }
    let multipart = Multipart::from_request(request, &()).await;
    let mut multipart = multipart.map_err(|_| ApiError::invalid_body(INVALID))?;
    let folder = app.engine().store().files_folder().join("uploads");
    let mut parts = Parts::default();
    while let Some(part) = in_time(multipart.next_field()).await? {
        match part.name() {
            Some("users") if parts.upload.is_none() => {
                parts.upload = Some(Upload::receive(&folder, part).await?);
            }
            Some("users") => return Err(ApiError::invalid_body(INVALID)),
            Some(name) => {
                let name = name.to_owned();
                parts.texts.push((name, text(part).await?));
            }
            // Nobody asked for it; the next part skips what is left of it.
            None => {}
        }
    }
    parts.into_form(app.auth0_limits())
}

impl Parts {
    fn into_form(mut self, auth0_limits: bool) -> Result<ImportForm, ApiError> {
        let missing = "Must provide 'users' file as multipart part";
        let upload = self
            .upload
            .take()
            .ok_or_else(|| ApiError::invalid_body(missing))?;
        if upload.bytes == 0 {
            return Err(ApiError::invalid_body("Users file must not be empty"));
        }
        let options = self.options(auth0_limits)?;
        let connection_id = self.text("connection_id").map(connection_id).transpose()?;
        if connection_id.is_none() && !options.restore {
            return Err(ApiError::invalid_body(
                "Must provide 'connection_id' as multipart part",
            ));
        }
        self.flag("send_completion_email")?;
        let external_id = self.text("external_id").map(str::to_owned);
        Ok(ImportForm {
            upload,
            connection_id,
            options,
            external_id,
        })
    }

    fn options(&self, auth0_limits: bool) -> Result<ImportOptions, ApiError> {
        let upsert = self.flag("upsert")?;
        if auth0_limits {
            return Ok(ImportOptions {
                upsert,
                ..ImportOptions::default()
            });
        }
        let (restore, keep_prefix) = (self.flag("restore")?, self.flag("keep_prefix")?);
        let format = self.text("format").map_or(Ok(InputFormat::Auto), |text| {
            let parsed = serde_json::from_value(Value::from(text.to_ascii_lowercase()));
            parsed.map_err(|_| violation(&format!("No enum match for: {text}"), "format"))
        })?;
        Ok(ImportOptions {
            upsert,
            restore,
            keep_prefix,
            format,
            ..ImportOptions::default()
        })
    }

    /// Returns the part's text; an empty one counts as not given, some SDKs send every part.
    fn text(&self, name: &str) -> Option<&str> {
        let found = self.texts.iter().rev().find(|(key, _)| key == name);
        found
            .map(|(_, text)| text.as_str())
            .filter(|text| !text.is_empty())
    }

    /// Reads a boolean; some Python clients capitalise it.
    fn flag(&self, name: &str) -> Result<bool, ApiError> {
        match self
            .text(name)
            .map(|text| text.trim().to_ascii_lowercase())
            .as_deref()
        {
            None | Some("false" | "0" | "no") => Ok(false),
            Some("true" | "1" | "yes") => Ok(true),
            Some(_) => Err(violation(
                "Expected type boolean but found type string",
                name,
            )),
        }
    }
}

/// Recorded without the full stop that other messages have.
fn connection_id(text: &str) -> Result<ConnectionId, ApiError> {
    ConnectionId::parse(text).ok_or_else(|| {
        let sentence = format!("String does not match pattern {}", ConnectionId::PATTERN);
        ApiError::invalid_body(format!(
            "Payload validation error: '{sentence}' on property connection_id"
        ))
    })
}

fn violation(problem: &str, name: &str) -> ApiError {
    ApiError::invalid_body(api::violation(problem, name, ""))
}

fn announced(request: &Request) -> Option<u64> {
    request
        .headers()
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

async fn text(mut part: Field<'_>) -> Result<String, ApiError> {
    let mut bytes = Vec::new();
    while let Some(piece) = next_piece(&mut part).await? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > TEXT_BYTES {
            return Err(ApiError::invalid_body(INVALID));
        }
    }
    String::from_utf8(bytes).map_err(|_| ApiError::invalid_body(INVALID))
}

async fn next_piece(part: &mut Field<'_>) -> Result<Option<Bytes>, ApiError> {
    in_time(part.chunk()).await
}

async fn in_time<T>(
    reading: impl Future<Output = Result<T, MultipartError>>,
) -> Result<T, ApiError> {
    let late = "The next piece of the upload did not arrive in time";
    let late = |_| ApiError::new(StatusCode::REQUEST_TIMEOUT, late, None);
    tokio::time::timeout(UPLOAD_PIECE, reading)
        .await
        .map_err(late)?
        .map_err(|error| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => ApiError::payload_too_large(IMPORT_BODY_BYTES),
            _ => ApiError::invalid_body(INVALID),
        })
}
