//! Bodies that are made while they are sent: what blocking code writes, and files. Memory is a few pieces.

use std::io::{self, Write};

use axum::body::{Body, Bytes};
use tokio::fs::File;
use tokio::io::AsyncReadExt;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::timeouts::ANSWER_PIECE;

/// Bytes sent at once: large enough that waking tasks costs nothing beside it.
const PIECE: usize = 64 * 1024;
/// Pieces that a writer may be ahead of the client.
const AHEAD: usize = 4;

/// Sends what `work` writes. Nothing can be said once a body has begun: an error ends it early, so that the client
/// sees that it is not whole, and goes to the log.
pub(crate) fn written<E>(
    work: impl FnOnce(&mut dyn Write) -> Result<(), E> + Send + 'static,
) -> Body
where
    E: Into<anyhow::Error>,
{
    let (sender, mut receiver) = mpsc::channel(AHEAD);
    let mut writer = PieceWriter {
        sender,
        pieces: Vec::new(),
        runtime: Handle::current(),
    };
    tokio::task::spawn_blocking(move || {
        let result = work(&mut writer)
            .map_err(Into::into)
            .and_then(|()| Ok(writer.flush()?));
        if let Err(error) = result {
            tracing::warn!(
                error = format!("{error:#}"),
                "an answer could not be sent to its end"
            );
            writer.abort();
        }
    });
    Body::from_stream(futures_util::stream::poll_fn(move |context| {
        receiver.poll_recv(context)
    }))
}

/// Sends a file.
pub(crate) fn file(file: File) -> Body {
    Body::from_stream(futures_util::stream::try_unfold(
        file,
        |mut file| async move {
            let mut piece = Vec::with_capacity(PIECE);
            let read = file.read_buf(&mut piece).await?;
            Ok::<_, io::Error>((read > 0).then(|| (Bytes::from(piece), file)))
        },
    ))
}

/// Collects what is written into pieces and waits until the client takes them.
struct PieceWriter {
    sender: mpsc::Sender<io::Result<Bytes>>,
    pieces: Vec<u8>,
    runtime: Handle,
}

impl PieceWriter {
    fn send(&mut self, piece: io::Result<Bytes>) -> io::Result<()> {
        let sender = &self.sender;
        // The timer must be made inside the runtime.
        let sent = self.runtime.block_on(async {
            let sending = tokio::time::timeout(ANSWER_PIECE, sender.send(piece));
            sending.await.map(|sent| sent.is_ok())
        });
        match sent {
            Ok(true) => Ok(()),
            Ok(false) => Err(io::Error::new(
                io::ErrorKind::BrokenPipe,
                "the client has gone",
            )),
            Err(_) => Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "the client takes too long",
            )),
        }
    }

    fn abort(&mut self) {
        // A client that has gone does not hear it.
        let _ = self.send(Err(io::Error::other("the answer could not be finished")));
    }
}

impl Write for PieceWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pieces.extend_from_slice(bytes);
        if self.pieces.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.pieces.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.pieces, Vec::with_capacity(PIECE));
        self.send(Ok(Bytes::from(piece)))
    }
}
