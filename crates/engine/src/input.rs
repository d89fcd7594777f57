//! Where an import's bytes come from: a file or a stream, plain, gzip (RFC 1952) or zstd (RFC 8878), told from the
//! first bytes, never from the name.

use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::EngineError;

/// The bytes of an import.
pub struct Input {
    pub(crate) source: Box<dyn Read + Send>,
    /// The file, if it is one: an interrupted import can go on.
    pub(crate) path: Option<PathBuf>,
    /// Its size, if known.
    pub(crate) size: Option<u64>,
}

impl Input {
    pub fn file(path: &Path) -> Result<Self, EngineError> {
        let read = |source| EngineError::Read {
            path: path.to_owned(),
            source,
        };
        let file = std::fs::File::open(path).map_err(read)?;
        let metadata = file.metadata().map_err(read)?;
        if metadata.is_dir() {
            return Err(read(io::ErrorKind::IsADirectory.into()));
        }
        // A pipe (`/dev/stdin`, `<(…)`) has no size and cannot be read again.
        let is_file = metadata.is_file();
        let path = if is_file {
            Some(std::path::absolute(path).map_err(read)?)
        } else {
            None
        };
        Ok(Self {
            source: Box::new(file),
            path,
            size: is_file.then_some(metadata.len()),
        })
    }

    /// Takes a stream that can be read once, such as standard input.
    pub fn stream(source: impl Read + Send + 'static) -> Self {
        Self {
            source: Box::new(source),
            path: None,
            size: None,
        }
    }

    /// Returns the decompressed bytes, and the count of bytes taken from the source so far.
    pub(crate) fn decompress(self) -> io::Result<(Box<dyn Read + Send>, Arc<AtomicU64>)> {
        let taken = Arc::new(AtomicU64::new(0));
        let mut source = Counting {
            source: self.source,
            taken: Arc::clone(&taken),
        };
        let mut head = Vec::with_capacity(MAGIC_BYTES);
        source
            .by_ref()
            .take(MAGIC_BYTES as u64)
            .read_to_end(&mut head)?;
        let kind = Compression::of(&head);
        let whole = io::Cursor::new(head).chain(source);
        let reader: Box<dyn Read + Send> = match kind {
            Compression::None => Box::new(whole),
            Compression::Gzip => {
                let reader =
                    flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(BUFFER, whole));
                Box::new(Guarded::new(reader, "gzip", &taken))
            }
            Compression::Zstd => {
                let mut reader = zstd::stream::read::Decoder::new(whole)?;
                reader.window_log_max(MAX_WINDOW_LOG)?;
                Box::new(Guarded::new(reader, "zstd", &taken))
            }
        };
        Ok((reader, taken))
    }
}

const MAGIC_BYTES: usize = 4;
const BUFFER: usize = 256 * 1024;
/// 128 MiB, what `zstd --long` uses at the most without being asked for more; bounds the decoder's memory.
const MAX_WINDOW_LOG: u32 = 27;

enum Compression {
    None,
    Gzip,
    Zstd,
}

impl Compression {
    fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd] => Self::Zstd,
            // Skippable frames may come first.
            [0x50..=0x5f, 0x2a, 0x4d, 0x18] => Self::Zstd,
            _ => Self::None,
        }
    }
}

struct Counting {
    source: Box<dyn Read + Send>,
    taken: Arc<AtomicU64>,
}

impl Read for Counting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.source.read(buffer)?;
        self.taken.fetch_add(n as u64, Relaxed);
        Ok(n)
    }
}

/// Compressed user lists shrink to a fifth or a twentieth. Beyond this ratio, and not before this much output, a file
/// was made to fill memory or time.
const BOMB_RATIO: u64 = 500;
const BOMB_BYTES: u64 = 256 * 1024 * 1024;

/// Names the compression in errors and stops at bombs.
struct Guarded<R> {
    reader: R,
    name: &'static str,
    taken: Arc<AtomicU64>,
    given: u64,
}

impl<R> Guarded<R> {
    fn new(reader: R, name: &'static str, taken: &Arc<AtomicU64>) -> Self {
        Self {
            reader,
            name,
            taken: Arc::clone(taken),
            given: 0,
        }
    }
}

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let name = self.name;
        let n = self
            .reader
            .read(buffer)
            .map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => io::Error::new(
                    error.kind(),
                    format!("the {name} data ends too early: the file is incomplete"),
                ),
                kind => io::Error::new(kind, format!("the {name} data is damaged: {error}")),
            })?;
        self.given += n as u64;
        if self.given > BOMB_BYTES && self.given / BOMB_RATIO > self.taken.load(Relaxed) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!(
                    "the {name} data grows more than {BOMB_RATIO} times: it looks like a decompression bomb"
                ),
            ));
        }
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        let (mut reader, _) = Input::stream(io::Cursor::new(bytes)).decompress()?;
        let mut out = vec![];
        reader.read_to_end(&mut out).map(|_| out)
    }

    #[test]
    fn tells_compression_from_the_content() {
        let text = b"[{\"email\":\"a@b.co\"}]".to_vec();
        assert_eq!(read(text.clone()).unwrap(), text);
        assert_eq!(read(gzip(&text)).unwrap(), text);
        let two_members = [gzip(&text[..5]), gzip(&text[5..])].concat();
        assert_eq!(read(two_members).unwrap(), text);
        assert_eq!(read(zstd::encode_all(&text[..], 1).unwrap()).unwrap(), text);
        assert_eq!(read(b"[]".to_vec()).unwrap(), b"[]");
    }

    #[test]
    fn truncated_data_says_so() {
        let whole = gzip(&[b'x'; 10_000]);
        let error = read(whole[..whole.len() / 2].to_vec()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the gzip data ends too early: the file is incomplete"
        );
    }

    #[test]
    fn a_bomb_is_stopped() {
        // Zstandard says "a gigabyte of zeros" in some thirty kilobytes.
        let bomb = zstd::encode_all(io::repeat(0).take(1 << 30), 3).unwrap();
        let (mut reader, _) = Input::stream(io::Cursor::new(bomb)).decompress().unwrap();
        let error = io::copy(&mut reader, &mut io::sink()).unwrap_err();
        assert!(error.to_string().contains("decompression bomb"), "{error}");
    }
}
