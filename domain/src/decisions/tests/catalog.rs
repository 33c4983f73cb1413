//! Categories, and products that are put into them, revised and withdrawn.

use super::*;
use crate::Change;
use crate::category::{CategoryChanges, CategoryDetails, CategoryError};
use crate::claim::{self, Claim};
use crate::ids::CategoryId;
use crate::product::{ProductChanges, ProductError};
use crate::shelf::Shelf;

const HOME: CategoryId = CategoryId(Uuid::from_u128(0xc1));
const KITCHEN: CategoryId = CategoryId(Uuid::from_u128(0xc2));
const CUPS: CategoryId = CategoryId(Uuid::from_u128(0xc3));
const UNKNOWN: CategoryId = CategoryId(Uuid::from_u128(0xcf));

fn category(category_id: CategoryId, name: &str, parent_id: Option<CategoryId>) -> CreateCategory {
    let details = CategoryDetails {
        name: name.to_owned(),
        slug: name.to_lowercase(),
        description: None,
        image: None,
        parent_id,
        sort_order: 0,
    };
    CreateCategory { category_id, details }
}

/// Home > Kitchen > Cups.
fn tree() -> InMemory {
    let mut shop = shop();
    for (id, name, parent) in
        [(HOME, "Home", None), (KITCHEN, "Kitchen", Some(HOME)), (CUPS, "Cups", Some(KITCHEN))]
    {
        shop.decide(|it| create_category(it, &category(id, name, parent))).unwrap();
    }
    shop
}

fn moved(category_id: CategoryId, parent_id: Change<CategoryId>) -> ReviseCategory {
    ReviseCategory { category_id, changes: CategoryChanges { parent_id, ..CategoryChanges::default() } }
}

fn cup_in(word: &str) -> CreateProduct {
    let mut details = details("cup", usd(500));
    details.category = Some(word.to_owned());
    CreateProduct { product_id: NOWHERE, details, opening_stock: 7, reason: None }
}

fn revise(changes: ProductChanges) -> ReviseProduct {
    ReviseProduct { product_id: NOWHERE, changes, stock: None }
}

fn cup(shop: &InMemory) -> ProductDetails {
    shop.get::<Product>(NOWHERE).details.unwrap().as_ref().clone()
}

#[test]
fn a_category_is_named_once_and_stands_below_one_that_is_there() {
    let mut shop = tree();
    assert_eq!(shop.get::<Shelf>(HOME), Shelf { categories: 1, products: 0 });
    let other = CategoryId(Uuid::from_u128(0xc9));
    let slug_taken = TreeError::SlugTaken { slug: "cups".into() };
    for (command, error) in [
        (category(other, "Cups", None), slug_taken),
        (category(other, "Pots", Some(UNKNOWN)), TreeError::UnknownParent { parent_id: UNKNOWN }),
        (category(other, "Pots", Some(other)), TreeError::Cycle),
        (category(CUPS, "Pots", None), CategoryError::AlreadyExists.into()),
    ] {
        assert_eq!(shop.decide(|it| create_category(it, &command)), Err(error));
    }
}

#[test]
fn a_category_is_never_part_of_itself() {
    let mut shop = tree();
    for (id, parent) in [(HOME, HOME), (HOME, KITCHEN), (HOME, CUPS), (KITCHEN, CUPS)] {
        let refused = shop.decide(|it| revise_category(it, &moved(id, Change::To(parent))));
        assert_eq!(refused, Err(TreeError::Cycle));
    }
    let refused = shop.decide(|it| revise_category(it, &moved(CUPS, Change::To(UNKNOWN))));
    assert_eq!(refused, Err(TreeError::UnknownParent { parent_id: UNKNOWN }));
}

#[test]
fn the_tree_is_bounded() {
    let mut shop = shop();
    let id = |n: usize| CategoryId(Uuid::from_u128(0xd00 + n as u128));
    for n in 0..=MOST_ANCESTORS {
        let parent = n.checked_sub(1).map(id);
        shop.decide(|it| create_category(it, &category(id(n), &format!("c{n}"), parent))).unwrap();
    }
    let parent = Some(id(MOST_ANCESTORS));
    let refused = shop.decide(|it| create_category(it, &category(UNKNOWN, "deeper", parent)));
    assert_eq!(refused, Err(TreeError::TooDeep));
}

#[test]
fn a_category_moves_with_its_names() {
    let mut shop = tree();
    shop.decide(|it| revise_category(it, &moved(CUPS, Change::To(HOME)))).unwrap();
    assert_eq!(shop.get::<Shelf>(KITCHEN), Shelf::default());
    assert_eq!(shop.get::<Shelf>(HOME), Shelf { categories: 2, products: 0 });
    shop.decide(|it| revise_category(it, &moved(CUPS, Change::Clear))).unwrap();
    assert_eq!(shop.get::<Shelf>(HOME), Shelf { categories: 1, products: 0 });

    let renamed = CategoryChanges { slug: Some("mugs".into()), ..CategoryChanges::default() };
    shop.decide(|it| revise_category(it, &ReviseCategory { category_id: CUPS, changes: renamed.clone() }))
        .unwrap();
    assert_eq!(shop.get::<Claim>(claim::category("cups")).owner, None);
    assert_eq!(shop.get::<Claim>(claim::category("mugs")).owner, Some(CUPS.to_string()));
    let taken = CategoryChanges { slug: Some("home".into()), ..CategoryChanges::default() };
    let refused =
        shop.decide(|it| revise_category(it, &ReviseCategory { category_id: CUPS, changes: taken.clone() }));
    assert_eq!(refused, Err(TreeError::SlugTaken { slug: "home".into() }));
}

#[test]
fn only_an_empty_category_is_removed() {
    let mut shop = tree();
    let not_empty = |products, categories| Err(TreeError::NotEmpty { products, categories });
    assert_eq!(shop.decide(|it| remove_category(it, HOME)), not_empty(0, 1));
    shop.decide(|it| create_product(it, &cup_in("cups"))).unwrap();
    assert_eq!(shop.decide(|it| remove_category(it, CUPS)), not_empty(1, 0));
    shop.decide(|it| withdraw_product(it, NOWHERE)).unwrap();
    shop.decide(|it| remove_category(it, CUPS)).unwrap();
    assert_eq!(shop.get::<Shelf>(KITCHEN), Shelf::default());
    assert_eq!(shop.get::<Claim>(claim::category("cups")).owner, None);
    assert_eq!(shop.decide(|it| remove_category(it, CUPS)), Err(CategoryError::NotFound.into()));
    let into_it = shop.decide(|it| create_category(it, &category(UNKNOWN, "Pots", Some(CUPS))));
    assert_eq!(into_it, Err(TreeError::UnknownParent { parent_id: CUPS }));
}

#[test]
fn a_category_is_kept_by_products_that_have_a_word_for_it() {
    let to = |word: &str| {
        revise(ProductChanges { category: Change::To(word.into()), ..ProductChanges::default() })
    };
    let named = |shop: &mut InMemory, name: &str| {
        let CreateCategory { category_id, details } = category(UNKNOWN, name, None);
        let details = CategoryDetails { slug: "tea".into(), ..details };
        let create = CreateCategory { category_id, details };
        shop.decide(|it| create_category(it, &create)).unwrap();
    };
    let not_empty = Err(TreeError::NotEmpty { products: 1, categories: 0 });

    // By its name, which is unlike its slug; and by its slug, if the product came before the category.
    for word in [" tea & Coffee", "Tea"] {
        let mut shop = tree();
        shop.decide(|it| create_product(it, &cup_in(word))).unwrap();
        named(&mut shop, "Tea & coffee");
        assert_eq!(shop.decide(|it| remove_category(it, UNKNOWN)), not_empty, "{word}");
        shop.decide(|it| revise_product(it, &to("Something else"))).unwrap();
        shop.decide(|it| remove_category(it, UNKNOWN)).unwrap();
    }
    // The word is another category's slug: the product is in that one.
    let mut shop = tree();
    shop.decide(|it| remove_category(it, CUPS)).unwrap();
    shop.decide(|it| create_product(it, &cup_in("Cups"))).unwrap();
    shop.decide(|it| create_category(it, &category(CategoryId(Uuid::from_u128(0xc4)), "Cups", None)))
        .unwrap();
    named(&mut shop, "Cups");
    shop.decide(|it| remove_category(it, UNKNOWN)).unwrap();
    // A product that is withdrawn keeps nothing.
    let fourth = CategoryId(Uuid::from_u128(0xc4));
    assert_eq!(shop.decide(|it| remove_category(it, fourth)), not_empty);
    shop.decide(|it| withdraw_product(it, NOWHERE)).unwrap();
    shop.decide(|it| remove_category(it, fourth)).unwrap();
}

#[test]
fn a_product_finds_its_category_by_id_slug_and_name_and_keeps_a_word_of_its_own() {
    let id = CUPS.to_string();
    for (word, name, found) in [
        (id.as_str(), "Cups", Some(CUPS)),
        ("cups", "Cups", Some(CUPS)),
        ("CUPS", "Cups", Some(CUPS)),
        ("cat-002", "cat-002", None),
    ] {
        let mut shop = tree().cold();
        shop.decide(|it| create_product(it, &cup_in(word))).unwrap();
        let cup = cup(&shop);
        assert_eq!((cup.category.as_deref(), cup.category_id), (Some(name), found), "{word}");
        assert_eq!(shop.get::<Shelf>(CUPS).products, u64::from(found.is_some()));
    }
    let unknown = tree().decide(|it| create_product(it, &cup_in(&UNKNOWN.to_string())));
    assert_eq!(unknown, Err(CatalogError::UnknownCategory { category_id: UNKNOWN }));
}

#[test]
fn a_product_moves_between_categories() {
    let mut shop = tree();
    shop.decide(|it| create_product(it, &cup_in("cups"))).unwrap();
    let to = |category| revise(ProductChanges { category, ..ProductChanges::default() });
    let shelves = |shop: &InMemory| [HOME, CUPS].map(|id| shop.get::<Shelf>(id).products);
    shop.decide(|it| revise_product(it, &to(Change::To("home".into())))).unwrap();
    assert_eq!(shelves(&shop), [1, 0]);
    shop.decide(|it| revise_product(it, &to(Change::Keep))).unwrap();
    assert_eq!((shelves(&shop), made(&shop).len()), ([1, 0], 0));
    shop.decide(|it| revise_product(it, &to(Change::Clear))).unwrap();
    assert_eq!((shelves(&shop), cup(&shop).category), ([0, 0], None));
}

#[test]
fn a_new_name_is_claimed_and_the_old_one_given_back() {
    let mut shop = tree();
    shop.decide(|it| create_product(it, &cup_in("cups"))).unwrap();
    let (sku, slug) = (Some("CUP-2".to_owned()), Some("cup-2".to_owned()));
    let renamed = revise(ProductChanges { sku, slug, ..ProductChanges::default() });
    shop.decide(|it| revise_product(it, &renamed)).unwrap();
    let owner = |shop: &InMemory, name: String| shop.get::<Claim>(name).owner;
    assert_eq!(owner(&shop, claim::slug("cup")), None);
    assert_eq!(owner(&shop, claim::sku(SELLER, "CUP")), None);
    assert_eq!(owner(&shop, claim::slug("cup-2")), Some(NOWHERE.to_string()));

    let mut other = cup_in("cups");
    other.product_id = ProductId(Uuid::from_u128(0x7));
    shop.decide(|it| create_product(it, &other)).unwrap();
    let taken = revise(ProductChanges { slug: Some("cup".into()), ..ProductChanges::default() });
    let refused = shop.decide(|it| revise_product(it, &taken));
    assert_eq!(refused, Err(CatalogError::SlugTaken { slug: "cup".into() }));
    let taken = revise(ProductChanges { sku: Some("CUP".into()), ..ProductChanges::default() });
    let refused = shop.decide(|it| revise_product(it, &taken));
    assert_eq!(refused, Err(CatalogError::SkuTaken { sku: "CUP".into() }));
    shop.decide(|it| withdraw_product(it, NOWHERE)).unwrap();
    assert_eq!(owner(&shop, claim::slug("cup-2")), None);
    let refused = shop.decide(|it| revise_product(it, &renamed));
    assert_eq!(refused, Err(ProductError::NotFound.into()));
}

#[test]
fn stock_is_set_by_an_adjustment_in_the_same_append() {
    let mut shop = tree();
    shop.decide(|it| create_product(it, &cup_in("cups"))).unwrap();
    let changes = ProductChanges { name: Some("Big cup".into()), ..ProductChanges::default() };
    let set = ReviseProduct { stock: Some(3), ..revise(changes) };
    shop.decide(|it| revise_product(it, &set)).unwrap();
    assert_eq!(made(&shop), [("products", "ProductRevised"), ("inventory", "StockAdjusted")]);
    assert_eq!(stock(&shop, NOWHERE), (3, 0));
    shop.decide(|it| revise_product(it, &set)).unwrap();
    assert_eq!(made(&shop), []);
}

#[test]
fn a_discount_keeps_the_price_before_it_to_show() {
    let discount = |price: Option<i64>, discounted| {
        let (price, discount_price) = (price.map(usd), Some(usd(discounted)));
        revise(ProductChanges { price, discount_price, ..ProductChanges::default() })
    };
    let mut shop = tree();
    shop.decide(|it| create_product(it, &cup_in("cups"))).unwrap();
    for (price, discounted, then) in [
        (None, 400, (400, Some(500))),
        (None, 300, (300, Some(500))),
        (Some(300), 300, (300, Some(500))),
        (Some(800), 600, (600, Some(800))),
    ] {
        shop.decide(|it| revise_product(it, &discount(price, discounted))).unwrap();
        let cup = cup(&shop);
        assert_eq!((cup.price.amount, cup.compare_at_price.map(|it| it.amount)), then);
    }
    let refused = shop.decide(|it| revise_product(it, &discount(Some(300), 301)));
    assert_eq!(refused, Err(ProductError::DiscountAbovePrice.into()));
}

#[test]
fn what_is_hidden_is_kept_and_not_for_sale() {
    let mut shop = tree();
    shop.decide(|it| create_product(it, &cup_in("cups"))).unwrap();
    for hidden in [true, false] {
        let changes = ProductChanges { hidden: Some(hidden), ..ProductChanges::default() };
        shop.decide(|it| revise_product(it, &revise(changes.clone()))).unwrap();
        let product = shop.get::<Product>(NOWHERE);
        assert_eq!((product.on_sale().is_none(), product.kept().is_some()), (hidden, true));
    }
}

#[test]
fn related_products_are_there_and_others() {
    let mut shop = tree();
    shop.decide(|it| create_product(it, &cup_in("cups"))).unwrap();
    let related = |ids: &[ProductId]| {
        revise(ProductChanges { related: Some(ids.to_vec()), ..ProductChanges::default() })
    };
    shop.decide(|it| revise_product(it, &related(&[MUG, NOWHERE, POT, MUG]))).unwrap();
    assert_eq!(cup(&shop).related, [MUG, POT]);
    let refused = shop.decide(|it| revise_product(it, &related(&[JAR])));
    assert_eq!(refused, Err(CatalogError::UnknownRelated { product_id: JAR }));
}
