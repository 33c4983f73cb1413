//! How a shop's statistics look to a client.

use std::collections::BTreeMap;

use api_contract::{Amount, ApiError};
use chrono::NaiveDate;
use domain::ids::{ProductId, SellerId};
use domain::{Currency, Money};
use projections::catalog::CatalogProduct;
use projections::seller_stats::{Interval, PeriodRow, ProductRow, Report, StatsFilter, Sums};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// What figures are grouped by.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[allow(dead_code, reason = "it says what is read")]
pub(super) enum IntervalWord {
    Day,
    Week,
    Month,
}

/// What was sold, in one currency.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SalesFigures)]
struct Figures {
    gross_revenue: Amount,
    /// Less what of refunds came back, on the day on which it did: below 0 where more came back than went back.
    refunds: Amount,
    /// Gross revenue less refunds: below 0 where more went back of earlier orders than came in.
    net_revenue: Amount,
    orders: i64,
    units: i64,
    returned_units: i64,
    average_order_value: Amount,
    /// Refunds as a share of gross revenue: above 1 where more went back of earlier orders than came in, below 0 where
    /// more of earlier refunds came back than went back.
    #[schema(value_type = f64)]
    refund_rate: Box<RawValue>,
}

impl Figures {
    fn of(sums: &Sums, currency: Currency) -> Result<Self, ApiError> {
        let amount = |minor| Amount(Money::new(minor, currency));
        Ok(Self {
            gross_revenue: amount(sums.gross),
            refunds: amount(sums.refunds),
            net_revenue: amount(sums.net()),
            orders: sums.orders,
            units: sums.units,
            returned_units: sums.returned_units,
            average_order_value: amount(sums.average_order_value()),
            refund_rate: RawValue::from_string(sums.refund_rate().to_string()).map_err(ApiError::internal)?,
        })
    }
}

/// What was sold in a day, a week or a month.
#[derive(Serialize, ToSchema)]
#[schema(as = SalesOfPeriod)]
struct Row {
    /// Its first day.
    date: NaiveDate,
    #[schema(value_type = String)]
    currency: Currency,
    #[serde(flatten)]
    figures: Figures,
}

impl Row {
    fn of(row: &PeriodRow) -> Result<Self, ApiError> {
        let figures = Figures::of(&row.sums, row.currency)?;
        Ok(Self { date: row.day, currency: row.currency, figures })
    }
}

/// How many customers bought. Guests are not among them.
#[derive(Clone, Copy, Serialize, ToSchema)]
struct Customers {
    /// Those whose first paid order in this shop it was.
    new: i64,
    /// Those who had bought here before.
    returning: i64,
}

impl From<projections::seller_stats::Customers> for Customers {
    fn from(customers: projections::seller_stats::Customers) -> Self {
        Self { new: customers.new, returning: customers.returning }
    }
}

/// How many customers bought in a day, a week or a month.
#[derive(Serialize, ToSchema)]
struct CustomersOfPeriod {
    /// Its first day.
    date: NaiveDate,
    #[serde(flatten)]
    customers: Customers,
}

/// The customers of the whole time, and of each day, week or month.
#[derive(Serialize, ToSchema)]
struct ShopCustomers {
    #[serde(flatten)]
    whole: Customers,
    periods: Vec<CustomersOfPeriod>,
}

impl ShopCustomers {
    fn of(report: &Report) -> Self {
        let periods = report.customer_periods.iter();
        let periods = periods.map(|row| CustomersOfPeriod { date: row.day, customers: row.customers.into() });
        Self { whole: report.customers.into(), periods: periods.collect() }
    }
}

/// A product that earned well.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TopProduct {
    #[schema(value_type = Uuid)]
    product_id: ProductId,
    product_name: Option<String>,
    sku: Option<String>,
    #[schema(value_type = String)]
    currency: Currency,
    gross_revenue: Amount,
    /// May be below 0, as in the totals.
    refunds: Amount,
    /// May be below 0, as in the totals.
    net_revenue: Amount,
    units: i64,
    returned_units: i64,
}

impl TopProduct {
    fn of(row: &ProductRow, product: Option<&CatalogProduct>) -> Self {
        let amount = |minor| Amount(Money::new(minor, row.currency));
        Self {
            product_id: row.product_id,
            product_name: product.map(|product| product.details.name.clone()),
            sku: product.map(|product| product.details.sku.clone()),
            currency: row.currency,
            gross_revenue: amount(row.sums.gross),
            refunds: amount(row.sums.refunds),
            net_revenue: amount(row.sums.net()),
            units: row.sums.units,
            returned_units: row.sums.returned_units,
        }
    }
}

/// What a shop has sold.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ShopStats {
    #[schema(value_type = Uuid)]
    seller_id: SellerId,
    #[schema(example = "Asia/Karachi")]
    time_zone: &'static str,
    #[schema(inline, value_type = IntervalWord)]
    interval: &'static str,
    /// By currency.
    totals: BTreeMap<String, Figures>,
    /// Where the interval is a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    daily: Option<Vec<Row>>,
    /// Where it is a week.
    #[serde(skip_serializing_if = "Option::is_none")]
    weekly: Option<Vec<Row>>,
    /// Where it is a month.
    #[serde(skip_serializing_if = "Option::is_none")]
    monthly: Option<Vec<Row>>,
    customers: ShopCustomers,
    top_products: Vec<TopProduct>,
}

impl ShopStats {
    /// What was found, with the names of the products that earned most.
    pub(super) fn of(
        seller_id: SellerId,
        filter: &StatsFilter,
        report: &Report,
        products: &[CatalogProduct],
    ) -> Result<Self, ApiError> {
        let totals = report.totals.iter();
        let totals = totals.map(|it| Ok((it.currency.to_string(), Figures::of(&it.sums, it.currency)?)));
        let totals = totals.collect::<Result<_, ApiError>>()?;
        let rows = report.periods.iter().map(Row::of).collect::<Result<_, ApiError>>()?;
        let (daily, weekly, monthly) = match filter.interval {
            Interval::Day => (Some(rows), None, None),
            Interval::Week => (None, Some(rows), None),
            Interval::Month => (None, None, Some(rows)),
        };
        let top = report.top_products.iter().map(|it| {
            let product = products.iter().find(|product| product.product_id == it.product_id);
            TopProduct::of(it, product)
        });
        Ok(Self {
            seller_id,
            time_zone: filter.period.tz.name(),
            interval: filter.interval.as_str(),
            totals,
            daily,
            weekly,
            monthly,
            customers: ShopCustomers::of(report),
            top_products: top.collect(),
        })
    }
}
