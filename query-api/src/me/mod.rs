//! Who am I: `GET /auth/me`, `/users/me` and `/users/profile` are one.

use api_contract::{ApiError, Principal, Success, Timestamp};
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use chrono::NaiveDate;
use domain::ids::{SellerId, UserId};
use identity::users::Profile;
use serde::Serialize;
use sqlx::PgPool;

/// The routes.
pub fn router(pool: PgPool) -> Router {
    Router::new()
        .route("/auth/me", get(me))
        .route("/users/me", get(me))
        .route("/users/profile", get(me))
        .with_state(pool)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Me {
    id: UserId,
    email: String,
    username: Option<String>,
    first_name: String,
    last_name: String,
    phone_number: Option<String>,
    date_of_birth: Option<NaiveDate>,
    gender: Option<String>,
    interests: Vec<String>,
    avatar_url: Option<String>,
    bio: Option<String>,
    preferences: serde_json::Value,
    roles: Vec<&'static str>,
    shop_id: Option<SellerId>,
    email_verified: bool,
    phone_verified: bool,
    profile: Public,
    /// Stored addresses come with the endpoints for them.
    addresses: [(); 0],
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// The part that S0 prints as `profile`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Public {
    avatar_url: Option<String>,
    bio: Option<String>,
    preferences: serde_json::Value,
}

async fn me(State(pool): State<PgPool>, principal: Principal) -> Result<Success<Me>, ApiError> {
    let profile = identity::users::profile(&pool, principal.user).await.map_err(identity::failed)?;
    // A token outlives its user by at most its own life.
    let profile = profile.ok_or_else(|| ApiError::unauthorized("The account no longer exists"))?;
    Ok(Success::new(profile.into()))
}

impl From<Profile> for Me {
    fn from(profile: Profile) -> Self {
        Self {
            id: profile.id,
            email: profile.email,
            username: profile.username,
            first_name: profile.first_name,
            last_name: profile.last_name,
            phone_number: profile.phone,
            date_of_birth: profile.date_of_birth,
            gender: profile.gender,
            interests: profile.interests,
            avatar_url: profile.avatar_url.clone(),
            bio: profile.bio.clone(),
            preferences: profile.preferences.clone(),
            roles: profile.roles.iter().map(|role| role.name()).collect(),
            shop_id: profile.shop,
            email_verified: profile.email_verified,
            phone_verified: profile.phone_verified,
            profile: Public {
                avatar_url: profile.avatar_url,
                bio: profile.bio,
                preferences: profile.preferences,
            },
            addresses: [],
            created_at: profile.created_at.into(),
            updated_at: profile.updated_at.into(),
        }
    }
}
