//! A history, and what tables refuse of it.

use std::collections::BTreeSet;

use domain::coupon::{CouponEvent, Discount, Terms};
use domain::ids::{OrderId, UserId};
use domain::inventory::InventoryEvent;
use domain::{Currency, Money};
use sqlx::PgPool;
use uuid::Uuid;

use super::SHOP;
use crate::testing::{Happened, Stored, happened_at};

pub(super) const COUPON: Uuid = Uuid::from_u128(0xc0_0001);

/// The shop's history, and two coupons that are used.
pub(super) fn history() -> Vec<Vec<Happened>> {
    let currency: Currency = "GBP".parse().unwrap();
    let terms = Terms {
        discount: Discount::Fixed { amount: 500 },
        currency: Some(currency),
        minimum_subtotal: None,
        starts_at: None,
        ends_at: None,
        total_limit: None,
        per_user_limit: None,
    };
    let redeemed = |user| CouponEvent::CouponRedeemed {
        order_id: OrderId(Uuid::nil()),
        user_id: UserId(Uuid::from_u128(user)),
        discount: Money::new(500, currency),
    };
    let mut groups: Vec<_> = SHOP.history().collect();
    for code in [COUPON, Uuid::from_u128(0xc0_0002)] {
        let events = [CouponEvent::CouponCreated(terms.clone()), redeemed(1), redeemed(2), redeemed(1)];
        for (sequence, event) in (1..).zip(events) {
            let event = Stored::Coupon(event);
            groups.push(vec![Happened {
                aggregate_id: code,
                sequence,
                occurred_at: happened_at(sequence),
                event,
            }]);
        }
    }
    groups
}

/// What a read model's table refuses, and whose events that are.
pub(super) struct Poison {
    pub(super) model: &'static str,
    table: &'static str,
    refuses: String,
    pub(super) aggregates: BTreeSet<(&'static str, String)>,
}

/// One for each read model.
pub(super) fn poisons(history: &[Vec<Happened>]) -> [Poison; 4] {
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
