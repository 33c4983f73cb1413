//! What whole streams add, for a rebuild to gather and load. Every table has rows that the orders of many customers add
//! to.

use std::collections::BTreeMap;

use domain::public::PublicEvent;
use sqlx::{Encode, Postgres};
use uuid::Uuid;

use super::fold::Changes;
use super::row::Sums;
use crate::read_model::{ApplyError, Loaded};
use crate::rows::Target;
use crate::tally::{Counted, Rule, Tally, moment};

/// Adds what a stream adds.
pub(super) fn fold(stream: &[PublicEvent], loaded: &mut Loaded) -> Result<(), ApplyError> {
    let changes = Changes::fold(stream)?;
    sums(&changes, loaded.tally(SUMS));
    of_products(&changes.products, loaded.tally(PRODUCTS));
    of_products(&changes.product_days, loaded.tally(PRODUCT_DAYS));
    customers(&changes, loaded.tally(CUSTOMERS));
    purchases(&changes, loaded.tally(PURCHASES));
    Ok(())
}

const SUMS: Counted = Counted {
    target: Target {
        table: "sums",
        columns: &["seller_id", "at", "currency", "gross", "refunds", "orders", "units", "returned_units"],
    },
    rules: &[Rule::Sum; 5],
};

fn sums(changes: &Changes<'_>, tally: &mut Tally) {
    for ((seller, at, currency), sums) in &changes.sums {
        let Sums { gross, refunds, orders, units, returned_units } = *sums;
        tally.add(&[gross, refunds, orders, units, returned_units], |key| {
            key.put(*seller).put(*at).put(*currency);
        });
    }
}

const PRODUCTS: Counted = Counted {
    target: Target {
        table: "products",
        columns: &[
            "seller_id",
            "at",
            "product_id",
            "currency",
            "gross",
            "refunds",
            "units",
            "returned_units",
        ],
    },
    rules: &[Rule::Sum; 4],
};

const PRODUCT_DAYS: Counted = Counted {
    target: Target {
        table: "product_days",
        columns: &[
            "seller_id",
            "day",
            "product_id",
            "currency",
            "gross",
            "refunds",
            "units",
            "returned_units",
        ],
    },
    rules: &[Rule::Sum; 4],
};

/// What sellers made with each product by some time, in one of the two tables of it.
fn of_products<W>(products: &BTreeMap<(Uuid, W, Uuid, &str), Sums>, tally: &mut Tally)
where
    W: Copy + for<'q> Encode<'q, Postgres>,
{
    for ((seller, time, product, currency), sums) in products {
        tally.add(&[sums.gross, sums.refunds, sums.units, sums.returned_units], |key| {
            key.put(*seller).put(*time).put(*product).put(*currency);
        });
    }
}

const CUSTOMERS: Counted = Counted {
    target: Target { table: "customers", columns: &["seller_id", "customer_id", "first_at"] },
    rules: &[Rule::Least],
};

fn customers(changes: &Changes<'_>, tally: &mut Tally) {
    for ((seller, customer), first_at) in &changes.customers {
        tally.add(&[moment(*first_at)], |key| {
            key.put(*seller).put(*customer);
        });
    }
}

const PURCHASES: Counted = Counted {
    target: Target { table: "purchases", columns: &["seller_id", "at", "customer_id"] },
    rules: &[],
};

fn purchases(changes: &Changes<'_>, tally: &mut Tally) {
    for (seller, at, customer) in &changes.purchases {
        tally.add(&[], |key| {
            key.put(*seller).put(*at).put(*customer);
        });
    }
}
