//! `POST /auth/logout`

use api_contract::{ApiError, Fields, JsonBody, Principal};
use axum::extract::State;
use axum::http::StatusCode;
use identity::refresh_tokens;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Auth;

pub(super) fn route() -> OpenApiRouter<Auth> {
    OpenApiRouter::new().routes(routes!(logout))
}

/// Which session ends; the one of the access token if none is named.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
struct Logout {
    /// A refresh token of it.
    #[schema(nullable = false, min_length = 1, max_length = 1000)]
    refresh_token: Option<String>,
}

impl Logout {
    fn read(f: &mut Fields<'_, '_>) -> Self {
        Self { refresh_token: f.field("refreshToken").verbatim(1..=1_000) }
    }
}

/// Ends a session: its refresh token is worth nothing any more, and its access token lives out.
#[utoipa::path(
    post, path = "/auth/logout", operation_id = "logout", tag = "auth", security(("bearer" = [])),
    request_body = Logout,
    responses((status = 204, description = "Logged out, now or before")),
)]
async fn logout(
    State(auth): State<Auth>,
    principal: Principal,
    body: JsonBody,
) -> Result<StatusCode, ApiError> {
    let Logout { refresh_token } = body.read(|f| Some(Logout::read(f)))?;
    let mut transaction = auth.pool.begin().await.map_err(identity::failed)?;
    let ended = match (refresh_token, principal.session) {
        (Some(token), _) => refresh_tokens::revoke(&mut transaction, principal.user, &token).await,
        (None, Some(session)) => {
            refresh_tokens::revoke_family(&mut transaction, principal.user, session).await
        }
        (None, None) => refresh_tokens::revoke_all(&mut transaction, principal.user, None).await,
    };
    ended.map_err(super::of_nobody)?;
    transaction.commit().await.map_err(identity::commit_failed)?;
    Ok(StatusCode::NO_CONTENT)
}
