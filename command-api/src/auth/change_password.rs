//! `POST /auth/change-password` and `/users/change-password`, which are one.

use api_contract::openapi::{Done as DoneForm, Refusal};
use api_contract::{ApiError, Done, Fields, JsonBody, Principal};
use axum::extract::State;
use identity::login_failures::Identifier;
use identity::{messages, password_resets, refresh_tokens, users};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Auth, of_nobody, refuse_locked, right_guess, wrong_guess};
use crate::passwords::{notice, rules};

pub(super) fn routes() -> OpenApiRouter<Auth> {
    OpenApiRouter::new().routes(routes!(change_password)).routes(routes!(change_password_of_user))
}

/// The password as it is and as it is to be.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(clippy::struct_field_names, reason = "the names are the contract's")]
struct ChangePassword {
    /// As it is.
    #[schema(min_length = 1, max_length = 1000, format = Password)]
    current_password: String,
    /// 8 to 128 characters, with an uppercase letter, a lowercase letter and a digit.
    #[schema(min_length = 8, max_length = 128, format = Password, example = "NewPass456!")]
    new_password: String,
    /// The same again; a client may leave it out.
    #[schema(nullable = false, max_length = 1000, format = Password)]
    #[allow(dead_code, reason = "compared while it is read")]
    confirm_password: Option<String>,
}

impl ChangePassword {
    fn read(f: &mut Fields<'_, '_>, email: &str) -> Option<Self> {
        let current_password = f.field("currentPassword").or("oldPassword").required().verbatim(1..=1_000);
        let new_password = rules::read(f, "newPassword", "confirmPassword", Some(email));
        Some(Self {
            current_password: current_password?,
            new_password: new_password?,
            confirm_password: None,
        })
    }
}

/// Changes the password and ends every session but the caller's own.
///
/// Five wrong current passwords lock it for 15 minutes, as failed logins do.
#[utoipa::path(
    post, path = "/auth/change-password", operation_id = "changePassword", tag = "auth",
    security(("bearer" = [])), request_body = ChangePassword,
    responses(
        (status = 200, description = "Changed", body = DoneForm),
        (status = 409, description = "It was changed at the same time", body = Refusal),
        (status = 423, description = "Locked after too many failures; retryAfter says how long", body = Refusal),
    ),
)]
async fn change_password(
    State(auth): State<Auth>,
    principal: Principal,
    body: JsonBody,
) -> Result<Done, ApiError> {
    change(&auth, &principal, &body).await
}

/// The same as `POST /auth/change-password`.
#[utoipa::path(
    post, path = "/users/change-password", operation_id = "changePasswordOfUser", tag = "users",
    security(("bearer" = [])), request_body = ChangePassword,
    responses(
        (status = 200, description = "Changed", body = DoneForm),
        (status = 409, description = "It was changed at the same time", body = Refusal),
        (status = 423, description = "Locked after too many failures; retryAfter says how long", body = Refusal),
    ),
)]
async fn change_password_of_user(
    State(auth): State<Auth>,
    principal: Principal,
    body: JsonBody,
) -> Result<Done, ApiError> {
    change(&auth, &principal, &body).await
}

async fn change(auth: &Auth, principal: &Principal, body: &JsonBody) -> Result<Done, ApiError> {
    let account = users::by_id(&auth.pool, principal.user).await.map_err(identity::failed)?;
    let account = account.ok_or_else(|| ApiError::unauthorized("The account no longer exists"))?;
    let request = body.read(|f| ChangePassword::read(f, &account.email))?;
    // A token alone must not let anybody try passwords without end.
    let counted_as = format!("change-password {}", principal.user);
    let identifier = Identifier::of(&auth.pool, &counted_as).await.map_err(identity::failed)?;
    refuse_locked(auth, &identifier).await?;
    let old = account.password_hash;
    let right = auth.passwords.verify(request.current_password, Some(old.clone())).await?;
    refuse_locked(auth, &identifier).await?;
    if !right {
        let wrong = ApiError::invalid("currentPassword", "The current password is not right");
        return Err(wrong_guess(auth, &identifier, wrong).await?);
    }
    let new = auth.passwords.hash(request.new_password).await?;
    let mut transaction = auth.pool.begin().await.map_err(identity::failed)?;
    if !users::set_password(&mut transaction, principal.user, Some(&old), &new).await.map_err(of_nobody)? {
        return Err(ApiError::conflict("The password was changed at the same time"));
    }
    right_guess(&mut transaction, &identifier).await?;
    refresh_tokens::revoke_all(&mut transaction, principal.user, principal.session)
        .await
        .map_err(identity::failed)?;
    password_resets::forget(&mut *transaction, principal.user).await.map_err(identity::failed)?;
    let notice = notice::changed(principal.user, &account.email, &account.first_name);
    messages::queue(&mut transaction, notice).await.map_err(identity::failed)?;
    transaction.commit().await.map_err(identity::commit_failed)?;
    Ok(Done("Password changed successfully"))
}
