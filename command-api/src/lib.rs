//! Commands over HTTP: one folder per resource; identity; process managers.
//!
//! A resource's folder has its state, its routes, and one file for each action with route, request and handler
//! together; `auth/` is the model. A new resource is a folder, a field of [`Resources`] and a line in [`api`].

pub mod accounts;
pub mod auth;
mod cart;
mod categories;
mod codes;
mod command;
pub mod config;
mod coupons;
pub mod environment;
pub mod gateway;
mod history;
pub mod keys;
pub mod messages;
pub mod order_numbers;
mod orders;
pub mod passwords;
mod payments;
pub mod process_managers;
mod products;
mod remark;
mod reviews;
pub mod role;
pub mod settlement;
pub mod shop;
pub mod tax;
pub mod tokens;
mod users;

use utoipa_axum::router::OpenApiRouter;

use crate::environment::{ConfigError, Environment};

pub use role::{CommandApi, Setup, registry};

/// What each resource works with.
#[derive(Clone, Debug)]
pub struct Resources {
    /// Registration, login, keys.
    pub auth: auth::Auth,
    /// Products, carts, orders, payments.
    pub shop: shop::Shop,
}

/// Every command, under no prefix: a process puts them, with the queries if it has those too, under `/api/v1` and
/// `/api`.
pub fn api(resources: Resources) -> OpenApiRouter {
    let Resources { auth, shop } = resources;
    OpenApiRouter::new()
        .merge(auth::routes(auth.clone()))
        .merge(users::routes(auth))
        .merge(products::routes(shop.clone()))
        .merge(reviews::routes(shop.clone()))
        .merge(categories::routes(shop.clone()))
        .merge(cart::routes(shop.clone()))
        .merge(coupons::routes(shop.clone()))
        .merge(orders::routes(shop.clone()))
        .merge(payments::routes(shop))
}

/// What has its place beside the API by a standard.
pub fn beside(auth: auth::Auth) -> OpenApiRouter {
    auth::well_known(auth)
}

/// The settings of this role, by variable, as `daybook config` shows them: no key among them.
pub fn settings(environment: &Environment) -> Result<Vec<(&'static str, String)>, ConfigError> {
    let tokens = auth::TokenConfig::from(environment)?;
    let mut settings = vec![
        ("DAYBOOK_ACCESS_TOKEN_TTL", humantime::format_duration(tokens.access_ttl).to_string()),
        ("DAYBOOK_REFRESH_TOKEN_TTL", humantime::format_duration(tokens.refresh_ttl).to_string()),
    ];
    settings.extend(config::ShopConfig::from(environment)?.settings());
    settings.extend(config::PaymentConfig::from(environment)?.settings());
    settings.extend(messages::MessageConfig::from(environment)?.settings());
    Ok(settings)
}
