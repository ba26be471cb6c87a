//! How fast queries are: one function warm and, given the command, in a process of its own; many on one and two threads;
//! and, with the feature `mlir`, beside lowering and labelling the same functions in the same run (`make bench-query`).
//!
//! Functions are generated kernels in their first form. Each time is the middle one of many; `fastest` is what an
//! undisturbed machine would do. The cache is off.
//!
//! ```sh
//! cargo run --release -p costmodel --example query_speed -- target/release/hardwire
//! ```

#![expect(clippy::disallowed_types, reason = "it measures time")]

use std::time::Instant;

use corpus::kernels::{FamilySet, kernels};
use costmodel::input::Scheme;
use costmodel::model::Predict;
use costmodel::predictor::{Answer, Predictor, Settings};
use costmodel::query::QueryReader;
use costmodel::shipped::CostModel;
use ir::Limits;
use ir::analysis::Analysis;
use ir::tokenizer::Tokenizer;

/// As in the command.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Words of the function that is measured alone.
const WORDS: usize = 300;

fn main() {
    let texts: Vec<String> =
        kernels(FamilySet::Core, 1, 400).iter().map(|kernel| kernel.source(kernel.forms[0], 0)).collect();
    let sizes: Vec<usize> = texts.iter().map(|text| words(text)).collect();
    let text = &texts[(0..texts.len()).min_by_key(|&i| sizes[i].abs_diff(WORDS)).expect("there are kernels")];
    let model = CostModel::shipped().expect("the shipped model");
    println!("| what | median, us | fastest, us |\n| --- | ---: | ---: |");
    row("open the model", 200, || CostModel::shipped().is_ok());
    let predictor = Predictor::new(model, Settings { kept: 0, ..Settings::default() });
    row(&format!("predict a function of {} words", words(text)), 4000, || predictor.predict(text).is_ok());
    parts(text, &predictor);
    let of_gpus = CostModel::shipped_for_gpus().expect("the shipped model of GPUs");
    let of_gpus = Predictor::new(of_gpus, Settings { kept: 0, ..Settings::default() });
    row("the same for GPUs", 4000, || of_gpus.predict(text).is_ok());
    if let Some(command) = std::env::args().nth(1) {
        process(&command, text);
    }
    batches("functions at once", &texts, &sizes, &predictor);
    batches("the same for GPUs", &texts, &sizes, &of_gpus);
    #[cfg(feature = "mlir")]
    lowering::compare(&texts, &predictor);
}

fn words(text: &str) -> usize {
    Tokenizer::new(Scheme::Shaped).read(text).functions().map(|function| function.words().len()).sum()
}

/// What a query is made of.
fn parts(text: &str, predictor: &Predictor) {
    let mut tokenizer = Tokenizer::new(Scheme::Shaped);
    row("- its words", 4000, || tokenizer.read(text).words().len());
    row("- its tree", 4000, || ir::parse(text, &Limits::default()).tree.functions().count());
    let tree = ir::parse(text, &Limits::default()).tree;
    row("- its analyses", 4000, || Analysis::of(&tree));
    let mut reader = QueryReader::new(Limits::default(), &[Scheme::Shaped]);
    let vocabulary = &predictor.model().vocabulary;
    let mut read = || reader.read(text, |_| vocabulary).expect("a kernel is right").remove(0).input;
    let input = read();
    row("- all that the model sees", 4000, &mut read);
    row("- the model", 4000, || predictor.model().trees.predict(&input));
}

/// The command from its start to its end, as a build system would call it.
fn process(command: &str, text: &str) {
    let file = std::env::temp_dir().join(format!("query-speed-{}.mlir", std::process::id()));
    std::fs::write(&file, text).expect("the temporary folder may be written to");
    row("a process: `hardwire predict` for all targets", 300, || {
        let output = std::process::Command::new(command).arg("predict").arg(&file).output().expect("the command runs");
        assert!(output.status.success());
    });
    std::fs::remove_file(file).expect("the file is removed");
}

/// All texts at once, and that each answer is the one that the text has alone, to the bit.
fn batches(title: &str, texts: &[String], sizes: &[usize], predictor: &Predictor) {
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let alone: Vec<Answer> = texts.iter().map(|text| predictor.predict(text).expect("a kernel is right")).collect();
    let mean = sizes.iter().sum::<usize>() as f64 / sizes.len() as f64;
    println!("\n| {title} | threads | functions/s | fastest |\n| --- | ---: | ---: | ---: |");
    for threads in [1, 2] {
        let together = predictor.predict_batch(&texts, threads);
        assert!(together.into_iter().zip(&alone).all(|(a, b)| a.as_ref() == Ok(b)), "together is not alone");
        let (median, fastest) = times(40, || predictor.predict_batch(&texts, threads));
        let rate = |us: f64| texts.len() as f64 * 1e6 / us;
        println!(
            "| {}, {mean:.0} words on average | {threads} | {:.0} | {:.0} |",
            texts.len(),
            rate(median),
            rate(fastest)
        );
    }
}

fn row<R>(what: &str, count: usize, work: impl FnMut() -> R) {
    let (median, fastest) = times(count, work);
    println!("| {what} | {median:.1} | {fastest:.1} |");
}

/// The middle and the least time of so many runs, in microseconds.
fn times<R>(count: usize, mut work: impl FnMut() -> R) -> (f64, f64) {
    let mut all: Vec<f64> = (0..count)
        .map(|_| {
            let start = Instant::now();
            std::hint::black_box(work());
            start.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    all.sort_by(f64::total_cmp);
    (all[count / 2], all[0])
}

#[cfg(feature = "mlir")]
mod lowering {
    use super::{Predictor, times, words};
    use ir::labels::{Batch, Job, Settings, Target};
    use ir::mlir::codegen::Labeller;

    /// Functions compared.
    const FUNCTIONS: usize = 20;

    /// Predicts and labels the same functions for the same processors, one after the other.
    pub fn compare(texts: &[String], predictor: &Predictor) {
        let mut labeller = match Labeller::new() {
            Ok(labeller) => labeller,
            Err(failure) => return println!("\nnot compared with lowering: {failure}"),
        };
        println!(
            "\n| words | lower and label, four processors, us | lower and label, one, us | predict all, us | times as fast |"
        );
        println!("| ---: | ---: | ---: | ---: | ---: |");
        let mut ratios = Vec::new();
        for text in texts.iter().step_by(texts.len() / FUNCTIONS) {
            let mut label = |targets: &[Target]| {
                let jobs = vec![Job { id: 0, text: text.clone() }];
                let batch = Batch { jobs, targets: targets.to_vec(), settings: Settings::default() };
                times(3, || assert_eq!(labeller.label(&batch).replies[0].failure, None)).0
            };
            let (four, one) = (label(&Target::ALL), label(&Target::ALL[..1]));
            let predict = times(50, || predictor.predict(text).is_ok()).0;
            println!(
                "| {} | {four:.0} | {one:.0} | {predict:.1} | {:.0} to {:.0} |",
                words(text),
                one / predict,
                four / predict
            );
            ratios.push([one / predict, four / predict]);
        }
        for (at, what) in [(0, "one processor"), (1, "the four processors")] {
            let mut all: Vec<f64> = ratios.iter().map(|ratio| ratio[at]).collect();
            all.sort_by(f64::total_cmp);
            println!("\n{what}: median {:.0} times as fast, at least {:.0} times", all[all.len() / 2], all[0]);
        }
    }
}
