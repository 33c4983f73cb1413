//! Serving: HTTP/1.1 with a limit on how long a request's head may take, until what was accepted is answered.

use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use tracing::{debug, warn};

use super::ServerConfig;
use crate::Failure;

/// Who takes longer for the head of a request, or is silent on a connection that is kept, is left.
const HEAD_LIMIT: Duration = Duration::from_secs(30);
/// What an answer may take longer than its time limit, to be written to a slow client, when the process ends.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Listens, so that an address that is taken is known before anything else starts.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address)
        .await
        .map_err(|error| format!("DAYBOOK_LISTEN: can't listen on {address}: {error}").into())
}

/// Serves until it is stopped and what was accepted is answered. After `stop` it goes on for the drain delay, in which
/// `/health/ready` sends others away; then it accepts nothing more, and connections end with their request.
pub async fn serve(listener: TcpListener, router: Router, config: &ServerConfig, stop: CancellationToken) {
    let (mut connections, draining) = (JoinSet::new(), CancellationToken::new());
    let delay = config.drain_delay;
    let mut over = pin!(async {
        stop.cancelled().await;
        tokio::time::sleep(delay).await;
    });
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
            () = &mut over => break,
        };
        match accepted {
            Ok((stream, _)) => {
                connections.spawn(converse(stream, router.clone(), draining.clone()));
            }
            Err(error) => {
                // Out of descriptors, most likely: it is no use to spin.
                warn!(error = &error as &dyn std::error::Error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    draining.cancel();
    let all = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(config.time_limit + LAST_WORDS, all).await.is_err() {
        warn!(connections = connections.len(), "some clients didn't take their answers in time");
    }
}

/// One connection: requests and answers until its client goes, or until its request is answered when all ends.
async fn converse(stream: TcpStream, router: Router, draining: CancellationToken) {
    // An answer is written whole: waiting for more of it is of no use.
    let _ = stream.set_nodelay(true);
    let service = TowerToHyperService::new(router.map_request(|it: Request<Incoming>| it.map(Body::new)));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_LIMIT)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = draining.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        debug!(error = &error as &dyn std::error::Error, "a connection ended early");
    }
}
