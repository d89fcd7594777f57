//! The table of jobs: made, found, listed, deleted. Claims and progress are in `lease.rs`.

use purser_core::clock::Timestamp;
use purser_core::id::JobId;
use purser_core::job::{Job, JobConnection, JobKind, JobStatus, Progress, Runner, Summary};

use crate::db::{Row, values};
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

pub(crate) fn from_row(row: &Row<'_>) -> Result<Job, StoreError> {
    let invalid = |what: &str| row.corrupt(format!("a job's {what}"));
    let connection = row.opt_text(4)?.zip(row.opt_text(5)?);
    Ok(Job {
        id: JobId::parse(row.text(0)?).ok_or_else(|| invalid("id"))?,
        kind: row.json(1)?.ok_or_else(|| invalid("kind"))?,
        status: JobStatus::parse(row.text(2)?).ok_or_else(|| invalid("status"))?,
        runner: if row.text(3)? == "queue" {
            Runner::Queue
        } else {
            Runner::Caller
        },
        connection: connection.and_then(|(id, name)| {
            Some(JobConnection {
                id: purser_core::id::ConnectionId::parse(id)?,
                name: name.to_owned(),
            })
        }),
        external_id: row.opt_string(6)?,
        created_at: Timestamp(row.int(7)?),
        started_at: row.opt_int(8)?.map(Timestamp),
        finished_at: row.opt_int(9)?.map(Timestamp),
        file: row.opt_string(10)?,
        progress: Progress {
            done: row.count(11)?,
            of: row.count(12)?,
        },
        summary: Summary {
            failed: row.count(13)?,
            updated: row.count(14)?,
            inserted: row.count(15)?,
            total: row.count(16)?,
        },
        failure: row.json(17)?,
        notes: row.json(18)?.unwrap_or_default(),
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
        let doing = "creating a job";
        self.write(doing, |tx| {
            tx.execute(
                doing,
                "INSERT INTO jobs (id, type, status, runner, kind, connection_id, connection_name,
                                   external_id, created_at, file)
                 VALUES (?1, ?2, 'pending', ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                values![
                    id.as_str(),
                    kind.type_name(),
                    match runner {
                        Runner::Queue => "queue",
                        Runner::Caller => "caller",
                    },
                    &kind_text,
                    connection.as_ref().map(|c| c.id.as_str()),
                    connection.as_ref().map(|c| c.name.as_str()),
                    external_id,
                    created_at.0,
                    file,
                ],
            )?;
            Ok(())
        })
    }

    pub fn find_job(&self, id: &JobId) -> Result<Option<Job>, StoreError> {
        let doing = "looking for a job";
        let sql = format!("SELECT {COLUMNS} FROM jobs WHERE id = ?1");
        self.read(doing, |db| {
            db.row(doing, &sql, values![id.as_str()], from_row)
        })
    }

    pub fn list_jobs(&self, filter: &JobFilter) -> Result<Vec<Job>, StoreError> {
        let doing = "listing jobs";
        let sql = format!(
            "SELECT {COLUMNS} FROM jobs
             WHERE (?1 IS NULL OR status = ?1) AND (?2 IS NULL OR type = ?2)
             ORDER BY pk DESC LIMIT ?3 OFFSET ?4"
        );
        let values = values![
            filter.status.map(JobStatus::as_str),
            filter.type_name,
            filter.limit.unwrap_or(u64::MAX),
            filter.offset
        ];
        self.read(doing, |db| db.rows(doing, &sql, values, from_row))
    }

    /// Counts import jobs that are pending or processing.
    pub fn count_active_imports(&self) -> Result<u64, StoreError> {
        let doing = "counting active imports";
        let count = self.read(doing, |db| {
            let sql = "SELECT count(*) FROM jobs
                 WHERE status IN ('pending', 'processing') AND type = 'users_import'";
            db.row(doing, sql, &[], |row| row.count(0))
        })?;
        Ok(count.unwrap_or(0))
    }

    /// Deletes jobs that ended before `before`, with their row errors; returns the files they leave behind.
    pub fn delete_jobs_finished_before(
        &self,
        before: Timestamp,
    ) -> Result<Vec<String>, StoreError> {
        let doing = "deleting old jobs";
        let old = "status IN ('completed', 'failed', 'canceled') AND created_at < ?1";
        let files = format!("SELECT file FROM jobs WHERE {old} AND runner = 'queue'");
        let errors =
            format!("DELETE FROM row_errors WHERE job IN (SELECT pk FROM jobs WHERE {old})");
        let jobs = format!("DELETE FROM jobs WHERE {old}");
        self.write(doing, |tx| {
            let files = tx.rows(doing, &files, values![before.0], |row| row.opt_string(0))?;
            tx.execute(doing, &errors, values![before.0])?;
            tx.execute(doing, &jobs, values![before.0])?;
            Ok(files.into_iter().flatten().collect())
        })
    }
}
