//! `POST /payments/methods`: a card is stored by its gateway's token. No number of a card is taken.

use std::time::Duration;

use api_contract::openapi::{Envelope, Refusal};
use api_contract::{ApiError, Code, Fields, Fingerprint, IdempotencyKey, JsonBody, Success};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::ids::UserId;
use identity::idempotency;
use identity::payment_methods::{self, AddError, MOST, NewMethod, StoredMethod};
use sqlx::PgExecutor;
use tracing::warn;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::method;
use crate::auth::of_nobody;
use crate::command::Caller;
use crate::gateway::{Gateways, Keep, Kept, LONGEST_METHOD};
use crate::shop::Shop;

/// After how long a gateway that gave no answer may be asked again.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// What a client may not send, by whatever word: it is the gateway's alone.
const NUMBERS: [&str; 5] = ["cardNumber", "number", "cvc", "cvv", "securityCode"];

pub(super) fn route() -> OpenApiRouter<Shop> {
    OpenApiRouter::new().routes(routes!(add))
}

/// A card to be stored.
#[derive(Clone, ToSchema)]
#[schema(rename_all = "camelCase")]
struct AddMethod {
    /// `card`.
    #[schema(rename = "type", value_type = Option<String>, pattern = "^card$", nullable = false)]
    kind: Option<&'static str>,
    #[schema(rename = "cardToken", schema_with = token_schema)]
    token: String,
    /// Whether it becomes the one that is used where none is named.
    #[schema(nullable = false)]
    is_default: Option<bool>,
    /// `stripe` or `simulator`; without it the one that is configured.
    #[schema(rename = "paymentGateway", value_type = Option<String>, pattern = "^(stripe|simulator)$", nullable = false)]
    gateway: &'static str,
}

fn token_schema() -> Schema {
    let text = ObjectBuilder::new().schema_type(Type::String).description(Some("The gateway's token."));
    let text = text.pattern(Some("^(tok|pm)_[A-Za-z0-9_]+$")).max_length(Some(LONGEST_METHOD));
    text.examples(["tok_visa"]).build().into()
}

impl AddMethod {
    fn read(f: &mut Fields<'_, '_>, gateways: &Gateways) -> Option<Self> {
        let kind = f.field("type").one_of(&[("card", "card")]);
        let token = f.field("cardToken").or("token").required().text(1..=LONGEST_METHOD);
        let is_default = f.field("isDefault").boolean();
        let gateway = method::gateway(f, gateways);
        for number in NUMBERS {
            if f.field(number).is_given() {
                f.violation(
                    number,
                    Code::ValidationError,
                    format!("{number} is not taken: send the gateway's cardToken"),
                );
            }
        }
        let (token, gateway) = (token?, gateway?);
        if !method::is_token_of(gateways, gateway, &token) {
            f.violation("cardToken", Code::InvalidFormat, "cardToken must be a token of the gateway");
        }
        Some(Self { kind, token, is_default, gateway })
    }
}

/// Stores a payment method.
///
/// The card is named by its gateway's token; a card's number is not taken. The first method is the default.
#[utoipa::path(
    post, path = "/payments/methods", operation_id = "addPaymentMethod", tag = "payments",
    security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Stores once, however often it is sent",
            min_length = 1, max_length = 255)),
    request_body = AddMethod,
    responses(
        (status = 201, description = "Stored", body = Envelope<StoredMethod>),
        (status = 402, description = "The gateway refused the card", body = Refusal),
        (status = 409, description = "No more can be stored", body = Refusal),
    ),
)]
async fn add(
    State(shop): State<Shop>,
    caller: Caller,
    key: IdempotencyKey,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let (request, fingerprint) = body.read_keyed(|f| AddMethod::read(f, &shop.gateways))?;
    let user = caller.principal.user;
    let claim = key.digest(user).map(|key| Claim { key, fingerprint });
    // A token can be used up: it isn't taken to its gateway again when the answer is known.
    if let Some(Claim { key, fingerprint }) = claim
        && let Some(before) = idempotency::find(shop.log.pool(), key, fingerprint).await?
    {
        return Ok(created(stored_before(shop.log.pool(), user, before).await?));
    }
    let new = keep(&shop, user, request, claim).await?;
    match store(&shop, user, claim, &new).await {
        Ok(stored) => Ok(created(stored)),
        Err(refused) => {
            // Whether it was stored is known only where it was refused.
            if refused.status().is_client_error() {
                let_go(&shop, user, &new).await;
            }
            Err(refused)
        }
    }
}

fn created(stored: StoredMethod) -> Response {
    (StatusCode::CREATED, Success::new(stored).message("Payment method added successfully")).into_response()
}

/// The request's key, and what it is about.
#[derive(Clone, Copy)]
struct Claim {
    key: [u8; 32],
    fingerprint: Fingerprint,
}

impl Claim {
    /// The same at the gateway: of two requests at the same moment it keeps one method for both.
    fn at_gateway(self) -> String {
        format!("method:{}:{}", hex::encode(self.key), hex::encode(self.fingerprint.0))
    }
}

/// Has the gateway keep it.
async fn keep(
    shop: &Shop,
    user: UserId,
    request: AddMethod,
    claim: Option<Claim>,
) -> Result<NewMethod, ApiError> {
    let AddMethod { kind, token, is_default, gateway: name } = request;
    let gateway = shop.gateways.get(name).ok_or_else(|| ApiError::not_found("Gateway"))?;
    let others = payment_methods::all(shop.log.pool(), user).await.map_err(identity::failed)?;
    if i64::try_from(others.len()).is_ok_and(|stored| stored >= MOST) {
        return Err(refusal(AddError::TooMany));
    }
    let key = claim.map(Claim::at_gateway);
    let kept = gateway.keep(&Keep { user, token: &token, key: key.as_deref() }).await;
    match kept.map_err(|error| ApiError::unavailable(TRY_AGAIN).because(error))? {
        Kept::Card { reference, card } => Ok(NewMethod {
            gateway: name.to_owned(),
            reference,
            r#type: kind.unwrap_or("card"),
            brand: card.brand,
            last4: card.last4,
            expiry_month: card.expiry_month,
            expiry_year: card.expiry_year,
            make_default: is_default.unwrap_or(false),
        }),
        Kept::Refused { code } => {
            let refused = ApiError::new(Code::PaymentFailed, format!("The gateway refused the card: {code}"));
            Err(refused.field("cardToken"))
        }
    }
}

/// Stores it; or finds what the same request stored a moment ago.
async fn store(
    shop: &Shop,
    user: UserId,
    claim: Option<Claim>,
    new: &NewMethod,
) -> Result<StoredMethod, ApiError> {
    let mut transaction = shop.log.pool().begin().await.map_err(identity::failed)?;
    let id = Uuid::now_v7();
    let before = match claim {
        Some(Claim { key, fingerprint }) => {
            idempotency::claim(&mut transaction, key, fingerprint, id).await?
        }
        None => None,
    };
    let stored = match before {
        Some(before) => stored_before(&mut *transaction, user, before).await?,
        None => payment_methods::add(&mut transaction, user, id, new).await.map_err(refusal)?,
    };
    transaction.commit().await.map_err(identity::commit_failed)?;
    Ok(stored)
}

/// What the same request stored before; not found, if it was removed meanwhile.
async fn stored_before(db: impl PgExecutor<'_>, user: UserId, id: Uuid) -> Result<StoredMethod, ApiError> {
    let found = payment_methods::find(db, user, id).await.map_err(identity::failed)?;
    found.ok_or_else(|| ApiError::not_found("Payment method"))
}

/// Has the gateway forget what it keeps and isn't stored here; unless it is, by another request.
async fn let_go(shop: &Shop, user: UserId, new: &NewMethod) {
    let noted = async {
        let mut transaction = shop.log.pool().begin().await?;
        payment_methods::let_go(&mut transaction, user, &new.gateway, &new.reference).await?;
        transaction.commit().await
    };
    if let Err(error) = noted.await {
        warn!(error = &error as &dyn std::error::Error, "a gateway may keep a method in vain");
    }
}

fn refusal(error: AddError) -> ApiError {
    match error {
        AddError::TooMany => ApiError::conflict(error.to_string()),
        AddError::Postgres(error) => of_nobody(error),
    }
}

#[cfg(test)]
mod tests {
    use utoipa::PartialSchema as _;
    use utoipa::openapi::RefOr;

    use super::*;

    /// Guards that clients are told of the same longest token that is taken.
    #[test]
    fn the_schema_s_longest_token_is_the_longest_that_is_taken() {
        let RefOr::T(Schema::Object(body)) = AddMethod::schema() else { panic!("an object") };
        let RefOr::T(Schema::Object(token)) = &body.properties["cardToken"] else { panic!("a text") };
        assert_eq!(token.max_length, Some(LONGEST_METHOD));
        assert!(body.required.iter().any(|name| name == "cardToken"));
    }
}
