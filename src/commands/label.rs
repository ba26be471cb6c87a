//! `hardwire label`: labels of the GPU kernels of an MLIR file.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use ir::labels::gpu::{
    FunctionKernels, FunctionTotals, Geometry, GpuOutcome, GpuReply, GpuSettings, GpuTarget, Kernel, KernelLabels,
};
use labelling::gpu::{GpuLabelling, pool};
use reports::{Align, Table, number};
use serde::Serialize;

use super::dataset::file;
use super::ir::source::{Source, listed};
use crate::cli::{self, Format};
use crate::diagnostics::Failure;
use crate::output;

/// Longest time that can be asked for, in seconds.
const LONGEST_S: u64 = 3600;

#[derive(Serialize)]
struct FunctionReport<'a> {
    file: &'a str,
    function: &'a str,
    target: GpuTarget,
    device: &'static str,
    refusal: Option<RefusalReport<'a>>,
    totals: FunctionTotals,
    kernels: Vec<KernelReport<'a>>,
}

/// Why a function has no kernels.
#[derive(Serialize)]
struct RefusalReport<'a> {
    reason: &'a str,
    line: Option<usize>,
    column: Option<usize>,
}

/// A kernel on one GPU.
#[derive(Serialize)]
struct KernelReport<'a> {
    kernel: &'a str,
    line: Option<usize>,
    column: Option<usize>,
    #[serde(flatten)]
    geometry: &'a Geometry,
    geometry_unknown: &'a std::collections::BTreeMap<String, String>,
    labels: Option<&'a KernelLabels>,
    failure: Option<String>,
}

/// Runs the command.
pub fn run(arguments: &cli::Label) -> Result<ExitCode, Failure> {
    let targets = targets(&arguments.targets)?;
    let settings = settings(arguments)?;
    if arguments.timeout == 0 || arguments.timeout > LONGEST_S {
        return Err(Failure::Request(format!("--timeout is 1 to {LONGEST_S} seconds, not {}", arguments.timeout)));
    }
    let ptxas = ptxas(arguments.ptxas.as_deref())?;
    let source = Source::read(&arguments.file)?;
    file::needs_llvm("labelling")?;
    let reply = ask(arguments, &source, &targets, &settings, ptxas.as_deref())?;
    if arguments.kernels {
        output::text(&reply.kernels.unwrap_or_default())?;
        return Ok(ExitCode::SUCCESS);
    }
    let functions = wanted(&source, &reply.functions, arguments.function.as_deref())?;
    let reports = reports(&source, &functions, &targets);
    match arguments.format {
        Format::Json => output::json(&reports)?,
        Format::Table => output::text(&tables(&reports))?,
    }
    let failed = |report: &FunctionReport<'_>| {
        report.refusal.is_some() || report.kernels.iter().any(|kernel| kernel.failure.is_some())
    };
    Ok(if reports.iter().any(failed) { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn targets(names: &[String]) -> Result<Vec<GpuTarget>, Failure> {
    if names.is_empty() {
        return Ok(GpuTarget::ALL.to_vec());
    }
    let named = |name: &String| {
        GpuTarget::from_cpu(name).ok_or_else(|| {
            let there = listed(GpuTarget::ALL.iter().map(|target| target.cpu()));
            let processor =
                ir::labels::Target::from_cpu(name).map_or("", |_| "; it is a processor: see `hardwire predict`");
            Failure::Request(format!("no GPU `{name}`; there {there}{processor}"))
        })
    };
    names.iter().map(named).collect()
}

fn settings(arguments: &cli::Label) -> Result<GpuSettings, Failure> {
    let block_threads = arguments.block_threads;
    if !block_threads.is_power_of_two() || block_threads > 1024 {
        return Err(Failure::Request(format!("--block-threads is a power of two up to 1024, not {block_threads}")));
    }
    let standard = GpuSettings::default();
    Ok(GpuSettings { block_threads, block_width: standard.block_width.min(block_threads), ..standard })
}

/// Path of NVIDIA's ptxas: the one that was named, or that of the search path.
pub fn ptxas(named: Option<&Path>) -> Result<Option<String>, Failure> {
    let path = match named {
        Some(path) if !path.is_file() => {
            return Err(file::refuse(path, "no such file; `make deps-ptxas` installs ptxas"));
        }
        Some(path) => Some(path.to_owned()),
        None => std::env::var_os("PATH").and_then(|folders| {
            std::env::split_paths(&folders).map(|folder| folder.join("ptxas")).find(|file| file.is_file())
        }),
    };
    Ok(path.map(|path: PathBuf| path.to_string_lossy().into_owned()))
}

/// Asks a worker process: a fatal error of LLVM ends the worker only.
fn ask(
    arguments: &cli::Label,
    source: &Source,
    targets: &[GpuTarget],
    settings: &GpuSettings,
    ptxas: Option<&str>,
) -> Result<GpuReply, Failure> {
    let text = |_| source.text.as_str();
    let labelling = GpuLabelling { text: &text, targets, settings, ptxas, kernels: arguments.kernels };
    let mut reply = None;
    pool(file::this_command()?, 1, Duration::from_secs(arguments.timeout))
        .run(&labelling, vec![vec![0]], |_, answer| {
            reply = Some(answer);
            Ok(true)
        })
        .map_err(|error| Failure::Request(format!("a worker could not be started: {error}")))?;
    let reply = reply.ok_or_else(|| Failure::Request("the worker gave no answer".into()))?;
    match &reply.failure {
        None => Ok(reply),
        Some(failure) => {
            let place = reply.place.map_or(String::new(), |(line, column)| format!(":{line}:{column}"));
            Err(Failure::Request(format!("{}{place}: {failure}", source.name)))
        }
    }
}

/// The functions asked for.
fn wanted<'a>(
    source: &Source,
    functions: &'a [FunctionKernels],
    name: Option<&str>,
) -> Result<Vec<&'a FunctionKernels>, Failure> {
    let found: Vec<&FunctionKernels> =
        functions.iter().filter(|function| name.is_none_or(|name| function.function == name)).collect();
    match name {
        Some(name) if found.is_empty() => {
            Err(source.no_function(name, functions.iter().map(|function| function.function.as_str())))
        }
        _ => Ok(found),
    }
}

fn reports<'a>(
    source: &'a Source,
    functions: &[&'a FunctionKernels],
    targets: &[GpuTarget],
) -> Vec<FunctionReport<'a>> {
    let mut reports = Vec::new();
    for function in functions {
        for (at, &target) in targets.iter().enumerate() {
            reports.push(FunctionReport {
                file: &source.name,
                function: &function.function,
                target,
                device: target.gpu().device,
                refusal: function.refusal.as_ref().map(|refusal| RefusalReport {
                    reason: &refusal.reason,
                    line: refusal.place.map(|place| place.0),
                    column: refusal.place.map(|place| place.1),
                }),
                totals: function.totals(at),
                kernels: function.kernels.iter().map(|kernel| kernel_report(kernel, at)).collect(),
            });
        }
    }
    reports
}

fn kernel_report(kernel: &Kernel, target: usize) -> KernelReport<'_> {
    let (labels, failure) = match &kernel.targets[target] {
        GpuOutcome::Labels(labels) => (Some(&**labels), None),
        GpuOutcome::Failure(failure) => (None, Some(failure.to_string())),
    };
    KernelReport {
        kernel: &kernel.kernel,
        line: kernel.place.map(|place| place.0),
        column: kernel.place.map(|place| place.1),
        geometry: &kernel.geometry,
        geometry_unknown: &kernel.unknown,
        labels,
        failure,
    }
}

/// All functions for people.
fn tables(reports: &[FunctionReport<'_>]) -> String {
    let mut out = Vec::new();
    for report in reports {
        let mut text = format!("{}: {} on {}, {}\n", report.file, report.function, report.target, report.device);
        if let Some(refusal) = &report.refusal {
            let place = refusal.line.map_or(String::new(), |line| format!("line {line}: "));
            text += &format!("no kernels: {place}{}\n", refusal.reason);
        } else {
            text += &table(report);
        }
        out.push(text);
    }
    out.join("\n")
}

/// The rows of a table: what it is, and how a kernel says it.
type Row = (&'static str, fn(&KernelReport<'_>, &KernelLabels) -> Option<String>);

const ROWS: [Row; 19] = [
    ("line", |kernel, _| kernel.line.map(|line| line.to_string())),
    ("grid, blocks", |kernel, _| kernel.geometry.grid_blocks.map(extents)),
    ("block, threads", |kernel, _| kernel.geometry.block_threads.map(extents)),
    ("launches", |kernel, _| kernel.geometry.launches.map(number::count)),
    ("vector registers", |_, labels| labels.vector_registers.map(|n| n.to_string())),
    ("scalar registers", |_, labels| labels.scalar_registers.map(|n| n.to_string())),
    ("spilled vector, scalar registers", |_, labels| {
        Some(format!("{}, {}", labels.vector_spills?, labels.scalar_spills?))
    }),
    ("spill stores, loads, bytes", |_, labels| {
        Some(format!("{}, {}", labels.spill_store_bytes?, labels.spill_load_bytes?))
    }),
    ("scratch, bytes a thread", |_, labels| labels.scratch_bytes.map(|n| n.to_string())),
    ("shared, bytes a block", |_, labels| labels.shared_bytes.map(|n| n.to_string())),
    ("waves a SIMD", |_, labels| labels.occupancy.map(|o| o.waves_per_simd.to_string())),
    ("waves a unit, of", |_, labels| labels.occupancy.map(|o| format!("{} of {}", o.waves_per_unit, o.slots_per_unit))),
    ("occupancy limited by", |_, labels| labels.occupancy.map(|o| o.limited_by.name().to_owned())),
    ("instructions in the code", |_, labels| labels.instructions_static.map(number::count)),
    ("instructions of a thread", |_, labels| labels.instructions_dynamic.map(|n| number::fixed(n, 0))),
    ("flops", |_, labels| labels.flops.map(|flops| number::fixed(flops.total(), 0))),
    ("bytes loaded, stored", |_, labels| {
        Some(format!("{}, {}", number::fixed(labels.loaded_bytes?, 0), number::fixed(labels.stored_bytes?, 0)))
    }),
    ("compulsory bytes", |_, labels| labels.compulsory_bytes.map(|n| number::fixed(n, 0))),
    ("roofline with occupancy", |_, labels| {
        labels.roofline.map(|r| format!("{} us, {}", number::fixed(1e6 * r.seconds, 3), r.bound.name()))
    }),
];

fn extents([x, y, z]: [u64; 3]) -> String {
    format!("{x} x {y} x {z}")
}

/// One function on one GPU: a column a kernel.
fn table(report: &FunctionReport<'_>) -> String {
    let mut heads = vec![("", Align::Left)];
    heads.extend(report.kernels.iter().map(|kernel| (kernel.kernel, Align::Right)));
    let mut rows = Table::new(&heads);
    let mut reasons: Vec<String> = Vec::new();
    for (title, cell) in ROWS {
        let mut cells = vec![title.to_owned()];
        let said = |kernel: &KernelReport<'_>| kernel.labels.and_then(|labels| cell(kernel, labels));
        cells.extend(report.kernels.iter().map(|kernel| said(kernel).unwrap_or_else(|| "-".to_owned())));
        rows.row(cells);
    }
    for kernel in &report.kernels {
        let labels = kernel.labels.iter().flat_map(|labels| &labels.unknown);
        for (field, reason) in labels.chain(kernel.geometry_unknown) {
            reasons.push(format!("{field}: {reason}"));
        }
        reasons.extend(kernel.failure.iter().map(|failure| format!("{}: {failure}", kernel.kernel)));
    }
    reasons.sort();
    reasons.dedup();
    let mut text = format!("{}\n", rows.render());
    if !reasons.is_empty() {
        text += &format!(
            "not known:\n{}\n",
            reasons.iter().map(|reason| format!("  {reason}")).collect::<Vec<_>>().join("\n")
        );
    }
    text
}
