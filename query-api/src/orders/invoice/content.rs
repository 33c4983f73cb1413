//! What stands in an invoice: texts, ready to be written.

use std::collections::BTreeMap;

use api_contract::views::{OrderRecord, OrderSight, PaymentRecord, PersonalBodies, payment_method};
use chrono::{DateTime, Utc};
use domain::ids::{PersonalId, SellerId};
use domain::order::{OrderLine, OrderPlaced, OrderRefunded, OrderStatus, Totals};
use domain::payment::RefundPhase;
use domain::{Currency, Minor, Money};
use rust_decimal::Decimal;
use serde::Deserialize;

/// The names of those whom an order names by id; who was erased has none.
#[derive(Clone, Debug, Default)]
pub(in crate::orders) struct Names {
    /// Of the sellers' shops.
    pub(in crate::orders) shops: BTreeMap<SellerId, String>,
    /// Of the customer.
    pub(in crate::orders) buyer: Option<String>,
}

/// An invoice, in texts.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::orders) struct Invoice {
    /// `Invoice`, or `Pro forma invoice`.
    pub(super) title: &'static str,
    /// Its number; a pro-forma has none of its own.
    pub(super) number: Option<String>,
    pub(super) order_number: String,
    /// When the order was paid; of a pro-forma, when it was placed.
    pub(super) date: DateTime<Utc>,
    pub(super) ordered: DateTime<Utc>,
    /// How the payment stands.
    pub(super) state: String,
    pub(super) currency: Currency,
    pub(super) billed_to: Vec<String>,
    pub(super) shipped_to: Vec<String>,
    /// Each seller's name and lines.
    pub(super) sellers: Vec<(String, Vec<Row>)>,
    /// What leads to the total: label and amount.
    pub(super) sums: Vec<(String, String)>,
    pub(super) total: String,
    /// What was paid, what went back, what is due.
    pub(super) paid: Vec<(String, String)>,
    /// What is said below.
    pub(super) remarks: Vec<String>,
}

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) sku: String,
    pub(super) quantity: String,
    pub(super) unit_price: String,
    pub(super) total: String,
}

/// An address in `personal`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Address {
    full_name: Option<String>,
    street: Option<String>,
    #[serde(rename = "addressLine2")]
    second_line: Option<String>,
    city: Option<String>,
    state: Option<String>,
    zip_code: Option<String>,
    country: Option<String>,
}

impl Address {
    fn lines(self, name: Option<&str>) -> Vec<String> {
        let join = |parts: [Option<String>; 2], with: &str| {
            let parts: Vec<String> = parts.into_iter().flatten().collect();
            Some(parts.join(with)).filter(|line| !line.is_empty())
        };
        let town = join([self.city, join([self.state, self.zip_code], " ")], ", ");
        let name = self.full_name.or_else(|| name.map(str::to_owned));
        [name, self.street, self.second_line, town, self.country].into_iter().flatten().collect()
    }
}

/// What of an order the invoice is of.
struct Part<'a> {
    lines: Vec<&'a OrderLine>,
    totals: Totals,
    refunded: Minor,
    /// Which of the order's sellers, from 1, where it is of one.
    of_seller: Option<usize>,
}

impl Invoice {
    /// The invoice as somebody sees it. Nothing for an order that was never placed, or whose amounts don't add up.
    pub(in crate::orders) fn of(
        record: &OrderRecord,
        payment: &PaymentRecord,
        bodies: &PersonalBodies,
        sight: OrderSight,
        names: &Names,
    ) -> Option<Self> {
        let placed = record.order.placed.as_deref()?;
        let part = Part::of(record, placed, sight)?;
        let whole = sight == OrderSight::Whole;
        let address = |id| address(bodies, id, names.buyer.as_deref());
        let shipped_to = address(placed.shipping_address);
        let billed_to = if whole { address(placed.billing_address) } else { shipped_to.clone() };
        let paid = record.order.paid;
        let ordered = record.steps.first()?.at;
        Some(Self {
            title: if paid { "Invoice" } else { "Pro forma invoice" },
            number: paid.then(|| number(&placed.number, part.of_seller)),
            order_number: placed.number.clone(),
            date: record.paid_at.unwrap_or(ordered),
            ordered,
            state: state(record, payment, &part, whole),
            currency: placed.currency,
            billed_to,
            shipped_to,
            sellers: part.sellers(placed, names),
            sums: part.sums(placed),
            total: amount(placed, part.totals.total),
            paid: part.paid(placed, paid),
            remarks: remarks(record, placed, whole),
        })
    }

    /// What a browser saves it as.
    pub(in crate::orders) fn file_name(&self) -> String {
        let name = match &self.number {
            Some(number) => number.clone(),
            None => format!("proforma-{}", self.order_number),
        };
        let safe = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' };
        format!("{}.pdf", name.chars().map(safe).collect::<String>())
    }
}

impl<'a> Part<'a> {
    fn of(record: &OrderRecord, placed: &'a OrderPlaced, sight: OrderSight) -> Option<Self> {
        let lines = placed.lines.iter().filter(|line| sight.sees(line)).collect();
        let OrderPlaced { subtotal, discount, tax, shipping, total, .. } = *placed;
        match sight {
            OrderSight::Whole => {
                let totals = Totals { subtotal, discount, tax, shipping, total };
                Some(Self { lines, totals, refunded: record.order.refunded, of_seller: None })
            }
            OrderSight::OfSeller(seller) => {
                let parts = placed.seller_parts()?;
                let of_seller = parts.keys().position(|known| *known == seller).map(|place| place + 1);
                let refunds = record.refunds.iter().filter_map(OrderRefunded::seller_parts);
                let refunded = refunds.filter_map(|refund| refund.get(&seller).copied()).sum();
                Some(Self { lines, totals: *parts.get(&seller)?, refunded, of_seller })
            }
        }
    }

    fn sellers(&self, placed: &OrderPlaced, names: &Names) -> Vec<(String, Vec<Row>)> {
        let mut sellers: Vec<(SellerId, Vec<Row>)> = Vec::new();
        for line in &self.lines {
            let row = Row {
                name: line.name.clone(),
                sku: line.sku.clone(),
                quantity: line.quantity.to_string(),
                unit_price: amount(placed, line.unit_price),
                total: amount(placed, line.total().unwrap_or_default()),
            };
            match sellers.iter_mut().find(|(seller, _)| *seller == line.seller_id) {
                Some((_, rows)) => rows.push(row),
                None => sellers.push((line.seller_id, vec![row])),
            }
        }
        let name = |seller| names.shops.get(&seller).cloned().unwrap_or_else(|| format!("Seller {seller}"));
        sellers.into_iter().map(|(seller, rows)| (name(seller), rows)).collect()
    }

    fn sums(&self, placed: &OrderPlaced) -> Vec<(String, String)> {
        let Totals { subtotal, discount, tax, shipping, total: _ } = self.totals;
        let mut sums = vec![("Subtotal".to_owned(), amount(placed, subtotal))];
        if discount != 0 {
            // A coupon is between the shop and the customer: a seller isn't told, here as in the order.
            let coupon = placed.coupon_code.as_ref().filter(|_| self.of_seller.is_none());
            let coupon = coupon.map(|code| format!(" ({})", code.as_str()));
            let label = format!("Discount{}", coupon.unwrap_or_default());
            sums.push((label, format!("\u{2212}{}", amount(placed, discount))));
        }
        sums.push((format!("Tax ({})", percent(&placed.tax_rate)), amount(placed, tax)));
        sums.push(("Shipping".to_owned(), amount(placed, shipping)));
        sums
    }

    fn paid(&self, placed: &OrderPlaced, paid: bool) -> Vec<(String, String)> {
        let captured = if paid { self.totals.total } else { 0 };
        let mut rows = vec![("Paid".to_owned(), amount(placed, captured))];
        if self.refunded != 0 {
            rows.push(("Refunded".to_owned(), amount(placed, self.refunded)));
        }
        if !paid {
            rows.push(("Due".to_owned(), amount(placed, self.totals.total)));
        }
        rows
    }
}

fn amount(placed: &OrderPlaced, minor: Minor) -> String {
    Money::new(minor, placed.currency).to_string()
}

/// `0.0825` is `8.25 %`.
fn percent(rate: &str) -> String {
    let percent = rate.parse::<Decimal>().ok().and_then(|rate| rate.checked_mul(Decimal::ONE_HUNDRED));
    percent.map_or_else(|| rate.to_owned(), |percent| format!("{} %", percent.normalize()))
}

/// An invoice has its order's number, a seller's part of it a number after it.
fn number(order: &str, of_seller: Option<usize>) -> String {
    let number = order.strip_prefix("ORD-").unwrap_or(order);
    match of_seller {
        Some(seller) => format!("INV-{number}-{seller}"),
        None => format!("INV-{number}"),
    }
}

pub(super) fn day(time: DateTime<Utc>) -> String {
    time.format("%-d %B %Y").to_string()
}

fn state(record: &OrderRecord, payment: &PaymentRecord, part: &Part<'_>, whole: bool) -> String {
    if !record.order.paid {
        return "Awaiting payment".to_owned();
    }
    if part.refunded > 0 && part.refunded >= part.totals.total {
        return "Paid and refunded in full".to_owned();
    }
    if part.refunded > 0 {
        return "Paid, refunded in part".to_owned();
    }
    if record.order.status == OrderStatus::Cancelled && part.totals.total == 0 {
        return "Paid; cancelled".to_owned();
    }
    if record.order.status == OrderStatus::Cancelled {
        let under_way = payment.payment.refunds.iter().any(|refund| refund.phase == RefundPhase::Requested);
        let refund = if under_way { "the refund is on its way" } else { "to be refunded" };
        return format!("Paid; cancelled, {refund}");
    }
    let on = record.paid_at.map(|at| format!(" on {}", day(at))).unwrap_or_default();
    let chosen = record.order.placed.as_deref().and_then(|placed| placed.payment_method.as_deref());
    let captured = payment.payment.captured.as_deref();
    let card = captured.and_then(|captured| captured.last4.as_deref());
    let by = match (whole, card, captured.map(|captured| captured.gateway.as_str())) {
        (true, Some(last4), _) => format!(" by card ending in {last4}"),
        (true, None, Some("manual" | "import" | "none") | None) | (false, ..) => String::new(),
        (true, None, Some(_)) => {
            chosen.map(|word| format!(" by {}", payment_method(word))).unwrap_or_default()
        }
    };
    format!("Paid{on}{by}")
}

fn remarks(record: &OrderRecord, placed: &OrderPlaced, whole: bool) -> Vec<String> {
    let mut remarks = vec![format!("All amounts are in {}.", placed.currency.code())];
    if !record.order.paid {
        remarks.push("This is no tax invoice: the order has not been paid.".to_owned());
        if let Some(expires_at) = placed.expires_at {
            remarks.push(format!(
                "The goods are set aside until {}, {}.",
                day(expires_at),
                expires_at.format("%H:%M UTC")
            ));
        }
    }
    if !whole {
        remarks.push(format!("It is of one seller's items of order {}.", placed.number));
    }
    remarks
}

fn address(bodies: &PersonalBodies, id: Option<PersonalId>, buyer: Option<&str>) -> Vec<String> {
    let body = id.and_then(|id| bodies.get(&id));
    let address: Option<Address> = body.and_then(|body| serde_json::from_str(body.get()).ok());
    match address {
        Some(address) => address.lines(buyer),
        None => vec!["No address is kept".to_owned()],
    }
}
