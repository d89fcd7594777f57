//! The producer: reads, validates and packs rows into batches on a thread of its own.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Read;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, SyncSender};
use std::time::{Duration, Instant};

use purser_core::connection::{Connection, DEFAULT_CONNECTION, Strategy};
use purser_core::format::{BadRow, DecodeLimits, Decoder, InputFormat};
use purser_core::id::ConnectionId;
use purser_core::import::codes::Code;
use purser_core::import::plan::{ProfileTemplate, push_changes};
use purser_core::import::{self, NewUser, RestoredUser, Rules, masked};
use purser_core::job::{ImportOptions, Job, Progress};
use purser_core::packed;
use purser_core::row::{Position, RowError};
use purser_store::{Batch, FailedRow, KeyKind, NewRow};
use serde::{Deserialize, Serialize};

use super::notes::Tally;
use crate::{Engine, EngineError, Input, random, report};

/// Where the next attempt goes on.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    /// Rows of the file that are accounted for.
    pub(crate) rows: u64,
    #[serde(default)]
    pub(crate) tally: Tally,
}

/// What is committed together, on its way to the store.
pub(crate) struct Parcel {
    pub(crate) batch: Batch,
    pub(crate) failures: Vec<FailedRow>,
    pub(crate) checkpoint: Checkpoint,
    pub(crate) progress: Progress,
    pub(crate) notes: Vec<String>,
}

/// A batch is full at so many rows or bytes. Larger ones write the key table less often; two are in memory at once.
const BATCH_ROWS: usize = 60_000;
const BATCH_BYTES: usize = 88 * 1024 * 1024;
/// The first batch is small, so that the first rows are there at once.
const FIRST_BATCH_ROWS: usize = 1_000;
/// A slow stream's rows wait no longer than this.
const BATCH_AGE: Duration = Duration::from_secs(1);
/// Failed rows kept in memory before they are sent.
const BATCH_FAILURES: usize = 10_000;

pub(crate) struct Producer {
    engine: Engine,
    options: ImportOptions,
    target: Option<Target>,
    connections: HashMap<String, (i64, Strategy)>,
    checkpoint: Checkpoint,
    /// Rows to pass over, because an earlier attempt stored them.
    skip: u64,
    /// Whether profiles are to hold identifiers alone.
    sparse: bool,
}

/// Where the rows of an ordinary import go.
struct Target {
    pk: i64,
    strategy: Strategy,
    rules: Rules,
    template: ProfileTemplate,
}

impl Producer {
    pub(crate) fn new(
        engine: &Engine,
        job: &Job,
        options: &ImportOptions,
        checkpoint: Checkpoint,
        sparse: bool,
    ) -> Result<Self, EngineError> {
        let target = match &job.connection {
            None => None,
            Some(named) => {
                let gone = || EngineError::ConnectionGone(job.id.clone());
                let row = engine.store.find_connection(&named.id)?.ok_or_else(gone)?;
                let Connection { name, strategy, .. } = &row.connection;
                Some(Target {
                    pk: row.pk,
                    strategy: strategy.clone(),
                    rules: Rules {
                        strategy: strategy.clone(),
                        username: row.connection.username_rules(),
                        keep_prefix: options.keep_prefix,
                        strict: options.strict,
                    },
                    template: ProfileTemplate::new(name, strategy),
                })
            }
        };
        Ok(Self {
            engine: engine.clone(),
            options: options.clone(),
            target,
            connections: HashMap::new(),
            skip: checkpoint.rows,
            checkpoint,
            sparse,
        })
    }

    /// Reads the whole input. Rows before an error are sent before it is returned.
    pub(crate) fn run(
        mut self,
        input: Input,
        parcels: &SyncSender<Parcel>,
        empties: &Receiver<Batch>,
    ) -> Result<(), EngineError> {
        let size = input.size;
        let path = input.path.clone().unwrap_or_else(|| "the input".into());
        let (reader, taken) = input
            .decompress()
            .map_err(|source| EngineError::Read { path, source })?;
        let mut decoder = Decoder::open(reader, self.options.format, DecodeLimits::default())?;
        if self.options.strict && decoder.format() != InputFormat::Json {
            return Err(EngineError::NotAnArray);
        }
        let mut batch = self.engine.store.new_batch();
        let mut most = FIRST_BATCH_ROWS;
        loop {
            let (failures, result) = self.fill(&mut decoder, &mut batch, most);
            batch.seal();
            let mut notes = self.sentences();
            notes.extend(decoder.notes());
            let done = taken.load(Relaxed);
            let parcel = Parcel {
                batch,
                failures,
                checkpoint: self.checkpoint,
                progress: Progress {
                    done,
                    of: size.unwrap_or(done),
                },
                notes,
            };
            // The receiver is gone when the job was canceled or lost its lease; it knows why.
            if parcels.send(parcel).is_err() || !result? {
                return Ok(());
            }
            batch = empties
                .try_recv()
                .unwrap_or_else(|_| self.engine.store.new_batch());
            most = (most * 8).min(BATCH_ROWS);
        }
    }

    fn sentences(&self) -> Vec<String> {
        let strategy = self
            .target
            .as_ref()
            .map_or("auth0", |target| target.strategy.as_str());
        self.checkpoint.tally.sentences(strategy)
    }

    /// Fills a batch; returns the rows that failed, and whether there are more or why there are none.
    fn fill<R: Read>(
        &mut self,
        decoder: &mut Decoder<R>,
        batch: &mut Batch,
        most: usize,
    ) -> (Vec<FailedRow>, Result<bool, EngineError>) {
        let mut failures = Vec::new();
        let started = Instant::now();
        let now = self.engine.now().to_string();
        loop {
            let full = batch.len() >= most
                || batch.bytes() >= BATCH_BYTES
                || failures.len() >= BATCH_FAILURES
                || (self.checkpoint.rows.is_multiple_of(64) && started.elapsed() > BATCH_AGE);
            if full && !(batch.is_empty() && failures.is_empty()) {
                return (failures, Ok(true));
            }
            match self.next_row(decoder, batch, &now, &mut failures) {
                Ok(true) => {}
                end => return (failures, end),
            }
        }
    }

    /// Takes one row; returns whether there was one.
    fn next_row<R: Read>(
        &mut self,
        decoder: &mut Decoder<R>,
        batch: &mut Batch,
        now: &str,
        failures: &mut Vec<FailedRow>,
    ) -> Result<bool, EngineError> {
        let is_array = decoder.format() == InputFormat::Json;
        let Some(item) = decoder.next()? else {
            return Ok(false);
        };
        let position = item.position;
        if self.skip > 0 {
            self.skip -= 1;
            return Ok(true);
        }
        let (errors, record) = match item.row {
            Ok(text) => match self.take_reported(text, position, batch, now)? {
                Ok(()) => {
                    self.checkpoint.rows += 1;
                    return Ok(true);
                }
                // A JSON array is one text: what is no JSON inside it is a fault of the file.
                Err(errors) if is_array && errors.iter().any(|e| e.code == Code::InvalidJson) => {
                    if let Err(fault) = purser_core::json::check(text) {
                        return Err(decoder.fault(&fault).into());
                    }
                    (errors, masked(text))
                }
                Err(errors) => (errors, masked(text)),
            },
            Err(bad) => bad_row(&bad),
        };
        let Position {
            row,
            line,
            byte,
            column: _,
        } = position;
        failures.push(FailedRow::new((row, line, byte), record, &errors)?);
        self.checkpoint.rows += 1;
        Ok(true)
    }

    /// Takes a row; one that cannot be taken as it stands may be a row of a report, which holds the record.
    fn take_reported(
        &mut self,
        text: &str,
        position: Position,
        batch: &mut Batch,
        now: &str,
    ) -> Result<Result<(), Vec<RowError>>, EngineError> {
        match self.take(text, position, batch, now)? {
            Err(errors) if !self.options.strict => match report::record_of(text) {
                Some(record) => self.take(&record, position, batch, now),
                None => Ok(Err(errors)),
            },
            result => Ok(result),
        }
    }

    fn take(
        &mut self,
        text: &str,
        position: Position,
        batch: &mut Batch,
        now: &str,
    ) -> Result<Result<(), Vec<RowError>>, EngineError> {
        let place = (position.row, position.line, position.byte);
        if self.options.restore {
            return match import::validate_restore(text) {
                Ok(user) => self.push_restored(&user, text, place, batch).map(Ok),
                Err(errors) => Ok(Err(errors)),
            };
        }
        let sparse = self.sparse;
        let Some(target) = &self.target else {
            return Err(EngineError::NoConnection);
        };
        match import::validate(text, &target.rules) {
            Ok(user) => {
                push_new(
                    target,
                    &user,
                    (text, place, now),
                    (self.options.upsert, sparse),
                    batch,
                );
                self.checkpoint.tally.add(user.notes);
                Ok(Ok(()))
            }
            Err(errors) => Ok(Err(errors)),
        }
    }

    fn push_restored(
        &mut self,
        user: &RestoredUser<'_>,
        text: &str,
        place: (u64, u64, u64),
        batch: &mut Batch,
    ) -> Result<(), EngineError> {
        let (connection, strategy) = self.connection_of(user)?;
        let mut keys = vec![(KeyKind::UserId, user.user_id.as_ref())];
        keys.extend(user.email.as_deref().map(|value| (KeyKind::Email, value)));
        keys.extend(
            user.username
                .as_deref()
                .map(|value| (KeyKind::Username, value)),
        );
        keys.extend(
            user.phone_number
                .as_deref()
                .map(|value| (KeyKind::Phone, value)),
        );
        let credentials = user.credentials.as_ref().map(import::Credentials::to_json);
        let row = NewRow {
            place,
            connection,
            strategy: &strategy,
            source: text,
            keys: &keys,
            credentials: credentials.as_ref().map(|secret| secret.expose().as_str()),
        };
        batch.push(
            &row,
            |out| packed::pack(&user.profile, out),
            None::<fn(&mut String)>,
        );
        Ok(())
    }

    /// Returns the connection that a restored user names; makes it if it is missing.
    fn connection_of(&mut self, user: &RestoredUser<'_>) -> Result<(i64, Strategy), EngineError> {
        let name = match (&user.connection, &self.target) {
            (Some(name), _) => name.as_ref(),
            (None, Some(target)) => return Ok((target.pk, target.strategy.clone())),
            (None, None) if user.strategy == "auth0" => DEFAULT_CONNECTION,
            (None, None) => user.strategy.as_ref(),
        };
        if let Some((pk, strategy)) = self.connections.get(name) {
            return Ok((*pk, strategy.clone()));
        }
        let (pk, strategy) = match self.engine.store.find_connection_by_name(name)? {
            Some(row) => (row.pk, row.connection.strategy),
            None => {
                let strategy = Strategy::new(user.strategy.as_ref());
                let connection = Connection {
                    id: ConnectionId::from_random(&random()),
                    name: name.to_owned(),
                    strategy: strategy.clone(),
                    enabled: true,
                    enabled_clients: vec![],
                    options: serde_json::Map::new(),
                    extra: serde_json::Map::new(),
                };
                self.checkpoint.tally.connection_created();
                (self.engine.store.insert_connection(&connection)?, strategy)
            }
        };
        self.connections
            .insert(name.to_owned(), (pk, strategy.clone()));
        Ok((pk, strategy))
    }
}

/// Packs a new user into the batch.
fn push_new(
    target: &Target,
    user: &NewUser<'_>,
    (text, place, now): (&str, (u64, u64, u64), &str),
    (upsert, sparse): (bool, bool),
    batch: &mut Batch,
) {
    let user_id = match &user.id {
        Some(id) => target.template.user_id(id),
        None => target.template.user_id(&new_id()),
    };
    let mut keys = [(KeyKind::UserId, user_id.as_str()); 4];
    let mut count = 1;
    for (kind, value) in [
        (KeyKind::Email, &user.email),
        (KeyKind::Username, &user.username),
        (KeyKind::Phone, &user.phone_number),
    ] {
        if let Some(value) = value {
            keys[count] = (kind, value);
            count += 1;
        }
    }
    let credentials = user.credentials.as_ref().map(import::Credentials::to_json);
    let row = NewRow {
        place,
        connection: target.pk,
        strategy: &target.strategy,
        source: text,
        keys: &keys[..count],
        credentials: credentials.as_ref().map(|secret| secret.expose().as_str()),
    };
    batch.push(
        &row,
        |out| match sparse {
            true => push_keys(&keys[..count], out),
            false => target.template.push_profile(user, &user_id, now, out),
        },
        upsert.then_some(|out: &mut String| push_changes(user, out)),
    );
}

/// Appends a profile of identifiers alone, which is all that a check of the file needs.
fn push_keys(keys: &[(KeyKind, &str)], out: &mut String) {
    for (index, (kind, value)) in keys.iter().enumerate() {
        out.push(if index == 0 { '{' } else { ',' });
        let _ = write!(out, "\"{}\":", kind.attribute());
        purser_core::json::push_string(out, value);
    }
    out.push('}');
}

/// Returns 24 random hex digits, the shape of Auth0's own ids.
fn new_id() -> String {
    random::<12>()
        .iter()
        .fold(String::with_capacity(24), |mut id, byte| {
            let _ = write!(id, "{byte:02x}");
            id
        })
}

fn bad_row(bad: &BadRow<'_>) -> (Vec<RowError>, String) {
    let nothing = "{}".to_owned();
    match bad {
        BadRow::TooLarge { limit } => (vec![import::row_too_large(*limit as u64)], nothing),
        BadRow::InvalidUtf8 { offset } => (vec![import::invalid_utf8(*offset as u64)], nothing),
        BadRow::InvalidJson(fault, text) => (vec![import::invalid_json(fault)], masked(text)),
        BadRow::Csv { message, hint } => {
            let error = RowError {
                code: Code::InvalidCsv,
                message: message.clone(),
                path: None,
                hint: Some(hint.clone()),
            };
            (vec![error], nothing)
        }
    }
}
