//! Documents whose lines are not all neighbours.
//!
//! Whether a document's number comes again, far away, can only be known by remembering all numbers, and memory must
//! not grow with the file. So they are remembered by Postgres, in temporary tables of one connection: where each run of
//! lines begins and how many parts it has, and then the lines of orders of those documents that have several runs.

use std::collections::{HashMap, HashSet};

use csv::StringRecord;
use sqlx::{Connection, PgConnection, PgPool};

use super::ImportError;
use super::document::{Run, parts};
use super::file::Source;
use super::line::{Kind, Line};

/// So many rows are written at once.
const ROWS: usize = 2000;

/// The temporary tables.
pub struct Scattered {
    connection: PgConnection,
    runs: Vec<(String, i64, i64)>,
    /// The run that goes on.
    run: Option<(String, i64, i64)>,
    lines: Vec<(String, i64, String)>,
    found: bool,
}

impl Scattered {
    /// Begins with nothing.
    pub async fn begin(pool: &PgPool) -> Result<Self, ImportError> {
        // Out of the pool for good: its tables end with it.
        let mut connection = pool.acquire().await?.detach();
        sqlx::raw_sql(
            "CREATE TEMPORARY TABLE import_runs (number text NOT NULL, begins bigint NOT NULL, parts bigint NOT NULL);
             CREATE TEMPORARY TABLE import_lines (number text NOT NULL, line bigint NOT NULL, fields text NOT NULL)",
        )
        .execute(&mut connection)
        .await?;
        Ok(Self { connection, runs: Vec::new(), run: None, lines: Vec::new(), found: false })
    }

    /// Remembers a run.
    pub async fn remember(&mut self, run: &Run) -> Result<(), ImportError> {
        let (Some(number), Some(begins)) = (&run.number, run.begins()) else { return Ok(()) };
        let count = i64::try_from(parts(run.lines.clone()).0.len()).unwrap_or(i64::MAX);
        match &mut self.run {
            Some((_, _, before)) if run.continues => *before += count,
            Some(_) | None => {
                let next = Some((number.clone(), line_number(begins), count));
                self.runs.extend(std::mem::replace(&mut self.run, next));
            }
        }
        if self.runs.len() >= ROWS { self.write_runs().await } else { Ok(()) }
    }

    async fn write_runs(&mut self) -> Result<(), ImportError> {
        let runs = std::mem::take(&mut self.runs);
        let (mut numbers, mut begins, mut parts) = (Vec::new(), Vec::new(), Vec::new());
        for (number, begin, count) in runs {
            numbers.push(number);
            begins.push(begin);
            parts.push(count);
        }
        sqlx::query("INSERT INTO import_runs SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[])")
            .bind(numbers)
            .bind(begins)
            .bind(parts)
            .execute(&mut self.connection)
            .await?;
        Ok(())
    }

    /// Every run is remembered: are there documents with several?
    pub async fn find(&mut self) -> Result<bool, ImportError> {
        self.runs.extend(self.run.take());
        self.write_runs().await?;
        sqlx::raw_sql(
            "CREATE TEMPORARY TABLE import_scattered AS
                 SELECT number, begins,
                        (sum(parts) OVER (PARTITION BY number ORDER BY begins) - parts)::bigint AS ordinal
                 FROM import_runs
                 WHERE number IN (SELECT number FROM import_runs GROUP BY number HAVING count(*) > 1);
             CREATE INDEX ON import_scattered (number, begins);
             DROP TABLE import_runs;
             ANALYZE import_scattered",
        )
        .execute(&mut self.connection)
        .await?;
        self.found = sqlx::query_scalar("SELECT EXISTS (SELECT FROM import_scattered)")
            .fetch_one(&mut self.connection)
            .await?;
        Ok(self.found)
    }

    /// Of these runs keeps the lines of orders, where their documents have other runs as well.
    pub async fn keep(&mut self, runs: &[Run]) -> Result<(), ImportError> {
        let scattered: HashSet<String> =
            self.ordinals(runs).await?.into_keys().map(|(number, _)| number).collect();
        for run in runs {
            let Some(number) = run.number.as_ref().filter(|number| scattered.contains(*number)) else {
                continue;
            };
            for line in run.lines.iter().filter(|line| sells(line)) {
                let fields: Vec<&str> = line.record.iter().collect();
                let fields = serde_json::to_string(&fields).unwrap_or_default();
                self.lines.push((number.clone(), line_number(line.number), fields));
            }
            if self.lines.len() >= ROWS {
                self.write_lines().await?;
            }
        }
        Ok(())
    }

    async fn write_lines(&mut self) -> Result<(), ImportError> {
        let lines = std::mem::take(&mut self.lines);
        let (mut numbers, mut places, mut fields) = (Vec::new(), Vec::new(), Vec::new());
        for (number, place, record) in lines {
            numbers.push(number);
            places.push(place);
            fields.push(record);
        }
        sqlx::query("INSERT INTO import_lines SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[])")
            .bind(numbers)
            .bind(places)
            .bind(fields)
            .execute(&mut self.connection)
            .await?;
        Ok(())
    }

    /// Every line is kept.
    pub async fn kept(&mut self) -> Result<(), ImportError> {
        self.write_lines().await?;
        sqlx::raw_sql("CREATE INDEX ON import_lines (number, line); ANALYZE import_lines")
            .execute(&mut self.connection)
            .await?;
        Ok(())
    }

    /// The ordinal of the first part of each run whose document has several, by number and first line.
    async fn ordinals(&mut self, runs: &[Run]) -> Result<HashMap<(String, i64), i64>, ImportError> {
        if !self.found {
            return Ok(HashMap::new());
        }
        let key = |run: &Run| Some((run.number.clone()?, line_number(run.begins()?)));
        let (numbers, begins): (Vec<String>, Vec<i64>) = runs.iter().filter_map(key).unzip();
        let rows: Vec<(String, i64, i64)> = sqlx::query_as(
            "SELECT number, begins, ordinal
             FROM unnest($1::text[], $2::bigint[]) AS run(number, begins) JOIN import_scattered USING (number, begins)",
        )
        .bind(numbers)
        .bind(begins)
        .fetch_all(&mut self.connection)
        .await?;
        Ok(rows.into_iter().map(|(number, begins, ordinal)| ((number, begins), ordinal)).collect())
    }

    /// Gives each run the lines of its order that stand elsewhere, or takes away those that were placed with an earlier
    /// run. The ordinal of each run's first part, where it does not go on with the run before.
    pub async fn gather(&mut self, source: &Source, runs: &mut [Run]) -> Result<Vec<u64>, ImportError> {
        let ordinals = self.ordinals(runs).await?;
        let ordinal = |run: &Run| {
            let key = (run.number.clone()?, line_number(run.begins()?));
            ordinals.get(&key).and_then(|ordinal| u64::try_from(*ordinal).ok())
        };
        let begins = runs.iter().map(|run| ordinal(run).unwrap_or_default()).collect();
        if !ordinals.is_empty() {
            let numbers: HashSet<&String> = ordinals.keys().map(|(number, _)| number).collect();
            let firsts = self.first_lines(&numbers).await?;
            for run in runs.iter_mut() {
                let Some(number) = run.number.as_ref().filter(|number| numbers.contains(number)) else {
                    continue;
                };
                let Some(first) = firsts.get(number) else { continue };
                let at = run.lines.iter().position(|line| line_number(line.number) == *first);
                let whole = if at.is_some() { self.lines_of(source, number).await? } else { Vec::new() };
                replace(&mut run.lines, at, whole);
            }
        }
        Ok(begins)
    }

    async fn first_lines(&mut self, numbers: &HashSet<&String>) -> Result<HashMap<String, i64>, ImportError> {
        let numbers: Vec<&String> = numbers.iter().copied().collect();
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT number, first.line FROM unnest($1::text[]) AS asked(number)
             CROSS JOIN LATERAL (SELECT line FROM import_lines l WHERE l.number = asked.number
                                 ORDER BY line LIMIT 1) AS first",
        )
        .bind(numbers)
        .fetch_all(&mut self.connection)
        .await?;
        Ok(rows.into_iter().collect())
    }

    async fn lines_of(&mut self, source: &Source, number: &str) -> Result<Vec<Line>, ImportError> {
        let rows: Vec<(i64, String)> =
            sqlx::query_as("SELECT line, fields FROM import_lines WHERE number = $1 ORDER BY line")
                .bind(number)
                .fetch_all(&mut self.connection)
                .await?;
        let line = |(place, fields): (i64, String)| {
            let fields: Vec<String> = serde_json::from_str(&fields).map_err(ImportError::Unreadable)?;
            let number = u64::try_from(place).unwrap_or_default();
            Ok(source.line(number, StringRecord::from(fields)))
        };
        rows.into_iter().map(line).collect()
    }

    /// Ends the connection.
    pub async fn end(self) {
        // If it is broken its tables are gone as well.
        let _ = self.connection.close().await;
    }
}

fn line_number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn sells(line: &Line) -> bool {
    matches!(line.goods().map(|goods| goods.kind), Some(Kind::Sale(_)))
}

/// Puts a whole order where its first line stands, and takes away all other lines of orders.
fn replace(lines: &mut Vec<Line>, at: Option<usize>, whole: Vec<Line>) {
    let mut whole = Some(whole);
    let old = std::mem::take(lines);
    for (place, line) in old.into_iter().enumerate() {
        if at == Some(place) {
            lines.extend(whole.take().into_iter().flatten());
        } else if !sells(&line) {
            lines.push(line);
        }
    }
}
