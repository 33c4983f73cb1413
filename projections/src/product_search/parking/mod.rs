//! What an index can't take: kept in Postgres until it can be taken.
//!
//! In go events that were refused; out comes, for each aggregate that somebody asks to try again, its stream. An index goes
//! on without what it can't take, so whoever looks after it must know for each index what that lacks, over restarts too.
//!
//! - An index parks in a [lot], which a [keeper] looks after, until a [retry]. [telling] is how it says how far the index
//!   is: what an index has parked is forgotten when nobody has said that for long.
//! - Files are worked with where that holds nobody up: [blocking](mod@blocking).

mod blocking;
mod keeper;
pub(crate) mod lot;
mod retry;
mod telling;

pub(crate) use self::blocking::{blocking, unfinished};
pub(crate) use self::keeper::{Keeper, TELL_EVERY};
pub(crate) use self::retry::{ask, is_index, outcome};
