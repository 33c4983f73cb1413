//! `POST /auth/login`

use api_contract::openapi::{Envelope, Refusal};
use api_contract::{ApiError, Code, Fields, JsonBody, Success};
use axum::extract::State;
use axum::response::IntoResponse;
use identity::login_failures::Identifier;
use identity::users;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::session::SessionAnswer;
use super::{Auth, refuse_locked, right_guess, wrong_guess};

pub(super) fn route() -> OpenApiRouter<Auth> {
    OpenApiRouter::new().routes(routes!(login))
}

/// Who, and their password.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
struct Login {
    /// The e-mail address; `usernameOrEmail` and `username` are read as well.
    #[schema(rename = "email", min_length = 1, max_length = 254, example = "user@example.com")]
    identifier: String,
    /// As it is typed.
    #[schema(min_length = 1, max_length = 1000, format = Password)]
    password: String,
}

impl Login {
    fn read(f: &mut Fields<'_, '_>) -> Option<Self> {
        let identifier = f.field("email").or("usernameOrEmail").or("username").required().text(1..=254);
        let password = f.field("password").required().verbatim(1..=1_000);
        Some(Self { identifier: identifier?, password: password? })
    }
}

/// Exchanges a password for tokens.
///
/// Accounts that exist and others can't be told apart, by answer or by time.
#[utoipa::path(
    post, path = "/auth/login", operation_id = "login", tag = "auth",
    request_body = Login,
    responses(
        (status = 200, description = "Logged in", body = Envelope<SessionAnswer>),
        (status = 423, description = "Locked after too many failures, retryAfter says how long; or by an operator", body = Refusal),
    ),
)]
async fn login(State(auth): State<Auth>, body: JsonBody) -> Result<impl IntoResponse, ApiError> {
    let request = body.read(Login::read)?;
    let identifier = Identifier::of(&auth.pool, &request.identifier).await.map_err(identity::failed)?;
    refuse_locked(&auth, &identifier).await?;

    let account = users::find(&auth.pool, identifier.text()).await.map_err(identity::failed)?;
    let hash = account.as_ref().map(|account| account.password_hash.clone());
    let right = auth.passwords.verify(request.password, hash).await?;
    // Wrong guesses that were made at the same time may have locked it meanwhile: right and wrong are then answered
    // alike, or the lock's answer would tell which guess was right.
    refuse_locked(&auth, &identifier).await?;
    let Some(account) = account.filter(|_| right) else {
        return Err(wrong_guess(&auth, &identifier, wrong()).await?);
    };
    // Only who has the password learns that an operator locked the account.
    if account.locked_at.is_some() {
        return Err(ApiError::new(Code::AccountLocked, "This account is locked. Please contact support"));
    }

    let mut transaction = auth.pool.begin().await.map_err(identity::failed)?;
    right_guess(&mut transaction, &identifier).await?;
    if !users::logged_in(&mut *transaction, &account).await.map_err(identity::failed)? {
        return Err(wrong());
    }
    let session = auth.tokens.start_session(&mut *transaction, &account).await?;
    transaction.commit().await.map_err(identity::commit_failed)?;
    Ok(Success::new(SessionAnswer::new(account, session)).message("Login successful"))
}

fn wrong() -> ApiError {
    ApiError::unauthorized("Invalid username/email or password")
}
