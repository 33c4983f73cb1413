//! A way to Postgres that can be cut and mended.

use std::net::Ipv4Addr;
use std::str::FromStr;

use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Carries connections while it is whole.
pub struct Bridge {
    port: u16,
    whole: watch::Sender<bool>,
    carrying: JoinHandle<()>,
}

impl Bridge {
    /// A bridge to the server of this URL.
    pub async fn to(url: &str) -> Self {
        let server = PgConnectOptions::from_str(url).unwrap().get_port();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let whole = watch::Sender::new(true);
        let watched = whole.subscribe();
        let carrying = tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let mut watched = watched.clone();
                tokio::spawn(async move {
                    if !*watched.borrow_and_update() {
                        return;
                    }
                    let Ok(mut server) = TcpStream::connect((Ipv4Addr::LOCALHOST, server)).await else {
                        return;
                    };
                    tokio::select! {
                        _ = copy_bidirectional(&mut client, &mut server) => {}
                        _ = watched.changed() => {}
                    }
                });
            }
        });
        Self { port, whole, carrying }
    }

    /// This URL, over the bridge.
    pub fn lead(&self, url: &str) -> String {
        let options = PgConnectOptions::from_str(url).unwrap().host("127.0.0.1").port(self.port);
        options.to_url_lossy().to_string()
    }

    /// Ends what is carried, and carries nothing more.
    pub fn cut(&self) {
        self.whole.send_replace(false);
    }

    /// Carries again.
    pub fn mend(&self) {
        self.whole.send_replace(true);
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.carrying.abort();
    }
}
