//! What is said to people, and how it reaches them: e-mail by SMTP, SMS by an HTTP endpoint.
//!
//! Whoever has something to say puts it into the outbox ([`identity::messages`]) in the transaction of what it is about;
//! the process manager of messages sends it.

mod config;
mod mail;
mod sms;
pub(crate) mod templates;

use identity::messages::{Channel, Message};

pub use config::MessageConfig;
use mail::Mail;
use sms::Sms;

/// Why a message was not sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The text can't be made.
    #[error("the text {0} can't be made")]
    Template(String, #[source] minijinja::Error),
    /// It can't be addressed.
    #[error("no such address")]
    Address(#[source] lettre::address::AddressError),
    /// It can't be put together.
    #[error("the message can't be put together")]
    Form(#[source] lettre::error::Error),
    /// Nothing is configured for its channel.
    #[error("nothing is configured for its channel")]
    NoWay,
    /// The mail server refused it, or wasn't reached.
    #[error("the mail server did not take it")]
    Smtp(#[source] lettre::transport::smtp::Error),
    /// The SMS endpoint wasn't reached.
    #[error("the SMS endpoint was not reached")]
    Unreached(#[source] reqwest::Error),
    /// The SMS endpoint refused it.
    #[error("the SMS endpoint answered {0}")]
    Refused(reqwest::StatusCode),
}

impl SendError {
    /// Whether trying again could never help.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Template(..) | Self::Address(_) | Self::Form(_) => true,
            Self::Smtp(error) => error.is_permanent(),
            Self::Unreached(_) | Self::NoWay => false,
            // 408 and 429 mean later; so does every fault of the server.
            Self::Refused(status) => status.is_client_error() && !matches!(status.as_u16(), 408 | 425 | 429),
        }
    }
}

/// The ways out that are configured. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Senders {
    mail: Option<Mail>,
    sms: Option<Sms>,
}

impl Senders {
    /// Of a configuration.
    pub fn new(config: &MessageConfig) -> Self {
        Self { mail: config.smtp.clone().map(Mail::new), sms: config.sms.clone().map(Sms::new) }
    }

    /// The channels that lead somewhere. Messages of others stay in the outbox.
    pub fn channels(&self) -> Vec<Channel> {
        let mail = self.mail.is_some().then_some(Channel::Email);
        mail.into_iter().chain(self.sms.is_some().then_some(Channel::Sms)).collect()
    }

    /// Sends a message.
    pub async fn send(&self, message: &Message) -> Result<(), SendError> {
        let text = templates::render(&message.template, &message.body)?;
        match (message.channel, &self.mail, &self.sms) {
            (Channel::Email, Some(mail), _) => mail.send(message.id, &message.recipient, text).await,
            (Channel::Sms, _, Some(sms)) => sms.send(message.id, &message.recipient, &text.body).await,
            (Channel::Email, None, _) | (Channel::Sms, _, None) => Err(SendError::NoWay),
        }
    }
}
