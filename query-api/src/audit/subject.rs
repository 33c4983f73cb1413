//! What an auditor can ask about.

use std::fmt;

use api_contract::ApiError;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use domain::Decide;
use domain::cart::Cart;
use domain::category::Category;
use domain::coupon::Coupon;
use domain::inventory::Inventory;
use domain::order::Order;
use domain::payment::Payment;
use domain::product::Product;
use domain::review::Review;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// A kind of thing whose history can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An order.
    Order,
    /// A payment.
    Payment,
    /// The stock of a product.
    Inventory,
    /// The cart of a user, whose id it has.
    Cart,
    /// A product in the catalog.
    Product,
    /// A coupon, whose id is its code.
    Coupon,
    /// A category of the catalog.
    Category,
    /// What a user says of a product, whose id is made of theirs: `product:user`.
    Review,
}

impl Subject {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Order,
        Self::Payment,
        Self::Inventory,
        Self::Cart,
        Self::Product,
        Self::Coupon,
        Self::Category,
        Self::Review,
    ];

    /// The word for it in the log and in paths.
    pub fn aggregate_type(self) -> &'static str {
        match self {
            Self::Order => Order::TYPE,
            Self::Payment => Payment::TYPE,
            Self::Inventory => Inventory::TYPE,
            Self::Cart => Cart::TYPE,
            Self::Product => Product::TYPE,
            Self::Coupon => Coupon::TYPE,
            Self::Category => Category::TYPE,
            Self::Review => Review::TYPE,
        }
    }

    /// The noun for it: `Order`.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Order => "Order",
            Self::Payment => "Payment",
            Self::Inventory => "Inventory",
            Self::Cart => "Cart",
            Self::Product => "Product",
            Self::Coupon => "Coupon",
            Self::Category => "Category",
            Self::Review => "Review",
        }
    }
}

/// The words of the paths.
impl PartialSchema for Subject {
    fn schema() -> RefOr<Schema> {
        let words = Self::ALL.map(Self::aggregate_type);
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into()
    }
}

impl ToSchema for Subject {}

/// What a path names: its kind, and its id or what people call it. Anything else names nothing: 404.
pub struct Named {
    /// Of which kind.
    pub subject: Subject,
    /// Which one.
    pub word: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let missing = || ApiError::not_found("Resource");
        let Path((kind, word)) =
            Path::<(String, String)>::from_request_parts(parts, state).await.map_err(|_| missing())?;
        let subject = Subject::ALL.into_iter().find(|subject| subject.aggregate_type() == kind);
        subject.filter(|_| !word.contains('\0')).map(|subject| Self { subject, word }).ok_or_else(missing)
    }
}

/// In the middle of a sentence: `order`.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.noun().to_ascii_lowercase())
    }
}
