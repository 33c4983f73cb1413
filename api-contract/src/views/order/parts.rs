//! What an order's answer is made of: its lines, its parcels, its history.

use std::borrow::Cow;

use domain::ids::{OrderId, ProductId, SellerId};
use domain::order::{OrderPlaced, Part};
use domain::{Minor, Money};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::record::{OrderRecord, StatusStep};
use super::sight::OrderSight;
use super::words::{OrderStatusWord, note};
use crate::amount::Amount;
use crate::envelope::Timestamp;
use crate::views::{PersonalBodies, body};

/// One line of an order.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OrderItem)]
pub struct OrderItemView<'a> {
    /// The order's id and the line's number, from 1.
    id: String,
    #[schema(value_type = Uuid)]
    product_id: ProductId,
    product_name: &'a str,
    name: &'a str,
    sku: &'a str,
    #[schema(value_type = Uuid)]
    seller_id: SellerId,
    /// How far this line has come: each seller sends what is the seller's.
    status: OrderStatusWord,
    /// Of one.
    price: Amount,
    quantity: u32,
    subtotal: Amount,
    /// The same as `subtotal`.
    item_total: Amount,
    returned_quantity: u32,
}

/// A parcel that left.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Shipment)]
pub struct ShipmentView<'a> {
    tracking_number: Option<&'a str>,
    carrier: Option<&'a str>,
    estimated_delivery: Option<Timestamp>,
    shipped_at: Timestamp,
    /// The ids of the lines in it.
    item_ids: Vec<String>,
}

/// A step that the order, or a part of it, took.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OrderStep)]
pub struct StepView<'a> {
    status: OrderStatusWord,
    timestamp: Timestamp,
    /// What staff or the customer said, else what happened.
    #[schema(value_type = String)]
    note: Said<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    tracking_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    carrier: Option<&'a str>,
    /// The ids of the lines that took it, where it was not all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    item_ids: Option<Vec<String>>,
}

/// A text that somebody left, or one of ours.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
enum Said<'a> {
    Kept(&'a RawValue),
    Ours(Cow<'static, str>),
}

/// A line's id: stable, and unique among all orders' lines.
fn item_id(id: OrderId, place: u32) -> String {
    format!("{id}:{}", u64::from(place) + 1)
}

/// The ids of those of these lines that are seen.
fn item_ids(id: OrderId, placed: &OrderPlaced, lines: &[u32], sight: OrderSight) -> Vec<String> {
    let seen = |place: &&u32| placed.lines.get(**place as usize).is_some_and(|line| sight.sees(line));
    lines.iter().filter(seen).map(|place| item_id(id, *place)).collect()
}

/// The lines that are seen.
pub(super) fn items<'a>(
    id: OrderId,
    record: &'a OrderRecord,
    placed: &'a OrderPlaced,
    sight: OrderSight,
) -> Vec<OrderItemView<'a>> {
    let amount = |minor: Minor| Amount(Money::new(minor, placed.currency));
    let order = &record.order;
    (0_u32..)
        .zip(&placed.lines)
        .filter(|(_, line)| sight.sees(line))
        .map(|(place, line)| {
            let total = amount(line.total().unwrap_or_default());
            let status = order.line_status.get(place as usize).copied().unwrap_or(order.status);
            OrderItemView {
                id: item_id(id, place),
                product_id: line.product_id,
                product_name: &line.name,
                name: &line.name,
                sku: &line.sku,
                seller_id: line.seller_id,
                status: status.into(),
                price: amount(line.unit_price),
                quantity: line.quantity,
                subtotal: total,
                item_total: total,
                returned_quantity: order.returned.get(place as usize).copied().unwrap_or_default(),
            }
        })
        .collect()
}

/// The parcels with a line that is seen.
pub(super) fn shipments<'a>(
    id: OrderId,
    record: &'a OrderRecord,
    placed: &OrderPlaced,
    sight: OrderSight,
) -> Vec<ShipmentView<'a>> {
    let shipments = record.order.shipments.iter().enumerate().map(|(number, shipment)| {
        let left = record.steps.iter().find(|step| step.shipment == Some(number));
        let lines = Part::lines_of(shipment.part.as_ref(), placed.lines.len());
        ShipmentView {
            tracking_number: shipment.tracking_number.as_deref(),
            carrier: shipment.carrier.as_deref(),
            estimated_delivery: shipment.estimated_delivery.map(Timestamp),
            shipped_at: left.map_or(record.updated_at, |step| step.at).into(),
            item_ids: item_ids(id, placed, &lines, sight),
        }
    });
    shipments.filter(|shipment| !shipment.item_ids.is_empty()).collect()
}

/// The steps of lines that are seen.
pub(super) fn steps<'a>(
    id: OrderId,
    record: &'a OrderRecord,
    placed: &OrderPlaced,
    bodies: &'a PersonalBodies,
    sight: OrderSight,
) -> Vec<StepView<'a>> {
    let seen = record.steps.iter().filter(|step| sight.sees_any(placed, step.lines.as_deref()));
    let view = |step: &'a StatusStep| {
        let shipment = step.shipment.and_then(|number| record.order.shipments.get(number));
        let carrier = shipment.and_then(|shipment| shipment.carrier.as_deref());
        StepView {
            status: step.status.into(),
            timestamp: step.at.into(),
            note: body(bodies, step.note)
                .map_or_else(|| Said::Ours(note(step.status, carrier, step.cause)), Said::Kept),
            tracking_number: shipment.and_then(|shipment| shipment.tracking_number.as_deref()),
            carrier,
            item_ids: step.lines.as_deref().map(|lines| item_ids(id, placed, lines, sight)),
        }
    };
    seen.map(view).collect()
}

impl<'a> ShipmentView<'a> {
    pub(super) fn tracking_number(&self) -> Option<&'a str> {
        self.tracking_number
    }

    pub(super) fn carrier(&self) -> Option<&'a str> {
        self.carrier
    }

    pub(super) fn estimated_delivery(&self) -> Option<Timestamp> {
        self.estimated_delivery
    }
}
