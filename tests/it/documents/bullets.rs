//! Document 001: a list of endpoints, without bodies and answers.

use super::lines::{numbered, quoted};
use super::request::Request;

/// Its requests. It names no base path, so they go to the one that there is.
pub fn requests(document: &'static str, text: &str) -> Vec<Request> {
    let bullets = numbered(text).filter(|(_, line)| line.starts_with("*   `"));
    bullets
        .filter_map(|(number, line)| {
            let (method, path) = quoted(line)?.split_once(' ')?;
            Request::new(document, number, method, &format!("/api/v1{path}"))
        })
        .collect()
}
