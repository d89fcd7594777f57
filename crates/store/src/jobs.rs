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

#[cfg(test)]
mod tests {
    use purser_core::job::{ExportOptions, ImportOptions};

    use super::*;
    use crate::lease::{Claimed, Ending};
    use crate::row_errors::FailedRow;
    use crate::testing::{NOW, New, TestStore, on_both_stores};

    on_both_stores!(
        jobs_are_listed_newest_first,
        a_job_is_claimed_once_until_its_lease_runs_out,
        only_the_holder_of_the_lease_ends_a_job,
        old_jobs_go_with_their_row_errors,
    );

    fn id(number: u8) -> JobId {
        JobId::from_random(&[number; 16])
    }

    fn create(store: &TestStore, number: u8, runner: Runner) {
        let kind = if number.is_multiple_of(2) {
            JobKind::UsersImport(ImportOptions::default())
        } else {
            JobKind::UsersExport(ExportOptions::default())
        };
        let job = NewJob {
            id: id(number),
            kind,
            runner,
            connection: None,
            external_id: Some(format!("external {number}")),
            created_at: NOW.plus_seconds(number.into()),
            file: Some(format!("file {number}")),
        };
        store.create_job(&job).unwrap();
    }

    fn ending(status: JobStatus) -> Ending {
        Ending {
            status,
            failure: None,
            file: None,
            notes: vec!["a note".to_owned()],
            summary: Some(Summary {
                failed: 1,
                updated: 2,
                inserted: 3,
                total: 6,
            }),
        }
    }

    fn jobs_are_listed_newest_first(new: New) {
        let store = new();
        for number in 0..6 {
            create(&store, number, Runner::Queue);
        }
        let claimed = store.claim_job(NOW).unwrap().unwrap();
        assert_eq!(claimed.job.id, id(0), "the oldest comes first");
        let listed = |filter: JobFilter| {
            let jobs = store.list_jobs(&filter).unwrap();
            let position = |job: &Job| (0..6).find(|number| job.id == id(*number)).unwrap();
            jobs.iter().map(position).collect::<Vec<u8>>()
        };
        assert_eq!(listed(JobFilter::default()), [5, 4, 3, 2, 1, 0]);
        let imports = JobFilter {
            type_name: Some("users_import"),
            ..JobFilter::default()
        };
        assert_eq!(listed(imports.clone()), [4, 2, 0]);
        let pending = JobFilter {
            status: Some(JobStatus::Pending),
            offset: 1,
            limit: Some(1),
            ..imports
        };
        assert_eq!(listed(pending), [2]);
        assert_eq!(store.count_active_imports().unwrap(), 3);
        let found = store.find_job(&id(4)).unwrap().unwrap();
        assert_eq!(found.external_id.as_deref(), Some("external 4"));
        assert!(store.find_job(&id(9)).unwrap().is_none());
    }

    fn a_job_is_claimed_once_until_its_lease_runs_out(new: New) {
        let store = new();
        create(&store, 1, Runner::Caller);
        assert!(
            store.claim_job(NOW).unwrap().is_none(),
            "it is its caller's"
        );
        create(&store, 2, Runner::Queue);
        let Claimed { lease, attempt, .. } = store.claim_job(NOW).unwrap().unwrap();
        assert_eq!(attempt, 1);
        let other = store.again();
        assert!(other.claim_job(NOW).unwrap().is_none());
        let progress = Progress { done: 3, of: 7 };
        store.heartbeat(&lease, NOW, Some(progress)).unwrap();
        assert_eq!(store.find_job(&id(2)).unwrap().unwrap().progress, progress);
        let later = NOW.plus_seconds(21);
        assert_eq!(other.claim_job(later).unwrap().unwrap().attempt, 2);
        let refused = store.heartbeat(&lease, later, None).unwrap_err();
        assert!(matches!(refused, StoreError::LeaseLost));
    }

    fn only_the_holder_of_the_lease_ends_a_job(new: New) {
        let store = new();
        create(&store, 2, Runner::Queue);
        let stale = store.claim_job(NOW).unwrap().unwrap().lease;
        store.release_job(&stale, NOW).unwrap();
        let lease = store.claim_job(NOW).unwrap().unwrap().lease;
        let refused = store.finish_job(&stale, NOW, &ending(JobStatus::Failed));
        assert!(matches!(refused.unwrap_err(), StoreError::LeaseLost));
        let progress = Some(Progress { done: 1, of: 7 });
        store.heartbeat(&lease, NOW, progress).unwrap();
        store
            .finish_job(&lease, NOW, &ending(JobStatus::Completed))
            .unwrap();
        let job = store.find_job(&id(2)).unwrap().unwrap();
        assert_eq!(job.status, JobStatus::Completed);
        assert_eq!((job.progress.done, job.summary.total), (7, 6));
        assert_eq!(job.notes, ["a note"]);
        assert_eq!(job.file.as_deref(), Some("file 2"), "an import keeps it");
        assert!(store.claim_own_job(&id(2), NOW).unwrap().is_none());
    }

    fn old_jobs_go_with_their_row_errors(new: New) {
        let store = new();
        for number in [2, 4] {
            create(&store, number, Runner::Queue);
            let lease = store.claim_job(NOW).unwrap().unwrap().lease;
            let rows = [3, 1].map(|row| FailedRow {
                row,
                line: row + 1,
                byte: u64::from(u32::MAX) + row,
                record: format!(r#"{{"email":"{row}"}}"#),
                errors: "[]".to_owned(),
            });
            let job = lease.job_number();
            store
                .write("testing", |db| crate::row_errors::insert(db, job, &rows))
                .unwrap();
            store
                .finish_job(&lease, NOW, &ending(JobStatus::Failed))
                .unwrap();
        }
        let rows = |number| {
            let mut rows = vec![];
            let scanned = store.scan_row_errors(&id(number), |row| {
                rows.push((row.row, row.byte));
                Ok::<_, StoreError>(())
            });
            scanned.unwrap();
            rows
        };
        let beyond = u64::from(u32::MAX);
        assert_eq!(rows(2), [(1, beyond + 1), (3, beyond + 3)]);
        let mut seen = 0;
        let stopped = store.scan_row_errors(&id(2), |_| {
            seen += 1;
            Err(StoreError::LeaseLost)
        });
        assert!(matches!(stopped, Err(StoreError::LeaseLost)) && seen == 1);
        let files = store
            .delete_jobs_finished_before(NOW.plus_seconds(3))
            .unwrap();
        assert_eq!(files, ["file 2"]);
        assert!(store.find_job(&id(2)).unwrap().is_none());
        assert!(!store.has_row_errors(&id(2)).unwrap());
        assert!(store.has_row_errors(&id(4)).unwrap());
    }
}
