//! The simulator's pages for people: pay by a test card, confirm a payment (3-D Secure), read a receipt.

use api_contract::views::PaymentRecord;
use api_contract::{ApiError, PathId, PathText};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Form, Router};
use domain::ids::PaymentId;
use domain::payment::{AttemptPhase, PaymentStatus};
use domain::{Currency, Money};
use minijinja::{Environment, context};
use serde::Deserialize;
use url::Url;
use uuid::Uuid;

use super::charges::Shown;
use super::{NAME, Simulator};
use crate::history::bodies;
use crate::payments::by_page;
use crate::shop::Shop;

#[derive(Clone)]
struct Pages {
    simulator: Simulator,
    shop: Shop,
}

/// The pages, beside the API.
pub fn pages(simulator: Simulator, shop: Shop) -> Router {
    Router::new()
        .route("/simulator/pay/{payment}", get(choose).post(pay))
        .route("/simulator/3ds/{charge}", get(confirm).post(confirmed))
        .route("/simulator/receipts/{charge}", get(receipt))
        .with_state(Pages { simulator, shop })
}

/// The cards that the page offers, and what a person may expect of each.
const CARDS: [(&str, &str); 6] = [
    ("tok_visa", "Visa 4242: pays"),
    ("tok_mastercard", "Mastercard 4444: pays"),
    ("tok_threeDSecure2Required", "Visa 3220: asks for confirmation (3-D Secure)"),
    ("tok_chargeDeclined", "Visa 0002: is declined"),
    ("tok_chargeDeclinedInsufficientFunds", "Visa 0002: has insufficient funds"),
    ("tok_webhookDelayed", "Visa 4242: takes a moment"),
];

#[derive(Deserialize)]
struct Chosen {
    card: String,
}

#[derive(Deserialize)]
struct Word {
    decision: String,
}

async fn choose(State(pages): State<Pages>, PathId(id): PathId<PaymentId>) -> Result<Response, ApiError> {
    let record = by_page::find(&pages.shop, id).await?;
    pay_page(&record, action(&pages, &record).await?.as_deref(), None)
}

async fn pay(
    State(pages): State<Pages>,
    PathId(id): PathId<PaymentId>,
    Form(Chosen { card }): Form<Chosen>,
) -> Result<Response, ApiError> {
    let Some((token, _)) = CARDS.into_iter().find(|(token, _)| *token == card) else {
        return Err(ApiError::invalid("card", "card must be one of the page's"));
    };
    match by_page::pay(&pages.shop, id, NAME, token.to_owned()).await {
        Ok(record) => match action(&pages, &record).await? {
            Some(url) => Ok(Redirect::to(&url).into_response()),
            None => pay_page(&record, None, None),
        },
        // Somebody else was quicker, or the order's time is over: the page shows how it stands.
        Err(error) if error.status().is_client_error() => {
            let record = by_page::find(&pages.shop, id).await?;
            pay_page(&record, action(&pages, &record).await?.as_deref(), Some(&error.to_string()))
        }
        Err(error) => Err(error),
    }
}

/// Where the customer has to act, while that is so.
async fn action(pages: &Pages, record: &PaymentRecord) -> Result<Option<String>, ApiError> {
    Ok(record.payment_url(&bodies(&pages.shop.log, &record.personal()).await?))
}

fn pay_page(
    record: &PaymentRecord,
    action: Option<&str>,
    problem: Option<&str>,
) -> Result<Response, ApiError> {
    let opened = record.payment.opened.ok_or_else(|| ApiError::not_found("Payment"))?;
    // How an attempt stood is of no matter once the money is there.
    let attempt = record.payment.attempt.as_ref().filter(|_| record.payment.captured.is_none());
    let declined = match attempt.map(|attempt| &attempt.phase) {
        Some(AttemptPhase::Declined { code }) => Some(code.clone()),
        Some(AttemptPhase::ActionRequired { .. } | AttemptPhase::Processing) | None => None,
    };
    let status = record.payment.status();
    let page = context! {
        amount => opened.amount.to_string(),
        currency => opened.amount.currency.code(),
        status => status.as_str(),
        payable => matches!(status, PaymentStatus::Pending | PaymentStatus::Failed),
        action,
        declined,
        problem,
        cards => CARDS,
    };
    render("pay.html", include_str!("pages/pay.html"), page, &[])
}

async fn confirm(State(pages): State<Pages>, PathText(id): PathText) -> Result<Response, ApiError> {
    confirmation(&shown(&pages.simulator, &id).await?)
}

async fn confirmed(
    State(pages): State<Pages>,
    PathText(id): PathText,
    Form(Word { decision }): Form<Word>,
) -> Result<Response, ApiError> {
    let approved = match decision.as_str() {
        "approve" => true,
        "decline" => false,
        _ => return Err(ApiError::invalid("decision", "decision must be approve or decline")),
    };
    // The shop is told before the customer is back there.
    if let Some(webhook) = pages.simulator.decide(&id, approved).await.map_err(identity::failed)? {
        pages.simulator.deliver_now(webhook).await;
    }
    let charge = shown(&pages.simulator, &id).await?;
    let next = if charge.status == "succeeded" { &charge.return_url } else { &charge.cancel_url };
    match next {
        Some(url) => Ok(Redirect::to(url).into_response()),
        None => confirmation(&charge),
    }
}

fn confirmation(charge: &Shown) -> Result<Response, ApiError> {
    let page = context! {
        amount => amount(charge)?,
        currency => charge.currency,
        brand => charge.brand,
        last4 => charge.last4,
        status => charge.status,
        open => charge.status == "requires_action",
    };
    let next = [charge.return_url.as_deref(), charge.cancel_url.as_deref()];
    render("confirm.html", include_str!("pages/confirm.html"), page, &next)
}

async fn receipt(State(pages): State<Pages>, PathText(id): PathText) -> Result<Response, ApiError> {
    let charge = shown(&pages.simulator, &id).await?;
    if charge.status != "succeeded" {
        return Err(ApiError::not_found("Receipt"));
    }
    let page = context! {
        id,
        amount => amount(&charge)?,
        currency => charge.currency,
        brand => charge.brand,
        last4 => charge.last4,
        day => charge.created_at.date_naive().to_string(),
    };
    render("receipt.html", include_str!("pages/receipt.html"), page, &[])
}

async fn shown(simulator: &Simulator, id: &str) -> Result<Shown, ApiError> {
    let charge = simulator.show(id).await.map_err(identity::failed)?;
    charge.ok_or_else(|| ApiError::not_found("Charge"))
}

fn amount(charge: &Shown) -> Result<String, ApiError> {
    let currency: Currency = charge.currency.parse().map_err(ApiError::internal)?;
    Ok(Money::new(charge.amount, currency).to_string())
}

/// A page with its own policy: no script, its own style, forms to here. A browser holds a form's answer that leads
/// elsewhere to the same rule, so where the customer goes next is named too.
fn render(
    name: &str,
    template: &str,
    page: minijinja::Value,
    next: &[Option<&str>],
) -> Result<Response, ApiError> {
    let nonce = Uuid::new_v4().simple().to_string();
    let mut environment = Environment::new();
    environment.add_template("base.html", include_str!("pages/base.html")).map_err(ApiError::internal)?;
    environment.add_template(name, template).map_err(ApiError::internal)?;
    let page = context! { nonce, ..page };
    let html = environment.get_template(name).and_then(|it| it.render(page)).map_err(ApiError::internal)?;
    let origins: Vec<String> = next
        .iter()
        .flatten()
        .filter_map(|url| Url::parse(url).ok())
        .map(|url| url.origin().ascii_serialization())
        .collect();
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self' {}; frame-ancestors 'none'; base-uri 'none'",
        origins.join(" ")
    );
    let policy = HeaderValue::from_str(&policy).map_err(ApiError::internal)?;
    Ok(([(header::CONTENT_SECURITY_POLICY, policy)], Html(html)).into_response())
}
