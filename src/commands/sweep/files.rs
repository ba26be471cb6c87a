//! Writes the tables and plots of a sweep as files.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use explore::tables::{Kind, Tables};
use reports::plot::{Form, PlotError};
use storage::columnar::ColumnarError;
use sweep::exploration::Exploration;
use sweep::verdict::Verdict;

use crate::diagnostics::Failure;
use crate::replace::replace;

/// Summary of a sweep in its folder.
pub const SUMMARY: &str = "summary.json";

/// Writes a table as `NAME.parquet` and `NAME.csv`.
fn write_table(
    tables: &Tables<'_>,
    kind: Kind,
    folder: &Path,
    metadata: &BTreeMap<String, String>,
) -> Result<(), Failure> {
    let failure = |path: &Path, error: ColumnarError| Failure::File {
        path: path.display().to_string(),
        error: match error {
            ColumnarError::Io(error) => error,
            other => std::io::Error::other(other.to_string()),
        },
    };
    let parquet = || {
        let path = folder.join(format!("{kind}.parquet"));
        replace(&path, |out| tables.write_parquet(kind, metadata, out)).map_err(|error| failure(&path, error))
    };
    let csv = || {
        let path = folder.join(format!("{kind}.csv"));
        replace(&path, |out| tables.write_csv(kind, out)).map_err(|error| failure(&path, error))
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(csv);
        let result = parquet();
        result.and(other.join().expect("writing does not panic"))
    })
}

/// Writes all tables of a sweep and returns the names of the files.
pub fn write_tables(
    exploration: &Exploration<'_>,
    verdict: &Verdict,
    folder: &Path,
    metadata: &BTreeMap<String, String>,
) -> Result<Vec<String>, Failure> {
    let tables = Tables::new(exploration, verdict);
    let mut files = Vec::new();
    for kind in tables.kinds() {
        write_table(&tables, kind, folder, metadata)?;
        files.extend([format!("{kind}.parquet"), format!("{kind}.csv")]);
    }
    Ok(files)
}

/// Writes all plots and returns the names of the files.
pub fn write_plots(e: &Exploration<'_>, verdict: &Verdict, folder: &Path) -> Result<Vec<String>, Failure> {
    let mut files = Vec::new();
    for (name, plot) in explore::plots::plots(e, verdict) {
        let drawn: Result<_, PlotError> =
            plot.svg(Form::Wide).and_then(|svg| Ok([("svg", svg.into_bytes()), ("png", plot.png()?)]));
        for (kind, bytes) in drawn.map_err(|error| Failure::Request(error.to_string()))? {
            let file = format!("{name}.{kind}");
            let path = folder.join(&file);
            replace(&path, |out| out.write_all(&bytes))
                .map_err(|error| Failure::File { path: path.display().to_string(), error })?;
            files.push(file);
        }
    }
    Ok(files)
}
