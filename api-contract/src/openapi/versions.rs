//! What answers say in headers of the things that have a version: `ETag`, which `If-Match` and `If-None-Match` take, and
//! `X-Event-Position`, which `X-Min-Position` takes.

use serde_json::Value;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::{Operation, Parameter};
use utoipa::openapi::{ObjectBuilder, OpenApi, RefOr, Response, Type};

const ETAG: &str = "ETag";
const EVENT_POSITION: &str = "X-Event-Position";
const IF_NONE_MATCH: &str = "If-None-Match";

/// A kind of thing that has a version. Operations that take `If-Match` mean that of the thing which they are listed with.
struct Versioned {
    /// Operations that answer it, with its version.
    reads: &'static [&'static str],
    /// Operations that make or change it, and answer its new version.
    changes: &'static [&'static str],
    /// Operations that end it: there is no version any more.
    ends: &'static [&'static str],
}

const VERSIONED: [Versioned; 7] = [
    Versioned {
        reads: &["getProduct"],
        changes: &["createProduct", "updateProduct", "changeProduct", "changeStock"],
        ends: &["deleteProduct"],
    },
    Versioned { reads: &[], changes: &["writeReview"], ends: &[] },
    Versioned {
        reads: &[],
        changes: &["createCategory", "updateCategory", "changeCategory"],
        ends: &["deleteCategory"],
    },
    Versioned {
        reads: &["getCart"],
        changes: &[
            "addCartItem",
            "setCartItem",
            "replaceCartItem",
            "removeCartItem",
            "applyCoupon",
            "removeCoupon",
            "clearCart",
        ],
        ends: &[],
    },
    Versioned { reads: &[], changes: &["createCoupon", "withdrawCoupon"], ends: &[] },
    Versioned {
        reads: &["getOrder"],
        changes: &["placeOrder", "changeOrderStatus", "putOrderStatus", "cancelOrder"],
        ends: &[],
    },
    Versioned { reads: &["getPayment"], changes: &["processPayment", "refundPayment"], ends: &[] },
];

impl Versioned {
    fn tells_version(&self, operation: &str) -> bool {
        self.reads.contains(&operation) || self.changes.contains(&operation)
    }

    fn tells_position(&self, operation: &str) -> bool {
        self.changes.contains(&operation) || self.ends.contains(&operation)
    }
}

/// Whether the `ETag` of one operation's answer is the version that another one means by `If-Match`.
pub(super) fn are_of_one_thing(from: &str, to: &str) -> bool {
    let of_both = |it: &Versioned| it.tells_version(from) && (it.tells_version(to) || it.ends.contains(&to));
    VERSIONED.iter().any(of_both)
}

/// Whether an operation's success says where in the log it stands.
pub(super) fn tells_position(operation: &str) -> bool {
    VERSIONED.iter().any(|it| it.tells_position(operation))
}

/// Says of each answer which of these headers it has.
pub(super) fn tell(api: &mut OpenApi) {
    for operation in api.paths.paths.values_mut().flat_map(super::operations) {
        let name = operation.operation_id.clone().unwrap_or_default();
        let conditional = takes(operation, IF_NONE_MATCH);
        let versioned = VERSIONED.iter().any(|it| it.tells_version(&name));
        for (status, answer) in successes(operation) {
            if conditional || (versioned && status.starts_with('2')) {
                answer.headers.insert(ETAG.to_owned(), RefOr::T(etag(versioned, conditional)));
            }
            if tells_position(&name) {
                answer.headers.insert(EVENT_POSITION.to_owned(), RefOr::T(event_position()));
            }
        }
    }
}

fn takes(operation: &Operation, parameter: &str) -> bool {
    let is_it = |it: &RefOr<Parameter>| matches!(it, RefOr::T(it) if it.name == parameter);
    operation.parameters.iter().flatten().any(is_it)
}

/// The answers of an operation that has succeeded: 304 is one.
pub(super) fn successes(operation: &mut Operation) -> impl Iterator<Item = (&str, &mut Response)> {
    operation.responses.responses.iter_mut().filter_map(|(status, answer)| match answer {
        RefOr::T(answer) if status.starts_with(['2', '3']) => Some((status.as_str(), answer)),
        RefOr::T(_) | RefOr::Ref(_) => None,
    })
}

fn etag(versioned: bool, conditional: bool) -> Header {
    let description = match (versioned, conditional) {
        (true, true) => "Its version and what it is now, for If-Match and If-None-Match",
        (true, false) => "Its version, for If-Match",
        (false, _) => "What it is now, for If-None-Match",
    };
    always(ObjectBuilder::new().schema_type(Type::String).pattern(Some("^\"[^\"]+\"$")), description)
}

fn event_position() -> Header {
    let position = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0));
    always(position, "Where in the log it stands; a read with this X-Min-Position has seen it")
}

/// A header that isn't left out.
fn always(schema: ObjectBuilder, description: &str) -> Header {
    let required = Extensions::from_iter([("required", Value::Bool(true))]);
    HeaderBuilder::new()
        .schema(Some(schema.build()))
        .description(Some(description))
        .extensions(Some(required))
        .build()
}
