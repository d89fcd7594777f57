//! The one import.
//!
//! ```text
//! producer thread: bytes → decompress → decode → validate → batch, sealed ──channel──▶ this thread: apply_step
//! ```
//! A batch goes to the store as one step: users, row errors and the job's checkpoint commit together. A later attempt
//! decodes the rows up to the checkpoint again, which is quick, and goes on behind them.

mod notes;
mod produce;

use std::path::PathBuf;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use purser_core::id::JobId;
use purser_core::job::{ImportOptions, Job, JobKind, JobStatus, Runner, Summary};
use purser_store::{Batch, Claimed, ConnectionRow, Ending, Lease, NewJob, Step};

use crate::{Engine, EngineError, Input, Stage, Watch, import_obstacle};
use produce::{Checkpoint, Parcel, Producer};

/// What is to be imported where.
#[derive(Debug, Clone)]
pub struct ImportRequest {
    /// `None` for a restore alone: its rows name their connections.
    pub connection: Option<ConnectionRow>,
    pub options: ImportOptions,
    pub external_id: Option<String>,
}

/// A worker that hears nothing from its producer for so long renews its lease; a third of the lease.
const HEARTBEAT: Duration = Duration::from_secs(6);
/// How soon a job that waits for input notices that it is to end.
const ATTENTION: Duration = Duration::from_millis(200);

impl Engine {
    /// Imports here and now; returns the job when it has ended, failed and canceled ones too.
    /// An error means that there is no job or that its end could not be written.
    pub fn import(
        &self,
        request: &ImportRequest,
        input: Input,
        watch: &Watch,
    ) -> Result<Job, EngineError> {
        let file = input
            .path
            .as_ref()
            .map(|path| path.to_string_lossy().into_owned());
        let id = self.create_import(request, Runner::Caller, file)?;
        let claimed = self
            .store
            .claim_own_job(&id, self.now())?
            .ok_or(purser_store::StoreError::LeaseLost)?;
        self.run_import(claimed, input, watch, false)
    }

    /// Goes on with an import of this kind that was interrupted; `None` if there is no such job or it has ended.
    pub fn resume_import(&self, id: &JobId, watch: &Watch) -> Result<Option<Job>, EngineError> {
        let path = match self.store.find_job(id)? {
            Some(Job {
                file: Some(file),
                kind: JobKind::UsersImport(_),
                runner: Runner::Caller,
                ..
            }) => PathBuf::from(file),
            _ => return Ok(None),
        };
        let input = Input::file(&path)?;
        let Some(claimed) = self.store.claim_own_job(id, self.now())? else {
            return Ok(None);
        };
        self.run_import(claimed, input, watch, false).map(Some)
    }

    /// Queues an import of an uploaded file for the workers; the file is theirs from now on.
    pub fn queue_import(
        &self,
        request: &ImportRequest,
        upload: PathBuf,
    ) -> Result<Job, EngineError> {
        let file = Some(upload.to_string_lossy().into_owned());
        let id = self.create_import(request, Runner::Queue, file)?;
        self.store
            .find_job(&id)?
            .ok_or(EngineError::Store(purser_store::StoreError::LeaseLost))
    }

    pub(crate) fn create_import(
        &self,
        request: &ImportRequest,
        runner: Runner,
        file: Option<String>,
    ) -> Result<JobId, EngineError> {
        let ImportRequest {
            connection,
            options,
            external_id,
        } = request;
        if let Some(obstacle) = connection
            .as_ref()
            .and_then(|row| import_obstacle(&row.connection))
        {
            return Err(obstacle.into());
        }
        let kind = JobKind::UsersImport(options.clone());
        let job = NewJob {
            external_id: external_id.clone(),
            file,
            ..self.new_job(kind, runner, connection.as_ref())
        };
        self.store.create_job(&job)?;
        Ok(job.id)
    }

    /// Runs a claimed import to its end and writes how it ended. `sparse` keeps no more of the users than it takes to
    /// find duplicates: the store is thrown away afterwards.
    pub(crate) fn run_import(
        &self,
        claimed: Claimed,
        input: Input,
        watch: &Watch,
        sparse: bool,
    ) -> Result<Job, EngineError> {
        let Claimed {
            job,
            lease,
            checkpoint,
            attempt: _,
        } = claimed;
        let JobKind::UsersImport(options) = &job.kind else {
            return Err(EngineError::Store(purser_store::StoreError::LeaseLost));
        };
        watch.set_summary(job.summary);
        let checkpoint: Checkpoint = checkpoint
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default();
        let mut notes = job.notes.clone();
        let result = Producer::new(self, &job, options, checkpoint, sparse)
            .and_then(|producer| self.pump(&lease, options, producer, input, watch, &mut notes));
        watch.set_stage(Stage::Finishing);
        let job = self.end_job(&job.id, &lease, result.err(), None, notes)?;
        // Losing this would lose nothing: the log is folded in later.
        if let Err(error) = self.store.checkpoint_log() {
            tracing::debug!(%error, "the log could not be folded into the database");
        }
        watch.set_stage(Stage::Done);
        Ok(job)
    }

    /// Moves batches from the producer to the store until there are no more.
    fn pump(
        &self,
        lease: &Lease,
        options: &ImportOptions,
        producer: Producer,
        input: Input,
        watch: &Watch,
        notes: &mut Vec<String>,
    ) -> Result<(), EngineError> {
        let (parcels, arriving) = mpsc::sync_channel::<Parcel>(0);
        let (empties, returning) = mpsc::channel::<Batch>();
        let log = self.store.log_folder()?;
        let thread = std::thread::spawn(move || producer.run(input, &parcels, &returning));
        let stored = std::thread::scope(|scope| {
            // One order in waiting is enough: folding takes all that is there.
            let (fold, orders) = mpsc::sync_channel::<()>(1);
            scope.spawn(move || {
                for () in orders {
                    if let Err(error) = log.fold() {
                        tracing::debug!(%error, "the log could not be folded into the database");
                    }
                }
            });
            self.store_all((lease, options), arriving, &empties, fold, watch, notes)
        });
        // Without a receiver the producer ends at its next batch. It is not waited for: it may be reading from a
        // stream that says nothing for hours.
        stored?;
        thread
            .join()
            .unwrap_or_else(|panic| Err(EngineError::Panic(panic_text(&*panic))))
    }

    fn store_all(
        &self,
        (lease, options): (&Lease, &ImportOptions),
        arriving: mpsc::Receiver<Parcel>,
        empties: &mpsc::Sender<Batch>,
        fold: mpsc::SyncSender<()>,
        watch: &Watch,
        notes: &mut Vec<String>,
    ) -> Result<(), EngineError> {
        watch.set_stage(Stage::Working);
        let mut last_beat = Instant::now();
        loop {
            watch.check()?;
            let parcel = match arriving.recv_timeout(ATTENTION) {
                Ok(parcel) => parcel,
                Err(RecvTimeoutError::Timeout) => {
                    if last_beat.elapsed() >= HEARTBEAT {
                        self.store.heartbeat(lease, self.now(), None)?;
                        last_beat = Instant::now();
                    }
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            };
            let Parcel {
                mut batch,
                failures,
                checkpoint,
                progress,
                notes: told,
            } = parcel;
            *notes = told;
            let checkpoint = serde_json::to_string(&checkpoint).unwrap_or_default();
            let step = Step {
                batch: &batch,
                failures: &failures,
                upsert: options.upsert,
                checkpoint: &checkpoint,
                progress,
                notes,
            };
            let outcome = self.store.apply_step(lease, self.now(), &step)?;
            last_beat = Instant::now();
            watch.set_progress(progress);
            watch.set_summary(outcome.so_far);
            batch.clear();
            let _ = fold.try_send(());
            // The producer may have ended; then nobody needs the memory.
            let _ = empties.send(batch);
        }
    }

    /// Writes how a job ended and returns it as it is now.
    pub(crate) fn end_job(
        &self,
        id: &JobId,
        lease: &Lease,
        error: Option<EngineError>,
        artifact: Option<(String, Summary)>,
        notes: Vec<String>,
    ) -> Result<Job, EngineError> {
        let status = match &error {
            None => JobStatus::Completed,
            Some(EngineError::Canceled) => JobStatus::Canceled,
            Some(EngineError::Stopping) => {
                self.store.release_job(lease, self.now())?;
                return Err(EngineError::Stopping);
            }
            Some(EngineError::Store(purser_store::StoreError::LeaseLost)) => {
                return Err(EngineError::Store(purser_store::StoreError::LeaseLost));
            }
            Some(_) => JobStatus::Failed,
        };
        let failure = error
            .as_ref()
            .filter(|_| status == JobStatus::Failed)
            .map(EngineError::to_failure);
        let (file, summary) = artifact.unzip();
        let ending = Ending {
            status,
            failure,
            file: file.filter(|f| !f.is_empty()),
            notes,
            summary,
        };
        self.store.finish_job(lease, self.now(), &ending)?;
        self.store
            .find_job(id)?
            .ok_or(EngineError::Store(purser_store::StoreError::LeaseLost))
    }
}

/// Returns what a panic said.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}
