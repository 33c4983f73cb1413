//! What can't be taken, written down.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use csv::StringRecord;

use super::line::Reject;

/// The rejects could not be written.
#[derive(Debug, thiserror::Error)]
#[error("the rejects can't be written to {path}")]
pub struct RejectsError {
    path: PathBuf,
    source: io::Error,
}

/// The file of rejects: `line,amount,reason` and then the fields as they were.
pub struct Rejects {
    writer: Option<(csv::Writer<File>, PathBuf)>,
    waiting: Vec<Reject>,
}

impl Rejects {
    /// Begins the file, or none.
    pub fn create(path: Option<&Path>, header: &StringRecord) -> Result<Self, RejectsError> {
        let Some(path) = path else { return Ok(Self { writer: None, waiting: Vec::new() }) };
        let failed = |source| RejectsError { path: path.to_owned(), source };
        let file = File::create(path).map_err(failed)?;
        let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(file);
        let columns = ["line", "amount", "reason"].into_iter().chain(header);
        writer.write_record(columns).map_err(|error| failed(error.into()))?;
        Ok(Self { writer: Some((writer, path.to_owned())), waiting: Vec::new() })
    }

    /// Adds some.
    pub fn add(&mut self, rejects: Vec<Reject>) {
        if self.writer.is_some() {
            self.waiting.extend(rejects);
        }
    }

    /// Writes those that were added, in the file's order.
    pub fn write(&mut self) -> Result<(), RejectsError> {
        let Some((writer, path)) = &mut self.writer else { return Ok(()) };
        self.waiting.sort_by_key(|reject| reject.line);
        for Reject { line, amount, reason, record } in self.waiting.drain(..) {
            let told = [line.to_string(), amount.to_string(), reason.to_string()];
            let fields = told.iter().map(String::as_str).chain(&record);
            writer
                .write_record(fields)
                .map_err(|error| RejectsError { path: path.clone(), source: error.into() })?;
        }
        Ok(())
    }

    /// Writes what is left and closes the file.
    pub fn finish(mut self) -> Result<(), RejectsError> {
        self.write()?;
        let Some((mut writer, path)) = self.writer else { return Ok(()) };
        writer.flush().map_err(|source| RejectsError { path, source })
    }
}
