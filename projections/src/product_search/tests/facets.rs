//! What a facet says is what picking it gives.

use domain::category::{CategoryDetails, CategoryEvent};

use super::super::Facets;
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
        of(6, "Toys"),
    ];
    feed(&mut index, events, 10);
    let told = counted(&index, text("lamp")).categories;
    let named: Vec<_> = told.iter().map(|it| format!("{} {}", it.name, it.count)).collect();
    assert_eq!(named, ["Garden 5", "Mowers 3", "Robots 2", "Hoses 1", "toys 1"]);
    for facet in told {
        let ways = facet.category.iter().flat_map(|it| [it.id.to_string(), it.slug.clone()]);
        for picked in ways.chain([facet.name.clone()]) {
            let query = SearchQuery { categories: Some(vec![picked.clone()]), ..text("lamp") };
            assert_eq!(found(&index, query).len(), facet.count, "{picked}");
        }
    }
}
