//! Rows of the corpus as columns of a Parquet table, and back.
//!
//! Names carry units where there are any. The columns of a target start with its processor's name, dashes as
//! underscores; those of a design with the design's name.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use corpus::{Part, Row, Source, Splits};
use ir::labels::Target;

use crate::columnar::{Column, Frame, Limits, read_parquet};
use crate::diagnostics::Failure;

/// Version of the columns; readers refuse others.
pub const SCHEMA: &str = "hardwire-corpus-1";

/// What a corpus file may hold at most.
const LIMITS: Limits = Limits { rows: 2_000_000, columns: 400, bytes: 4 << 30 };

/// Largest file that is read.
const MAX_FILE_BYTES: u64 = 1 << 30;

/// A row with its group and splits.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The row.
    pub row: Row,
    /// Number of its group of kernels.
    pub group: usize,
    /// Its splits.
    pub splits: Splits,
}

/// The columns of rows, from a closure each.
pub fn columns(entries: &[Entry]) -> Vec<(String, Column)> {
    let text = |name: &str, of: &dyn Fn(&Entry) -> String| {
        (name.to_owned(), Column::Text(entries.iter().map(|e| Some(of(e))).collect()))
    };
    let int = |name: &str, of: &dyn Fn(&Entry) -> u64| {
        (name.to_owned(), Column::Int(entries.iter().map(|e| i64::try_from(of(e)).ok()).collect()))
    };
    let flags = entries.iter().map(|e| Some(e.row.whole_block)).collect();
    vec![
        text("hash", &|e| e.row.hash.clone()),
        text("source", &|e| e.row.source.name().to_owned()),
        text("family", &|e| e.row.family.clone()),
        text("kernel", &|e| e.row.kernel.clone()),
        int("group", &|e| e.group as u64),
        text("variant", &|e| e.row.variant.clone()),
        text("dialect", &|e| e.row.dialect.clone()),
        ("whole_block".to_owned(), Column::Bool(flags)),
        text("pipeline", &|e| e.row.pipeline.clone()),
        text("lowered", &|e| e.row.lowered.clone()),
        int("largest_array_elements", &|e| e.row.largest_elements),
        text("split_random", &|e| e.splits.random.name().to_owned()),
        text("split_kernel", &|e| e.splits.kernel.name().to_owned()),
        int("family_fold", &|e| e.splits.family_fold as u64),
        text("split_shape", &|e| e.splits.shape.name().to_owned()),
        text("split_operation", &|e| e.splits.operation.name().to_owned()),
        text("left_out_target", &|e| Target::ALL[e.splits.left_out_target].cpu().to_owned()),
        text("text", &|e| e.row.text.clone()),
    ]
}

/// Metadata that every table of the corpus carries.
pub fn metadata(seed: u64) -> BTreeMap<String, String> {
    [("schema", SCHEMA.to_owned()), ("seed", seed.to_string()), ("license", "MIT OR Apache-2.0".to_owned())]
        .map(|(key, value)| (key.to_owned(), value))
        .into()
}

/// Reads a Parquet file whole.
pub fn read(path: &Path) -> Result<Frame, Failure> {
    let refuse = |reason: String| Failure::Request(format!("{}: {reason}", path.display()));
    let file = std::fs::File::open(path).map_err(|e| refuse(e.to_string()))?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(|e| refuse(e.to_string()))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(refuse(format!("the file is larger than {} MiB", MAX_FILE_BYTES >> 20)));
    }
    let frame = read_parquet(bytes, LIMITS).map_err(|e| refuse(e.to_string()))?;
    match frame.metadata.get("schema").map(String::as_str) {
        Some(SCHEMA) => Ok(frame),
        Some(other) => Err(refuse(format!("its columns are of version {other}, this command reads {SCHEMA}"))),
        None => Err(refuse("it is a Parquet file, but no corpus: the metadata key `schema` is missing".into())),
    }
}

/// The rows of a table.
pub fn entries(frame: &Frame, path: &Path) -> Result<Vec<Entry>, Failure> {
    let reader = Reader { frame, path };
    let (hash, source) = (reader.text("hash")?, reader.text("source")?);
    let (family, kernel, variant) = (reader.text("family")?, reader.text("kernel")?, reader.text("variant")?);
    let (dialect, pipeline, lowered) = (reader.text("dialect")?, reader.text("pipeline")?, reader.text("lowered")?);
    let (text, whole_block) = (reader.text("text")?, reader.flag("whole_block")?);
    let (group, largest) = (reader.count("group")?, reader.count("largest_array_elements")?);
    let splits = ["split_random", "split_kernel", "split_shape", "split_operation"];
    let [random, by_kernel, shape, operation] = splits.map(|name| reader.parts(name));
    let (random, by_kernel, shape, operation) = (random?, by_kernel?, shape?, operation?);
    let (fold, target) = (reader.count("family_fold")?, reader.text("left_out_target")?);
    (0..frame.rows())
        .map(|i| {
            let source = Source::from_name(&source[i]).ok_or_else(|| reader.unknown("source", i, &source[i]))?;
            let left_out = Target::ALL.iter().position(|t| t.cpu() == target[i]);
            Ok(Entry {
                row: Row {
                    hash: hash[i].clone(),
                    source,
                    family: family[i].clone(),
                    kernel: kernel[i].clone(),
                    variant: variant[i].clone(),
                    dialect: dialect[i].clone(),
                    whole_block: whole_block[i],
                    pipeline: pipeline[i].clone(),
                    text: text[i].clone(),
                    lowered: lowered[i].clone(),
                    largest_elements: largest[i],
                },
                group: group[i] as usize,
                splits: Splits {
                    random: random[i],
                    kernel: by_kernel[i],
                    family_fold: fold[i] as usize,
                    shape: shape[i],
                    operation: operation[i],
                    left_out_target: left_out.ok_or_else(|| reader.unknown("left_out_target", i, &target[i]))?,
                },
            })
        })
        .collect()
}

/// Typed access to columns, with messages that name file and column.
pub struct Reader<'a> {
    /// The table.
    pub frame: &'a Frame,
    /// Where it was read from.
    pub path: &'a Path,
}

impl Reader<'_> {
    fn refuse(&self, reason: &str) -> Failure {
        Failure::Request(format!("{}: {reason}", self.path.display()))
    }

    fn unknown(&self, column: &str, row: usize, value: &str) -> Failure {
        self.refuse(&format!("row {row}, column `{column}`: `{value}` is not known"))
    }

    fn column(&self, name: &str) -> Result<&Column, Failure> {
        self.frame.column(name).ok_or_else(|| self.refuse(&format!("there is no column `{name}`")))
    }

    fn all<T: Clone>(&self, name: &str, kind: &str, values: Option<&Vec<Option<T>>>) -> Result<Vec<T>, Failure> {
        let values = values.ok_or_else(|| self.refuse(&format!("the column `{name}` does not hold {kind}")))?;
        let missing = |row: usize| self.refuse(&format!("row {row} has no value in the column `{name}`"));
        values.iter().enumerate().map(|(row, value)| value.clone().ok_or_else(|| missing(row))).collect()
    }

    /// A column of text without gaps.
    pub fn text(&self, name: &str) -> Result<Vec<String>, Failure> {
        let values = if let Column::Text(values) = self.column(name)? { Some(values) } else { None };
        self.all(name, "text", values)
    }

    /// A column of yes and no without gaps.
    pub fn flag(&self, name: &str) -> Result<Vec<bool>, Failure> {
        let values = if let Column::Bool(values) = self.column(name)? { Some(values) } else { None };
        self.all(name, "yes or no", values)
    }

    /// A column of counts without gaps.
    pub fn count(&self, name: &str) -> Result<Vec<u64>, Failure> {
        let values = if let Column::Int(values) = self.column(name)? { Some(values) } else { None };
        let numbers = self.all(name, "whole numbers", values)?;
        let negative = |row: usize| self.refuse(&format!("row {row}, column `{name}`: a count is not negative"));
        numbers.iter().enumerate().map(|(row, n)| u64::try_from(*n).map_err(|_| negative(row))).collect()
    }

    /// A column of counts with gaps.
    pub fn counts_or_none(&self, name: &str) -> Result<Vec<Option<u64>>, Failure> {
        match self.column(name)? {
            Column::Int(values) => Ok(values.iter().map(|v| v.and_then(|n| u64::try_from(n).ok())).collect()),
            _ => Err(self.refuse(&format!("the column `{name}` does not hold whole numbers"))),
        }
    }

    /// A column of numbers with gaps.
    pub fn numbers_or_none(&self, name: &str) -> Result<Vec<Option<f64>>, Failure> {
        match self.column(name)? {
            Column::Float(values) => Ok(values.clone()),
            _ => Err(self.refuse(&format!("the column `{name}` does not hold numbers"))),
        }
    }

    /// A column of text with gaps.
    pub fn texts_or_none(&self, name: &str) -> Result<Vec<Option<String>>, Failure> {
        match self.column(name)? {
            Column::Text(values) => Ok(values.clone()),
            _ => Err(self.refuse(&format!("the column `{name}` does not hold text"))),
        }
    }

    fn parts(&self, name: &str) -> Result<Vec<Part>, Failure> {
        let names = self.text(name)?;
        let part = |(row, n): (usize, &String)| Part::from_name(n).ok_or_else(|| self.unknown(name, row, n));
        names.iter().enumerate().map(part).collect()
    }
}
