//! The rules that every HTTP endpoint keeps, of commands and of queries: the envelope, the errors, how a request is
//! read, tokens, and what stands around a router.
//!
//! A handler takes extractors ([`Principal`], [`JsonBody`], [`PathId`], …), answers [`Success`] with headers beside it
//! ([`Version`], [`EventPosition`]), and fails with [`ApiError`]; [`middleware::apply`] goes around the whole router.

pub mod amount;
pub mod body;
pub mod conditional;
pub mod context;
pub mod day_or_moment;
pub mod envelope;
pub mod error;
pub mod fields;
pub mod fingerprint;
pub mod idempotency;
pub mod json;
pub mod middleware;
pub mod openapi;
pub mod paging;
pub mod path;
pub mod positions;
pub mod principal;
pub mod query;
pub mod token;
pub mod version;
pub mod views;

pub use amount::Amount;
pub use body::JsonBody;
pub use conditional::IfNoneMatch;
pub use context::{CorrelationId, RequestContext};
pub use day_or_moment::DayOrMoment;
pub use envelope::{Done, Page, Success, Timestamp};
pub use error::{ApiError, BoxError, Code, Violation};
pub use fields::{Field, Fields};
pub use fingerprint::Fingerprint;
pub use idempotency::IdempotencyKey;
pub use paging::Paging;
pub use path::{PathId, PathText};
pub use positions::{EventPosition, MinPosition, ProjectionPosition};
pub use principal::{OptionalPrincipal, Principal, Role};
pub use query::Query;
pub use token::{KeySource, PublicKey, Verifier};
pub use version::{IfMatch, Version};
