//! Lists of orders: pages and places, the order, numbers, and what is wrong with a question.

use api_contract::Role;
use serde_json::{Value, json};

use crate::harness::{App, Options, Person};

async fn started() -> App {
    App::start_with(Options { queries: true, ..Options::default() }).await
}

async fn listed(person: &Person<'_>, path: &str) -> Value {
    let answer = person.get(path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.json()["data"].clone()
}

fn numbers(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().unwrap().iter();
    items.map(|item| item["orderNumber"].as_str().unwrap().to_owned()).collect()
}

/// The numbers of so many orders, one after another.
async fn ordered(buyer: &Person<'_>, seller: &Person<'_>, count: usize) -> Vec<String> {
    let lamp = seller.product("10.00", 50).await;
    let mut placed = Vec::new();
    for _ in 0..count {
        let order = buyer.order(&[(&lamp, 1)]).await.json();
        placed.push(order["data"]["orderNumber"].as_str().unwrap().to_owned());
    }
    placed
}

#[tokio::test]
async fn a_list_goes_on_from_its_cursor_while_orders_are_placed() {
    let app = started().await;
    let (seller, buyer) = (app.person(Role::Seller).await, app.person(Role::Customer).await);
    let placed = ordered(&buyer, &seller, 5).await;
    let first = listed(&buyer, "/orders?pageSize=2").await;
    assert_eq!(numbers(&first), [placed[4].clone(), placed[3].clone()]);
    assert_eq!(
        (&first["totalCount"], &first["totalPages"], &first["hasNextPage"]),
        (&json!(5), &json!(3), &json!(true))
    );
    ordered(&buyer, &seller, 1).await;
    let cursor = first["nextCursor"].as_str().unwrap();
    let second = listed(&buyer, &format!("/orders?pageSize=2&cursor={cursor}")).await;
    assert_eq!(numbers(&second), [placed[2].clone(), placed[1].clone()]);
    assert_eq!(second["totalCount"], 6);
    let last = listed(&buyer, &format!("/orders?limit=2&page=2&cursor={cursor}")).await;
    assert_eq!((numbers(&last), &last["nextCursor"]), (vec![placed[0].clone()], &Value::Null));
    for (page, has_next) in [(&second, true), (&last, false)] {
        let neighbours = (&page["hasPreviousPage"], &page["hasNextPage"]);
        assert_eq!(neighbours, (&json!(true), &json!(has_next)));
    }
    let cursor = second["nextCursor"].as_str().unwrap();
    let end = listed(&buyer, &format!("/orders?pageSize=2&cursor={cursor}")).await;
    assert_eq!((numbers(&end), &end["hasNextPage"]), (vec![placed[0].clone()], &json!(false)));
    let malformed = buyer.get("/orders?cursor=here").await.json()["errors"].clone();
    let (key, place) = cursor.split_once('.').unwrap();
    let padded = format!("/orders?cursor={}%2B{}.{place}", &key[..1], &key[1..]);
    let padded = buyer.get(&padded).await;
    assert_eq!((padded.status.as_u16(), &padded.json()["errors"]), (400, &malformed), "no page gave it");
    for another in ["sort=oldest", "search=ORD-2026", "status=pending", "startDate=2025-01-01"] {
        let wrong = buyer.get(&format!("/orders?{another}&cursor={cursor}")).await;
        let refused = (wrong.status.as_u16(), wrong.json()["errors"].clone());
        assert_eq!(refused, (400, malformed.clone()), "{another}");
    }
    assert_eq!(malformed[0]["field"], "cursor");
    let other = app.person(Role::Customer).await;
    for (person, path) in [(&other, "/orders"), (&seller, "/sellers/me/orders")] {
        let theirs = person.get(&format!("{path}?cursor={cursor}")).await;
        assert_eq!(theirs.status, 400, "{path}: a list of other people's orders goes on elsewhere");
    }
    // By number of page it is a page farther, for there is one more before it.
    assert_eq!(
        numbers(&listed(&buyer, "/orders?pageSize=2&page=2").await),
        [placed[3].clone(), placed[2].clone()]
    );
}

#[tokio::test]
async fn the_order_is_asked_for_in_the_words_of_other_lists() {
    let app = started().await;
    let (seller, buyer) = (app.person(Role::Seller).await, app.person(Role::Customer).await);
    let mut placed = ordered(&buyer, &seller, 3).await;
    for query in [
        "sort=oldest",
        "sort=created_asc",
        "sortBy=createdAt",
        "sortBy=createdAt&sortOrder=asc",
        "sort_order=ASC",
    ] {
        assert_eq!(numbers(&listed(&buyer, &format!("/orders?{query}")).await), placed, "{query}");
    }
    placed.reverse();
    for query in [
        "",
        "sort=newest",
        "sort=created_desc",
        "sortBy=createdAt&sortOrder=desc",
        "sort=oldest&sortOrder=desc",
    ] {
        assert_eq!(numbers(&listed(&buyer, &format!("/orders?{query}")).await), placed, "{query}");
    }
}

#[tokio::test]
async fn an_order_is_found_by_its_number_by_those_who_may_see_it() {
    let app = started().await;
    let (seller, buyer) = (app.person(Role::Seller).await, app.person(Role::Customer).await);
    let (other_seller, other) = (app.person(Role::Seller).await, app.person(Role::Customer).await);
    let admin = app.person(Role::Admin).await;
    let placed = ordered(&buyer, &seller, 2).await;
    let theirs = ordered(&other, &other_seller, 1).await;
    let min = app.head().await.to_string();
    let number = placed[0].to_lowercase();
    let without = number.trim_start_matches("ord-");
    let year = &without[..5];
    for (person, path, expected) in [
        (&buyer, format!("/orders?search={number}"), vec![placed[0].clone()]),
        (&buyer, format!("/orders?orderNumber={without}"), vec![placed[0].clone()]),
        (&buyer, format!("/orders?q=%23{number}&status=pending"), vec![placed[0].clone()]),
        (&buyer, format!("/orders?search={number}&status=shipped"), vec![]),
        (&buyer, format!("/orders?search={year}"), vec![placed[1].clone(), placed[0].clone()]),
        (&buyer, format!("/orders?search={year}&sort=oldest"), placed.clone()),
        (&seller, format!("/sellers/me/orders?search={number}"), vec![placed[0].clone()]),
        (&other_seller, format!("/sellers/me/orders?search={number}"), vec![]),
        (&other, format!("/orders?search={number}"), vec![]),
        (&other, format!("/orders?search={year}"), theirs.clone()),
        (&admin, format!("/orders?search={number}"), vec![]),
        (&admin, format!("/orders?scope=all&search={number}"), vec![placed[0].clone()]),
    ] {
        let answer = person.request(reqwest::Method::GET, &path).header("x-min-position", min.as_str());
        let found = crate::harness::Answer::of(answer).await.json()["data"].clone();
        assert_eq!(numbers(&found), expected, "{path}");
        assert_eq!(found["totalCount"], expected.len(), "{path}");
    }
}

#[tokio::test]
async fn all_that_is_wrong_with_a_question_is_named() {
    let app = started().await;
    let (seller, admin) = (app.person(Role::Seller).await, app.person(Role::Admin).await);
    let long = "1".repeat(101);
    let wrong = format!(
        "status=lost&startDate=soon&endDate=2026-02-30&search={long}&sort=price_asc&sortBy=total&sortOrder=up\
         &cursor=here&pageNumber=0&pageSize=0"
    );
    for (person, path) in
        [(&admin, "/orders?scope=everybody&"), (&admin, "/orders?"), (&seller, "/sellers/me/orders?")]
    {
        let answer = person.get(&format!("{path}{wrong}")).await;
        assert_eq!(answer.status, 400, "{}", answer.text);
        let answer = answer.json();
        let errors = answer["errors"].as_array().unwrap().iter();
        let mut fields: Vec<_> = errors.map(|error| error["field"].as_str().unwrap()).collect();
        fields.sort_unstable();
        fields.retain(|field| *field != "scope");
        let expected = [
            "cursor",
            "endDate",
            "pageNumber",
            "pageSize",
            "search",
            "sort",
            "sortBy",
            "sortOrder",
            "startDate",
            "status",
        ];
        assert_eq!(fields, expected, "{path}");
    }
}

#[tokio::test]
async fn an_order_is_found_by_its_number_as_soon_as_it_is_placed() {
    let app = started().await;
    let (seller, buyer) = (app.person(Role::Seller).await, app.person(Role::Customer).await);
    for number in ordered(&buyer, &seller, 8).await {
        let small = number.to_lowercase();
        for word in [&number, &small, &format!("%20{small}%20")] {
            let found = buyer.get(&format!("/orders/{word}")).await;
            assert_eq!(found.status, 200, "{word}");
            assert_eq!(found.json()["data"]["orderNumber"], *number);
        }
        assert_eq!(buyer.get(&format!("/orders/{small}/invoice")).await.status, 200, "{small}");
        let placed = ordered(&buyer, &seller, 1).await;
        assert_eq!(buyer.get(&format!("/orders/{}", placed[0])).await.status, 200, "{placed:?}");
    }
}

#[tokio::test]
async fn who_has_paid_reads_an_order_that_is_paid() {
    let app = started().await;
    let (seller, buyer) = (app.person(Role::Seller).await, app.person(Role::Customer).await);
    let lamp = seller.product("10.00", 50).await;
    for _ in 0..5 {
        let order = buyer.order(&[(&lamp, 1)]).await.json();
        assert_eq!(buyer.pay(&order, "tok_visa").await.status, 200);
        // The process manager wrote that it is, not the buyer; but it was they who were told.
        assert_eq!(listed(&buyer, "/orders").await["items"][0]["status"], "confirmed");
    }
}

/// The numbers of a list that has everything of now.
async fn found(person: &Person<'_>, path: &str) -> Vec<String> {
    let request = person.request(reqwest::Method::GET, path);
    let request = request.header("x-min-position", person.app().head().await).header("prefer", "wait=10");
    let answer = crate::harness::Answer::of(request).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    let list = answer.json()["data"].clone();
    let numbers = numbers(&list);
    assert_eq!(list["totalCount"], numbers.len(), "{path}");
    numbers
}

/// Guards against filters that are taken for none, so that an admin acts on everybody's orders.
#[tokio::test]
async fn an_admin_reads_the_orders_of_a_customer_and_of_a_seller() {
    let app = started().await;
    let (seller, other_seller) = (app.person(Role::Seller).await, app.person(Role::Seller).await);
    let (buyer, other) = (app.person(Role::Customer).await, app.person(Role::Customer).await);
    let admin = app.person(Role::Admin).await;
    let hers = ordered(&buyer, &seller, 2).await;
    let of_other_seller = ordered(&buyer, &other_seller, 1).await;
    let his = ordered(&other, &seller, 1).await;
    let (customer, shop) = (buyer.account.id, seller.shop.unwrap());
    let all_hers = [of_other_seller, vec![hers[1].clone(), hers[0].clone()]].concat();
    for (filter, expected) in [
        (format!("customerId={customer}"), all_hers.clone()),
        (format!("userId={customer}"), all_hers.clone()),
        (format!("sellerId={shop}"), vec![his[0].clone(), hers[1].clone(), hers[0].clone()]),
        (format!("sellerId={shop}&customerId={customer}"), vec![hers[1].clone(), hers[0].clone()]),
        (format!("sellerId={shop}&status=pending,shipped&search={}", hers[0]), vec![hers[0].clone()]),
        (format!("sellerId={shop}&customer_id={customer}&status=shipped"), vec![]),
        (format!("customerId={}", uuid::Uuid::now_v7()), vec![]),
    ] {
        assert_eq!(found(&admin, &format!("/orders?scope=all&{filter}")).await, expected, "{filter}");
    }
    assert_eq!(found(&buyer, "/orders").await, all_hers);
    assert_eq!(buyer.get(&format!("/orders?scope=all&customerId={customer}")).await.status, 403);
    let wrong = admin.get("/orders?scope=all&customerId=me&sellerId=7").await.json();
    let errors = wrong["errors"].as_array().unwrap().iter();
    let fields: Vec<_> = errors.map(|error| error["field"].clone()).collect();
    assert_eq!(fields, [json!("customerId"), json!("sellerId")]);
}

/// Guards against a page of one's own orders, or of everybody's, that is taken for one of somebody's.
#[tokio::test]
async fn whose_orders_are_wanted_is_refused_where_it_is_not_for_the_caller_to_say() {
    let app = started().await;
    let (seller, buyer, admin) =
        (app.person(Role::Seller).await, app.person(Role::Customer).await, app.person(Role::Admin).await);
    let (other, other_seller) = (app.person(Role::Customer).await, app.person(Role::Seller).await);
    let (customer, shop) = (buyer.account.id, seller.shop.unwrap());
    for (person, own) in [
        (&buyer, format!("/orders?userId={customer}")),
        (&buyer, format!("/orders?scope=mine&customerId={customer}")),
        (&seller, format!("/sellers/me/orders?sellerId={shop}")),
    ] {
        assert_eq!(person.get(&own).await.status, 200, "{own}: whose it is anyway");
    }
    for (person, list) in [
        (&other, "/orders?"),
        (&other, "/orders?scope=mine&"),
        (&seller, "/orders?"),
        (&admin, "/orders?"),
        (&other_seller, "/sellers/me/orders?"),
    ] {
        for (filter, field) in [
            (format!("customerId={customer}"), "customerId"),
            (format!("customer_id={customer}"), "customerId"),
            (format!("userId={customer}"), "userId"),
            (format!("sellerId={shop}"), "sellerId"),
            ("sellerId=AAA".to_owned(), "sellerId"),
        ] {
            let refused = person.get(&format!("{list}{filter}")).await;
            assert_eq!(refused.status, 400, "{list}{filter}: {}", refused.text);
            let errors = refused.json()["errors"].clone();
            let said = format!("{field} is for GET /orders?scope=all alone");
            assert_eq!((&errors[0]["field"], &errors[0]["message"]), (&json!(field), &json!(said)), "{list}");
            assert_eq!(errors.as_array().unwrap().len(), 1, "{list}{filter}");
        }
        let nobody = person.get(&format!("{list}customerId=&userId=&sellerId=")).await;
        assert_eq!(nobody.status, 200, "{list}: {}", nobody.text);
    }
}

#[tokio::test]
async fn several_statuses_are_asked_for_together() {
    let app = started().await;
    let (seller, buyer) = (app.person(Role::Seller).await, app.person(Role::Customer).await);
    let admin = app.person(Role::Admin).await;
    let lamp = seller.product("10.00", 50).await;
    let mut placed = Vec::new();
    for fate in ["waits", "is paid", "is given up"] {
        let order = buyer.order(&[(&lamp, 1)]).await.json();
        let id = order["data"]["id"].as_str().unwrap();
        match fate {
            "is paid" => assert_eq!(buyer.pay(&order, "tok_visa").await.status, 200),
            "is given up" => {
                assert_eq!(buyer.post(&format!("/orders/{id}/cancel"), &json!({})).await.status, 200);
            }
            _ => {}
        }
        placed.push(order["data"]["orderNumber"].as_str().unwrap().to_owned());
    }
    let [pending, paid, cancelled] = placed.try_into().unwrap();
    for (statuses, expected) in [
        ("status=pending,cancelled", vec![cancelled.clone(), pending.clone()]),
        ("status=%20cancelled%20,%20Pending,&sort=oldest", vec![pending.clone(), cancelled.clone()]),
        ("status=pending&status=paid", vec![paid.clone(), pending.clone()]),
        ("status=pending,pending", vec![pending.clone()]),
        ("status=", vec![cancelled, paid, pending]),
    ] {
        for (person, path) in
            [(&buyer, "/orders?"), (&seller, "/sellers/me/orders?"), (&admin, "/orders?scope=all&")]
        {
            assert_eq!(found(person, &format!("{path}{statuses}")).await, expected, "{path}{statuses}");
        }
    }
    let wrong = buyer.get("/orders?status=pending,lost").await;
    assert_eq!((wrong.status.as_u16(), &wrong.json()["errors"][0]["field"]), (400, &json!("status")));
}

#[tokio::test]
async fn an_order_is_found_by_the_last_digits_of_its_number() {
    let app = started().await;
    let (seller, buyer) = (app.person(Role::Seller).await, app.person(Role::Customer).await);
    let placed = ordered(&buyer, &seller, 2).await;
    let digits = placed[0].rsplit('-').next().unwrap();
    for text in [digits, digits.trim_start_matches('0')] {
        assert_eq!(found(&buyer, &format!("/orders?search={text}")).await, [placed[0].clone()], "{text}");
        assert_eq!(
            found(&seller, &format!("/sellers/me/orders?q={text}")).await,
            [placed[0].clone()],
            "{text}"
        );
    }
}

#[tokio::test]
async fn an_order_is_found_by_its_number_without_hyphens() {
    let app = started().await;
    let (seller, buyer) = (app.person(Role::Seller).await, app.person(Role::Customer).await);
    let placed = ordered(&buyer, &seller, 2).await;
    let plain = placed[0].replace('-', "");
    for text in [plain.as_str(), &plain.to_lowercase(), plain.trim_start_matches("ORD")] {
        let whole = found(&buyer, &format!("/orders?search={text}")).await;
        assert_eq!(whole, [placed[0].clone()], "{text}");
    }
}

/// Guards against a shop that is told that it sold nothing, because two days were asked for the wrong way round.
#[tokio::test]
async fn a_time_that_ends_before_it_begins_is_refused_and_a_parameter_is_called_as_it_was_sent() {
    let app = started().await;
    let buyer = app.person(Role::Customer).await;
    for (query, field, said) in [
        ("startDate=2026-02-02&endDate=2026-02-01", "endDate", "endDate must not be before startDate"),
        (
            "startDate=2026-02-02T10:00:00Z&endDate=2026-02-01",
            "endDate",
            "endDate must not be before startDate",
        ),
        (
            "startDate=2026-02-02&endDate=2026-02-01T23:59:59Z",
            "endDate",
            "endDate must not be before startDate",
        ),
        ("limit=0", "limit", "limit must be at least 1"),
        ("page=0", "page", "page must be between 1 and 1000000000"),
        ("pageSize=0", "pageSize", "pageSize must be at least 1"),
        ("scope=all&userId=me", "userId", "userId must be a UUID"),
        ("scope=all&sellerId=AAA", "sellerId", "sellerId must be a UUID"),
    ] {
        let refused = buyer.get(&format!("/orders?{query}")).await;
        assert_eq!(refused.status, 400, "{query}: {}", refused.text);
        let errors = refused.json()["errors"].clone();
        assert_eq!((&errors[0]["field"], &errors[0]["message"]), (&json!(field), &json!(said)), "{query}");
        assert_eq!(errors.as_array().unwrap().len(), 1, "{query}");
    }
    for query in [
        "startDate=2026-02-02&endDate=2026-02-02",
        "startDate=2026-02-02T10:00:00Z&endDate=2026-02-02",
        "limit=&page=&startDate=&endDate=",
        "pageSize=99999999999999999999",
    ] {
        assert_eq!(buyer.get(&format!("/orders?{query}")).await.status, 200, "{query}");
    }
}
