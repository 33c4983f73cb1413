//! Texts with more slips of the pen than anybody makes.

use super::*;

/// Guards against a request that has each of many words compared with all that there are.
#[test]
fn the_first_few_words_that_nothing_has_are_corrected() {
    let folder = TempDir::new().unwrap();
    let index = opened(folder.path());
    let unheard = ["qaaaa", "qbbbb", "qcccc", "qdddd", "qeeee"];
    for (before, corrected) in [(0, true), (4, true), (5, false)] {
        let typed = [&unheard[..before], &["lmap", "candle"]].concat().join(" ");
        let page = ask(&index, &SearchQuery { limit: 9, ..text(&typed) });
        assert_eq!(page.corrected, corrected.then(|| typed.replace("lmap", "lamp")), "{typed}");
        assert!(ids(&page).contains(&1), "what there is, is found all the same: {typed}");
    }
}
