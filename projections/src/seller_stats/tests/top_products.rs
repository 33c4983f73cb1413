//! Which products earned most.

use domain::Currency;
use domain::ids::{OrderId, PaymentId, ProductId, RefundId, SellerId, UserId};
use domain::order::{GoodsAmount, OrderEvent, OrderPaid, OrderRefunded, Split};
use uuid::Uuid;

use super::super::{SellerStats, Stats, StatsFilter};
use crate::generation::Generation;
use crate::read_model::ReadModel;
use crate::testing::{Happened, Stored, TestDatabase, happened_at};

const SELLER: SellerId = SellerId(Uuid::from_u128(0x5e11));

fn product(n: u128) -> ProductId {
    ProductId(Uuid::from_u128(n))
}

/// What an order of one line brought, and what of it was given back.
struct Sale {
    product: ProductId,
    currency: &'static str,
    units: u32,
    paid: i64,
    refunded: i64,
}

impl Sale {
    fn events(&self, n: i64) -> Vec<Happened> {
        let (aggregate_id, payment_id) = (OrderId(Uuid::now_v7()), PaymentId(Uuid::now_v7()));
        let (customer_id, currency) =
            (Some(UserId(Uuid::now_v7())), self.currency.parse::<Currency>().unwrap());
        let split = |quantity, amount| {
            let goods =
                GoodsAmount { line: 0, product_id: self.product, seller_id: SELLER, quantity, amount };
            Split { goods: vec![goods], tax: 0, shipping: 0 }
        };
        let (amount, split_of_all) = (self.paid, split(self.units, self.paid));
        let paid = OrderPaid { payment_id, customer_id, amount, currency, split: split_of_all };
        let refunded = OrderRefunded {
            payment_id,
            refund_id: RefundId(Uuid::now_v7()),
            customer_id,
            amount: self.refunded,
            currency,
            split: split(0, self.refunded),
        };
        let mut events = vec![OrderEvent::OrderPaid(paid)];
        if self.refunded > 0 {
            events.push(OrderEvent::OrderRefunded(refunded));
        }
        let happened = |(sequence, event)| Happened {
            aggregate_id: aggregate_id.0,
            sequence,
            occurred_at: happened_at(n),
            event: Stored::Order(event),
        };
        (1..).zip(events).map(happened).collect()
    }
}

/// Guards against a shop that is told it earned most by what it gave back.
#[tokio::test]
async fn they_are_those_of_which_most_was_left_after_refunds() {
    let sale =
        |n, currency, units, paid, refunded| Sale { product: product(n), currency, units, paid, refunded };
    let database = TestDatabase::new().await;
    let sales = [
        sale(1, "USD", 1, 10_000, 10_000),
        sale(2, "USD", 3, 5_000, 0),
        sale(3, "USD", 2, 3_000, 0),
        sale(3, "USD", 2, 3_000, 1_500),
        // As much is left of each of these: the more units go first, then the smaller id.
        sale(6, "USD", 1, 2_000, 0),
        sale(5, "USD", 1, 2_500, 500),
        sale(4, "USD", 2, 2_000, 0),
        sale(2, "EUR", 1, 100, 100),
        sale(7, "EUR", 1, 90, 10),
    ];
    let happened = (0..).zip(&sales).flat_map(|(n, sale)| sale.events(n));
    let events: Vec<_> = (1..).zip(happened).map(|(position, event)| event.publish(position)).collect();
    let mut tx = database.app.begin().await.unwrap();
    SellerStats.apply(&events, Generation(1), &mut tx).await.unwrap();
    tx.commit().await.unwrap();

    let eur = [(7, 80), (2, 0)];
    let usd = [(2, 5_000), (3, 4_500), (4, 2_000), (5, 2_000), (6, 2_000), (1, 0)];
    let stats = Stats::new(database.app.clone());
    for seller in [Some(SELLER), None] {
        for top in [1, 2, 4, 10] {
            let filter = StatsFilter { seller, top: i64::try_from(top).unwrap(), ..StatsFilter::default() };
            let report = stats.report(&filter).await.unwrap().value;
            let found: Vec<_> = report
                .top_products
                .iter()
                .map(|row| (row.currency.code(), row.product_id, row.sums.net()))
                .collect();
            let first = |code, of: &[(u128, i64)]| {
                of.iter().take(top).map(|(n, net)| (code, product(*n), *net)).collect::<Vec<_>>()
            };
            assert_eq!(
                found,
                [first("EUR", &eur), first("USD", &usd)].concat(),
                "the first {top} of {seller:?}"
            );
        }
    }
}
