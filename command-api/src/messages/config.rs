//! Where messages go out.

use std::fmt;
use std::time::Duration;

use lettre::message::Mailbox;
use lettre::transport::smtp::AsyncSmtpTransport;
use lettre::{AsyncTransport as _, Tokio1Executor};
use url::Url;

use crate::environment::{ConfigError, Environment};

/// How long one exchange with a mail server or an SMS endpoint may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where messages go out. What is not configured leaves its messages in the outbox.
#[derive(Clone, Debug, Default)]
pub struct MessageConfig {
    /// `DAYBOOK_SMTP_URL`: `smtp://user:password@host:port`, `smtps://…`, or `smtp://…?tls=required` for STARTTLS.
    pub smtp: Option<Smtp>,
    /// `DAYBOOK_SMS_URL`: what a POST of `{to, message}` sends.
    pub sms: Option<Url>,
}

/// A mail server, and who mail is from.
#[derive(Clone)]
pub struct Smtp {
    pub(super) transport: AsyncSmtpTransport<Tokio1Executor>,
    pub(super) from: Mailbox,
    host: String,
}

impl MessageConfig {
    /// Reads and validates it.
    pub fn from(environment: &Environment) -> Result<Self, ConfigError> {
        let from = environment.read("DAYBOOK_MAIL_FROM", "Daybook <no-reply@localhost>", |text| {
            text.parse::<Mailbox>().map_err(|_| "must be a mailbox like Daybook <no-reply@example.com>")
        })?;
        let smtp = environment
            .get("DAYBOOK_SMTP_URL")
            .map(|_| environment.read("DAYBOOK_SMTP_URL", "", |text| Smtp::at(text, from)));
        let sms = environment.get("DAYBOOK_SMS_URL").map(|_| {
            environment.read("DAYBOOK_SMS_URL", "", |text| match Url::parse(text) {
                Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(url),
                Ok(_) | Err(_) => Err("must be an http or https URL"),
            })
        });
        Ok(Self { smtp: smtp.transpose()?, sms: sms.transpose()? })
    }

    /// Its variables and what they come to, without user and password.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let unset = || "not set: messages stay in the outbox".to_owned();
        let smtp = self.smtp.as_ref().map_or_else(unset, |smtp| smtp.host.clone());
        let sms = self.sms.as_ref().and_then(Url::host_str).map_or_else(unset, str::to_owned);
        let from = self.smtp.as_ref().map_or_else(String::new, |smtp| smtp.from.to_string());
        vec![("DAYBOOK_SMTP_URL", smtp), ("DAYBOOK_MAIL_FROM", from), ("DAYBOOK_SMS_URL", sms)]
    }
}

impl Smtp {
    fn at(url: &str, from: Mailbox) -> Result<Self, &'static str> {
        let problem = "must be an smtp or smtps URL";
        let host = Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).ok_or(problem)?;
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|_| problem)?;
        Ok(Self { transport: builder.timeout(Some(PATIENCE)).build(), from, host })
    }

    /// Ends its connections.
    pub async fn close(&self) {
        self.transport.shutdown().await;
    }
}

/// Without what it logs in with.
impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp").field("host", &self.host).field("from", &self.from).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variable: &'static str, value: &'static str) -> Result<MessageConfig, ConfigError> {
        MessageConfig::from(&Environment::from_fn(move |name| (name == variable).then(|| value.to_owned())))
    }

    #[tokio::test]
    async fn nothing_needs_to_be_set_and_what_is_wrong_is_named() {
        assert!(MessageConfig::from(&Environment::from_fn(|_| None)).unwrap().smtp.is_none());
        for (variable, value) in [
            ("DAYBOOK_SMTP_URL", "http://example.com"),
            ("DAYBOOK_SMTP_URL", "mail"),
            ("DAYBOOK_MAIL_FROM", "nobody"),
            ("DAYBOOK_SMS_URL", "ftp://example.com"),
        ] {
            assert_eq!(with(variable, value).unwrap_err().variable, variable);
        }
    }

    #[tokio::test]
    async fn a_password_is_shown_nowhere() {
        let config = with("DAYBOOK_SMTP_URL", "smtps://user:tulip@mail.example.com").unwrap();
        let shown = format!("{config:?} {:?}", config.settings());
        assert!(shown.contains("mail.example.com") && !shown.contains("tulip"), "{shown}");
    }
}
