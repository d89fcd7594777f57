//! Sorting any number of users in bounded memory: sorted runs, of which those that do not fit are written to a temporary
//! file, merged in the end.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use purser_core::query::OwnedScalar;
use purser_store::SortKey;

/// Keys kept in memory; a key and its text take about 60 bytes.
const MEMORY: usize = 96 << 20;
/// How much of a run is read from the file at once.
const BUFFER: usize = 16 << 10;

/// Sorted runs on their way to one sorted list.
pub(super) struct Order {
    descending: bool,
    memory: usize,
    used: usize,
    runs: Vec<Run>,
    file: Option<File>,
    written: u64,
}

enum Run {
    Memory(std::vec::IntoIter<SortKey>),
    File {
        /// What is still to be read.
        at: u64,
        end: u64,
        /// Read, and used up to `used`.
        buffer: Vec<u8>,
        used: usize,
    },
}

impl Order {
    pub(super) fn new(descending: bool) -> Self {
        Self {
            descending,
            memory: MEMORY,
            used: 0,
            runs: Vec::new(),
            file: None,
            written: 0,
        }
    }

    /// Adds a sorted run.
    pub(super) fn add(&mut self, run: Vec<SortKey>) -> io::Result<()> {
        let size: usize = run.iter().map(size_of_key).sum();
        if self.used + size <= self.memory {
            self.used += size;
            self.runs.push(Run::Memory(run.into_iter()));
            return Ok(());
        }
        let mut bytes = Vec::with_capacity(size);
        run.iter().for_each(|key| push(&mut bytes, key));
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(tempfile::tempfile()?),
        };
        file.seek(SeekFrom::Start(self.written))?;
        file.write_all(&bytes)?;
        let end = self.written + bytes.len() as u64;
        self.runs.push(Run::File {
            at: self.written,
            end,
            buffer: Vec::new(),
            used: 0,
        });
        self.written = end;
        Ok(())
    }

    /// Returns the numbers of the users in their order.
    pub(super) fn merge(mut self) -> io::Result<Merged> {
        let mut heads = BinaryHeap::with_capacity(self.runs.len());
        for (index, run) in self.runs.iter_mut().enumerate() {
            if let Some(key) = run.next(self.file.as_mut())? {
                heads.push(Head {
                    key,
                    run: index,
                    descending: self.descending,
                });
            }
        }
        Ok(Merged { order: self, heads })
    }
}

/// The merged list.
pub(super) struct Merged {
    order: Order,
    heads: BinaryHeap<Head>,
}

impl Iterator for Merged {
    type Item = io::Result<i64>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut head = self.heads.peek_mut()?;
        let run = &mut self.order.runs[head.run];
        let next = match run.next(self.order.file.as_mut()) {
            Ok(next) => next,
            Err(error) => return Some(Err(error)),
        };
        let pk = head.key.pk;
        match next {
            Some(key) => head.key = key,
            None => {
                std::collections::binary_heap::PeekMut::pop(head);
            }
        }
        Some(Ok(pk))
    }
}

/// The next key of a run; the first of all is the greatest, for the heap hands out the greatest.
struct Head {
    key: SortKey,
    run: usize,
    descending: bool,
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Head {}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.order(&other.key, self.descending).reverse()
    }
}

impl Run {
    fn next(&mut self, file: Option<&mut File>) -> io::Result<Option<SortKey>> {
        match self {
            Self::Memory(keys) => Ok(keys.next()),
            Self::File {
                at,
                end,
                buffer,
                used,
            } => {
                if let Some((key, length)) = read(&buffer[*used..]) {
                    *used += length;
                    return Ok(Some(key));
                }
                if at == end {
                    return Ok(None);
                }
                let file = file.ok_or_else(|| io::Error::other("the runs were never written"))?;
                buffer.drain(..*used);
                *used = 0;
                // A key that is longer than the buffer makes it grow.
                let more = (*end - *at).min(BUFFER.max(buffer.len()) as u64) as usize;
                let kept = buffer.len();
                buffer.resize(kept + more, 0);
                file.seek(SeekFrom::Start(*at))?;
                file.read_exact(&mut buffer[kept..])?;
                *at += more as u64;
                self.next(Some(file))
            }
        }
    }
}

fn size_of_key(key: &SortKey) -> usize {
    let text = match &key.value {
        Some(OwnedScalar::Text(text)) => text.len() + 16,
        _ => 0,
    };
    size_of::<SortKey>() + text
}

/// Key as bytes: a tag, the number, then eight bytes of a number or the length and bytes of a text.
fn push(out: &mut Vec<u8>, key: &SortKey) {
    let tag = match &key.value {
        None => 0,
        Some(OwnedScalar::Bool(false)) => 1,
        Some(OwnedScalar::Bool(true)) => 2,
        Some(OwnedScalar::Number(_)) => 3,
        Some(OwnedScalar::Text(_)) => 4,
    };
    out.push(tag);
    out.extend_from_slice(&key.pk.to_le_bytes());
    match &key.value {
        Some(OwnedScalar::Number(number)) => out.extend_from_slice(&number.to_le_bytes()),
        Some(OwnedScalar::Text(text)) => {
            out.extend_from_slice(&(text.len() as u64).to_le_bytes());
            out.extend_from_slice(text.as_bytes());
        }
        _ => {}
    }
}

/// Reads a key and how many bytes it takes; `None` if it is not there as a whole.
fn read(bytes: &[u8]) -> Option<(SortKey, usize)> {
    let (tag, rest) = bytes.split_first()?;
    let (pk, rest) = rest
        .split_first_chunk()
        .map(|(pk, rest)| (i64::from_le_bytes(*pk), rest))?;
    let eight = || rest.first_chunk::<8>();
    let (value, more) = match tag {
        1 | 2 => (Some(OwnedScalar::Bool(*tag == 2)), 0),
        3 => (Some(OwnedScalar::Number(f64::from_le_bytes(*eight()?))), 8),
        4 => {
            let length = usize::try_from(u64::from_le_bytes(*eight()?)).ok()?;
            let text = String::from_utf8_lossy(rest.get(8..8 + length)?).into_owned();
            (Some(OwnedScalar::Text(text)), 8 + length)
        }
        _ => (None, 0),
    };
    Some((SortKey { value, pk }, 9 + more))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(seed: i64, count: i64) -> Vec<SortKey> {
        let value = |n: i64| match n % 7 {
            0 => None,
            1 => Some(OwnedScalar::Bool(n % 2 == 0)),
            2 | 3 => Some(OwnedScalar::Number((n * 37 % 101) as f64)),
            4 => Some(OwnedScalar::Text("x".repeat((n % 40) as usize * 1000))),
            _ => Some(OwnedScalar::Text(format!("é{}", n * 31 % 17))),
        };
        (0..count)
            .map(|n| SortKey {
                value: value(n + seed),
                pk: seed * 1000 + n,
            })
            .collect()
    }

    #[test]
    fn merged_runs_are_sorted_in_memory_and_on_disk() {
        for (descending, memory) in [(false, MEMORY), (true, 0), (false, 20_000), (true, 20_000)] {
            let mut order = Order {
                memory,
                ..Order::new(descending)
            };
            let mut all = vec![];
            for seed in 0..20 {
                let mut run = keys(seed, 300);
                run.sort_by(|a, b| a.order(b, descending));
                all.extend(run.clone());
                order.add(run).unwrap();
            }
            order.add(vec![]).unwrap();
            assert_eq!(order.file.is_some(), memory < MEMORY);
            all.sort_by(|a, b| a.order(b, descending));
            let merged: Vec<i64> = order.merge().unwrap().map(Result::unwrap).collect();
            assert!(merged == all.iter().map(|key| key.pk).collect::<Vec<_>>());
        }
    }
}
