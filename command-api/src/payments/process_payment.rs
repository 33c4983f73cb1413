//! `POST /payments/process`: an order is paid. The attempt goes into the log, the process manager takes it to its
//! gateway, and this waits for what comes of it.
//!
//! A customer who comes back from a page of the gateway's sends the same again: then the gateway is asked what it
//! knows by now. With another method the attempt that waits for them is given up, and the other one is charged.

use std::borrow::Cow;

use api_contract::openapi::{Envelope, Refusal};
use api_contract::views::{PaymentRecord, PaymentView, PersonalBodies};
use api_contract::{
    ApiError, BoxError, Code, EventPosition, Fields, Fingerprint, IdempotencyKey, JsonBody, Role, Success,
    Version, Violation,
};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::decisions::{AttemptPayment, AttemptPaymentError, Attempted, attempt_payment};
use domain::ids::{OrderId, PaymentId, PersonalId};
use domain::order::{Order, OrderPlaced};
use domain::payment::{AttemptPhase, Payment, PaymentError, PaymentStatus};
use domain::{Currency, Halt, Money, Streams as _};
use event_store::{Accepted, Decision};
use identity::personal::{Purpose, Rows};
use rust_decimal::Decimal;
use url::Url;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{attempt_refusal, is_open, method, settled, settled_again};
use crate::command::{Caller, decide, state};
use crate::gateway::{Gateways, Pages};
use crate::history::{Told, bodies, told};
use crate::settlement::Unsettled;
use crate::shop::Shop;

pub(super) fn route() -> OpenApiRouter<Shop> {
    OpenApiRouter::new().routes(routes!(process))
}

/// What is to be paid, and by what.
#[derive(Clone, ToSchema)]
#[schema(rename_all = "camelCase")]
struct Process {
    /// Which order.
    #[schema(value_type = Uuid)]
    order_id: OrderId,
    /// A stored method's id, or a gateway's test token. Without it the order's own method is charged.
    #[schema(rename = "paymentMethodId", max_length = 100, nullable = false, example = "tok_visa")]
    method: Option<String>,
    /// What the order owes, as a number or a string.
    #[schema(value_type = f64, minimum = 0)]
    amount: Decimal,
    /// The order's currency.
    #[schema(value_type = Option<String>, min_length = 3, max_length = 3, nullable = false, example = "USD")]
    currency: Option<Currency>,
    /// `stripe` or `simulator`; without it the one that is configured.
    #[schema(rename = "paymentGateway", value_type = Option<String>, pattern = "^(stripe|simulator)$", nullable = false)]
    gateway: &'static str,
    #[schema(ignore)]
    names_gateway: bool,
    /// Where the customer goes from the gateway's own page after they did what was to be done.
    #[schema(pattern = "^https?://", max_length = 2000, nullable = false)]
    return_url: Option<String>,
    /// Where they go after they did not.
    #[schema(pattern = "^https?://", max_length = 2000, nullable = false)]
    cancel_url: Option<String>,
}

impl Process {
    fn read(f: &mut Fields<'_, '_>, gateways: &Gateways) -> Option<Self> {
        let order_id = f.field("orderId").required().id();
        let method = method::read(f);
        let amount = f.field("amount").required().decimal(Decimal::ZERO..=Decimal::from(i64::MAX));
        let currency = f.field("currency").currency();
        let names_gateway = f.field("paymentGateway").is_given();
        let gateway = gateway(f, gateways);
        let return_url = f.field("returnUrl").parse(1..=2_000, web_address);
        let cancel_url = f.field("cancelUrl").parse(1..=2_000, web_address);
        Some(Self {
            order_id: order_id?,
            method,
            amount: amount?,
            currency,
            gateway: gateway?,
            names_gateway,
            return_url,
            cancel_url,
        })
    }
}

/// Reads `paymentGateway`: the one that is named, or else the one that is preferred, if it is configured.
pub(super) fn gateway(f: &mut Fields<'_, '_>, gateways: &Gateways) -> Option<&'static str> {
    let named = f.field("paymentGateway").is_given();
    let name = f.field("paymentGateway").one_of(&[("stripe", "stripe"), ("simulator", "simulator")]);
    let configured =
        if named { name.filter(|name| gateways.get(name).is_some()) } else { gateways.preferred() };
    if configured.is_none() && (name.is_some() || !named) {
        f.violation("paymentGateway", Code::ValidationError, "paymentGateway is not configured");
    }
    configured
}

fn web_address(text: &str) -> Result<String, Cow<'static, str>> {
    let web = Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if web { Ok(text.to_owned()) } else { Err("must be an http or https URL".into()) }
}

/// A request, and what it comes to.
#[derive(Clone)]
struct Wish {
    request: Process,
    /// Nothing where no method is named, or one that can't be charged there.
    chosen: Option<Chosen>,
    pages: Option<PersonalId>,
}

/// By what is charged.
#[derive(Clone)]
struct Chosen {
    gateway: &'static str,
    /// The gateway's own.
    token: String,
}

/// What became of the wish to pay.
enum Decided {
    /// A gateway is asked.
    Attempted(Attempted),
    /// The attempt before waits for the customer: by the same method, or by another one.
    AwaitsCustomer { payment_id: PaymentId, same: bool },
}

/// Pays an order.
///
/// Waits for the gateway's answer up to a bound, and answers `processing` after it.
#[utoipa::path(
    post, path = "/payments/process", operation_id = "processPayment", tag = "payments",
    security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Charges once, however often it is sent",
            min_length = 1, max_length = 255)),
    request_body = Process,
    responses(
        (status = 200, description = "Paid; or requires_action with paymentUrl; or processing", body = Envelope<PaymentView>),
        (status = 402, description = "Declined; the order stays pending and may be paid by another method", body = Refusal),
        (status = 409, description = "The order can't be paid now", body = Refusal),
    ),
)]
async fn process(
    State(shop): State<Shop>,
    caller: Caller,
    key: IdempotencyKey,
    body: JsonBody,
) -> Result<Response, ApiError> {
    caller.principal.require(&[Role::Customer, Role::Seller, Role::Admin])?;
    let (request, fingerprint) = body.read_keyed(|f| Process::read(f, &shop.gateways))?;
    let chosen = choose(&shop, &caller, &request).await?;
    let pages = keep_pages(&shop, &caller, &request).await?;
    let wish = Wish { request, chosen, pages };
    // Giving up an attempt that waits for the customer makes room for the next one, once.
    for _ in 0..2 {
        match attempt(&shop, &caller, &wish, &key, fingerprint).await? {
            Accepted::Done { value: Decided::Attempted(Attempted { payment_id, attempt }), position } => {
                shop.poke.notify_one();
                let done = |record: &PaymentRecord| !is_open(record, Some(attempt));
                let payment = settled(&shop, payment_id, position, done).await?;
                return answer(&shop, payment_id, &payment).await;
            }
            Accepted::Done { value: Decided::AwaitsCustomer { payment_id, same }, .. } => {
                let because = caller.submission().metadata;
                if same {
                    shop.settlement.refresh(payment_id, &because).await.map_err(unsettled)?;
                } else {
                    shop.settlement.abandon(payment_id, &because).await.map_err(unsettled)?;
                }
                let payment = told::<PaymentRecord>(&shop.log, payment_id, None).await?;
                if same || payment.record.payment.captured.is_some() {
                    return answer(&shop, payment_id, &payment).await;
                }
            }
            Accepted::Replayed(before) => {
                let payment_id: PaymentId = before.resource.parse().map_err(ApiError::internal)?;
                let because = caller.submission().metadata;
                shop.settlement.refresh(payment_id, &because).await.map_err(unsettled)?;
                let done = |record: &PaymentRecord| !is_open(record, None);
                let payment = settled_again(&shop, payment_id, before.position, done).await?;
                return answer(&shop, payment_id, &payment).await;
            }
        }
    }
    Err(ApiError::conflict(PaymentError::AttemptUnderWay.to_string()))
}

/// The method that is named by the request, or else by the order.
async fn choose(shop: &Shop, caller: &Caller, request: &Process) -> Result<Option<Chosen>, ApiError> {
    let of_order = async || {
        let order: Order = state(&shop.decider, request.order_id).await?;
        Ok::<_, ApiError>(order.placed.as_deref().and_then(|placed| placed.payment_method.clone()))
    };
    let named = match &request.method {
        Some(method) => Some(method.clone()),
        None => of_order().await?,
    };
    let Some(named) = named else { return Ok(None) };
    match method::stored(shop.log.pool(), caller.principal.user, &named).await {
        Ok(Some(stored)) => {
            let gateway = shop.gateways.name(&stored.payment_gateway);
            let gateway = gateway.filter(|gateway| !request.names_gateway || *gateway == request.gateway);
            Ok(gateway.map(|gateway| Chosen { gateway, token: stored.reference }))
        }
        Ok(None) => {
            let gateway = request.gateway;
            let accepted = shop.gateways.get(gateway).is_some_and(|it| it.accepts(&named));
            Ok(accepted.then_some(Chosen { gateway, token: named }))
        }
        // The order's own may have been removed since.
        Err(_) if request.method.is_none() => Ok(None),
        Err(error) => Err(error.field("paymentMethodId")),
    }
}

/// Keeps where the customer goes from the gateway's page, before the log names it.
async fn keep_pages(shop: &Shop, caller: &Caller, request: &Process) -> Result<Option<PersonalId>, ApiError> {
    let Process { return_url, cancel_url, .. } = request.clone();
    if return_url.is_none() && cancel_url.is_none() {
        return Ok(None);
    }
    let mut rows = Rows::of(caller.principal.user);
    let body = serde_json::to_value(Pages { return_url, cancel_url }).map_err(ApiError::internal)?;
    let id = rows.add(Purpose::PaymentPages, body);
    shop.personal.keep(rows).await.map_err(identity::failed)?;
    Ok(Some(id))
}

async fn attempt(
    shop: &Shop,
    caller: &Caller,
    wish: &Wish,
    key: &IdempotencyKey,
    fingerprint: Fingerprint,
) -> Result<Accepted<Decided>, ApiError> {
    let (caller, wish) = (caller.clone(), wish.clone());
    let submission = caller.keyed(key, fingerprint);
    let decision = move |streams: &mut Decision<'_>| {
        let command = attempt_of(streams, &caller, &wish)?;
        match attempt_payment(streams, &command) {
            Ok(attempted) => {
                streams.remember(200, attempted.payment_id);
                Ok(Decided::Attempted(attempted))
            }
            Err(Halt::Refused(under_way @ AttemptPaymentError::Payment(PaymentError::AttemptUnderWay))) => {
                awaits_customer(streams, &command)?.ok_or_else(|| Halt::Refused(attempt_refusal(&under_way)))
            }
            Err(halt) => Err(halt.map(|error| attempt_refusal(&error))),
        }
    };
    decide(&shop.decider, submission, decision).await
}

/// The attempt that is under way, if it waits for the customer and not for the gateway.
fn awaits_customer(
    streams: &Decision<'_>,
    command: &AttemptPayment,
) -> Result<Option<Decided>, Halt<ApiError>> {
    let order = streams.state::<Order, ApiError>(command.order_id)?;
    let Some(payment_id) = order.placed.as_deref().map(|placed| placed.payment_id) else { return Ok(None) };
    let payment = streams.state::<Payment, ApiError>(payment_id)?;
    let Some(last) = &payment.attempt else { return Ok(None) };
    Ok(match last.phase {
        AttemptPhase::ActionRequired { .. } => {
            let same = last.gateway == command.gateway && last.method == command.method;
            Some(Decided::AwaitsCustomer { payment_id, same })
        }
        AttemptPhase::Processing | AttemptPhase::Declined { .. } => None,
    })
}

fn unsettled(error: Unsettled) -> ApiError {
    ApiError::unavailable(std::time::Duration::from_secs(1)).because(error)
}

/// What is asked for, if the order is the caller's and the amount is the order's.
fn attempt_of(
    streams: &Decision<'_>,
    caller: &Caller,
    Wish { request, chosen, pages }: &Wish,
) -> Result<AttemptPayment, Halt<ApiError>> {
    let own = |placed: &&OrderPlaced| {
        placed.customer_id == Some(caller.principal.user) || caller.principal.is(Role::Admin)
    };
    let order = streams.state::<Order, ApiError>(request.order_id)?;
    let unknown = || Halt::Refused(ApiError::not_found("Order").field("orderId"));
    let placed = order.placed.as_deref().filter(own).ok_or_else(unknown)?;
    let owed = Money::new(placed.total, placed.currency);
    let mut wrong = Vec::new();
    if Decimal::from_str_exact(&owed.to_string()).ok() != Some(request.amount) {
        let message = format!("amount must be the order's: {owed} {}", owed.currency);
        wrong.push(Violation::of("amount", Code::ValidationError, message));
    }
    if request.currency.is_some_and(|currency| currency != owed.currency) {
        let message = format!("currency must be the order's: {}", owed.currency);
        wrong.push(Violation::of("currency", Code::ValidationError, message));
    }
    if chosen.is_none() {
        let code = if request.method.is_some() { Code::InvalidFormat } else { Code::RequiredField };
        let message = "paymentMethodId must be a method that the gateway knows";
        wrong.push(Violation::of("paymentMethodId", code, message));
    }
    match chosen {
        Some(Chosen { gateway, token }) if wrong.is_empty() => Ok(AttemptPayment {
            order_id: request.order_id,
            amount: owed,
            gateway: (*gateway).to_owned(),
            method: token.clone(),
            pages: *pages,
        }),
        Some(_) | None => Err(Halt::Refused(ApiError::all(wrong))),
    }
}

/// The payment as it now stands.
async fn answer(shop: &Shop, id: PaymentId, payment: &Told<PaymentRecord>) -> Result<Response, ApiError> {
    let Told { record, position } = payment;
    let headers = (Version(record.version), EventPosition(*position));
    let (status, phase) =
        (record.payment.status(), record.payment.attempt.as_ref().map(|attempt| &attempt.phase));
    if let (PaymentStatus::Failed | PaymentStatus::Cancelled, Some(AttemptPhase::Declined { code })) =
        (status, phase)
    {
        let declined = ApiError::new(Code::PaymentFailed, format!("The payment was declined: {code}"));
        return Ok((headers, declined).into_response());
    }
    let bodies: PersonalBodies = bodies(&shop.log, &record.personal()).await?;
    let view = PaymentView::of(id, record, &bodies)
        .ok_or_else(|| ApiError::internal(BoxError::from("a payment that was attempted is none")))?;
    let view = if record.is_payable() { view.payable_at(shop.gateways.page(id)) } else { view };
    let message = match status {
        PaymentStatus::RequiresAction => "The customer has to confirm the payment",
        PaymentStatus::Pending | PaymentStatus::Processing => "The payment is being processed",
        PaymentStatus::Succeeded
        | PaymentStatus::Failed
        | PaymentStatus::Refunded
        | PaymentStatus::PartiallyRefunded
        | PaymentStatus::Cancelled => "Payment processed successfully",
    };
    Ok((headers, Success::new(view).message(message)).into_response())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use async_trait::async_trait;
    use axum::http::HeaderMap;
    use chrono::{DateTime, Utc};
    use domain::ids::UserId;

    use super::*;
    use crate::gateway::{
        Asked, BadNotice, Charge, Charged, Gateway, GatewayError, GiveBack, GivenBack, Kept, Notice,
    };

    /// A gateway that is never asked.
    struct Deaf;

    #[async_trait]
    impl Gateway for Deaf {
        fn accepts(&self, _: &str) -> bool {
            true
        }
        fn page(&self, _: PaymentId) -> Option<String> {
            None
        }
        async fn charge(&self, _: &Charge) -> Result<Charged, GatewayError> {
            Err(GatewayError("deaf".into()))
        }
        async fn look_up(&self, _: &Asked) -> Result<Option<Charged>, GatewayError> {
            Err(GatewayError("deaf".into()))
        }
        async fn give_up(&self, _: &Asked) -> Result<Charged, GatewayError> {
            Err(GatewayError("deaf".into()))
        }
        async fn refund(&self, _: &GiveBack) -> Result<GivenBack, GatewayError> {
            Err(GatewayError("deaf".into()))
        }
        async fn keep(&self, _: UserId, _: &str, _: Option<&str>) -> Result<Kept, GatewayError> {
            Err(GatewayError("deaf".into()))
        }
        async fn forget(&self, _: &str) -> Result<(), GatewayError> {
            Err(GatewayError("deaf".into()))
        }
        fn hear(&self, _: &HeaderMap, _: &[u8], _: DateTime<Utc>) -> Result<Notice, BadNotice> {
            Err(BadNotice::Signature)
        }
    }

    fn read(json: &str, configured: bool) -> Result<Process, Vec<String>> {
        let simulator = configured.then(|| ("simulator", Arc::new(Deaf) as Arc<dyn Gateway>));
        let gateways = Gateways::new(simulator);
        let fields = |error: ApiError| error.violations().iter().filter_map(|v| v.field.clone()).collect();
        JsonBody::from_text(json).read(|f| Process::read(f, &gateways)).map_err(fields)
    }

    const ORDER: &str = r#""orderId": "0190c1f0-0000-7000-8000-000000000001", "amount": "863.98""#;

    #[test]
    fn who_names_no_gateway_gets_the_one_that_there_is() {
        assert_eq!(read(&format!("{{{ORDER}}}"), true).unwrap().gateway, "simulator");
        assert_eq!(read(&format!("{{{ORDER}}}"), false).err().unwrap(), ["paymentGateway"]);
    }

    #[test]
    fn a_gateway_that_is_not_configured_or_not_known_is_refused() {
        for name in ["stripe", "paypal"] {
            let body = format!(r#"{{{ORDER}, "paymentGateway": "{name}"}}"#);
            assert_eq!(read(&body, true).err().unwrap(), ["paymentGateway"], "{name}");
        }
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let body =
            r#"{"orderId": 7, "paymentMethodId": "4242424242424242", "returnUrl": "javascript:alert(1)"}"#;
        let expected = ["orderId", "paymentMethodId", "amount", "returnUrl"];
        assert_eq!(read(body, true).err().unwrap(), expected);
    }
}
