//! What registration and login answer, in the words of all five documents.

use api_contract::Role;
use domain::ids::UserId;
use identity::users::Account;
use serde::Serialize;
use utoipa::ToSchema;

use crate::tokens::Session;

/// A user and their tokens.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SessionAnswer {
    #[schema(value_type = Uuid)]
    user_id: UserId,
    email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    email_verification_required: Option<bool>,
    token: String,
    access_token: String,
    refresh_token: String,
    expires_in: u64,
    token_type: &'static str,
    tokens: Pair,
    user: UserAnswer,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TokenPair)]
struct Pair {
    access_token: String,
    refresh_token: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UserBrief)]
struct UserAnswer {
    #[schema(value_type = Uuid)]
    id: UserId,
    email: String,
    first_name: String,
    last_name: String,
    roles: Vec<Role>,
    /// The first of the roles, for who expects one.
    role: Option<Role>,
}

impl SessionAnswer {
    pub(super) fn new(account: Account, session: Session) -> Self {
        let Session { access_token, refresh_token, expires_in } = session;
        Self {
            user_id: account.id,
            email: account.email.clone(),
            email_verification_required: None,
            token: access_token.clone(),
            tokens: Pair { access_token: access_token.clone(), refresh_token: refresh_token.clone() },
            access_token,
            refresh_token,
            expires_in,
            token_type: "Bearer",
            user: UserAnswer {
                id: account.id,
                email: account.email,
                first_name: account.first_name,
                last_name: account.last_name,
                role: account.roles.first().copied(),
                roles: account.roles,
            },
        }
    }

    /// Says that the address has still to be confirmed.
    pub(super) fn unverified(mut self) -> Self {
        self.email_verification_required = Some(true);
        self
    }
}
