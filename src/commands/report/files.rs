//! Files of a report: rendered in memory, then written, or compared with existing files.

use std::io::Write;
use std::path::Path;

use reports::document::{Document, Stamp, csv, html, json, markdown};
use reports::plot::{Form, PlotError};

use crate::diagnostics::Failure;
use files::replace;

/// The part of an evaluation that the page shows, written beside the page.
pub const EVALUATION: &str = "evaluation.json";
/// Largest file compared; a report is far smaller.
const MAX_BYTES: u64 = 64 << 20;

/// Path within the output folder, and content.
pub type File = (String, Vec<u8>);

/// Renders all files; with `png` also PNG drawings.
pub fn render(document: &Document, png: bool) -> Result<Vec<File>, Failure> {
    let refuse = |error: PlotError| Failure::Request(error.to_string());
    let mut files = vec![
        ("index.html".to_owned(), html(document).map_err(refuse)?.into_bytes()),
        ("report.md".to_owned(), markdown(document).into_bytes()),
        ("report.json".to_owned(), json(document).into_bytes()),
    ];
    for figure in document.figures() {
        let svg = figure.plot.svg(Form::Wide).map_err(refuse)?;
        files.push((format!("figures/{}.svg", figure.name), svg.into_bytes()));
        files.push((format!("figures/{}.csv", figure.name), csv(&figure.data).into_bytes()));
        if png {
            files.push((format!("figures/{}.png", figure.name), figure.plot.png().map_err(refuse)?));
        }
    }
    Ok(files)
}

/// Refuses a path that cannot be a folder because a part of it is a file.
pub fn folder(out: &str) -> Result<(), Failure> {
    let path = Path::new(out);
    for part in path.ancestors().filter(|p| !p.as_os_str().is_empty()) {
        if part.exists() && !part.is_dir() {
            let named = if part == path { "--out".to_owned() } else { format!("--out {out}: part") };
            return Err(Failure::Request(format!("{named} {} is a file; name a folder", part.display())));
        }
    }
    Ok(())
}

/// Texts by which a file of a report is known, by the end of its name.
const MARKS: [(&str, &[&str]); 3] = [
    ("index.html", &["<meta name=\"generator\" content=\"hardwire "]),
    ("report.md", &["\nWritten by hardwire "]),
    ("report.json", &["\"generator\": \"hardwire "]),
];

/// Names of the files that every report has.
pub fn fixed() -> impl Iterator<Item = &'static str> {
    MARKS.into_iter().map(|(name, _)| name)
}

/// Refuses to write over files that no report has written; `names` are paths within the folder `out`.
///
/// A page, a text and a JSON file say who wrote them; other files belong to a report if such a JSON file lies beside them.
///
/// # Errors
/// For the first foreign file.
pub fn own<'a>(out: &str, names: impl Iterator<Item = &'a str>) -> Result<(), Failure> {
    let holds = |name: &str, marks: &[&str]| -> bool {
        let path = Path::new(out).join(name);
        let small = std::fs::metadata(&path).is_ok_and(|m| m.is_file() && m.len() <= MAX_BYTES);
        let text = if small { std::fs::read(&path).unwrap_or_default() } else { Vec::new() };
        let text = String::from_utf8_lossy(&text);
        marks.iter().any(|mark| text.contains(mark))
    };
    let report = MARKS.iter().find(|(name, _)| *name == "report.json").is_some_and(|(name, marks)| holds(name, marks));
    for name in names {
        let path = Path::new(out).join(name);
        if path.symlink_metadata().is_err() {
            continue;
        }
        let known = match MARKS.iter().find(|(marked, _)| *marked == name) {
            Some((_, marks)) => holds(name, marks),
            None => report,
        };
        if !known {
            let path = path.display();
            return Err(Failure::Request(format!(
                "{path} was not written by `hardwire report` and is not overwritten; name another folder with --out, or move it"
            )));
        }
    }
    Ok(())
}

/// The stamp of the report in the folder `out`; `None` without one.
pub fn stamp(out: &str) -> Option<Stamp> {
    let path = Path::new(out).join("report.json");
    std::fs::metadata(&path).ok().filter(|m| m.len() <= MAX_BYTES)?;
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
    let of = |key: &str| json["stamp"][key].as_str().map(str::to_owned);
    Some(Stamp { date: of("date"), commit: of("commit"), repository: of("repository") })
}

/// Writes all files, each atomically.
pub fn write(out: &str, files: &[File]) -> Result<(), Failure> {
    let failure = |path: &Path, error| Failure::File { path: path.display().to_string(), error };
    let figures = Path::new(out).join("figures");
    std::fs::create_dir_all(&figures).map_err(|error| failure(&figures, error))?;
    for (name, bytes) in files {
        let path = Path::new(out).join(name);
        replace::<std::io::Error>(&path, |file| file.write_all(bytes)).map_err(|error| failure(&path, error))?;
    }
    Ok(())
}

/// One message for each of `files` that differs from the one in the folder `out`.
pub fn differences(out: &str, files: &[File]) -> Vec<String> {
    files
        .iter()
        .filter_map(|(name, bytes)| {
            let path = Path::new(out).join(name);
            let size = std::fs::metadata(&path).map(|m| m.len());
            match size {
                Err(error) => return Some(format!("{}: {error}", path.display())),
                Ok(size) if size > MAX_BYTES => return Some(format!("{}: too large to be a report", path.display())),
                Ok(_) => {}
            }
            match std::fs::read(&path) {
                Err(error) => Some(format!("{}: {error}", path.display())),
                Ok(there) if there == *bytes => None,
                Ok(there) => {
                    Some(format!("{}:{}: differs from what the inputs give now", path.display(), line(&there, bytes)))
                }
            }
        })
        .collect()
}

/// Number of the first line that differs, from 1.
fn line(a: &[u8], b: &[u8]) -> usize {
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    a[..same].iter().filter(|byte| **byte == b'\n').count() + 1
}
