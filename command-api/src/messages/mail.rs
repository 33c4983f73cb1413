//! E-mail by SMTP.

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::{Address, AsyncTransport as _};
use uuid::Uuid;

use super::SendError;
use super::config::Smtp;
use super::templates::Text;

/// A mail server. Its connections are kept and used again.
#[derive(Clone, Debug)]
pub(super) struct Mail(Smtp);

impl Mail {
    pub(super) fn new(smtp: Smtp) -> Self {
        Self(smtp)
    }

    /// Sends a mail. Its `Message-ID` is the message's id: should it be sent twice, after a crash between the server's
    /// answer and our note of it, a mail client shows it once.
    pub(super) async fn send(&self, id: Uuid, to: &str, text: Text) -> Result<(), SendError> {
        let to: Address = to.parse().map_err(SendError::Address)?;
        let from = self.0.from.clone();
        let message_id = format!("<{id}@{}>", from.email.domain());
        let mail = Message::builder()
            .from(from)
            .to(Mailbox::new(None, to))
            .subject(text.subject)
            .message_id(Some(message_id))
            .header(ContentType::TEXT_PLAIN)
            .body(text.body)
            .map_err(SendError::Form)?;
        self.0.transport.send(mail).await.map_err(SendError::Smtp)?;
        Ok(())
    }
}
