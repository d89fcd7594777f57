//! How long the server waits for slow clients, so that they cannot hold connections and readers for ever.

use std::time::Duration;

/// For the head of a request, and between requests on one connection.
pub(crate) const HEAD_READ: Duration = Duration::from_secs(60);
/// For the whole body of anything but an upload.
pub(crate) const BODY_READ: Duration = Duration::from_secs(30);
/// For the next piece of an upload; a large file on a slow line takes its time.
pub(crate) const UPLOAD_PIECE: Duration = Duration::from_secs(60);
/// For what a client still sends of a body that was refused.
pub(crate) const REFUSED_READ: Duration = Duration::from_secs(5);
/// For a client to take the next piece of a streamed answer.
pub(crate) const ANSWER_PIECE: Duration = Duration::from_secs(60);
/// For open requests once the server was told to stop.
pub(crate) const SHUTDOWN: Duration = Duration::from_secs(10);
