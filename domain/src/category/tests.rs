use cqrs_es::test::TestFramework;

use super::*;

fn details() -> CategoryDetails {
    CategoryDetails {
        name: "Audio".into(),
        slug: "audio".into(),
        description: None,
        image: None,
        parent_id: None,
        sort_order: 0,
    }
}

fn renamed() -> CategoryDetails {
    CategoryDetails { name: "Sound".into(), ..details() }
}

fn created() -> CategoryEvent {
    CategoryEvent::CategoryCreated(details())
}

fn removed() -> CategoryEvent {
    CategoryEvent::CategoryRemoved {}
}

#[test]
fn what_is_accepted() {
    for (given, when, then) in [
        (vec![], CategoryCommand::Create(details()), vec![created()]),
        (
            vec![created()],
            CategoryCommand::Revise(renamed()),
            vec![CategoryEvent::CategoryRevised(renamed())],
        ),
        (vec![created()], CategoryCommand::Revise(details()), vec![]),
        (vec![created()], CategoryCommand::Remove, vec![removed()]),
    ] {
        TestFramework::<Category>::with(()).given(given).when(when).then_expect_events(then);
    }
}

#[test]
fn what_is_refused() {
    let gone = || vec![created(), removed()];
    let nameless = CategoryDetails { name: " ".into(), ..details() };
    let slugless = CategoryDetails { slug: String::new(), ..details() };
    for (given, when, then) in [
        (vec![created()], CategoryCommand::Create(details()), CategoryError::AlreadyExists),
        (gone(), CategoryCommand::Create(details()), CategoryError::AlreadyExists),
        (vec![], CategoryCommand::Revise(details()), CategoryError::NotFound),
        (gone(), CategoryCommand::Revise(details()), CategoryError::NotFound),
        (vec![], CategoryCommand::Remove, CategoryError::NotFound),
        (gone(), CategoryCommand::Remove, CategoryError::NotFound),
        (vec![], CategoryCommand::Create(nameless), CategoryError::Missing { field: "name" }),
        (vec![created()], CategoryCommand::Revise(slugless), CategoryError::Missing { field: "slug" }),
    ] {
        TestFramework::<Category>::with(()).given(given).when(when).then_expect_error(then);
    }
}

#[test]
fn a_partial_change_leaves_what_it_does_not_name() {
    let parent = CategoryId(uuid::Uuid::from_u128(1));
    let before = CategoryDetails { description: Some("Loud".into()), parent_id: Some(parent), ..details() };
    let changes = CategoryChanges {
        name: Some("Sound".into()),
        parent_id: Change::Clear,
        image: Change::To("i".into()),
        ..CategoryChanges::default()
    };
    let after =
        CategoryDetails { name: "Sound".into(), parent_id: None, image: Some("i".into()), ..before.clone() };
    assert_eq!(changes.applied_to(&before), after);
    assert_eq!(CategoryChanges::default().applied_to(&before), before);
}
