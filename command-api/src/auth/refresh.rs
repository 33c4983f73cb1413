//! `POST /auth/refresh`

use api_contract::openapi::Envelope;
use api_contract::{ApiError, Code, Fields, JsonBody, Success};
use axum::extract::State;
use axum::response::IntoResponse;
use identity::refresh_tokens::Exchanged;
use identity::users;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Auth;
use super::session::SessionAnswer;

pub(super) fn route() -> OpenApiRouter<Auth> {
    OpenApiRouter::new().routes(routes!(refresh))
}

/// What a login or the last refresh answered.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
struct Refresh {
    /// It is good for one exchange.
    #[schema(min_length = 1, max_length = 1000)]
    refresh_token: String,
}

impl Refresh {
    fn read(f: &mut Fields<'_, '_>) -> Option<Self> {
        let refresh_token = f.field("refreshToken").required().verbatim(1..=1_000);
        Some(Self { refresh_token: refresh_token? })
    }
}

/// It may have been exchanged: sent again it would end its session.
fn unknown() -> ApiError {
    let message =
        "It is not known whether the refresh token was exchanged. If it is refused from now on, log in again";
    ApiError::new(Code::ServiceUnavailable, message)
}

/// Exchanges a refresh token for new tokens, with the roles of now.
///
/// It can be exchanged once. When it comes a second time its whole session ends, also if both came at the same moment:
/// then one is answered, and what it is given can't be refreshed any more.
#[utoipa::path(
    post, path = "/auth/refresh", operation_id = "refreshSession", tag = "auth",
    request_body = Refresh,
    responses((status = 200, description = "The next tokens", body = Envelope<SessionAnswer>)),
)]
async fn refresh(State(auth): State<Auth>, body: JsonBody) -> Result<impl IntoResponse, ApiError> {
    let request = body.read(Refresh::read)?;
    let mut transaction = auth.pool.begin().await.map_err(identity::failed)?;
    let (exchanged, next) = auth.tokens.exchange(&mut transaction, &request.refresh_token).await?;
    let account = match exchanged {
        Exchanged::New { user, family: _ } => {
            users::by_id(&mut *transaction, user).await.map_err(identity::failed)?
        }
        Exchanged::Expired | Exchanged::Refused => None,
    };
    // A revocation counts as well.
    transaction.commit().await.map_err(|error| identity::commit_failed_as(unknown(), error))?;
    match (exchanged, account) {
        (Exchanged::New { user: _, family }, Some(account)) => {
            let session = auth.tokens.session(&account, family, next)?;
            Ok(Success::new(SessionAnswer::new(account, session)))
        }
        (Exchanged::Expired, _) => {
            Err(ApiError::new(Code::ExpiredToken, "The refresh token has expired. Log in again"))
        }
        (Exchanged::New { .. } | Exchanged::Refused, _) => {
            Err(ApiError::new(Code::InvalidToken, "The refresh token is not valid. Log in again"))
        }
    }
}
