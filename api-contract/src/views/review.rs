//! A review.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::Decide;
use domain::ids::{PersonalId, ProductId, ReviewId, UserId};
use domain::review::{Review, ReviewEvent, Written};
use serde::ser::Error as _;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::{PersonalBodies, Record, body};
use crate::envelope::Timestamp;

/// A review, and when it was written.
#[derive(Clone, Debug, Default)]
pub struct ReviewRecord {
    /// The review.
    pub review: Review,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// How many events it has.
    pub version: u64,
}

impl ReviewRecord {
    /// What is said, if anything was.
    pub fn written(&self) -> Option<&Arc<Written>> {
        self.review.written.as_ref()
    }

    /// The row of `personal` that has its words, if there are any.
    pub fn text(&self) -> Option<PersonalId> {
        self.written()?.text
    }
}

impl Record for ReviewRecord {
    type Of = Review;

    fn apply(&mut self, event: &ReviewEvent, at: DateTime<Utc>) {
        self.review.evolve(event);
        if self.version == 0 {
            self.created_at = at;
        }
        self.version += 1;
    }
}

/// What somebody says in their own words: the body of a row of `personal`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewText {
    /// In a few words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// In more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl ReviewText {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.title.is_none() && self.comment.is_none()
    }

    /// That of a review, as far as it was not erased.
    fn of(written: &Written, bodies: &PersonalBodies) -> Self {
        let kept = body(bodies, written.text).and_then(|body| serde_json::from_str(body.get()).ok());
        kept.unwrap_or_default()
    }
}

/// A review as a client reads it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Review)]
pub struct ReviewView {
    #[schema(value_type = Uuid)]
    id: ReviewId,
    #[schema(value_type = Uuid)]
    product_id: ProductId,
    #[schema(value_type = Uuid)]
    user_id: UserId,
    /// Who wrote it, as others see them: the first name, and of the last one its letter. None where their account was erased.
    #[schema(example = "John D.")]
    user_name: Option<String>,
    #[schema(minimum = 1, maximum = 5)]
    rating: u8,
    /// None where there is none, or the account was erased.
    title: Option<String>,
    /// Likewise.
    comment: Option<String>,
    /// Whether the product had been delivered to whoever wrote it.
    verified_purchase: bool,
    created_at: Timestamp,
}

impl ReviewView {
    /// A review, with what `personal` keeps of it and who wrote it. Nothing for one that was never written.
    pub fn of(record: &ReviewRecord, bodies: &PersonalBodies, user_name: Option<String>) -> Option<Self> {
        let written = record.written()?;
        let ReviewText { title, comment } = ReviewText::of(written, bodies);
        Some(Self {
            id: written.review_id,
            product_id: written.product_id,
            user_id: written.user_id,
            user_name,
            rating: written.rating,
            title,
            comment,
            verified_purchase: written.is_verified_purchase(),
            created_at: record.created_at.into(),
        })
    }

    /// Reviews in their order, with what `personal` keeps of them and the names of those who wrote them. One that was never
    /// written is left out.
    pub fn each(records: &[ReviewRecord], bodies: &PersonalBodies, names: &[(UserId, String)]) -> Vec<Self> {
        let name = |user: UserId| names.iter().find(|(its, _)| *its == user).map(|(_, name)| name.clone());
        let view = |record: &ReviewRecord| Self::of(record, bodies, name(record.written()?.user_id));
        records.iter().filter_map(view).collect()
    }
}

/// Stars on average, in hundredths, as an exact JSON number with no more decimals than it needs: `4.33`, `4.5`, `5`.
///
/// It is written as text, so it must be serialized straight to JSON: `serde_json::Value` would make a binary float.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StarsView(pub u16);

impl Serialize for StarsView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (whole, hundredths) = (self.0 / 100, self.0 % 100);
        let number = match (hundredths / 10, hundredths % 10) {
            (0, 0) => whole.to_string(),
            (tenths, 0) => format!("{whole}.{tenths}"),
            (_, _) => format!("{whole}.{hundredths:02}"),
        };
        RawValue::from_string(number).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl PartialSchema for StarsView {
    fn schema() -> RefOr<Schema> {
        let description = "Stars on average, to the hundredth";
        let number = ObjectBuilder::new().schema_type(Type::Number).description(Some(description));
        number.minimum(Some(1)).maximum(Some(5)).into()
    }
}

impl ToSchema for StarsView {}

#[cfg(test)]
mod tests {
    use domain::ids::SellerId;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn stars_are_written_exactly_and_no_longer_than_they_are() {
        let told = |hundredths| serde_json::to_string(&StarsView(hundredths)).unwrap();
        assert_eq!([500, 450, 433, 405, 100].map(told), ["5", "4.5", "4.33", "4.05", "1"]);
    }

    #[test]
    fn what_was_erased_is_not_there_and_the_stars_stay() {
        let text = PersonalId(Uuid::from_u128(4));
        let written = Written {
            review_id: ReviewId(Uuid::from_u128(1)),
            product_id: ProductId(Uuid::from_u128(2)),
            seller_id: SellerId(Uuid::from_u128(5)),
            user_id: UserId(Uuid::from_u128(3)),
            rating: 5,
            order_id: None,
            text: Some(text),
        };
        let mut record = ReviewRecord::default();
        assert!(ReviewView::of(&record, &PersonalBodies::new(), None).is_none());
        record.apply(&ReviewEvent::ReviewWritten(written), DateTime::UNIX_EPOCH);
        let said = RawValue::from_string(r#"{"comment":"Great!"}"#.to_owned()).unwrap();
        let kept = PersonalBodies::from([(text, said)]);
        let view = ReviewView::of(&record, &kept, Some("John D.".to_owned())).unwrap();
        assert_eq!((view.title, view.comment.as_deref()), (None, Some("Great!")));
        let erased = ReviewView::of(&record, &PersonalBodies::new(), None).unwrap();
        assert_eq!((erased.rating, erased.comment, erased.user_name), (5, None, None));
    }
}
