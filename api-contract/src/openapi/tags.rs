//! What the tags mean.

use std::collections::BTreeSet;

use utoipa::openapi::OpenApi;
use utoipa::openapi::tag::TagBuilder;

/// Each resource, in the order of a purchase.
const TAGS: [(&str, &str); 16] = [
    ("auth", "Register, log in, stay logged in"),
    ("users", "The caller's own profile and addresses"),
    ("sellers", "Shops and what they have sold"),
    ("products", "What is for sale, and its stock"),
    ("reviews", "What buyers say of products"),
    ("categories", "The tree that products stand in"),
    ("cart", "What the caller is about to buy"),
    ("coupons", "Codes that make an order cheaper"),
    ("checkout", "What an order would cost; nothing is changed"),
    ("orders", "Orders, from being placed to being delivered"),
    ("payments", "Charges, refunds, stored methods"),
    ("webhooks", "What gateways tell us"),
    ("audit", "The log itself, for auditors"),
    ("simulator", "The payment gateway in the box"),
    ("keys", "What tokens are verified with"),
    ("operations", "Health and metrics of a process"),
];

/// Describes the tags that the operations have. One that isn't listed stays without a description, which a test notices.
pub(super) fn describe_tags(api: &mut OpenApi) {
    let operations = api.paths.paths.values_mut().flat_map(super::operations);
    let used: BTreeSet<_> = operations.filter_map(|operation| operation.tags.clone()).flatten().collect();
    let known = TAGS.iter().filter(|(name, _)| used.contains(*name));
    let described =
        known.map(|(name, meaning)| TagBuilder::new().name(*name).description(Some(*meaning)).build());
    api.tags = Some(described.collect());
}
