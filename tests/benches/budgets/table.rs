//! What was measured, as a Markdown table.

use std::fmt;

/// Rows in the order of measurement.
#[derive(Debug, Default)]
pub struct Table(Vec<[String; 4]>);

impl Table {
    /// One figure: what, its budget, what was measured, and beside what.
    pub fn row(&mut self, what: &str, budget: &str, measured: impl Into<String>, beside: impl Into<String>) {
        let row = [what.to_owned(), budget.to_owned(), measured.into(), beside.into()];
        eprintln!("{}: {} ({})", row[0], row[2], row[3]);
        self.0.push(row);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| what | budget | measured | beside |\n|---|---|---|---|")?;
        self.0.iter().try_for_each(|row| writeln!(f, "| {} |", row.join(" | ")))
    }
}
