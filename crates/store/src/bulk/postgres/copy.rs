//! Rows on their way into a table of PostgreSQL, in the binary format of COPY: the quickest way in, and what is sent is
//! stored while the next rows are encoded.

use std::io::Write;

use postgres::{Client, CopyInWriter};

use crate::error::StoreError;

/// How much is sent at a time: enough that sending costs nothing, and little beside a batch.
const CHUNK_BYTES: usize = 128 * 1024;
const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";

pub(super) struct Copy<'a> {
    writer: CopyInWriter<'a>,
    chunk: Vec<u8>,
    doing: &'static str,
}

impl<'a> Copy<'a> {
    /// Begins with a `COPY … FROM STDIN (FORMAT binary)`.
    pub(super) fn start(
        client: &'a mut Client,
        doing: &'static str,
        sql: &str,
    ) -> Result<Self, StoreError> {
        let writer = client.copy_in(sql).map_err(StoreError::sql(doing))?;
        let mut chunk = Vec::with_capacity(CHUNK_BYTES + 4096);
        chunk.extend_from_slice(SIGNATURE);
        // No flags, and no extension of the header.
        chunk.extend_from_slice(&[0; 8]);
        Ok(Self {
            writer,
            chunk,
            doing,
        })
    }

    /// Adds a row: its numbers, then its texts.
    pub(super) fn row<const N: usize, const T: usize>(
        &mut self,
        numbers: [i64; N],
        texts: [&str; T],
    ) -> Result<(), StoreError> {
        let columns = (N + T) as i16;
        self.chunk.extend_from_slice(&columns.to_be_bytes());
        for number in numbers {
            self.chunk.extend_from_slice(&8_i32.to_be_bytes());
            self.chunk.extend_from_slice(&number.to_be_bytes());
        }
        for text in texts {
            let length = i32::try_from(text.len()).expect("a batch holds less than 2 GiB");
            self.chunk.extend_from_slice(&length.to_be_bytes());
            self.chunk.extend_from_slice(text.as_bytes());
        }
        if self.chunk.len() >= CHUNK_BYTES {
            self.send()?;
        }
        Ok(())
    }

    /// Without this nothing is stored.
    pub(super) fn finish(mut self) -> Result<(), StoreError> {
        self.chunk.extend_from_slice(&(-1_i16).to_be_bytes());
        self.send()?;
        self.writer
            .finish()
            .map(|_| ())
            .map_err(StoreError::sql(self.doing))
    }

    fn send(&mut self) -> Result<(), StoreError> {
        let sent = self
            .writer
            .write_all(&self.chunk)
            .and_then(|()| self.writer.flush());
        self.chunk.clear();
        sent.map_err(|error| match error.downcast::<postgres::Error>() {
            Ok(error) => StoreError::sql(self.doing)(error),
            Err(error) => StoreError::Corrupt {
                doing: self.doing,
                what: error.to_string(),
            },
        })
    }
}
