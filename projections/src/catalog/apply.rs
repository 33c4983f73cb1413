//! Folding a batch and writing it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::category::public::{CategoryPublicEvent, TreeEntry};
use domain::ids::CategoryId;
use domain::inventory::public::InventoryPublicEvent;
use domain::product::public::{CatalogEntry, ProductPublicEvent};
use domain::public::{PublicData, PublicEvent};
use domain::shelf::word_key;
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::arrays::column;
use crate::generation::Generation;
use crate::one_statement::OneStatement;
use crate::read_model::ApplyError;

/// What a batch changes, by primary key.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Changes<'a> {
    products: BTreeMap<Uuid, ProductChange<'a>>,
    categories: BTreeMap<Uuid, CategoryChange<'a>>,
    stock: BTreeMap<Uuid, Stock>,
}

#[derive(Debug, Default, PartialEq)]
struct ProductChange<'a> {
    created_at: DateTime<Utc>,
    details: Option<&'a CatalogEntry>,
    withdrawn: bool,
    updated_at: DateTime<Utc>,
    version: i64,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct CategoryChange<'a> {
    details: Option<&'a TreeEntry>,
    removed: bool,
    version: i64,
}

/// What is added to a stock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stock {
    pub(crate) on_hand: i64,
    pub(crate) reserved: i64,
    version: i64,
}

impl Stock {
    fn add(self, other: Self) -> Option<Self> {
        Some(Self {
            on_hand: self.on_hand.checked_add(other.on_hand)?,
            reserved: self.reserved.checked_add(other.reserved)?,
            version: other.version,
        })
    }
}

/// What an event changes on hand and in reserve. Nothing if a quantity is beyond what is counted.
pub(crate) fn stock_change(event: &InventoryPublicEvent, version: i64) -> Option<Stock> {
    let signed = |quantity: u64| i64::try_from(quantity).ok();
    let (on_hand, reserved) = match event {
        InventoryPublicEvent::StockReceived(it) => (signed(it.quantity)?, 0),
        InventoryPublicEvent::StockAdjusted(it) => (it.delta, 0),
        InventoryPublicEvent::StockReserved(it) => (0, signed(it.quantity)?),
        InventoryPublicEvent::ReservationReleased(it) => (0, -signed(it.quantity)?),
        InventoryPublicEvent::ReservationExpired(it) => (0, -signed(it.quantity)?),
        InventoryPublicEvent::ReservationCommitted(it) => (-signed(it.quantity)?, -signed(it.quantity)?),
        InventoryPublicEvent::StockReturned(it) => (signed(it.quantity)?, 0),
    };
    Some(Stock { on_hand, reserved, version })
}

impl<'a> Changes<'a> {
    pub(super) fn fold(events: &'a [PublicEvent]) -> Result<Self, ApplyError> {
        let mut changes = Self::default();
        for event in events {
            match &event.data {
                PublicData::Products(product) => changes.product(event, product)?,
                PublicData::Categories(category) => changes.category(event, category)?,
                PublicData::Inventory(moved) => {
                    let stock = changes.stock.entry(ApplyError::aggregate_uuid(event)?).or_default();
                    *stock = stock_change(moved, event.sequence)
                        .and_then(|change| stock.add(change))
                        .ok_or_else(|| ApplyError::bad(event, "a quantity is too large"))?;
                }
                PublicData::Orders(_)
                | PublicData::Carts(_)
                | PublicData::Payments(_)
                | PublicData::Coupons(_)
                | PublicData::Reviews(_) => {}
            }
        }
        Ok(changes)
    }

    fn product(&mut self, event: &'a PublicEvent, data: &'a ProductPublicEvent) -> Result<(), ApplyError> {
        let change = self.products.entry(ApplyError::aggregate_uuid(event)?).or_default();
        change.updated_at = event.occurred_at;
        change.version = event.sequence;
        match data {
            ProductPublicEvent::ProductCreated(created) => {
                change.created_at = event.occurred_at;
                change.details = Some(&created.product);
            }
            ProductPublicEvent::ProductRevised(revised) => change.details = Some(&revised.product),
            ProductPublicEvent::ProductWithdrawn(_) => change.withdrawn = true,
        }
        Ok(())
    }

    fn category(&mut self, event: &'a PublicEvent, data: &'a CategoryPublicEvent) -> Result<(), ApplyError> {
        let change = self.categories.entry(ApplyError::aggregate_uuid(event)?).or_default();
        change.version = event.sequence;
        match data {
            CategoryPublicEvent::CategoryCreated(created) => change.details = Some(&created.category),
            CategoryPublicEvent::CategoryRevised(revised) => change.details = Some(&revised.category),
            CategoryPublicEvent::CategoryRemoved(_) => change.removed = true,
        }
        Ok(())
    }

    /// One statement for each kind of change, all of them sent as one.
    pub(super) async fn write(
        &self,
        generation: Generation,
        db: &mut PgConnection,
    ) -> Result<(), ApplyError> {
        let mut statement = OneStatement::of(generation);
        // The other way round than they run.
        self.remove_categories(&mut statement);
        self.write_categories(&mut statement);
        self.write_stock(&mut statement);
        self.withdraw_products(&mut statement);
        self.write_products(&mut statement);
        Ok(statement.execute(db).await?)
    }

    /// New and revised products. A revised one's `created_at` is not known here and stays what it is.
    fn write_products(&self, statement: &mut OneStatement) {
        let rows: Vec<_> = self
            .products
            .iter()
            .filter_map(|(id, change)| change.details.map(|details| (id, details, change)))
            .collect();
        if rows.is_empty() {
            return;
        }
        let upsert = "
            INSERT INTO catalog_g{g}_products AS p (product_id, seller_id, sku, slug, external_id, details, withdrawn,
                                                    created_at, updated_at, version, category_id, category_word, hidden)
            SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::jsonb[], $7::boolean[],
                                 $8::timestamptz[], $9::timestamptz[], $10::bigint[], $11::uuid[], $12::text[],
                                 $13::boolean[])
            ON CONFLICT (product_id) DO UPDATE
            SET seller_id = excluded.seller_id, sku = excluded.sku, slug = excluded.slug,
                external_id = excluded.external_id, details = excluded.details,
                withdrawn = p.withdrawn OR excluded.withdrawn, updated_at = excluded.updated_at,
                version = excluded.version, category_id = excluded.category_id,
                category_word = excluded.category_word, hidden = excluded.hidden";
        statement
            .add("products", upsert)
            .bind(column(&rows, |(id, ..)| **id))
            .bind(column(&rows, |(_, details, _)| details.seller_id.0))
            .bind(column(&rows, |(_, details, _)| details.sku.as_str()))
            .bind(column(&rows, |(_, details, _)| details.slug.as_str()))
            .bind(column(&rows, |(_, details, _)| details.external_id.as_deref()))
            .bind(column(&rows, |(_, details, _)| Json(*details)))
            .bind(column(&rows, |(.., change)| change.withdrawn))
            .bind(column(&rows, |(.., change)| change.created_at))
            .bind(column(&rows, |(.., change)| change.updated_at))
            .bind(column(&rows, |(.., change)| change.version))
            .bind(column(&rows, |(_, details, _)| details.category_id.map(|id| id.0)))
            .bind(column(&rows, |(_, details, _)| {
                category_word(details.category.as_deref(), details.category_id)
            }))
            .bind(column(&rows, |(_, details, _)| details.hidden));
    }

    fn withdraw_products(&self, statement: &mut OneStatement) {
        let rows: Vec<_> = self.products.iter().filter(|(_, change)| change.details.is_none()).collect();
        if rows.is_empty() {
            return;
        }
        let update = "
            UPDATE catalog_g{g}_products p SET withdrawn = true, updated_at = c.updated_at, version = c.version
            FROM unnest($1::uuid[], $2::timestamptz[], $3::bigint[]) AS c(product_id, updated_at, version)
            WHERE p.product_id = c.product_id";
        statement
            .add("withdrawn", update)
            .bind(column(&rows, |(id, _)| **id))
            .bind(column(&rows, |(_, change)| change.updated_at))
            .bind(column(&rows, |(_, change)| change.version));
    }

    fn write_stock(&self, statement: &mut OneStatement) {
        let rows: Vec<_> = self.stock.iter().collect();
        if rows.is_empty() {
            return;
        }
        let add = "
            INSERT INTO catalog_g{g}_stock AS s (product_id, on_hand, reserved, version)
            SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[])
            ON CONFLICT (product_id) DO UPDATE
            SET on_hand = s.on_hand + excluded.on_hand, reserved = s.reserved + excluded.reserved,
                version = excluded.version";
        statement
            .add("stock", add)
            .bind(column(&rows, |(id, _)| **id))
            .bind(column(&rows, |(_, stock)| stock.on_hand))
            .bind(column(&rows, |(_, stock)| stock.reserved))
            .bind(column(&rows, |(_, stock)| stock.version));
    }

    fn write_categories(&self, statement: &mut OneStatement) {
        let rows: Vec<_> = self
            .categories
            .iter()
            .filter_map(|(id, change)| change.details.map(|details| (id, details, change)))
            .collect();
        if rows.is_empty() {
            return;
        }
        let upsert = "
            INSERT INTO catalog_g{g}_categories (category_id, name, name_key, slug, description, image, parent_id,
                                                 sort_order, removed, version)
            SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[],
                                 $8::integer[], $9::boolean[], $10::bigint[])
            ON CONFLICT (category_id) DO UPDATE
            SET name = excluded.name, name_key = excluded.name_key, slug = excluded.slug,
                description = excluded.description, image = excluded.image, parent_id = excluded.parent_id,
                sort_order = excluded.sort_order, removed = excluded.removed, version = excluded.version";
        statement
            .add("categories", upsert)
            .bind(column(&rows, |(id, ..)| **id))
            .bind(column(&rows, |(_, details, _)| details.name.as_str()))
            .bind(column(&rows, |(_, details, _)| word_key(&details.name)))
            .bind(column(&rows, |(_, details, _)| details.slug.as_str()))
            .bind(column(&rows, |(_, details, _)| details.description.as_deref()))
            .bind(column(&rows, |(_, details, _)| details.image.as_deref()))
            .bind(column(&rows, |(_, details, _)| details.parent_id.map(|id| id.0)))
            .bind(column(&rows, |(_, details, _)| details.sort_order))
            .bind(column(&rows, |(.., change)| change.removed))
            .bind(column(&rows, |(.., change)| change.version));
    }

    fn remove_categories(&self, statement: &mut OneStatement) {
        let rows: Vec<_> = self.categories.iter().filter(|(_, change)| change.details.is_none()).collect();
        if rows.is_empty() {
            return;
        }
        let update = "
            UPDATE catalog_g{g}_categories c SET removed = true, version = r.version
            FROM unnest($1::uuid[], $2::bigint[]) AS r(category_id, version)
            WHERE c.category_id = r.category_id";
        statement
            .add("removed", update)
            .bind(column(&rows, |(id, _)| **id))
            .bind(column(&rows, |(_, change)| change.version));
    }
}

/// The word for a category that a product has where it names none.
pub(super) fn category_word(category: Option<&str>, category_id: Option<CategoryId>) -> Option<String> {
    category.filter(|_| category_id.is_none()).map(word_key)
}
