//! What people keep of themselves: profile, addresses; and how they come to a new password.

mod addresses;
mod forgot_password;
mod profile;
mod reset_password;

use utoipa_axum::router::OpenApiRouter;

use crate::auth::Auth;

/// The routes.
pub(crate) fn routes(auth: Auth) -> OpenApiRouter {
    OpenApiRouter::new()
        .merge(profile::routes())
        .merge(addresses::routes())
        .merge(forgot_password::route())
        .merge(reset_password::route())
        .with_state(auth)
}
