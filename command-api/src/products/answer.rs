//! A product as a command has left it, for the answer.

use api_contract::views::{CategoryBrief, ProductRecord, ProductView, Stock};
use api_contract::{ApiError, EventPosition, Success, Version};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::category::Category;
use domain::ids::ProductId;
use domain::inventory::Inventory;
use domain::product::{Product, ProductDetails};
use domain::{Decide as _, Halt, Streams as _};
use event_store::{Accepted, AsOf, Decision, Submission};
use identity::shops;

use crate::command::{decide, unanswered};
use crate::history::{Told, told};
use crate::reviews::Reviewed;
use crate::shop::Shop;

/// What a decision saw of a product when it was done.
pub(super) struct Seen {
    pub(super) product: Product,
    pub(super) version: u64,
    stock: Stock,
    category: Option<CategoryBrief>,
}

impl Seen {
    pub(super) fn of(streams: &Decision<'_>, id: ProductId) -> Result<Self, Halt<ApiError>> {
        let product = streams.state::<Product, ApiError>(id)?.clone();
        let category = match product.details.as_deref() {
            Some(details) => category(streams, details)?,
            None => None,
        };
        let stock = Stock::from(streams.state::<Inventory, ApiError>(id)?);
        let version = streams.version::<Product, ApiError>(id)?;
        Ok(Self { product, version, stock, category })
    }
}

/// The category of a product, by its name of now.
fn category(
    streams: &Decision<'_>,
    details: &ProductDetails,
) -> Result<Option<CategoryBrief>, Halt<ApiError>> {
    let Some(id) = details.category_id else {
        return Ok(details.category.as_deref().map(CategoryBrief::word));
    };
    let category = streams.state::<Category, ApiError>(id)?.kept();
    Ok(category.map(|category| CategoryBrief::of(id, category)))
}

/// What a command answers of a product.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) message: &'static str,
    pub(super) position: i64,
}

impl Answer {
    /// A product as a decision saw it.
    pub(super) async fn of(
        self,
        shop: &Shop,
        id: ProductId,
        record: &ProductRecord,
        seen: Seen,
    ) -> Result<Response, ApiError> {
        let details = record.product.details.as_deref().ok_or_else(|| ApiError::not_found("Product"))?;
        let shops = shops::by_ids(shop.log.pool(), &[details.seller_id]).await;
        let shops = shops.map_err(|error| identity::failed(error).after_acceptance())?;
        let beside = shop.products.beside(id, details).await;
        let beside = beside.map_err(|error| unanswered(error).after_acceptance())?;
        let reviewed = self.reviewed(shop, id).await.map_err(ApiError::after_acceptance)?;
        let view = ProductView::of(id, details, seen.stock, record.created_at, record.updated_at)
            .sold_by(shops.into_iter().next().map(|shop| shop.name))
            .in_category(seen.category)
            .beside(beside)
            .rated(reviewed.rating)
            .reviewed(reviewed.latest);
        let answer = Success::new(view).message(self.message);
        let (version, position) = (Version(record.version), EventPosition(self.position));
        Ok((self.status, version, position, answer).into_response())
    }

    /// The answer to a request that had its key before: the product as it was then, with its category's name of now.
    pub(super) async fn again(self, shop: &Shop, resource: &str) -> Result<Response, ApiError> {
        let id: ProductId = resource.parse().map_err(ApiError::internal)?;
        let Told { record, .. } = record_as_of(shop, id, self.position).await?;
        let details = record.product.details.clone().ok_or_else(|| ApiError::not_found("Product"))?;
        let looking = move |streams: &mut Decision<'_>| category(streams, &details);
        let looked = decide(&shop.decider, Submission::default(), looking).await;
        let category = match looked.map_err(ApiError::after_acceptance)? {
            Accepted::Done { value, position: _ } => value,
            Accepted::Replayed(_) => None,
        };
        let stock = stock_as_of(shop, id, self.position).await?;
        let seen = Seen { product: record.product.clone(), version: record.version, stock, category };
        self.of(shop, id, &record, seen).await
    }

    /// What is said of it; nobody has reviewed what is only being created.
    async fn reviewed(&self, shop: &Shop, id: ProductId) -> Result<Reviewed, ApiError> {
        if self.status == StatusCode::CREATED {
            Ok(Reviewed::default())
        } else {
            Reviewed::of(shop, id).await
        }
    }
}

/// The product as it was at the position of a command that is done.
pub(super) async fn record_as_of(
    shop: &Shop,
    product_id: ProductId,
    position: i64,
) -> Result<Told<ProductRecord>, ApiError> {
    told(&shop.log, product_id, Some(position)).await.map_err(ApiError::after_acceptance)
}

/// The stock as it was at the position of an answer that is given again.
pub(super) async fn stock_as_of(
    shop: &Shop,
    product_id: ProductId,
    position: i64,
) -> Result<Stock, ApiError> {
    let events = shop.log.events_of::<Inventory>(product_id, Some(AsOf::Position(position))).await;
    let mut inventory = Inventory::default();
    for (_, event) in events.map_err(|error| identity::failed(error).after_acceptance())? {
        inventory.evolve(&event);
    }
    Ok(Stock::from(&inventory))
}
