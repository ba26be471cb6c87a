//! An evaluation on a made-up corpus: from a table to figures and to the file.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use corpus::design_labels::DESIGN;
use corpus::kernels::{FamilySet, Form, kernels};
use corpus::labels::prefix;
use corpus::normal::content_hash;
use corpus::row::{largest_elements, main_dialect};
use corpus::table::{Entry, columns, metadata};
use corpus::{Row, Source};
use costmodel::quantity::Quantity;
use ir::labels::Target;
use storage::columnar::{Column, Frame};
use training::corpus_rows::{self, CorpusRows};
use training::evaluation::document::Evaluation;
use training::evaluation::run::{Request, answer, document, measure};
use training::evaluation::{Fits, Model, Split, Store};

/// Rows of generated kernels.
fn entries() -> Vec<Entry> {
    let mut rows: Vec<Row> = Vec::new();
    for kernel in kernels(FamilySet::Core, 1, 120) {
        let text = kernel.source(Form::Affine, 0);
        let hash = content_hash(&text);
        if rows.iter().any(|row| row.hash == hash) {
            continue;
        }
        rows.push(Row {
            lowered: hash.clone(),
            hash,
            source: Source::Generated,
            family: kernel.family.to_owned(),
            kernel: kernel.name.clone(),
            variant: "affine".to_owned(),
            dialect: main_dialect(&text).to_owned(),
            whole_block: false,
            pipeline: String::new(),
            largest_elements: largest_elements(&text),
            text,
        });
    }
    Entry::of_rows(rows, 1)
}

/// A table whose labels are functions of the text's length; the last row has none.
fn frame() -> Frame {
    let entries = entries();
    let mut columns = columns(&entries);
    let mut label = |name: String, scale: f64| {
        let last = entries.len() - 1;
        let of = |(i, e): (usize, &Entry)| (i != last).then_some(scale * e.row.text.len() as f64);
        columns.push((name, Column::Float(entries.iter().enumerate().map(of).collect())));
    };
    for target in Target::ALL {
        for (name, scale) in [
            ("pressure_vector_registers", 0.01),
            ("pressure_general_registers", 0.01),
            ("spills", 0.001),
            ("reloads", 0.001),
            ("instructions_executed", 2.0),
            ("cycles", 1.0),
            ("ipc", 0.001),
            ("busiest_port_utilization", 1e-5),
        ] {
            label(format!("{}_{name}", prefix(target)), scale);
        }
    }
    for target in Target::ALL {
        label(format!("{}_estimated_cycles_share", prefix(target)), 0.0);
    }
    label(format!("{DESIGN}_xpu_utilization"), 1e-5);
    label(format!("{DESIGN}_xpu_latency_cycles"), 3.0);
    // The first row has an operation that the design cannot place.
    let unplaced = (0..entries.len()).map(|i| Some(i64::from(i == 0))).collect();
    columns.push((format!("{DESIGN}_unplaced_operations"), Column::Int(unplaced)));
    Frame { columns, metadata: metadata(1) }
}

fn corpus() -> CorpusRows {
    corpus_rows::read(&frame(), 2, &|_, _| {}).expect("a labelled corpus")
}

#[derive(Default)]
struct Memory(Mutex<BTreeMap<String, Vec<u8>>>);

impl Store for Memory {
    fn read(&self, name: &str, limit: u64) -> Option<Vec<u8>> {
        let bytes = self.0.lock().unwrap().get(name).cloned()?;
        Some(bytes.into_iter().take(limit as usize).collect())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> std::io::Result<()> {
        self.0.lock().unwrap().insert(name.to_owned(), bytes.to_vec());
        Ok(())
    }
}

fn request() -> Request {
    Request {
        splits: vec![Split::Families, Split::Random],
        models: vec![Model::Mean, Model::Ridge, Model::Roofline],
        folds: 2,
        seed: 1,
        threads: 2,
    }
}

#[test]
fn a_table_becomes_a_data_set() {
    let frame = frame();
    let corpus = corpus();
    assert_eq!((corpus.rows_in_file, corpus.unlabelled, corpus.refused), (frame.rows(), 1, 0));
    assert_eq!(corpus.entries.len() + 1, frame.rows());
    let latency = corpus.data.outputs().iter().position(|o| o.quantity == Quantity::XpuLatencyCycles).unwrap();
    let labels = |row: usize| corpus.data.samples()[row].labels[latency];
    assert_eq!((labels(0), labels(1).is_some()), (None, true), "an incomplete latency is dropped");
    let refuse = |change: &dyn Fn(&mut Frame)| {
        let mut frame = frame.clone();
        change(&mut frame);
        corpus_rows::read(&frame, 1, &|_, _| {}).err().expect("it is refused").to_string()
    };
    let cycles = format!("{}_cycles", prefix(Target::ALL[0]));
    let without = refuse(&|f| f.columns.retain(|(name, _)| *name != cycles));
    assert!(without.starts_with(&format!("the column `{cycles}` is missing")), "{without}");
    let negative = refuse(&|f| {
        let column = f.columns.iter_mut().find(|(name, _)| *name == cycles).unwrap();
        let Column::Float(values) = &mut column.1 else { panic!("numbers") };
        values[3] = Some(-1.0);
    });
    assert_eq!(negative, format!("the column `{cycles}` has a label in row 3 that is negative or no number"));
    assert_eq!(refuse(&|f| f.columns.retain(|(name, _)| name != "family")), "there is no column `family`");
}

#[test]
fn an_evaluation_keeps_its_fits_and_writes_what_a_report_reads() {
    let (corpus, store, request) = (corpus(), Memory::default(), request());
    let fits = Fits::new(&corpus, &store, request.seed);
    let fitted = AtomicUsize::new(0);
    let count = |_| _ = fitted.fetch_add(1, Ordering::Relaxed);
    let answered = answer(&corpus, &fits, &request, &count).unwrap();
    // Three models on two folds of families and one random split.
    assert_eq!(fitted.swap(0, Ordering::Relaxed), 9);
    let measured = measure(&corpus, &request, &answered);
    let ridge = measured.find(Split::Families, Model::Ridge, Quantity::Cycles).unwrap();
    assert_eq!((ridge.target.as_str(), ridge.errors.rows), ("mean", corpus.entries.len()));
    let mean = measured.find(Split::Families, Model::Mean, Quantity::Cycles).unwrap();
    assert!(ridge.errors.rmse < mean.errors.rmse, "{} and {}", ridge.errors.rmse, mean.errors.rmse);
    assert!(measured.find(Split::Families, Model::Roofline, Quantity::Ipc).is_none(), "a roofline is about time");

    let again = answer(&corpus, &fits, &request, &count).unwrap();
    assert_eq!(fitted.load(Ordering::Relaxed), 0, "all fits were kept");
    let file = document(&measured, "corpus.parquet".to_owned()).json();
    assert_eq!(document(&measure(&corpus, &request, &again), "corpus.parquet".to_owned()).json(), file);

    let mut read: Evaluation = serde_json::from_str(&file).unwrap();
    assert_eq!(read.rows, Some(corpus.entries.len() as u64));
    assert!(read.aims.iter().all(|aim| !aim.met && aim.value.is_none()), "the shipped model was not asked");
    read.reduce();
    let reduced = read.json();
    let mut again: Evaluation = serde_json::from_str(&reduced).unwrap();
    again.reduce();
    assert_eq!(again.json(), reduced);
    assert!(reduced.len() < file.len() && !reduced.contains("corpus_file"));
}

#[test]
fn a_damaged_entry_is_fitted_again() {
    let (corpus, store, request) = (corpus(), Memory::default(), request());
    let fits = Fits::new(&corpus, &store, request.seed);
    let fitted = AtomicUsize::new(0);
    let count = |_| _ = fitted.fetch_add(1, Ordering::Relaxed);
    answer(&corpus, &fits, &request, &count).unwrap();
    let name = "families-0-mean.answers";
    store.0.lock().unwrap().get_mut(name).expect("an entry for each fit").pop();
    fitted.store(0, Ordering::Relaxed);
    answer(&corpus, &fits, &request, &count).unwrap();
    assert_eq!(fitted.load(Ordering::Relaxed), 1);
}
