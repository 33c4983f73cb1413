use std::io::Write;

use super::*;
use crate::import::daybook_csv::DaybookCsv;
use crate::import::line::Reason;

const HEADER: &str = "order_number,occurred_at,customer,seller,sku,name,quantity,unit_price,currency,country";

fn written(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn found(file: &tempfile::NamedTempFile) -> Result<Source, FileError> {
    Source::find(file.path(), Arc::new(DaybookCsv))
}

fn line(number: u32) -> String {
    format!("{number},2011-01-01,7,S,K,N,1,1,GBP,UK")
}

/// Line number and order number of each line.
fn numbers(text: &str) -> Vec<(u64, String)> {
    let file = written(text.as_bytes());
    let lines = found(&file).unwrap().lines().unwrap();
    lines.map(|line| line.unwrap()).map(|line| (line.number, line.record[0].to_owned())).collect()
}

#[test]
fn lines_are_counted_as_an_editor_counts_them() {
    let (two, three) = (line(2), line(3));
    let expected = [(2, "2".to_owned()), (3, "3".to_owned())];
    for end in ["\n", "\r\n"] {
        let text = [HEADER, &two, &three].join(end);
        assert_eq!(numbers(&text), expected, "without an end");
        assert_eq!(numbers(&(text.clone() + end)), expected);
        assert_eq!(numbers(&(text + end + end + end)), expected);
        let gap = [HEADER, "", &two, "", "", &three, ""].join(end);
        assert_eq!(numbers(&gap), [(3, "2".to_owned()), (6, "3".to_owned())]);
    }
    let inside = format!("{HEADER}\n2,2011-01-01,7,S,K,\"two\nlines\",1,1,GBP,UK\n{}\n", line(4));
    assert_eq!(numbers(&inside), [(2, "2".to_owned()), (4, "4".to_owned())]);
}

#[test]
fn a_file_may_be_zipped_marked_and_of_old_letters() {
    let mut zipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    zipped.write_all(format!("{HEADER}\n{}\n", line(2)).as_bytes()).unwrap();
    let zipped = zipped.finish().unwrap();
    assert_eq!(found(&written(&zipped)).unwrap().lines().unwrap().count(), 1);
    assert_eq!(numbers(&format!("\u{feff}{HEADER}\n{}", line(2))).len(), 1);

    let old = [HEADER.as_bytes(), b"\n2,2011-01-01,7,S,K,caf\xe9,1,1,GBP,UK\n"].concat();
    let lines: Vec<_> = found(&written(&old)).unwrap().lines().unwrap().map(Result::unwrap).collect();
    assert_eq!(lines[0].goods().unwrap().name, "café");
}

#[test]
fn columns_are_found_by_name() {
    let text = format!("Note,{}\n,{}\n", HEADER.to_uppercase(), line(2));
    let file = written(text.as_bytes());
    let lines: Vec<_> = found(&file).unwrap().lines().unwrap().map(Result::unwrap).collect();
    assert_eq!(lines[0].goods().unwrap().document, "2");

    let lacking = written(HEADER.replace("sku", "code").as_bytes());
    let error = found(&lacking).err().unwrap().to_string();
    assert!(error.ends_with("has no column sku in line 1, its header"), "{error}");
    assert!(matches!(found(&written(b"")), Err(FileError::MissingColumn { column: "order_number", .. })));
}

#[test]
fn what_cannot_be_read_twice_or_at_all_is_refused() {
    let layout = || Arc::new(DaybookCsv);
    assert!(matches!(Source::find(Path::new("/"), layout()), Err(FileError::NotAFile { .. })));
    assert!(matches!(Source::find(Path::new("/no/such"), layout()), Err(FileError::Open { .. })));
    let mut broken = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    broken.write_all(format!("{HEADER}\n").as_bytes()).unwrap();
    let mut random: u32 = 1;
    for n in 2..20_000 {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        broken.write_all(format!("{n},2011-01-01,{random},S,K,N,1,1,GBP,UK\n").as_bytes()).unwrap();
    }
    let broken = broken.finish().unwrap();
    let file = written(&broken[..broken.len() / 2]);
    let last = found(&file).unwrap().lines().unwrap().last().unwrap();
    assert!(matches!(last, Err(FileError::Read { .. })));
}

#[test]
fn a_bad_line_says_why_and_keeps_its_fields() {
    let reading = |text: &str| {
        let file = written(format!("{HEADER}\n{text}\n").as_bytes());
        let line = found(&file).unwrap().lines().unwrap().next().unwrap().unwrap();
        (line.reading.map(|_| ()).unwrap_err(), line.amount.to_string())
    };
    let quantity = |reason: fn(&'static str) -> Reason| (reason("quantity"), "0".to_owned());
    assert_eq!(reading("1,2"), (Reason::Columns { expected: 10, found: 2 }, "0".to_owned()));
    assert_eq!(reading("1,2011-01-01,7,S,K,N,x,1,GBP,UK"), quantity(Reason::NotANumber));
    let cases = [
        ("1,2011-01-01,7,S,K,N,1.5,1,GBP,UK", Reason::NotWhole("quantity"), "1.5"),
        ("1,2011-01-01,7,S,K,N,5000000000,1,GBP,UK", Reason::TooLarge("quantity"), "5000000000"),
        ("1,2011-01-01,7,S,K,N,0,1,GBP,UK", Reason::ZeroQuantity, "0"),
        ("1,2011-01-01,7,S,K,N,1,1.005,GBP,UK", Reason::TooFine("GBP".parse().unwrap()), "1.005"),
        ("1,2011-01-01,7,S,K,N,3,-2,GBP,UK", Reason::NegativePrice, "-6"),
        ("1,2011-01-01,7,S,K,N,1,1,XYZ,UK", Reason::NotACurrency("currency"), "1"),
        ("1,yesterday,7,S,K,N,1,1,GBP,UK", Reason::NotATime("occurred_at"), "1"),
        ("1,0011-01-01,7,S,K,N,1,1,GBP,UK", Reason::NotATime("occurred_at"), "1"),
        ("1,2011-01-01,7,S,,N,1,1,GBP,UK", Reason::Missing("sku"), "1"),
        ("1,2011-01-01,7,S,K\0,N,1,1,GBP,UK", Reason::Nul("sku"), "1"),
        ("1,2011-01-01,,S,K,N,-1,1,GBP,UK", Reason::GuestReturn, "-1"),
    ];
    for (text, reason, amount) in cases {
        assert_eq!(reading(text), (reason, amount.to_owned()), "{text}");
    }
    let long = format!("1,2011-01-01,7,S,{},N,1,1,GBP,UK", "k".repeat(200));
    assert_eq!(reading(&long).0, Reason::TooLong("sku"));
}
