//! `GET /orders/{id}/invoice`: a PDF. Of a seller it is of the shop's lines.

use api_contract::openapi::{FreshnessParams, Refusal};
use api_contract::{ApiError, BoxError, MinPosition, PathText, Principal};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use domain::ids::SellerId;
use domain::order::OrderStatus;
use identity::{shops, users};

use super::History;
use super::find::{Found, find, missing};
use super::invoice::{Invoice, Names};

/// The invoice of an order, as a PDF.
///
/// Before an order is paid it is a pro-forma invoice; for one that was given up unpaid there is none. To a seller it is
/// of the shop's lines.
#[utoipa::path(
    get, path = "/orders/{id}/invoice", operation_id = "getOrderInvoice", tag = "orders",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "The order's id or its number, whatever the case of its letters"),
        FreshnessParams,
    ),
    responses(
        (status = 200, description = "The invoice", body = Vec<u8>, content_type = "application/pdf"),
        (status = 409, description = "The order was given up before it was paid", body = Refusal),
    ),
)]
pub async fn get_invoice(
    State(history): State<History>,
    principal: Principal,
    min: MinPosition,
    PathText(word): PathText,
) -> Result<Response, ApiError> {
    let found = find(&history, &principal, min, &word).await?;
    if found.record.order.status == OrderStatus::Cancelled && !found.record.order.paid {
        return Err(ApiError::conflict("the order was cancelled before it was paid: there is no invoice"));
    }
    let names = names(&history, &found).await?;
    let invoice = Invoice::of(&found.record, &found.payment, &found.bodies, found.sight, &names);
    let invoice = invoice.ok_or_else(missing)?;
    let disposition = format!("inline; filename=\"{}\"", invoice.file_name());
    let pdf = history.printers.print(move || invoice.print()).await?;
    let pdf = pdf.map_err(|error| ApiError::internal(BoxError::from(error)))?;
    let headers = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
        // It names a person, and says how the payment stands now.
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    Ok((headers, pdf).into_response())
}

/// The names of those whom the order names by id.
async fn names(history: &History, found: &Found) -> Result<Names, ApiError> {
    let placed = found.record.order.placed.as_deref().ok_or_else(missing)?;
    let mut sellers: Vec<SellerId> = placed.lines.iter().map(|line| line.seller_id).collect();
    sellers.sort_unstable();
    sellers.dedup();
    let shops = shops::by_ids(&history.pool, &sellers).await.map_err(identity::failed)?;
    let buyer = match placed.customer_id {
        Some(customer) => users::profile(&history.pool, customer).await.map_err(identity::failed)?,
        None => None,
    };
    Ok(Names {
        shops: shops.into_iter().map(|shop| (shop.id, shop.name)).collect(),
        buyer: buyer.map(|buyer| format!("{} {}", buyer.first_name, buyer.last_name).trim().to_owned()),
    })
}
