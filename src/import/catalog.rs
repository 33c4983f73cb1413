//! The products of a history: what the file says of each code, and the product that it is here.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::claim::{self, Claim};
use domain::decisions::{ImportProduct, ImportProductError, import_product};
use domain::ids::{ProductId, SellerId};
use domain::inventory::Inventory;
use domain::product::{Product, ProductDetails};
use domain::{Money, StreamId};
use event_store::{Accepted, Decider, Failure, Submission};
use futures::stream::{self, StreamExt};
use uuid::Uuid;

use super::counted::Counted;
use super::line::{Goods, Kind};
use super::{ImportError, Importer, known};

/// So many products are looked up at once, and so many are on their way to the log.
const AT_ONCE: usize = 256;

/// Everything that is sold, by seller and code. It grows with the codes of the file, and with nothing else.
#[derive(Default)]
pub struct Catalog {
    shops: HashMap<Arc<str>, Shop>,
}

/// A seller.
#[derive(Default)]
struct Shop {
    id: Option<SellerId>,
    codes: HashMap<String, Code>,
}

/// What the file says of a code.
struct Code {
    name: String,
    /// Whether the name is that of a line with a price: others have remarks where names should be.
    named: bool,
    price: Money,
    since: DateTime<Utc>,
    /// What the stock would be if it had begun with 0, and the lowest that it was.
    stock: i128,
    lowest: i128,
    /// Whether it was sold or adjusted: what was only returned is no product yet.
    moved: bool,
    product: Option<ProductId>,
}

/// A product of the log.
#[derive(Clone, Copy, Debug)]
pub struct Sold<'a> {
    /// Its id.
    pub product_id: ProductId,
    /// What it is called.
    pub name: &'a str,
}

impl Catalog {
    /// The seller's id, if it is known.
    pub fn shop(&self, seller: &str) -> Option<SellerId> {
        self.shops.get(seller)?.id
    }

    /// Notes a seller.
    pub fn add_shop(&mut self, seller: &Arc<str>, id: Option<SellerId>) {
        self.shops.entry(Arc::clone(seller)).or_default().id = id;
    }

    /// The sellers that have no shop yet, in the order of their names.
    pub fn without_id(&self) -> Vec<Arc<str>> {
        let without = self.shops.iter().filter(|(_, shop)| shop.id.is_none());
        let mut sellers: Vec<Arc<str>> = without.map(|(seller, _)| Arc::clone(seller)).collect();
        sellers.sort_unstable();
        sellers
    }

    /// Whether the seller was noted.
    pub fn has_shop(&self, seller: &str) -> bool {
        self.shops.contains_key(seller)
    }

    /// The product of a code.
    pub fn product(&self, seller: &str, code: &str) -> Option<Sold<'_>> {
        let code = self.shops.get(seller)?.codes.get(code)?;
        Some(Sold { product_id: code.product?, name: &code.name })
    }

    /// Notes what a line says of its product. `counts`: its goods have not moved yet.
    pub fn note(&mut self, goods: &Goods, counts: bool) {
        let shop = self.shops.entry(Arc::clone(&goods.seller)).or_default();
        if !shop.codes.contains_key(&goods.code) {
            shop.codes.insert(goods.code.clone(), Code::of(goods));
        }
        if let Some(code) = shop.codes.get_mut(&goods.code) {
            code.note(goods, counts);
        }
    }
}

impl Code {
    fn of(goods: &Goods) -> Self {
        Self {
            name: String::new(),
            named: false,
            price: Money::new(0, goods.currency),
            since: goods.at,
            stock: 0,
            lowest: 0,
            moved: false,
            product: None,
        }
    }

    fn note(&mut self, goods: &Goods, counts: bool) {
        let priced = goods.unit_price > 0;
        if !goods.name.is_empty() && (self.name.is_empty() || (priced && !self.named)) {
            self.name.clone_from(&goods.name);
            self.named = priced;
        }
        if priced && self.price.amount == 0 {
            self.price = Money::new(goods.unit_price, goods.currency);
        }
        self.since = self.since.min(goods.at);
        let change = match goods.kind {
            Kind::Sale(units) => -i128::from(units),
            Kind::Adjustment(delta) => i128::from(delta),
            // Whether it is taken back is known only later; the stock suffices without it.
            Kind::Return(_) => return,
        };
        self.moved = true;
        if counts {
            self.stock += change;
            self.lowest = self.lowest.min(self.stock);
        }
    }

    fn opening(&self) -> u64 {
        u64::try_from(-self.lowest).unwrap_or(u64::MAX)
    }
}

/// A product that is looked for.
struct Wanted {
    seller: Arc<str>,
    seller_id: SellerId,
    code: String,
}

impl Importer {
    /// Finds or creates every product that was sold, with stock enough for what the log doesn't have yet.
    pub(super) async fn stock_up(&mut self) -> Result<(), ImportError> {
        let mut wanted = Vec::new();
        for (seller, shop) in &self.catalog.shops {
            let Some(seller_id) = shop.id else { continue };
            let of = |code: &String| Wanted { seller: Arc::clone(seller), seller_id, code: code.clone() };
            wanted.extend(shop.codes.keys().map(of));
        }
        wanted.sort_by(|one, other| (&one.seller, &one.code).cmp(&(&other.seller, &other.code)));
        for wanted in wanted.chunks(AT_ONCE) {
            self.stock_up_some(wanted).await?;
        }
        Ok(())
    }

    async fn stock_up_some(&mut self, wanted: &[Wanted]) -> Result<(), ImportError> {
        let names: Vec<String> = wanted.iter().map(|it| claim::sku(it.seller_id, &it.code)).collect();
        let mut owners = known::states::<Claim>(&self.pool, &names).await?;
        let mut commands = Vec::new();
        for (it, name) in wanted.iter().zip(&names) {
            let owner = owners.remove(name).and_then(|claim| claim.owner);
            let Some(code) = self.code_mut(it) else { continue };
            code.product = owner.as_deref().and_then(|owner| owner.parse().ok());
            if code.moved && (owner.is_none() || code.opening() > 0) {
                commands.push((it, command(it, code), code.since, owner.is_none()));
            }
        }
        let products = stream::iter(commands)
            .map(|(it, command, since, fresh)| {
                let submitted = self.submit_product(command, since, fresh);
                async move { (it, submitted.await) }
            })
            .buffered(AT_ONCE)
            .collect::<Vec<_>>()
            .await;
        for (it, product) in products {
            let (product_id, events) = product?;
            self.summary.events += events;
            if let Some(code) = self.code_mut(it) {
                code.product = product_id;
            }
        }
        Ok(())
    }

    fn code_mut(&mut self, it: &Wanted) -> Option<&mut Code> {
        self.catalog.shops.get_mut(&it.seller)?.codes.get_mut(&it.code)
    }

    /// The product and how many events it took; no product where the rules refuse it.
    fn submit_product(
        &self,
        command: ImportProduct,
        since: DateTime<Utc>,
        fresh: bool,
    ) -> impl Future<Output = Result<(Option<ProductId>, u64), ImportError>> + use<> {
        let submission = Submission { bytes: 1024, ..self.submission(since) };
        let submitted = submit(&self.decider, submission, command, fresh);
        async move {
            Ok(match submitted.await? {
                Taken::Product { product_id, events } => (Some(product_id), events),
                Taken::Refused(_) => (None, 0),
            })
        }
    }
}

/// What came of a product.
pub enum Taken {
    /// It is in the catalog.
    Product {
        /// Its id.
        product_id: ProductId,
        /// So many events were appended.
        events: u64,
    },
    /// The rules refuse it.
    Refused(String),
}

/// Has the decider take a product. `fresh`: nothing had its SKU a moment ago.
pub fn submit(
    decider: &Decider,
    submission: Submission,
    command: ImportProduct,
    fresh: bool,
) -> impl Future<Output = Result<Taken, ImportError>> + use<> {
    let fresh = if fresh { fresh_streams(&command) } else { Vec::new() };
    let submission = Submission { fresh, ..submission };
    let decider = decider.clone();
    async move {
        let decide = move |decision: &mut event_store::Decision<'_>| {
            let mut counted = Counted::of(decision);
            Ok((import_product(&mut counted, &command)?, counted.events))
        };
        match decider.submit::<_, ImportProductError, _>(submission, decide).await {
            Ok(Accepted::Done { value: (product_id, events), .. }) => {
                Ok(Taken::Product { product_id, events })
            }
            Ok(Accepted::Replayed(_)) => Ok(Taken::Refused("it was imported before".to_owned())),
            Err(Failure::Refused(refusal)) => Ok(Taken::Refused(refusal.to_string())),
            Err(Failure::Unstorable(error)) => Ok(Taken::Refused(error.clone())),
            Err(failure) => Err(ImportError::Log(failure.to_string())),
        }
    }
}

/// The slugs that a product may have, the last of them certainly free.
pub fn slugs(name: &str, sku: &str, product_id: ProductId) -> Vec<String> {
    let base: String = slug::slugify(name).chars().take(150).collect();
    let sku: String = slug::slugify(sku).chars().take(40).collect();
    let tail = product_id.0.simple().to_string().split_off(20);
    let of =
        |parts: &[&str]| parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join("-");
    let mut slugs = vec![of(&[&base]), of(&[&base, &sku]), of(&[&base, &tail])];
    slugs.retain(|slug| !slug.is_empty());
    slugs
}

/// Streams of ids just made up, and the SKU's, which was free a moment ago.
fn fresh_streams(command: &ImportProduct) -> Vec<StreamId> {
    vec![
        StreamId::of::<Product>(command.product_id),
        StreamId::of::<Inventory>(command.product_id),
        StreamId::of::<Claim>(claim::sku(command.details.seller_id, &command.details.sku)),
    ]
}

fn command(it: &Wanted, code: &Code) -> ImportProduct {
    let product_id = ProductId(Uuid::now_v7());
    let name = if code.name.is_empty() { it.code.clone() } else { code.name.clone() };
    let slugs = slugs(&name, &it.code, product_id);
    let details = details(it.seller_id, &it.code, name, code.price);
    ImportProduct { product_id, details, slugs, stock: code.opening() }
}

fn details(seller_id: SellerId, code: &str, name: String, price: Money) -> ProductDetails {
    ProductDetails {
        external_id: Some(code.to_owned()),
        ..ProductDetails::plain(seller_id, code.to_owned(), name, price)
    }
}
