//! `POST /products`.

use std::collections::BTreeMap;

use api_contract::views::{ProductView, Stock};
use api_contract::{
    ApiError, EventPosition, Field, Fields, Fingerprint, IdempotencyKey, JsonBody, Principal, Role, Success,
    Version,
};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use chrono::{DateTime, Utc};
use domain::claim::{self, Claim};
use domain::decisions::{CreateProduct, CreateProductError, create_product};
use domain::ids::{ProductId, SellerId};
use domain::inventory::Inventory;
use domain::product::{Attribute, Image, Product, ProductDetails, ProductEvent};
use domain::{Currency, Halt, Money, StreamId, Streams as _};
use event_store::{Accepted, AsOf, Decision, Submission};
use identity::shops;
use uuid::Uuid;

use super::{MOST_UNITS, stock_refusal};
use crate::command::{Caller, decide, now};
use crate::shop::Shop;

/// The highest price, in minor units: a full order of it is still counted exactly.
const MOST_PRICE: i64 = 1_000_000_000_000;

pub(super) fn route() -> Router<Shop> {
    Router::new().route("/products", post(create))
}

struct NewProduct {
    seller_id: Option<SellerId>,
    sku: Option<String>,
    slug: Option<String>,
    name: String,
    description: String,
    long_description: Option<String>,
    brand: Option<String>,
    category: Option<String>,
    price: Money,
    compare_at_price: Option<Money>,
    images: Vec<Image>,
    tags: Vec<String>,
    attributes: Vec<Attribute>,
    specifications: BTreeMap<String, String>,
    featured: bool,
    shipping_profile_id: Option<String>,
    stock: u64,
}

impl NewProduct {
    fn read(f: &mut Fields<'_, '_>, shop_currency: Currency) -> Option<Self> {
        let seller_id = f.field("sellerId").id();
        let sku = f.field("sku").text(1..=64);
        let slug = f.field("slug").parse(1..=200, slug_rule);
        let name = f.field("name").or("title").required().text(1..=200);
        let description = f.field("description").text(0..=10_000);
        let long_description = f.field("longDescription").text(0..=100_000);
        let brand = f.field("brand").text(1..=100);
        let category = f.field("category").or("categoryId").text(1..=100);
        let currency = f.field("currency").currency().unwrap_or(shop_currency);
        let price = f.field("price").required().money(currency, 0..=MOST_PRICE);
        let compare_at_price = f.field("compareAtPrice").money(currency, 0..=MOST_PRICE);
        let images = images(f);
        let tags = f.field("tags").each(0..=50, |tag| tag.text(1..=50));
        let attributes = f.field("attributes").list(0..=50, |f| {
            let name = f.field("name").required().text(1..=100);
            let value = f.field("value").required().text(1..=500);
            Some(Attribute { name: name?, value: value? })
        });
        let specifications: BTreeMap<String, String> =
            f.field("specifications").table(0..=100, 500).unwrap_or_default().into_iter().collect();
        let featured = f.field("featured").or("isFeatured").boolean();
        let shipping_profile_id = f.field("shippingProfileId").text(1..=100);
        let stock = f.field("stock").or("stockQuantity").integer(0..=MOST_UNITS);
        Some(Self {
            seller_id,
            sku,
            slug,
            name: name?,
            description: description.unwrap_or_default(),
            long_description,
            // S4 prints the brand among the specifications.
            brand: brand.or_else(|| specifications.get("brand").cloned()),
            category,
            price: price?,
            compare_at_price,
            images,
            tags: tags.unwrap_or_default(),
            attributes: attributes.unwrap_or_default(),
            specifications,
            featured: featured.unwrap_or_default(),
            shipping_profile_id,
            stock: stock.unwrap_or_default().unsigned_abs(),
        })
    }

    fn into_command(self, product_id: ProductId, seller_id: SellerId) -> CreateProduct {
        let sku = self.sku.unwrap_or_else(|| format!("P-{}", tail(product_id).to_uppercase()));
        let details = ProductDetails {
            seller_id,
            sku,
            external_id: None,
            slug: self.slug.unwrap_or_default(),
            name: self.name,
            description: self.description,
            long_description: self.long_description,
            brand: self.brand,
            category: self.category,
            price: self.price,
            compare_at_price: self.compare_at_price,
            images: self.images,
            tags: self.tags,
            attributes: self.attributes,
            specifications: self.specifications,
            featured: self.featured,
            shipping_profile_id: self.shipping_profile_id,
        };
        CreateProduct { product_id, details, opening_stock: self.stock, reason: None }
    }
}

fn slug_rule(text: &str) -> Result<String, std::borrow::Cow<'static, str>> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if text.chars().all(allowed) && !text.starts_with('-') && !text.ends_with('-') {
        Ok(text.to_owned())
    } else {
        Err("must be lower-case letters, digits and hyphens".into())
    }
}

/// Any non-empty strings or objects; the first is the primary one unless another says so.
fn images(f: &mut Fields<'_, '_>) -> Vec<Image> {
    let one = |image: Field<'_, '_>| {
        if image.is_string() {
            return image.text(1..=2_000).map(|url| Image { url, alt: None, is_primary: false });
        }
        image.object(|f| {
            let url = f.field("url").or("imageUrl").required().text(1..=2_000);
            let alt = f.field("alt").text(0..=500);
            let is_primary = f.field("isPrimary").boolean();
            Some(Image { url: url?, alt, is_primary: is_primary.unwrap_or_default() })
        })
    };
    let several = f.field("images").or("imageUrls").each(0..=50, one).unwrap_or_default();
    let single = f.field("imageUrl").text(1..=2_000);
    let mut images = several;
    images.extend(single.map(|url| Image { url, alt: None, is_primary: false }));
    if !images.iter().any(|image| image.is_primary)
        && let Some(first) = images.first_mut()
    {
        first.is_primary = true;
    }
    images
}

/// The end of an id, which is random: enough to tell two of one name apart.
fn tail(product_id: ProductId) -> String {
    let simple = product_id.0.simple().to_string();
    simple[simple.len() - 10..].to_owned()
}

async fn create(
    State(shop): State<Shop>,
    caller: Caller,
    key: IdempotencyKey,
    body: JsonBody,
) -> Result<Response, ApiError> {
    caller.principal.require(&[Role::Seller, Role::Admin])?;
    let currency = shop.rules.currency;
    let (new, fingerprint): (_, Fingerprint) = body.read_keyed(|f| NewProduct::read(f, currency))?;
    let seller_id = seller(&shop, &caller.principal, new.seller_id).await?;
    let product_id = ProductId(Uuid::now_v7());
    let now = now();
    let submission = Submission {
        occurred_at: Some(now),
        fresh: vec![StreamId::of::<Product>(product_id), StreamId::of::<Inventory>(product_id)],
        bytes: 8 * 1024,
        ..caller.keyed(&key, fingerprint)
    };
    let command = new.into_command(product_id, seller_id);
    let decision = move |streams: &mut Decision<'_>| {
        let command = with_slug(streams, &command)?;
        create_product(streams, &command).map_err(|halt| halt.map(|error| refusal(&error)))?;
        streams.remember(201, product_id);
        let stock = Stock::from(streams.state::<Inventory, ApiError>(product_id)?);
        Ok((command.details, stock, streams.version::<Product, ApiError>(product_id)?))
    };
    match decide(&shop.decider, submission, decision).await? {
        Accepted::Done { value: (details, stock, version), position } => {
            Ok(created(product_id, &details, stock, now, version, position))
        }
        Accepted::Replayed(before) => again(&shop, &before.resource, before.position).await,
    }
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

/// Makes the slug from the name where none was given; the name of a second product of this name ends in its id.
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
    command.details.slug = if taken { format!("{base}-{tail}") } else { base };
    Ok(command)
}

fn created(
    id: ProductId,
    details: &ProductDetails,
    stock: Stock,
    at: DateTime<Utc>,
    version: u64,
    position: i64,
) -> Response {
    let view = ProductView::of(id, details, stock, at, at);
    let answer = Success::new(view).message("Product created successfully");
    (StatusCode::CREATED, Version(version), EventPosition(position), answer).into_response()
}

/// The answer to the request that had this key before.
async fn again(shop: &Shop, resource: &str, position: i64) -> Result<Response, ApiError> {
    let id: ProductId = resource.parse().map_err(ApiError::internal)?;
    let as_of = Some(AsOf::Position(position));
    let events = shop.log.events_of::<Product>(id, as_of).await.map_err(ApiError::internal)?;
    let (stock, _) = super::change_stock::stock_as_of(shop, id, position).await?;
    for (row, event) in &events {
        if let ProductEvent::ProductCreated(details) = event {
            return Ok(created(id, details, stock, row.occurred_at(), events.len() as u64, position));
        }
    }
    Err(ApiError::not_found("Product"))
}

fn refusal(error: &CreateProductError) -> ApiError {
    match error {
        CreateProductError::SkuTaken { .. } => ApiError::already_exists("sku", error.to_string()),
        CreateProductError::SlugTaken { .. } => ApiError::already_exists("slug", error.to_string()),
        CreateProductError::Product(error) => ApiError::conflict(error.to_string()),
        CreateProductError::Inventory(error) => stock_refusal(error),
    }
}
