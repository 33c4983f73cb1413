//! `daybook openapi`: the API's document.

use crate::http::OPENAPI;
use crate::{Failure, say};

/// `daybook openapi`.
pub fn run() -> Result<(), Failure> {
    say(OPENAPI.trim_end());
    Ok(())
}
