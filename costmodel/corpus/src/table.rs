//! Rows of the corpus as columns of a Parquet table, and back.
//!
//! Names carry units where there are any. The columns of a target start with the name of its processor or GPU, dashes as
//! underscores; those of a design with the design's name.

use std::collections::BTreeMap;

use ir::labels::Target;
use storage::columnar::{Column, ColumnarError, Frame, Limits, read_parquet};

use crate::row::{Row, Source};
use crate::splits::{Part, Splits, assign, groups};

/// Version of the columns; readers refuse others.
pub const SCHEMA: &str = "hardwire-corpus-1";

/// Limits of a corpus file.
const LIMITS: Limits = Limits { rows: 2_000_000, columns: 400, bytes: 4 << 30 };

/// Largest file that is read, in bytes.
pub const MAX_FILE_BYTES: u64 = 1 << 30;

/// A table that is not a corpus.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file is longer than [`MAX_FILE_BYTES`].
    #[error("the file is larger than {} MiB", MAX_FILE_BYTES >> 20)]
    TooLarge,
    /// No readable Parquet table.
    #[error(transparent)]
    Columnar(#[from] ColumnarError),
    /// Columns of another version.
    #[error("its columns are of version {0}, this command reads {SCHEMA}")]
    Version(String),
    /// A Parquet table of another program.
    #[error("it is a Parquet file, but not a corpus: the metadata key `schema` is missing")]
    Foreign,
    /// A column is missing.
    #[error("there is no column `{0}`")]
    NoColumn(String),
    /// A column holds values of another kind.
    #[error("the column `{column}` does not hold {kind}")]
    Kind {
        /// Name of the column.
        column: String,
        /// Kind expected.
        kind: &'static str,
    },
    /// A value is missing.
    #[error("row {row} has no value in the column `{column}`")]
    NoValue {
        /// Row, from 0.
        row: usize,
        /// Name of the column.
        column: String,
    },
    /// A count is negative.
    #[error("row {row}, column `{column}`: a count is not negative")]
    Negative {
        /// Row, from 0.
        row: usize,
        /// Name of the column.
        column: String,
    },
    /// A name that this version does not know.
    #[error("row {row}, column `{column}`: `{value}` is not known")]
    Unknown {
        /// Row, from 0.
        row: usize,
        /// Name of the column.
        column: String,
        /// Value found.
        value: String,
    },
}

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

impl Entry {
    /// Rows with the groups and splits that a corpus of exactly these rows has, drawn by the seed.
    #[must_use]
    pub fn of_rows(rows: Vec<Row>, seed: u64) -> Vec<Self> {
        let groups = groups(&rows);
        let splits = assign(&rows, &groups, seed, Target::ALL.len());
        rows.into_iter().zip(groups).zip(splits).map(|((row, group), splits)| Self { row, group, splits }).collect()
    }
}

/// The columns of rows.
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

/// A number as it is stored, with nine significant digits; the remaining bits are rounding noise, which does not compress.
pub(crate) fn nine_digits(value: f64) -> f64 {
    format!("{value:.8e}").parse().expect("a number in decimal is a number")
}

/// Metadata that every table of the corpus carries.
pub fn metadata(seed: u64) -> BTreeMap<String, String> {
    [("schema", SCHEMA.to_owned()), ("seed", seed.to_string()), ("license", "MIT OR Apache-2.0".to_owned())]
        .map(|(key, value)| (key.to_owned(), value))
        .into()
}

/// The seed that a table was drawn by; 0 if it does not say.
#[must_use]
pub fn seed(frame: &Frame) -> u64 {
    frame.metadata.get("seed").and_then(|seed| seed.parse().ok()).unwrap_or(0)
}

/// Reads the bytes of a Parquet file.
///
/// # Errors
/// If they are not a corpus of this version.
pub fn read(bytes: Vec<u8>) -> Result<Frame, TableError> {
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(TableError::TooLarge);
    }
    let frame = read_parquet(bytes, LIMITS)?;
    match frame.metadata.get("schema").map(String::as_str) {
        Some(SCHEMA) => Ok(frame),
        Some(other) => Err(TableError::Version(other.to_owned())),
        None => Err(TableError::Foreign),
    }
}

/// The rows of a table.
///
/// # Errors
/// If a column is missing or holds values that are not known.
pub fn entries(frame: &Frame) -> Result<Vec<Entry>, TableError> {
    let reader = Reader { frame };
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
            let left_out = Target::from_cpu(&target[i]).map(|target| target as usize);
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

/// Typed access to columns; every error names the column.
pub struct Reader<'a> {
    /// The table.
    pub frame: &'a Frame,
}

impl Reader<'_> {
    fn unknown(&self, column: &str, row: usize, value: &str) -> TableError {
        TableError::Unknown { row, column: column.to_owned(), value: value.to_owned() }
    }

    fn kind(&self, column: &str, kind: &'static str) -> TableError {
        TableError::Kind { column: column.to_owned(), kind }
    }

    fn column(&self, name: &str) -> Result<&Column, TableError> {
        self.frame.column(name).ok_or_else(|| TableError::NoColumn(name.to_owned()))
    }

    fn all<T: Clone>(
        &self,
        name: &str,
        kind: &'static str,
        values: Option<&Vec<Option<T>>>,
    ) -> Result<Vec<T>, TableError> {
        let values = values.ok_or_else(|| self.kind(name, kind))?;
        let missing = |row: usize| TableError::NoValue { row, column: name.to_owned() };
        values.iter().enumerate().map(|(row, value)| value.clone().ok_or_else(|| missing(row))).collect()
    }

    /// A column of text without gaps.
    ///
    /// # Errors
    /// If it is missing, of another kind, or has gaps.
    pub fn text(&self, name: &str) -> Result<Vec<String>, TableError> {
        let values = if let Column::Text(values) = self.column(name)? { Some(values) } else { None };
        self.all(name, "text", values)
    }

    /// A column of booleans without gaps.
    ///
    /// # Errors
    /// If it is missing, of another kind, or has gaps.
    pub fn flag(&self, name: &str) -> Result<Vec<bool>, TableError> {
        let values = if let Column::Bool(values) = self.column(name)? { Some(values) } else { None };
        self.all(name, "yes or no", values)
    }

    /// A column of counts without gaps.
    ///
    /// # Errors
    /// If it is missing, of another kind, has gaps or negative numbers.
    pub fn count(&self, name: &str) -> Result<Vec<u64>, TableError> {
        let values = if let Column::Int(values) = self.column(name)? { Some(values) } else { None };
        let numbers = self.all(name, "whole numbers", values)?;
        let negative = |row: usize| TableError::Negative { row, column: name.to_owned() };
        numbers.iter().enumerate().map(|(row, n)| u64::try_from(*n).map_err(|_| negative(row))).collect()
    }

    /// A column of counts with gaps.
    ///
    /// # Errors
    /// If it is missing or of another kind.
    pub fn counts_or_none(&self, name: &str) -> Result<Vec<Option<u64>>, TableError> {
        match self.column(name)? {
            Column::Int(values) => Ok(values.iter().map(|v| v.and_then(|n| u64::try_from(n).ok())).collect()),
            _ => Err(self.kind(name, "whole numbers")),
        }
    }

    /// A column of numbers with gaps.
    ///
    /// # Errors
    /// If it is missing or of another kind.
    pub fn numbers_or_none(&self, name: &str) -> Result<Vec<Option<f64>>, TableError> {
        match self.column(name)? {
            Column::Float(values) => Ok(values.clone()),
            _ => Err(self.kind(name, "numbers")),
        }
    }

    /// A column of booleans with gaps.
    ///
    /// # Errors
    /// If it is missing or of another kind.
    pub fn flags_or_none(&self, name: &str) -> Result<Vec<Option<bool>>, TableError> {
        match self.column(name)? {
            Column::Bool(values) => Ok(values.clone()),
            _ => Err(self.kind(name, "yes or no")),
        }
    }

    /// A column of text with gaps.
    ///
    /// # Errors
    /// If it is missing or of another kind.
    pub fn texts_or_none(&self, name: &str) -> Result<Vec<Option<String>>, TableError> {
        match self.column(name)? {
            Column::Text(values) => Ok(values.clone()),
            _ => Err(self.kind(name, "text")),
        }
    }

    fn parts(&self, name: &str) -> Result<Vec<Part>, TableError> {
        let names = self.text(name)?;
        let part = |(row, n): (usize, &String)| Part::from_name(n).ok_or_else(|| self.unknown(name, row, n));
        names.iter().enumerate().map(part).collect()
    }
}
