//! What whole streams add, for a rebuild to gather and load. Every table has rows that the orders of many customers add
//! to.

use std::collections::BTreeMap;

use domain::public::PublicEvent;
use sqlx::{Encode, Postgres};
use uuid::Uuid;

use super::fold::Changes;
use super::row::Sums;
use crate::read_model::{ApplyError, Loaded};
use crate::rows::{Fields, Target};
use crate::tally::{Counted, Rule, Tally, moment};

/// What these streams add.
pub(super) fn fold(events: &[PublicEvent]) -> Result<Loaded, ApplyError> {
    let changes = Changes::fold(events)?;
    let tallies = vec![
        sums(&changes),
        of_products(PRODUCTS, &changes.products),
        of_products(PRODUCT_DAYS, &changes.product_days),
        customers(&changes),
        purchases(&changes),
    ];
    Ok(Loaded { rows: Vec::new(), tallies })
}

const SUMS: Counted = Counted {
    target: Target {
        table: "sums",
        columns: &["seller_id", "at", "currency", "gross", "refunds", "orders", "units", "returned_units"],
    },
    rules: &[Rule::Sum; 5],
};

fn sums(changes: &Changes<'_>) -> Tally {
    let mut tally = Tally::of(SUMS);
    for ((seller, at, currency), sums) in &changes.sums {
        let Sums { gross, refunds, orders, units, returned_units } = *sums;
        let mut key = Fields::default();
        key.put(*seller).put(*at).put(*currency);
        tally.put(&key, &[gross, refunds, orders, units, returned_units]);
    }
    tally
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
fn of_products<W>(counted: Counted, products: &BTreeMap<(Uuid, W, Uuid, &str), Sums>) -> Tally
where
    W: Copy + for<'q> Encode<'q, Postgres>,
{
    let mut tally = Tally::of(counted);
    for ((seller, time, product, currency), sums) in products {
        let mut key = Fields::default();
        key.put(*seller).put(*time).put(*product).put(*currency);
        tally.put(&key, &[sums.gross, sums.refunds, sums.units, sums.returned_units]);
    }
    tally
}

const CUSTOMERS: Counted = Counted {
    target: Target { table: "customers", columns: &["seller_id", "customer_id", "first_at"] },
    rules: &[Rule::Least],
};

fn customers(changes: &Changes<'_>) -> Tally {
    let mut tally = Tally::of(CUSTOMERS);
    for ((seller, customer), first_at) in &changes.customers {
        let mut key = Fields::default();
        key.put(*seller).put(*customer);
        tally.put(&key, &[moment(*first_at)]);
    }
    tally
}

const PURCHASES: Counted = Counted {
    target: Target { table: "purchases", columns: &["seller_id", "at", "customer_id"] },
    rules: &[],
};

fn purchases(changes: &Changes<'_>) -> Tally {
    let mut tally = Tally::of(PURCHASES);
    for (seller, at, customer) in &changes.purchases {
        let mut key = Fields::default();
        key.put(*seller).put(*at).put(*customer);
        tally.put(&key, &[]);
    }
    tally
}
