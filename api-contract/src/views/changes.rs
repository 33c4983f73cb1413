//! What a customer should know of a product in a cart before it is bought.

use domain::Money;

/// What is so now, beside what was so when it was put in.
#[derive(Clone, Copy, Debug)]
pub struct Then<'a> {
    /// Its name.
    pub name: &'a str,
    /// Whether it is still sold.
    pub for_sale: bool,
    /// How many are wanted.
    pub quantity: u32,
    /// How many are for sale.
    pub available: u64,
    /// The price when it was put in.
    pub added_price: Money,
    /// The price now.
    pub price: Money,
}

impl Then<'_> {
    /// Whether its price is another now.
    pub fn price_changed(&self) -> bool {
        self.for_sale && self.added_price != self.price
    }

    /// What has changed, a sentence each.
    pub fn changes(&self) -> Vec<String> {
        let Self { name, quantity, available, added_price, price, .. } = *self;
        let name = if name.is_empty() { "A product" } else { name };
        if !self.for_sale {
            return vec![format!("{name} is no longer for sale")];
        }
        let mut changes = Vec::new();
        if self.price_changed() {
            let currency = price.currency;
            changes.push(format!(
                "{name} cost {added_price} {currency} when it was added and costs {price} {currency} now"
            ));
        }
        if available == 0 {
            changes.push(format!("{name} is out of stock"));
        } else if available < u64::from(quantity) {
            changes.push(format!("Only {available} of {name} are left, {quantity} are in the cart"));
        }
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn then(quantity: u32, available: u64, added: i64, now: i64) -> Then<'static> {
        let usd = |amount| Money::new(amount, "USD".parse().unwrap());
        let (added_price, price) = (usd(added), usd(now));
        Then { name: "Mug", for_sale: true, quantity, available, added_price, price }
    }

    #[test]
    fn what_has_changed_is_said_in_words() {
        assert!(then(2, 2, 100, 100).changes().is_empty());
        assert_eq!(then(2, 0, 100, 100).changes(), ["Mug is out of stock"]);
        assert_eq!(
            then(3, 2, 100, 120).changes(),
            [
                "Mug cost 1.00 USD when it was added and costs 1.20 USD now",
                "Only 2 of Mug are left, 3 are in the cart"
            ]
        );
        let gone = Then { for_sale: false, ..then(1, 0, 100, 90) };
        assert_eq!(gone.changes(), ["Mug is no longer for sale"]);
    }
}
