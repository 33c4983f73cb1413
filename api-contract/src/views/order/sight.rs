//! Who sees what of an order.

use domain::ids::SellerId;
use domain::order::{OrderLine, OrderPlaced};

use crate::principal::{Principal, Role};

/// What somebody sees of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderSight {
    /// All of it.
    Whole,
    /// The lines of a shop and the amounts that fall on them, and where they go to; nothing of the customer's money.
    OfSeller(SellerId),
}

impl OrderSight {
    /// The whole order for its customer and for an admin, the shop's part for a seller with a line in it, and nothing
    /// for everybody else: to them it doesn't exist.
    pub fn of(reader: &Principal, placed: &OrderPlaced) -> Option<Self> {
        if placed.customer_id == Some(reader.user) || reader.is(Role::Admin) {
            return Some(Self::Whole);
        }
        let shop = reader.shop.filter(|_| reader.is(Role::Seller))?;
        let sold = placed.lines.iter().any(|line| line.seller_id == shop);
        sold.then_some(Self::OfSeller(shop))
    }

    /// Whether a line is seen.
    pub fn sees(self, line: &OrderLine) -> bool {
        match self {
            Self::Whole => true,
            Self::OfSeller(seller) => line.seller_id == seller,
        }
    }

    /// Whether these lines, or all, have one that is seen.
    pub fn sees_any(self, placed: &OrderPlaced, lines: Option<&[u32]>) -> bool {
        lines.is_none_or(|lines| {
            lines.iter().filter_map(|place| placed.lines.get(*place as usize)).any(|line| self.sees(line))
        })
    }
}
