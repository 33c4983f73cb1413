//! What an auditor can ask about.

use std::fmt;

use domain::Decide;
use domain::cart::Cart;
use domain::coupon::Coupon;
use domain::inventory::Inventory;
use domain::order::Order;
use domain::payment::Payment;
use domain::product::Product;

/// A kind of thing whose history can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An order.
    Order,
    /// A payment.
    Payment,
    /// The stock of a product.
    Inventory,
    /// The cart of a user, whose id it has.
    Cart,
    /// A product in the catalog.
    Product,
    /// A coupon, whose id is its code.
    Coupon,
}

impl Subject {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Order, Self::Payment, Self::Inventory, Self::Cart, Self::Product, Self::Coupon];

    /// The word for it in the log and in paths.
    pub fn aggregate_type(self) -> &'static str {
        match self {
            Self::Order => Order::TYPE,
            Self::Payment => Payment::TYPE,
            Self::Inventory => Inventory::TYPE,
            Self::Cart => Cart::TYPE,
            Self::Product => Product::TYPE,
            Self::Coupon => Coupon::TYPE,
        }
    }

    /// The noun for it: `Order`.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Order => "Order",
            Self::Payment => "Payment",
            Self::Inventory => "Inventory",
            Self::Cart => "Cart",
            Self::Product => "Product",
            Self::Coupon => "Coupon",
        }
    }
}

/// In the middle of a sentence: `order`.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.noun().to_ascii_lowercase())
    }
}
