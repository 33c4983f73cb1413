//! Columns of text.

/// Where the cells of a column stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Rows in columns that are as wide as their widest cell, under a header; a rule between the parts, of which those
/// without rows are left out.
pub fn table<const N: usize>(header: &[&str; N], align: &[Align; N], parts: &[&[[String; N]]]) -> String {
    let mut widths = header.map(|cell| cell.chars().count());
    for row in parts.iter().copied().flatten() {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: &[String; N]| {
        let aligned = cells.iter().zip(align).zip(widths).map(|((cell, align), width)| match align {
            Align::Left => format!("{cell:<width$}"),
            Align::Right => format!("{cell:>width$}"),
        });
        aligned.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    let mut text = line(&header.map(str::to_owned));
    for (place, part) in parts.iter().filter(|part| !part.is_empty()).enumerate() {
        if place > 0 {
            text += &line(&widths.map(|width| "-".repeat(width)));
        }
        part.iter().for_each(|row| text += &line(row));
    }
    text
}
