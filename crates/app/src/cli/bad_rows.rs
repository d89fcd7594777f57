//! Rows that could not be taken, as people read them.

use std::io::{BufWriter, IntoInnerError};
use std::path::Path;

use purser_core::format::OutputFormat;
use purser_core::id::JobId;
use purser_core::json::RawJson;
use purser_engine::report;
use purser_store::{FailedRow, Store, StoreError};
use serde::Deserialize;

use super::failure::Failure;
use super::formats::promised;
use super::outfile::OutFile;
use super::output::plain;

/// A row error as it is kept.
#[derive(Debug, Deserialize)]
struct Kept {
    code: String,
    message: String,
    path: Option<String>,
    hint: Option<String>,
}

/// Returns a line for every error of the row, each followed by its hint.
pub(crate) fn text(failed: &FailedRow) -> String {
    let FailedRow {
        row,
        line,
        byte: _,
        record,
        errors,
    } = failed;
    // A user whom an edit met stands in no file.
    let place = if *line == 0 {
        let id = RawJson::trusted(record).get("user_id");
        let id = id.and_then(RawJson::as_str).unwrap_or_default();
        plain(&format!("user {id}"))
    } else {
        format!("row {row}, line {line}")
    };
    // What cannot be understood is shown as it is.
    let Ok(errors) = serde_json::from_str::<Vec<Kept>>(errors) else {
        return format!("{place}: {}", plain(errors));
    };
    let mut lines = Vec::new();
    for Kept {
        code,
        message,
        path,
        hint,
    } in errors
    {
        let at = path.map(|path| format!(" at `{path}`")).unwrap_or_default();
        lines.push(plain(&format!("{place}: {message} ({code}{at})")));
        lines.extend(hint.map(|hint| plain(&format!("  hint: {hint}"))));
    }
    lines.join("\n")
}

/// Returns a row as a JSON object, as reports have it.
pub(crate) fn json(failed: &FailedRow) -> String {
    let FailedRow {
        row,
        line,
        byte,
        record,
        errors,
    } = failed;
    format!(r#"{{"row":{row},"line":{line},"byte":{byte},"errors":{errors},"user":{record}}}"#)
}

/// Why a scan of failed rows ends early.
enum Stop {
    Enough,
    Store(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Returns the first failed rows of a job.
pub(crate) fn first(store: &Store, job: &JobId, most: usize) -> Result<Vec<FailedRow>, Failure> {
    let mut rows = Vec::new();
    let scanned = store.scan_row_errors(job, |row| {
        rows.push(row);
        if rows.len() < most {
            Ok(())
        } else {
            Err(Stop::Enough)
        }
    });
    match scanned {
        Ok(()) | Err(Stop::Enough) => Ok(rows),
        Err(Stop::Store(error)) => Err(error.into()),
    }
}

/// Writes all failed rows of a job to the file begun at `path`.
pub(crate) fn write_report(
    store: &Store,
    job: &JobId,
    file: OutFile,
    path: &Path,
) -> Result<(), Failure> {
    let format = promised(path).0.unwrap_or(OutputFormat::Ndjson);
    let mut out = BufWriter::new(file);
    report::write(store, job, format, &mut out)?;
    out.into_inner()
        .map_err(IntoInnerError::into_error)?
        .finish()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_its_line_and_its_hint() {
        let errors = r#"[{"code":"INVALID_FORMAT","message":"no e-mail: a\u001b","path":"email","hint":"write one"},
                         {"code":"CONFLICT","message":"taken"}]"#;
        let row = FailedRow {
            row: 2,
            line: 3,
            byte: 9,
            record: "{}".to_owned(),
            errors: errors.to_owned(),
        };
        insta::assert_snapshot!(text(&row), @r"
        row 2, line 3: no e-mail: a\u{1b} (INVALID_FORMAT at `email`)
          hint: write one
        row 2, line 3: taken (CONFLICT)
        ");
    }
}
