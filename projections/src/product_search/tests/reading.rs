//! Readers of an index, while products come and change and it is rebuilt.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::JoinSet;

use super::*;

/// More than there is time for.
const LAMPS: u32 = 4_000;

/// Lamps that come one after the other. Of every third some are received, every fifth is called otherwise later.
fn growing() -> Vec<Happened> {
    let mut all = Vec::new();
    for n in 1..=LAMPS {
        all.push(created(n, details(&format!("Desk lamp {n}"), "", 100)));
        if n % 3 == 0 {
            all.push(received(n, 1, 5));
        }
        if n % 5 == 0 {
            let name = format!("Red lamp {n}");
            let revised = ProductEvent::ProductRevised(Box::new(details(&name, "", 200)));
            all.push(happened(n, 2, Stored::Product(revised)));
        }
    }
    all
}

/// How many there are after so many events.
fn there(history: &[Happened]) -> Vec<usize> {
    let came = |event: &Happened| matches!(event.event, Stored::Product(ProductEvent::ProductCreated(_)));
    let counted = history.iter().scan(0, |lamps, event| {
        *lamps += usize::from(came(event));
        Some(*lamps)
    });
    std::iter::once(0).chain(counted).collect()
}

/// Asks until it is over, and sees what there is at the position that it is told: how often.
async fn read(
    search: ProductSearch,
    query: SearchQuery,
    there: Arc<Vec<usize>>,
    over: Arc<AtomicBool>,
) -> usize {
    let (mut before, mut times) = ((0, 0), 0);
    while !over.load(Ordering::Relaxed) {
        let answer = search.search(query.clone()).await.unwrap();
        let now = (answer.position, answer.value.total);
        assert!(now.0 >= before.0 && now.1 >= before.1, "{now:?} after {before:?}: {query:?}");
        assert_eq!(now.1, there[usize::try_from(now.0).unwrap()], "at {}: {query:?}", now.0);
        before = now;
        times += 1;
    }
    times
}

async fn complete(search: ProductSearch, over: Arc<AtomicBool>) -> usize {
    let (mut before, mut times) = (0, 0);
    while !over.load(Ordering::Relaxed) {
        let answer = search.suggest("desk la".to_owned(), 3).await.unwrap();
        assert!(answer.position >= before, "{} after {before}", answer.position);
        assert!(!answer.value.products.is_empty());
        (before, times) = (answer.position, times + 1);
    }
    times
}

#[tokio::test(flavor = "multi_thread")]
async fn who_searches_while_the_index_is_rebuilt_gets_no_error_and_sees_nothing_go() {
    let (database, folder) = (TestDatabase::new().await, TempDir::new().unwrap());
    let home = Home::under(folder.path());
    let (source, positions) = (source(&database.app), Positions::new(database.app.clone()));
    let history = growing();
    let (first, rest) = history.split_at(60);
    let mut head = append(&database.app, Head::EMPTY, first.to_vec()).await;
    let search = start(home.clone(), &database.app, &source, &positions);
    shown(&search, head.position).await;

    let (there, over) = (Arc::new(there(&history)), Arc::new(AtomicBool::new(false)));
    let mut reading = JoinSet::new();
    let counted = SearchQuery { facets: true, limit: 5, ..text("lamp") };
    let listed = SearchQuery { sort: Sort::Oldest, limit: 5, ..SearchQuery::default() };
    for query in [counted, listed] {
        reading.spawn(read(search.clone(), query, Arc::clone(&there), Arc::clone(&over)));
    }
    reading.spawn(complete(search.clone(), Arc::clone(&over)));

    let rebuilt = AtomicBool::new(false);
    let flowing = async {
        let mut groups = rest.chunks(3);
        while !rebuilt.load(Ordering::Relaxed) {
            let group = groups.next().expect("there are enough lamps for the time that it takes");
            head = append(&database.app, head, group.to_vec()).await;
            reached(&positions, &[super::super::NAME], head.position).await;
        }
        head
    };
    let replaying = async {
        let log = Log::new(database.app.clone());
        for generation in 1..=2 {
            replay(super::super::NAME, &database.owner, &home, &log, |_| {}).await.unwrap();
            // The process has gone over to the new one.
            deleted(&home, generation).await;
        }
        rebuilt.store(true, Ordering::Relaxed);
    };
    let (head, ()) = tokio::join!(flowing, replaying);
    shown(&search, head.position).await;
    over.store(true, Ordering::Relaxed);
    while let Some(read) = reading.join_next().await {
        assert!(read.unwrap() > 1);
    }
    let answer = search.search(SearchQuery { limit: 1, ..text("lamp") }).await.unwrap();
    assert_eq!(
        (answer.position, answer.value.total),
        (head.position, there[usize::try_from(head.position).unwrap()])
    );
}
