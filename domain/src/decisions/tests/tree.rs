//! What holds of the catalog after any sequence of decisions, accepted or refused.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::Change;
use crate::category::{Category, CategoryChanges, CategoryDetails};
use crate::claim::{self, Claim};
use crate::ids::CategoryId;
use crate::product::ProductChanges;
use crate::shelf::Shelf;

const MOST: usize = 5;

/// One thing that somebody tries; numbers choose among what there may be.
#[derive(Clone, Debug)]
enum Try {
    Create { category: usize, slug: usize, parent: Option<usize> },
    Move { category: usize, slug: usize, parent: Option<usize> },
    Remove { category: usize },
    Put { product: usize, slug: usize, word: usize },
    Carry { product: usize, slug: usize, word: Option<usize> },
    Withdraw { product: usize },
}

fn any_try() -> impl Strategy<Value = Try> {
    let one = || 0..MOST;
    let maybe = || proptest::option::of(0..MOST);
    prop_oneof![
        3 => (one(), one(), maybe()).prop_map(|(category, slug, parent)| Try::Create { category, slug, parent }),
        3 => (one(), one(), maybe()).prop_map(|(category, slug, parent)| Try::Move { category, slug, parent }),
        1 => one().prop_map(|category| Try::Remove { category }),
        3 => (one(), one(), one()).prop_map(|(product, slug, word)| Try::Put { product, slug, word }),
        2 => (one(), one(), maybe()).prop_map(|(product, slug, word)| Try::Carry { product, slug, word }),
        1 => one().prop_map(|product| Try::Withdraw { product }),
    ]
}

fn category_id(n: usize) -> CategoryId {
    CategoryId(Uuid::from_u128(0xc00 + n as u128))
}

fn product_id(n: usize) -> ProductId {
    ProductId(Uuid::from_u128(0xd00 + n as u128))
}

fn attempt(shop: &mut InMemory, what: &Try) {
    match *what {
        Try::Create { category, slug, parent } => {
            let details = CategoryDetails {
                name: format!("Category {category}"),
                slug: format!("c{slug}"),
                description: None,
                image: None,
                parent_id: parent.map(category_id),
                sort_order: 0,
            };
            let command = CreateCategory { category_id: category_id(category), details };
            let _ = shop.decide(|it| create_category(it, &command));
        }
        Try::Move { category, slug, parent } => {
            let changes = CategoryChanges {
                slug: Some(format!("c{slug}")),
                parent_id: parent.map_or(Change::Clear, |parent| Change::To(category_id(parent))),
                ..CategoryChanges::default()
            };
            let command = ReviseCategory { category_id: category_id(category), changes };
            let _ = shop.decide(|it| revise_category(it, &command));
        }
        Try::Remove { category } => {
            let _ = shop.decide(|it| remove_category(it, category_id(category)));
        }
        Try::Put { product, slug, word } => {
            let mut details = details(&format!("p{slug}"), usd(1));
            details.category = Some(format!("c{word}"));
            let product_id = product_id(product);
            let command = CreateProduct { product_id, details, opening_stock: 0, reason: None };
            let _ = shop.decide(|it| create_product(it, &command));
        }
        Try::Carry { product, slug, word } => {
            let changes = ProductChanges {
                slug: Some(format!("p{slug}")),
                category: word.map_or(Change::Clear, |word| Change::To(format!("c{word}"))),
                ..ProductChanges::default()
            };
            let command = ReviseProduct { product_id: product_id(product), changes, stock: None };
            let _ = shop.decide(|it| revise_product(it, &command));
        }
        Try::Withdraw { product } => {
            let _ = shop.decide(|it| withdraw_product(it, product_id(product)));
        }
    }
}

fn check(shop: &InMemory) -> Result<(), TestCaseError> {
    let mut shelves: BTreeMap<CategoryId, Shelf> = BTreeMap::new();
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for n in 0..MOST {
        let id = category_id(n);
        if let Some(details) = shop.get::<Category>(id).kept() {
            let before = names.insert(claim::category(&details.slug), id.to_string());
            prop_assert_eq!(before, None, "one slug, one category");
            let mut above = details.parent_id;
            for _ in 0..MOST {
                let Some(parent) = above else { break };
                prop_assert!(parent != id, "part of itself");
                let parent = shop.get::<Category>(parent);
                prop_assert!(parent.kept().is_some(), "what it is part of is there");
                above = parent.kept().unwrap().parent_id;
            }
            if let Some(parent) = details.parent_id {
                shelves.entry(parent).or_default().categories += 1;
            }
        }
        let id = product_id(n);
        if let Some(details) = shop.get::<Product>(id).kept() {
            prop_assert_eq!(names.insert(claim::slug(&details.slug), id.to_string()), None);
            prop_assert_eq!(names.insert(claim::sku(SELLER, &details.sku), id.to_string()), None);
            if let Some(category) = details.category_id {
                prop_assert!(shop.get::<Category>(category).kept().is_some(), "its category is there");
                shelves.entry(category).or_default().products += 1;
            }
        }
    }
    for n in 0..MOST {
        let id = category_id(n);
        prop_assert_eq!(shop.get::<Shelf>(id), shelves.get(&id).copied().unwrap_or_default());
        let slugs = [claim::category(&format!("c{n}")), claim::slug(&format!("p{n}"))];
        for name in slugs.into_iter().chain([claim::sku(SELLER, &format!("P{n}"))]) {
            prop_assert_eq!(shop.get::<Claim>(&name).owner, names.get(&name).cloned(), "{}", name);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn names_and_shelves_are_what_the_catalog_says(tries in prop::collection::vec(any_try(), 1..80)) {
        let mut shop = InMemory::new();
        for what in tries {
            attempt(&mut shop, &what);
            check(&shop)?;
        }
    }
}
