//! Who may ask, and for what.

use api_contract::Role;

use crate::harness::test;
use crate::shop::Sold;

#[tokio::test]
async fn only_auditors_are_answered() {
    test(async |database| {
        let sold = Sold { n: 1, number: "ORD-2026-000001", external_id: None };
        database.append(vec![sold.placed("2026-05-01T10:00:00Z")]).await;
        let id = sold.id();
        let paths = [
            "/audit/head".to_owned(),
            "/audit/ledger".to_owned(),
            format!("/audit/orders/{id}"),
            format!("/audit/orders/{id}/events"),
        ];
        for path in &paths {
            assert_eq!(database.ask(None, path, "*/*").await.status, 401, "{path}");
            for role in Role::ALL {
                let expected = if role == Role::Auditor { 200 } else { 403 };
                assert_eq!(database.ask(Some(role), path, "*/*").await.status, expected, "{path} {role:?}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    test(async |database| {
        let unknown = "01890000-0000-7000-8000-000000000000";
        for subject in
            ["orders", "payments", "inventory", "carts", "products", "coupons", "categories", "reviews"]
        {
            for id in [unknown, "nonsense", "ORD-2026-999999"] {
                for rest in ["", "/events"] {
                    let path = format!("/audit/{subject}/{id}{rest}");
                    assert_eq!(database.refusal(&path).await, (404, "NOT_FOUND".into()), "{path}");
                }
            }
        }
        assert_eq!(database.audit(&format!("/audit/claims/{unknown}")).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn the_head_is_what_verify_takes() {
    test(async |database| {
        assert_eq!(database.data("/audit/head").await["position"], 0);
        let sold = Sold { n: 1, number: "ORD-2026-000001", external_id: None };
        let head = database.append(vec![sold.placed("2026-05-01T10:00:00Z")]).await;
        let data = database.data("/audit/head").await;
        let written = format!("{}:{}", data["position"], data["hash"].as_str().unwrap());
        assert_eq!(written.parse(), Ok(head));
    })
    .await;
}
