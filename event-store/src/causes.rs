//! Why something failed, in one line.

/// An error and its causes in one line, as they are kept for `daybook status`: `the event can't be read: unknown variant`.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let said = cause.to_string();
        // What Postgres says is in sqlx's error already.
        if !line.ends_with(&said) {
            line = format!("{line}: {said}");
        }
        source = cause.source();
    }
    line
}
