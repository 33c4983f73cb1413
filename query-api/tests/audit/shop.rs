//! Orders to be audited.

use domain::ids::{OrderId, PaymentId, ProductId, RefundId, SellerId};
use domain::order::{Order, OrderEvent, OrderLine, OrderPaid, OrderPlaced, OrderRefunded, Region, Split};
use event_store::append::NewEvent;
use uuid::Uuid;

use crate::harness::event;

pub const ANN: SellerId = SellerId(Uuid::from_u128(0xa));
pub const BEN: SellerId = SellerId(Uuid::from_u128(0xb));

/// An order of 600.00 of Ann's, 400.00 of Ben's and 80.00 tax.
#[derive(Clone, Copy)]
pub struct Sold<'a> {
    pub n: u128,
    pub number: &'a str,
    pub external_id: Option<&'a str>,
}

impl Sold<'_> {
    pub fn id(&self) -> OrderId {
        OrderId(Uuid::from_u128(0x1000 + self.n))
    }

    fn terms(&self) -> OrderPlaced {
        let line = |seller_id, unit_price| OrderLine {
            product_id: ProductId(Uuid::from_u128(0x2000)),
            seller_id,
            sku: "85123A".into(),
            name: "White hanging heart".into(),
            unit_price,
            quantity: 1,
        };
        OrderPlaced {
            number: self.number.into(),
            external_id: self.external_id.map(str::to_owned),
            customer_id: None,
            lines: vec![line(ANN, 60_000), line(BEN, 40_000)],
            currency: "GBP".parse().unwrap(),
            subtotal: 100_000,
            discount: 0,
            coupon_code: None,
            tax: 8_000,
            tax_rate: "0.08".into(),
            shipping: 0,
            total: 108_000,
            ship_to: Region::default(),
            shipping_address: None,
            billing_address: None,
            notes: None,
            payment_id: PaymentId(Uuid::from_u128(0x3000 + self.n)),
            payment_method: None,
            expires_at: None,
        }
    }

    pub fn placed(&self, at: &str) -> NewEvent {
        event::<Order>(self.id(), 1, at, &OrderEvent::OrderPlaced(Box::new(self.terms())))
    }

    pub fn paid(&self, at: &str) -> NewEvent {
        let terms = self.terms();
        let paid = OrderPaid {
            payment_id: terms.payment_id,
            customer_id: None,
            amount: terms.total,
            currency: terms.currency,
            split: Split::of_order(&terms).unwrap(),
        };
        event::<Order>(self.id(), 2, at, &OrderEvent::OrderPaid(paid))
    }

    pub fn confirmed(&self, at: &str) -> NewEvent {
        event::<Order>(self.id(), 3, at, &OrderEvent::OrderConfirmed {})
    }

    /// A tenth goes back.
    pub fn refunded(&self, at: &str) -> NewEvent {
        let terms = self.terms();
        let refund = OrderRefunded {
            payment_id: terms.payment_id,
            refund_id: RefundId(Uuid::from_u128(0x4000 + self.n)),
            customer_id: None,
            amount: 10_800,
            currency: terms.currency,
            split: Split::of_order(&terms).unwrap().part(10_800).unwrap(),
        };
        event::<Order>(self.id(), 4, at, &OrderEvent::OrderRefunded(refund))
    }
}
