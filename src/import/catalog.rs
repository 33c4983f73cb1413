//! The products of a history: what the file says of each code, and the product that it is here.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::Money;
use domain::ids::{ProductId, SellerId};

use super::line::{Goods, Kind};

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
pub struct Code {
    /// Nothing where no line says it.
    pub name: String,
    /// Whether the name is that of a line with a price: others have remarks where names should be.
    named: bool,
    /// Of one; 0 where no line has one.
    pub price: Money,
    /// The time of its first line.
    pub since: DateTime<Utc>,
    /// What the stock would be if it had begun with 0, and the lowest that it was.
    stock: i128,
    lowest: i128,
    /// Whether it was sold or adjusted: what was only returned is no product yet.
    pub moved: bool,
    /// What it is here.
    pub product: Option<ProductId>,
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

    /// Every code with its seller, of the sellers that have a shop; in no order.
    pub fn codes(&self) -> impl Iterator<Item = (&Arc<str>, SellerId, &String)> {
        let of_shops = self.shops.iter().filter_map(|(seller, shop)| Some((seller, shop.id?, shop)));
        of_shops.flat_map(|(seller, id, shop)| shop.codes.keys().map(move |code| (seller, id, code)))
    }

    /// What is known of a code.
    pub fn code_mut(&mut self, seller: &str, code: &str) -> Option<&mut Code> {
        self.shops.get_mut(seller)?.codes.get_mut(code)
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

    /// How many there must have been before the first line.
    pub fn opening(&self) -> u64 {
        u64::try_from(-self.lowest).unwrap_or(u64::MAX)
    }
}
