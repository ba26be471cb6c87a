//! `hardwire dataset kernels`: labels kernels of a corpus for GPUs in worker processes, with a journal.

use std::process::ExitCode;

use corpus::sample::whole_kernels;
use corpus::table;
use ir::labels::gpu::GpuTarget;
use labelling::gpu;
use labelling::kernels::{Drawn, KernelFolder, LabelledKernels};
use labelling::pool::workers;
use serde::Serialize;

use super::super::label::ptxas;
use super::file;
use super::label::{label, timeout};
use crate::cli::{self, Format};
use crate::diagnostics::Failure;
use crate::messages::message;
use crate::output;

/// Most texts of one kernel.
const VARIANTS: usize = 24;

/// Result of labelling, with its time.
#[derive(Debug, Serialize)]
struct KernelsReport {
    #[serde(flatten)]
    labelled: LabelledKernels,
    seconds: f64,
}

/// Runs the command.
pub fn run(arguments: &cli::DatasetKernels) -> Result<ExitCode, Failure> {
    let ptxas = ptxas(arguments.ptxas.as_deref())?;
    let timeout = timeout(arguments.timeout)?;
    file::needs_llvm("labelling")?;
    let path = file::file_or_default(arguments.file.as_deref());
    let drawn = draw(arguments, &path)?;
    let command = file::this_command()?;
    let toolchain = gpu::toolchain(&command, &GpuTarget::ALL, ptxas.as_deref()).map_err(Failure::Request)?;
    if ptxas.is_none() {
        message!(
            "no ptxas on the search path: labels of sm_90 that need it are left out; `make deps-ptxas`, --ptxas FILE"
        );
    }
    let (mut folder, dropped) = KernelFolder::open(&arguments.out, drawn, toolchain)?;
    let seconds = label(folder.todo().len(), dropped, arguments.minutes, |more| {
        Ok(folder.label_here(&gpu::pool(command, workers(arguments.workers), timeout), ptxas.as_deref(), more)?)
    })?;
    let labelled = folder.finish(arguments.minutes.is_some())?;
    print(&KernelsReport { labelled, seconds }, arguments.format)?;
    Ok(ExitCode::SUCCESS)
}

/// Draws rows of the corpus.
fn draw(arguments: &cli::DatasetKernels, path: &std::path::Path) -> Result<Drawn, Failure> {
    let frame = file::read(path)?;
    let corpus_seed = table::seed(&frame);
    let entries = table::entries(&frame).map_err(|error| file::refuse(path, error))?;
    drop(frame);
    let numbers = whole_kernels(&entries, arguments.seed, arguments.texts, VARIANTS);
    if numbers.is_empty() {
        return Err(file::refuse(path, format!("no kernel has at most --texts {} texts", arguments.texts)));
    }
    let mut entries: Vec<Option<table::Entry>> = entries.into_iter().map(Some).collect();
    let rows = numbers.into_iter().filter_map(|number| Some((number, entries[number].take()?))).collect();
    Ok(Drawn { rows, corpus_seed, seed: arguments.seed })
}

fn print(report: &KernelsReport, format: Format) -> Result<(), Failure> {
    if format == Format::Json {
        return output::json(report);
    }
    let labelled = &report.labelled;
    let mut out = format!(
        "{} texts: {} labelled on a GPU, {} on none, {} without an outcome\n{} texts this time in {:.0} s\n",
        labelled.texts,
        labelled.labelled,
        labelled.without_labels,
        labelled.without_outcome,
        labelled.labelled_this_time,
        report.seconds
    );
    out.push('\n');
    out += &super::summary::counted("labelled on", &labelled.labelled_by_gpu);
    if !labelled.without_labels_by_reason.is_empty() {
        out.push('\n');
        out += &super::summary::counted("no labels on any GPU", &labelled.without_labels_by_reason);
    }
    for (gpu, reasons) in &labelled.failures_by_gpu {
        out.push('\n');
        out += &super::summary::counted(&format!("no labels on {gpu}"), reasons);
    }
    match &labelled.file {
        Some(file) => out += &format!("\nwritten: {file}\n"),
        None => out += "\nnot complete: run the same command again to go on\n",
    }
    output::text(&out)
}
