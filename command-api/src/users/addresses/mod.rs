//! Stored addresses: added, changed, removed. They are read at query-api.

mod add;
mod change;
mod remove;

use identity::addresses::Address;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use crate::auth::Auth;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<Auth> {
    OpenApiRouter::new().merge(add::route()).merge(change::route()).merge(remove::route())
}

/// An address, as it is to be stored.
#[derive(ToSchema)]
struct NewAddress {
    #[schema(inline)]
    #[serde(flatten)]
    #[allow(dead_code, reason = "describes what is read")]
    address: Address,
    /// Whether it becomes the default; the first one does in any case.
    #[serde(rename = "isDefault")]
    #[schema(nullable = false)]
    #[allow(dead_code, reason = "describes what is read")]
    is_default: Option<bool>,
}

/// What is to change of an address: a line that is not named stays, and an empty text takes an optional one away.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "describes what is read")]
struct AddressChange {
    #[schema(nullable = false, max_length = 200)]
    full_name: Option<String>,
    #[schema(nullable = false, min_length = 1, max_length = 200, example = "456 Oak Avenue")]
    street: Option<String>,
    #[schema(rename = "addressLine2", nullable = false, max_length = 200)]
    second_line: Option<String>,
    #[schema(nullable = false, min_length = 1, max_length = 100, example = "Los Angeles")]
    city: Option<String>,
    #[schema(nullable = false, max_length = 100, example = "CA")]
    state: Option<String>,
    #[schema(nullable = false, max_length = 20, example = "90001")]
    zip_code: Option<String>,
    /// An ISO 3166 code of two or three letters, or a name.
    #[schema(nullable = false, min_length = 1, max_length = 100, example = "USA")]
    country: Option<String>,
    /// 5 to 20 digits.
    #[schema(nullable = false, max_length = 40, example = "+1234567890")]
    phone: Option<String>,
    /// True makes it the default. A default stays one until another takes its place, so false changes nothing.
    #[schema(nullable = false)]
    is_default: Option<bool>,
}
