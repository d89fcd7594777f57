//! Splits CSV into records and cells (RFC 4180), byte range by byte range.
//! Not the `csv-core` crate: it hides whether a cell was quoted (which tells an empty text from nothing, and text from
//! a number) and where a quote was opened (which is where people have to look when it is never closed).
//!
//! ```text
//! state   byte          next
//! Start   "             Quoted                      other  Plain, with this byte
//! Plain   separator     Start, one cell more        line end  end of the record
//! Quoted  "             Closed
//! Closed  "             Quoted (a doubled quote)    separator, line end  as in Plain
//!         other         Plain, and the record is bad
//! ```

use memchr::{memchr, memchr3};

/// One cell, as bytes of its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cell {
    /// Without the quotes around it.
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) quoted: bool,
    /// Has quotes that are written twice.
    pub(super) doubled: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    Plain,
    Quoted,
    Closed,
}

/// Follows one record at a time.
#[derive(Debug)]
pub(super) struct Records {
    separator: u8,
    state: State,
    /// Bytes of the record that were followed.
    seen: usize,
    start: usize,
    doubled: bool,
    /// Where the quote that was opened last stands, unless it was dropped.
    pub(super) quote: Option<usize>,
    /// At most `most` cells; a hostile record could have millions.
    pub(super) cells: Vec<Cell>,
    pub(super) most: usize,
    pub(super) count: usize,
    /// Number of the first cell that goes on behind its closing quote.
    pub(super) stray: Option<usize>,
}

impl Records {
    pub(super) fn new(separator: u8) -> Self {
        Self {
            separator,
            state: State::Start,
            seen: 0,
            start: 0,
            doubled: false,
            quote: None,
            cells: Vec::new(),
            most: usize::MAX,
            count: 0,
            stray: None,
        }
    }

    /// Makes ready for the next record.
    pub(super) fn reset(&mut self) {
        self.state = State::Start;
        self.seen = 0;
        self.cells.clear();
        self.count = 0;
        self.stray = None;
    }

    /// Forgets the bytes that were followed, which are about to be dropped, but not the state.
    pub(super) fn drop_seen(&mut self) {
        self.seen = 0;
        self.quote = None;
        self.cells.clear();
    }

    /// Returns whether a quote is open.
    pub(super) fn in_quotes(&self) -> bool {
        self.state == State::Quoted
    }

    /// Follows the record, of which `bytes` is all that is known, and returns where it ends.
    pub(super) fn scan(&mut self, bytes: &[u8]) -> Option<usize> {
        while self.seen < bytes.len() {
            let at = self.seen;
            match self.state {
                State::Start => self.begin_cell(bytes[at]),
                State::Plain => {
                    let Some(found) = memchr3(self.separator, b'\n', b'\r', &bytes[at..]) else {
                        self.seen = bytes.len();
                        return None;
                    };
                    self.seen = at + found;
                    if self.end_cell(bytes[self.seen], self.seen, false) {
                        return Some(self.seen);
                    }
                }
                State::Quoted => match memchr(b'"', &bytes[at..]) {
                    Some(found) => {
                        self.seen = at + found + 1;
                        self.state = State::Closed;
                    }
                    None => self.seen = bytes.len(),
                },
                State::Closed => {
                    if self.after_quote(bytes[at]) {
                        return Some(at);
                    }
                }
            }
        }
        None
    }

    /// Ends the record at the end of the file.
    pub(super) fn finish(&mut self) {
        match self.state {
            State::Start | State::Plain => {
                let start = if self.state == State::Start {
                    self.seen
                } else {
                    self.start
                };
                self.push(start, self.seen, false);
            }
            State::Quoted | State::Closed => self.push(self.start, self.seen.max(1) - 1, true),
        }
    }

    fn begin_cell(&mut self, byte: u8) {
        self.doubled = false;
        self.start = self.seen;
        self.state = State::Plain;
        if byte == b'"' {
            self.quote = Some(self.seen);
            self.seen += 1;
            self.start = self.seen;
            self.state = State::Quoted;
        }
    }

    fn after_quote(&mut self, byte: u8) -> bool {
        if byte == b'"' {
            self.doubled = true;
            self.state = State::Quoted;
            self.seen += 1;
        } else if byte == self.separator || matches!(byte, b'\n' | b'\r') {
            // What was seen may have been dropped since the quote.
            return self.end_cell(byte, self.seen.max(1) - 1, true);
        } else {
            self.stray = self.stray.or(Some(self.count + 1));
            self.state = State::Plain;
        }
        false
    }

    /// Ends a cell before `byte` and returns whether the record ends with it.
    fn end_cell(&mut self, byte: u8, end: usize, quoted: bool) -> bool {
        self.push(self.start, end, quoted);
        if byte != self.separator {
            return true;
        }
        self.seen += 1;
        self.state = State::Start;
        false
    }

    fn push(&mut self, start: usize, end: usize, quoted: bool) {
        if self.cells.len() < self.most {
            let doubled = self.doubled && quoted;
            self.cells.push(Cell {
                start,
                end: end.max(start),
                quoted,
                doubled,
            });
        }
        self.count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str) -> (Vec<(String, bool)>, Option<usize>) {
        let mut records = Records::new(b',');
        let end = records.scan(text.as_bytes()).unwrap_or_else(|| {
            records.finish();
            text.len()
        });
        let cell = |c: &Cell| (text[..end][c.start..c.end].to_owned(), c.quoted);
        (records.cells.iter().map(cell).collect(), records.stray)
    }

    fn plain(text: &str) -> Vec<String> {
        cells(text).0.into_iter().map(|(text, _)| text).collect()
    }

    #[test]
    fn splits_records_as_rfc_4180_says() {
        assert_eq!(plain("a,b\r\nc"), ["a", "b"]);
        assert_eq!(plain("a,\"x,\n\"\"y\",\n"), ["a", "x,\n\"\"y", ""]);
        assert_eq!(plain("a,"), ["a", ""]);
        assert_eq!(plain(",\"\""), ["", ""]);
        assert_eq!(
            cells("\"\",").0,
            [(String::new(), true), (String::new(), false)]
        );
    }

    #[test]
    fn text_behind_a_closing_quote_is_noticed() {
        assert_eq!(cells("a,\"say \"hi\"\",b\n").1, Some(2));
        assert_eq!(cells("a,5\" disk,b\n").1, None);
    }
}
