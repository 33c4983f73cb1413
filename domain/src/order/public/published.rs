//! What becomes of a stored event of an order before the world knows of it.

use super::{
    GoodsAmount, ItemsReturned, OrderCancelled, OrderConfirmed, OrderDelivered, OrderLine, OrderPaid,
    OrderPlaced, OrderProcessing, OrderPublicEvent, OrderRefundReversed, OrderRefunded, OrderShipped, Part,
    ReturnedItem, ShipTo, Split,
};
use crate::order::{self, OrderEvent, payment_words};

impl From<OrderEvent> for OrderPublicEvent {
    fn from(event: OrderEvent) -> Self {
        match event {
            OrderEvent::OrderPlaced(placed) => Self::OrderPlaced((*placed).into()),
            OrderEvent::OrderPaid(paid) => Self::OrderPaid(paid.into()),
            OrderEvent::OrderConfirmed {} => Self::OrderConfirmed(OrderConfirmed {}),
            OrderEvent::OrderProcessing { note: _, part } => {
                Self::OrderProcessing(OrderProcessing { part: part.map(Into::into) })
            }
            OrderEvent::OrderShipped(shipped) => Self::OrderShipped(OrderShipped {
                carrier: shipped.carrier,
                estimated_delivery: shipped.estimated_delivery,
                part: shipped.part.map(Into::into),
            }),
            OrderEvent::OrderDelivered { note: _, part } => {
                Self::OrderDelivered(OrderDelivered { part: part.map(Into::into) })
            }
            OrderEvent::OrderCancelled { cause, reason: _ } => Self::OrderCancelled(OrderCancelled { cause }),
            OrderEvent::ItemsReturned { items } => {
                Self::ItemsReturned(ItemsReturned { items: items.into_iter().map(Into::into).collect() })
            }
            OrderEvent::OrderRefunded(refunded) => Self::OrderRefunded(refunded.into()),
            OrderEvent::OrderRefundReversed(reversed) => Self::OrderRefundReversed(reversed.into()),
        }
    }
}

impl From<order::OrderPlaced> for OrderPlaced {
    fn from(it: order::OrderPlaced) -> Self {
        Self {
            number: it.number,
            external_id: it.external_id,
            customer_id: it.customer_id,
            lines: it.lines.into_iter().map(Into::into).collect(),
            currency: it.currency,
            subtotal: it.subtotal,
            discount: it.discount,
            coupon_code: it.coupon_code,
            tax: it.tax,
            tax_rate: it.tax_rate,
            shipping: it.shipping,
            total: it.total,
            ship_to: ShipTo { country: it.ship_to.country, region: it.ship_to.region },
            payment_id: it.payment_id,
            payment_method: it.payment_method.as_deref().and_then(payment_words::published),
            expires_at: it.expires_at,
        }
    }
}

impl From<order::OrderLine> for OrderLine {
    fn from(it: order::OrderLine) -> Self {
        Self {
            product_id: it.product_id,
            seller_id: it.seller_id,
            sku: it.sku,
            name: it.name,
            unit_price: it.unit_price,
            quantity: it.quantity,
        }
    }
}

impl From<order::Split> for Split {
    fn from(it: order::Split) -> Self {
        Self { goods: it.goods.into_iter().map(Into::into).collect(), tax: it.tax, shipping: it.shipping }
    }
}

impl From<order::GoodsAmount> for GoodsAmount {
    fn from(it: order::GoodsAmount) -> Self {
        Self {
            line: it.line,
            product_id: it.product_id,
            seller_id: it.seller_id,
            quantity: it.quantity,
            amount: it.amount,
        }
    }
}

impl From<order::OrderPaid> for OrderPaid {
    fn from(it: order::OrderPaid) -> Self {
        Self {
            payment_id: it.payment_id,
            customer_id: it.customer_id,
            amount: it.amount,
            currency: it.currency,
            split: it.split.into(),
        }
    }
}

impl From<order::OrderRefunded> for OrderRefunded {
    fn from(it: order::OrderRefunded) -> Self {
        Self {
            payment_id: it.payment_id,
            refund_id: it.refund_id,
            customer_id: it.customer_id,
            amount: it.amount,
            currency: it.currency,
            split: it.split.into(),
        }
    }
}

impl From<order::OrderRefundReversed> for OrderRefundReversed {
    fn from(it: order::OrderRefundReversed) -> Self {
        Self {
            payment_id: it.payment_id,
            refund_id: it.refund_id,
            customer_id: it.customer_id,
            amount: it.amount,
            currency: it.currency,
            split: it.split.into(),
        }
    }
}

impl From<order::Part> for Part {
    fn from(it: order::Part) -> Self {
        Self { lines: it.lines, order_status: it.order_status }
    }
}

impl From<order::ReturnedItem> for ReturnedItem {
    fn from(it: order::ReturnedItem) -> Self {
        Self { line: it.line, product_id: it.product_id, quantity: it.quantity }
    }
}
