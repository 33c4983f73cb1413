//! `POST /users/reset-password`

use api_contract::openapi::Done as DoneForm;
use api_contract::{ApiError, Done, Fields, JsonBody};
use axum::extract::State;
use identity::messages::{self, Channel};
use identity::{password_resets, refresh_tokens, standing, users};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::{Auth, of_nobody};
use crate::passwords::{notice, rules};

pub(super) fn route() -> OpenApiRouter<Auth> {
    OpenApiRouter::new().routes(routes!(reset_password))
}

/// A token that was sent, and the password that is to be.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
struct ResetPassword {
    /// The account's address; if it is given it must be the token's.
    #[schema(nullable = false, format = Email, max_length = 254, example = "user@example.com")]
    email: Option<String>,
    /// As it was sent.
    #[schema(min_length = 1, max_length = 1000)]
    token: String,
    /// 8 to 128 characters, with an uppercase letter, a lowercase letter and a digit.
    #[schema(min_length = 8, max_length = 128, format = Password, example = "NewPass789!")]
    new_password: String,
    /// The same again; a client may leave it out.
    #[schema(nullable = false, max_length = 1000, format = Password)]
    #[allow(dead_code, reason = "compared while it is read")]
    confirm_password: Option<String>,
}

impl ResetPassword {
    fn read(f: &mut Fields<'_, '_>) -> Option<Self> {
        let email = f.field("email").email();
        let token = f.field("token").or("resetToken").required().verbatim(1..=1_000);
        let new_password = rules::read(f, "newPassword", "confirmPassword", email.as_deref());
        Some(Self { email, token: token?, new_password: new_password?, confirm_password: None })
    }
}

/// Sets a new password by a token that was sent, and ends every session.
#[utoipa::path(
    post, path = "/users/reset-password", operation_id = "resetPassword", tag = "users",
    request_body = ResetPassword,
    responses((status = 200, description = "Set", body = DoneForm)),
)]
async fn reset_password(State(auth): State<Auth>, body: JsonBody) -> Result<Done, ApiError> {
    let request = body.read(ResetPassword::read)?;
    let wrong = || ApiError::invalid("token", "The token is not right, was used, or has expired");
    // Nobody makes us hash a password without a token.
    let user = password_resets::find(&auth.pool, &request.token).await.map_err(identity::failed)?;
    let user = user.ok_or_else(wrong)?;
    let account = users::by_id(&auth.pool, user).await.map_err(identity::failed)?.ok_or_else(wrong)?;
    let same = |email: &String| email.to_lowercase() == account.email.to_lowercase();
    if !request.email.as_ref().is_none_or(same) {
        return Err(wrong());
    }
    rules::check(&request.new_password, Some(&account.email), "newPassword")?;
    let hash = auth.passwords.hash(request.new_password).await?;
    let mut transaction = auth.pool.begin().await.map_err(identity::failed)?;
    users::hold(&mut transaction, user).await.map_err(of_nobody)?;
    if !password_resets::use_up(&mut transaction, user, &request.token).await.map_err(identity::failed)? {
        return Err(wrong());
    }
    users::set_password(&mut transaction, user, None, &hash).await.map_err(identity::failed)?;
    // Whoever read the message has shown that the address is theirs.
    users::verified(&mut *transaction, user, Channel::Email).await.map_err(identity::failed)?;
    refresh_tokens::revoke_all(&mut transaction, user, None).await.map_err(identity::failed)?;
    standing::forgive(&mut transaction, user).await.map_err(identity::failed)?;
    let notice = notice::changed(user, &account.email, &account.first_name);
    messages::queue(&mut transaction, notice).await.map_err(identity::failed)?;
    transaction.commit().await.map_err(identity::commit_failed)?;
    Ok(Done("Password reset successfully"))
}
