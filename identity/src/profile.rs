//! What a user sees of themself: the answer of every endpoint about it.

use api_contract::{Role, Timestamp};
use chrono::NaiveDate;
use domain::ids::{SellerId, UserId};
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use crate::addresses::{self, StoredAddress};
use crate::users;

/// A user, as they see themself.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    /// Their id.
    #[schema(value_type = Uuid)]
    pub id: UserId,
    /// As it was registered.
    pub email: String,
    /// If they chose one.
    pub username: Option<String>,
    /// May be empty.
    pub first_name: String,
    /// May be empty.
    pub last_name: String,
    /// As given.
    pub phone_number: Option<String>,
    /// As given.
    pub date_of_birth: Option<NaiveDate>,
    /// As given.
    pub gender: Option<String>,
    /// As given.
    pub interests: Vec<String>,
    /// As given.
    pub avatar_url: Option<String>,
    /// As given.
    pub bio: Option<String>,
    /// Whatever the client keeps there.
    #[schema(value_type = Object)]
    pub preferences: serde_json::Value,
    /// What they may do.
    pub roles: Vec<Role>,
    /// Their shop, once it is verified.
    #[schema(value_type = Option<Uuid>)]
    pub shop_id: Option<SellerId>,
    /// The e-mail address is theirs.
    pub email_verified: bool,
    /// The phone is theirs.
    pub phone_verified: bool,
    /// The part that is meant for others.
    pub profile: PublicPart,
    /// Where their orders may go, the default first.
    pub addresses: Vec<StoredAddress>,
    /// When they registered.
    pub created_at: Timestamp,
    /// When something of it changed last.
    pub updated_at: Timestamp,
}

/// What one of the documents prints apart.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PublicProfile)]
pub struct PublicPart {
    /// As given.
    pub avatar_url: Option<String>,
    /// As given.
    pub bio: Option<String>,
    /// Whatever the client keeps there.
    #[schema(value_type = Object)]
    pub preferences: serde_json::Value,
}

/// A user with their addresses, if they exist.
pub async fn me(db: &mut PgConnection, user: UserId) -> Result<Option<Me>, sqlx::Error> {
    let Some(profile) = users::profile(&mut *db, user).await? else { return Ok(None) };
    let addresses = addresses::all(db, user).await?;
    Ok(Some(Me {
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
        roles: profile.roles,
        shop_id: profile.shop,
        email_verified: profile.email_verified,
        phone_verified: profile.phone_verified,
        profile: PublicPart {
            avatar_url: profile.avatar_url,
            bio: profile.bio,
            preferences: profile.preferences,
        },
        addresses,
        created_at: profile.created_at.into(),
        updated_at: profile.updated_at.into(),
    }))
}
