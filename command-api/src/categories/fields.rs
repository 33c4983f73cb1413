//! What may be said of a category, for `POST`, `PATCH` and `PUT` alike.

use api_contract::Fields;
use domain::category::CategoryChanges;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

use crate::products::{change, slug_rule};

/// The places of siblings.
const PLACES: std::ops::RangeInclusive<i64> = -1_000_000..=1_000_000;

/// Reads them; a new category needs a name.
pub(super) fn read(f: &mut Fields<'_, '_>, new: bool) -> Option<CategoryChanges> {
    let name = f.field("name");
    let name = if new { name.required() } else { name }.text(1..=100);
    let description = f.field("description").text(0..=2_000);
    let image = f.field("image").or("imageUrl").text(1..=2_000);
    let parent_id = f.field("parentId").id();
    let place = f.field("sortOrder").integer(PLACES);
    let changes = CategoryChanges {
        name,
        slug: f.field("slug").parse(1..=200, slug_rule),
        description: change(f, "description", description),
        image: change(f, "image", image),
        parent_id: change(f, "parentId", parent_id),
        sort_order: place.and_then(|place| place.try_into().ok()),
    };
    if new && changes.name.is_none() { None } else { Some(changes) }
}

/// A change of a category: what isn't named stays, `null` clears.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "it describes what `read` reads")]
pub(super) struct CategoryChange {
    #[schema(min_length = 1, max_length = 100, pattern = r"\S", nullable = false)]
    name: Option<String>,
    /// Unique among categories; made from the name where a new category has none.
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
        nullable = false
    )]
    slug: Option<String>,
    #[schema(max_length = 2000)]
    description: Option<String>,
    /// Where its picture is.
    #[schema(min_length = 1, max_length = 2000, pattern = r"\S")]
    image: Option<String>,
    /// The category that it is part of; with `null` it becomes a root.
    parent_id: Option<uuid::Uuid>,
    /// Its place among its siblings, the lowest first.
    #[schema(minimum = -1_000_000, maximum = 1_000_000, nullable = false)]
    sort_order: Option<i32>,
}

/// What a category is created with: as a change, and its name is required.
pub(super) struct NewCategory;

impl PartialSchema for NewCategory {
    fn schema() -> RefOr<Schema> {
        let mut schema = CategoryChange::schema();
        if let RefOr::T(Schema::Object(object)) = &mut schema {
            object.required = vec!["name".to_owned()];
            object.description = Some("A category to be created.".to_owned());
        }
        schema
    }
}

impl ToSchema for NewCategory {}
