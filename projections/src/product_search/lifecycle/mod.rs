//! An index through its life: made, fed, shown, replaced and deleted.
//!
//! In go a `DAYBOOK_HOME` and the log; out comes, in a window, what is searched now. What goes on by itself is here; an index
//! alone does what it is told.
//!
//! - A [home] has the folders of indexes, one of which is live, and says how far those on disk are; [versions] are beside
//!   each other there.
//! - The [projector] follows the log and feeds the live one, with [commits] every few seconds. A [replay](mod@replay) builds
//!   another beside it, which the projector goes over to.
//! - What was fed is seen once it has come far enough: [showing].

mod commits;
mod home;
mod projector;
mod replay;
mod showing;
mod versions;

pub(crate) use self::home::building_on_disk;
pub use self::home::{Home, IndexOnDisk, name_on_disk, on_disk};
pub(crate) use self::projector::SearchProjector;
pub use self::replay::replay;
pub(crate) use self::replay::{filled, replay_until};
pub(crate) use self::showing::{Showing, Window};
pub use self::versions::is_fed;
pub(crate) use self::versions::{require_live, retire};
