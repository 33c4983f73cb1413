//! How many invoices are printed at the same time: each is work for a processor.

use std::sync::Arc;

use api_contract::ApiError;
use tokio::sync::Semaphore;

/// The places to print at. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Printers(Arc<Semaphore>);

impl Printers {
    /// As many as there are processors.
    pub(super) fn one_for_each_processor() -> Self {
        Self::of(std::thread::available_parallelism().map_or(1, usize::from))
    }

    fn of(places: usize) -> Self {
        Self(Arc::new(Semaphore::new(places)))
    }

    /// Waits for a place and prints there. The place is taken as long as the work lasts, whether or not somebody still
    /// waits for it: a client that hangs up ends the waiting, and not the work.
    pub(super) async fn print<T, W>(&self, work: W) -> Result<T, ApiError>
    where
        T: Send + 'static,
        W: FnOnce() -> T + Send + 'static,
    {
        let place = Arc::clone(&self.0).acquire_owned().await.map_err(ApiError::internal)?;
        let printing = move || {
            let _place = place;
            work()
        };
        tokio::task::spawn_blocking(printing).await.map_err(ApiError::internal)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn a_client_that_hangs_up_does_not_free_the_place_while_the_print_goes_on() {
        let printers = Printers::of(1);
        let (begun, has_begun) = tokio::sync::oneshot::channel();
        let (go_on, goes_on) = mpsc::channel::<()>();
        let slow = move || {
            let _ = begun.send(());
            let _ = goes_on.recv();
        };
        let client = tokio::spawn({
            let printers = printers.clone();
            async move { printers.print(slow).await.is_ok() }
        });
        has_begun.await.unwrap();
        client.abort();
        assert!(client.await.unwrap_err().is_cancelled());

        assert_eq!(printers.0.available_permits(), 0, "the first is still being printed");
        let next = tokio::spawn({
            let printers = printers.clone();
            async move { printers.print(|| "printed").await.unwrap() }
        });
        go_on.send(()).unwrap();
        assert_eq!(next.await.unwrap(), "printed");
    }

    #[tokio::test]
    async fn a_print_that_panics_gives_its_place_back() {
        let printers = Printers::of(1);
        let broken: Result<(), _> = printers.print(|| panic!("no ink")).await;
        assert!(broken.is_err());
        assert_eq!(printers.print(|| 1).await.unwrap(), 1);
    }
}
