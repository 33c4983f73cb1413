//! What requests that change a cart have in common, for the API's document.

use utoipa::IntoParams;

/// Which cart is changed.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "it describes what IfMatch reads")]
pub(super) struct CartVersionParams {
    /// The cart's version
    #[param(rename = "If-Match", example = "\"3\"")]
    if_match: Option<String>,
}
