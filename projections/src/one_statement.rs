//! Statements that are sent as one, so that a batch goes to Postgres and back once, however many tables it changes.
//!
//! Each is a part of one `WITH`. All of them see the tables as they were before, so no two may change the same row. Postgres
//! runs those whose rows nobody asks for from the last to the first. It doesn't promise that, but it is the same for all
//! writers, so two that want the same rows wait for each other, and not in a circle.

use std::fmt::Write as _;

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::{Arguments as _, Encode, FromRow, PgConnection, Postgres, Type};

use crate::generation::Generation;

/// Statements for the tables of a generation, with what is bound.
#[derive(Debug)]
pub(crate) struct OneStatement {
    generation: Generation,
    sql: String,
    arguments: PgArguments,
    failed: Option<sqlx::Error>,
}

impl OneStatement {
    /// None yet.
    pub(crate) fn of(generation: Generation) -> Self {
        Self { generation, sql: String::new(), arguments: PgArguments::default(), failed: None }
    }

    /// Adds a statement by a name of its own: `{g}` stands for the generation, `$1` for what is bound next.
    pub(crate) fn add(&mut self, name: &'static str, template: &'static str) -> &mut Self {
        let begin = if self.sql.is_empty() { "WITH " } else { ",\n" };
        let template = template.replace("{g}", &self.generation.to_string());
        let statement = renumbered(&template, self.arguments.len());
        // Writing to a String can't fail.
        let _ = write!(self.sql, "{begin}{name} AS ({statement})");
        self
    }

    /// Binds the next parameter of the statement that was added last.
    pub(crate) fn bind<'q, T>(&mut self, value: T) -> &mut Self
    where
        T: Encode<'q, Postgres> + Type<Postgres> + 'q,
    {
        if let Err(error) = self.arguments.add(value) {
            self.failed = Some(sqlx::Error::Encode(error));
        }
        self
    }

    /// Runs them.
    pub(crate) async fn execute(self, db: &mut PgConnection) -> Result<(), sqlx::Error> {
        self.fetch::<(i32,)>("SELECT 1 WHERE false", db).await?;
        Ok(())
    }

    /// Runs them, and answers a query over what they return. Nothing where there are none.
    pub(crate) async fn fetch<R>(
        self,
        query: &'static str,
        db: &mut PgConnection,
    ) -> Result<Vec<R>, sqlx::Error>
    where
        R: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if self.sql.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!("{}\n{query}", self.sql);
        sqlx::query_as_with(&sql, self.arguments).fetch_all(db).await
    }
}

/// A statement with its parameters numbered after so many others.
fn renumbered(statement: &str, others: usize) -> String {
    let mut pieces = statement.split('$');
    let mut numbered = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let digits = piece.len() - piece.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
        let (number, rest) = piece.split_at(digits);
        let _ = match number.parse::<usize>() {
            Ok(number) => write!(numbered, "${}{rest}", number + others),
            Err(_) => write!(numbered, "${piece}"),
        };
    }
    numbered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbered_after_those_that_are_there() {
        assert_eq!(
            renumbered("VALUES ($1::uuid[], $2, $10) -- 5 $", 7),
            "VALUES ($8::uuid[], $9, $17) -- 5 $"
        );
        assert_eq!(renumbered("SELECT", 7), "SELECT");
    }

    #[test]
    fn statements_are_parts_of_one() {
        let mut statement = OneStatement::of(Generation(3));
        statement.add("one", "DELETE FROM t_g{g} WHERE id = $1 AND of = $2").bind(1_i64).bind("x");
        statement.add("two", "DELETE FROM u_g{g} WHERE id = $1").bind(2_i64);
        assert_eq!(
            statement.sql,
            "WITH one AS (DELETE FROM t_g3 WHERE id = $1 AND of = $2),\ntwo AS (DELETE FROM u_g3 WHERE id = $3)"
        );
        assert_eq!(statement.arguments.len(), 3);
    }
}
