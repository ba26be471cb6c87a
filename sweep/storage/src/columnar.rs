//! Tables of named columns as Parquet files.
//!
//! A [`Frame`] is what commands write and read; a [`Writer`] takes frames of the same columns one after the other, so
//! that a table never has to be in memory whole. Zstandard compression, one row group per frame; the bytes depend on
//! the values and the order of appending only (fixed `created_by`, no clock). Reading is bounded by [`Limits`] before
//! anything is allocated. Nested values and other types are left out.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex};

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical, ZstdLevel};
use parquet::column::reader::ColumnReader;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;

/// Rows of a row group that [`write_parquet`] makes.
const ROW_GROUP: usize = 1 << 16;

/// One column: a value or none for every row.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Whole numbers.
    Int(Vec<Option<i64>>),
    /// Numbers; NaN is a value.
    Float(Vec<Option<f64>>),
    /// Yes or no.
    Bool(Vec<Option<bool>>),
    /// UTF-8 text.
    Text(Vec<Option<String>>),
}

impl Column {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Int(v) => v.len(),
            Self::Float(v) => v.len(),
            Self::Bool(v) => v.len(),
            Self::Text(v) => v.len(),
        }
    }

    /// Whether it has no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Rows `from..to` as a column of their own.
    fn slice(&self, from: usize, to: usize) -> Self {
        match self {
            Self::Int(v) => Self::Int(v[from..to].to_vec()),
            Self::Float(v) => Self::Float(v[from..to].to_vec()),
            Self::Bool(v) => Self::Bool(v[from..to].to_vec()),
            Self::Text(v) => Self::Text(v[from..to].to_vec()),
        }
    }

    fn field(&self, name: &str) -> Result<Type, ParquetError> {
        let (physical, logical) = match self {
            Self::Int(_) => (Physical::INT64, None),
            Self::Float(_) => (Physical::DOUBLE, None),
            Self::Bool(_) => (Physical::BOOLEAN, None),
            Self::Text(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        };
        Type::primitive_type_builder(name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical)
            .build()
    }
}

/// A table: columns of equal length in order, and what is known about them as a whole.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Frame {
    /// Names, unique, with their units, and values.
    pub columns: Vec<(String, Column)>,
    /// Key and value pairs of the file.
    pub metadata: BTreeMap<String, String>,
}

impl Frame {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |(_, column)| column.len())
    }

    /// The column called `name`.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|(n, _)| n == name).map(|(_, column)| column)
    }
}

/// What a file may hold at most.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
    /// Bytes of all columns, uncompressed.
    pub bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { rows: 10_000_000, columns: 4096, bytes: 8 << 30 }
    }
}

/// Why a table could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ColumnarError {
    /// Writing failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The file is no Parquet file, is damaged, or holds what a [`Frame`] cannot.
    #[error("not a readable Parquet table: {0}")]
    Format(String),
    /// The file holds more than the [`Limits`].
    #[error("the table holds {found} {what}, more than the {limit} that are read")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How much the file says it holds.
        found: u64,
        /// The limit.
        limit: u64,
    },
}

impl From<ParquetError> for ColumnarError {
    fn from(error: ParquetError) -> Self {
        match error {
            ParquetError::External(inner) => match inner.downcast::<std::io::Error>() {
                Ok(io) => Self::Io(*io),
                Err(other) => Self::Format(other.to_string()),
            },
            other => Self::Format(other.to_string()),
        }
    }
}

/// How hard a file is compressed; both are read as fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Quickly, for files that are written often.
    Fast,
    /// As small as it goes, at about 3 MiB a second of text: for files that are written once and shipped.
    Small,
}

impl Packing {
    fn compression(self) -> Compression {
        Compression::ZSTD(match self {
            Self::Fast => ZstdLevel::default(),
            Self::Small => ZstdLevel::try_new(19).expect("levels go to 22"),
        })
    }
}

/// Writes frames of the same columns into one file.
pub struct Writer<W: Write + Send> {
    file: SerializedFileWriter<W>,
}

impl<W: Write + Send> Writer<W> {
    /// Starts a file with the columns and the metadata of `like`; its rows are not written.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn new(out: W, like: &Frame, packing: Packing) -> Result<Self, ColumnarError> {
        let fields: Result<Vec<_>, _> = like.columns.iter().map(|(name, c)| c.field(name).map(Arc::new)).collect();
        let schema = Type::group_type_builder("table").with_fields(fields?).build()?;
        let metadata = like.metadata.iter().map(|(k, v)| KeyValue::new(k.clone(), v.clone())).collect();
        let properties = WriterProperties::builder()
            .set_created_by("hardwire".to_owned())
            .set_compression(packing.compression())
            .set_key_value_metadata(Some(metadata))
            .build();
        Ok(Self { file: SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties))? })
    }

    /// Appends the rows of `frame`, whose columns must be those the file was started with.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn append(&mut self, frame: &Frame) -> Result<(), ColumnarError> {
        let mut group = self.file.next_row_group()?;
        for (_, column) in &frame.columns {
            match column {
                Column::Int(v) => write_column::<Int64Type, _, _>(&mut group, v, |x| *x)?,
                Column::Float(v) => write_column::<DoubleType, _, _>(&mut group, v, |x| *x)?,
                Column::Bool(v) => write_column::<BoolType, _, _>(&mut group, v, |x| *x)?,
                Column::Text(v) => write_column::<ByteArrayType, _, _>(&mut group, v, |x| x.as_str().into())?,
            }
        }
        group.close()?;
        Ok(())
    }

    /// Completes the file and returns what it was written to.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn finish(self) -> Result<W, ColumnarError> {
        Ok(self.file.into_inner()?)
    }
}

fn write_column<D: DataType, T, W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    values: &[Option<T>],
    convert: impl Fn(&T) -> D::T,
) -> Result<(), ColumnarError> {
    let present: Vec<D::T> = values.iter().flatten().map(convert).collect();
    let levels: Vec<i16> = values.iter().map(|v| i16::from(v.is_some())).collect();
    let mut column =
        group.next_column()?.ok_or_else(|| ColumnarError::Format("more columns than the table has".into()))?;
    column.typed::<D>().write_batch(&present, Some(&levels), None)?;
    column.close()?;
    Ok(())
}

/// Writes a whole frame, as small as it goes.
///
/// # Errors
/// Those of the writer.
pub fn write_parquet<W: Write + Send>(frame: &Frame, out: W) -> Result<W, ColumnarError> {
    let mut writer = Writer::new(out, frame, Packing::Small)?;
    let rows = frame.rows();
    for from in (0..rows).step_by(ROW_GROUP) {
        let to = rows.min(from + ROW_GROUP);
        let columns = frame.columns.iter().map(|(name, column)| (name.clone(), column.slice(from, to))).collect();
        writer.append(&Frame { columns, metadata: BTreeMap::new() })?;
    }
    writer.finish()
}

/// Guards the process-wide panic hook while [`read_parquet`] has it off.
static HOOK: Mutex<()> = Mutex::new(());

/// Reads a whole file of flat columns.
///
/// # Errors
/// If the file is damaged, too large, or holds nested or other values.
pub fn read_parquet(bytes: Vec<u8>, limits: Limits) -> Result<Frame, ColumnarError> {
    // The decoders of the `parquet` crate panic on some damaged pages: a damaged file is the user's mistake, and no
    // state outlives the call.
    let _guard = HOOK.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let result = std::panic::catch_unwind(|| read(bytes, limits));
    std::panic::set_hook(hook);
    result.unwrap_or_else(|_| Err(ColumnarError::Format("a damaged page".into())))
}

fn read(bytes: Vec<u8>, limits: Limits) -> Result<Frame, ColumnarError> {
    let length = bytes.len() as u64;
    let file = SerializedFileReader::new(bytes::Bytes::from(bytes))?;
    let metadata = file.metadata();
    let count = |n: i64| u64::try_from(n).map_err(|_| ColumnarError::Format("a negative count".into()));
    let check = |what, found: u64, limit: u64| {
        if found > limit { Err(ColumnarError::TooLarge { what, found, limit }) } else { Ok(()) }
    };
    check("rows", count(metadata.file_metadata().num_rows())?, limits.rows as u64)?;
    let schema = metadata.file_metadata().schema_descr();
    check("columns", schema.num_columns() as u64, limits.columns as u64)?;
    let (mut rows, mut size) = (0u64, 0u64);
    for group in metadata.row_groups() {
        rows = rows.saturating_add(count(group.num_rows())?);
        for column in group.columns() {
            size = size.saturating_add(count(column.uncompressed_size())?);
            // The reader slices the file by these without looking.
            let start = column.dictionary_page_offset().unwrap_or(column.data_page_offset());
            let end = count(start)?.saturating_add(count(column.compressed_size())?);
            if end > length {
                return Err(ColumnarError::Format("a column lies outside the file".into()));
            }
        }
    }
    check("rows", rows, limits.rows as u64)?;
    check("bytes", size, limits.bytes)?;
    let mut frame = Frame::default();
    for column in schema.columns() {
        let refuse = |reason: &str| Err(ColumnarError::Format(format!("column `{}` {reason}", column.name())));
        if column.max_rep_level() > 0 || column.max_def_level() > 1 {
            return refuse("is nested");
        }
        let text = matches!(column.logical_type_ref(), Some(LogicalType::String));
        let empty = match column.physical_type() {
            Physical::INT64 => Column::Int(Vec::new()),
            Physical::DOUBLE => Column::Float(Vec::new()),
            Physical::BOOLEAN => Column::Bool(Vec::new()),
            Physical::BYTE_ARRAY if text => Column::Text(Vec::new()),
            other => return refuse(&format!("holds {other}, not whole numbers, numbers, booleans or text")),
        };
        frame.columns.push((column.name().to_owned(), empty));
    }
    for pair in metadata.file_metadata().key_value_metadata().into_iter().flatten() {
        frame.metadata.insert(pair.key.clone(), pair.value.clone().unwrap_or_default());
    }
    for index in 0..metadata.num_row_groups() {
        let group = file.get_row_group(index)?;
        read_group(&mut frame, &*group)?;
    }
    Ok(frame)
}

fn read_group(frame: &mut Frame, group: &dyn RowGroupReader) -> Result<(), ColumnarError> {
    let rows = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
    for (index, (name, column)) in frame.columns.iter_mut().enumerate() {
        let optional = group.metadata().schema_descr().column(index).max_def_level() == 1;
        let damaged = |reason: &str| ColumnarError::Format(format!("column `{name}` {reason}"));
        macro_rules! read {
            ($reader:expr, $into:expr, $convert:expr) => {{
                let (mut values, mut levels) = (Vec::new(), Vec::new());
                let (read, _, _) = $reader.read_records(rows, optional.then_some(&mut levels), None, &mut values)?;
                if read != rows || optional && levels.len() != rows || !optional && values.len() != rows {
                    return Err(damaged("has fewer values than rows"));
                }
                let mut values = values.into_iter();
                for row in 0..rows {
                    let value = if optional && levels[row] == 0 { None } else { values.next() };
                    $into.push(match value {
                        Some(value) => Some($convert(value)?),
                        None => None,
                    });
                }
            }};
        }
        match (group.get_column_reader(index)?, column) {
            (ColumnReader::Int64ColumnReader(mut r), Column::Int(v)) => read!(r, v, Ok::<_, ColumnarError>),
            (ColumnReader::DoubleColumnReader(mut r), Column::Float(v)) => read!(r, v, Ok::<_, ColumnarError>),
            (ColumnReader::BoolColumnReader(mut r), Column::Bool(v)) => read!(r, v, Ok::<_, ColumnarError>),
            (ColumnReader::ByteArrayColumnReader(mut r), Column::Text(v)) => read!(r, v, |b: ByteArray| {
                b.as_utf8().map(str::to_owned).map_err(|_| damaged("holds text that is not UTF-8"))
            }),
            _ => return Err(damaged("has another type in the file's body than in its schema")),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(rows: usize) -> Frame {
        let ints = (0..rows).map(|i| (i % 3 != 0).then_some(i as i64 - 5)).collect();
        let floats = (0..rows).map(|i| (i % 4 != 1).then_some(i as f64 / 7.0)).collect();
        let bools = (0..rows).map(|i| (i % 5 != 2).then_some(i % 2 == 0)).collect();
        let texts = (0..rows).map(|i| (i % 7 != 3).then(|| format!("row {i} ä"))).collect();
        Frame {
            columns: vec![
                ("count".into(), Column::Int(ints)),
                ("time_s".into(), Column::Float(floats)),
                ("fits".into(), Column::Bool(bools)),
                ("reason".into(), Column::Text(texts)),
            ],
            metadata: [("made_by".to_owned(), "a test".to_owned())].into(),
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for rows in [0, 1, 100, ROW_GROUP + 3] {
            let frame = sample(rows);
            let bytes = write_parquet(&frame, Vec::new()).unwrap();
            assert_eq!(bytes, write_parquet(&frame, Vec::new()).unwrap());
            assert_eq!(read_parquet(bytes, Limits::default()).unwrap(), frame);
        }
    }

    #[test]
    fn nothing_and_extremes_survive() {
        let columns = vec![
            ("none".into(), Column::Float(vec![None; 3])),
            ("ends".into(), Column::Int(vec![Some(i64::MIN), Some(i64::MAX), None])),
            ("odd".into(), Column::Float(vec![Some(f64::INFINITY), Some(-0.0), Some(f64::MIN_POSITIVE)])),
        ];
        let frame = Frame { columns, metadata: BTreeMap::new() };
        let bytes = write_parquet(&frame, Vec::new()).unwrap();
        assert_eq!(read_parquet(bytes, Limits::default()).unwrap(), frame);
    }

    #[test]
    fn limits_hold_before_anything_is_read() {
        let bytes = write_parquet(&sample(100), Vec::new()).unwrap();
        let read = |limits| read_parquet(bytes.clone(), limits).unwrap_err().to_string();
        let limits = Limits::default();
        assert_eq!(read(Limits { rows: 99, ..limits }), "the table holds 100 rows, more than the 99 that are read");
        assert!(read(Limits { columns: 3, ..limits }).contains("4 columns"));
        assert!(read(Limits { bytes: 10, ..limits }).contains("bytes"));
    }

    #[test]
    fn damaged_files_are_refused_or_read_but_never_panic() {
        let whole = write_parquet(&sample(50), Vec::new()).unwrap();
        for length in 0..whole.len() {
            assert!(read_parquet(whole[..length].to_vec(), Limits::default()).is_err());
        }
        for at in 0..whole.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut bytes = whole.clone();
                bytes[at] ^= flip;
                let _ = read_parquet(bytes, Limits::default());
            }
        }
    }
}
