//! The one export.
//!
//! ```text
//! N reader threads, one snapshot: scan a range of users → project, encode, compress ──channel each──▶ this thread: write in order
//! ```
//! Thread t takes the ranges t, t + N, t + 2N …; taking one chunk from each thread in turn restores the order, and the
//! bounded channels bound the memory.

mod chunk;
mod gzip;

use std::io::Write;
use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use purser_core::format::{Encoder, OutputFormat};
use purser_core::job::{ExportOptions, Job, JobConnection, JobKind, Progress, Runner, Summary};
use purser_store::{Claimed, ConnectionRow, Lease, NewJob, Snapshot, StoreError};

use crate::import::panic_text;
use crate::{Engine, EngineError, Stage, Watch};
use chunk::{Chunk, Range, produce};
use gzip::Member;

/// Which users are to be exported how.
#[derive(Debug, Clone)]
pub struct ExportRequest {
    /// `None`: the users of all connections.
    pub connection: Option<ConnectionRow>,
    pub options: ExportOptions,
}

/// Users in one range; large enough to compress well, small enough to keep the first byte early.
const RANGE: i64 = 4_000;
/// Chunks that a thread may be ahead of the writer.
const AHEAD: usize = 2;
/// How often the lease is renewed and the progress written.
const HEARTBEAT: Duration = Duration::from_secs(2);

impl Engine {
    /// Exports here and now to `out`; returns the job when it has ended, failed ones too.
    pub fn export(
        &self,
        request: &ExportRequest,
        out: &mut (dyn Write + Send),
        watch: &Watch,
    ) -> Result<Job, EngineError> {
        encoder(&request.options)?;
        let id = self.create_export(request, Runner::Caller)?;
        let claimed = self
            .store
            .claim_own_job(&id, self.now())?
            .ok_or(StoreError::LeaseLost)?;
        let Claimed { job, lease, .. } = claimed;
        let result = self.write_users(&job, &lease, out, watch);
        self.finish_export(&job, &lease, result, String::new(), watch)
    }

    /// Queues an export for the workers.
    pub fn queue_export(&self, request: &ExportRequest) -> Result<Job, EngineError> {
        encoder(&request.options)?;
        let id = self.create_export(request, Runner::Queue)?;
        self.store
            .find_job(&id)?
            .ok_or(EngineError::Store(StoreError::LeaseLost))
    }

    fn create_export(
        &self,
        request: &ExportRequest,
        runner: Runner,
    ) -> Result<purser_core::id::JobId, EngineError> {
        let ExportRequest {
            connection,
            options,
        } = request;
        let job = NewJob {
            id: self.new_job_id(),
            kind: JobKind::UsersExport(options.clone()),
            runner,
            connection: connection.as_ref().map(|row| JobConnection {
                id: row.connection.id.clone(),
                name: row.connection.name.clone(),
            }),
            external_id: None,
            created_at: self.now(),
            file: None,
        };
        self.store.create_job(&job)?;
        Ok(job.id)
    }

    /// Runs a claimed export into an artifact of the store: complete under its name, or absent.
    pub(crate) fn run_queued_export(
        &self,
        claimed: Claimed,
        watch: &Watch,
    ) -> Result<Job, EngineError> {
        let Claimed { job, lease, .. } = claimed;
        let folder = self
            .store
            .files_folder()
            .join("artifacts")
            .join(job.id.as_str());
        let path = folder.join(format!("{}.{}", self.file_stem()?, extension(&job)));
        let result = self.write_artifact(&job, &lease, &folder, &path, watch);
        if result.is_err() {
            // A leftover is removed with the job at the latest.
            let _ = std::fs::remove_dir_all(&folder);
        }
        self.finish_export(
            &job,
            &lease,
            result,
            path.to_string_lossy().into_owned(),
            watch,
        )
    }

    /// Returns the tenant's name as it may stand in a file's name.
    fn file_stem(&self) -> Result<String, EngineError> {
        let allowed = |c: char| {
            if c.is_ascii_alphanumeric() || c == '-' || c == '_' {
                c
            } else {
                '-'
            }
        };
        let stem: String = self.store.tenant()?.chars().map(allowed).collect();
        Ok(if stem.is_empty() {
            "users".to_owned()
        } else {
            stem
        })
    }

    fn write_artifact(
        &self,
        job: &Job,
        lease: &Lease,
        folder: &Path,
        path: &Path,
        watch: &Watch,
    ) -> Result<u64, EngineError> {
        let error = |path: &Path| {
            let path = path.to_owned();
            move |source| EngineError::Write { path, source }
        };
        std::fs::create_dir_all(folder).map_err(error(folder))?;
        let partial = path.with_extension("partial");
        let mut file = std::fs::File::create(&partial).map_err(error(&partial))?;
        let users = self.write_users(job, lease, &mut file, watch)?;
        file.sync_all().map_err(error(&partial))?;
        std::fs::rename(&partial, path).map_err(error(path))?;
        Ok(users)
    }

    fn finish_export(
        &self,
        job: &Job,
        lease: &Lease,
        result: Result<u64, EngineError>,
        artifact: String,
        watch: &Watch,
    ) -> Result<Job, EngineError> {
        watch.set_stage(Stage::Finishing);
        let (artifact, error) = match result {
            Ok(users) => (
                Some((
                    artifact,
                    Summary {
                        total: users,
                        ..Summary::default()
                    },
                )),
                None,
            ),
            Err(error) => (None, Some(error)),
        };
        let job = self.end_job(&job.id, lease, error, artifact, vec![])?;
        watch.set_stage(Stage::Done);
        Ok(job)
    }

    /// Writes the users of one snapshot; returns how many.
    fn write_users(
        &self,
        job: &Job,
        lease: &Lease,
        out: &mut (dyn Write + Send),
        watch: &Watch,
    ) -> Result<u64, EngineError> {
        let JobKind::UsersExport(options) = &job.kind else {
            return Err(EngineError::Store(StoreError::LeaseLost));
        };
        let connection = match &job.connection {
            Some(named) => {
                let row = self.store.find_connection(&named.id)?;
                Some(
                    row.ok_or_else(|| EngineError::ConnectionGone(job.id.clone()))?
                        .pk,
                )
            }
            None => None,
        };
        let encoder = encoder(options)?;
        // A short export is over before a second thread has started.
        let short = options
            .limit
            .is_some_and(|limit| limit <= RANGE.unsigned_abs());
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let snapshot = self
            .store
            .snapshot(connection, if short { 1 } else { cores })?;
        watch.set_stage(Stage::Working);
        let mut writing = Writing {
            engine: self,
            lease,
            watch,
            out,
            member: options.gzip.then(Member::new),
            users: 0,
            of: options
                .limit
                .map_or(snapshot.users, |limit| limit.min(snapshot.users)),
            limit: options.limit.unwrap_or(u64::MAX),
            last_beat: Instant::now(),
        };
        writing.run(snapshot, &encoder)?;
        Ok(writing.users)
    }
}

fn encoder(options: &ExportOptions) -> Result<Encoder, EngineError> {
    Encoder::new(options).map_err(EngineError::Field)
}

fn extension(job: &Job) -> &'static str {
    match &job.kind {
        JobKind::UsersExport(ExportOptions {
            format: OutputFormat::Csv,
            gzip: true,
            ..
        }) => "csv.gz",
        JobKind::UsersExport(ExportOptions {
            format: OutputFormat::Csv,
            gzip: false,
            ..
        }) => "csv",
        JobKind::UsersExport(ExportOptions { gzip: false, .. }) => "json",
        JobKind::UsersExport(_) | JobKind::UsersImport(_) | JobKind::UsersEdit(_) => "json.gz",
    }
}

/// The thread that writes chunks in order.
struct Writing<'a> {
    engine: &'a Engine,
    lease: &'a Lease,
    watch: &'a Watch,
    out: &'a mut (dyn Write + Send),
    member: Option<Member>,
    users: u64,
    of: u64,
    limit: u64,
    last_beat: Instant,
}

impl Writing<'_> {
    fn run(&mut self, snapshot: Snapshot, encoder: &Encoder) -> Result<(), EngineError> {
        let mut head = Vec::new();
        encoder.begin(&mut head);
        self.plain(&head)?;
        let (first, last) = (snapshot.first, snapshot.last);
        let readers = snapshot.into_readers();
        let compress = self.member.is_some();
        // Rows are counted in the chunk only where a limit may cut it.
        let cut = self.limit != u64::MAX;
        std::thread::scope(|scope| {
            let step = readers.len() as i64 * RANGE;
            let mut lanes = Vec::new();
            for (lane, reader) in (0_i64..).zip(readers) {
                let range = Range {
                    from: first + lane * RANGE,
                    last,
                    width: RANGE,
                    step,
                };
                let (chunks, arriving) = mpsc::sync_channel(AHEAD);
                let encoder = encoder.clone();
                let thread =
                    scope.spawn(move || produce(&reader, encoder, range, (compress, cut), &chunks));
                lanes.push((arriving, thread));
            }
            let (arriving, threads): (Vec<_>, Vec<_>) = lanes.into_iter().unzip();
            let written = self.write_chunks(&arriving, encoder);
            // Threads that still have chunks to hand over end when nobody takes them.
            drop(arriving);
            for thread in threads {
                thread
                    .join()
                    .unwrap_or_else(|panic| Err(EngineError::Panic(panic_text(&*panic))))?;
            }
            written
        })?;
        let mut tail = Vec::new();
        encoder.end(self.users, &mut tail);
        self.plain(&tail)?;
        if let Some(member) = self.member.take() {
            self.out
                .write_all(&member.finish())
                .map_err(EngineError::Output)?;
        }
        self.out.flush().map_err(EngineError::Output)
    }

    fn write_chunks(
        &mut self,
        lanes: &[Receiver<Chunk>],
        encoder: &Encoder,
    ) -> Result<(), EngineError> {
        for lane in (0..lanes.len()).cycle() {
            self.watch.check()?;
            // A lane that has ended was the next in turn, so all ranges are done.
            let Ok(mut chunk) = lanes[lane].recv() else {
                return Ok(());
            };
            if chunk.rows > 0 {
                if self.users > 0 {
                    self.plain(encoder.between())?;
                }
                chunk.cut(self.limit - self.users);
                self.users += chunk.rows;
                self.chunk(chunk)?;
            }
            self.tell()?;
            if self.users >= self.limit {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Writes bytes that no thread has compressed.
    fn plain(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        if bytes.is_empty() {
            return Ok(());
        }
        match &mut self.member {
            Some(member) => {
                let packed = gzip::pack(bytes);
                self.out
                    .write_all(&member.add(&packed))
                    .map_err(EngineError::Output)
            }
            None => self.out.write_all(bytes).map_err(EngineError::Output),
        }
    }

    fn chunk(&mut self, chunk: Chunk) -> Result<(), EngineError> {
        match (&mut self.member, &chunk.packed) {
            (Some(member), Some(packed)) => self
                .out
                .write_all(&member.add(packed))
                .map_err(EngineError::Output),
            _ => self.plain(&chunk.bytes),
        }
    }

    /// Tells the watch, and now and then the store, how far the export is.
    fn tell(&mut self) -> Result<(), EngineError> {
        let progress = Progress {
            done: self.users,
            of: self.of.max(self.users),
        };
        self.watch.set_progress(progress);
        self.watch.set_summary(Summary {
            total: self.users,
            ..Summary::default()
        });
        if self.last_beat.elapsed() >= HEARTBEAT {
            self.engine
                .store
                .heartbeat(self.lease, self.engine.now(), Some(progress))?;
            self.last_beat = Instant::now();
        }
        Ok(())
    }
}
