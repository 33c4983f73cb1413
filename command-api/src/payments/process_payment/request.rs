//! What is to be paid and by what: read from the body, checked, and turned into a command.

use std::borrow::Cow;

use api_contract::{ApiError, Code, Fields, Role, Violation};
use domain::decisions::AttemptPayment;
use domain::ids::{OrderId, PersonalId, UserId};
use domain::order::{Order, OrderPlaced};
use domain::{Currency, Halt, Money, Streams as _};
use event_store::Decision;
use identity::personal::{KeepError, Purpose, Rows};
use rust_decimal::Decimal;
use url::Url;
use utoipa::ToSchema;

use super::super::method::{self, Named};
use crate::command::{Caller, state};
use crate::gateway::{Gateways, Pages};
use crate::shop::Shop;

/// What is to be paid, and by what.
#[derive(Clone, ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct Process {
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
    pub(super) fn read(f: &mut Fields<'_, '_>, gateways: &Gateways) -> Option<Self> {
        let order_id = f.field("orderId").required().id();
        let method = method::read(f);
        let amount = f.field("amount").required().decimal(Decimal::ZERO..=Decimal::from(i64::MAX));
        let currency = f.field("currency").currency();
        let names_gateway = f.field("paymentGateway").is_given();
        let gateway = method::gateway(f, gateways);
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

fn web_address(text: &str) -> Result<String, Cow<'static, str>> {
    let web = Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if web { Ok(text.to_owned()) } else { Err("must be an http or https URL".into()) }
}

/// A request, and what it comes to.
#[derive(Clone)]
pub(super) struct Wish {
    request: Process,
    /// Nothing where no method is named, or one that can't be charged there.
    chosen: Option<Chosen>,
    pages: Option<PersonalId>,
    gateways: Gateways,
}

/// By what is charged.
#[derive(Clone)]
pub(super) struct Chosen {
    gateway: &'static str,
    /// A stored method's id, or else the gateway's token.
    method: String,
}

impl Wish {
    /// What a request comes to; where the customer goes is kept before the log names it.
    pub(super) async fn of(shop: &Shop, caller: &Caller, request: Process) -> Result<Self, ApiError> {
        // First: of who was erased no stored method is found either.
        let pages = keep_pages(shop, caller, &request).await?;
        let chosen = choose(shop, caller, &request).await?;
        Ok(Self { request, chosen, pages, gateways: shop.gateways.clone() })
    }

    /// What is asked for, if the order is the caller's and the amount is the order's.
    pub(super) fn command(
        &self,
        streams: &Decision<'_>,
        caller: &Caller,
    ) -> Result<AttemptPayment, Halt<ApiError>> {
        let Self { request, chosen, pages, gateways } = self;
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
        if let Some(message) = chosen.as_ref().and_then(|chosen| gateways.too_fine(chosen.gateway, owed)) {
            wrong.push(Violation::of("amount", Code::ValidationError, message));
        }
        match chosen {
            Some(Chosen { gateway, method }) if wrong.is_empty() => Ok(AttemptPayment {
                order_id: request.order_id,
                amount: owed,
                gateway: (*gateway).to_owned(),
                method: method.clone(),
                pages: *pages,
            }),
            Some(_) | None => Err(Halt::Refused(ApiError::all(wrong))),
        }
    }
}

/// The method that is named by the request, or else by the order: the caller's own, or its customer's.
async fn choose(shop: &Shop, caller: &Caller, request: &Process) -> Result<Option<Chosen>, ApiError> {
    let of_order = async || {
        let order: Order = state(&shop.decider, request.order_id).await?;
        Ok::<_, ApiError>(order.placed.as_deref().and_then(|placed| placed.payment_method.clone()))
    };
    let (named, whose) = match &request.method {
        Some(method) => (Some(method.clone()), Some(caller.principal.user)),
        None => (of_order().await?, customer(shop, caller, request).await?),
    };
    let Some(named) = named else { return Ok(None) };
    match method::named(shop.log.pool(), whose, &named).await? {
        Named::Stored(stored) => {
            let gateway = shop.gateways.name(&stored.payment_gateway);
            let gateway = gateway.filter(|gateway| !request.names_gateway || *gateway == request.gateway);
            Ok(gateway.map(|gateway| Chosen { gateway, method: stored.id.to_string() }))
        }
        Named::Text => {
            let gateway = request.gateway;
            let accepted = method::is_token_of(&shop.gateways, gateway, &named);
            Ok(accepted.then_some(Chosen { gateway, method: named }))
        }
        // The order's own may have been removed since.
        Named::Nothing if request.method.is_none() => Ok(None),
        Named::Nothing => Err(method::unknown()),
    }
}

/// Keeps where the customer goes from the gateway's page, before the log names it: it is the customer's, whoever asks, and
/// erased with them. Who was erased pays nothing any more, with pages or without.
async fn keep_pages(shop: &Shop, caller: &Caller, request: &Process) -> Result<Option<PersonalId>, ApiError> {
    let Process { return_url, cancel_url, .. } = request.clone();
    let customer = customer(shop, caller, request).await?;
    let mut rows = Rows::of(customer);
    let pages = if return_url.is_some() || cancel_url.is_some() {
        let body = serde_json::to_value(Pages { return_url, cancel_url }).map_err(ApiError::internal)?;
        Some(rows.add(Purpose::PaymentPages, body))
    } else {
        None
    };
    match shop.personal.keep(rows).await {
        Ok(()) => Ok(pages),
        // Staff may pay what somebody owed.
        Err(KeepError::Erased) if customer != Some(caller.principal.user) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whose the order is, if it may be paid: an admin alone pays another's, or a guest's, who is nobody.
async fn customer(shop: &Shop, caller: &Caller, request: &Process) -> Result<Option<UserId>, ApiError> {
    if !caller.principal.is(Role::Admin) {
        return Ok(Some(caller.principal.user));
    }
    let order: Order = state(&shop.decider, request.order_id).await?;
    Ok(order.placed.as_deref().and_then(|placed| placed.customer_id))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use api_contract::JsonBody;
    use async_trait::async_trait;
    use axum::http::HeaderMap;
    use chrono::{DateTime, Utc};
    use domain::ids::{PaymentId, RefundId};
    use utoipa::PartialSchema as _;
    use utoipa::openapi::{RefOr, Schema};

    use super::*;
    use crate::gateway::{
        Asked, BadNotice, Charge, Charged, Gateway, GatewayError, GiveBack, GivenBack, Keep, Kept,
        LONGEST_METHOD, Notice,
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
        async fn refunds(&self, _: &str) -> Result<BTreeMap<RefundId, GivenBack>, GatewayError> {
            Err(GatewayError("deaf".into()))
        }
        async fn keep(&self, _: &Keep<'_>) -> Result<Kept, GatewayError> {
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

    /// Guards that clients are told of the same longest name that is taken: an attribute can't name the constant.
    #[test]
    fn the_schema_s_longest_method_is_the_longest_that_is_taken() {
        let RefOr::T(Schema::Object(body)) = Process::schema() else { panic!("an object") };
        let RefOr::T(Schema::Object(method)) = &body.properties["paymentMethodId"] else { panic!("a text") };
        assert_eq!(method.max_length, Some(LONGEST_METHOD));
    }
}
