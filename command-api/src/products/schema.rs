//! How the API's document describes what may be said of a product. [`super::fields`] reads it.

use std::collections::BTreeMap;

use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, OneOfBuilder, Schema};
use utoipa::openapi::{ObjectBuilder, RefOr, Type};
use utoipa::{PartialSchema, ToSchema};

/// A change of a product: what isn't named stays, `null` clears.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "it describes what ProductFields reads")]
pub(super) struct ProductChange {
    /// `title` is read as well.
    #[schema(min_length = 1, max_length = 200, pattern = r"\S", nullable = false)]
    name: Option<String>,
    /// Unique over the shop; made from the name where a new product has none. No UUID, nor `featured`, `search` or
    /// `suggest`.
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
        nullable = false
    )]
    slug: Option<String>,
    /// The seller's code, unique within the seller; made where a new product has none.
    #[schema(min_length = 1, max_length = 64, pattern = r"\S", nullable = false)]
    sku: Option<String>,
    /// An admin's choice for a new product; a product can't change its seller.
    #[schema(nullable = false)]
    seller_id: Option<uuid::Uuid>,
    #[schema(max_length = 10000, nullable = false)]
    description: Option<String>,
    #[schema(max_length = 100_000)]
    long_description: Option<String>,
    #[schema(min_length = 1, max_length = 100, pattern = r"\S")]
    brand: Option<String>,
    /// A category's id, slug or name, or a word of your own; `category` is read as well.
    #[schema(min_length = 1, max_length = 100, pattern = r"\S")]
    category_id: Option<String>,
    /// An exact number, or one in a string, with at most the currency's decimals.
    #[schema(schema_with = amount)]
    price: Option<String>,
    /// A former or recommended price to show beside it.
    #[schema(schema_with = nullable_amount)]
    compare_at_price: Option<String>,
    /// The price from now on; the one before is shown beside it.
    #[schema(schema_with = amount)]
    discount_price: Option<String>,
    /// ISO 4217; the shop's where a new product has none.
    #[schema(min_length = 3, max_length = 3, example = "USD", nullable = false)]
    currency: Option<String>,
    /// URLs or objects; `imageUrls` is read as well, and a single `imageUrl`.
    #[schema(schema_with = images_schema)]
    images: Option<Vec<String>>,
    #[schema(schema_with = tags_schema)]
    tags: Option<Vec<String>>,
    #[schema(max_items = 50, nullable = false)]
    attributes: Option<Vec<AttributeField>>,
    #[schema(schema_with = specifications_schema)]
    specifications: Option<BTreeMap<String, String>>,
    /// How many shall be for sale; `stockQuantity` is read as well.
    #[schema(minimum = 0, maximum = 1_000_000_000, nullable = false)]
    stock: Option<i64>,
    /// Shown first.
    #[schema(nullable = false)]
    is_featured: Option<bool>,
    /// False hides it: a draft, a season that is over.
    #[schema(nullable = false)]
    is_active: Option<bool>,
    /// Kept as it is given.
    #[schema(min_length = 1, max_length = 100, pattern = r"\S")]
    shipping_profile_id: Option<String>,
    /// Products to show beside it; where there are none, those of its category are shown.
    #[schema(max_items = 20, nullable = false)]
    related_products: Option<Vec<uuid::Uuid>>,
}

/// A name and a value.
#[derive(ToSchema)]
#[schema(as = AttributeField)]
#[allow(dead_code, reason = "it describes what ProductFields reads")]
struct AttributeField {
    #[schema(min_length = 1, max_length = 100, pattern = r"\S")]
    name: String,
    #[schema(min_length = 1, max_length = 500, pattern = r"\S")]
    value: String,
}

/// What a product is created with: as a change, and its name and price are required.
pub(super) struct NewProduct;

impl PartialSchema for NewProduct {
    fn schema() -> RefOr<Schema> {
        let mut schema = ProductChange::schema();
        if let RefOr::T(Schema::Object(object)) = &mut schema {
            object.required = vec!["name".to_owned(), "price".to_owned()];
            object.description = Some("A product to be created.".to_owned());
        }
        schema
    }
}

impl ToSchema for NewProduct {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        ProductChange::schemas(schemas);
    }
}

fn number() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Number).minimum(Some(0)).maximum(Some(10_000_000_000_i64))
}

fn digits() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some(r"^[0-9]{1,10}(\.[0-9]{1,4})?$"))
}

fn amount() -> Schema {
    OneOfBuilder::new().item(number()).item(digits()).build().into()
}

fn nullable_amount() -> Schema {
    let null = ObjectBuilder::new().schema_type(Type::Null);
    OneOfBuilder::new().item(number()).item(digits()).item(null).build().into()
}

fn short(longest: usize) -> ObjectBuilder {
    let text = ObjectBuilder::new().schema_type(Type::String);
    text.min_length(Some(1)).max_length(Some(longest)).pattern(Some(r"\S"))
}

fn tags_schema() -> Schema {
    ArrayBuilder::new().items(short(50)).max_items(Some(50)).build().into()
}

fn images_schema() -> Schema {
    let alt = ObjectBuilder::new().schema_type(Type::String).max_length(Some(500));
    let object = ObjectBuilder::new()
        .property("url", short(2_000))
        .required("url")
        .property("alt", alt)
        .property("isPrimary", ObjectBuilder::new().schema_type(Type::Boolean));
    let one = OneOfBuilder::new().item(short(2_000)).item(object);
    ArrayBuilder::new().items(one).max_items(Some(50)).build().into()
}

fn specifications_schema() -> Schema {
    let text = ObjectBuilder::new().schema_type(Type::String).max_length(Some(500));
    let number = ObjectBuilder::new().schema_type(Type::Number);
    let boolean = ObjectBuilder::new().schema_type(Type::Boolean);
    let value = OneOfBuilder::new().item(text).item(number).item(boolean).build();
    let values = AdditionalProperties::RefOr(RefOr::T(Schema::OneOf(value)));
    ObjectBuilder::new().schema_type(Type::Object).additional_properties(Some(values)).build().into()
}
