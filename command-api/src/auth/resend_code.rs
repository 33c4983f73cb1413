//! `POST /auth/resend-code`

use api_contract::openapi::{Done as DoneForm, Refusal};
use api_contract::{ApiError, Code, Done, Fields, JsonBody, Principal};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use identity::messages::Channel;
use identity::users::{self, Reachable};
use identity::verification_codes;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Auth, of_nobody};
use crate::codes::{self, OneTimeCode};

pub(super) fn route() -> OpenApiRouter<Auth> {
    OpenApiRouter::new().routes(routes!(resend_code))
}

/// Where to.
#[derive(ToSchema)]
struct ResendCode {
    /// `email` unless it says otherwise; `mobile`, `phone` and `sms` are one. `type` is read as well.
    #[schema(value_type = Option<String>, nullable = false, pattern = "^(email|mobile|phone|sms)$", example = "email")]
    channel: Channel,
}

impl ResendCode {
    fn read(f: &mut Fields<'_, '_>) -> Self {
        let words = [
            ("email", Channel::Email),
            ("mobile", Channel::Sms),
            ("phone", Channel::Sms),
            ("sms", Channel::Sms),
        ];
        Self { channel: f.field("channel").or("type").one_of(&words).unwrap_or(Channel::Email) }
    }
}

/// Sends another code, by e-mail or SMS; the one before is worth nothing then. At most five in an hour.
#[utoipa::path(
    post, path = "/auth/resend-code", operation_id = "resendCode", tag = "auth", security(("bearer" = [])),
    request_body = ResendCode,
    responses(
        (status = 202, description = "Queued", body = DoneForm),
        (status = 409, description = "Verified already, changed at the same time, or there is no phone number", body = Refusal),
    ),
)]
async fn resend_code(
    State(auth): State<Auth>,
    principal: Principal,
    body: JsonBody,
) -> Result<impl IntoResponse, ApiError> {
    let ResendCode { channel } = body.read(|f| Some(ResendCode::read(f)))?;
    let reachable = users::reachable(&auth.pool, principal.user).await.map_err(identity::failed)?;
    let (_, recipient) = unverified(reachable, channel)?;
    // It takes its time, during which nobody's row is held.
    let code = OneTimeCode::new(&auth.passwords).await?;
    let mut transaction = auth.pool.begin().await.map_err(identity::failed)?;
    users::hold(&mut transaction, principal.user).await.map_err(of_nobody)?;
    let reachable = users::reachable(&mut *transaction, principal.user).await.map_err(identity::failed)?;
    let (name, now) = unverified(reachable, channel)?;
    if now != recipient {
        // A code that goes to the old one would verify the new one.
        return Err(ApiError::conflict("It was changed at the same time"));
    }
    let to = codes::Recipient { user: principal.user, channel, address: &now, name: &name };
    if !codes::send(&mut transaction, to, &code).await.map_err(identity::failed)? {
        let wait = verification_codes::wait(&mut *transaction, principal.user, channel).await;
        let refusal = ApiError::new(Code::RateLimitExceeded, "Too many codes were sent. Try again later");
        return Err(refusal.retry_after(wait.map_err(identity::failed)?));
    }
    transaction.commit().await.map_err(identity::commit_failed)?;
    Ok((StatusCode::ACCEPTED, Done("A new code is on its way")))
}

/// The first name, and the address or number that is to be verified.
fn unverified(reachable: Option<Reachable>, channel: Channel) -> Result<(String, String), ApiError> {
    let reachable = reachable.ok_or_else(|| ApiError::unauthorized("The account no longer exists"))?;
    let (verified, recipient) = match channel {
        Channel::Email => (reachable.email_verified, Some(reachable.email)),
        Channel::Sms => (reachable.phone_verified, reachable.phone),
    };
    if verified {
        return Err(ApiError::conflict("It is verified already"));
    }
    let recipient = recipient.ok_or_else(|| ApiError::conflict("There is no phone number"))?;
    Ok((reachable.first_name, recipient))
}
