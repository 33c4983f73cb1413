//! Rows as array parameters: a batch is written by one statement, whatever its size.

/// One column of the rows.
pub(crate) fn column<R, C>(rows: &[R], value: impl Fn(&R) -> C) -> Vec<C> {
    rows.iter().map(value).collect()
}
