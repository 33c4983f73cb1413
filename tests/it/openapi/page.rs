//! The page at `/docs` works without any network but the one to Daybook.

use crate::harness::{Database, Place};

use super::served;

#[tokio::test]
async fn the_page_is_of_our_own_files_alone() {
    let (database, home) = (Database::new().await, tempfile::tempdir().unwrap());
    let place = Place::new("up", &database, home.path());
    let process = place.start().await;
    let page = served(&place, "/docs").await;
    assert_eq!(page.status, 200, "{}", page.text);
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self'"), "{policy}");
    let files: Vec<_> = ["src=\"", "href=\""]
        .into_iter()
        .flat_map(|attribute| page.text.split(attribute).skip(1))
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert!(files.len() >= 4, "{}", page.text);
    for file in files {
        assert!(!file.contains("//"), "{file} is elsewhere");
        let path = format!("/docs/{}", file.trim_start_matches("./"));
        let answer = served(&place, &path).await;
        assert_eq!(answer.status, 200, "{path}");
        if path.ends_with("initializer.js") {
            assert!(answer.text.contains("/openapi.json"), "{}", answer.text);
            assert!(!answer.text.contains("https://"), "{}", answer.text);
        }
    }
    process.stop().await;
}
