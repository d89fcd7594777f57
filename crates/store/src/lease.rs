//! Who works on a job. A lease is a fencing token that grows with every claim; a worker whose token is no longer the
//! job's can commit nothing.
//!
//! ```text
//! claim: pending, or processing with a lease that ran out → processing, token + 1, lease until now + LEASE
//! heartbeat, every step: only with the job's own token; moves the lease on
//! finish: only with the job's own token → completed | failed | canceled
//! release: only with the job's own token → pending, to be claimed again
//! ```

use purser_core::clock::Timestamp;
use purser_core::id::JobId;
use purser_core::job::{Job, JobFailure, JobStatus, Progress, Summary};

use crate::db::{Db, values};
use crate::error::StoreError;
use crate::jobs::{COLUMNS, from_row};
use crate::open::Store;

/// How long a worker may be silent before another takes its job.
pub(crate) const LEASE_SECONDS: i64 = 20;

/// The right to work on a job.
#[derive(Debug, Clone)]
pub struct Lease {
    pub(crate) job: i64,
    pub(crate) token: i64,
}

impl Lease {
    /// Returns the job's number in the store, which marks the users that it wrote.
    pub fn job_number(&self) -> i64 {
        self.job
    }
}

/// A claimed job and where its last attempt stopped.
#[derive(Debug)]
pub struct Claimed {
    pub job: Job,
    pub lease: Lease,
    /// What the last committed step wrote, as JSON.
    pub checkpoint: Option<String>,
    /// How often the job was claimed, this time included.
    pub attempt: u64,
}

/// How a job ends.
#[derive(Debug, Clone)]
pub struct Ending {
    pub status: JobStatus,
    pub failure: Option<JobFailure>,
    /// The artifact of an export; an import keeps its file's name.
    pub file: Option<String>,
    pub notes: Vec<String>,
    pub summary: Option<Summary>,
}

impl Store {
    /// Claims the oldest queued job that nobody works on.
    pub fn claim_job(&self, now: Timestamp) -> Result<Option<Claimed>, StoreError> {
        // Looking first without the write lock keeps idle workers out of the writers' way.
        let doing = "looking for a job to work on";
        let waiting = |db: &Db<'_>| {
            let sql = "SELECT pk FROM jobs
                 WHERE status IN ('pending', 'processing') AND runner = 'queue'
                   AND (status = 'pending' OR lease_until < ?1)
                 ORDER BY pk LIMIT 1";
            db.row(doing, sql, values![now.0], |row| row.int(0))
        };
        if self.read(doing, waiting)?.is_none() {
            return Ok(None);
        }
        self.write("claiming a job", |tx| match waiting(tx)? {
            Some(pk) => claim(tx, pk, now).map(Some),
            None => Ok(None),
        })
    }

    /// Claims one job for the process that made it; `None` if it has ended or another works on it.
    pub fn claim_own_job(&self, id: &JobId, now: Timestamp) -> Result<Option<Claimed>, StoreError> {
        let doing = "claiming a job";
        self.write(doing, |tx| {
            let sql = "SELECT pk FROM jobs
                 WHERE id = ?1 AND (status = 'pending' OR (status = 'processing' AND lease_until < ?2))";
            let pk = tx.row(doing, sql, values![id.as_str(), now.0], |row| row.int(0))?;
            pk.map(|pk| claim(tx, pk, now)).transpose()
        })
    }

    /// Says that the worker is alive, and how far it is.
    pub fn heartbeat(
        &self,
        lease: &Lease,
        now: Timestamp,
        progress: Option<Progress>,
    ) -> Result<(), StoreError> {
        let (done, of) = progress.map_or((None, None), |p| (Some(p.done), Some(p.of)));
        let doing = "renewing a lease";
        self.write(doing, |tx| {
            hold(tx, lease, now)?;
            tx.execute(
                doing,
                "UPDATE jobs SET done = coalesce(?2, done), total_work = coalesce(?3, total_work) WHERE pk = ?1",
                values![lease.job, done, of],
            )?;
            Ok(())
        })
    }

    pub fn finish_job(
        &self,
        lease: &Lease,
        now: Timestamp,
        ending: &Ending,
    ) -> Result<(), StoreError> {
        debug_assert!(ending.status.is_final());
        let doing = "finishing a job";
        let json = StoreError::corrupt(doing);
        let failure = ending
            .failure
            .as_ref()
            .map(serde_json::to_string)
            .transpose()
            .map_err(&json)?;
        let notes = serde_json::to_string(&ending.notes).map_err(&json)?;
        self.write(doing, |tx| {
            hold(tx, lease, now)?;
            tx.execute(
                doing,
                "UPDATE jobs SET status = ?2, failure = ?3, file = coalesce(?4, file), notes = ?5,
                        finished_at = ?6, lease_until = NULL,
                        done = CASE ?2 WHEN 'completed' THEN total_work ELSE done END
                 WHERE pk = ?1",
                values![
                    lease.job,
                    ending.status.as_str(),
                    &failure,
                    &ending.file,
                    &notes,
                    now.0
                ],
            )?;
            if let Some(Summary { failed, updated, inserted, total }) = ending.summary {
                tx.execute(
                    doing,
                    "UPDATE jobs SET failed = ?2, updated = ?3, inserted = ?4, total = ?5 WHERE pk = ?1",
                    values![lease.job, failed, updated, inserted, total],
                )?;
            }
            Ok(())
        })
    }

    /// Hands back every queued job that is processing; only for a caller who knows that no worker lives.
    pub fn release_orphaned_jobs(&self) -> Result<u64, StoreError> {
        let doing = "releasing interrupted jobs";
        self.write(doing, |tx| {
            tx.execute(
                doing,
                "UPDATE jobs SET status = 'pending', lease_until = NULL
                 WHERE status = 'processing' AND runner = 'queue'",
                &[],
            )
        })
    }

    /// Hands a job back to the queue, as a server does that shuts down.
    pub fn release_job(&self, lease: &Lease, now: Timestamp) -> Result<(), StoreError> {
        let doing = "handing a job back";
        self.write(doing, |tx| {
            hold(tx, lease, now)?;
            let sql = "UPDATE jobs SET status = 'pending', lease_until = NULL WHERE pk = ?1";
            tx.execute(doing, sql, values![lease.job])?;
            Ok(())
        })
    }
}

fn claim(db: &Db<'_>, pk: i64, now: Timestamp) -> Result<Claimed, StoreError> {
    let doing = "claiming a job";
    db.execute(
        doing,
        "UPDATE jobs SET status = 'processing', lease_token = lease_token + 1, lease_until = ?2,
                attempts = attempts + 1, started_at = coalesce(started_at, ?3)
         WHERE pk = ?1",
        values![pk, now.plus_seconds(LEASE_SECONDS).0, now.0],
    )?;
    let gone = || StoreError::Corrupt {
        doing,
        what: "the job is gone".to_owned(),
    };
    let sql = format!("SELECT {COLUMNS} FROM jobs WHERE pk = ?1");
    let job = db
        .row(doing, &sql, values![pk], from_row)?
        .ok_or_else(gone)?;
    let sql = "SELECT lease_token, checkpoint, attempts FROM jobs WHERE pk = ?1";
    let claimed = db.row(doing, sql, values![pk], |row| {
        Ok(Claimed {
            job,
            lease: Lease {
                job: pk,
                token: row.int(0)?,
            },
            checkpoint: row.opt_string(1)?,
            attempt: row.count(2)?,
        })
    })?;
    claimed.ok_or_else(gone)
}

/// Moves the lease on, or fails if it is no longer the caller's.
pub(crate) fn hold(db: &Db<'_>, lease: &Lease, now: Timestamp) -> Result<(), StoreError> {
    let held = db.execute(
        "renewing a lease",
        "UPDATE jobs SET lease_until = ?3 WHERE pk = ?1 AND lease_token = ?2 AND status = 'processing'",
        values![lease.job, lease.token, now.plus_seconds(LEASE_SECONDS).0],
    )?;
    if held == 1 {
        Ok(())
    } else {
        Err(StoreError::LeaseLost)
    }
}
