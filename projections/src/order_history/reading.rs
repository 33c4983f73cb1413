//! Whose orders are read, and what of a statement hangs on that.

use super::counted::Whose;

/// Whose orders, and by whom they are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reading {
    /// `$1` is the customer.
    OfCustomer,
    /// `$1` is the seller, who isn't told whose they are.
    OfSeller,
    /// `$1` is nothing.
    All,
    /// `$1` is the seller.
    OfSellerByStaff,
    /// `$1` is the seller and the customer.
    OfBothByStaff,
}

/// The rows that a reader has of orders, `r`, and what an answer takes from the order's own row beside that, `o`.
pub(super) struct Rows {
    pub(super) table: &'static str,
    /// Which are the reader's.
    pub(super) owned: &'static str,
    /// Whose the counters are.
    pub(super) owner: &'static str,
    /// What is held against the beginning of a number, and put in order.
    pub(super) number: &'static str,
    /// Which have one of the outside numbers of `$11`.
    pub(super) outside: &'static str,
    /// Which have a number of `$12`, all of which end alike.
    pub(super) last_digits: &'static str,
    /// The rows of some keys, `k`.
    pub(super) of_keys: &'static str,
    /// Whose the order is, as far as the reader is told.
    pub(super) customer: &'static str,
}

const OF_CUSTOMER: Rows = Rows {
    table: "order_history_g{g}_orders",
    owned: "r.customer_id = $1",
    owner: "coalesce($1, '00000000-0000-0000-0000-000000000000')",
    // No index has this: a customer's orders are found by whose they are, and not among all with such a number.
    number: "(r.number || '')",
    outside: "r.external_id = ANY($11)",
    last_digits: "right(r.number, -9) = right(($12::text[])[1], -9)",
    of_keys: "CROSS JOIN LATERAL (SELECT * FROM order_history_g{g}_orders o WHERE o.order_id = k.order_id LIMIT 1) r
              CROSS JOIN LATERAL (SELECT r.*) o",
    customer: "r.customer_id",
};

const OF_ALL: Rows =
    Rows { owned: "$1::uuid IS NULL", number: "r.number", last_digits: "r.number = ANY($12)", ..OF_CUSTOMER };

const OF_SELLER: Rows = Rows {
    table: "order_history_g{g}_sellers",
    owned: "r.seller_id = $1",
    owner: "coalesce($1, '00000000-0000-0000-0000-000000000000')",
    number: "r.number",
    outside: "r.order_id IN (SELECT e.order_id FROM order_history_g{g}_orders e WHERE e.external_id = ANY($11))",
    last_digits: "r.number = ANY($12)",
    of_keys: "CROSS JOIN LATERAL (SELECT * FROM order_history_g{g}_sellers p
                                  WHERE p.seller_id = $1 AND p.order_id = k.order_id LIMIT 1) r
              CROSS JOIN LATERAL (SELECT * FROM order_history_g{g}_orders o WHERE o.order_id = k.order_id LIMIT 1) o",
    customer: "NULL::uuid",
};

const OF_SELLER_BY_STAFF: Rows = Rows { customer: "o.customer_id", ..OF_SELLER };

/// A customer has not many: they are found first, and the seller's parts by them.
const OF_BOTH_BY_STAFF: Rows = Rows {
    table: "(SELECT p.* FROM order_history_g{g}_orders c
              CROSS JOIN LATERAL (SELECT * FROM order_history_g{g}_sellers s
                                  WHERE s.seller_id = ($1::uuid[])[1] AND s.order_id = c.order_id LIMIT 1) p
              WHERE c.customer_id = ($1::uuid[])[2])",
    owned: "true",
    owner: "($1::uuid[])[2]",
    number: "(r.number || '')",
    last_digits: OF_CUSTOMER.last_digits,
    of_keys: "CROSS JOIN LATERAL (SELECT * FROM order_history_g{g}_sellers p
                                  WHERE p.seller_id = ($1::uuid[])[1] AND p.order_id = k.order_id LIMIT 1) r
              CROSS JOIN LATERAL (SELECT * FROM order_history_g{g}_orders o WHERE o.order_id = k.order_id LIMIT 1) o",
    ..OF_SELLER_BY_STAFF
};

impl Reading {
    pub(super) const EACH: [Self; 5] =
        [Self::OfCustomer, Self::OfSeller, Self::All, Self::OfSellerByStaff, Self::OfBothByStaff];

    /// Which counters count them.
    pub(super) fn counters(self) -> Option<Whose> {
        match self {
            Self::OfCustomer => Some(Whose::Customer),
            Self::OfSeller | Self::OfSellerByStaff => Some(Whose::Seller),
            Self::All => Some(Whose::All),
            Self::OfBothByStaff => None,
        }
    }

    /// What of the statements hangs on it.
    pub(super) fn rows(self) -> &'static Rows {
        match self {
            Self::OfCustomer => &OF_CUSTOMER,
            Self::OfSeller => &OF_SELLER,
            Self::All => &OF_ALL,
            Self::OfSellerByStaff => &OF_SELLER_BY_STAFF,
            Self::OfBothByStaff => &OF_BOTH_BY_STAFF,
        }
    }
}
