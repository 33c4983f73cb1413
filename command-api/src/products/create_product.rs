//! `POST /products`.

use api_contract::openapi::{Envelope, Refusal};
use api_contract::views::{ProductRecord, ProductView};
use api_contract::{ApiError, Fingerprint, IdempotencyKey, JsonBody, Principal, Role};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::claim::{self, Claim};
use domain::decisions::{CreateProduct, create_product};
use domain::ids::{ProductId, SellerId};
use domain::inventory::Inventory;
use domain::product::{Product, ProductDetails, ProductError, leads_to_a_product};
use domain::{Change, Currency, Halt, Money, StreamId, Streams as _};
use event_store::{Accepted, Decision, Submission};
use identity::shops;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::answer::{Answer, Seen};
use super::fields::ProductFields;
use super::refusal;
use super::schema::NewProduct;
use crate::command::{Caller, decide, now};
use crate::shop::Shop;

pub(super) fn route() -> OpenApiRouter<Shop> {
    OpenApiRouter::new().routes(routes!(create))
}

/// Creates a product.
///
/// It is the caller's shop's; an admin names a shop, or it is the house's.
#[utoipa::path(
    post, path = "/products", operation_id = "createProduct", tag = "products", security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Counts once for this key", min_length = 1, max_length = 255)),
    request_body = NewProduct,
    responses(
        (status = 201, description = "It is in the catalog", body = Envelope<ProductView>),
        (status = 409, description = "The seller has this SKU, or a product has this slug", body = Refusal),
    ),
)]
async fn create(
    State(shop): State<Shop>,
    caller: Caller,
    key: IdempotencyKey,
    body: JsonBody,
) -> Result<Response, ApiError> {
    caller.principal.require(&[Role::Seller, Role::Admin])?;
    let currency = shop.rules.currency;
    let (new, fingerprint): (_, Fingerprint) = body.read_keyed(|f| ProductFields::read(f, currency, true))?;
    let seller_id = seller(&shop, &caller.principal, new.changes.seller_id).await?;
    let product_id = ProductId(Uuid::now_v7());
    let command = command(new, product_id, seller_id, currency).map_err(|error| refusal(&error.into()))?;
    let now = now();
    let submission = Submission {
        occurred_at: Some(now),
        fresh: vec![StreamId::of::<Product>(product_id), StreamId::of::<Inventory>(product_id)],
        bytes: 8 * 1024,
        ..caller.keyed(&key, fingerprint)
    };
    let decision = move |streams: &mut Decision<'_>| {
        let command = with_slug(streams, &command)?;
        create_product(streams, &command).map_err(|halt| halt.map(|error| refusal(&error)))?;
        streams.remember(201, product_id);
        Seen::of(streams, product_id)
    };
    let accepted = decide(&shop.decider, submission, decision).await?;
    let (status, message) = (StatusCode::CREATED, "Product created successfully");
    match accepted {
        Accepted::Done { value: seen, position } => {
            let record = ProductRecord::created_at(seen.product.clone(), seen.version, now);
            Answer { status, message, position }.of(&shop, product_id, &record, seen).await
        }
        Accepted::Replayed(before) => {
            Answer { status, message, position: before.position }.again(&shop, &before.resource).await
        }
    }
}

/// The command, as yet without a slug where none was given.
fn command(
    new: ProductFields,
    product_id: ProductId,
    seller_id: SellerId,
    currency: Currency,
) -> Result<CreateProduct, ProductError> {
    let blank = ProductDetails::plain(
        seller_id,
        format!("P-{}", tail(product_id).to_uppercase()),
        String::new(),
        Money::new(0, currency),
    );
    let mut details = new.changes.applied_to(&blank)?;
    details.seller_id = seller_id;
    details.category = match new.changes.category {
        Change::To(word) => Some(word),
        Change::Keep | Change::Clear => None,
    };
    Ok(CreateProduct { product_id, details, opening_stock: new.stock.unwrap_or_default(), reason: None })
}

/// The end of an id, which is random: enough to tell two of one name apart.
fn tail(product_id: ProductId) -> String {
    let simple = product_id.0.simple().to_string();
    simple[simple.len() - 10..].to_owned()
}

/// Whose the product is: the caller's own, and for an admin any shop's, else the house's.
async fn seller(shop: &Shop, principal: &Principal, named: Option<SellerId>) -> Result<SellerId, ApiError> {
    let own = principal.shop.filter(|_| principal.is(Role::Seller));
    match named {
        Some(named) if own == Some(named) => Ok(named),
        Some(named) if principal.is(Role::Admin) => {
            let known = shops::by_ids(shop.log.pool(), &[named]).await.map_err(identity::failed)?;
            let unknown = || ApiError::not_found("Seller").field("sellerId");
            known.first().map(|shop| shop.id).ok_or_else(unknown)
        }
        Some(_) => Err(ApiError::forbidden()),
        None if principal.is(Role::Admin) => Ok(own.unwrap_or(shops::HOUSE)),
        None => own.ok_or_else(ApiError::forbidden),
    }
}

/// Makes the slug from the name where none was given; where that is taken, or would lead
/// to no product, it ends in the id.
fn with_slug(streams: &Decision<'_>, command: &CreateProduct) -> Result<CreateProduct, Halt<ApiError>> {
    let mut command = command.clone();
    if !command.details.slug.is_empty() {
        return Ok(command);
    }
    let tail = tail(command.product_id);
    let base = match slug::slugify(&command.details.name) {
        base if base.is_empty() => format!("product-{tail}"),
        base => base,
    };
    let taken = streams.state::<Claim, ApiError>(claim::slug(&base))?.owner.is_some();
    command.details.slug = if taken || !leads_to_a_product(&base) { format!("{base}-{tail}") } else { base };
    Ok(command)
}
