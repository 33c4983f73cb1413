//! A history, and what tables refuse of it.

use std::collections::BTreeSet;

use domain::inventory::InventoryEvent;
use domain::review::{self, ReviewEvent};
use sqlx::PgPool;
use uuid::Uuid;

use super::SHOP;
use crate::testing::coupons::{COUPON, coupons};
use crate::testing::{Happened, Stored};

/// The shop's history, and two coupons that are used.
pub(super) fn history() -> Vec<Vec<Happened>> {
    SHOP.history().chain(coupons()).collect()
}

/// What a read model's table refuses, and whose events that are.
pub(super) struct Poison {
    pub(super) model: &'static str,
    table: &'static str,
    refuses: String,
    pub(super) aggregates: BTreeSet<(&'static str, String)>,
}

/// One for each read model.
pub(super) fn poisons(history: &[Vec<Happened>]) -> [Poison; 5] {
    let events = || history.iter().flatten();
    let order =
        events().find(|e| e.event.aggregate_type() == "orders" && e.sequence == 3).unwrap().aggregate_id;
    let reserved =
        events().find(|e| matches!(e.event, Stored::Inventory(InventoryEvent::StockReserved { .. })));
    let product = reserved.unwrap().aggregate_id;
    let paid: Vec<_> = events().filter(|e| format!("{:?}", e.event).starts_with("Order(OrderPaid")).collect();
    let day = paid[paid.len() / 2].occurred_at.date_naive();
    let of_day = events().filter(|e| e.occurred_at.date_naive() == day && moves_money(e));
    let of_day = of_day.map(|e| ("orders", e.aggregate_id.to_string())).collect();
    let mut reviews = events().filter_map(|e| match &e.event {
        Stored::Review(ReviewEvent::ReviewWritten(written)) => Some(written),
        _ => None,
    });
    let said = reviews.next_back().unwrap();
    let one = |kind, id: Uuid| BTreeSet::from([(kind, id.to_string())]);
    [
        Poison {
            model: "order_history",
            table: "orders",
            refuses: format!("NEW.order_id = '{order}' AND NEW.version >= 3"),
            aggregates: one("orders", order),
        },
        Poison {
            model: "seller_stats",
            table: "product_days",
            refuses: format!("NEW.day = '{day}'"),
            aggregates: of_day,
        },
        Poison {
            model: "catalog",
            table: "stock",
            refuses: format!("NEW.product_id = '{product}' AND NEW.version >= 2"),
            aggregates: one("inventory", product),
        },
        Poison {
            model: "coupons",
            table: "coupons",
            refuses: format!("NEW.code = '{COUPON}' AND NEW.version >= 2"),
            aggregates: one("coupons", COUPON),
        },
        Poison {
            model: "reviews",
            table: "reviews",
            refuses: format!("NEW.product_id = '{}' AND NEW.user_id = '{}'", said.product_id, said.user_id),
            aggregates: BTreeSet::from([("reviews", review::stream(said.product_id, said.user_id))]),
        },
    ]
}

fn moves_money(event: &Happened) -> bool {
    let event = format!("{:?}", event.event);
    ["Order(OrderPaid", "Order(OrderRefunded", "Order(OrderRefundReversed"]
        .iter()
        .any(|it| event.starts_with(it))
}

impl Poison {
    pub(super) async fn inject(&self, owner: &PgPool, generation: i32) {
        let Self { model, table, refuses, .. } = self;
        sqlx::raw_sql(&format!(
            "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 RAISE 'no row like this' USING ERRCODE = 'check_violation'; END $$;
             CREATE TRIGGER poison BEFORE INSERT OR UPDATE ON {model}_g{generation}_{table}
                 FOR EACH ROW WHEN ({refuses}) EXECUTE FUNCTION refuse()"
        ))
        .execute(owner)
        .await
        .unwrap();
    }

    pub(super) async fn mend(&self, owner: &PgPool) {
        let Self { model, table, .. } = self;
        sqlx::raw_sql(&format!("DROP TRIGGER poison ON {model}_g1_{table}")).execute(owner).await.unwrap();
    }
}
