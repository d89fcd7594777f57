//! A job as `GET /api/v2/jobs/{id}` shows it. Key order as recorded from a real tenant.

use serde_json::{Map, Value, json};

use crate::clock::Timestamp;
use crate::format::{CsvGuard, OutputFormat};
use crate::job::{EditOptions, ExportOptions, Job, JobFailure, JobKind, JobStatus, Summary};

/// How much of a job is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Auth0's members alone.
    Auth0,
    /// Purser's own members too: options, progress, reason of a failure, notes.
    Full,
}

/// Returns the JSON body of a job; `location` is where the artifact of a completed export can be had.
pub fn job_body(
    job: &Job,
    now: Timestamp,
    location: Option<&str>,
    detail: Detail,
) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("type".into(), job.kind.type_name().into());
    body.insert("status".into(), shown_status(job, detail).as_str().into());
    if let Some(connection) = &job.connection {
        body.insert("connection_id".into(), connection.id.as_str().into());
    }
    if let JobKind::UsersExport(options) = &job.kind {
        push_export(options, &mut body);
    }
    if let Some(external_id) = &job.external_id {
        body.insert("external_id".into(), external_id.as_str().into());
    }
    if job.status == JobStatus::Processing && !matches!(job.kind, JobKind::UsersImport(_)) {
        push_progress(job, now, &mut body);
    }
    // One export consumer reads the summary of failed jobs unconditionally, so they have one too.
    let is_export = matches!(job.kind, JobKind::UsersExport(_));
    if (!is_export && job.status.is_final()) || job.status == JobStatus::Failed {
        body.insert("summary".into(), summary(job.summary));
    }
    if let Some(location) = location {
        body.insert("location".into(), location.into());
    }
    if let Some(JobFailure { details, .. }) = &job.failure {
        body.insert("status_details".into(), details.as_str().into());
    }
    if let Some(connection) = &job.connection {
        body.insert("connection".into(), connection.name.as_str().into());
    }
    body.insert("created_at".into(), job.created_at.to_string().into());
    body.insert("id".into(), job.id.as_str().into());
    if detail == Detail::Full {
        push_full(job, now, &mut body);
    }
    body
}

/// Imports say `pending` until they end: no recording shows another status, and clients that poll take any other for
/// the end.
fn shown_status(job: &Job, detail: Detail) -> JobStatus {
    match (detail, job.status, &job.kind) {
        (Detail::Auth0, JobStatus::Processing, JobKind::UsersImport(_)) => JobStatus::Pending,
        (_, status, _) => status,
    }
}

fn summary(summary: Summary) -> Value {
    let Summary {
        failed,
        updated,
        inserted,
        total,
    } = summary;
    json!({"failed": failed, "updated": updated, "inserted": inserted, "total": total})
}

fn push_export(options: &ExportOptions, body: &mut Map<String, Value>) {
    let ExportOptions {
        fields,
        format,
        query,
        sort,
        limit,
        gzip: _,
        csv_guard: _,
    } = options;
    let format = match format {
        OutputFormat::Csv => "csv",
        OutputFormat::Json | OutputFormat::Ndjson => "json",
    };
    body.insert("format".into(), format.into());
    if let Some(limit) = limit {
        body.insert("limit".into(), (*limit).into());
    }
    if !fields.is_empty() {
        body.insert("fields".into(), json!(fields));
    }
    for (name, text) in [("query", query), ("sort", sort)] {
        if let Some(text) = text {
            body.insert(name.into(), text.as_str().into());
        }
    }
}

fn push_progress(job: &Job, now: Timestamp, body: &mut Map<String, Value>) {
    body.insert("percentage_done".into(), job.progress.percentage().into());
    if let Some(seconds) = seconds_left(job, now) {
        body.insert("time_left_seconds".into(), seconds.into());
    }
}

/// Returns the time left at the rate so far; nothing is known before there is progress.
fn seconds_left(job: &Job, now: Timestamp) -> Option<u64> {
    let (done, of) = (job.progress.done, job.progress.of);
    let elapsed = u64::try_from(now.0 - job.started_at?.0).ok()?;
    (done > 0 && of >= done)
        .then(|| (u128::from(elapsed) * u128::from(of - done) / u128::from(done) / 1000) as u64)
}

fn push_full(job: &Job, now: Timestamp, body: &mut Map<String, Value>) {
    body.insert(
        "started_at".into(),
        json!(job.started_at.map(|at| at.to_string())),
    );
    body.insert(
        "finished_at".into(),
        json!(job.finished_at.map(|at| at.to_string())),
    );
    if !job.status.is_final() {
        push_progress(job, now, body);
        body.insert("summary".into(), summary(job.summary));
    }
    match &job.kind {
        JobKind::UsersImport(options) => {
            body.insert("options".into(), json!(options));
        }
        JobKind::UsersExport(ExportOptions {
            gzip,
            csv_guard,
            format,
            ..
        }) => {
            body.insert(
                "options".into(),
                json!({"gzip": gzip, "format": format, "csv_guard": csv_guard as &CsvGuard}),
            );
        }
        JobKind::UsersEdit(options) => {
            body.insert("options".into(), edit_options(options));
        }
    }
    if let Some(JobFailure {
        details: _,
        reason,
        hint,
        position,
    }) = &job.failure
    {
        body.insert(
            "failure".into(),
            json!({"reason": reason, "hint": hint, "position": position}),
        );
    }
    body.insert("notes".into(), json!(job.notes));
}

/// Returns an edit as it is asked for over the API.
fn edit_options(options: &EditOptions) -> Value {
    let EditOptions {
        query,
        action,
        set,
        unset,
    } = options;
    let mut body = Map::new();
    match query {
        Some(query) => body.insert("query".into(), query.as_str().into()),
        None => body.insert("all".into(), true.into()),
    };
    body.insert("action".into(), action.as_str().into());
    if !set.is_empty() {
        // What was stored is JSON; a number that is none of serde's keeps its text.
        let value = |json: &String| serde_json::from_str(json).unwrap_or_else(|_| json!(json));
        let set = set.iter().map(|to| (to.path.clone(), value(&to.json)));
        body.insert("set".into(), Value::Object(set.collect()));
    }
    if !unset.is_empty() {
        body.insert("unset".into(), json!(unset));
    }
    Value::Object(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{ConnectionId, JobId};
    use crate::job::{ImportOptions, JobConnection, Progress, Runner};

    fn job(kind: JobKind, status: JobStatus) -> Job {
        Job {
            id: JobId::parse("job_6nNLiwFZksN0YmRR").unwrap(),
            kind,
            status,
            runner: Runner::Queue,
            connection: Some(JobConnection {
                id: ConnectionId::parse("con_ftSSLHb0O7rcUGmF").unwrap(),
                name: "Username-Password-Authentication".to_owned(),
            }),
            external_id: None,
            created_at: Timestamp(1_674_668_896_543),
            started_at: Some(Timestamp(1_674_668_896_543)),
            finished_at: None,
            file: None,
            progress: Progress { done: 40, of: 100 },
            summary: Summary {
                failed: 0,
                updated: 0,
                inserted: 1,
                total: 1,
            },
            failure: None,
            notes: vec![],
        }
    }

    fn shown(job: &Job) -> String {
        Value::Object(job_body(
            job,
            Timestamp(1_674_668_898_543),
            None,
            Detail::Auth0,
        ))
        .to_string()
    }

    /// Recorded from a real tenant.
    #[test]
    fn an_import_looks_as_recorded() {
        let mut import = job(
            JobKind::UsersImport(ImportOptions::default()),
            JobStatus::Completed,
        );
        assert_eq!(
            shown(&import),
            r#"{"type":"users_import","status":"completed","connection_id":"con_ftSSLHb0O7rcUGmF","summary":{"failed":0,"updated":0,"inserted":1,"total":1},"connection":"Username-Password-Authentication","created_at":"2023-01-25T17:48:16.543Z","id":"job_6nNLiwFZksN0YmRR"}"#
        );
        import.status = JobStatus::Processing;
        assert_eq!(
            shown(&import),
            r#"{"type":"users_import","status":"pending","connection_id":"con_ftSSLHb0O7rcUGmF","connection":"Username-Password-Authentication","created_at":"2023-01-25T17:48:16.543Z","id":"job_6nNLiwFZksN0YmRR"}"#
        );
    }

    #[test]
    fn an_export_under_way_tells_its_progress() {
        let options = ExportOptions {
            format: OutputFormat::Csv,
            ..ExportOptions::default()
        };
        assert_eq!(
            shown(&job(JobKind::UsersExport(options), JobStatus::Processing)),
            r#"{"type":"users_export","status":"processing","connection_id":"con_ftSSLHb0O7rcUGmF","format":"csv","percentage_done":40,"time_left_seconds":3,"connection":"Username-Password-Authentication","created_at":"2023-01-25T17:48:16.543Z","id":"job_6nNLiwFZksN0YmRR"}"#
        );
    }
}
