//! `PATCH /auth/me`, `/auth/profile`, `PUT` and `PATCH /users/profile`, which are one.

use std::borrow::Cow;

use api_contract::openapi::{Envelope, Refusal};
use api_contract::{ApiError, Code, Fields, JsonBody, Principal, Success};
use axum::extract::State;
use chrono::{Datelike as _, NaiveDate, Utc};
use identity::messages::Channel;
use identity::profile::{self, Me};
use identity::users::{self, ProfileChange};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::accounts::{full_name, split_name, username};
use crate::auth::{Auth, of_nobody};
use crate::codes::{self, OneTimeCode};

/// The most that a client may keep in `preferences`, in bytes of JSON.
const MOST_PREFERENCES: usize = 16_384;

/// The largest number there, whatever its sign: Postgres writes numbers out, and the longest ones couldn't be read again.
const LARGEST_NUMBER: f64 = 1e300;

pub(super) fn routes() -> OpenApiRouter<Auth> {
    OpenApiRouter::new()
        .routes(routes!(put_profile, patch_profile))
        .routes(routes!(patch_me))
        .routes(routes!(patch_auth_profile))
}

/// What is to change: what is not named stays, and an empty text takes an optional one away.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = ProfileChange)]
#[allow(dead_code, reason = "describes what is read")]
struct ProfileFields {
    /// 6 to 20 letters, digits, `_`, `.` and `-`; nobody else's. Your present one may always be sent back, exactly as it is.
    #[schema(nullable = false, min_length = 6, max_length = 20)]
    username: Option<String>,
    #[schema(nullable = false, max_length = 100, example = "John")]
    first_name: Option<String>,
    #[schema(nullable = false, max_length = 100, example = "Smith")]
    last_name: Option<String>,
    /// First and last name in one, where those aren't given.
    #[schema(nullable = false, max_length = 200)]
    full_name: Option<String>,
    /// 5 to 20 digits. Another number has to be verified again; a code is sent to it.
    #[schema(nullable = false, max_length = 40, example = "+1234567890")]
    phone_number: Option<String>,
    /// A day in the past.
    #[schema(nullable = false, format = Date, example = "1990-01-15")]
    date_of_birth: Option<String>,
    #[schema(nullable = false, max_length = 50, example = "male")]
    gender: Option<String>,
    #[schema(nullable = false, max_items = 50)]
    interests: Option<Vec<String>>,
    #[schema(nullable = false, max_length = 2000)]
    avatar_url: Option<String>,
    #[schema(nullable = false, max_length = 2000)]
    bio: Option<String>,
    /// Whatever the client wants kept: up to 16 KiB, replaced as a whole.
    #[schema(nullable = false, value_type = Option<Object>)]
    preferences: Option<Value>,
}

/// The username of now may always be sent back: it may be of a time with other rules.
fn read(f: &mut Fields<'_, '_>, username_now: Option<&str>) -> ProfileChange {
    let own_or_another =
        |text: &str| if username_now == Some(text) { Ok(text.to_owned()) } else { username(text) };
    let username = f.field("username").parse(6..=20, own_or_another);
    let first_name = f.field("firstName").text(0..=100);
    let last_name = f.field("lastName").text(0..=100);
    let full_name = f.field("fullName").or("name").parse(1..=200, full_name);
    let phone = f.field("phoneNumber").or("phone").or("mobile").parse(0..=40, phone);
    let date_of_birth = f.field("dateOfBirth").parse(0..=10, day_in_the_past);
    let gender = f.field("gender").text(0..=50);
    let interests = f.field("interests").each(0..=50, |interest| interest.text(1..=100));
    let avatar_url = f.field("avatarUrl").or("avatar").text(0..=2_000);
    let bio = f.field("bio").text(0..=2_000);
    let preferences = f.field("preferences").any_object(MOST_PREFERENCES);
    if preferences.as_ref().is_some_and(|preferences| !is_readable(preferences)) {
        let message = format!("preferences must have no number beyond {LARGEST_NUMBER:e}");
        f.violation("preferences", Code::ValidationError, message);
    }
    let (first, rest) = full_name.as_deref().map(split_name).unzip();
    ProfileChange {
        username,
        first_name: first_name.or(first),
        last_name: last_name.or(rest),
        phone,
        date_of_birth,
        gender,
        interests,
        avatar_url,
        bio,
        preferences,
    }
}

fn is_readable(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.as_f64().is_some_and(|number| number.abs() <= LARGEST_NUMBER),
        Value::Array(values) => values.iter().all(is_readable),
        Value::Object(members) => members.values().all(is_readable),
        Value::Null | Value::Bool(_) | Value::String(_) => true,
    }
}

fn phone(text: &str) -> Result<String, Cow<'static, str>> {
    let text = text.trim();
    let problem = "must be a phone number of 5 to 20 digits";
    if text.is_empty() || api_contract::fields::is_phone(text) {
        Ok(text.to_owned())
    } else {
        Err(problem.into())
    }
}

fn day_in_the_past(text: &str) -> Result<Option<NaiveDate>, Cow<'static, str>> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let day = NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d").map_err(|_| "must be a date: 2025-11-02")?;
    let plausible = day < Utc::now().date_naive() && day.year() >= 1900;
    if plausible { Ok(Some(day)) } else { Err("must be a day in the past, after 1900".into()) }
}

/// Changes what a user keeps of themself.
#[utoipa::path(
    put, path = "/users/profile", operation_id = "putProfile", tag = "users", security(("bearer" = [])),
    request_body = ProfileFields,
    responses(
        (status = 200, description = "Changed", body = Envelope<Me>),
        (status = 409, description = "The username is somebody else's", body = Refusal),
    ),
)]
async fn put_profile(
    State(auth): State<Auth>,
    principal: Principal,
    body: JsonBody,
) -> Result<Success<Me>, ApiError> {
    change(&auth, &principal, &body).await
}

/// The same as PUT.
#[utoipa::path(
    patch, path = "/users/profile", operation_id = "patchProfile", tag = "users", security(("bearer" = [])),
    request_body = ProfileFields,
    responses(
        (status = 200, description = "Changed", body = Envelope<Me>),
        (status = 409, description = "The username is somebody else's", body = Refusal),
    ),
)]
async fn patch_profile(
    State(auth): State<Auth>,
    principal: Principal,
    body: JsonBody,
) -> Result<Success<Me>, ApiError> {
    change(&auth, &principal, &body).await
}

/// The same as `PATCH /users/profile`.
#[utoipa::path(
    patch, path = "/auth/me", operation_id = "patchMe", tag = "auth", security(("bearer" = [])),
    request_body = ProfileFields,
    responses(
        (status = 200, description = "Changed", body = Envelope<Me>),
        (status = 409, description = "The username is somebody else's", body = Refusal),
    ),
)]
async fn patch_me(
    State(auth): State<Auth>,
    principal: Principal,
    body: JsonBody,
) -> Result<Success<Me>, ApiError> {
    change(&auth, &principal, &body).await
}

/// The same as `PATCH /users/profile`.
#[utoipa::path(
    patch, path = "/auth/profile", operation_id = "patchAuthProfile", tag = "auth", security(("bearer" = [])),
    request_body = ProfileFields,
    responses(
        (status = 200, description = "Changed", body = Envelope<Me>),
        (status = 409, description = "The username is somebody else's", body = Refusal),
    ),
)]
async fn patch_auth_profile(
    State(auth): State<Auth>,
    principal: Principal,
    body: JsonBody,
) -> Result<Success<Me>, ApiError> {
    change(&auth, &principal, &body).await
}

async fn change(auth: &Auth, principal: &Principal, body: &JsonBody) -> Result<Success<Me>, ApiError> {
    let user = principal.user;
    let before = users::reachable(&auth.pool, user).await.map_err(identity::failed)?;
    let before = before.ok_or_else(|| ApiError::unauthorized("The account no longer exists"))?;
    let change = body.read(|f| Some(read(f, before.username.as_deref())))?;
    let another = |phone: &&str| !phone.is_empty() && before.phone.as_deref() != Some(*phone);
    let number = change.phone.as_deref().filter(another);
    let code = match number {
        Some(_) => Some(OneTimeCode::new(&auth.passwords).await?),
        None => None,
    };
    let mut transaction = auth.pool.begin().await.map_err(identity::failed)?;
    users::hold(&mut transaction, user).await.map_err(of_nobody)?;
    users::change(&mut transaction, user, &change).await?;
    if let (Some(number), Some(code)) = (number, code) {
        let to = codes::Recipient { user, channel: Channel::Sms, address: number, name: &before.first_name };
        // Too many codes lately: the number is changed, and `resend-code` says when the next may be had.
        codes::send(&mut transaction, to, &code).await.map_err(identity::failed)?;
    }
    let me = profile::me(&mut transaction, user).await.map_err(identity::failed)?;
    transaction.commit().await.map_err(identity::commit_failed)?;
    let me = me.ok_or_else(|| ApiError::unauthorized("The account no longer exists"))?;
    Ok(Success::new(me).message("Profile updated successfully"))
}
