//! The role that takes commands: what it is started with, and how it ends.

use std::sync::Arc;

use domain::cart::Cart;
use domain::category::Category;
use domain::claim::Claim;
use domain::coupon::Coupon;
use domain::inventory::Inventory;
use domain::order::Order;
use domain::payment::Payment;
use domain::product::Product;
use domain::purchases::Purchases;
use domain::review::Review;
use domain::shelf::Shelf;
use event_store::decider::{self, DeciderTask, Registry};
use event_store::{Decider, Histories, Log, LogError, LogWatch};
use identity::addresses::AddressBook;
use identity::personal::Keeper;
use projections::catalog::Products;
use projections::order_history::Orders;
use projections::reviews::ReviewList;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;

use crate::auth::Auth;
use crate::config::{PaymentConfig, ShopConfig};
use crate::gateway::{Gateway, Gateways, Simulator, Stripe, simulator, stripe};
use crate::messages::{MessageConfig, Senders};
use crate::order_numbers::OrderNumbers;
use crate::process_managers::messages::Messages;
use crate::process_managers::outcomes::{self, Outcomes};
use crate::process_managers::payments::Payments;
use crate::process_managers::personal::Personal;
use crate::process_managers::reservations::Reservations;
use crate::settlement::Settlement;
use crate::shop::{self, Shop};
use crate::{Resources, api, beside};

/// What the role is started with.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The database, as the restricted role.
    pub pool: PgPool,
    /// The primary, for the one connection that appends.
    pub appending: PgConnectOptions,
    /// The log's growth.
    pub watch: LogWatch,
    /// Registration, login, keys.
    pub auth: Auth,
    /// The rules of the shop.
    pub shop: ShopConfig,
    /// How payments are taken.
    pub payments: PaymentConfig,
    /// Where e-mail and SMS go out.
    pub messages: MessageConfig,
    /// How much the decider takes on.
    pub decider: decider::Config,
    /// Whether process managers run in this process: payments to gateways, reservations that expire. They may run in
    /// several; one of them leads.
    pub process_managers: bool,
}

/// The role, running.
#[derive(Debug)]
pub struct CommandApi {
    shop: Shop,
    auth: Auth,
    simulator: Option<Simulator>,
    task: DeciderTask,
    managers: JoinSet<()>,
    ending: CancellationToken,
}

/// Every aggregate that commands are about.
pub fn registry() -> Registry {
    Registry::default()
        .with::<Order>()
        .with_snapshots::<Inventory>()
        .with_snapshots::<Coupon>()
        .with::<Cart>()
        .with::<Payment>()
        .with::<Product>()
        .with::<Review>()
        .with::<Category>()
        .with_snapshots::<Shelf>()
        .with::<Claim>()
        .with::<Purchases>()
}

impl CommandApi {
    /// Starts the decider and the process managers.
    pub async fn start(setup: Setup) -> Result<Self, LogError> {
        let Setup { pool, watch, payments, .. } = &setup;
        let decider = setup.decider.clone();
        let (decider, task) =
            Decider::start(registry(), decider, &setup.appending, pool.clone(), watch.clone()).await?;
        let simulator = if payments.simulator {
            Some(Simulator::start(pool.clone(), &payments.public_url).await?)
        } else {
            None
        };
        let shop = open(&setup, decider, gateways(simulator.as_ref(), payments, pool));
        let ending = CancellationToken::new();
        let messages = setup.process_managers.then_some(&setup.messages);
        let mut managers = managers(&shop, watch, messages, &ending);
        if let Some(simulator) = simulator.clone().filter(|_| setup.process_managers) {
            managers.spawn(simulator.deliver(ending.clone()));
        }
        Ok(Self { shop, auth: setup.auth, simulator, task, managers, ending })
    }

    /// The commands under no prefix, and what lies beside the API.
    pub fn routers(&self) -> (OpenApiRouter, OpenApiRouter) {
        let resources = Resources { auth: self.auth.clone(), shop: self.shop.clone() };
        let mut beside = beside(self.auth.clone());
        if let Some(simulator) = &self.simulator {
            beside = beside.merge(simulator::pages(simulator.clone(), self.shop.clone()).into());
        }
        (api(resources), beside)
    }

    /// The decider, for a tool that runs in this process.
    pub fn decider(&self) -> &Decider {
        &self.shop.decider
    }

    /// Resolves when the role can't go on: the decider found another log under it.
    pub async fn ended(&mut self) {
        self.task.ended().await;
    }

    /// Ends it, once its requests are answered: the process managers stop, and the decider answers what it was given.
    pub async fn stop(mut self) {
        self.ending.cancel();
        while self.managers.join_next().await.is_some() {}
        self.task.drain().await;
    }
}

/// What commands of the shop work with.
fn open(setup: &Setup, decider: Decider, gateways: Gateways) -> Shop {
    let Setup { pool, watch, shop: rules, payments, .. } = setup;
    let (log, personal) = (Log::followed(pool.clone(), watch), Keeper::start(&setup.appending));
    let outcomes = Outcomes::default();
    let settlement = Settlement {
        decider: decider.clone(),
        log: log.clone(),
        personal: personal.clone(),
        watch: watch.clone(),
        gateways: gateways.clone(),
        outcomes: outcomes.clone(),
    };
    Shop::from(shop::Parts {
        decider,
        log,
        histories: Histories::start(pool.clone()),
        personal,
        addresses: AddressBook::start(pool.clone()),
        order_numbers: OrderNumbers::new(pool.clone()),
        products: Products::new(pool.clone()),
        orders: Orders::new(pool.clone()),
        reviews: ReviewList::new(pool.clone()),
        rules: rules.clone(),
        payments: payments.clone(),
        gateways,
        outcomes,
        settlement,
        poke: Arc::new(Notify::new()),
    })
}

fn gateways(simulator: Option<&Simulator>, payments: &PaymentConfig, pool: &PgPool) -> Gateways {
    let simulator =
        simulator.map(|simulator| (simulator::NAME, Arc::new(simulator.clone()) as Arc<dyn Gateway>));
    let stripe = payments.stripe.as_ref().map(|config| {
        let stripe: Arc<dyn Gateway> = Arc::new(Stripe::new(config, &payments.public_url, pool.clone()));
        (stripe::NAME, stripe)
    });
    Gateways::new(stripe.into_iter().chain(simulator))
}

fn managers(
    shop: &Shop,
    watch: &LogWatch,
    here: Option<&MessageConfig>,
    ending: &CancellationToken,
) -> JoinSet<()> {
    let mut managers = JoinSet::new();
    let (says_leading, leading) = watch::channel(false);
    if let Some(messages) = here {
        let payments = Payments {
            log: shop.log.clone(),
            watch: watch.clone(),
            settlement: shop.settlement.clone(),
            poke: Arc::clone(&shop.poke),
            at_once: shop.payments.at_once,
        };
        managers.spawn(payments.run(says_leading, ending.clone()));
        let reservations =
            Reservations { decider: shop.decider.clone(), log: shop.log.clone(), watch: watch.clone() };
        managers.spawn(reservations.run(ending.clone()));
        let messages = Messages { pool: shop.log.pool().clone(), senders: Senders::new(messages) };
        managers.spawn(messages.run(ending.clone()));
        let personal = Personal { log: shop.log.clone(), watch: watch.clone() };
        managers.spawn(personal.run(ending.clone()));
    }
    let told =
        outcomes::follow(shop.outcomes.clone(), shop.log.clone(), watch.clone(), leading, ending.clone());
    managers.spawn(told);
    managers
}

#[cfg(test)]
mod tests {
    use domain::Decide as _;
    use domain::imported::Imported;
    use domain::public::{PUBLISHED, is_private};

    use super::*;

    /// A relay stops at an aggregate that it doesn't know.
    #[test]
    fn every_aggregate_is_either_published_or_private() {
        for known in registry().types().chain([Imported::TYPE]) {
            assert_ne!(PUBLISHED.contains(&known), is_private(known), "{known}");
        }
    }
}
