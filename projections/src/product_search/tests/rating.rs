//! What people say of products: filtered, ordered and counted by, and never counted twice.

use domain::ids::UserId;
use domain::product::ProductEvent;
use domain::review::Rating;

use super::super::RatingCount;
use super::*;
use crate::testing::reviewed;

fn said(n: u32, user: u128, stars: u8) -> Happened {
    reviewed(product(n), UserId(Uuid::from_u128(user)), stars, None, happened_at(n.into()))
}

/// The shop, and a lamp more that nobody has reviewed: 4.5 of two, 4.5 of four, 3 of one.
fn reviewed_shop(folder: &Path) -> Feed {
    let mut index = opened(folder);
    let mut events = vec![created(4, details("Blue lamp", "", 900))];
    for (n, stars) in [(1, &[5, 4][..]), (2, &[5, 4, 4, 5]), (3, &[3])] {
        events.extend((1..).zip(stars).map(|(user, stars)| said(n, user, *stars)));
    }
    feed(&mut index, events, 15);
    index
}

fn by(sort: Sort) -> SearchQuery {
    SearchQuery { sort, ..SearchQuery::default() }
}

fn rating_of(index: &Feed, n: u32) -> Rating {
    let page = ask(index, &SearchQuery { limit: 20, ..by(Sort::Oldest) });
    page.hits.into_iter().find(|hit| hit.id == product(n)).unwrap().rating
}

#[test]
fn ratings_filter_order_and_are_counted_over_a_restart_too() {
    let folder = TempDir::new().unwrap();
    let mut index = reviewed_shop(folder.path());
    for _ in ["in memory", "after a restart"] {
        assert_eq!(found(&index, by(Sort::BestRated)), [2, 1, 3, 4]);
        assert_eq!(found(&index, by(Sort::WorstRated)), [3, 1, 2, 4]);
        for (min_rating, expected) in
            [(100, &[2, 1, 3][..]), (300, &[2, 1, 3]), (301, &[2, 1]), (450, &[2, 1]), (451, &[])]
        {
            let query = SearchQuery { min_rating: Some(min_rating), ..by(Sort::BestRated) };
            assert_eq!(found(&index, query), expected, "{min_rating}");
        }
        assert_eq!(rating_of(&index, 2), Rating { stars: 18, reviews: 4 });
        assert_eq!(rating_of(&index, 4), Rating::default());
        index.commit().unwrap();
        drop(index);
        index = open(folder.path());
    }
}

#[test]
fn what_the_facet_says_is_what_picking_it_gives() {
    let folder = TempDir::new().unwrap();
    let index = reviewed_shop(folder.path());
    let counted = |min_rating| {
        let query = SearchQuery { facets: true, limit: 1, min_rating, ..text("lamp") };
        ask(&index, &query).facets.unwrap()
    };
    let all = counted(None);
    let expected = [(4, 2), (3, 3), (2, 3), (1, 3)].map(|(from, count)| RatingCount { from, count });
    assert_eq!(all.ratings, expected);
    assert_eq!((all.in_stock, all.out_of_stock), (2, 2));
    for RatingCount { from, count } in expected {
        let min_rating = Some(u16::from(from) * 100);
        assert_eq!(found(&index, SearchQuery { min_rating, ..text("lamp") }).len(), count, "{from}");
        let picked = counted(min_rating);
        assert_eq!(picked.ratings, expected, "without its own filter");
        assert_eq!(picked.in_stock + picked.out_of_stock, count, "with that of the others");
    }
}

#[test]
fn a_list_by_rating_goes_on_where_it_was_left() {
    let folder = TempDir::new().unwrap();
    let index = reviewed_shop(folder.path());
    for (sort, expected) in [(Sort::BestRated, [2, 1, 3, 4]), (Sort::WorstRated, [3, 1, 2, 4])] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = ask(&index, &SearchQuery { limit: 1, after, ..by(sort) });
            seen.extend(ids(&page));
            let Some(next) = page.next else { break };
            after = Some(next.to_string().parse().unwrap());
            assert!(SearchQuery { after: after.clone(), ..by(sort) }.goes_on());
            assert!(!SearchQuery { after: after.clone(), ..by(Sort::Newest) }.goes_on());
        }
        assert_eq!(seen, expected, "{sort:?}");
    }
}

#[test]
fn a_rating_is_its_products_whatever_comes_first_and_stays_when_the_texts_change() {
    let folder = TempDir::new().unwrap();
    let mut index = opened(folder.path());
    feed(&mut index, vec![said(9, 1, 5), said(9, 2, 2)], 9);
    index.commit().unwrap();
    feed(&mut index, vec![created(9, details("Late lamp", "", 1))], 10);
    assert_eq!(rating_of(&index, 9), Rating { stars: 7, reviews: 2 });
    let revised = ProductEvent::ProductRevised(Box::new(details("Later lamp", "", 2)));
    feed(&mut index, vec![happened(9, 2, Stored::Product(revised))], 11);
    assert_eq!(rating_of(&index, 9), Rating { stars: 7, reviews: 2 });
    // What was not committed when the process ended, it reads again.
    feed(&mut index, vec![said(9, 3, 2)], 12);
    drop(index);
    let mut index = open(folder.path());
    let late = vec![created(9, details("Late lamp", "", 1)), said(9, 3, 2)];
    feed(&mut index, late, 12);
    assert_eq!(rating_of(&index, 9), Rating { stars: 9, reviews: 3 });
}

/// Guards against reviews that are counted twice, because a rating doesn't say which ones are in it.
#[test]
fn a_review_that_was_parked_is_counted_once_however_often_it_is_tried() {
    let folder = TempDir::new().unwrap();
    let mut index = opened(folder.path());
    feed(&mut index, vec![said(1, 1, 4)], 8);
    let poison = said(1, 7, 6).publish(9);
    let refused = index.apply(std::slice::from_ref(&poison), &[], head(9));
    let [refused] = &refused[..] else { panic!("one is refused: {refused:?}") };
    assert_eq!((refused.aggregate.0.as_str(), refused.sequence), ("reviews", 1));
    let before = Rating { stars: 4, reviews: 1 };
    assert_eq!(rating_of(&index, 1), before);
    index.commit().unwrap();

    // As a process does that starts: what is parked is held back, and tried again.
    let restarted = |index: Feed| {
        drop(index);
        let mut index = open(folder.path());
        index.hold([(refused.aggregate.clone(), refused.sequence)]);
        index
    };
    let mut index = restarted(index);
    let again = index.reread(&refused.aggregate, &[poison], &[]);
    assert_eq!(again.map(|it| it.sequence), Some(1), "in vain");
    assert_eq!(rating_of(&index, 1), before);
    index.commit().unwrap();

    let mended = said(1, 7, 5).publish(9);
    let after = Rating { stars: 9, reviews: 2 };
    for _ in ["it is taken", "it was taken, and nobody had said so yet"] {
        index = restarted(index);
        assert_eq!(index.reread(&refused.aggregate, std::slice::from_ref(&mended), &[]), None);
        assert_eq!(rating_of(&index, 1), after);
        assert_eq!(index.reread(&refused.aggregate, std::slice::from_ref(&mended), &[]), None);
        assert_eq!(rating_of(&index, 1), after);
        index.commit().unwrap();
    }
    let mut other = said(1, 8, 3).publish(10);
    other.aggregate_id = product(1).0.to_string();
    let refused = index.apply(&[other], &[], head(10));
    assert_eq!(refused.len(), 1, "the stream of nobody's review");
    assert_eq!(rating_of(&index, 1), after);
}
