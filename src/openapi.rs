//! `daybook openapi`: the API's document.

use crate::http::OPENAPI;
use crate::say;

/// `daybook openapi`.
pub fn run() {
    say(OPENAPI.trim_end());
}
