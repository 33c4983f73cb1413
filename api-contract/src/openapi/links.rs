//! What may be done next: which answer has what another operation wants. For people who read the document, and for tools
//! that follow a purchase through it.

use serde_json::{Map, Value};
use utoipa::openapi::link::LinkBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{OpenApi, RefOr};

/// From the success of one operation to others.
struct Way {
    from: &'static str,
    to: &'static [&'static str],
    /// Parameters of theirs, each with where it stands in the answer.
    parameters: &'static [(&'static str, &'static str)],
    /// Fields of their bodies, each with where it stands in the answer.
    body: &'static [(&'static str, &'static str)],
}

/// By a parameter.
const fn by(
    from: &'static str,
    parameters: &'static [(&'static str, &'static str)],
    to: &'static [&'static str],
) -> Way {
    Way { from, to, parameters, body: &[] }
}

/// By what stands in a body.
const fn with(
    from: &'static str,
    body: &'static [(&'static str, &'static str)],
    to: &'static [&'static str],
) -> Way {
    Way { from, to, parameters: &[], body }
}

const WAYS: &[Way] = &[
    with("register", &[("refreshToken", "/data/refreshToken")], &["refreshSession", "logout"]),
    with("login", &[("refreshToken", "/data/refreshToken")], &["refreshSession", "logout"]),
    with("refreshSession", &[("refreshToken", "/data/refreshToken")], &["refreshSession", "logout"]),
    by("addAddress", &[("id", "/data/id")], &["putAddress", "patchAddress", "removeAddress"]),
    with("addAddress", &[("shippingAddressId", "/data/id")], &["previewOrder", "placeOrder"]),
    by("createCategory", &[("id", "/data/id")], &["updateCategory", "changeCategory", "deleteCategory"]),
    by("createCategory", &[("category", "/data/id")], &["listProducts"]),
    with("createCategory", &[("parentId", "/data/id")], &["createCategory"]),
    with("createCategory", &[("categoryId", "/data/id")], &["createProduct"]),
    by(
        "createProduct",
        &[("id", "/data/id")],
        &["getProduct", "updateProduct", "changeProduct", "deleteProduct", "changeStock"],
    ),
    by("createProduct", &[("id", "/data/sellerId")], &["listSellerProducts"]),
    with("createProduct", &[("productId", "/data/id")], &["addCartItem"]),
    with("createProduct", &[("items/0/productId", "/data/id")], &["previewOrder", "placeOrder"]),
    by("updateProduct", &[("id", "/data/id")], &["getProduct", "deleteProduct"]),
    by("changeProduct", &[("id", "/data/id")], &["getProduct", "deleteProduct"]),
    by("addCartItem", &[("productId", "/data/id")], &["setCartItem", "replaceCartItem", "removeCartItem"]),
    by("setCartItem", &[("productId", "/data/id")], &["replaceCartItem", "removeCartItem"]),
    by("replaceCartItem", &[("productId", "/data/id")], &["setCartItem", "removeCartItem"]),
    by("createCoupon", &[("code", "/data/code")], &["withdrawCoupon"]),
    with("createCoupon", &[("couponCode", "/data/code")], &["applyCoupon", "previewOrder", "placeOrder"]),
    by("addPaymentMethod", &[("id", "/data/id")], &["removePaymentMethod"]),
    with("addPaymentMethod", &[("paymentMethodId", "/data/id")], &["placeOrder", "processPayment"]),
    by(
        "placeOrder",
        &[("id", "/data/id")],
        &["getOrder", "getOrderInvoice", "cancelOrder", "changeOrderStatus", "putOrderStatus"],
    ),
    by("placeOrder", &[("id", "/data/payment/id")], &["getPayment"]),
    with(
        "placeOrder",
        &[("orderId", "/data/id"), ("amount", "/data/total"), ("currency", "/data/currency")],
        &["processPayment"],
    ),
    by(
        "changeOrderStatus",
        &[("id", "/data/id")],
        &["getOrder", "getOrderInvoice", "putOrderStatus", "cancelOrder"],
    ),
    by(
        "putOrderStatus",
        &[("id", "/data/id")],
        &["getOrder", "getOrderInvoice", "changeOrderStatus", "cancelOrder"],
    ),
    by("changeOrderStatus", &[("id", "/data/payment/id")], &["refundPayment"]),
    by("cancelOrder", &[("id", "/data/id")], &["getOrder"]),
    by("processPayment", &[("id", "/data/id")], &["getPayment", "refundPayment"]),
    by("processPayment", &[("id", "/data/orderId")], &["getOrder", "getOrderInvoice", "cancelOrder"]),
    by("refundPayment", &[("id", "/data/paymentId")], &["getPayment"]),
    by("listProducts", &[("id", "/data/items/0/id")], &["getProduct"]),
];

/// Adds them to the answers that they start from.
pub(super) fn lead_on(api: &mut OpenApi) {
    for operation in api.paths.paths.values_mut().flat_map(super::operations) {
        let from = operation.operation_id.clone().unwrap_or_default();
        for way in WAYS.iter().filter(|way| way.from == from) {
            way.starts_at(operation);
        }
    }
}

impl Way {
    fn starts_at(&self, operation: &mut Operation) {
        let mut answers = operation.responses.responses.iter_mut();
        let success = answers.find_map(|(status, answer)| match answer {
            RefOr::T(answer) if status.starts_with('2') => Some(answer),
            RefOr::T(_) | RefOr::Ref(_) => None,
        });
        let Some(success) = success else { return };
        for to in self.to {
            // Two ways to one operation, by different things, are two links.
            let by =
                self.parameters.iter().chain(self.body).map(|(name, _)| *name).next().unwrap_or_default();
            let name = format!("{to}.{}", by.rsplit('/').next().unwrap_or_default());
            let mut link = LinkBuilder::new().operation_id(*to);
            for (parameter, pointer) in self.parameters {
                link = link.parameter(*parameter, expression(pointer));
            }
            let body = self.body();
            link = link.request_body(body.is_object().then_some(body));
            success.links.insert(name, RefOr::T(link.build()));
        }
    }

    /// The body, as far as the answer has something for it; nothing where it hasn't.
    fn body(&self) -> Value {
        let mut body = Value::Null;
        for (field, pointer) in self.body {
            put(&mut body, &field.split('/').collect::<Vec<_>>(), expression(pointer));
        }
        body
    }
}

/// What a tool puts in: the value that stands there in the answer's body.
fn expression(pointer: &str) -> Value {
    Value::String(format!("$response.body#{pointer}"))
}

/// Puts a value where a path of fields leads, `0` being the one element of an array.
fn put(into: &mut Value, path: &[&str], value: Value) {
    let Some((first, rest)) = path.split_first() else {
        *into = value;
        return;
    };
    if *first == "0" {
        let mut element = Value::Null;
        put(&mut element, rest, value);
        *into = Value::Array(vec![element]);
        return;
    }
    if !into.is_object() {
        *into = Value::Object(Map::new());
    }
    if let Value::Object(fields) = into {
        put(fields.entry(*first).or_insert(Value::Null), rest, value);
    }
}
