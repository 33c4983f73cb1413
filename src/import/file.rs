//! The file: opened as often as it is read, plain or gzipped, line by line.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use csv::{ByteRecord, StringRecord};
use flate2::bufread::MultiGzDecoder;

use super::fields::{Header, Layout};
use super::line::Line;

/// Why a file can't be imported.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It isn't there, or isn't ours to read.
    #[error("{path} can't be opened")]
    Open {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A pipe can be read only once.
    #[error("{path} is not a regular file: it is read more than once, so it can't be a pipe or a folder")]
    NotAFile {
        /// Which.
        path: PathBuf,
    },
    /// The disk or the compression is broken.
    #[error("{path} can't be read beyond line {line}")]
    Read {
        /// Which.
        path: PathBuf,
        /// The last line that was read.
        line: u64,
        /// Why.
        source: csv::Error,
    },
    /// The header lacks a column.
    #[error("{path} has no column {column} in line 1, its header")]
    MissingColumn {
        /// Which.
        path: PathBuf,
        /// Which column.
        column: &'static str,
    },
}

/// A file of a layout.
#[derive(Clone)]
pub struct Source {
    path: Arc<Path>,
    layout: Arc<dyn Layout>,
    header: Arc<Header>,
    /// Its size on the disk.
    pub size: u64,
    /// How much of it was read, over all times that it was opened.
    pub read: Arc<AtomicU64>,
}

impl Source {
    /// Finds the file and its columns.
    pub fn find(path: &Path, layout: Arc<dyn Layout>) -> Result<Self, FileError> {
        let opened = |source| FileError::Open { path: path.to_owned(), source };
        let metadata = std::fs::metadata(path).map_err(opened)?;
        if !metadata.is_file() {
            return Err(FileError::NotAFile { path: path.to_owned() });
        }
        let mut reader = reader(path, Arc::default())?;
        let mut first = ByteRecord::new();
        reader.read_byte_record(&mut first).map_err(|source| FileError::Read {
            path: path.to_owned(),
            line: 0,
            source,
        })?;
        let header = Header::find(&*layout, text(&first))
            .map_err(|column| FileError::MissingColumn { path: path.to_owned(), column })?;
        let (header, read) = (Arc::new(header), Arc::default());
        Ok(Self { path: path.into(), layout, header, size: metadata.len(), read })
    }

    /// The header, as it is in the file.
    pub fn header(&self) -> &StringRecord {
        &self.header.record
    }

    /// Understands the fields of a line that was kept elsewhere.
    pub fn line(&self, number: u64, record: StringRecord) -> Line {
        self.header.line(&*self.layout, number, record)
    }

    /// Every line, from the first after the header.
    pub fn lines(&self) -> Result<Lines, FileError> {
        let mut reader = reader(&self.path, Arc::clone(&self.read))?;
        let mut record = ByteRecord::new();
        reader.read_byte_record(&mut record).map_err(|source| self.failed(0, source))?;
        Ok(Lines { source: self.clone(), reader, record, last: 1 })
    }

    fn failed(&self, line: u64, source: csv::Error) -> FileError {
        FileError::Read { path: self.path.to_path_buf(), line, source }
    }
}

/// A file's lines.
pub struct Lines {
    source: Source,
    reader: csv::Reader<Box<dyn Read + Send>>,
    record: ByteRecord,
    last: u64,
}

impl Iterator for Lines {
    type Item = Result<Line, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.reader.read_byte_record(&mut self.record) {
                Ok(false) => return None,
                Ok(true) if self.record.len() == 1 && self.record[0].trim_ascii().is_empty() => {}
                Ok(true) => {
                    self.last = self.number();
                    return Some(Ok(self.source.line(self.last, text(&self.record))));
                }
                Err(error) => return Some(Err(self.source.failed(self.last, error))),
            }
        }
    }
}

impl Lines {
    /// Where the line begins that was just read, with its end, which is a line feed.
    fn number(&self) -> u64 {
        let feeds = |field: &[u8]| field.split(|byte| *byte == b'\n').count() as u64 - 1;
        let inside: u64 = self.record.iter().map(feeds).sum();
        self.reader.position().line().saturating_sub(inside + 1)
    }
}

fn reader(path: &Path, read: Arc<AtomicU64>) -> Result<csv::Reader<Box<dyn Read + Send>>, FileError> {
    let opened = |source| FileError::Open { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(opened)?;
    let mut magic = [0; 2];
    let zipped = file.read(&mut magic).map_err(opened)? == 2 && magic == [0x1f, 0x8b];
    file.rewind().map_err(opened)?;
    let counted = BufReader::with_capacity(1 << 16, CountedFile { file, read });
    let plain: Box<dyn Read + Send> =
        if zipped { Box::new(MultiGzDecoder::new(counted)) } else { Box::new(counted) };
    let mut plain = BufReader::with_capacity(1 << 16, plain);
    if plain.fill_buf().is_ok_and(|start| start.starts_with(b"\xef\xbb\xbf")) {
        plain.consume(3);
    }
    // Lines end with a line feed, the last one too, so that they can be counted.
    let terminator = csv::Terminator::Any(b'\n');
    let mut builder = csv::ReaderBuilder::new();
    builder.has_headers(false).flexible(true).terminator(terminator);
    Ok(builder.from_reader(Box::new(plain.chain(&b"\n"[..]))))
}

/// Text of the fields: UTF-8, or Latin-1 where one isn't, as older exports are.
fn text(record: &ByteRecord) -> StringRecord {
    let field = |bytes: &[u8]| match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    };
    let last = record.len().saturating_sub(1);
    let without_return = |(place, bytes): (usize, &[u8])| match bytes.strip_suffix(b"\r") {
        Some(before) if place == last => field(before),
        Some(_) | None => field(bytes),
    };
    record.iter().enumerate().map(without_return).collect()
}

/// Counts what is read of the file.
struct CountedFile {
    file: File,
    read: Arc<AtomicU64>,
}

impl Read for CountedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

#[cfg(test)]
mod tests;
