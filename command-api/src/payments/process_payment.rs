//! `POST /payments/process`: an order is paid. The attempt goes into the log, the process manager takes it to its
//! gateway, and this waits for what comes of it.

use std::borrow::Cow;

use api_contract::views::{PaymentRecord, PaymentView, PersonalBodies};
use api_contract::{
    ApiError, BoxError, Code, EventPosition, Fields, IdempotencyKey, JsonBody, Role, Success, Version,
    Violation,
};
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use domain::decisions::{AttemptPayment, AttemptPaymentError, Attempted, attempt_payment};
use domain::ids::{OrderId, PaymentId};
use domain::order::{Order, OrderPlaced};
use domain::payment::{AttemptPhase, PaymentStatus};
use domain::{Currency, Halt, Money, Streams as _};
use event_store::{Accepted, Decision};
use rust_decimal::Decimal;
use url::Url;

use super::{method, refusal, settled, settled_again};
use crate::command::{Caller, decide};
use crate::gateway::Gateways;
use crate::history::{Told, bodies};
use crate::shop::Shop;

pub(super) fn route() -> Router<Shop> {
    Router::new().route("/payments/process", post(process))
}

#[derive(Clone)]
struct Process {
    order_id: OrderId,
    method: Option<String>,
    amount: Decimal,
    currency: Option<Currency>,
    gateway: &'static str,
}

impl Process {
    fn read(f: &mut Fields<'_, '_>, gateways: &Gateways) -> Option<Self> {
        let order_id = f.field("orderId").required().id();
        let method = method::read(f);
        let amount = f.field("amount").required().decimal(Decimal::ZERO..=Decimal::from(i64::MAX));
        let currency = f.field("currency").currency();
        let gateway = gateway(f, gateways);
        // Where the customer goes from the gateway's own page.
        let _ = f.field("returnUrl").parse(1..=2_000, web_address);
        let _ = f.field("cancelUrl").parse(1..=2_000, web_address);
        Some(Self { order_id: order_id?, method, amount: amount?, currency, gateway: gateway? })
    }
}

fn gateway(f: &mut Fields<'_, '_>, gateways: &Gateways) -> Option<&'static str> {
    let named = f.field("paymentGateway").is_given();
    let name = f.field("paymentGateway").one_of(&[("stripe", "stripe"), ("simulator", "simulator")]);
    let configured =
        if named { name.filter(|name| gateways.get(name).is_some()) } else { gateways.preferred() };
    if configured.is_none() && (name.is_some() || !named) {
        f.violation("paymentGateway", Code::ValidationError, "paymentGateway is not configured");
    }
    configured
}

fn web_address(text: &str) -> Result<(), Cow<'static, str>> {
    let web = Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if web { Ok(()) } else { Err("must be an http or https URL".into()) }
}

async fn process(
    State(shop): State<Shop>,
    caller: Caller,
    key: IdempotencyKey,
    body: JsonBody,
) -> Result<Response, ApiError> {
    caller.principal.require(&[Role::Customer, Role::Seller, Role::Admin])?;
    let (request, fingerprint) = body.read_keyed(|f| Process::read(f, &shop.gateways))?;
    if let Some(method) = &request.method {
        method::require_known(method)?;
    }
    let gateways = shop.gateways.clone();
    let submission = caller.keyed(&key, fingerprint);
    let decision = move |streams: &mut Decision<'_>| {
        let command = attempt_of(streams, &caller, &request, &gateways)?;
        let attempted =
            attempt_payment(streams, &command).map_err(|halt| halt.map(|error| attempt_refusal(&error)))?;
        streams.remember(200, attempted.payment_id);
        Ok(attempted)
    };
    match decide(&shop.decider, submission, decision).await? {
        Accepted::Done { value: Attempted { payment_id, attempt }, position } => {
            shop.poke.notify_one();
            let payment =
                settled(&shop, payment_id, position, |record| !is_open(record, Some(attempt))).await?;
            answer(&shop, payment_id, &payment).await
        }
        Accepted::Replayed(before) => {
            let payment_id: PaymentId = before.resource.parse().map_err(ApiError::internal)?;
            let payment =
                settled_again(&shop, payment_id, before.position, |record| !is_open(record, None)).await?;
            answer(&shop, payment_id, &payment).await
        }
    }
}

/// What is asked for, if the order is the caller's and the amount is the order's.
fn attempt_of(
    streams: &Decision<'_>,
    caller: &Caller,
    request: &Process,
    gateways: &Gateways,
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
    let accepts =
        |token: &&String| gateways.get(request.gateway).is_some_and(|gateway| gateway.accepts(token));
    let method = match &request.method {
        Some(method) => accepts(&method).then_some(method),
        None => placed.payment_method.as_ref().filter(accepts),
    };
    if method.is_none() {
        let code = if request.method.is_some() { Code::InvalidFormat } else { Code::RequiredField };
        let message = "paymentMethodId must be a method that the gateway knows";
        wrong.push(Violation::of("paymentMethodId", code, message));
    }
    match method {
        Some(method) if wrong.is_empty() => Ok(AttemptPayment {
            order_id: request.order_id,
            amount: owed,
            gateway: request.gateway.to_owned(),
            method: method.clone(),
        }),
        Some(_) | None => Err(Halt::Refused(ApiError::all(wrong))),
    }
}

/// Whether its gateway still has to answer: this attempt, or whichever is the last.
fn is_open(record: &PaymentRecord, attempt: Option<u32>) -> bool {
    let last = record.payment.attempt.as_ref();
    let last = last.filter(|last| attempt.is_none_or(|attempt| last.number == attempt));
    record.payment.captured.is_none() && last.is_some_and(|last| last.phase == AttemptPhase::Processing)
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

fn attempt_refusal(error: &AttemptPaymentError) -> ApiError {
    match error {
        AttemptPaymentError::UnknownOrder => ApiError::not_found("Order").field("orderId"),
        AttemptPaymentError::WrongAmount { .. } => ApiError::invalid("amount", error.to_string()),
        AttemptPaymentError::NotPending { .. } | AttemptPaymentError::Order(_) => {
            ApiError::conflict(error.to_string())
        }
        AttemptPaymentError::Payment(error) => refusal(*error),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use async_trait::async_trait;

    use super::*;
    use crate::gateway::{Charge, Charged, Gateway, GatewayError, GiveBack, GivenBack};

    struct Deaf;

    #[async_trait]
    impl Gateway for Deaf {
        fn accepts(&self, _: &str) -> bool {
            true
        }
        async fn charge(&self, _: &Charge) -> Result<Charged, GatewayError> {
            Err(GatewayError("deaf".into()))
        }
        async fn look_up(&self, _: &str) -> Result<Option<Charged>, GatewayError> {
            Err(GatewayError("deaf".into()))
        }
        async fn refund(&self, _: &GiveBack) -> Result<GivenBack, GatewayError> {
            Err(GatewayError("deaf".into()))
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
