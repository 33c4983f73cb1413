//! Data that tests and benches read and the repository doesn't hold: real catalogs, real histories, what clients print.
//!
//! `DAYBOOK_SHARED` is its folder, or else `shared` beside the checkout. Without it whoever needs it is skipped and says
//! so; with `DAYBOOK_REQUIRE_SHARED=1` it has to be there.

use std::path::{Path, PathBuf};

/// A file by its path in the folder. It is enough to give the beginning of its name.
///
/// # Panics
/// If it isn't there and `DAYBOOK_REQUIRE_SHARED=1`.
pub fn file(path: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("DAYBOOK_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let path = folder.join(path);
    let found = beginning_with(&path);
    if found.is_none() {
        let is_required = std::env::var("DAYBOOK_REQUIRE_SHARED").is_ok_and(|value| value == "1");
        assert!(!is_required, "{} is missing, and DAYBOOK_REQUIRE_SHARED=1", path.display());
        #[allow(clippy::print_stderr, reason = "whoever reads the tests is to know what they don't show")]
        {
            eprintln!("skipped: {} is missing; DAYBOOK_SHARED says where shared data is", path.display());
        }
    }
    found
}

fn beginning_with(path: &Path) -> Option<PathBuf> {
    let beginning = path.file_name()?.to_str()?;
    let files = std::fs::read_dir(path.parent()?).ok()?;
    let mut found: Vec<PathBuf> = files
        .filter_map(|file| Some(file.ok()?.path()))
        .filter(|file| {
            file.file_name().and_then(|it| it.to_str()).is_some_and(|it| it.starts_with(beginning))
        })
        .collect();
    found.sort_unstable();
    found.into_iter().next()
}
