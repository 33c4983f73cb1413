//! `POST /users/forgot-password`

use api_contract::openapi::Done as DoneForm;
use api_contract::{ApiError, Done, Fields, JsonBody};
use axum::extract::State;
use identity::password_resets;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Auth;

pub(super) fn route() -> OpenApiRouter<Auth> {
    OpenApiRouter::new().routes(routes!(forgot_password))
}

/// Who can't log in.
#[derive(ToSchema)]
struct ForgotPassword {
    /// The account's address.
    #[schema(format = Email, max_length = 254, example = "user@example.com")]
    email: String,
}

impl ForgotPassword {
    fn read(f: &mut Fields<'_, '_>) -> Option<Self> {
        Some(Self { email: f.field("email").required().email()? })
    }
}

/// Sends a token that a new password can be set with, once and within an hour.
///
/// It is answered before anybody looks whose address it is: what exists and what doesn't can't be told apart.
#[utoipa::path(
    post, path = "/users/forgot-password", operation_id = "forgotPassword", tag = "users",
    request_body = ForgotPassword,
    responses((status = 200, description = "If the address has an account, a message is on its way", body = DoneForm)),
)]
async fn forgot_password(State(auth): State<Auth>, body: JsonBody) -> Result<Done, ApiError> {
    let request = body.read(ForgotPassword::read)?;
    let mut transaction = auth.pool.begin().await.map_err(identity::failed)?;
    password_resets::request(&mut transaction, &request.email).await.map_err(identity::failed)?;
    transaction.commit().await.map_err(identity::commit_failed)?;
    Ok(Done("Password reset link sent to your email"))
}
