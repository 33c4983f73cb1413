//! A small shop to begin with: an admin, a seller, a customer and twenty products, made once on a fresh database.
//!
//! It is made where the payment simulator is on, so never in a shop that takes money. Passwords are drawn anew for each
//! database and kept beside its other secrets, in `DAYBOOK_HOME/sample-shop.json`.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use api_contract::Role;
use chrono::Utc;
use command_api::accounts::{NewAccount, create_user};
use command_api::passwords::Passwords;
use domain::decisions::{CreateProduct, create_product};
use domain::ids::{ProductId, SellerId};
use domain::product::{Attribute, ProductDetails};
use domain::{Currency, Money};
use event_store::{Decider, Metadata, Submission};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use uuid::Uuid;

use crate::Failure;

/// Who can log in.
#[derive(Serialize, Deserialize)]
pub struct SampleShop {
    /// Runs the place.
    pub admin: Login,
    /// Owns the shop.
    pub seller: Login,
    /// Buys.
    pub customer: Login,
}

/// An e-mail address and its password.
#[derive(Serialize, Deserialize)]
pub struct Login {
    /// Under `@daybook.example`, which nobody can own (RFC 2606).
    pub email: String,
    /// Drawn for this database.
    pub password: String,
}

/// SKU, name, brand, category, price in cents, stock, description.
type Row = (&'static str, &'static str, &'static str, &'static str, i64, u64, &'static str);

const PRODUCTS: [Row; 20] = [
    (
        "LMP-01",
        "Folding Desk Lamp",
        "Halden",
        "Lighting",
        3_490,
        40,
        "A desk lamp of brushed aluminium that folds flat; warm light in three steps.",
    ),
    (
        "LMP-02",
        "Paper Lantern, 40 cm",
        "Halden",
        "Lighting",
        1_250,
        120,
        "A round lantern of rice paper on a bamboo frame.",
    ),
    (
        "NTB-01",
        "Ruled Notebook A5",
        "Folio",
        "Stationery",
        890,
        300,
        "192 numbered pages of 90 g paper, thread-bound, with an index.",
    ),
    (
        "NTB-02",
        "Dotted Notebook A4",
        "Folio",
        "Stationery",
        1_290,
        200,
        "For drawings and plans; lies flat when open.",
    ),
    (
        "PEN-01",
        "Fountain Pen, Fine",
        "Folio",
        "Stationery",
        4_200,
        60,
        "A steel nib, a brass body, and a converter for bottled ink.",
    ),
    (
        "INK-01",
        "Blue-Black Ink, 50 ml",
        "Folio",
        "Stationery",
        1_150,
        80,
        "Iron gall ink that stays for a lifetime.",
    ),
    (
        "MUG-01",
        "Stoneware Mug",
        "Kiln & Co",
        "Kitchen",
        1_600,
        150,
        "Thrown by hand, glazed in slate grey, 300 ml.",
    ),
    (
        "BWL-01",
        "Serving Bowl, 24 cm",
        "Kiln & Co",
        "Kitchen",
        3_800,
        35,
        "A wide bowl for salads, safe in the dishwasher.",
    ),
    (
        "TEA-01",
        "Teapot with Strainer",
        "Kiln & Co",
        "Kitchen",
        5_400,
        25,
        "One litre, with a strainer of stainless steel.",
    ),
    (
        "KNF-01",
        "Paring Knife",
        "Solvig",
        "Kitchen",
        2_750,
        70,
        "A 9 cm blade of carbon steel with a beech handle.",
    ),
    ("BRD-01", "Oak Cutting Board", "Solvig", "Kitchen", 4_900, 30, "End grain oak, oiled, 35 by 25 cm."),
    (
        "BKP-01",
        "Canvas Backpack, 20 l",
        "Northway",
        "Bags",
        8_900,
        45,
        "Waxed canvas with a padded sleeve for a 15-inch laptop.",
    ),
    ("BAG-01", "Market Tote", "Northway", "Bags", 2_100, 220, "A tote of heavy cotton that carries 15 kg."),
    (
        "BTL-01",
        "Insulated Bottle, 750 ml",
        "Northway",
        "Outdoor",
        2_990,
        110,
        "Keeps tea hot for twelve hours and water cold for twenty-four.",
    ),
    (
        "BLK-01",
        "Wool Blanket",
        "Northway",
        "Home",
        9_900,
        20,
        "Merino wool, woven in herringbone, 130 by 180 cm.",
    ),
    (
        "CLK-01",
        "Wall Clock, 30 cm",
        "Halden",
        "Home",
        5_900,
        28,
        "Silent movement, a face that is easy to read.",
    ),
    ("PLT-01", "Terracotta Planter", "Kiln & Co", "Garden", 2_400, 64, "Frost-proof, with a saucer, 22 cm."),
    (
        "SED-01",
        "Herb Seeds, Set of Six",
        "Solvig",
        "Garden",
        1_450,
        90,
        "Basil, chives, coriander, dill, parsley and thyme.",
    ),
    (
        "HDP-01",
        "Wireless Headphones",
        "Audiant",
        "Electronics",
        29_999,
        15,
        "Noise-cancelling over-ear headphones with thirty hours of battery.",
    ),
    (
        "SPK-01",
        "Portable Speaker",
        "Audiant",
        "Electronics",
        7_990,
        50,
        "A speaker the size of a mug that plays for a day and survives rain.",
    ),
];

/// Makes the shop if nobody is registered and nothing has happened yet.
pub async fn load_once(pool: &PgPool, decider: &Decider, home: &Path) -> Result<(), Failure> {
    let fresh = identity::users::is_empty(pool).await?
        && event_store::Log::new(pool.clone()).head().await?.position == 0;
    if !fresh {
        return Ok(());
    }
    let passwords = Passwords::new()?;
    let shop = SampleShop { admin: login("admin"), seller: login("seller"), customer: login("customer") };
    // First the passwords, so that no account is made that nobody can enter.
    write(home, &shop)?;
    let people = [
        (&shop.admin, Role::Admin, "Ada Admin"),
        (&shop.seller, Role::Seller, "Corner Shop"),
        (&shop.customer, Role::Customer, "Cora Customer"),
    ];
    for (login, role, name) in people {
        let (email, password) = (login.email.clone(), login.password.clone());
        create_user(pool, &passwords, NewAccount { email, password, role, name: Some(name.to_owned()) })
            .await?;
    }
    let seller = identity::users::find(pool, &shop.seller.email).await?.and_then(|account| account.shop);
    let seller = seller.ok_or("the sample seller has no shop")?;
    let currency: Currency = "USD".parse()?;
    for row in PRODUCTS {
        let product = product(row, seller, currency);
        let submission = Submission {
            metadata: Metadata::default().with(Metadata::ACTOR, "sample-shop"),
            occurred_at: Some(Utc::now()),
            ..Submission::default()
        };
        decider.submit(submission, move |streams| create_product(streams, &product)).await?;
    }
    Ok(())
}

fn product(row: Row, seller_id: SellerId, currency: Currency) -> CreateProduct {
    let (sku, name, brand, category, price, stock, description) = row;
    let slug = name.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), " ");
    let details = ProductDetails {
        slug: slug.split_whitespace().collect::<Vec<_>>().join("-"),
        description: description.to_owned(),
        brand: Some(brand.to_owned()),
        category: Some(category.to_owned()),
        tags: vec![category.to_lowercase()],
        attributes: vec![Attribute { name: "Brand".to_owned(), value: brand.to_owned() }],
        featured: sku.ends_with("-02"),
        ..ProductDetails::plain(seller_id, sku.to_owned(), name.to_owned(), Money::new(price, currency))
    };
    CreateProduct { product_id: ProductId(Uuid::now_v7()), details, opening_stock: stock, reason: None }
}

fn login(name: &str) -> Login {
    // 122 random bits; the letters before make it pass every rule for passwords.
    let password = format!("Aa1-{}", Uuid::new_v4().simple());
    Login { email: format!("{name}@daybook.example"), password }
}

fn path(home: &Path) -> std::path::PathBuf {
    home.join("sample-shop.json")
}

fn write(home: &Path, shop: &SampleShop) -> Result<(), Failure> {
    fs::create_dir_all(home)?;
    let mut file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path(home))?;
    Ok(file.write_all(&serde_json::to_vec_pretty(shop)?)?)
}

/// The logins of this home's sample shop, if it has one.
pub fn read(home: &Path) -> Option<SampleShop> {
    serde_json::from_slice(&fs::read(path(home)).ok()?).ok()
}
