//! Chunks: ranges of users, encoded by one thread.

use std::ops::ControlFlow;
use std::sync::mpsc::SyncSender;

use purser_core::format::Encoder;
use purser_store::SnapshotReader;

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
}

impl Chunk {
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

/// The ranges of one thread.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range {
    pub(super) from: i64,
    pub(super) last: i64,
    pub(super) width: i64,
    pub(super) step: i64,
}

/// Encodes one range after the other until there are no more or nobody takes them.
pub(super) fn produce(
    reader: &SnapshotReader,
    mut encoder: Encoder,
    range: Range,
    (compress, cut): (bool, bool),
    chunks: &SyncSender<Chunk>,
) -> Result<(), EngineError> {
    let mut from = range.from;
    let mut size = 0;
    while from <= range.last {
        let mut chunk = Chunk {
            rows: 0,
            bytes: Vec::with_capacity(size),
            packed: None,
            ends: Vec::new(),
        };
        reader.scan(from, from + range.width - 1, |_, packed| {
            encoder.packed(chunk.rows == 0, packed, &mut chunk.bytes);
            chunk.rows += 1;
            if cut {
                chunk
                    .ends
                    .push(u32::try_from(chunk.bytes.len()).unwrap_or(u32::MAX));
            }
            ControlFlow::Continue(())
        })?;
        size = chunk.bytes.len() + chunk.bytes.len() / 8;
        if compress && chunk.rows > 0 {
            chunk.packed = Some(gzip::pack(&chunk.bytes));
        }
        if chunks.send(chunk).is_err() {
            return Ok(());
        }
        from += range.step;
    }
    Ok(())
}
