//! A product that the index can't take.

use std::sync::atomic::{AtomicBool, Ordering};

use super::super::Facets;
use super::*;
use crate::parked::{self, Outcome, Parked, Which};
use crate::status::{ConsumerStatus, State, status};
use crate::testing::log::append_all;

const ALL: [&str; 6] = ["order_history", "seller_stats", "catalog", "coupons", "reviews", super::super::NAME];

/// A process with the index, in which what is called a poison can't be read as long as the bug is there.
struct Process {
    database: TestDatabase,
    folder: TempDir,
    home: Home,
    bug: Arc<AtomicBool>,
}

impl Process {
    async fn with_a_bug() -> Self {
        let (folder, words) = (TempDir::new().unwrap(), Words::default());
        let bug = Arc::clone(&words.has_bug);
        bug.store(true, Ordering::SeqCst);
        let home = Home::under(folder.path()).with(words);
        Self { database: TestDatabase::new().await, folder, home, bug }
    }

    /// One that has stopped after it parked a product; up to where it had committed, and what is parked.
    async fn with_one_parked() -> (Self, Head, Vec<Parked>) {
        let process = Self::with_a_bug().await;
        let (search, projectors) = process.start();
        let head = append_all(&process.database.app, Head::EMPTY, [shop(), poison()]).await;
        reached(projectors.positions(), &ALL, head.position).await;
        process.committed(head.position).await;
        let parked = process.parked().await;
        assert_eq!(parked.len(), 1);
        drop((search, projectors));
        (process, head, parked)
    }

    fn mend(&self) {
        self.bug.store(false, Ordering::SeqCst);
    }

    fn start(&self) -> (ProductSearch, crate::Projectors) {
        let source = source(&self.database.app);
        let projectors = crate::runner::start(&self.database.app, &source);
        (start(self.home.clone(), &self.database.app, &source, projectors.positions()), projectors)
    }

    async fn parked(&self) -> Vec<Parked> {
        parked::list(&self.database.app, &Which::default()).await.unwrap()
    }

    async fn retry(&self, parked: &Parked) -> Outcome {
        let log = Log::new(self.database.app.clone());
        parked::retry(&self.database.app, &log, parked).await.unwrap()
    }

    async fn status(&self, name: &str) -> ConsumerStatus {
        let all = status(&self.database.app, Some(self.folder.path())).await.unwrap();
        all.into_iter().find(|it| it.name == name).unwrap()
    }

    /// What an index says that is made anew.
    async fn anew(&self) -> Vec<Told> {
        let folder = TempDir::new().unwrap();
        let log = Log::new(self.database.app.clone());
        told(&ProductSearch::of_log(folder.path(), &log, Words::default()).await.unwrap())
    }

    async fn committed(&self, position: i64) {
        committed(self.folder.path(), position).await;
    }
}

/// Products with their names and stocks, how many there are, and counted.
type Told = (Vec<(u128, String, i64)>, usize, Option<Facets>);

fn told(search: &ProductSearch) -> Vec<Told> {
    let answer = |typed: &str| {
        let query = SearchQuery { facets: true, limit: 20, ..text(typed) };
        let page = search.search_now(&query).unwrap().value;
        let hits = page.hits.into_iter().map(|it| (it.id.0.as_u128(), it.details.name.clone(), it.stock));
        (hits.collect(), page.total, page.facets)
    };
    ["", "lamp", "candle", "poison", "better", "blue"].map(answer).into()
}

fn revised(n: u32, sequence: i64, name: &str) -> Happened {
    let details = Box::new(details(name, "", 700));
    happened(n, sequence, Stored::Product(ProductEvent::ProductRevised(details)))
}

/// A candle holder becomes what can't be read, and goes on.
fn poison() -> Vec<Happened> {
    vec![
        revised(1, 2, "Poison lamp"),
        received(1, 2, 7),
        created(4, details("Blue lamp", "", 1)),
        revised(1, 3, "Better lamp"),
        reserved(2, 2, 1),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poison_event_in_product_search_parks_its_product_and_nothing_else() {
    let process = Process::with_a_bug().await;
    let (search, projectors) = process.start();
    let head = append(&process.database.app, Head::EMPTY, shop()).await;
    let head = append(&process.database.app, head, poison()).await;
    reached(projectors.positions(), &ALL, head.position).await;

    // The product is as it was before, its stock goes on, and so do all others.
    let names = |typed: &str| {
        let page = search.search_now(&SearchQuery { limit: 9, sort: Sort::Oldest, ..text(typed) }).unwrap();
        page.value.hits.into_iter().map(|it| (it.details.name.clone(), it.stock)).collect::<Vec<_>>()
    };
    assert_eq!(names("candle"), [("Candle holder".to_owned(), 12)]);
    assert_eq!(names("blue"), [("Blue lamp".to_owned(), 0)]);
    assert_eq!(names("cafe"), [("Café lamps".to_owned(), 4)]);
    assert!(names("poison").is_empty() && names("better").is_empty());
    let all = process.parked().await;
    let [found] = &all[..] else { panic!("one is parked: {all:?}") };
    assert!(found.consumer.starts_with("product_search@"), "{}", found.consumer);
    assert_eq!((found.aggregate_type.as_str(), found.sequence), ("products", 2));
    assert_eq!(found.aggregate_id, product(1).0.to_string());
    assert!(found.error.contains("panicked"), "{}", found.error);
    for name in ALL {
        // An index says once a second where it is.
        let said = format!("{name} says that it is at the end");
        let it = until(&said, async || process.status(name).await, |it| it.lag_events == 0).await;
        let parked = i64::from(name == super::super::NAME);
        assert_eq!((it.state, it.parked), (State::Following, parked), "{name}");
    }

    // In vain as long as nothing is mended.
    let Outcome::Parked(again) = process.retry(found).await else { panic!("it can't be taken") };
    assert_eq!((again.sequence, again.position), (found.sequence, found.position));
    assert_eq!(names("candle"), [("Candle holder".to_owned(), 12)]);

    process.mend();
    assert_eq!(process.retry(found).await, Outcome::Applied(2));
    assert_eq!(process.retry(found).await, Outcome::Gone);
    assert_eq!(process.parked().await, []);
    assert_eq!(told(&search), process.anew().await);
    let head = append(&process.database.app, head, vec![revised(1, 4, "Best lamp"), received(1, 3, 1)]).await;
    reached(projectors.positions(), &ALL, head.position).await;
    assert_eq!(names("best"), [("Best lamp".to_owned(), 13)]);
    assert_eq!(told(&search), process.anew().await);
}

/// Guards against one aggregate a second, with a commit for each.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_together_is_taken_together() {
    let process = Process::with_a_bug().await;
    let (search, projectors) = process.start();
    let more = vec![revised(2, 2, "Poison cup"), revised(2, 3, "Better cup")];
    let head = append_all(&process.database.app, Head::EMPTY, [shop(), poison(), more]).await;
    reached(projectors.positions(), &ALL, head.position).await;
    let parked = process.parked().await;
    assert_eq!(parked.len(), 2);
    process.mend();
    let log = Log::new(process.database.app.clone());
    let asked = parked::Asked::of(&process.database.app, &parked).await.unwrap();
    until("all of it is taken", async || process.parked().await, Vec::is_empty).await;
    for it in &parked {
        let outcome = asked.retry(&process.database.app, &log, it).await.unwrap();
        assert_eq!(outcome, Outcome::Applied(2), "{it:?}");
    }
    let again = parked::Asked::of(&process.database.app, &parked).await.unwrap();
    assert_eq!(again.retry(&process.database.app, &log, &parked[0]).await.unwrap(), Outcome::Gone);
    assert_eq!(told(&search), process.anew().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_parked_is_kept_over_a_restart_and_tried_again_then() {
    let (process, head, before) = Process::with_one_parked().await;

    let (search, projectors) = process.start();
    let head = append(&process.database.app, head, vec![revised(1, 4, "Best lamp")]).await;
    reached(projectors.positions(), &ALL, head.position).await;
    // It was tried in vain.
    let Outcome::Parked(_) = process.retry(&before[0]).await else { panic!("it can't be taken") };
    assert_eq!(process.parked().await, before);
    drop((search, projectors));

    process.mend();
    let (search, projectors) = process.start();
    reached(projectors.positions(), &ALL, head.position).await;
    until("nothing is parked", async || process.parked().await, Vec::is_empty).await;
    assert_eq!(told(&search), process.anew().await);
}

/// Guards against an index that is forgotten by its own start, with what it has parked, because nobody has fed it for long.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_parked_is_kept_over_a_pause_of_a_week() {
    let (process, head, before) = Process::with_one_parked().await;
    let paused = "UPDATE search_indexes SET seen_at = now() - interval '8 days'";
    sqlx::query(paused).execute(&process.database.owner).await.unwrap();

    let (search, projectors) = process.start();
    let head = append(&process.database.app, head, vec![revised(1, 4, "Best lamp")]).await;
    reached(projectors.positions(), &ALL, head.position).await;
    let Outcome::Parked(_) = process.retry(&before[0]).await else { panic!("it is parked still") };
    assert_eq!(process.parked().await, before);
    process.mend();
    assert!(matches!(process.retry(&before[0]).await, Outcome::Applied(_)));
    assert_eq!(told(&search), process.anew().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuilt_index_parks_for_itself_and_the_old_ones_rows_are_forgotten() {
    let process = Process::with_a_bug().await;
    let (search, projectors) = process.start();
    let head = append_all(&process.database.app, Head::EMPTY, [shop(), poison()]).await;
    reached(projectors.positions(), &ALL, head.position).await;
    let [old] = &process.parked().await[..] else { panic!("one is parked") };
    let log = Log::new(process.database.app.clone());
    replay(super::super::NAME, &process.database.owner, &process.home, &log, |_| {}).await.unwrap();
    let is_the_new_ones = |all: &Vec<Parked>| all.len() == 1 && all[0].consumer != old.consumer;
    let new = until("the new one has parked it", async || process.parked().await, is_the_new_ones).await;
    let new = &new[0];
    assert_eq!((new.sequence, new.position), (old.sequence, old.position));
    process.mend();
    assert_eq!(process.retry(new).await, Outcome::Applied(2));
    assert_eq!(told(&search), process.anew().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_cannot_be_read_parks_its_product_until_it_can() {
    let process = Process::with_a_bug().await;
    process.mend();
    let (name, _, payload) = poison()[0].event.columns();
    sqlx::raw_sql(
        "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.event_type = 'Nonsense';
             NEW.payload = '{\"Nonsense\":{}}'; RETURN NEW; END $$;
         CREATE TRIGGER poison BEFORE INSERT ON events FOR EACH ROW WHEN (NEW.position = 8)
             EXECUTE FUNCTION poison()",
    )
    .execute(&process.database.owner)
    .await
    .unwrap();
    let (search, projectors) = process.start();
    let head = append_all(&process.database.app, Head::EMPTY, [shop(), poison()]).await;
    reached(projectors.positions(), &ALL, head.position).await;
    let found = process.parked().await;
    let [ours] = &found.iter().filter(|it| it.consumer.starts_with("product_search")).collect::<Vec<_>>()[..]
    else {
        panic!("one is parked: {found:?}")
    };
    assert_eq!((ours.sequence, ours.position), (2, 8));
    assert!(ours.error.contains("the event at position 8 can't be decoded"), "{}", ours.error);

    // A build that can read it has come.
    sqlx::query("UPDATE events SET event_type = $1, payload = $2::json WHERE position = 8")
        .bind(name)
        .bind(payload)
        .execute(&process.database.owner)
        .await
        .unwrap();
    assert_eq!(process.retry(ours).await, Outcome::Applied(2));
    assert_eq!(told(&search), process.anew().await);
}

#[tokio::test]
async fn an_index_that_nobody_feeds_is_tried_again_later() {
    let process = Process::with_a_bug().await;
    sqlx::query(
        "INSERT INTO parked VALUES ('product_search@1f3a90c2', 'products', $1, 1, 1, 'ProductCreated', 'poison')",
    )
    .bind(product(1).0.to_string())
    .execute(&process.database.app)
    .await
    .unwrap();
    let all = process.parked().await;
    let [found] = &all[..] else { panic!("one is parked") };
    assert_eq!(process.retry(found).await, Outcome::Later);
    assert_eq!(process.parked().await, all);
}
