//! Which slugs lead to a product.

use uuid::Uuid;

/// What stands beside products in their place of the API, and would be found instead of one.
const RESERVED: [&str; 3] = ["featured", "search", "suggest"];

/// Whether a product can be found by this slug: it is no word of the API's own, and isn't taken for an id.
pub fn leads_to_a_product(slug: &str) -> bool {
    !RESERVED.contains(&slug) && Uuid::try_parse(slug).is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_api_and_ids_lead_to_no_product() {
        for (slug, leads) in [
            ("mug", true),
            ("search-light", true),
            ("featured", false),
            ("search", false),
            ("suggest", false),
            ("0190c8a0-0000-7000-8000-000000000001", false),
            ("0190c8a0000070008000000000000001", false),
            ("0190c8a0-0000-7000-8000-000000000001-b", true),
        ] {
            assert_eq!(leads_to_a_product(slug), leads, "{slug}");
        }
    }
}
