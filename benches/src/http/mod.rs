//! What clients get over HTTP: a `daybook up` of its own, as users run it, with Postgres, Kafka and the relay, and clients
//! in this process that share the machine with it.

mod connection;
mod daybook;
pub mod load;
mod memory;
pub mod orders;
mod placed;
mod placing;
mod purchase;
mod reads;
mod scarce;
mod shop;
mod stages;
mod statements;

use crate::Error;
use crate::database::Server;
use crate::report::Report;

pub use connection::{Ask, Connection, position};
pub use daybook::{Daybook, home};
pub use load::Load;
pub use placed::Placed;
pub use shop::{Buyer, Shop, UNITS, data, sign_in};

/// The connections of the clients, and the buyers.
pub const CLIENTS: usize = 64;

/// Everything whose name begins with `http`.
pub async fn measure(server: &Server, report: &mut Report) -> Result<(), Error> {
    const NAMES: [&str; 7] =
        [orders::NAME, orders::OPEN, reads::NAME, purchase::FEW, purchase::MANY, scarce::NAME, memory::NAME];
    if !NAMES.iter().any(|name| report.wants(name)) {
        return Ok(());
    }
    let (database, home) = (server.daybook().await?, daybook::home()?);
    let mut daybook = Daybook::start(&database, &home).await?;
    let shop = Shop::open(&daybook, &home, CLIENTS).await?;
    daybook.stop().await?;
    // The decider without HTTP gets the same shop.
    let copy = server.copy_of(&database).await?;
    daybook = Daybook::start(&database, &home).await?;
    let idle = memory::idle(&daybook).await?;

    orders::measure(&daybook, &shop, &copy, report).await?;
    reads::measure(&daybook, &shop, report).await?;
    purchase::measure(&daybook, &shop, &database, report).await?;
    scarce::measure(&daybook, &shop, report).await?;
    memory::measure(&daybook, &shop, idle, report).await?;
    daybook.stop().await?;
    std::fs::remove_dir_all(&home)?;
    copy.drop().await?;
    database.drop().await
}
