//! Which products a seller has.

use std::collections::HashMap;
use std::sync::Arc;

use domain::ids::SellerId;

use super::runs::Runs;

/// As many as a byte tells apart.
const PARTS: usize = 256;

/// The slots of each seller, in order. Cheap to clone; a change copies one part of the sellers, and few of the slots of one, if
/// a clone still has them.
#[derive(Clone, Debug)]
pub(super) struct BySeller(Vec<Arc<HashMap<SellerId, Arc<Runs>>>>);

impl Default for BySeller {
    fn default() -> Self {
        Self(vec![Arc::default(); PARTS])
    }
}

impl BySeller {
    /// The products of a seller.
    pub(super) fn slots(&self, seller: SellerId) -> &Runs {
        self.0[part(seller)].get(&seller).map_or(Runs::none(), AsRef::as_ref)
    }

    pub(super) fn add(&mut self, seller: SellerId, slot: u32) {
        let sellers = Arc::make_mut(&mut self.0[part(seller)]);
        Arc::make_mut(sellers.entry(seller).or_default()).insert(slot);
    }

    pub(super) fn remove(&mut self, seller: SellerId, slot: u32) {
        if !self.slots(seller).contains(slot) {
            return;
        }
        let sellers = Arc::make_mut(&mut self.0[part(seller)]);
        if let Some(slots) = sellers.get_mut(&seller) {
            let slots = Arc::make_mut(slots);
            slots.remove(slot);
            if slots.is_empty() {
                sellers.remove(&seller);
            }
        }
    }
}

/// The last byte of an id is random.
fn part(seller: SellerId) -> usize {
    let [.., last] = seller.0.into_bytes();
    usize::from(last)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn each_seller_has_their_own_products_and_one_without_any_is_forgotten() {
        // Two of them are in one part.
        let sellers = [1, 2, 257].map(|n| SellerId(Uuid::from_u128(n)));
        let mut by_seller = BySeller::default();
        for (slot, seller) in (0..).zip(sellers.iter().cycle().take(7)) {
            by_seller.add(*seller, slot);
        }
        let told =
            |by_seller: &BySeller| sellers.map(|seller| by_seller.slots(seller).iter().collect::<Vec<_>>());
        let before = by_seller.clone();
        for (seller, slot) in [(0, 3), (0, 4), (1, 4), (1, 1)] {
            by_seller.remove(sellers[seller], slot);
        }
        assert_eq!(told(&by_seller), [vec![0, 6], vec![], vec![2, 5]]);
        assert_eq!(told(&before), [vec![0, 3, 6], vec![1, 4], vec![2, 5]]);
        assert!(by_seller.0[2].is_empty());
    }
}
