//! Why something failed, in one line.

/// An error and its causes in one line, as they are logged and kept for `daybook status`: `the event can't be read: unknown
/// variant`.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("error returned from database: no row like this")]
    struct Outer(#[source] Inner);

    #[derive(Debug, thiserror::Error)]
    #[error("no row like this")]
    struct Inner(#[source] std::fmt::Error);

    #[test]
    fn what_an_error_says_already_is_not_said_again_by_its_cause() {
        let told = with_causes(&Outer(Inner(std::fmt::Error)));
        let expected =
            "error returned from database: no row like this: an error occurred when formatting an argument";
        assert_eq!(told, expected);
    }
}
