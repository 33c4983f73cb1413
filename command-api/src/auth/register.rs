//! `POST /auth/register`

use api_contract::{ApiError, Code, Fields, JsonBody, Role, Success};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::post;
use identity::users::{self, Account, NewUser};

use super::Auth;
use super::session::SessionAnswer;
use crate::accounts::split_name;

pub(super) fn route() -> Router<Auth> {
    Router::new().route("/auth/register", post(register))
}

struct Register {
    email: String,
    password: String,
    first_name: String,
    last_name: String,
    username: Option<String>,
    phone: Option<String>,
}

/// Makes a customer and logs them in.
async fn register(State(auth): State<Auth>, body: JsonBody) -> Result<impl IntoResponse, ApiError> {
    let request = body.read(Register::read)?;
    let new = NewUser {
        password_hash: auth.passwords.hash(request.password).await?,
        email: request.email,
        username: request.username,
        first_name: request.first_name,
        last_name: request.last_name,
        phone: request.phone,
        roles: vec![Role::Customer],
    };
    let mut transaction = auth.pool.begin().await.map_err(identity::failed)?;
    let id = users::insert(&mut *transaction, &new).await?;
    let account = Account {
        id,
        email: new.email,
        first_name: new.first_name,
        last_name: new.last_name,
        roles: new.roles,
        shop: None,
        password_hash: new.password_hash,
    };
    let session = auth.tokens.start_session(&mut *transaction, &account).await?;
    transaction.commit().await.map_err(identity::failed)?;
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
        let full_name = f.field("fullName").or("name").text(0..=200);
        let phone = f.field("phoneNumber").or("mobile").or("phone").phone();
        let password = f.field("password").required().verbatim(0..=1_000);
        let confirmation = f.field("confirmPassword").verbatim(0..=1_000);
        if let Some(password) = &password {
            for rule in broken_rules(password, email.as_deref()) {
                f.violation("password", Code::ValidationError, rule);
            }
            if confirmation.is_some_and(|confirmation| confirmation != *password) {
                f.violation("confirmPassword", Code::ValidationError, "The passwords must match");
            }
        }
        let (first, rest) = split_name(full_name.as_deref().unwrap_or_default());
        Some(Self {
            email: email?,
            password: password?,
            first_name: first_name.unwrap_or(first),
            last_name: last_name.unwrap_or(rest),
            username,
            phone,
        })
    }
}

/// Without an `@`, so that no username is another's e-mail address.
fn username(text: &str) -> Result<String, std::borrow::Cow<'static, str>> {
    if text.chars().all(|c| c.is_alphanumeric() || "_.-".contains(c)) {
        Ok(text.to_owned())
    } else {
        Err("must have letters, digits, '_', '.' and '-' only".into())
    }
}

/// The passwords that are tried first, of those that the other rules let pass.
const COMMON: [&str; 16] = [
    "password1",
    "password12",
    "password123",
    "password1234",
    "passw0rd",
    "passw0rd1",
    "qwerty123",
    "qwerty1234",
    "welcome1",
    "welcome123",
    "letmein1",
    "iloveyou1",
    "abcd1234",
    "admin123",
    "changeme1",
    "football1",
];

/// What is wrong with a password, all of it.
fn broken_rules(password: &str, email: Option<&str>) -> Vec<&'static str> {
    let length = password.chars().count();
    let lower = password.to_lowercase();
    let local_part = |email: &str| email.split('@').next().is_some_and(|local| local.to_lowercase() == lower);
    [
        (length < 8, "Password must be at least 8 characters"),
        (length > 128, "Password must be at most 128 characters"),
        (!password.chars().any(char::is_uppercase), "Password must contain at least one uppercase letter"),
        (!password.chars().any(char::is_lowercase), "Password must contain at least one lowercase letter"),
        (!password.chars().any(|c| c.is_ascii_digit()), "Password must contain at least one digit"),
        (
            email.is_some_and(|email| email.to_lowercase() == lower || local_part(email)),
            "Password must not be the e-mail address",
        ),
        (COMMON.contains(&lower.as_str()), "Password is one that everybody tries first"),
    ]
    .into_iter()
    .filter_map(|(broken, rule)| broken.then_some(rule))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Register, Vec<(Code, String)>> {
        JsonBody::from_text(body).read(Register::read).map_err(|error| {
            let field = |v: &api_contract::Violation| (v.code, v.field.clone().unwrap_or_default());
            error.violations().iter().map(field).collect()
        })
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

    #[test]
    fn passwords_have_rules() {
        for (password, good) in [
            ("securePassword123", true),
            ("John@123$", true),
            ("Abcdefg1", true),
            ("Abcdef1", false),
            ("abcdefg1", false),
            ("ABCDEFG1", false),
            ("Abcdefgh", false),
            ("Password1", false),
            ("Jane.Doe1@example.com", false),
            ("Jane.Doe1", false),
            (&format!("Aa1{}", "x".repeat(125)), true),
            (&format!("Aa1{}", "x".repeat(126)), false),
        ] {
            assert_eq!(broken_rules(password, Some("jane.doe1@example.com")).is_empty(), good, "{password}");
        }
    }
}
