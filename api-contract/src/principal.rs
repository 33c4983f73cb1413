//! Who asks.

use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use domain::ids::{SellerId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::error::{ApiError, BoxError};
use crate::token::{Claims, Verifier};

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub enum Role {
    /// Buys.
    Customer,
    /// Owns a shop.
    Seller,
    /// Runs the place.
    Admin,
    /// Reads the log and changes nothing.
    Auditor,
    /// Another program.
    Service,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Customer, Self::Seller, Self::Admin, Self::Auditor, Self::Service];

    /// Its name, as tokens, answers and tables write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Customer => "Customer",
            Self::Seller => "Seller",
            Self::Admin => "Admin",
            Self::Auditor => "Auditor",
            Self::Service => "Service",
        }
    }
}

/// The word is no role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a role is one of customer, seller, admin, auditor, service")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(name: &str) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|role| role.name().eq_ignore_ascii_case(name)).ok_or(UnknownRole)
    }
}

/// The user that a valid token names. As an extractor it answers 401 where there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Who.
    pub user: UserId,
    /// What they may do, as of the token's issue.
    pub roles: Vec<Role>,
    /// A seller's shop.
    pub shop: Option<SellerId>,
    /// The login that the token is of.
    pub session: Option<Uuid>,
}

impl Principal {
    /// They have this role.
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Refuses with 403 unless they have one of these roles.
    pub fn require(&self, any_of: &[Role]) -> Result<(), ApiError> {
        if any_of.iter().any(|role| self.is(*role)) { Ok(()) } else { Err(ApiError::forbidden()) }
    }

    /// How events name them: `user:<id>`.
    pub fn actor(&self) -> String {
        format!("user:{}", self.user)
    }
}

impl From<Claims> for Principal {
    fn from(claims: Claims) -> Self {
        Self { user: claims.sub, roles: claims.roles, shop: claims.shop, session: claims.sid }
    }
}

/// Whoever it is, or nobody. A token that is given must still be valid.
#[derive(Clone, Debug)]
pub struct OptionalPrincipal(pub Option<Principal>);

impl<S: Sync> FromRequestParts<S> for OptionalPrincipal {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let Some(header) = parts.headers.get(header::AUTHORIZATION) else { return Ok(Self(None)) };
        let token = header
            .to_str()
            .ok()
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .ok_or_else(|| ApiError::unauthorized("The Authorization header must be Bearer and a token"))?;
        let verifier = parts
            .extensions
            .get::<Verifier>()
            .ok_or_else(|| ApiError::internal(BoxError::from("the router has no token verifier")))?;
        Ok(Self(Some(verifier.verify(token).await?.into())))
    }
}

impl<S: Sync> FromRequestParts<S> for Principal {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let OptionalPrincipal(principal) = OptionalPrincipal::from_request_parts(parts, state).await?;
        principal.ok_or_else(|| ApiError::unauthorized("Authentication required"))
    }
}
