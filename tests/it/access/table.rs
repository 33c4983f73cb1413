//! The table.

use std::collections::BTreeMap;

/// Who asks, in the order of the columns. The owner is the customer whose order, address and so on it is; the seller
/// is the one whose product it is; the rival is another seller.
pub const CALLERS: [&str; 9] =
    ["nobody", "expired", "other", "owner", "rival", "seller", "admin", "auditor", "service"];

/// What each caller is answered.
pub struct Row {
    pub statuses: [u16; CALLERS.len()],
}

impl Row {
    /// As it stands in the file.
    pub fn aligned(&self, name: &str) -> String {
        let statuses: Vec<_> = self.statuses.iter().map(|status| format!("{status:<7}")).collect();
        format!("{name:<44} {}", statuses.join(" ").trim_end())
    }
}

/// The rows by method and path.
pub fn rows() -> BTreeMap<String, Row> {
    let lines = include_str!("table.txt").lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let words: Vec<_> = line.split_whitespace().collect();
            let [method, path, statuses @ ..] = words.as_slice() else { panic!("no row: {line}") };
            let statuses: Vec<u16> = statuses.iter().map(|status| status.parse().unwrap()).collect();
            let statuses =
                statuses.try_into().unwrap_or_else(|_| panic!("not {} callers: {line}", CALLERS.len()));
            (format!("{method} {path}"), Row { statuses })
        })
        .collect()
}
