//! Removes what has had its time, every hour: jobs with their files, and uploads that a killed server left half-done.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use purser_core::clock::Timestamp;
use purser_core::job::Job;
use purser_core::limits::JOB_RETENTION_SECONDS;
use purser_engine::Engine;

use super::error::ApiError;
use super::state::App;
use super::v2::jobs::PARTIAL_UPLOAD;

const INTERVAL: Duration = Duration::from_secs(60 * 60);
/// How long jobs are kept unless Auth0's limits hold.
const RETENTION_SECONDS: i64 = 30 * 24 * 60 * 60;
/// No upload takes so long.
const PARTIAL_UPLOAD_SECONDS: i64 = 24 * 60 * 60;

/// Returns whether a job has had its time, though it may not be deleted yet. Without limits nobody minds an hour.
pub(crate) fn is_expired(app: &App, job: &Job) -> bool {
    app.auth0_limits() && job.created_at.plus_seconds(JOB_RETENTION_SECONDS) <= app.engine().now()
}

/// Cleans up now and every hour.
pub(super) async fn run(app: Arc<App>) {
    let mut ticks = tokio::time::interval(INTERVAL);
    loop {
        ticks.tick().await;
        let retention = if app.auth0_limits() {
            JOB_RETENTION_SECONDS
        } else {
            RETENTION_SECONDS
        };
        // A failure is in the log; the next hour tries again.
        let _ = app.blocking(move |engine| clean(engine, retention)).await;
    }
}

fn clean(engine: &Engine, retention: i64) -> Result<(), ApiError> {
    let now = engine.now();
    let folder = engine.store().files_folder();
    let files = engine
        .store()
        .delete_jobs_finished_before(now.plus_seconds(-retention))?;
    for file in files
        .iter()
        .map(Path::new)
        .filter(|file| file.starts_with(folder))
    {
        remove(file);
        // An artifact has a folder of its own; the folder of all uploads is not empty or stays.
        if let Some(parent) = file
            .parent()
            .filter(|parent| *parent != folder.join("uploads"))
        {
            let _ = std::fs::remove_dir(parent);
        }
    }
    if !files.is_empty() {
        tracing::info!(files = files.len(), "removed files of old jobs");
    }
    stale_uploads(&folder.join("uploads"), now)
        .iter()
        .for_each(|file| remove(file));
    Ok(())
}

fn stale_uploads(folder: &Path, now: Timestamp) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return vec![];
    };
    let before = now.plus_seconds(-PARTIAL_UPLOAD_SECONDS);
    let is_stale = |path: &PathBuf| {
        let modified = path
            .metadata()
            .and_then(|metadata| metadata.modified())
            .ok();
        let since = modified.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let since = since.and_then(|since| i64::try_from(since.as_millis()).ok());
        path.extension().is_some_and(|e| e == PARTIAL_UPLOAD)
            && since.is_some_and(|at| at < before.0)
    };
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(is_stale)
        .collect()
}

fn remove(file: &Path) {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            tracing::warn!(%error, file = %file.display(), "a file of an old job could not be removed");
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_core::clock::FixedClock;
    use purser_core::id::JobId;
    use purser_core::job::{ImportOptions, JobKind, JobStatus, Runner};
    use purser_store::{Ending, NewJob, StoreUrl};

    #[test]
    fn old_jobs_go_with_their_files() {
        let home = tempfile::tempdir().unwrap();
        let clock = Arc::new(FixedClock::new(Timestamp(0)));
        let url = StoreUrl::Sqlite(home.path().join("store.db"));
        let engine = Engine::open(&url, true, "test", Arc::<FixedClock>::clone(&clock)).unwrap();
        let store = engine.store();
        let uploads = store.files_folder().join("uploads");
        std::fs::create_dir_all(&uploads).unwrap();
        let file = uploads.join("upload_1");
        std::fs::write(&file, "[]").unwrap();
        let job = NewJob {
            id: JobId::parse("job_0000000000000000").unwrap(),
            kind: JobKind::UsersImport(ImportOptions::default()),
            runner: Runner::Queue,
            connection: None,
            external_id: None,
            created_at: Timestamp(0),
            file: Some(file.to_string_lossy().into_owned()),
        };
        store.create_job(&job).unwrap();
        clean(&engine, 0).unwrap();
        assert!(file.exists(), "a job that is not done is not old");
        let lease = store.claim_job(Timestamp(0)).unwrap().unwrap().lease;
        let ending = Ending {
            status: JobStatus::Completed,
            failure: None,
            file: None,
            notes: vec![],
            summary: None,
        };
        store.finish_job(&lease, Timestamp(0), &ending).unwrap();
        clock.set(Timestamp(RETENTION_SECONDS * 1000));
        clean(&engine, RETENTION_SECONDS).unwrap();
        assert!(file.exists());
        clock.set(Timestamp(RETENTION_SECONDS * 1000 + 1));
        clean(&engine, RETENTION_SECONDS).unwrap();
        assert!(!file.exists());
        assert_eq!(store.find_job(&job.id).unwrap(), None);
        assert!(uploads.exists());
    }
}
