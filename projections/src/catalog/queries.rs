//! What may be asked of the catalog. Lists are found by the product search, which answers ids.

use std::collections::HashMap;

use domain::ids::ProductId;
use domain::product::ProductDetails;
use sqlx::Arguments as _;
use sqlx::PgPool;
use sqlx::error::BoxDynError;
use sqlx::postgres::PgArguments;
use sqlx::types::Json;

use super::NAME;
use super::apply::category_word;
use super::row::{CatalogProduct, ProductDetail};
use super::tree::Tree;
use crate::live::{Answer, Live, QueryError};

/// Asks the catalog. One for a process: it knows which generation is live.
#[derive(Debug)]
pub struct Products {
    live: Live,
}

/// The products of this condition, as an array in the order of their ids. A product's category is found by its id, else
/// by its word, which a slug has before a name.
macro_rules! products {
    ($condition:literal) => {
        products!($condition, "")
    };
    ($condition:literal, $more:expr) => {
        concat!(
            "SELECT coalesce(json_agg(found ORDER BY found.product_id), '[]') FROM (
                 SELECT p.product_id, p.details, p.withdrawn, p.created_at, p.updated_at, p.version,
                        coalesce(s.on_hand - s.reserved, 0) AS stock,
                        CASE WHEN p.category_id IS NOT NULL THEN (
                            SELECT json_build_object('id', c.category_id, 'name', c.name, 'slug', c.slug)
                            FROM catalog_g{g}_categories c WHERE c.category_id = p.category_id AND NOT c.removed)
                        WHEN p.category_word IS NOT NULL THEN (
                            SELECT json_build_object('id', c.category_id, 'name', c.name, 'slug', c.slug)
                            FROM catalog_g{g}_categories c
                            WHERE (c.slug = p.category_word OR c.name_key = p.category_word) AND NOT c.removed
                            ORDER BY c.slug = p.category_word DESC, c.category_id LIMIT 1) END AS category",
            $more,
            " FROM catalog_g{g}_products p LEFT JOIN catalog_g{g}_stock s ON s.product_id = p.product_id
                 WHERE ", $condition, " ORDER BY p.product_id LIMIT 1000) found"
        )
    };
}

/// Those to show beside a product: of those that it names the ones that everybody may see; where it names none the newest
/// of its category, or else of those with its word.
macro_rules! beside {
    ($id:literal, $related:literal, $category_id:literal, $word:literal) => {
        concat!(
            "CASE WHEN jsonb_array_length(coalesce(", $related, ", '[]')) > 0 THEN (
                 SELECT coalesce(json_agg(o.product_id ORDER BY r.place), '[]')
                 FROM jsonb_array_elements_text(", $related, ") WITH ORDINALITY r(id, place)
                 JOIN catalog_g{g}_products o ON o.product_id = r.id::uuid
                 WHERE NOT o.withdrawn AND NOT o.hidden)
             WHEN ", $category_id, " IS NOT NULL THEN (
                 SELECT coalesce(json_agg(o.product_id ORDER BY o.created_at DESC, o.product_id), '[]') FROM (
                     SELECT product_id, created_at FROM catalog_g{g}_products
                     WHERE category_id = ", $category_id, " AND product_id <> ", $id, "
                       AND NOT withdrawn AND NOT hidden
                     ORDER BY created_at DESC, product_id LIMIT 8) o)
             WHEN ", $word, " IS NOT NULL THEN (
                 SELECT coalesce(json_agg(o.product_id ORDER BY o.created_at DESC, o.product_id), '[]') FROM (
                     SELECT product_id, created_at FROM catalog_g{g}_products
                     WHERE category_id IS NULL AND category_word = ", $word, " AND product_id <> ", $id, "
                       AND NOT withdrawn AND NOT hidden
                     ORDER BY created_at DESC, product_id LIMIT 8) o)
             ELSE '[]'::json END"
        )
    };
}

/// As [`products`], each with those to show beside it.
macro_rules! detail {
    ($condition:literal) => {
        products!(
            $condition,
            concat!(
                ", ",
                beside!("p.product_id", "p.details -> 'related'", "p.category_id", "p.category_word"),
                " AS beside"
            )
        )
    };
}

/// The categories, and how many products that everybody may see have each id or word.
const TREE: &str = "
    SELECT json_build_object(
        'categories', (
            SELECT coalesce(json_agg(c ORDER BY c.sort_order, c.name_key, c.category_id), '[]') FROM (
                SELECT category_id, name, name_key, slug, description, image, parent_id, sort_order
                FROM catalog_g{g}_categories WHERE NOT removed) c),
        'counts', (
            SELECT coalesce(json_agg(n), '[]') FROM (
                SELECT category_id, category_word, count(*) AS products FROM catalog_g{g}_products
                WHERE NOT withdrawn AND NOT hidden
                GROUP BY category_id, category_word) n))";
/// The categories alone.
const BARE_TREE: &str = "
    SELECT json_build_object('counts', json_build_array(), 'categories', (
        SELECT coalesce(json_agg(c ORDER BY c.sort_order, c.name_key, c.category_id), '[]') FROM (
            SELECT category_id, name, name_key, slug, description, image, parent_id, sort_order
            FROM catalog_g{g}_categories WHERE NOT removed) c))";

const BY_IDS: &str = products!("p.product_id = ANY($1)");
const DETAIL_BY_ID: &str = detail!("p.product_id = $1");
/// Two products have one slug only for the moment between the events of one and the other.
const DETAIL_BY_SLUG: &str = detail!("p.slug = $1 AND NOT p.withdrawn");
const BESIDE: &str = beside!("$1::uuid", "$2::jsonb", "$3::uuid", "$4::text");
const BY_OUTSIDE_ID_OR_SKU: &str = products!("(p.external_id = $1 OR p.sku = $1)");

impl Products {
    /// Asks by this pool.
    pub fn new(pool: PgPool) -> Self {
        Self { live: Live::new(NAME, pool) }
    }

    /// Products in the order of these ids, at most 1,000, withdrawn ones too; unknown ids are left out.
    pub async fn by_ids(&self, ids: &[ProductId]) -> Result<Answer<Vec<CatalogProduct>>, QueryError> {
        let wanted: Vec<_> = ids.iter().map(|id| id.0).collect();
        let answer: Answer<Vec<CatalogProduct>> =
            self.live.ask(BY_IDS, |arguments| arguments.add(&wanted)).await?;
        Ok(answer.map(|found| {
            let mut found: HashMap<_, _> = found.into_iter().map(|p| (p.product_id, p)).collect();
            ids.iter().filter_map(|id| found.remove(id)).collect()
        }))
    }

    /// A product with those to show beside it, by its id, withdrawn or not.
    pub async fn detail_by_id(&self, id: ProductId) -> Result<Answer<Option<ProductDetail>>, QueryError> {
        self.detail(DETAIL_BY_ID, |arguments| arguments.add(id.0)).await
    }

    /// A product with those to show beside it, by its slug, unless it was withdrawn.
    pub async fn detail_by_slug(&self, slug: &str) -> Result<Answer<Option<ProductDetail>>, QueryError> {
        self.detail(DETAIL_BY_SLUG, |arguments| arguments.add(slug)).await
    }

    async fn detail(
        &self,
        template: &'static str,
        bind: impl Fn(&mut PgArguments) -> Result<(), BoxDynError>,
    ) -> Result<Answer<Option<ProductDetail>>, QueryError> {
        let answer: Answer<Vec<ProductDetail>> = self.live.ask(template, bind).await?;
        Ok(answer.map(|found| found.into_iter().next()))
    }

    /// Those to show beside a product of which this is said, whatever the catalog knows of it by now.
    pub async fn beside(
        &self,
        id: ProductId,
        details: &ProductDetails,
    ) -> Result<Vec<ProductId>, QueryError> {
        let ProductDetails { related, category, category_id, .. } = details;
        if related.is_empty() && category.is_none() && category_id.is_none() {
            return Ok(Vec::new());
        }
        let word = category_word(category.as_deref(), *category_id);
        let bind = |arguments: &mut PgArguments| {
            arguments.add(id.0)?;
            arguments.add(Json(related))?;
            arguments.add(category_id.map(|id| id.0))?;
            arguments.add(word.as_deref())
        };
        Ok(self.live.ask(BESIDE, bind).await?.value)
    }

    /// The categories with the numbers of their products.
    pub async fn tree(&self) -> Result<Answer<Tree>, QueryError> {
        self.live.ask(TREE, |_| Ok(())).await
    }

    /// The categories without the numbers of their products, to find one.
    pub async fn bare_tree(&self) -> Result<Answer<Tree>, QueryError> {
        self.live.ask(BARE_TREE, |_| Ok(())).await
    }

    /// The products with this as an outside system's id or as any seller's code; withdrawn ones too. It goes through
    /// the whole catalog.
    pub async fn by_outside_id_or_sku(&self, word: &str) -> Result<Answer<Vec<CatalogProduct>>, QueryError> {
        self.live.ask(BY_OUTSIDE_ID_OR_SKU, |arguments| arguments.add(word)).await
    }
}
