//! Writes an evaluation: JSON, tables and plots, and the tables into the document that quotes them.

use std::io::Write;
use std::path::Path;

use training::evaluation::Measured;
use training::evaluation::document::Evaluation;

use super::plots::plots;
use crate::diagnostics::Failure;
use files::replace;

/// Writes JSON, tables and plots into a folder, and the tables into a document.
pub fn write(
    measured: &Measured<'_>,
    evaluation: &Evaluation,
    tables: &str,
    folder: &Path,
    document: Option<&Path>,
) -> Result<(), Failure> {
    let failed = |path: &Path, error| Failure::File { path: path.display().to_string(), error };
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    let put = |path: &Path, bytes: &[u8]| {
        replace::<std::io::Error>(path, |out| out.write_all(bytes)).map_err(|error| failed(path, error))
    };
    put(&folder.join("evaluation.json"), evaluation.json().as_bytes())?;
    put(&folder.join("evaluation.md"), tables.as_bytes())?;
    for (name, plot) in plots(measured) {
        let refused = |error: reports::plot::PlotError| Failure::Request(error.to_string());
        put(&folder.join(format!("{name}.svg")), plot.svg(reports::plot::Form::Wide).map_err(refused)?.as_bytes())?;
        put(&folder.join(format!("{name}.png")), &plot.png().map_err(refused)?)?;
    }
    let Some(path) = document else { return Ok(()) };
    let text = crate::input::read(&path.to_string_lossy())
        .map_err(|e| Failure::Request(format!("{}: {e}", path.display())))?;
    let (begin, end) = ("<!-- evaluation: begin -->\n", "<!-- evaluation: end -->");
    let marks = text.find(begin).zip(text.find(end)).filter(|(b, e)| b < e);
    let Some((from, to)) = marks else {
        let wanted =
            format!("{}: there must be a line `{}` and after it a line `{end}`", path.display(), begin.trim_end());
        return Err(Failure::Request(wanted));
    };
    put(path, format!("{}{begin}{tables}{}", &text[..from], &text[to..]).as_bytes())
}
