//! From when on an index is shown.

use futures::future::BoxFuture;
use tokio::sync::watch;

use super::*;
use crate::product_search::lifecycle::{Showing, Window};
use crate::runner::source::{EventSource, PublicBatch};
use crate::{Positions, QueryError};

/// A source that has nothing to say until it is let go.
struct Paused {
    source: Arc<dyn EventSource>,
    is_free: watch::Sender<bool>,
    asked: watch::Sender<u32>,
}

impl Paused {
    fn of(source: Arc<dyn EventSource>) -> Self {
        Self { source, is_free: watch::Sender::new(false), asked: watch::Sender::new(0) }
    }

    /// Whoever asks for the second time has gone on as if the log ended there.
    async fn was_asked_twice(&self) {
        self.asked.subscribe().wait_for(|asked| *asked >= 2).await.unwrap();
    }

    fn let_go(&self) {
        self.is_free.send_replace(true);
    }
}

impl EventSource for Paused {
    fn read_after(&self, after: Head) -> BoxFuture<'_, Result<Arc<PublicBatch>, event_store::LogError>> {
        self.asked.send_modify(|asked| *asked += 1);
        if *self.is_free.borrow() {
            return self.source.read_after(after);
        }
        let nothing = PublicBatch { events: Vec::new(), undecodable: Vec::new(), head: after };
        Box::pin(async { Ok(Arc::new(nothing)) })
    }

    fn beyond(&self, position: i64) -> BoxFuture<'_, ()> {
        if *self.is_free.borrow() { self.source.beyond(position) } else { Box::pin(tokio::task::yield_now()) }
    }
}

/// Guards against a new process that answers that there are no such products, and lets that be cached.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_index_answers_nothing_before_it_has_what_was_in_the_log() {
    let database = TestDatabase::new().await;
    let folder = TempDir::new().unwrap();
    let head = append(&database.app, Head::EMPTY, shop()).await;
    let paused = Arc::new(Paused::of(source(&database.app)));
    let source: Arc<dyn EventSource> = Arc::<Paused>::clone(&paused);
    let positions = Positions::new(database.app.clone());
    let search = start(Home::under(folder.path()), &database.app, &source, &positions);

    paused.was_asked_twice().await;
    let answer = search.search_now(&text("lamp"));
    assert!(matches!(answer, Err(QueryError::Missing(super::super::NAME))), "{answer:?}");
    assert_eq!(positions.known(super::super::NAME), 0);

    paused.let_go();
    reached(&positions, &[super::super::NAME], head.position).await;
    let answer = search.search_now(&SearchQuery { limit: 9, ..text("lamp") }).unwrap();
    assert_eq!((answer.position, answer.value.total), (head.position, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_shown_never_goes_back_not_even_where_the_index_is_built_anew() {
    let database = TestDatabase::new().await;
    let log = Log::new(database.app.clone());
    let head = append(&database.app, Head::EMPTY, shop()).await;
    let (window, positions) = (Window::default(), Positions::new(database.app.clone()));
    let mut showing = Showing::new(window.clone(), positions.clone());
    let shown = || window.get().map(|shown| shown.position);
    let (folder, another) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let mut index = open(folder.path());
    let mut rebuilt = open(another.path());
    feed(&mut rebuilt, shop().into_iter().take(3).collect(), 3);

    showing.show(&index);
    assert_eq!(shown(), None, "nobody knows yet where the log ends");
    showing.begin(&log).await.unwrap();
    assert_eq!(showing.farther_than(), 6);
    showing.show(&index);
    feed(&mut index, shop().into_iter().take(3).collect(), 3);
    showing.show(&index);
    assert_eq!(shown(), None, "a part of it");
    feed(&mut index, shop().into_iter().skip(3).collect(), 7);
    showing.show(&index);
    assert_eq!((shown(), positions.known(super::super::NAME)), (Some(7), 7));

    assert_eq!(showing.farther_than(), 7);
    let head = append(&database.app, head, vec![received(1, 2, 1)]).await;
    showing.begin(&log).await.unwrap();
    showing.show(&rebuilt);
    assert_eq!(shown(), Some(7), "another index catches up first");

    showing.start_over();
    showing.begin(&log).await.unwrap();
    showing.show(&rebuilt);
    assert_eq!(shown(), None, "one that is built anew too");
    feed(&mut rebuilt, shop().into_iter().skip(3).chain([received(1, 2, 1)]).collect(), head.position);
    showing.show(&rebuilt);
    assert_eq!(shown(), Some(head.position));
}
