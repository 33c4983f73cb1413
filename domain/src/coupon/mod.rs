//! A coupon. Its id is its code.
//!
//! It is created with terms that never change: what it takes off, from which subtotal, when, and for how many orders,
//! in all and of one user. An order that has it redeems it in the same append, so its limits hold however many orders
//! are placed at once. An order that is given up releases it. A coupon that is withdrawn takes nothing off any more;
//! its code is not used again, so that it means one thing for ever.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use crate::ids::{OrderId, UserId};
use crate::{Currency, Decide, Minor, Money, cqrs_aggregate};

mod code;
mod events;
pub mod public;
mod terms;

pub use code::{CouponCode, LONGEST_CODE, NoCouponCode};
pub use events::CouponEvent;
pub use terms::{Discount, Terms, TermsError};

/// One coupon. Cloning is cheap: who used it is a persistent map.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coupon {
    /// Nothing before it is created.
    pub terms: Option<Arc<Terms>>,
    /// Whether it takes nothing off any more.
    pub withdrawn: bool,
    /// How many orders have it.
    pub redeemed: u64,
    /// How many orders of each user have it, where that is limited.
    pub by_user: OrdMap<UserId, u32>,
}

/// What may be asked of a coupon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CouponCommand {
    /// To be one.
    Create(Terms),
    /// An order is placed with it. That an order does so once is the order's own rule.
    Redeem {
        /// Which.
        order_id: OrderId,
        /// Whose.
        user_id: UserId,
        /// What it takes off from.
        subtotal: Money,
        /// The time now.
        at: DateTime<Utc>,
    },
    /// An order that has it is given up.
    Release {
        /// Which.
        order_id: OrderId,
        /// Whose.
        user_id: UserId,
    },
    /// To be used no more.
    Withdraw,
}

impl Coupon {
    /// A coupon as one user meets it, for whoever keeps these numbers and not the stream.
    pub fn met_by(user_id: UserId, terms: Terms, withdrawn: bool, redeemed: u64, uses: u32) -> Self {
        let by_user = if uses > 0 { OrdMap::unit(user_id, uses) } else { OrdMap::new() };
        Self { terms: Some(Arc::new(terms)), withdrawn, redeemed, by_user }
    }

    /// The terms of a coupon that may be used.
    pub fn in_force(&self) -> Result<&Arc<Terms>, CouponError> {
        self.terms.as_ref().filter(|_| !self.withdrawn).ok_or(CouponError::Unknown)
    }

    /// What it takes off this subtotal for this user now, or why nothing.
    pub fn discount_on(
        &self,
        subtotal: Money,
        user_id: UserId,
        at: DateTime<Utc>,
    ) -> Result<Minor, CouponError> {
        let terms = self.in_force()?;
        if let Some(starts_at) = terms.starts_at.filter(|starts_at| at < *starts_at) {
            return Err(CouponError::NotStarted { starts_at });
        }
        if let Some(ended_at) = terms.ends_at.filter(|ends_at| at >= *ends_at) {
            return Err(CouponError::Ended { ended_at });
        }
        if terms.total_limit.is_some_and(|limit| self.redeemed >= limit) {
            return Err(CouponError::UsedUp);
        }
        let uses = self.by_user.get(&user_id).copied().unwrap_or_default();
        if let Some(limit) = terms.per_user_limit.filter(|limit| uses >= *limit) {
            return Err(CouponError::UsedUpByUser { limit });
        }
        if let Some(currency) = terms.currency.filter(|currency| *currency != subtotal.currency) {
            return Err(CouponError::OtherCurrency { currency });
        }
        if let Some(minimum) = terms.minimum_subtotal.filter(|minimum| subtotal.amount < *minimum) {
            return Err(CouponError::BelowMinimum { minimum: Money::new(minimum, subtotal.currency) });
        }
        Ok(terms.discount.off(subtotal.amount))
    }

    fn create(&self, terms: Terms) -> Result<CouponEvent, CouponError> {
        if self.terms.is_some() {
            return Err(CouponError::AlreadyExists);
        }
        terms.check()?;
        Ok(CouponEvent::CouponCreated(terms))
    }

    fn release(&self, order_id: OrderId, user_id: UserId) -> Result<CouponEvent, CouponError> {
        if self.redeemed == 0 {
            Err(CouponError::NotRedeemed)
        } else {
            Ok(CouponEvent::CouponReleased { order_id, user_id })
        }
    }

    fn counts_users(&self) -> bool {
        self.terms.as_ref().is_some_and(|terms| terms.per_user_limit.is_some())
    }
}

impl Decide for Coupon {
    const TYPE: &'static str = "coupons";
    type Command = CouponCommand;
    type Event = CouponEvent;
    type Error = CouponError;

    fn decide(&self, command: CouponCommand) -> Result<Vec<CouponEvent>, CouponError> {
        let event = match command {
            CouponCommand::Create(terms) => self.create(terms)?,
            CouponCommand::Redeem { order_id, user_id, subtotal, at } => {
                let discount = Money::new(self.discount_on(subtotal, user_id, at)?, subtotal.currency);
                CouponEvent::CouponRedeemed { order_id, user_id, discount }
            }
            CouponCommand::Release { order_id, user_id } => self.release(order_id, user_id)?,
            CouponCommand::Withdraw => {
                self.in_force()?;
                CouponEvent::CouponWithdrawn {}
            }
        };
        Ok(vec![event])
    }

    fn evolve(&mut self, event: &CouponEvent) {
        match event {
            CouponEvent::CouponCreated(terms) => self.terms = Some(Arc::new(terms.clone())),
            CouponEvent::CouponRedeemed { order_id: _, user_id, discount: _ } => {
                self.redeemed = self.redeemed.saturating_add(1);
                if self.counts_users() {
                    let uses = self.by_user.entry(*user_id).or_default();
                    *uses = uses.saturating_add(1);
                }
            }
            CouponEvent::CouponReleased { order_id: _, user_id } => {
                self.redeemed = self.redeemed.saturating_sub(1);
                match self.by_user.get_mut(user_id) {
                    Some(uses) if *uses > 1 => *uses -= 1,
                    Some(_) | None => {
                        self.by_user.remove(user_id);
                    }
                }
            }
            CouponEvent::CouponWithdrawn {} => self.withdrawn = true,
        }
    }
}

cqrs_aggregate!(Coupon);

/// Why a coupon refuses a command, or takes nothing off. The words are for the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CouponError {
    /// The code is taken, perhaps by a coupon that was withdrawn.
    #[error("there is, or was, a coupon with this code")]
    AlreadyExists,
    /// Its terms make no sense.
    #[error(transparent)]
    Terms(#[from] TermsError),
    /// There never was such a coupon, or it was withdrawn.
    #[error("there is no such coupon")]
    Unknown,
    /// Its time has not come.
    #[error("the coupon is not valid before {}", starts_at.format("%F %H:%M UTC"))]
    NotStarted {
        /// When it comes.
        starts_at: DateTime<Utc>,
    },
    /// Its time is over.
    #[error("the coupon expired at {}", ended_at.format("%F %H:%M UTC"))]
    Ended {
        /// Since when.
        ended_at: DateTime<Utc>,
    },
    /// As many orders have it as may.
    #[error("the coupon has been used as often as it may be")]
    UsedUp,
    /// As many orders of this user have it as may.
    #[error("you have used the coupon as often as you may ({limit})")]
    UsedUpByUser {
        /// So many.
        limit: u32,
    },
    /// Its amounts are in another currency.
    #[error("the coupon is for prices in {currency}")]
    OtherCurrency {
        /// In this.
        currency: Currency,
    },
    /// Too little is bought.
    #[error("the coupon needs a subtotal of at least {minimum} {}", minimum.currency)]
    BelowMinimum {
        /// At least this.
        minimum: Money,
    },
    /// Uses are counted by user: a guest has none.
    #[error("a coupon can't be used without an account")]
    NoAccount,
    /// No order has it.
    #[error("no order has the coupon")]
    NotRedeemed,
}

#[cfg(test)]
mod tests;
