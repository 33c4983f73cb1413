//! What a password must be, wherever one is chosen.

use api_contract::{ApiError, Code, Fields, Violation};

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

/// Reads a new password, and the same again where the client sends it; says every rule that is broken.
pub(crate) fn read(
    f: &mut Fields<'_, '_>,
    field: &'static str,
    confirmation: &'static str,
    email: Option<&str>,
) -> Option<String> {
    let password = f.field(field).required().verbatim(0..=1_000);
    let again = f.field(confirmation).verbatim(0..=1_000);
    let password = password?;
    for rule in broken(&password, email) {
        f.violation(field, Code::ValidationError, rule);
    }
    if again.is_some_and(|again| again != password) {
        f.violation(confirmation, Code::ValidationError, "The passwords must match");
    }
    Some(password)
}

/// Refuses a password that breaks a rule which only shows when the account is known.
pub(crate) fn check(password: &str, email: Option<&str>, field: &str) -> Result<(), ApiError> {
    let violations: Vec<Violation> = broken(password, email)
        .into_iter()
        .map(|rule| Violation::of(field, Code::ValidationError, rule))
        .collect();
    if violations.is_empty() { Ok(()) } else { Err(ApiError::all(violations)) }
}

/// What is wrong with a password, all of it.
fn broken(password: &str, email: Option<&str>) -> Vec<&'static str> {
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
            assert_eq!(broken(password, Some("jane.doe1@example.com")).is_empty(), good, "{password}");
        }
    }
}
