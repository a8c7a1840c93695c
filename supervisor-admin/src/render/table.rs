//! Aligned columns.

use super::paint::{Tone, paint};
use crate::output::one_line;

/// A cell and what its colour says.
#[derive(Debug, Clone)]
pub struct Cell {
    text: String,
    tone: Option<Tone>,
}

impl Cell {
    /// A cell without colour; control characters become blanks, an empty text a dash.
    pub fn new(text: &str) -> Self {
        Self::toned(text, None)
    }

    /// A cell in the colour of `tone`.
    pub fn toned(text: &str, tone: Option<Tone>) -> Self {
        let text = if text.is_empty() { "-".to_owned() } else { one_line(text) };
        Self { text, tone }
    }
}

/// Lines whose columns are as wide as their widest cell; the last column is not padded.
pub fn table<const N: usize>(head: [&str; N], rows: &[[Cell; N]], coloured: bool) -> String {
    let mut widths = head.map(|title| title.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.text.chars().count());
        }
    }
    let head = head.map(|title| Cell { text: title.to_owned(), tone: None });
    std::iter::once(&head).chain(rows).map(|row| line(row, &widths, coloured)).collect()
}

fn line<const N: usize>(row: &[Cell; N], widths: &[usize; N], coloured: bool) -> String {
    let mut line = String::new();
    for (index, (cell, width)) in row.iter().zip(widths).enumerate() {
        line.push_str(&paint(&cell.text, cell.tone, coloured));
        if index + 1 < N {
            let gap = width.saturating_sub(cell.text.chars().count()) + 2;
            line.extend(std::iter::repeat_n(' ', gap));
        }
    }
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_of_uneven_cells_is_aligned() {
        let rows = [[Cell::new("1"), Cell::new("x")], [Cell::new("22222"), Cell::new("")]];
        assert_eq!(table(["APP", "NAME"], &rows, false), "APP    NAME\n1      x\n22222  -\n");
    }

    #[test]
    fn table_with_colours_is_aligned_by_its_text() {
        let rows = [[Cell::toned("up", Some(Tone::Good)), Cell::new("x\ny")]];
        assert_eq!(table(["STATE", "B"], &rows, true), "STATE  B\n\x1b[32mup\x1b[0m     x y\n");
    }
}
