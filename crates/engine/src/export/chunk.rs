//! Chunks: some users, encoded by one thread.

use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, SyncSender};

use purser_core::format::Encoder;
use purser_store::{Filter, SnapshotReader};

use super::gzip::{self, Packed};
use crate::EngineError;

/// The encoded users of one range.
pub(super) struct Chunk {
    pub(super) rows: u64,
    pub(super) bytes: Vec<u8>,
    /// The compressed bytes, if they are to be compressed and nothing is cut off any more.
    pub(super) packed: Option<Packed>,
    /// Where each record ends, if a limit may cut the chunk.
    ends: Vec<u32>,
    /// How many numbers of users were looked at, for the progress.
    pub(super) looked_at: i64,
}

impl Chunk {
    fn with_capacity(size: usize) -> Self {
        Self {
            rows: 0,
            bytes: Vec::with_capacity(size),
            packed: None,
            ends: Vec::new(),
            looked_at: 0,
        }
    }

    fn push(&mut self, encoder: &mut Encoder, packed: &str, cut: bool) {
        encoder.packed(self.rows == 0, packed, &mut self.bytes);
        self.rows += 1;
        if cut {
            let end = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
            self.ends.push(end);
        }
    }

    /// Keeps the first `most` records.
    pub(super) fn cut(&mut self, most: u64) {
        if self.rows <= most {
            return;
        }
        let kept = usize::try_from(most).unwrap_or(usize::MAX);
        let end = kept
            .checked_sub(1)
            .and_then(|last| self.ends.get(last))
            .copied()
            .unwrap_or(0);
        self.bytes.truncate(end as usize);
        self.packed = None;
        self.rows = most;
    }
}

/// Which users a thread encodes.
pub(super) enum Share {
    /// Ranges of numbers.
    Ranges(Range, Box<Filter>),
    /// The users with these numbers, chunk by chunk.
    Numbers(Receiver<std::io::Result<Vec<i64>>>),
}

/// The ranges of one thread. None reaches over the end of a segment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range {
    pub(super) from: i64,
    pub(super) last: i64,
    pub(super) width: i64,
    pub(super) step: i64,
}

/// A thread that encodes its share of the users.
pub(super) struct Producer {
    pub(super) reader: SnapshotReader,
    pub(super) encoder: Encoder,
    pub(super) compress: bool,
    /// Whether a limit may cut a chunk.
    pub(super) cut: bool,
}

impl Producer {
    /// Encodes one chunk after the other until there are no more or nobody takes them.
    pub(super) fn run(
        mut self,
        share: Share,
        chunks: &SyncSender<Chunk>,
    ) -> Result<(), EngineError> {
        let mut size = 0;
        match share {
            Share::Ranges(mut range, mut filter) => {
                while range.from <= range.last {
                    let mut chunk = Chunk::with_capacity(size);
                    let (from, to) = (range.from, range.from + range.width - 1);
                    let Self {
                        reader,
                        encoder,
                        cut,
                        ..
                    } = &mut self;
                    reader.each_match(&mut filter, (from, to), |_, packed| {
                        chunk.push(encoder, packed, *cut);
                        ControlFlow::Continue(())
                    })?;
                    chunk.looked_at = to.min(range.last) - from + 1;
                    if !self.hand_over(chunk, &mut size, chunks) {
                        return Ok(());
                    }
                    range.from += range.step;
                }
            }
            Share::Numbers(numbers) => {
                for pks in numbers {
                    let pks = pks.map_err(EngineError::Sorting)?;
                    let mut chunk = Chunk::with_capacity(size);
                    let Self {
                        reader,
                        encoder,
                        cut,
                        ..
                    } = &mut self;
                    reader.each_of(&pks, |packed| {
                        chunk.push(encoder, packed, *cut);
                        ControlFlow::Continue(())
                    })?;
                    chunk.looked_at = pks.len() as i64;
                    if !self.hand_over(chunk, &mut size, chunks) {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    /// Returns whether somebody took the chunk.
    fn hand_over(&self, mut chunk: Chunk, size: &mut usize, chunks: &SyncSender<Chunk>) -> bool {
        *size = chunk.bytes.len() + chunk.bytes.len() / 8;
        if self.compress && chunk.rows > 0 {
            chunk.packed = Some(gzip::pack(&chunk.bytes));
        }
        chunks.send(chunk).is_ok()
    }
}
