//! The report of failed rows: the records as submitted, secrets masked, with the reasons beside them. Once its records
//! are corrected it can be imported as it is.

use std::io::Write;

use purser_core::field::Field;
use purser_core::format::{Encoder, OutputFormat};
use purser_core::id::JobId;
use purser_core::job::ExportOptions;
use purser_core::json::{Kind, RawJson, push_string};
use purser_store::{FailedRow, Store};

use crate::EngineError;

/// What a report adds to the records of a CSV file.
const ADDED: [&str; 4] = ["_row", "_line", "_byte", "_errors"];

/// Columns that a CSV report has at most; records beyond them keep what fits.
const MAX_COLUMNS: usize = 1_000;

/// Writes the failed rows of a job, in the order of the file; returns how many.
///
/// JSON and NDJSON: `{"row", "line", "byte", "errors": [{code, message, path?, hint?}], "user": {…}}` a row.
/// CSV: a column for each attribute of the records, then `_row`, `_line`, `_byte`, `_errors`.
pub fn write(
    store: &Store,
    job: &JobId,
    format: OutputFormat,
    out: &mut dyn Write,
) -> Result<u64, EngineError> {
    let fields = match format {
        OutputFormat::Csv => columns(store, job)?,
        OutputFormat::Json | OutputFormat::Ndjson => vec![],
    };
    let options = ExportOptions {
        fields,
        format,
        ..ExportOptions::default()
    };
    let mut encoder = Encoder::new(&options).map_err(EngineError::Field)?;
    let mut bytes = Vec::new();
    encoder.begin(&mut bytes);
    let mut rows = 0;
    store.scan_row_errors::<EngineError>(job, |failed| {
        if rows > 0 {
            bytes.extend_from_slice(encoder.between());
        }
        let record = match format {
            OutputFormat::Csv => flat(&failed),
            OutputFormat::Json | OutputFormat::Ndjson => nested(&failed),
        };
        encoder.record(true, RawJson::trusted(&record), &mut bytes);
        rows += 1;
        out.write_all(&bytes).map_err(EngineError::Output)?;
        bytes.clear();
        Ok(())
    })?;
    encoder.end(rows, &mut bytes);
    out.write_all(&bytes).map_err(EngineError::Output)?;
    Ok(rows)
}

/// Returns the attributes of all failed records in the order in which they first appear.
fn columns(store: &Store, job: &JobId) -> Result<Vec<Field>, EngineError> {
    let mut names: Vec<String> = Vec::new();
    store.scan_row_errors::<EngineError>(job, |failed| {
        for member in RawJson::trusted(&failed.record).members() {
            let name = member.name();
            if names.len() < MAX_COLUMNS && !names.iter().any(|known| *known == name) {
                names.push(name.into_owned());
            }
        }
        Ok(())
    })?;
    names.extend(ADDED.map(str::to_owned));
    Ok(names
        .into_iter()
        // A name that is no path (`a b`, `x[`) cannot be asked for; its values are in the other formats.
        .filter(|name| purser_core::field::Path::parse(name).is_ok())
        .map(|name| Field {
            name,
            export_as: None,
        })
        .collect())
}

fn nested(failed: &FailedRow) -> String {
    let FailedRow {
        row,
        line,
        byte,
        record,
        errors,
    } = failed;
    format!(
        "{{\"row\":{row},\"line\":{line},\"byte\":{byte},\"errors\":{errors},\"user\":{record}}}"
    )
}

fn flat(failed: &FailedRow) -> String {
    let FailedRow {
        row,
        line,
        byte,
        record,
        errors,
    } = failed;
    let mut out = record.strip_suffix('}').unwrap_or("{").to_owned();
    if out.len() > 1 {
        out.push(',');
    }
    out.push_str(&format!(
        "\"_row\":{row},\"_line\":{line},\"_byte\":{byte},\"_errors\":{errors}}}"
    ));
    out
}

/// Returns the record inside a row of a report (or of Auth0's own list of errors); `None` if the row is none.
pub(crate) fn record_of(text: &str) -> Option<String> {
    purser_core::json::check(text).ok()?;
    let row = RawJson::trusted(text.trim_matches([' ', '\n', '\r', '\t']));
    let kind = |name: &str| row.get(name).map(RawJson::kind);
    if kind("user") == Some(Kind::Object) && kind("errors") == Some(Kind::Array) {
        return row.get("user").map(|record| record.text().to_owned());
    }
    row.get("_errors")?;
    let mut out = String::from("{");
    for member in row
        .members()
        .filter(|member| !ADDED.contains(&member.name().as_ref()))
    {
        if out.len() > 1 {
            out.push(',');
        }
        push_string(&mut out, &member.name());
        out.push(':');
        out.push_str(member.value.text());
    }
    out.push('}');
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_record_in_a_reported_row() {
        let nested = r#"{"row":3,"errors":[{"code":"X"}],"user":{"email":"a@b.co"}}"#;
        assert_eq!(record_of(nested).as_deref(), Some(r#"{"email":"a@b.co"}"#));
        let flat = r#"{"email":"a@b.co","_row":"3","_errors":"[]","name":"A"}"#;
        assert_eq!(
            record_of(flat).as_deref(),
            Some(r#"{"email":"a@b.co","name":"A"}"#)
        );
        assert_eq!(record_of(r#"{"email":"a@b.co","errors":[]}"#), None);
        assert_eq!(record_of("{"), None);
    }
}
