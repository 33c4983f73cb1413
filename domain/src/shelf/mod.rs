//! How much stands in a category, so that one that isn't empty can't be removed.
//!
//! A shelf has its category's id. It counts what is directly in the category: products that are not withdrawn, and the
//! categories that are part of it. A word that named no category when a product got it has a shelf as well, for a category
//! may be known by it: by its name, or later. A shelf is kept in the same append as what moves, and is nobody's business
//! outside.

use serde::{Deserialize, Serialize};

use crate::ids::{CategoryId, ProductId};
use crate::{Decide, cqrs_aggregate, domain_event};

/// What stands in a category.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shelf {
    /// How many categories.
    pub categories: u64,
    /// How many products.
    pub products: u64,
}

/// How a word that is compared as a whole is kept.
pub fn word_key(word: &str) -> String {
    word.trim().to_lowercase()
}

/// The shelf of the products that have this word and no category.
pub fn of_word(word: &str) -> String {
    format!("word/{}", word_key(word))
}

/// What may stand on a shelf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    /// A category that is part of this one.
    Category(CategoryId),
    /// A product.
    Product(ProductId),
}

/// What may be asked of a shelf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShelfCommand {
    /// One thing more.
    Put(Thing),
    /// One thing less.
    Take(Thing),
}

impl Shelf {
    /// Whether nothing stands there.
    pub fn is_empty(&self) -> bool {
        self.categories == 0 && self.products == 0
    }
}

impl Decide for Shelf {
    const TYPE: &'static str = "shelves";
    type Command = ShelfCommand;
    type Event = ShelfEvent;
    type Error = ShelfError;

    fn decide(&self, command: ShelfCommand) -> Result<Vec<ShelfEvent>, ShelfError> {
        let event = match command {
            ShelfCommand::Put(Thing::Category(category_id)) => ShelfEvent::CategoryPut { category_id },
            ShelfCommand::Put(Thing::Product(product_id)) => ShelfEvent::ProductPut { product_id },
            ShelfCommand::Take(Thing::Category(category_id)) if self.categories > 0 => {
                ShelfEvent::CategoryTaken { category_id }
            }
            ShelfCommand::Take(Thing::Product(product_id)) if self.products > 0 => {
                ShelfEvent::ProductTaken { product_id }
            }
            ShelfCommand::Take(Thing::Category(_) | Thing::Product(_)) => return Err(ShelfError::Empty),
        };
        Ok(vec![event])
    }

    fn evolve(&mut self, event: &ShelfEvent) {
        match event {
            ShelfEvent::CategoryPut { category_id: _ } => self.categories = self.categories.saturating_add(1),
            ShelfEvent::CategoryTaken { category_id: _ } => {
                self.categories = self.categories.saturating_sub(1);
            }
            ShelfEvent::ProductPut { product_id: _ } => self.products = self.products.saturating_add(1),
            ShelfEvent::ProductTaken { product_id: _ } => self.products = self.products.saturating_sub(1),
        }
    }
}

cqrs_aggregate!(Shelf);

/// What may have happened to a shelf.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ShelfEvent {
    /// A category became part of it.
    CategoryPut {
        /// Which.
        category_id: CategoryId,
    },
    /// A category is no longer part of it.
    CategoryTaken {
        /// Which.
        category_id: CategoryId,
    },
    /// A product came into it.
    ProductPut {
        /// Which.
        product_id: ProductId,
    },
    /// A product is no longer in it.
    ProductTaken {
        /// Which.
        product_id: ProductId,
    },
}

domain_event!(ShelfEvent { CategoryPut, CategoryTaken, ProductPut, ProductTaken });

/// Why a shelf refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShelfError {
    /// Nothing of this kind stands there.
    #[error("nothing of this kind is in the category")]
    Empty,
}

#[cfg(test)]
mod tests {
    use cqrs_es::test::TestFramework;
    use uuid::Uuid;

    use super::*;

    const AUDIO: CategoryId = CategoryId(Uuid::from_u128(1));
    const MUG: ProductId = ProductId(Uuid::from_u128(2));

    #[test]
    fn what_is_accepted() {
        let (category, product) = (Thing::Category(AUDIO), Thing::Product(MUG));
        let put =
            [ShelfEvent::CategoryPut { category_id: AUDIO }, ShelfEvent::ProductPut { product_id: MUG }];
        let [category_put, product_put] = put.clone();
        for (given, when, then) in [
            (vec![], ShelfCommand::Put(category), category_put),
            (vec![], ShelfCommand::Put(product), product_put),
            (put.to_vec(), ShelfCommand::Take(category), ShelfEvent::CategoryTaken { category_id: AUDIO }),
            (put.to_vec(), ShelfCommand::Take(product), ShelfEvent::ProductTaken { product_id: MUG }),
        ] {
            TestFramework::<Shelf>::with(()).given(given).when(when).then_expect_events(vec![then]);
        }
    }

    #[test]
    fn what_is_refused() {
        let category_put = ShelfEvent::CategoryPut { category_id: AUDIO };
        let product_put = ShelfEvent::ProductPut { product_id: MUG };
        let product_taken = ShelfEvent::ProductTaken { product_id: MUG };
        for (given, when) in [
            (vec![], Thing::Category(AUDIO)),
            (vec![category_put], Thing::Product(MUG)),
            (vec![product_put, product_taken], Thing::Product(MUG)),
        ] {
            TestFramework::<Shelf>::with(())
                .given(given)
                .when(ShelfCommand::Take(when))
                .then_expect_error(ShelfError::Empty);
        }
    }
}
