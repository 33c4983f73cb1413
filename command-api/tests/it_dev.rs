//! Temporary.
#[path = "../../tests/it/main.rs"]
mod it;
