//! Hashes of the features of known texts: an unintended change of any value fails.
//!
//! The texts are fixtures and every 100th row of the corpus. `pinned.txt` has a line for each: its name, then a hash of
//! its functions' values for each collector, so that a difference shows which collector changed. A model fits only the
//! features that it was trained with: bless new hashes (`HARDWIRE_BLESS=1`) for new texts, or together with a newly
//! trained model.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use corpus::table::{Reader, read};
use costmodel::features::{Collector, declarations, numbers};
use ir::analysis::Analysis;
use sha2::{Digest, Sha256};

const FIXTURES: [&str; 2] = ["tests/fixtures/mlir", "ir/tests/text/dialects"];
pub const CORPUS: &str = "corpus/hardwire-corpus-v2.parquet";
/// Every row of the corpus whose index is a multiple of this is pinned.
const STRIDE: usize = 100;

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Names and texts of the fixtures, by name.
fn fixtures() -> Vec<(String, String)> {
    let mut texts = Vec::new();
    for folder in FIXTURES {
        for entry in std::fs::read_dir(root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "mlir") {
                let name = format!("{folder}/{}", path.file_name().unwrap().to_str().unwrap());
                texts.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    texts.sort();
    texts
}

/// Names and texts of the pinned rows of the corpus.
fn corpus() -> Vec<(String, String)> {
    let frame = read(std::fs::read(root().join(CORPUS)).unwrap()).unwrap();
    let texts = Reader { frame: &frame }.text("text").unwrap();
    let pinned = texts.into_iter().enumerate().step_by(STRIDE);
    pinned.map(|(row, text)| (format!("corpus/{row}"), text)).collect()
}

/// The line of a text: its name, then a hash for each collector.
fn line(name: &str, text: &str) -> String {
    let parsed = ir::parse(text, &ir::Limits::default());
    let analysis = Analysis::of(&parsed.tree);
    let mut hashes = vec![Sha256::new(); Collector::COUNT];
    for function in parsed.tree.functions() {
        let numbers = numbers(&analysis, function, 100);
        let values = numbers.features.iter().chain(&numbers.work);
        for (declaration, value) in declarations().zip(values) {
            hashes[declaration.collector as usize].update(value.to_bits().to_le_bytes());
        }
    }
    let mut line = name.to_owned();
    for hash in hashes {
        let bytes = hash.finalize();
        let _ = write!(line, " {:02x}{:02x}{:02x}{:02x}", bytes[0], bytes[1], bytes[2], bytes[3]);
    }
    line
}

#[test]
fn features_of_known_texts_do_not_change() {
    let texts = [fixtures(), corpus()].concat();
    assert!(texts.len() > 300, "only {} texts", texts.len());
    let mut found = String::from("# text");
    for collector in Collector::ALL {
        let _ = write!(found, ", {collector}");
    }
    found.push('\n');
    for (name, text) in &texts {
        found += &line(name, text);
        found.push('\n');
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/features/pinned.txt");
    if std::env::var_os("HARDWIRE_BLESS").is_some() {
        std::fs::write(&path, &found).unwrap();
    }
    let pinned = std::fs::read_to_string(&path).unwrap();
    let changed: Vec<_> = found.lines().filter(|line| !pinned.lines().any(|known| known == *line)).take(10).collect();
    assert!(changed.is_empty(), "features changed, or texts are new; lines found:\n{}", changed.join("\n"));
    assert_eq!(found.lines().count(), pinned.lines().count(), "texts are gone");
}
