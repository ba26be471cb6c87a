//! Rows of a corpus: `hardwire dataset build` draws them, runs passes in workers, drops duplicates and fixes the splits; `extend`
//! draws more variants of the kernels of a corpus, `join` puts both together.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use corpus::kernels::{Draw, FamilySet, Form};
use corpus::normal::content_hash;
use corpus::row::{largest_elements, main_dialect};
use corpus::sample::by_turns;
use corpus::summary::Summary;
use corpus::table::{self, Entry};
use corpus::union::union;
use corpus::{FrameworkLine, Row, Source, kernels, variants};
use ir::labels::Phase;
use labelling::pool::{Loss, Pool, Protocol, workers};
use storage::columnar::{ColumnarError, Frame, write_parquet};

use super::file;
use super::passes::{Reply, Request};
use super::summary::print;
use crate::cli::{self, Format};
use crate::diagnostics::Failure;
use crate::progress::Progress;
use files::replace;

/// Longest text of a generated variant, in bytes: about 4,000 tokens.
const KERNEL_TEXT_BYTES: usize = 16 << 10;
/// Longest text of a generated variant of a family whose texts are long on purpose.
const LONG_TEXT_BYTES: usize = 120 << 10;
/// Longest text of a graph or layer.
const GRAPH_TEXT_BYTES: usize = 36 << 10;
/// Longest line of the framework file.
const MAX_LINE_BYTES: u64 = 8 << 20;
/// Most lines of the framework file.
const MAX_LINES: usize = 1_000_000;
/// First random stream of graphs and layers, above those of kernels.
const GRAPH_STREAM: u64 = 1 << 60;

/// A source text before passes.
struct Draft {
    source: Source,
    family: String,
    kernel: String,
    variant: String,
    whole_block: bool,
    request: Request,
    /// Name of the text and of its linalg twin, for framework lines.
    id: Option<String>,
    twin: Option<String>,
    /// Whether upstream MLIR cannot parse the dialect, so that the text is used unchanged.
    foreign: bool,
}

struct Passes<'a>(&'a [Draft]);

impl Protocol for Passes<'_> {
    type Answer = Reply;

    fn request(&self, jobs: &[usize]) -> String {
        serde_json::to_string(&self.0[jobs[0]].request).expect("text serializes")
    }

    fn answers(&self, _jobs: &[usize], line: &str) -> Result<Vec<Reply>, String> {
        serde_json::from_str(line).map(|reply| vec![reply]).map_err(|e| e.to_string())
    }

    fn lost(&self, _job: usize, loss: Loss) -> Reply {
        let phase = if matches!(loss, Loss::TimedOut(_)) { Phase::Timeout } else { Phase::Crash };
        Reply::lost(phase, loss.to_string())
    }
}

/// Runs the command.
pub fn run(arguments: &cli::DatasetBuild) -> Result<ExitCode, Failure> {
    file::needs_llvm("running MLIR passes")?;
    if arguments.kernels > 1_000_000 || !(1..=16).contains(&arguments.variants) {
        return Err(Failure::Request("--kernels is at most 1000000, --variants between 1 and 16".into()));
    }
    let mut drafts = generated(arguments);
    if let Some(path) = &arguments.framework {
        drafts.extend(framework(path, arguments.seed)?);
    }
    // Layers of the preset models are drawn with the core.
    if arguments.families == FamilySet::Core {
        drafts.extend(emitted(arguments.seed)?);
    }
    let collected = collect(drafts, arguments.workers, BTreeSet::new())?;
    write(collected, arguments.seed, &arguments.out, arguments.format)
}

/// Runs the passes of the drafts in workers. Texts whose hash is `known` are dropped.
fn collect(drafts: Vec<Draft>, asked: Option<usize>, known: BTreeSet<String>) -> Result<Collected, Failure> {
    let mut replies: Vec<Option<Reply>> = drafts.iter().map(|d| d.foreign.then(Reply::default)).collect();
    let jobs: Vec<Vec<usize>> = (0..drafts.len()).filter(|&i| !drafts[i].foreign).map(|i| vec![i]).collect();
    let mut progress = Progress::new("passes", "texts", jobs.len() as u64, 0);
    let pool = Pool {
        command: file::this_command()?,
        action: "passes",
        workers: workers(asked),
        timeout: Duration::from_secs(60),
        jobs_per_worker: 2000,
    };
    pool.run(&Passes(&drafts), jobs, |job, reply| {
        replies[job] = Some(reply);
        progress.add(1);
        Ok(true)
    })?;
    progress.finish();

    let mut collected = Collected { hashes: known, ..Collected::default() };
    for (draft, reply) in drafts.into_iter().zip(replies) {
        collected.take(draft, reply.expect("every draft was answered"));
    }
    Ok(collected)
}

/// Writes the rows with their groups and splits into a folder, and prints their summary.
fn write(collected: Collected, seed: u64, folder: &Path, format: Format) -> Result<ExitCode, Failure> {
    let Collected { rows, dropped, .. } = collected;
    let entries = Entry::of_rows(rows, seed);
    let frame = Frame { columns: table::columns(&entries), metadata: table::metadata(seed) };
    std::fs::create_dir_all(folder).map_err(|error| file::refuse(folder, error))?;
    let path = folder.join("rows.parquet");
    replace(&path, |out| write_parquet(&frame, out).map(|_| ()))
        .map_err(|error: ColumnarError| file::refuse(&path, error))?;
    print(&Summary::of(&entries, dropped), format)?;
    Ok(ExitCode::SUCCESS)
}

/// `hardwire dataset extend`: the decisions of compilers ([`variants::decisions`]) on affine kernels of a corpus.
pub fn extend(arguments: &cli::DatasetExtend) -> Result<ExitCode, Failure> {
    file::needs_llvm("running MLIR passes")?;
    let path = file::file_or_default(arguments.file.as_deref());
    let frame = file::read(&path)?;
    let seed = table::seed(&frame);
    let entries = table::entries(&frame).map_err(|error| file::refuse(&path, error))?;
    let known = entries.iter().map(|e| e.row.hash.clone()).collect();
    let drafts = decided(entries, seed, arguments.kernels);
    if drafts.is_empty() {
        return Err(file::refuse(&path, "no generated kernel has a text in affine form, which the passes take"));
    }
    let collected = collect(drafts, arguments.workers, known)?;
    write(collected, seed, &arguments.out, arguments.format)
}

/// Drafts of the first affine text of so many kernels, the same number of every family as far as it has them.
fn decided(entries: Vec<Entry>, seed: u64, kernels: usize) -> Vec<Draft> {
    let mut firsts: BTreeMap<String, Row> = BTreeMap::new();
    for entry in entries {
        let row = entry.row;
        if row.source == Source::Generated && row.dialect == "affine" && row.pipeline.is_empty() {
            firsts.entry(row.kernel.clone()).or_insert(row);
        }
    }
    let ordered =
        by_turns(firsts.into_values().collect(), seed, "extend", |row| (row.family.clone(), row.kernel.clone()));
    let passes: Vec<(String, String)> = variants::decisions().into_iter().map(|p| (p.name, p.pipeline)).collect();
    let draft = |row: Row| Draft {
        source: row.source,
        family: row.family,
        kernel: row.kernel,
        variant: row.variant,
        whole_block: row.whole_block,
        request: Request {
            text: row.text,
            wanted: passes.len(),
            passes: passes.clone(),
            limit_bytes: KERNEL_TEXT_BYTES,
        },
        id: None,
        twin: None,
        foreign: false,
    };
    ordered.into_iter().take(kernels).map(draft).collect()
}

/// `hardwire dataset join`: one corpus of two.
pub fn join(arguments: &cli::DatasetJoin) -> Result<ExitCode, Failure> {
    let joined = union(&file::read(&arguments.first)?, &file::read(&arguments.second)?).map_err(|error| {
        Failure::Request(format!("{} and {}: {error}", arguments.first.display(), arguments.second.display()))
    })?;
    replace(&arguments.out, |out| write_parquet(&joined, out).map(|_| ()))
        .map_err(|error: ColumnarError| file::refuse(&arguments.out, error))?;
    let entries = table::entries(&joined).map_err(|error| file::refuse(&arguments.out, error))?;
    print(&Summary::of(&entries, BTreeMap::new()), arguments.format)?;
    Ok(ExitCode::SUCCESS)
}

/// Drafts of the generated kernels.
fn generated(arguments: &cli::DatasetBuild) -> Vec<Draft> {
    let of_kernel = |kernel: &kernels::Kernel| {
        let candidates = variants::candidates(kernel, arguments.variants);
        candidates
            .into_iter()
            .map(|c| Draft {
                source: Source::Generated,
                family: kernel.family.to_owned(),
                kernel: kernel.name.clone(),
                variant: c.name,
                whole_block: false,
                request: Request {
                    text: c.text,
                    passes: c.passes.into_iter().map(|p| (p.name, p.pipeline)).collect(),
                    wanted: c.wanted,
                    limit_bytes: if kernel.long { LONG_TEXT_BYTES } else { KERNEL_TEXT_BYTES },
                },
                id: None,
                twin: None,
                foreign: false,
            })
            .collect::<Vec<_>>()
    };
    kernels::kernels(arguments.families, arguments.seed, arguments.kernels).iter().flat_map(of_kernel).collect()
}

/// Passes for a graph or layer; the result of one pass is kept for `share` % of them.
fn graph_passes(d: &mut Draw, share: usize) -> (Vec<(String, String)>, usize) {
    let wanted = usize::from(d.chance(share));
    let passes = variants::passes(Form::Linalg, d).into_iter().take(6).map(|p| (p.name, p.pipeline)).collect();
    (passes, wanted)
}

/// Drafts of the framework's graphs.
fn framework(path: &Path, seed: u64) -> Result<Vec<Draft>, Failure> {
    let refuse = |line: usize, reason: String| Failure::Request(format!("{}:{line}: {reason}", path.display()));
    let file = crate::input::open(path).map_err(|e| Failure::Request(format!("{}: {e}", path.display())))?;
    let mut reader = BufReader::new(file);
    let mut drafts: Vec<Draft> = Vec::new();
    let mut known = BTreeSet::new();
    for number in 1.. {
        let mut line = String::new();
        let read =
            (&mut reader).take(MAX_LINE_BYTES).read_line(&mut line).map_err(|e| refuse(number, e.to_string()))?;
        if read == 0 {
            break;
        }
        if number > MAX_LINES || read as u64 == MAX_LINE_BYTES {
            let limit = format!("at most {MAX_LINES} lines of {} MiB are read", MAX_LINE_BYTES >> 20);
            return Err(refuse(number, limit));
        }
        let line: FrameworkLine = serde_json::from_str(&line).map_err(|e| refuse(number, e.to_string()))?;
        if !known.insert(line.id.clone()) {
            return Err(refuse(number, format!("the id `{}` occurs twice", line.id)));
        }
        let foreign = line.dialect != "linalg";
        if foreign && line.twin.is_none() {
            return Err(refuse(number, format!("`{}` is in {} and names no `twin` in linalg", line.id, line.dialect)));
        }
        let mut d = Draw::new(seed, GRAPH_STREAM + drafts.len() as u64);
        let share = if line.variant.ends_with("/base") { 45 } else { 10 };
        let (passes, wanted) = graph_passes(&mut d, share);
        drafts.push(Draft {
            source: Source::Framework,
            family: line.family,
            kernel: line.kernel,
            variant: line.variant,
            whole_block: line.whole_block,
            request: Request { text: line.text, passes, wanted, limit_bytes: GRAPH_TEXT_BYTES },
            id: Some(line.id),
            twin: line.twin,
            foreign,
        });
    }
    // Twins first: a row in another dialect names the row that is lowered in its place.
    drafts.sort_by_key(|draft| draft.foreign);
    Ok(drafts)
}

/// Drafts of the layers and pieces of the preset models.
fn emitted(seed: u64) -> Result<Vec<Draft>, Failure> {
    let mut models = Vec::new();
    for preset in designs::presets::models() {
        models.push(crate::input::model(preset.name)?);
    }
    let layers = workload::emit::corpus(&models);
    Ok(layers
        .into_iter()
        .enumerate()
        .map(|(index, layer)| {
            let mut d = Draw::new(seed, 2 * GRAPH_STREAM + index as u64);
            let (passes, wanted) = graph_passes(&mut d, 25);
            Draft {
                source: Source::Emitted,
                family: layer.family.to_owned(),
                kernel: layer.name,
                variant: "linalg".to_owned(),
                whole_block: layer.whole,
                request: Request { text: layer.text, passes, wanted, limit_bytes: GRAPH_TEXT_BYTES },
                id: None,
                twin: None,
                foreign: false,
            }
        })
        .collect())
}

/// Rows so far, and what was dropped and why.
#[derive(Default)]
struct Collected {
    rows: Vec<Row>,
    hashes: BTreeSet<String>,
    /// Hash of each framework line in linalg, by its name.
    twins: BTreeMap<String, String>,
    dropped: BTreeMap<String, usize>,
}

impl Collected {
    fn drop(&mut self, reason: &str, count: usize) {
        if count > 0 {
            *self.dropped.entry(reason.to_owned()).or_default() += count;
        }
    }

    fn take(&mut self, draft: Draft, reply: Reply) {
        for (pass, reason) in &reply.failures {
            self.drop(&format!("{pass} failed: {reason}"), 1);
        }
        self.drop("longer than the limit", reply.too_long);
        let text = if draft.foreign { Some(draft.request.text.clone()) } else { reply.base };
        let Some(text) = text else { return };
        if text.len() > draft.request.limit_bytes {
            self.drop("longer than the limit", 1);
        } else {
            let hash = content_hash(&text);
            let lowered = match &draft.twin {
                None => hash.clone(),
                Some(twin) => match self.twins.get(twin) {
                    Some(hash) => hash.clone(),
                    None => return self.drop("its linalg twin is missing", 1),
                },
            };
            if let (Some(id), false) = (&draft.id, draft.foreign) {
                self.twins.insert(id.clone(), hash.clone());
            }
            self.push(&draft, draft.variant.clone(), String::new(), text, hash, lowered);
        }
        for (name, pipeline, text) in reply.variants {
            let hash = content_hash(&text);
            self.push(&draft, format!("{}-{name}", draft.variant), pipeline, text, hash.clone(), hash);
        }
    }

    fn push(&mut self, draft: &Draft, variant: String, pipeline: String, text: String, hash: String, lowered: String) {
        if !self.hashes.insert(hash.clone()) {
            return self.drop("duplicate", 1);
        }
        self.rows.push(Row {
            hash,
            source: draft.source,
            family: draft.family.clone(),
            kernel: draft.kernel.clone(),
            variant,
            dialect: main_dialect(&text).to_owned(),
            whole_block: draft.whole_block,
            pipeline,
            largest_elements: largest_elements(&text),
            text,
            lowered,
        });
    }
}
