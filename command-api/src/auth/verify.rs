//! `POST /auth/verify-email` and `/auth/verify-mobile`: a code shows that an address or a number is the user's.

use api_contract::openapi::Envelope;
use api_contract::{ApiError, Fields, JsonBody, Principal, Success};
use axum::extract::State;
use identity::messages::Channel;
use identity::{users, verification_codes};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Auth;

pub(super) fn routes() -> OpenApiRouter<Auth> {
    OpenApiRouter::new().routes(routes!(verify_email)).routes(routes!(verify_mobile))
}

/// A code that was sent.
#[derive(ToSchema)]
struct Verify {
    /// Its digits.
    #[schema(min_length = 1, max_length = 20, example = "123456")]
    code: String,
}

impl Verify {
    fn read(f: &mut Fields<'_, '_>) -> Option<Self> {
        let code = f.field("code").or("otp").or("token").required().text(1..=20);
        Some(Self { code: code? })
    }
}

/// What is proved to be the user's.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Verification {
    /// The e-mail address is theirs.
    email_verified: bool,
    /// The phone is theirs.
    phone_verified: bool,
}

/// Shows by a code that the e-mail address is the user's. A code may be tried five times within a day.
#[utoipa::path(
    post, path = "/auth/verify-email", operation_id = "verifyEmail", tag = "auth", security(("bearer" = [])),
    request_body = Verify,
    responses((status = 200, description = "It is theirs", body = Envelope<Verification>)),
)]
async fn verify_email(
    State(auth): State<Auth>,
    principal: Principal,
    body: JsonBody,
) -> Result<Success<Verification>, ApiError> {
    let verification = verify(&auth, &principal, &body, Channel::Email).await?;
    Ok(Success::new(verification).message("E-mail address verified"))
}

/// Shows by a code that the phone is the user's. A code may be tried five times within a day.
#[utoipa::path(
    post, path = "/auth/verify-mobile", operation_id = "verifyMobile", tag = "auth", security(("bearer" = [])),
    request_body = Verify,
    responses((status = 200, description = "It is theirs", body = Envelope<Verification>)),
)]
async fn verify_mobile(
    State(auth): State<Auth>,
    principal: Principal,
    body: JsonBody,
) -> Result<Success<Verification>, ApiError> {
    let verification = verify(&auth, &principal, &body, Channel::Sms).await?;
    Ok(Success::new(verification).message("Phone number verified"))
}

async fn verify(
    auth: &Auth,
    principal: &Principal,
    body: &JsonBody,
    channel: Channel,
) -> Result<Verification, ApiError> {
    let request = body.read(Verify::read)?;
    let wrong = || ApiError::invalid("code", "The code is not right, or not valid any more. Ask for another");
    let tried = verification_codes::take_try(&auth.pool, principal.user, channel).await;
    let tried = tried.map_err(identity::failed)?.ok_or_else(wrong)?;
    if !auth.passwords.verify(request.code, Some(tried.code_hash.clone())).await? {
        let left = format!("The code is not right. Tries left: {}", tried.left);
        return Err(ApiError::invalid("code", left));
    }
    let mut transaction = auth.pool.begin().await.map_err(identity::failed)?;
    // A phone that was changed meanwhile took its code with it.
    users::hold(&mut transaction, principal.user).await.map_err(super::of_nobody)?;
    let used = verification_codes::use_up(&mut *transaction, principal.user, channel, &tried.code_hash);
    if !used.await.map_err(identity::failed)? {
        return Err(wrong());
    }
    users::verified(&mut *transaction, principal.user, channel).await.map_err(identity::failed)?;
    let reachable = users::reachable(&mut *transaction, principal.user).await.map_err(identity::failed)?;
    transaction.commit().await.map_err(identity::commit_failed)?;
    let reachable = reachable.ok_or_else(|| ApiError::unauthorized("The account no longer exists"))?;
    let users::Reachable { email_verified, phone_verified, .. } = reachable;
    Ok(Verification { email_verified, phone_verified })
}
