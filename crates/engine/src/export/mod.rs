//! The one export.
//!
//! ```text
//! N reader threads, one snapshot: find some users → project, encode, compress ──channel each──▶ this thread: write in order
//! ```
//! Thread t takes the ranges t, t + N, t + 2N … of numbers, or of the sorted list; taking one chunk from each thread in
//! turn restores the order, and the bounded channels bound the memory.

mod chunk;
mod gzip;
mod order;

use std::io::Write;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::time::{Duration, Instant};

use purser_core::format::{Encoder, OutputFormat};
use purser_core::index::{SEGMENT_USERS, first_of, segment_of};
use purser_core::job::{ExportOptions, Job, JobKind, Progress, Runner, Summary};
use purser_core::query::{Limits, Query, Sort};
use purser_store::{Claimed, ConnectionRow, Lease, SnapshotReader, SortKey, StoreError};

use crate::import::panic_text;
use crate::{Engine, EngineError, Stage, Watch};
use chunk::{Chunk, Producer, Range, Share};
use gzip::Member;
use order::{Merged, Order};

/// Which users are to be exported how.
#[derive(Debug, Clone)]
pub struct ExportRequest {
    /// `None`: the users of all connections.
    pub connection: Option<ConnectionRow>,
    pub options: ExportOptions,
}

/// Users in one range; large enough to compress well, small enough to keep the first byte early. A part of a segment, so that
/// no range has users of two.
const RANGE: i64 = 4_096;
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
        check(&request.options)?;
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
        check(&request.options)?;
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
        let kind = JobKind::UsersExport(options.clone());
        let job = self.new_job(kind, runner, connection.as_ref());
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
        let encoder = check(options)?;
        let wanted = Wanted::read(options, connection)?;
        // A short export is over before a second thread has started.
        let short = wanted.is_plain()
            && options
                .limit
                .is_some_and(|limit| limit <= RANGE.unsigned_abs());
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let snapshot = self
            .store
            .snapshot(connection, if short { 1 } else { cores })?;
        watch.set_stage(Stage::Working);
        let numbers = (snapshot.last - snapshot.first + 1).max(0).unsigned_abs();
        let mut writing = Writing {
            engine: self,
            lease,
            watch,
            out,
            member: options.gzip.then(Member::new),
            users: 0,
            looked_at: wanted.query.is_some().then_some(0),
            of: match (&wanted.query, options.limit) {
                (Some(_), _) => numbers,
                (None, limit) => limit.unwrap_or(u64::MAX).min(snapshot.users),
            },
            limit: options.limit.unwrap_or(u64::MAX),
            last_beat: Instant::now(),
        };
        let edges = (snapshot.first, snapshot.last);
        writing.run(snapshot.into_readers(), edges, &wanted, &encoder)?;
        Ok(writing.users)
    }
}

/// Which users are wanted, and in which order.
struct Wanted {
    query: Option<Query>,
    connection: Option<i64>,
    sort: Option<Sort>,
}

impl Wanted {
    /// Whoever made the job checked the query; limits that only the API has were its to keep.
    fn read(options: &ExportOptions, connection: Option<i64>) -> Result<Self, EngineError> {
        let query = |text| Query::parse(text, Limits::None);
        Ok(Self {
            query: options.query.as_deref().map(query).transpose()?,
            connection,
            sort: options.sort.as_deref().map(Sort::parse).transpose()?,
        })
    }

    fn is_plain(&self) -> bool {
        self.query.is_none() && self.sort.is_none()
    }
}

/// Finds what would fail an export before it begins.
fn check(options: &ExportOptions) -> Result<Encoder, EngineError> {
    Wanted::read(options, None)?;
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

/// Deals the numbers of `edges` out to threads, `width` at a time.
fn ranges((first, last): (i64, i64), width: i64, threads: usize) -> impl Iterator<Item = Range> {
    let start = first_of(segment_of(first));
    let step = width * threads as i64;
    (0..threads as i64).map(move |lane| Range {
        from: start + lane * width,
        last,
        width,
        step,
    })
}

/// Deals a sorted list out to threads, until they end.
fn deal(merged: Merged, lanes: &[SyncSender<Result<Vec<i64>, std::io::Error>>]) {
    let mut merged = merged.peekable();
    for lane in lanes.iter().cycle() {
        if merged.peek().is_none() {
            return;
        }
        let chunk = merged.by_ref().take(RANGE as usize).collect();
        if lane.send(chunk).is_err() {
            return;
        }
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
    /// How many numbers of users were looked at, where it is not known how many users there will be.
    looked_at: Option<u64>,
    of: u64,
    limit: u64,
    last_beat: Instant,
}

impl Writing<'_> {
    fn run(
        &mut self,
        readers: Vec<SnapshotReader>,
        edges: (i64, i64),
        wanted: &Wanted,
        encoder: &Encoder,
    ) -> Result<(), EngineError> {
        let mut head = Vec::new();
        encoder.begin(&mut head);
        self.plain(&head)?;
        let (readers, sorted) = match &wanted.sort {
            None => (readers, None),
            Some(sort) => {
                let (readers, order) = self.sort(readers, edges, wanted, sort)?;
                (readers, Some(order.merge().map_err(EngineError::Sorting)?))
            }
        };
        std::thread::scope(|scope| {
            let mut shares = Vec::with_capacity(readers.len());
            match sorted {
                None => {
                    for (range, reader) in ranges(edges, RANGE, readers.len()).zip(&readers) {
                        let filter = reader.filter(wanted.query.as_ref(), wanted.connection)?;
                        shares.push(Share::Ranges(range, Box::new(filter)));
                    }
                }
                Some(merged) => {
                    let (lanes, numbers): (Vec<_>, Vec<_>) =
                        readers.iter().map(|_| mpsc::sync_channel(AHEAD)).unzip();
                    shares.extend(numbers.into_iter().map(Share::Numbers));
                    scope.spawn(move || deal(merged, &lanes));
                }
            }
            let (mut lanes, mut threads) = (Vec::new(), Vec::new());
            for (share, reader) in shares.into_iter().zip(readers) {
                let (chunks, arriving) = mpsc::sync_channel(AHEAD);
                let producer = Producer {
                    reader,
                    encoder: encoder.clone(),
                    compress: self.member.is_some(),
                    // Rows are counted in the chunk only where a limit may cut it.
                    cut: self.limit != u64::MAX,
                };
                threads.push(scope.spawn(move || producer.run(share, &chunks)));
                lanes.push(arriving);
            }
            let written = self.write_chunks(&lanes, encoder);
            // Threads that still have chunks to hand over end when nobody takes them.
            drop(lanes);
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

    /// Sorts the wanted users; gives the readers back.
    fn sort(
        &mut self,
        readers: Vec<SnapshotReader>,
        edges: (i64, i64),
        wanted: &Wanted,
        sort: &Sort,
    ) -> Result<(Vec<SnapshotReader>, Order), EngineError> {
        let most = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let mut order = Order::new(sort.descending);
        let (runs, arriving) = mpsc::sync_channel::<Vec<SortKey>>(AHEAD);
        let readers = std::thread::scope(|scope| {
            let mut threads = Vec::new();
            for (range, reader) in ranges(edges, SEGMENT_USERS as i64, readers.len()).zip(readers) {
                let runs = runs.clone();
                threads.push(scope.spawn(move || -> Result<SnapshotReader, StoreError> {
                    let mut filter = reader.filter(wanted.query.as_ref(), wanted.connection)?;
                    let mut keys = reader.keys(sort)?;
                    for from in (range.from..=range.last).step_by(range.step as usize) {
                        let run = reader.sorted(&mut filter, &mut keys, from, most)?;
                        if runs.send(run).is_err() {
                            break;
                        }
                    }
                    Ok(reader)
                }));
            }
            drop(runs);
            let collected = self.collect(&arriving, &mut order);
            drop(arriving);
            let readers: Result<Vec<_>, EngineError> = threads
                .into_iter()
                .map(|thread| match thread.join() {
                    Ok(reader) => reader.map_err(EngineError::Store),
                    Err(panic) => Err(EngineError::Panic(panic_text(&*panic))),
                })
                .collect();
            collected.and(readers)
        })?;
        Ok((readers, order))
    }

    fn collect(
        &mut self,
        arriving: &Receiver<Vec<SortKey>>,
        order: &mut Order,
    ) -> Result<(), EngineError> {
        for run in arriving {
            self.watch.check()?;
            order.add(run).map_err(EngineError::Sorting)?;
            self.tell()?;
        }
        Ok(())
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
            if let Some(looked_at) = &mut self.looked_at {
                *looked_at += chunk.looked_at.unsigned_abs();
            }
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
            done: self.looked_at.unwrap_or(self.users),
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
