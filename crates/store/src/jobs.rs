//! The table of jobs: made, found, listed, deleted. Claims and progress are in `lease.rs`.

use purser_core::clock::Timestamp;
use purser_core::id::JobId;
use purser_core::job::{Job, JobConnection, JobKind, JobStatus, Progress, Runner, Summary};
use rusqlite::{OptionalExtension, Row, params};

use crate::error::StoreError;
use crate::open::Store;

/// A job to be made; it starts out pending.
#[derive(Debug, Clone)]
pub struct NewJob {
    pub id: JobId,
    pub kind: JobKind,
    pub runner: Runner,
    pub connection: Option<JobConnection>,
    pub external_id: Option<String>,
    pub created_at: Timestamp,
    /// The file to import.
    pub file: Option<String>,
}

/// Which jobs to list, newest first.
#[derive(Debug, Clone, Default)]
pub struct JobFilter {
    pub status: Option<JobStatus>,
    pub type_name: Option<&'static str>,
    pub offset: u64,
    pub limit: Option<u64>,
}

pub(crate) const COLUMNS: &str = "id, kind, status, runner, connection_id, connection_name, external_id, \
    created_at, started_at, finished_at, file, done, total_work, failed, updated, inserted, total, failure, notes";

pub(crate) fn from_row(row: &Row<'_>) -> rusqlite::Result<Job> {
    fn json<T: serde::de::DeserializeOwned>(
        row: &Row<'_>,
        index: usize,
    ) -> rusqlite::Result<Option<T>> {
        let Some(text) = row.get_ref(index)?.as_str_or_null()? else {
            return Ok(None);
        };
        serde_json::from_str(text).map(Some).map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(
                index,
                rusqlite::types::Type::Text,
                error.into(),
            )
        })
    }
    let id: String = row.get(0)?;
    let status: String = row.get(2)?;
    let connection: Option<(String, String)> = row.get::<_, Option<_>>(4)?.zip(row.get(5)?);
    let invalid = rusqlite::Error::InvalidQuery;
    Ok(Job {
        id: JobId::parse(&id).ok_or(rusqlite::Error::InvalidQuery)?,
        kind: json(row, 1)?.ok_or(rusqlite::Error::InvalidQuery)?,
        status: JobStatus::parse(&status).ok_or(invalid)?,
        runner: if row.get_ref(3)?.as_str()? == "queue" {
            Runner::Queue
        } else {
            Runner::Caller
        },
        connection: connection.and_then(|(id, name)| {
            Some(JobConnection {
                id: purser_core::id::ConnectionId::parse(&id)?,
                name,
            })
        }),
        external_id: row.get(6)?,
        created_at: Timestamp(row.get(7)?),
        started_at: row.get::<_, Option<i64>>(8)?.map(Timestamp),
        finished_at: row.get::<_, Option<i64>>(9)?.map(Timestamp),
        file: row.get(10)?,
        progress: Progress {
            done: row.get(11)?,
            of: row.get(12)?,
        },
        summary: Summary {
            failed: row.get(13)?,
            updated: row.get(14)?,
            inserted: row.get(15)?,
            total: row.get(16)?,
        },
        failure: json(row, 17)?,
        notes: json(row, 18)?.unwrap_or_default(),
    })
}

impl Store {
    pub fn create_job(&self, job: &NewJob) -> Result<(), StoreError> {
        let NewJob {
            id,
            kind,
            runner,
            connection,
            external_id,
            created_at,
            file,
        } = job;
        let kind_text =
            serde_json::to_string(kind).map_err(StoreError::corrupt("creating a job"))?;
        self.write("creating a job", |tx| {
            tx.execute(
                "INSERT INTO jobs (id, type, status, runner, kind, connection_id, connection_name,
                                   external_id, created_at, file)
                 VALUES (?1, ?2, 'pending', ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                params![
                    id.as_str(),
                    kind.type_name(),
                    match runner {
                        Runner::Queue => "queue",
                        Runner::Caller => "caller",
                    },
                    kind_text,
                    connection.as_ref().map(|c| c.id.as_str()),
                    connection.as_ref().map(|c| c.name.as_str()),
                    external_id,
                    created_at.0,
                    file,
                ],
            )
            .map(|_| ())
            .map_err(StoreError::sql("creating a job"))
        })
    }

    pub fn find_job(&self, id: &JobId) -> Result<Option<Job>, StoreError> {
        self.read("looking for a job", |db| {
            db.prepare_cached(&format!("SELECT {COLUMNS} FROM jobs WHERE id = ?1"))
                .and_then(|mut statement| statement.query_row([id.as_str()], from_row).optional())
                .map_err(StoreError::sql("looking for a job"))
        })
    }

    pub fn list_jobs(&self, filter: &JobFilter) -> Result<Vec<Job>, StoreError> {
        let error = StoreError::sql("listing jobs");
        self.read("listing jobs", |db| {
            let mut statement = db
                .prepare_cached(&format!(
                    "SELECT {COLUMNS} FROM jobs
                     WHERE (?1 IS NULL OR status = ?1) AND (?2 IS NULL OR type = ?2)
                     ORDER BY pk DESC LIMIT ?3 OFFSET ?4"
                ))
                .map_err(&error)?;
            let limit = filter
                .limit
                .map_or(-1, |limit| i64::try_from(limit).unwrap_or(i64::MAX));
            let rows = statement
                .query_map(
                    params![
                        filter.status.map(JobStatus::as_str),
                        filter.type_name,
                        limit,
                        filter.offset
                    ],
                    from_row,
                )
                .map_err(&error)?;
            rows.collect::<Result<_, _>>().map_err(&error)
        })
    }

    /// Counts import jobs that are pending or processing.
    pub fn count_active_imports(&self) -> Result<u64, StoreError> {
        self.read("counting active imports", |db| {
            db.query_row(
                "SELECT count(*) FROM jobs
                 WHERE status IN ('pending', 'processing') AND type = 'users_import'",
                [],
                |row| row.get(0),
            )
            .map_err(StoreError::sql("counting active imports"))
        })
    }

    /// Deletes jobs that ended before `before`, with their row errors; returns the files they leave behind.
    pub fn delete_jobs_finished_before(
        &self,
        before: Timestamp,
    ) -> Result<Vec<String>, StoreError> {
        let doing = "deleting old jobs";
        let error = StoreError::sql(doing);
        self.write(doing, |tx| {
            let old = "status IN ('completed', 'failed', 'canceled') AND created_at < ?1";
            let mut statement = tx
                .prepare(&format!(
                    "SELECT file FROM jobs WHERE {old} AND runner = 'queue'"
                ))
                .map_err(&error)?;
            let files = statement.query_map([before.0], |row| row.get::<_, Option<String>>(0));
            let files: Vec<Option<String>> = files
                .map_err(&error)?
                .collect::<Result<_, _>>()
                .map_err(&error)?;
            tx.execute(
                &format!("DELETE FROM row_errors WHERE job IN (SELECT pk FROM jobs WHERE {old})"),
                [before.0],
            )
            .map_err(&error)?;
            tx.execute(&format!("DELETE FROM jobs WHERE {old}"), [before.0])
                .map_err(&error)?;
            Ok(files.into_iter().flatten().collect())
        })
    }
}
