//! What is found and counted is what going through all products gives.

use std::collections::{BTreeMap, BTreeSet};

use domain::Currency;
use domain::category::{CategoryDetails, CategoryEvent};
use domain::ids::CategoryId;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};

use super::super::Facets;
use super::*;

/// The tree: chairs are furniture. What else sellers say is only a word.
const FURNITURE: CategoryId = CategoryId(Uuid::from_u128(0xca7_0011));
const CHAIRS: CategoryId = CategoryId(Uuid::from_u128(0xca7_0012));
const OTHER_SELLER: SellerId = SellerId(Uuid::from_u128(78));

/// A product as it is in the end.
struct Thing {
    id: u128,
    details: ProductDetails,
    stock: i64,
    is_shown: bool,
}

/// What has a list of counts of its own.
#[derive(Clone, Copy, PartialEq)]
enum Facet {
    Category,
    Brand,
    Price,
    Stock,
}

impl Thing {
    /// What its category is called: the tree's name, or else the seller's word.
    fn category(&self) -> Option<String> {
        match (self.details.category_id, self.details.category.as_deref()) {
            (Some(FURNITURE), _) => Some("Furniture".to_owned()),
            (Some(_), _) | (None, Some("chairs")) => Some("Chairs".to_owned()),
            (None, word) => word.map(str::to_lowercase),
        }
    }

    fn brand(&self) -> Option<String> {
        self.details.brand.as_deref().map(str::to_lowercase)
    }

    fn has(&self, word: &str) -> bool {
        let name = self.details.name.split(' ');
        name.chain(self.details.tags.iter().map(String::as_str)).any(|it| it.eq_ignore_ascii_case(word))
    }
}

/// A currency by its code.
fn currency(code: &str) -> Currency {
    code.parse().unwrap()
}

/// Whether a price is at least another: none of another currency is.
fn is_at_least(price: Money, least: Money) -> bool {
    price.currency == least.currency && price.amount >= least.amount
}

/// The categories that a word asks for.
fn asked(word: &str) -> Vec<String> {
    let names = match word.to_lowercase() {
        word if word == "furniture" || word == FURNITURE.to_string() => vec!["Furniture", "Chairs"],
        word if word == "chairs" => vec!["Chairs"],
        word => return vec![word],
    };
    names.into_iter().map(str::to_owned).collect()
}

/// Whether a product is wanted, by all filters but this one.
fn is_wanted(thing: &Thing, query: &SearchQuery, but: Option<Facet>) -> bool {
    let passes = |facet: Facet, passes: bool| but == Some(facet) || passes;
    let one_of = |lists: &Option<Vec<String>>, of: &dyn Fn(&str) -> bool| {
        lists.as_ref().is_none_or(|all| all.iter().any(|it| of(it)))
    };
    let details = &thing.details;
    thing.is_shown
        && query.text.as_ref().is_none_or(|word| thing.has(word))
        && query.tag.as_ref().is_none_or(|tag| details.tags.iter().any(|it| it.eq_ignore_ascii_case(tag)))
        && query.seller.is_none_or(|seller| details.seller_id == seller)
        && query.currency.is_none_or(|currency| details.price.currency == currency)
        && query.featured.is_none_or(|featured| details.featured == featured)
        && passes(Facet::Stock, query.in_stock.is_none_or(|in_stock| (thing.stock > 0) == in_stock))
        && passes(Facet::Price, query.min_price.is_none_or(|least| is_at_least(details.price, least)))
        && passes(Facet::Price, query.max_price.is_none_or(|most| is_at_least(most, details.price)))
        && passes(Facet::Brand, one_of(&query.brands, &|brand| thing.brand() == Some(brand.to_lowercase())))
        && passes(
            Facet::Category,
            one_of(&query.categories, &|word| thing.category().is_some_and(|it| asked(word).contains(&it))),
        )
}

/// A result, counted: categories, brands, prices from where (in whole units) to where, in stock and not.
#[derive(Debug, Default, PartialEq)]
struct Counts {
    categories: BTreeMap<String, usize>,
    brands: BTreeMap<String, usize>,
    prices: BTreeMap<(i64, Option<i64>), usize>,
    stock: [usize; 2],
}

impl Counts {
    fn of(things: &[Thing], query: &SearchQuery) -> Self {
        const STEPS: [i64; 14] =
            [0, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 100_000];
        let wanted = |but| things.iter().filter(move |thing| is_wanted(thing, query, Some(but)));
        let mut counts = Self::default();
        for category in wanted(Facet::Category).filter_map(Thing::category) {
            // What is in a category is in those above it.
            if category == "Chairs" {
                *counts.categories.entry("furniture".to_owned()).or_default() += 1;
            }
            *counts.categories.entry(category.to_lowercase()).or_default() += 1;
        }
        for brand in wanted(Facet::Brand).filter_map(Thing::brand) {
            *counts.brands.entry(brand).or_default() += 1;
        }
        let unit = |currency: Currency| 10_i64.pow(currency.decimals());
        for price in wanted(Facet::Price).map(|thing| thing.details.price) {
            if Some(price.currency) != query.prices_in {
                continue;
            }
            let step = STEPS.iter().rposition(|from| from * unit(price.currency) <= price.amount).unwrap();
            let last = STEPS.get(step + 1).map(|next| next * unit(price.currency) - 1);
            *counts.prices.entry((STEPS[step], last)).or_default() += 1;
        }
        for thing in wanted(Facet::Stock) {
            counts.stock[usize::from(thing.stock <= 0)] += 1;
        }
        counts
    }

    fn told(facets: Facets) -> Self {
        let (categories, brands) = (facets.categories.len(), facets.brands.len());
        let counts = Self {
            categories: facets.categories.into_iter().map(|it| (it.name.to_lowercase(), it.count)).collect(),
            brands: facets.brands.into_iter().map(|it| (it.name.to_lowercase(), it.count)).collect(),
            prices: facets
                .prices
                .into_iter()
                .map(|it| ((it.from, it.to.map(|to| to.amount)), it.count))
                .collect(),
            stock: [facets.in_stock, facets.out_of_stock],
        };
        assert_eq!(
            (counts.categories.len(), counts.brands.len()),
            (categories, brands),
            "each is there once"
        );
        counts
    }
}

fn price(random: &mut StdRng) -> Money {
    let (yen, pounds) = (currency("JPY"), currency("GBP"));
    match random.random_range(0..10) {
        0 => Money::new(random.random_range(0..150_000), yen),
        // Just where a range begins, or just before.
        1 => Money::new([500, 499, 10_000, 9_999, 2_500_000, 10_000_000][random.random_range(0..6)], pounds),
        _ => Money::new(random.random_range(1..100) * 10_i64.pow(random.random_range(0..6)), pounds),
    }
}

fn random_details(random: &mut StdRng) -> ProductDetails {
    let name = ["Red lamp", "Green lamp", "Red box", "Wide box"].choose(random).unwrap();
    let mut it = details(name, "", 0);
    it.price = price(random);
    it.seller_id = *[SELLER, OTHER_SELLER].choose(random).unwrap();
    let brands = [None, Some("Acme"), Some("ACME"), Some("Bright"), Some("Zeta")];
    it.brand = brands.choose(random).unwrap().map(str::to_owned);
    let words = [None, Some("Office"), Some("garden"), Some("GARDEN"), Some("chairs")];
    it.category = words.choose(random).unwrap().map(str::to_owned);
    it.category_id = *[None, None, Some(FURNITURE), Some(CHAIRS)].choose(random).unwrap();
    let tags: [&[&str]; 4] = [&[], &["Sale"], &["Gift"], &["sale", "gift"]];
    it.tags = tags.choose(random).unwrap().iter().map(|&tag| tag.to_owned()).collect();
    it.featured = random.random_bool(0.2);
    it.hidden = random.random_bool(0.1);
    it
}

fn categories() -> Vec<Happened> {
    let details = |name: &str, parent_id| CategoryDetails {
        name: name.to_owned(),
        slug: name.to_lowercase(),
        description: None,
        image: None,
        parent_id,
        sort_order: 0,
    };
    let made = |id: CategoryId, details| Happened {
        aggregate_id: id.0,
        sequence: 1,
        occurred_at: happened_at(0),
        event: Stored::Category(CategoryEvent::CategoryCreated(details)),
    };
    vec![made(FURNITURE, details("Furniture", None)), made(CHAIRS, details("Chairs", Some(FURNITURE)))]
}

/// So many products, some of them revised, withdrawn or sold out, and what happened to them.
fn things(count: u32, random: &mut StdRng) -> (Vec<Thing>, Vec<Happened>) {
    let (mut things, mut events) = (Vec::new(), categories());
    for n in 1..=count {
        let mut thing = Thing { id: n.into(), details: random_details(random), stock: 0, is_shown: true };
        events.push(created(n, thing.details.clone()));
        let mut sequence = 1;
        if random.random_bool(0.3) {
            sequence += 1;
            thing.details = random_details(random);
            let revised = ProductEvent::ProductRevised(Box::new(thing.details.clone()));
            events.push(happened(n, sequence, Stored::Product(revised)));
        }
        if random.random_bool(0.7) {
            let (received_units, reserved_units) = (random.random_range(1..4), random.random_range(1..4));
            events.push(received(n, 1, received_units));
            thing.stock = i64::try_from(received_units).unwrap();
            if reserved_units <= received_units {
                events.push(reserved(n, 2, reserved_units));
                thing.stock -= i64::try_from(reserved_units).unwrap();
            }
        }
        thing.is_shown = !thing.details.hidden;
        if random.random_bool(0.1) {
            let withdrawn = Stored::Product(ProductEvent::ProductWithdrawn {});
            events.push(happened(n, sequence + 1, withdrawn));
            thing.is_shown = false;
        }
        things.push(thing);
    }
    (things, events)
}

/// Each filter is there about every third time.
fn random_query(random: &mut StdRng) -> SearchQuery {
    let some = |random: &mut StdRng, of: &[&str]| {
        random.random_bool(0.35).then(|| (*of.choose(random).unwrap()).to_owned())
    };
    let several = |random: &mut StdRng, of: &[&str]| {
        random.random_bool(0.35).then(|| {
            let count = random.random_range(1..3);
            of.choose_multiple(random, count).map(|it| (*it).to_owned()).collect::<Vec<_>>()
        })
    };
    let furniture = FURNITURE.to_string();
    let categories = ["Furniture", &furniture, "CHAIRS", "office", "Garden", "unheard"];
    SearchQuery {
        text: some(random, &["lamp", "red", "sale", "gift"]),
        brands: several(random, &["acme", "BRIGHT", "Zeta", "unheard"]),
        categories: several(random, &categories),
        tag: some(random, &["sale", "GIFT"]),
        seller: random.random_bool(0.2).then_some(OTHER_SELLER),
        min_price: random.random_bool(0.3).then(|| price(random)),
        max_price: random.random_bool(0.3).then(|| price(random)),
        currency: random.random_bool(0.1).then(|| currency("JPY")),
        prices_in: [None, Some(currency("GBP")), Some(currency("JPY"))].choose(random).copied().flatten(),
        in_stock: random.random_bool(0.3).then(|| random.random()),
        featured: random.random_bool(0.1).then(|| random.random()),
        limit: 1_000,
        ..SearchQuery::default()
    }
}

/// How many products were found.
fn compare(index: &Feed, things: &[Thing], query: &SearchQuery, when: &str) -> usize {
    let wanted = things.iter().filter(|thing| is_wanted(thing, query, None));
    let wanted: BTreeSet<u128> = wanted.map(|thing| thing.id).collect();
    for facets in [false, true] {
        let page = ask(index, &SearchQuery { facets, ..query.clone() });
        assert_eq!((page.total, page.hits.len()), (wanted.len(), wanted.len()), "{when}: {query:?}");
        assert_eq!(ids(&page).into_iter().collect::<BTreeSet<_>>(), wanted, "{when}: {query:?}");
        let told = page.facets.map(Counts::told);
        assert_eq!(told, facets.then(|| Counts::of(things, query)), "{when}: {query:?}");
        // The counts are of all of it, however little is shown.
        let first = ask(index, &SearchQuery { facets, limit: 1, ..query.clone() });
        assert_eq!((first.total, first.facets.map(Counts::told)), (page.total, told));
    }
    wanted.len()
}

#[test]
fn what_is_found_and_counted_is_what_going_through_all_products_gives() {
    let mut found = 0;
    for seed in 0..8 {
        let mut random = StdRng::seed_from_u64(seed);
        let (things, events) = things(250, &mut random);
        let folder = TempDir::new().unwrap();
        let mut index = open(folder.path());
        let (earlier, later) = events.split_at(events.len() * 2 / 3);
        feed(&mut index, earlier.to_vec(), 1);
        index.commit().unwrap();
        feed(&mut index, later.to_vec(), 2);
        let queries: Vec<_> = (0..40).map(|_| random_query(&mut random)).collect();
        for when in ["a part of it in memory", "all of it on disk", "opened again"] {
            match when {
                "all of it on disk" => index.commit().unwrap(),
                "opened again" => {
                    drop(index);
                    index = open(folder.path());
                }
                _ => {}
            }
            for query in &queries {
                found += usize::from(compare(&index, &things, query, &format!("{when}, seed {seed}")) > 0);
            }
        }
    }
    assert!(found > 400, "only {found} of 960 queries find something");
}
