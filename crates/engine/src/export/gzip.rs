//! One gzip member (RFC 1952) out of chunks that several threads compress: each chunk ends in a sync flush, so that it
//! ends on a byte and the chunks can stand behind one another in one deflate stream (RFC 1951, 3.2.4). One member,
//! because browsers' decompression streams are reported to refuse several.

use flate2::{Compress, Compression, Crc, FlushCompress};

/// Level 3 takes about half the time of 6 and writes a tenth more.
const LEVEL: u32 = 3;

/// A compressed chunk.
pub(super) struct Packed {
    deflated: Vec<u8>,
    crc: Crc,
}

/// Compresses a chunk.
pub(super) fn pack(bytes: &[u8]) -> Packed {
    let mut crc = Crc::new();
    crc.update(bytes);
    let mut deflate = Compress::new(Compression::new(LEVEL), false);
    let mut deflated = Vec::with_capacity(bytes.len() / 3 + 64);
    loop {
        let taken = usize::try_from(deflate.total_in())
            .unwrap_or(usize::MAX)
            .min(bytes.len());
        // Compressing into a buffer that can grow cannot fail.
        let _ = deflate.compress_vec(&bytes[taken..], &mut deflated, FlushCompress::Sync);
        // The flush is complete when it left room for more.
        if deflate.total_in() == bytes.len() as u64 && deflated.len() < deflated.capacity() {
            return Packed { deflated, crc };
        }
        deflated.reserve(deflated.capacity().max(64));
    }
}

/// The member as it is written.
pub(super) struct Member {
    started: bool,
    crc: Crc,
}

impl Member {
    pub(super) fn new() -> Self {
        Self {
            started: false,
            crc: Crc::new(),
        }
    }

    /// Returns the next bytes of the file.
    pub(super) fn add(&mut self, chunk: &Packed) -> Vec<u8> {
        let mut out = self.head();
        self.crc.combine(&chunk.crc);
        out.extend_from_slice(&chunk.deflated);
        out
    }

    /// Returns the last bytes of the file: an empty final block, checksum and length.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let mut out = self.head();
        out.extend_from_slice(&[0x03, 0x00]);
        out.extend_from_slice(&self.crc.sum().to_le_bytes());
        out.extend_from_slice(&self.crc.amount().to_le_bytes());
        out
    }

    fn head(&mut self) -> Vec<u8> {
        if std::mem::replace(&mut self.started, true) {
            return Vec::new();
        }
        // Magic, deflate, no flags, no time (the same users give the same file), no extra flags, unknown system.
        vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn unpack(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        flate2::read::GzDecoder::new(bytes)
            .read_to_end(&mut out)
            .unwrap();
        out
    }

    #[test]
    fn chunks_become_one_member() {
        let text: Vec<u8> = (0..200_000_u32)
            .flat_map(|n| format!("{n},").into_bytes())
            .collect();
        for size in [1, 7, 1000, 300_000, 2_000_000] {
            let limited = &text[..text.len().min(size * 1000)];
            let mut member = Member::new();
            let mut file = Vec::new();
            for chunk in limited.chunks(size) {
                file.extend(member.add(&pack(chunk)));
            }
            file.extend(member.finish());
            assert_eq!(unpack(&file), limited, "chunks of {size}");
        }
    }

    #[test]
    fn nothing_is_a_valid_member_too() {
        assert_eq!(unpack(&Member::new().finish()), b"");
    }

    #[test]
    fn incompressible_bytes_survive() {
        let mut state = 1_u64;
        let noise: Vec<u8> = (0..100_000)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                (state >> 56) as u8
            })
            .collect();
        let mut member = Member::new();
        let mut file = member.add(&pack(&noise));
        file.extend(member.finish());
        assert_eq!(unpack(&file), noise);
    }
}
