//! A table, aligned for people or separated by tabs for programs.

use comfy_table::{CellAlignment, presets};

use super::output::plain;

/// Rows of cells under titles.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    titles: Vec<String>,
    /// Columns that hold numbers.
    numbers: Vec<usize>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Returns an empty table.
    pub(crate) fn new(titles: &[&str]) -> Self {
        Self {
            titles: titles.iter().map(|title| line(title)).collect(),
            numbers: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// Says that a column holds numbers, which are aligned to the right.
    pub(crate) fn with_numbers(mut self, column: usize) -> Self {
        self.numbers.push(column);
        self
    }

    /// Adds a row; line breaks, tabs and other control characters in its cells are spelled out.
    pub(crate) fn push(&mut self, cells: Vec<String>) {
        self.rows
            .push(cells.iter().map(|cell| line(cell)).collect());
    }

    /// Returns the table with aligned columns.
    pub(crate) fn aligned(&self) -> String {
        let mut table = comfy_table::Table::new();
        table
            .load_style(presets::NOTHING)
            .set_header(&self.titles)
            .add_rows(&self.rows);
        for (index, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, 2));
            if self.numbers.contains(&index) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table.trim_fmt()
    }

    /// Returns the table with a tab between cells.
    pub(crate) fn separated(&self) -> String {
        let mut lines = vec![self.titles.join("\t")];
        lines.extend(self.rows.iter().map(|row| row.join("\t")));
        lines.join("\n")
    }
}

fn line(cell: &str) -> String {
    plain(cell).replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_stays_in_its_place() {
        let mut table = Table::new(&["NAME", "USERS"]).with_numbers(1);
        table.push(vec!["a\tb\nc".to_owned(), "1".to_owned()]);
        table.push(vec!["d".to_owned(), "1,000".to_owned()]);
        assert_eq!(table.separated(), "NAME\tUSERS\na\\tb\\nc\t1\nd\t1,000");
        insta::assert_snapshot!(table.aligned(), @r"
        NAME     USERS
        a\tb\nc      1
        d        1,000
        ");
    }
}
