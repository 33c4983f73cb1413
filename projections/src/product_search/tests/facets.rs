//! What a facet says is what picking it gives.

use domain::category::{CategoryDetails, CategoryEvent};

use super::super::{Facets, PriceCount};
use super::*;

fn category(n: u128, name: &str, parent: Option<u128>) -> Happened {
    let id = |n| Uuid::from_u128(n).into();
    let details = CategoryDetails {
        name: name.to_owned(),
        slug: name.to_lowercase(),
        description: None,
        image: None,
        parent_id: parent.map(id),
        sort_order: 0,
    };
    let event = Stored::Category(CategoryEvent::CategoryCreated(details));
    Happened { aggregate_id: Uuid::from_u128(n), sequence: 1, occurred_at: happened_at(0), event }
}

fn counted(index: &Feed, query: SearchQuery) -> Facets {
    ask(index, &SearchQuery { facets: true, limit: 1, ..query }).facets.unwrap()
}

#[test]
fn a_category_counts_the_products_of_those_below_it_too() {
    let folder = TempDir::new().unwrap();
    let mut index = open(folder.path());
    let of = |n: u32, category: &str| {
        let mut lamp = details("Lamp", "", 100);
        lamp.category = Some(category.to_owned());
        created(n, lamp)
    };
    let events = vec![
        category(101, "Garden", None),
        category(102, "Mowers", Some(101)),
        category(103, "Robots", Some(102)),
        category(104, "Hoses", Some(101)),
        of(1, "Robots"),
        of(2, "robots"),
        of(3, &Uuid::from_u128(102).to_string()),
        of(4, "hoses"),
        of(5, "Garden"),
        of(6, "toys"),
        of(7, "Toys"),
        of(8, "Toys"),
    ];
    feed(&mut index, events, 12);
    let told = counted(&index, text("lamp")).categories;
    let named: Vec<_> = told.iter().map(|it| format!("{} {}", it.name, it.count)).collect();
    assert_eq!(named, ["Garden 5", "Mowers 3", "Toys 3", "Robots 2", "Hoses 1"]);
    for facet in told {
        let ways = facet.category.iter().flat_map(|it| [it.id.to_string(), it.slug.clone()]);
        for picked in ways.chain([facet.name.clone()]) {
            let query = SearchQuery { categories: Some(vec![picked.clone()]), ..text("lamp") };
            assert_eq!(found(&index, query).len(), facet.count, "{picked}");
        }
    }
}

fn priced(n: u32, price: &str, currency: &str) -> Happened {
    let mut lamp = details("Lamp", "", 0);
    lamp.price = Money::parse(price, currency.parse().unwrap()).unwrap();
    created(n, lamp)
}

#[test]
fn a_range_of_prices_ends_one_minor_unit_before_the_next_one_begins() {
    for (currency, prices, expected) in [
        ("GBP", ["9.99", "10.00", "24.99", "25.00"], "5-9.99: 1, 10-24.99: 2, 25-49.99: 1"),
        ("JPY", ["9", "10", "24", "25"], "5-9: 1, 10-24: 2, 25-49: 1"),
        ("KWD", ["9.999", "10.000", "24.999", "100000"], "5-9.999: 1, 10-24.999: 2, 100000-: 1"),
    ] {
        let folder = TempDir::new().unwrap();
        let mut index = open(folder.path());
        let lamps = (1..).zip(prices).map(|(n, price)| priced(n, price, currency));
        feed(&mut index, lamps.collect(), 4);
        let currency = currency.parse().unwrap();
        let list = || SearchQuery { prices_in: Some(currency), ..text("lamp") };
        let ranges = counted(&index, list()).prices;
        let told = |it: &PriceCount| {
            format!("{}-{}: {}", it.from, it.to.map_or_else(String::new, |to| to.to_string()), it.count)
        };
        assert_eq!(ranges.iter().map(told).collect::<Vec<_>>().join(", "), expected);
        for range in ranges {
            let from = Money::parse(&range.from.to_string(), currency).unwrap();
            let picked = SearchQuery { min_price: Some(from), max_price: range.to, ..list() };
            assert_eq!(found(&index, picked).len(), range.count, "{range:?}");
        }
    }
}

/// Five prices of which one is a number that others have too.
fn of_all_the_world() -> Vec<Happened> {
    vec![
        priced(1, "500", "JPY"),
        priced(2, "300.00", "GBP"),
        priced(3, "25.00", "USD"),
        priced(4, "10.00", "USD"),
        priced(5, "1.234", "KWD"),
        priced(6, "300.00", "JPY"),
    ]
}

#[test]
fn prices_of_other_currencies_are_not_compared() {
    let folder = TempDir::new().unwrap();
    let mut index = open(folder.path());
    feed(&mut index, of_all_the_world(), 6);
    for _ in ["in memory", "after a restart"] {
        let usd = "USD".parse().unwrap();
        let list = || SearchQuery { prices_in: Some(usd), ..text("lamp") };
        let at_least = |amount| SearchQuery { min_price: Some(Money::new(amount, usd)), ..list() };
        assert_eq!(found(&index, at_least(400)), [4, 3]);
        assert_eq!(found(&index, at_least(1_001)), [3]);
        let at_most = SearchQuery { max_price: Some(Money::new(1_000, usd)), ..list() };
        assert_eq!(found(&index, at_most), [4]);
        let ranges = counted(&index, list()).prices;
        let told: Vec<_> = ranges.iter().map(|it| (it.from, it.currency, it.count)).collect();
        assert_eq!(told, [(10, usd, 1), (25, usd, 1)]);
        let yen = "JPY".parse().unwrap();
        let of_yen = || SearchQuery { currency: Some(yen), prices_in: Some(yen), ..text("lamp") };
        assert_eq!(found(&index, SearchQuery { sort: Sort::PriceAscending, ..of_yen() }), [6, 1]);
        assert_eq!(counted(&index, of_yen()).prices.iter().map(|it| it.count).sum::<usize>(), 2);
        index.commit().unwrap();
        drop(index);
        index = open(folder.path());
    }
}

#[test]
fn a_list_by_price_has_the_shops_currency_first_then_the_others_by_their_codes() {
    let folder = TempDir::new().unwrap();
    let mut index = open(folder.path());
    feed(&mut index, of_all_the_world(), 6);
    for (first, sort, expected) in [
        ("USD", Sort::PriceAscending, [4, 3, 2, 6, 1, 5]),
        ("USD", Sort::PriceDescending, [3, 4, 2, 1, 6, 5]),
        ("JPY", Sort::PriceAscending, [6, 1, 2, 5, 4, 3]),
        ("EUR", Sort::PriceDescending, [2, 1, 6, 5, 3, 4]),
    ] {
        let list = || SearchQuery { prices_in: Some(first.parse().unwrap()), sort, ..text("lamp") };
        assert_eq!(found(&index, list()), expected, "{first} {sort:?}");
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = ask(&index, &SearchQuery { limit: 1, after, ..list() });
            seen.extend(ids(&page));
            let Some(next) = page.next else { break };
            after = Some(next.to_string().parse().unwrap());
        }
        assert_eq!(seen, expected, "{first} {sort:?}, page by page");
    }
}
