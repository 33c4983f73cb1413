//! `POST /coupons`.

use api_contract::openapi::{Envelope, Refusal};
use api_contract::views::{CouponView, DiscountType};
use api_contract::{
    ApiError, Code, EventPosition, Fields, Fingerprint, IdempotencyKey, JsonBody, Role, Success, Version,
};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::coupon::{Coupon, CouponCode, CouponCommand, CouponError, CouponEvent, Discount, Terms};
use domain::{Currency, Streams as _};
use event_store::{Accepted, AsOf, Decision, Submission};
use rust_decimal::Decimal;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{code, refusal};
use crate::command::{Caller, decide, now};
use crate::shop::Shop;

/// The highest amount, in minor units.
const MOST: i64 = 1_000_000_000_000;

const MESSAGE: &str = "Coupon created successfully";

pub(super) fn route() -> OpenApiRouter<Shop> {
    OpenApiRouter::new().routes(routes!(create))
}

/// A coupon to be created.
#[derive(ToSchema)]
#[schema(as = NewCoupon, rename_all = "camelCase")]
#[allow(dead_code, reason = "it describes the body")]
struct NewCouponBody {
    /// Small letters are the same as capitals.
    #[schema(pattern = "^[A-Za-z0-9_-]{1,50}$", example = "SAVE20")]
    code: String,
    discount_type: DiscountType,
    /// Per cent, above 0 and at most 100 with at most two decimals; or an amount of the currency.
    #[schema(exclusive_minimum = 0, example = 20)]
    discount_value: f64,
    /// Of the amounts; the shop's currency if there are amounts and none is named. A percentage without a currency is
    /// good for all.
    #[schema(example = "USD", pattern = "^[A-Za-z]{3}$")]
    currency: Option<String>,
    /// The least subtotal that it takes something off.
    #[schema(minimum = 0)]
    minimum_subtotal: Option<f64>,
    /// Its first moment.
    starts_at: Option<DateTime<Utc>>,
    /// The moment after its last.
    ends_at: Option<DateTime<Utc>>,
    /// How many orders may have it.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    total_limit: Option<u64>,
    /// How many orders of one user may have it.
    #[schema(minimum = 1, maximum = 1_000_000)]
    per_user_limit: Option<u32>,
}

struct NewCoupon {
    code: CouponCode,
    terms: Terms,
}

impl NewCoupon {
    fn read(f: &mut Fields<'_, '_>, shop_currency: Currency) -> Option<Self> {
        let code = code(f.field("code").or("couponCode").required());
        let currency = f.field("currency").currency();
        let of_amounts = currency.unwrap_or(shop_currency);
        let discount = discount(f, of_amounts);
        let minimum = f.field("minimumSubtotal").money(of_amounts, 0..=MOST);
        let starts_at = f.field("startsAt").timestamp();
        let ends_at = f.field("endsAt").timestamp();
        if starts_at.zip(ends_at).is_some_and(|(starts_at, ends_at)| ends_at <= starts_at) {
            f.violation("endsAt", Code::ValidationError, "endsAt must be after startsAt");
        }
        let total_limit = f.field("totalLimit").integer(1..=1_000_000_000);
        let per_user_limit = f.field("perUserLimit").integer(1..=1_000_000);
        let discount = discount?;
        let has_amount = minimum.is_some() || matches!(discount, Discount::Fixed { .. });
        let terms = Terms {
            discount,
            currency: currency.or(has_amount.then_some(shop_currency)),
            minimum_subtotal: minimum.map(|money| money.amount),
            starts_at,
            ends_at,
            total_limit: total_limit.map(i64::unsigned_abs),
            per_user_limit: per_user_limit.and_then(|limit| u32::try_from(limit).ok()),
        };
        Some(Self { code: code?, terms })
    }
}

fn discount(f: &mut Fields<'_, '_>, currency: Currency) -> Option<Discount> {
    let kinds = [("percentage", DiscountType::Percentage), ("fixed", DiscountType::Fixed)];
    let kind = f.field("discountType").required().one_of(&kinds);
    let value = f.field("discountValue").required();
    if kind == Some(DiscountType::Fixed) {
        return value.money(currency, 1..=MOST).map(|money| Discount::Fixed { amount: money.amount });
    }
    let percent = value.decimal(Decimal::ZERO..=Decimal::ONE_HUNDRED)?;
    let hundredths = (percent * Decimal::ONE_HUNDRED).normalize();
    match u32::try_from(hundredths) {
        Ok(hundredths) if hundredths > 0 && Decimal::from(hundredths) == percent * Decimal::ONE_HUNDRED => {
            kind.map(|_| Discount::Percentage { hundredths })
        }
        Ok(_) | Err(_) => {
            let message = "discountValue must be above 0, with at most two decimals";
            f.violation("discountValue", Code::ValidationError, message);
            None
        }
    }
}

/// Creates a coupon. Its terms never change, and its code is not used for another one.
#[utoipa::path(
    post, path = "/coupons", operation_id = "createCoupon", tag = "coupons", security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same body, the same answer comes again", min_length = 1, max_length = 255)),
    request_body = NewCouponBody,
    responses(
        (status = 201, description = "The coupon", body = Envelope<CouponView>),
        (status = 409, description = "There is, or was, a coupon with this code", body = Refusal),
    ),
)]
async fn create(
    State(shop): State<Shop>,
    caller: Caller,
    key: IdempotencyKey,
    body: JsonBody,
) -> Result<Response, ApiError> {
    caller.principal.require(&[Role::Admin])?;
    let currency = shop.rules.currency;
    let (NewCoupon { code, terms }, fingerprint): (_, Fingerprint) =
        body.read_keyed(|f| NewCoupon::read(f, currency))?;
    let at = now();
    let submission = Submission { occurred_at: Some(at), ..caller.keyed(&key, fingerprint) };
    let (id, made) = (code.clone(), terms.clone());
    let decision = move |streams: &mut Decision<'_>| {
        let create = CouponCommand::Create(made.clone());
        streams
            .execute::<Coupon, CouponError>(&id, create)
            .map_err(|halt| halt.map(|error| refusal(error, true)))?;
        streams.remember(201, &id);
        Ok(())
    };
    match decide(&shop.decider, submission, decision).await? {
        Accepted::Done { value: (), position } => Ok(created(code, &terms, at, position, currency)),
        Accepted::Replayed(before) => {
            again(&shop, &before.resource, before.position).await.map_err(ApiError::after_acceptance)
        }
    }
}

fn created(
    code: CouponCode,
    terms: &Terms,
    at: DateTime<Utc>,
    position: i64,
    currency: Currency,
) -> Response {
    let answer = Success::new(CouponView::of(code, terms, 0, at, currency)).message(MESSAGE);
    (StatusCode::CREATED, Version(1), EventPosition(position), answer).into_response()
}

/// The answer to the request that had this key before.
async fn again(shop: &Shop, resource: &str, position: i64) -> Result<Response, ApiError> {
    let code: CouponCode = resource.parse().map_err(ApiError::internal)?;
    let as_of = Some(AsOf::Position(position));
    let events = shop.log.events_of::<Coupon>(&code, as_of).await.map_err(identity::failed)?;
    match events.first() {
        Some((row, CouponEvent::CouponCreated(terms))) => {
            Ok(created(code, terms, row.occurred_at(), position, shop.rules.currency))
        }
        Some(_) | None => Err(ApiError::not_found("Coupon")),
    }
}
