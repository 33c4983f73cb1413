//! Filters, counts, orders and pages.

use super::finding::named;
use super::*;

#[test]
fn filters_narrow_and_sorts_order() {
    let folder = TempDir::new().unwrap();
    let feed = opened(folder.path());
    let all = SearchQuery::default;
    let gbp = |amount| Some(Money::new(amount, "GBP".parse().unwrap()));
    assert_eq!(
        found(&feed, SearchQuery { categories: Some(vec!["outdoor ".into(), "none".into()]), ..all() }),
        [3]
    );
    assert_eq!(found(&feed, SearchQuery { tag: Some("sale".into()), ..all() }), [3]);
    assert_eq!(found(&feed, SearchQuery { featured: Some(true), ..all() }), [3]);
    assert_eq!(found(&feed, SearchQuery { in_stock: Some(false), ..all() }), [3]);
    assert_eq!(found(&feed, SearchQuery { in_stock: Some(true), ..text("lamp") }), [2, 1]);
    assert_eq!(found(&feed, SearchQuery { min_price: gbp(500), max_price: gbp(1500), ..all() }), [2, 1]);
    assert_eq!(found(&feed, SearchQuery { min_price: gbp(501), ..all() }), [3, 2]);
    // No number of yen is one of pounds.
    let yen = |amount| Some(Money::new(amount, "JPY".parse().unwrap()));
    assert!(found(&feed, SearchQuery { min_price: yen(15), max_price: yen(15), ..all() }).is_empty());
    assert_eq!(found(&feed, SearchQuery { seller: Some(SELLER), ..all() }).len(), 3);
    assert!(found(&feed, SearchQuery { seller: Some(SellerId(Uuid::nil())), ..all() }).is_empty());
    let sorted = |sort| found(&feed, SearchQuery { sort, ..all() });
    assert_eq!(sorted(Sort::PriceAscending), [1, 2, 3]);
    assert_eq!(sorted(Sort::PriceDescending), [3, 2, 1]);
    assert_eq!(sorted(Sort::NameAscending), [2, 1, 3]);
    assert_eq!(sorted(Sort::NameDescending), [3, 1, 2]);
    assert_eq!(sorted(Sort::Newest), [3, 2, 1]);
    assert_eq!(sorted(Sort::Oldest), [1, 2, 3]);
}

/// Page by page.
fn by_name(index: &Feed, sort: Sort) -> Vec<u128> {
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let page = ask(index, &SearchQuery { sort, after, limit: 2, ..SearchQuery::default() });
        all.extend(ids(&page));
        let Some(next) = page.next else { return all };
        after = Some(next.to_string().parse().unwrap());
    }
}

#[test]
fn names_are_in_the_order_of_a_dictionary_from_page_to_page_and_after_a_restart() {
    let folder = TempDir::new().unwrap();
    let names = ["Zebra", "apple", "Ärmel", "Lamp 10", "Lamp 9", "Apfel", "lamp 9", "Apfel"];
    let mut index = named(&folder, &names);
    for when in ["in memory", "on disk", "after a restart"] {
        assert_eq!(by_name(&index, Sort::NameAscending), [8, 6, 2, 3, 7, 5, 4, 1], "{when}");
        assert_eq!(by_name(&index, Sort::NameDescending), [1, 4, 5, 7, 3, 2, 8, 6], "{when}");
        index.commit().unwrap();
        if when == "on disk" {
            drop(index);
            index = open(folder.path());
        }
    }
}

#[test]
fn a_sellers_list_follows_what_it_has() {
    let folder = TempDir::new().unwrap();
    let mut index = open(folder.path());
    let other = SellerId(Uuid::from_u128(78));
    let of = |seller, hidden| {
        let mut lamp = details("Lamp", "", 100);
        (lamp.seller_id, lamp.hidden) = (seller, hidden);
        Box::new(lamp)
    };
    let (came, now) = (
        |lamp| Stored::Product(ProductEvent::ProductCreated(lamp)),
        |lamp| Stored::Product(ProductEvent::ProductRevised(lamp)),
    );
    let gone = Stored::Product(ProductEvent::ProductWithdrawn {});
    for (position, event, ours, others) in [
        (1, happened(1, 1, came(of(SELLER, false))), &[1][..], &[][..]),
        (2, happened(2, 1, came(of(SELLER, false))), &[2, 1], &[]),
        (3, happened(3, 1, came(of(other, true))), &[2, 1], &[]),
        (4, happened(3, 2, now(of(other, false))), &[2, 1], &[3]),
        (5, happened(1, 2, now(of(other, false))), &[2], &[3, 1]),
        (6, happened(2, 2, now(of(SELLER, true))), &[], &[3, 1]),
        (7, happened(2, 3, now(of(SELLER, false))), &[2], &[3, 1]),
        (8, happened(3, 3, gone), &[2], &[1]),
    ] {
        feed(&mut index, vec![event], position);
        let of =
            |seller, sort| found(&index, SearchQuery { seller: Some(seller), sort, ..Default::default() });
        assert_eq!(of(SELLER, Sort::Newest), ours, "at {position}");
        assert_eq!(of(other, Sort::Newest), others, "at {position}");
        let oldest: Vec<u128> = others.iter().rev().copied().collect();
        assert_eq!(of(other, Sort::Oldest), oldest, "at {position}");
    }
    index.commit().unwrap();
    drop(index);
    let index = open(folder.path());
    let of = |seller| found(&index, SearchQuery { seller: Some(seller), ..Default::default() });
    assert_eq!((of(SELLER), of(other)), (vec![2], vec![1]));
}

#[test]
fn pages_do_not_overlap_and_a_page_beyond_the_end_is_empty() {
    let folder = TempDir::new().unwrap();
    let mut opened = open(folder.path());
    for n in 1..=25 {
        feed(&mut opened, vec![created(n, details("Same lamp", "", 100))], n.into());
        if n % 4 == 0 {
            opened.commit().unwrap();
        }
    }
    opened.commit().unwrap();
    for sort in [Sort::Relevance, Sort::PriceAscending, Sort::NameDescending] {
        let mut ids = Vec::new();
        for offset in [0, 10, 20, 30, usize::MAX] {
            let page = ask(&opened, &SearchQuery { sort, offset, limit: 10, ..text("lamp") });
            assert_eq!(page.total, 25);
            ids.extend(super::ids(&page));
        }
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 25, "{sort:?}");
    }
}

#[test]
fn a_list_goes_on_where_it_was_left_while_products_come_and_go() {
    let folder = TempDir::new().unwrap();
    let mut index = open(folder.path());
    let lamp = |n: u32| created(n, details("Same lamp", "", 100 + i64::from(n % 7)));
    feed(&mut index, (1..=60).map(lamp).collect(), 60);
    for sort in
        [Sort::Relevance, Sort::PriceAscending, Sort::PriceDescending, Sort::NameDescending, Sort::Newest]
    {
        let before: Vec<u128> = ids(&ask(&index, &SearchQuery { sort, limit: 100, ..text("lamp") }));
        let mut seen = Vec::new();
        let mut after = None;
        for round in 0.. {
            let page = ask(&index, &SearchQuery { sort, after, limit: 7, ..text("lamp") });
            seen.extend(ids(&page));
            let Some(next) = page.next else { break };
            after = Some(next.to_string().parse().unwrap());
            // A product comes and goes between two pages.
            let guest = 1000 + round;
            let position = index.head().position;
            feed(&mut index, vec![lamp(guest)], position + 1);
            let gone = happened(guest, 2, Stored::Product(ProductEvent::ProductWithdrawn {}));
            feed(&mut index, vec![gone], position + 2);
        }
        assert_eq!(seen, before, "{sort:?}");
    }
}

#[test]
fn a_list_by_relevance_goes_on_where_it_was_left_when_another_product_moves_all_scores() {
    let folder = TempDir::new().unwrap();
    let mut index = open(folder.path());
    let lamps = (1..=100).map(|n| created(n, details("Same lamp", "", 100)));
    feed(&mut index, lamps.collect(), 100);
    let first = ask(&index, &SearchQuery { limit: 20, ..text("lamp") });
    let mut seen = ids(&first);
    let other = details("Sofa", "Wide and soft, for three who like to sit", 900);
    feed(&mut index, vec![created(101, other)], 101);
    let again = ask(&index, &SearchQuery { limit: 20, ..text("lamp") });
    assert_ne!(again.next, first.next, "the scores are others now");
    let mut next = first.next;
    for page in 2..=5 {
        let after = next.map(|place| place.to_string().parse().unwrap());
        assert!(after.is_some(), "there is a page {page}");
        let page = ask(&index, &SearchQuery { after, limit: 20, ..text("lamp") });
        seen.extend(ids(&page));
        next = page.next;
    }
    assert_eq!(next, None);
    assert_eq!(seen, (1..=100).rev().collect::<Vec<u128>>());
}

#[test]
fn a_list_by_relevance_goes_on_where_it_was_left_when_the_last_product_seen_changes() {
    let described = |name: &str| ProductEvent::ProductRevised(Box::new(details(name, "", 100)));
    for (change, event) in [
        ("it is withdrawn", Stored::Product(ProductEvent::ProductWithdrawn {})),
        ("it doesn't match any more", Stored::Product(described("Sofa, wide and soft"))),
        ("it matches better", Stored::Product(described("Lamp"))),
        ("it is there again", received(0, 1, 1).event),
    ] {
        let folder = TempDir::new().unwrap();
        let mut index = open(folder.path());
        let lamp = |n: u32| created(n, details("Same lamp", "", 100));
        feed(&mut index, (1..=60).map(lamp).collect(), 60);
        let first = ask(&index, &SearchQuery { limit: 20, ..text("lamp") });
        let mut seen = ids(&first);
        let last = u32::try_from(seen[19]).unwrap();
        let sequence = if matches!(event, Stored::Product(_)) { 2 } else { 1 };
        feed(&mut index, vec![happened(last, sequence, event)], 61);
        index.commit().unwrap();
        let mut next = first.next;
        while let Some(after) = next {
            let after = Some(after.to_string().parse().unwrap());
            let page = ask(&index, &SearchQuery { after, limit: 20, ..text("lamp") });
            seen.extend(ids(&page));
            next = page.next;
        }
        assert_eq!(seen, (1..=60).rev().collect::<Vec<u128>>(), "{change}");
    }
}

#[test]
fn a_list_by_relevance_that_goes_on_has_the_scores_that_it_began_with() {
    let folder = TempDir::new().unwrap();
    let mut index = open(folder.path());
    let names = ["Red lamp", "Lamp", "A red lamp for a desk", "Red", "Lamp red lamp", "Desk"];
    let product = |n: u32| created(n, details(names[n as usize % names.len()], "A thing", 100));
    feed(&mut index, (1..=60).map(product).collect(), 60);
    let query = || SearchQuery { limit: 7, ..text("red lamp desk") };
    let whole = ids(&ask(&index, &SearchQuery { limit: 100, ..query() }));
    let (mut seen, mut after) = (Vec::new(), None);
    for n in 61.. {
        let page = ask(&index, &SearchQuery { after, ..query() });
        seen.extend(ids(&page));
        let Some(next) = page.next else { break };
        after = Some(next.to_string().parse().unwrap());
        // Words become more frequent, and texts longer.
        let other = details("Red desk, red desk, red desk", "Long enough to be another length", 100);
        let gone = happened(n, 2, Stored::Product(ProductEvent::ProductWithdrawn {}));
        let position = index.head().position;
        feed(&mut index, vec![created(n, other)], position + 1);
        if n % 2 == 0 {
            feed(&mut index, vec![gone], position + 2);
        }
        index.commit().unwrap();
    }
    seen.retain(|id| *id <= 60);
    assert_eq!(seen, whole);
}

#[test]
fn a_result_is_counted_without_each_lists_own_filter() {
    let folder = TempDir::new().unwrap();
    let mut index = open(folder.path());
    let lamp = |n: u32, brand: &str, category: &str, price| {
        let mut lamp = details("Lamp", "", price);
        (lamp.brand, lamp.category) = (Some(brand.to_owned()), Some(category.to_owned()));
        created(n, lamp)
    };
    let events = vec![
        lamp(1, "Acme", "Desk", 300),
        lamp(2, "acme", "Desk", 700),
        lamp(3, "Acme", "Floor", 12_000),
        lamp(4, "Bright", "Floor", 900),
        received(1, 1, 1),
        received(4, 1, 2),
    ];
    feed(&mut index, events, 6);
    let facets = |query: SearchQuery| {
        let prices_in = "GBP".parse().ok();
        let page = ask(&index, &SearchQuery { facets: true, prices_in, limit: 1, ..query });
        let facets = page.facets.unwrap();
        let told = |all: Vec<(String, usize)>| {
            all.iter().map(|(n, c)| format!("{n} {c}")).collect::<Vec<_>>().join(", ")
        };
        (
            page.total,
            told(facets.categories.into_iter().map(|it| (it.name, it.count)).collect()),
            told(facets.brands.into_iter().map(|it| (it.name, it.count)).collect()),
            told(facets.prices.into_iter().map(|it| (format!("{}-", it.from), it.count)).collect()),
            (facets.in_stock, facets.out_of_stock),
        )
    };
    let own = |categories: &str, brands: &str, prices: &str| {
        (categories.to_owned(), brands.to_owned(), prices.to_owned())
    };
    let (categories, brands, prices) = own("Desk 2, Floor 2", "Acme 3, Bright 1", "0- 1, 5- 2, 100- 1");
    assert_eq!(facets(text("lamp")), (4, categories, brands, prices, (2, 2)));
    let (categories, brands, prices) = own("Desk 2, Floor 1", "Acme 3, Bright 1", "0- 1, 5- 1, 100- 1");
    let acme = SearchQuery { brands: Some(vec!["ACME".to_owned()]), ..text("lamp") };
    assert_eq!(facets(acme), (3, categories, brands, prices, (1, 2)));
    let (categories, brands, prices) = own("Desk 1, Floor 1", "Acme 1, Bright 1", "0- 1, 5- 1");
    let there = SearchQuery { in_stock: Some(true), ..SearchQuery::default() };
    assert_eq!(facets(there), (2, categories, brands, prices, (2, 2)));
}

#[test]
fn what_has_no_brand_and_no_category_is_found_by_no_empty_one() {
    let folder = TempDir::new().unwrap();
    let mut index = open(folder.path());
    let mut none = details("Lamp", "", 1);
    (none.brand, none.category) = (None, None);
    let mut both = none.clone();
    (both.brand, both.category) = (Some("Acme".to_owned()), Some("Desk".to_owned()));
    feed(&mut index, vec![created(1, none), created(2, both)], 2);
    let words = |words: &[&str]| Some(words.iter().map(|&word| word.to_owned()).collect());
    for (wanted, expected) in [(&[""][..], vec![]), (&["", "Acme", "Desk"], vec![2])] {
        for facets in [false, true] {
            let brands = Some(vec![wanted.join(",")]);
            let brands = SearchQuery { brands, facets, ..SearchQuery::default() };
            let categories = SearchQuery { categories: words(wanted), facets, ..SearchQuery::default() };
            assert_eq!(found(&index, brands), expected, "{wanted:?}");
            assert_eq!(found(&index, categories), expected, "{wanted:?}");
        }
    }
}

#[test]
fn a_brand_with_a_comma_in_its_name_can_be_asked_for() {
    let folder = TempDir::new().unwrap();
    let mut index = open(folder.path());
    for (n, brand) in (1..).zip(["Acme, Inc.", "Acme", "Bright"]) {
        let mut lamp = details("Lamp", "", 100);
        lamp.brand = Some(brand.to_owned());
        feed(&mut index, vec![created(n, lamp)], n.into());
    }
    for (list, expected) in [
        ("Acme, Inc.", vec![1]),
        ("acme, INC. , bright", vec![3, 1]),
        ("acme,bright", vec![3, 2]),
        ("Inc.", vec![]),
    ] {
        for facets in [false, true] {
            let brands = Some(vec![list.to_owned()]);
            let query = SearchQuery { brands, facets, ..SearchQuery::default() };
            assert_eq!(found(&index, query), expected, "{list}");
        }
    }
    let mut hidden = details("Lamp", "", 100);
    hidden.brand = Some("Acme,Bright".to_owned());
    hidden.hidden = true;
    feed(&mut index, vec![created(4, hidden)], 4);
    let brands = Some(vec!["acme,bright".to_owned()]);
    let query = SearchQuery { brands, ..SearchQuery::default() };
    assert_eq!(found(&index, query), vec![3, 2], "a brand that no product has is none");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    /// A list that counts nothing looks only at the products of the brands or categories that it names; one that counts
    /// looks at all.
    #[test]
    fn a_list_has_the_same_products_whether_they_are_counted_or_not(
        changes in prop::collection::vec((1_u32..12, 0_usize..4, 0_usize..3, 0_i64..5), 1..60),
        brands in prop::collection::vec(0_usize..5, 0..3), categories in prop::collection::vec(0_usize..4, 0..3),
    ) {
        const BRANDS: [Option<&str>; 4] = [Some("Acme"), Some("ACME"), Some("Bright"), None];
        const CATEGORIES: [Option<&str>; 3] = [Some("Desk"), Some("Floor"), None];
        let folder = TempDir::new().unwrap();
        let mut index = open(folder.path());
        let mut sequences = std::collections::HashMap::<u32, i64>::new();
        for (position, (n, brand, category, price)) in (1..).zip(changes) {
            let sequence = sequences.entry(n).or_default();
            *sequence += 1;
            let mut lamp = details("Lamp", "", price);
            lamp.hidden = price == 4;
            (lamp.brand, lamp.category) =
                (BRANDS[brand].map(str::to_owned), CATEGORIES[category].map(str::to_owned));
            let event = match (*sequence, price) {
                (1, _) => ProductEvent::ProductCreated(Box::new(lamp)),
                (_, 0) => ProductEvent::ProductWithdrawn {},
                _ => ProductEvent::ProductRevised(Box::new(lamp)),
            };
            feed(&mut index, vec![happened(n, *sequence, Stored::Product(event))], position);
        }
        let words = |chosen: &[usize], known: &[&str]| {
            let words = chosen.iter().map(|place| known.get(*place).copied().unwrap_or("Unheard").to_owned());
            (!chosen.is_empty()).then(|| words.collect::<Vec<_>>())
        };
        for sort in [Sort::Newest, Sort::Oldest, Sort::PriceAscending, Sort::PriceDescending] {
            let list = SearchQuery {
                brands: words(&brands, &["acme", "Bright", "bright", ""]),
                categories: words(&categories, &["desk", "FLOOR", ""]),
                sort,
                limit: 5,
                ..SearchQuery::default()
            };
            let counted = ask(&index, &SearchQuery { facets: true, ..list.clone() });
            let listed = ask(&index, &list);
            prop_assert_eq!((ids(&listed), listed.total), (ids(&counted), counted.total));
            prop_assert_eq!(listed.next, counted.next);
        }
    }
}
