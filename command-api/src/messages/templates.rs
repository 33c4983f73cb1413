//! The texts. Each is a file: `Subject: …`, an empty line, the body; an SMS has a body alone.

use minijinja::{Environment, UndefinedBehavior};
use serde_json::Value;

use super::SendError;

/// An e-mail with a code.
pub(crate) const VERIFY_EMAIL: &str = "verify_email";
/// An SMS with a code.
pub(crate) const VERIFY_MOBILE: &str = "verify_mobile";
/// An e-mail with a token for a new password.
pub(crate) const RESET_PASSWORD: &str = "reset_password";
/// An e-mail that says that the password was changed.
pub(crate) const PASSWORD_CHANGED: &str = "password_changed";

const SOURCES: [(&str, &str); 4] = [
    (VERIFY_EMAIL, include_str!("templates/verify_email.txt")),
    (VERIFY_MOBILE, include_str!("templates/verify_mobile.txt")),
    (RESET_PASSWORD, include_str!("templates/reset_password.txt")),
    (PASSWORD_CHANGED, include_str!("templates/password_changed.txt")),
];

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text {
    pub subject: String,
    pub body: String,
}

/// Fills a text with what it is about.
pub(super) fn render(template: &str, body: &Value) -> Result<Text, SendError> {
    let failed = |error| SendError::Template(template.to_owned(), error);
    let mut environment = Environment::new();
    // A text that lacks something is not sent.
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    for (name, source) in SOURCES {
        environment.add_template(name, source).map_err(failed)?;
    }
    let text = environment.get_template(template).and_then(|it| it.render(body)).map_err(failed)?;
    let (subject, body) = match text.strip_prefix("Subject: ").and_then(|rest| rest.split_once("\n\n")) {
        Some((subject, body)) => (subject, body),
        None => ("", text.as_str()),
    };
    Ok(Text { subject: subject.to_owned(), body: body.to_owned() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_text_can_be_filled_and_mails_have_a_subject() {
        let body = json!({ "name": "Ann", "code": "123456", "token": "tulip" });
        for (name, _) in SOURCES {
            let text = render(name, &body).unwrap();
            assert_eq!(text.subject.is_empty(), name == VERIFY_MOBILE, "{name}");
            assert!(!text.subject.contains('\n') && !text.body.is_empty());
        }
        assert!(render(VERIFY_EMAIL, &body).unwrap().body.contains("123456"));
        assert!(render(RESET_PASSWORD, &body).unwrap().body.contains("tulip"));
    }

    #[test]
    fn a_text_that_lacks_something_is_not_sent() {
        assert!(render(VERIFY_EMAIL, &json!({ "name": "Ann" })).is_err());
        assert!(render("unknown", &json!({})).is_err());
    }
}
