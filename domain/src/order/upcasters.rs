//! Old versions of an order's events, brought up to today's when they are loaded.
//!
//! An event in the log is never rewritten. When its form changes, its version in `domain_event!` goes up and one
//! upcaster is added here, at the end: they are applied in order, each from all versions before its own.

use cqrs_es::persist::{EventUpcaster, SemanticVersionEventUpcaster};
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// All of them, in order.
pub fn all() -> Vec<Box<dyn EventUpcaster>> {
    vec![Box::new(SemanticVersionEventUpcaster::new("OrderPlaced", "1.1", Box::new(order_placed_1_1)))]
}

/// `OrderPlaced` 1.0 knew the country alone, as `ship_to_country`, and kept the tax without its rate. 1.1 has
/// `ship_to` with country and region, and `tax_rate`: of an old order, what its tax was of its discounted subtotal,
/// to four decimals.
fn order_placed_1_1(mut event: Value) -> Value {
    if let Some(placed) = event.get_mut("OrderPlaced").and_then(Value::as_object_mut) {
        let country = placed.remove("ship_to_country").unwrap_or(Value::Null);
        placed.insert("ship_to".to_owned(), json!({ "country": country, "region": null }));
        let amount =
            |field: &str| placed.get(field).and_then(Value::as_i64).map(Decimal::from).unwrap_or_default();
        let taxed = amount("subtotal") - amount("discount");
        let rate = amount("tax").checked_div(taxed).unwrap_or_default().round_dp(4).normalize();
        placed.insert("tax_rate".to_owned(), json!(rate.to_string()));
    }
    event
}
