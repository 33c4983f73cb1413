//! What people keep of themselves: profile and addresses.

use api_contract::Role;
use identity::addresses::AddressBook;
use identity::users::{self, ProfileChange};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{App, Options, Person, order_of};

async fn add(person: &Person<'_>, street: &str, is_default: bool) -> Value {
    let body = json!({ "street": street, "city": "Los Angeles", "state": "CA", "zipCode": "90001",
                       "country": "USA", "isDefault": is_default });
    let answer = person.post("/users/addresses", &body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    answer.json()["data"].clone()
}

async fn addresses(person: &Person<'_>) -> Vec<(String, bool)> {
    let pool = &person.app().database.pool;
    let stored = identity::addresses::all(pool, person.id).await.unwrap();
    stored.into_iter().map(|it| (it.address.street, it.is_default)).collect()
}

#[tokio::test]
async fn profiles_are_changed_as_the_documents_print_it() {
    let app = App::start().await;
    let jane = app.person(Role::Customer).await;
    let s4 = json!({ "firstName": "John", "lastName": "Smith", "phoneNumber": "+1234567890",
                     "dateOfBirth": "1990-01-15" });
    let answer = jane.send(Method::PUT, "/users/profile", &s4).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(answer.json()["message"], "Profile updated successfully");
    let s0 = json!({ "username": "johndoe", "gender": "male", "interests": ["tech", "fashion"] });
    assert_eq!(jane.send(Method::PATCH, "/users/profile", &s0).await.status, StatusCode::OK);
    let s1 = json!({ "bio": "Hello", "avatar_url": "https://example.com/a.png",
                     "preferences": { "theme_color": "dark", "n": 1.5 } });
    assert_eq!(jane.send(Method::PATCH, "/auth/profile", &s1).await.status, StatusCode::OK);
    let answer = jane.send(Method::PATCH, "/auth/me", &json!({ "gender": "" })).await;
    let me = answer.json()["data"].clone();
    let shown = json!([
        me["firstName"],
        me["lastName"],
        me["username"],
        me["phoneNumber"],
        me["dateOfBirth"],
        me["gender"],
        me["interests"],
        me["profile"],
        me["addresses"]
    ]);
    let expected = json!(["John", "Smith", "johndoe", "+1234567890", "1990-01-15", null, ["tech", "fashion"],
        { "bio": "Hello", "avatarUrl": "https://example.com/a.png", "preferences": { "theme_color": "dark", "n": 1.5 } },
        []]);
    assert_eq!(shown, expected);
}

/// Guards against numbers that were written out to more digits than could be read again, so that there was no profile any more.
#[tokio::test]
async fn preferences_are_given_back_as_they_were_sent_or_refused() {
    let app = App::start_with(Options { queries: true, ..Options::default() }).await;
    let jane = app.person(Role::Customer).await;
    let far_out = json!({ "preferences": { "least": 5e-324, "largest": [-1e300, 1e300] } });
    assert_eq!(jane.send(Method::PATCH, "/auth/me", &far_out).await.status, StatusCode::OK);
    assert_eq!(jane.get("/auth/me").await.status, StatusCode::OK);
    let preferences =
        json!({ "whole": 144_115_188_075_855_873_u64, "": { "\u{9c}": [null, true, -0.5, 3e20] } });
    let answer = jane.send(Method::PATCH, "/auth/me", &json!({ "preferences": preferences })).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    for too_large in [json!({ "max": f64::MAX }), json!({ "deep": [{ "min": f64::MIN }] })] {
        let answer = jane.send(Method::PATCH, "/auth/me", &json!({ "preferences": too_large })).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text);
        assert_eq!(answer.json()["errors"][0]["field"], "preferences");
    }
    assert_eq!(jane.get("/auth/me").await.json()["data"]["profile"]["preferences"], preferences);
}

#[tokio::test]
async fn a_profile_says_everything_that_is_wrong_and_no_name_is_taken_twice() {
    let app = App::start().await;
    let (jane, joe) = (app.person(Role::Customer).await, app.person(Role::Customer).await);
    let body = json!({ "username": "x", "phoneNumber": "call me", "dateOfBirth": "2990-01-15",
                       "interests": [""], "preferences": [], "bio": "x".repeat(2_001) });
    let answer = jane.send(Method::PATCH, "/users/profile", &body).await;
    let json = answer.json();
    let fields: Vec<_> =
        json["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["username", "phoneNumber", "dateOfBirth", "interests[0]", "bio", "preferences"]);
    let name = json!({ "username": "tulips" });
    assert_eq!(jane.send(Method::PATCH, "/users/profile", &name).await.status, StatusCode::OK);
    let taken = joe.send(Method::PATCH, "/users/profile", &json!({ "username": "TULIPS" })).await;
    assert_eq!((taken.status, taken.code().as_str()), (StatusCode::CONFLICT, "ALREADY_EXISTS"));
}

/// Guards against a client that sends a profile back as it read it, and can't: its username is of a time with other rules.
#[tokio::test]
async fn a_username_that_would_be_refused_today_may_be_sent_back() {
    let app = App::start().await;
    let jane = app.person(Role::Customer).await;
    sqlx::query("UPDATE users SET username = 'jürgen_w' WHERE id = $1")
        .bind(jane.id.0)
        .execute(&app.database.pool)
        .await
        .unwrap();
    let unchanged = json!({ "username": "jürgen_w", "firstName": "Jürgen" });
    let answer = jane.send(Method::PUT, "/users/profile", &unchanged).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let data = &answer.json()["data"];
    assert_eq!((&data["username"], &data["firstName"]), (&json!("jürgen_w"), &json!("Jürgen")));
    let another = jane.send(Method::PUT, "/users/profile", &json!({ "username": "jürgen_x" })).await;
    assert_eq!(another.json()["errors"][0]["field"], "username", "{}", another.text);
}

#[tokio::test]
async fn another_phone_has_to_be_verified_again() {
    let app = App::start().await;
    let jane = app.person(Role::Customer).await;
    let phone = |number: &str| json!({ "phoneNumber": number });
    jane.send(Method::PATCH, "/users/profile", &phone("+1 555 0100")).await;
    let code = async || {
        let waiting = identity::messages::unsent(&app.database.pool).await.unwrap();
        json!({ "code": waiting.last().unwrap().body["code"] })
    };
    assert_eq!(jane.post("/auth/verify-mobile", &code().await).await.status, StatusCode::OK);
    let same = jane.send(Method::PATCH, "/users/profile", &phone("+1 555 0100")).await;
    assert_eq!(same.json()["data"]["phoneVerified"], true);
    let other = jane.send(Method::PATCH, "/users/profile", &phone("+1 555 0101")).await;
    assert_eq!(other.json()["data"]["phoneVerified"], false);
    let sent_to_the_first = code().await;
    jane.send(Method::PATCH, "/users/profile", &phone("+1 555 0102")).await;
    let refused = jane.post("/auth/verify-mobile", &sent_to_the_first).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_code_never_goes_to_the_number_before() {
    let app = App::start_with(Options { process_managers: false, ..Options::default() }).await;
    let jane = app.person(Role::Customer).await;
    let pool = &app.database.pool;
    jane.send(Method::PATCH, "/users/profile", &json!({ "phoneNumber": "+1 555 0100" })).await;
    // Another code is asked for; its number is read, and then it changes.
    let mut held = pool.begin().await.unwrap();
    users::hold(&mut held, jane.id).await.unwrap();
    let change = async {
        app.database.until_waiting(1).await;
        let phone = Some("+1 555 0101".to_owned());
        users::change(&mut held, jane.id, &ProfileChange { phone, ..Default::default() }).await.unwrap();
        held.commit().await.unwrap();
    };
    let body = json!({ "channel": "mobile" });
    let (answer, ()) = tokio::join!(jane.post("/auth/resend-code", &body), change);
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (409, "CONFLICT"), "{}", answer.text);
    assert_eq!(identity::messages::unsent(pool).await.unwrap().len(), 1, "nothing more was sent");
    assert_eq!(jane.post("/auth/resend-code", &body).await.status, 202);
    let last = identity::messages::unsent(pool).await.unwrap().pop().unwrap();
    assert_eq!(last.recipient, "+1 555 0101");
}

#[tokio::test]
async fn the_first_address_is_the_default_and_there_is_always_exactly_one() {
    let app = App::start().await;
    let jane = app.person(Role::Customer).await;
    let first = add(&jane, "1 Elm St", false).await;
    assert_eq!(first["isDefault"], true);
    let second = add(&jane, "2 Elm St", false).await;
    let third = add(&jane, "3 Elm St", true).await;
    let of =
        |a, b, c| vec![a, b, c].into_iter().map(|(s, d): (&str, bool)| (s.to_owned(), d)).collect::<Vec<_>>();
    assert_eq!(addresses(&jane).await, of(("3 Elm St", true), ("2 Elm St", false), ("1 Elm St", false)));

    let path = |address: &Value| format!("/users/addresses/{}", address["id"].as_str().unwrap());
    let body = json!({ "street": "2 Oak Avenue", "isDefault": true });
    let changed = jane.send(Method::PUT, &path(&second), &body).await.json()["data"].clone();
    assert_eq!(
        (&changed["street"], &changed["zipCode"], &changed["isDefault"]),
        (&json!("2 Oak Avenue"), &json!("90001"), &json!(true))
    );
    // Nobody else's becomes one, so it stays.
    jane.send(Method::PATCH, &path(&second), &json!({ "isDefault": false })).await;
    assert_eq!(addresses(&jane).await[0], ("2 Oak Avenue".to_owned(), true));

    let gone = jane.send(Method::DELETE, &path(&second), &json!({})).await;
    assert_eq!((gone.status, gone.text.as_str()), (StatusCode::NO_CONTENT, ""));
    assert_eq!(addresses(&jane).await[0], ("3 Elm St".to_owned(), true));
    for address in [&third, &first] {
        jane.send(Method::DELETE, &path(address), &json!({})).await;
    }
    assert_eq!(addresses(&jane).await, []);
}

#[tokio::test]
async fn a_changed_address_keeps_what_is_not_named_and_an_empty_text_takes_a_line_away() {
    let app = App::start().await;
    let jane = app.person(Role::Customer).await;
    let whole = json!({ "fullName": "Jane Roe", "street": "1 Elm St", "addressLine2": "Flat 2", "city": "X",
                        "state": "NY", "zipCode": "10001", "country": "US", "phone": "+1234567890" });
    for is_default in [true, false] {
        let stored = jane.post("/users/addresses", &whole).await.json()["data"].clone();
        let path = format!("/users/addresses/{}", stored["id"].as_str().unwrap());
        let change = json!({ "city": "Y", "address_line2": "", "state": "", "isDefault": is_default });
        let changed = jane.send(Method::PATCH, &path, &change).await.json()["data"].clone();
        let mut expected = stored.clone();
        expected["city"] = json!("Y");
        expected["updatedAt"] = changed["updatedAt"].clone();
        expected
            .as_object_mut()
            .unwrap()
            .retain(|name, _| !["addressLine2", "state"].contains(&name.as_str()));
        assert_eq!(changed, expected);
    }
}

#[tokio::test]
async fn a_profile_is_read_with_its_addresses() {
    let app = App::start_with(Options { queries: true, ..Options::default() }).await;
    let jane = app.person(Role::Customer).await;
    let address = add(&jane, "1 Elm St", false).await;
    let listed = jane.send(Method::GET, "/users/addresses", &json!({})).await;
    assert_eq!(listed.json()["data"], json!([address]));
    for path in ["/auth/me", "/users/me", "/users/profile"] {
        let me = jane.send(Method::GET, path, &json!({})).await.json()["data"].clone();
        assert_eq!((&me["addresses"], &me["email"]), (&json!([address]), &json!(jane.account.email)));
        assert_eq!(me["profile"], json!({ "avatarUrl": null, "bio": null, "preferences": {} }));
    }
}

#[tokio::test]
async fn somebody_elses_address_is_none() {
    let app = App::start().await;
    let (jane, joe) = (app.person(Role::Customer).await, app.person(Role::Customer).await);
    let address = add(&jane, "1 Elm St", false).await;
    let id = address["id"].as_str().unwrap();
    for (method, path) in [
        (Method::PUT, format!("/users/addresses/{id}")),
        (Method::PATCH, format!("/users/addresses/{id}")),
        (Method::DELETE, format!("/users/addresses/{id}")),
        (Method::DELETE, "/users/addresses/addr-001".to_owned()),
    ] {
        let answer = joe.send(method, &path, &json!({ "city": "X" })).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::NOT_FOUND, "NOT_FOUND"));
    }
    assert_eq!(addresses(&jane).await, [("1 Elm St".to_owned(), true)]);
}

#[tokio::test]
async fn an_address_that_is_sent_twice_under_a_key_is_stored_once() {
    let app = App::start().await;
    let jane = app.person(Role::Customer).await;
    let body = |street: &str| json!({ "street": street, "city": "X", "country": "US" });
    let first = jane.post_once("k", "/users/addresses", &body("1 Elm St")).await;
    let again = jane.post_once("k", "/users/addresses", &body("1 Elm St")).await;
    assert_eq!((again.status, &again.json()["data"]), (StatusCode::CREATED, &first.json()["data"]));
    let other = jane.post_once("k", "/users/addresses", &body("2 Elm St")).await;
    assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(addresses(&jane).await.len(), 1);
}

#[tokio::test]
async fn an_order_goes_to_a_stored_address_of_its_customer() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let (jane, joe) = (app.person(Role::Customer).await, app.person(Role::Customer).await);
    let product = seller.product("10.00", 5).await;
    let address = add(&jane, "1 Elm St", false).await;
    let mut order = order_of(&[(&product, 1)]);
    order.as_object_mut().unwrap().remove("shippingAddress");
    order["shippingAddressId"] = address["id"].clone();
    order["billingAddressId"] = address["id"].clone();
    let placed = jane.post("/orders", &order).await;
    assert_eq!(placed.status, StatusCode::CREATED, "{}", placed.text);
    let data = placed.json()["data"].clone();
    assert_eq!(
        (&data["shippingAddress"]["street"], &data["billingAddress"]["street"]),
        (&json!("1 Elm St"), &json!("1 Elm St"))
    );
    assert_eq!(jane.post("/orders/checkout", &order).await.status, StatusCode::OK);
    for path in ["/orders", "/orders/checkout"] {
        let refused = joe.post(path, &order).await;
        assert_eq!(
            (refused.status, &refused.json()["errors"][0]["field"]),
            (StatusCode::NOT_FOUND, &json!("shippingAddressId"))
        );
    }
}

#[tokio::test]
async fn addresses_that_are_looked_up_at_the_same_time_are_each_their_own() {
    let app = App::start().await;
    let (jane, joe) = (app.person(Role::Customer).await, app.person(Role::Customer).await);
    let nobody = app.person(Role::Customer).await;
    let (home, work) = (add(&jane, "1 Home St", true).await, add(&jane, "2 Work St", false).await);
    add(&joe, "3 Other St", true).await;
    let id = |stored: &Value| stored["id"].as_str().unwrap().parse().unwrap();
    let book = AddressBook::start(app.database.pool.clone());
    let (of_jane, of_joe, of_nobody, janes_work, janes_home, not_joes) = tokio::join!(
        book.default_of(jane.id),
        book.default_of(joe.id),
        book.default_of(nobody.id),
        book.find(jane.id, id(&work)),
        book.find(jane.id, id(&home)),
        book.find(joe.id, id(&home)),
    );
    let found = [of_jane, of_joe, of_nobody, janes_work, janes_home, not_joes];
    let streets = found.map(|found| found.unwrap().map(|found| found.address.street));
    let streets: Vec<Option<&str>> = streets.iter().map(Option::as_deref).collect();
    let expected = [Some("1 Home St"), Some("3 Other St"), None, Some("2 Work St"), Some("1 Home St"), None];
    assert_eq!(streets, expected);
}
