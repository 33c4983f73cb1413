//! What may be said of a product, in the words of any client, for `POST`, `PATCH` and `PUT` alike.

use std::borrow::Cow;
use std::collections::BTreeMap;

use api_contract::{Code, Field, Fields};
use domain::ids::ProductId;
use domain::product::{Attribute, Image, ProductChanges, leads_to_a_product};
use domain::{Change, Currency, Money};

use super::MOST_UNITS;

/// The highest price, in minor units: a full order of it is still counted exactly.
const MOST_PRICE: i64 = 1_000_000_000_000;
/// So many products can be named to be shown beside one.
const MOST_RELATED: usize = 20;

/// What a request says of a product.
pub(super) struct ProductFields {
    pub(super) changes: ProductChanges,
    pub(super) stock: Option<u64>,
}

impl ProductFields {
    /// Reads them; of a new product name and price are required. Prices are of `currency` unless another is named.
    pub(super) fn read(f: &mut Fields<'_, '_>, currency: Currency, new: bool) -> Option<Self> {
        let name = f.field("name").or("title");
        let name = if new { name.required() } else { name }.text(1..=200);
        let prices = Prices::read(f, currency, new);
        let long_description = f.field("longDescription").text(0..=100_000);
        let shipping_profile_id = f.field("shippingProfileId").text(1..=100);
        let specifications: Option<BTreeMap<String, String>> =
            f.field("specifications").table(0..=100, 500).map(|table| table.into_iter().collect());
        // S4 prints the brand among the specifications.
        let brand = f.field("brand").text(1..=100);
        let specified = specifications.as_ref().and_then(|table| table.get("brand").cloned());
        let brand = brand.or_else(|| specified.filter(|brand| brand.chars().count() <= 100));
        let category = category(f);
        let stock = f.field("stock").or("stockQuantity").integer(0..=MOST_UNITS);
        // The method itself is not general enough over the field's lifetimes.
        #[allow(clippy::redundant_closure_for_method_calls)]
        let related = f.field("relatedProducts").each(0..=MOST_RELATED, |id| id.id::<ProductId>());
        let changes = ProductChanges {
            seller_id: f.field("sellerId").id(),
            sku: f.field("sku").text(1..=64),
            slug: f.field("slug").parse(1..=200, product_slug),
            name,
            description: f.field("description").text(0..=10_000),
            long_description: change(f, "longDescription", long_description),
            brand: change(f, "brand", brand),
            category: match change(f, "categoryId", category) {
                Change::Keep if f.is_null("category") => Change::Clear,
                category => category,
            },
            price: prices.price,
            compare_at_price: change(f, "compareAtPrice", prices.compare_at),
            discount_price: prices.discount,
            images: images(f),
            tags: f.field("tags").each(0..=50, |tag| tag.text(1..=50)),
            attributes: f.field("attributes").list(0..=50, attribute),
            specifications,
            featured: f.field("isFeatured").or("featured").boolean(),
            hidden: f.field("isActive").or("active").boolean().map(|active| !active),
            shipping_profile_id: change(f, "shippingProfileId", shipping_profile_id),
            related,
        };
        if new && (changes.name.is_none() || changes.price.is_none()) {
            return None;
        }
        Some(Self { changes, stock: stock.map(i64::unsigned_abs) })
    }
}

/// The prices of a request, as far as they are consistent.
struct Prices {
    price: Option<Money>,
    compare_at: Option<Money>,
    discount: Option<Money>,
}

impl Prices {
    fn read(f: &mut Fields<'_, '_>, own: Currency, new: bool) -> Self {
        let named = f.field("currency").currency();
        let currency = named.unwrap_or(own);
        let price = f.field("price");
        // A price is of one currency: who changes that has to say the price too.
        let price = if new || currency != own { price.required() } else { price };
        let price = price.money(currency, 0..=MOST_PRICE);
        let compare_at = f.field("compareAtPrice").money(currency, 0..=MOST_PRICE);
        let discount = f.field("discountPrice").money(currency, 0..=MOST_PRICE);
        if let (Some(price), Some(discount)) = (price, discount) {
            if discount.amount > price.amount {
                let message = "discountPrice must not be above the price";
                f.violation("discountPrice", Code::ValidationError, message);
            } else if compare_at.is_some() && discount != price {
                let message = "discountPrice can't be given beside a compareAtPrice";
                f.violation("discountPrice", Code::ValidationError, message);
            }
        }
        Self { price, compare_at, discount }
    }
}

/// A value that is given, nothing where it is `null`, else no change.
pub(crate) fn change<T>(f: &Fields<'_, '_>, name: &str, given: Option<T>) -> Change<T> {
    if given.is_none() && f.is_null(name) { Change::Clear } else { given.into() }
}

/// The word for a category: `categoryId`, or `category` as a word or as we answer it, an object.
fn category(f: &mut Fields<'_, '_>) -> Option<String> {
    let id = f.field("categoryId").text(1..=100);
    let category = f.field("category");
    if !category.is_given() {
        return id;
    }
    let object = !category.is_string();
    let word = if object {
        category.object(|f| {
            let (id, slug) = (f.field("id").text(1..=100), f.field("slug").text(1..=200));
            let word = id.or(slug).or(f.field("name").text(1..=100));
            if word.is_none() {
                f.violation("id", Code::RequiredField, "a category needs an id, a slug or a name");
            }
            word
        })
    } else {
        category.text(1..=100)
    };
    match (id, word) {
        (Some(id), Some(word)) if !object && id != word => {
            let message = "category is given more than once, with different values";
            f.violation("category", Code::ValidationError, message);
            None
        }
        (Some(id), _) => Some(id),
        (None, word) => word,
    }
}

pub(crate) fn slug_rule(text: &str) -> Result<String, Cow<'static, str>> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if text.chars().all(allowed) && !text.starts_with('-') && !text.ends_with('-') {
        Ok(text.to_owned())
    } else {
        Err("must be lower-case letters, digits and hyphens".into())
    }
}

/// Under a slug that is something else in a path nobody would find the product.
fn product_slug(text: &str) -> Result<String, Cow<'static, str>> {
    let slug = slug_rule(text)?;
    if leads_to_a_product(&slug) {
        Ok(slug)
    } else {
        Err("must not be a UUID, nor featured, search or suggest".into())
    }
}

fn attribute(f: &mut Fields<'_, '_>) -> Option<Attribute> {
    let name = f.field("name").required().text(1..=100);
    let value = f.field("value").required().text(1..=500);
    Some(Attribute { name: name?, value: value? })
}

/// Any non-empty strings or objects; the first is the primary one unless another says so. A single `imageUrl` comes
/// first, if it isn't among them.
fn images(f: &mut Fields<'_, '_>) -> Option<Vec<Image>> {
    let several = f.field("images").or("imageUrls").each(0..=50, image);
    let single = f.field("imageUrl").text(1..=2_000);
    let mut images = match (several, &single) {
        (Some(images), _) => images,
        (None, Some(_)) => Vec::new(),
        (None, None) => return None,
    };
    if let Some(url) = single
        && !images.iter().any(|image| image.url == url)
    {
        images.insert(0, Image { url, alt: None, is_primary: false });
    }
    if !images.iter().any(|image| image.is_primary)
        && let Some(first) = images.first_mut()
    {
        first.is_primary = true;
    }
    Some(images)
}

fn image(image: Field<'_, '_>) -> Option<Image> {
    if image.is_string() {
        return image.text(1..=2_000).map(|url| Image { url, alt: None, is_primary: false });
    }
    image.object(|f| {
        let url = f.field("url").or("imageUrl").required().text(1..=2_000);
        let alt = f.field("alt").text(0..=500);
        let is_primary = f.field("isPrimary").boolean();
        Some(Image { url: url?, alt, is_primary: is_primary.unwrap_or_default() })
    })
}
