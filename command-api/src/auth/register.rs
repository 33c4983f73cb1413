//! `POST /auth/register`

use api_contract::openapi::{Envelope, Refusal};
use api_contract::{ApiError, Fields, JsonBody, Role, Success};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use identity::messages::Channel;
use identity::users::{self, Account, NewUser};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Auth;
use super::session::SessionAnswer;
use crate::accounts::{full_name, split_name, username};
use crate::codes::{self, OneTimeCode, Recipient};
use crate::passwords::rules;

pub(super) fn route() -> OpenApiRouter<Auth> {
    OpenApiRouter::new().routes(routes!(register))
}

/// Somebody new.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
struct Register {
    /// Nobody else's, whatever the case of its letters.
    #[schema(format = Email, max_length = 254, example = "user@example.com")]
    email: String,
    /// 8 to 128 characters, with an uppercase letter, a lowercase letter and a digit; not the e-mail address.
    #[schema(min_length = 8, max_length = 128, format = Password, example = "SecurePass123!")]
    password: String,
    /// The same again; a client may leave it out.
    #[schema(nullable = false, max_length = 1000, format = Password)]
    #[allow(dead_code, reason = "compared while it is read")]
    confirm_password: Option<String>,
    /// Or first and last name in one, as `fullName` or `name`.
    #[schema(value_type = Option<String>, nullable = false, max_length = 100, example = "John")]
    first_name: String,
    #[schema(value_type = Option<String>, nullable = false, max_length = 100, example = "Doe")]
    last_name: String,
    /// 6 to 20 letters, digits, `_`, `.` and `-`; nobody else's.
    #[schema(nullable = false, min_length = 6, max_length = 20, pattern = "^[A-Za-z0-9_.-]+$")]
    username: Option<String>,
    /// 5 to 20 digits; `mobile` and `phone` are read as well.
    #[schema(rename = "phoneNumber", nullable = false, max_length = 40, example = "+1234567890")]
    phone: Option<String>,
}

/// Makes a customer and logs them in. Codes that show that address and number are theirs are on their way.
#[utoipa::path(
    post, path = "/auth/register", operation_id = "register", tag = "auth",
    request_body = Register,
    responses(
        (status = 201, description = "Registered and logged in", body = Envelope<SessionAnswer>),
        (status = 409, description = "The e-mail address or the username is somebody else's", body = Refusal),
    ),
)]
async fn register(State(auth): State<Auth>, body: JsonBody) -> Result<impl IntoResponse, ApiError> {
    let request = body.read(Register::read)?;
    // Whoever is known already makes us hash nothing; of two at the same moment the insert refuses one.
    users::require_free(&auth.pool, &request.email, request.username.as_deref()).await?;
    let new = NewUser {
        password_hash: auth.passwords.hash(request.password).await?,
        email: request.email,
        username: request.username,
        first_name: request.first_name,
        last_name: request.last_name,
        phone: request.phone,
        roles: vec![Role::Customer],
    };
    let email_code = OneTimeCode::new(&auth.passwords).await?;
    let phone_code = match new.phone {
        Some(_) => Some(OneTimeCode::new(&auth.passwords).await?),
        None => None,
    };
    let mut transaction = auth.pool.begin().await.map_err(identity::failed)?;
    let id = users::insert(&mut *transaction, &new).await?;
    let to = |channel, address| Recipient { user: id, channel, address, name: &new.first_name };
    let to_email = to(Channel::Email, &new.email);
    codes::send(&mut transaction, to_email, &email_code).await.map_err(identity::failed)?;
    if let (Some(phone), Some(code)) = (&new.phone, &phone_code) {
        let to_phone = to(Channel::Sms, phone);
        codes::send(&mut transaction, to_phone, code).await.map_err(identity::failed)?;
    }
    let account = Account {
        id,
        email: new.email,
        first_name: new.first_name,
        last_name: new.last_name,
        roles: new.roles,
        shop: None,
        password_hash: new.password_hash,
        locked_at: None,
    };
    let session = auth.tokens.start_session(&mut *transaction, &account).await?;
    transaction.commit().await.map_err(identity::commit_failed)?;
    let answer = SessionAnswer::new(account, session).unverified();
    Ok((
        StatusCode::CREATED,
        Success::new(answer).message("Registration successful. Please verify your email."),
    ))
}

impl Register {
    fn read(f: &mut Fields<'_, '_>) -> Option<Self> {
        let email = f.field("email").required().email();
        let username = f.field("username").parse(6..=20, username);
        let first_name = f.field("firstName").text(0..=100);
        let last_name = f.field("lastName").text(0..=100);
        let full_name = f.field("fullName").or("name").parse(0..=200, full_name);
        let phone = f.field("phoneNumber").or("mobile").or("phone").phone();
        let password = rules::read(f, "password", "confirmPassword", email.as_deref());
        let (first, rest) = split_name(full_name.as_deref().unwrap_or_default());
        Some(Self {
            email: email?,
            password: password?,
            confirm_password: None,
            first_name: first_name.unwrap_or(first),
            last_name: last_name.unwrap_or(rest),
            username,
            phone,
        })
    }
}

#[cfg(test)]
mod tests {
    use api_contract::Code;

    use super::*;

    fn read(body: &str) -> Result<Register, Vec<(Code, String)>> {
        JsonBody::from_text(body).read(Register::read).map_err(|error| {
            let field = |v: &api_contract::Violation| (v.code, v.field.clone().unwrap_or_default());
            error.violations().iter().map(field).collect()
        })
    }

    #[test]
    fn a_full_name_has_parts_that_a_first_and_a_last_name_may_have() {
        let named = |name: &str| {
            let body = format!(
                r#"{{"email": "j@example.com", "password": "SecurePass123!", "fullName": "{name}"}}"#
            );
            read(&body).err().map(|wrong| wrong[0].1.clone())
        };
        let long = "J".repeat(100);
        assert_eq!(named(&format!("{long}J")).as_deref(), Some("fullName"));
        assert_eq!(named(&format!("Jo {long}J")).as_deref(), Some("fullName"));
        assert_eq!(named(&format!("{long} Doe")), None);
    }

    #[test]
    fn the_requests_of_all_documents_are_accepted_as_printed() {
        for (body, first, last, username, phone) in [
            (
                r#"{"full_name": "John Doe", "email": "john@example.com", "password": "securePassword123"}"#,
                "John",
                "Doe",
                None,
                None,
            ),
            (r#"{"email": "john@example.com", "password": "securePassword123"}"#, "", "", None, None),
            (
                r#"{"username": "john_doe", "email": "john.doe@example.com", "mobile": "9876543210",
                    "password": "John@123$", "confirm_password": "John@123$"}"#,
                "",
                "",
                Some("john_doe"),
                Some("9876543210"),
            ),
            (
                r#"{"email": "user@example.com", "password": "SecurePass123!", "name": "Ada Lovelace King"}"#,
                "Ada",
                "Lovelace King",
                None,
                None,
            ),
            (
                r#"{"email": "user@example.com", "password": "SecurePass123!", "firstName": "John",
                    "lastName": "Doe", "phoneNumber": "+1234567890"}"#,
                "John",
                "Doe",
                None,
                Some("+1234567890"),
            ),
        ] {
            let request = read(body).unwrap_or_else(|violations| panic!("{body}: {violations:?}"));
            assert_eq!((request.first_name.as_str(), request.last_name.as_str()), (first, last));
            assert_eq!((request.username.as_deref(), request.phone.as_deref()), (username, phone));
        }
    }

    /// Guards against somebody who is taken for another: each of these differs from `jane.roe` by one letter.
    #[test]
    fn a_username_that_looks_like_another_is_refused() {
        for username in ["j\u{430}ne.roe", "jane.r\u{3bf}e", "\u{ff4a}ane.roe", "jane.roe\u{301}"] {
            let body = format!(
                r#"{{"email": "jane@example.com", "password": "SecurePass123!", "username": "{username}"}}"#
            );
            let fields: Vec<_> = read(&body).err().unwrap().into_iter().map(|(_, field)| field).collect();
            assert_eq!(fields, ["username"], "{username}");
        }
    }

    #[test]
    fn every_broken_rule_is_named() {
        let body = r#"{"email": "x", "username": "a@b.example", "mobile": "1", "password": "short", "confirm_password": "other"}"#;
        let fields: Vec<_> = read(body).err().unwrap().into_iter().map(|(_, field)| field).collect();
        assert_eq!(
            fields,
            ["email", "username", "phoneNumber", "password", "password", "password", "confirmPassword"]
        );
        let missing =
            [(Code::RequiredField, "email".to_owned()), (Code::RequiredField, "password".to_owned())];
        assert_eq!(read("{}").err().unwrap(), missing);
    }
}
