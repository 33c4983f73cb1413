//! The language that the catalog is searched in, and its synonyms: settings of the processes that have an index.

use command_api::environment::{ConfigError, Environment};
use projections::product_search::{Language, Words};

/// `DAYBOOK_SEARCH_LANGUAGE` and `DAYBOOK_SEARCH_SYNONYMS`.
pub fn from(environment: &Environment) -> Result<Words, ConfigError> {
    let language = environment.read("DAYBOOK_SEARCH_LANGUAGE", "english", |name| {
        Language::named(name)
            .ok_or_else(|| format!("must be one of {}", Language::names().collect::<Vec<_>>().join(", ")))
    })?;
    if environment.get("DAYBOOK_SEARCH_SYNONYMS").is_none() {
        return Ok(Words::of(language));
    }
    environment.read("DAYBOOK_SEARCH_SYNONYMS", "", |path| {
        let table = std::fs::read_to_string(path).map_err(|error| format!("can't be read: {error}"))?;
        Words::new(language, &table).map_err(|error| error.to_string())
    })
}
