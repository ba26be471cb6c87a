//! Maps parallel loops to kernels.
//!
//! 1. Tensors become buffers and linalg becomes affine loops; [`raise`](super::raise) turns `scf.for` into `affine.for` where it can.
//!    Upstream's `affine-parallelize` makes those loops parallel that it proves to carry no dependence; `scf.parallel` and
//!    `scf.forall` of the text are parallel by their definition. Perfectly nested parallel loops become one operation.
//! 2. Each outermost parallel operation becomes a kernel ([`map_loops`]). Its innermost loop runs along x, the next along y, all
//!    others along z. Blocks have up to `block_threads` threads along x if there is one loop, else `block_width` along x and the
//!    rest along y, rounded down to what the loops need as powers of two, and one along z. Every thread runs one iteration; a
//!    guard leaves out those beyond the loop's end where the block does not divide it. Parallel loops inside run in order.
//! 3. A `memref.copy` on the host between buffers of static shape becomes a parallel nest of its own first ([`copies`]), one
//!    element an iteration.
//! 4. Loops around a kernel run on the host and launch it once an iteration.
//!
//! Refused, with the place of the operation: functions without a parallel loop, reductions of `scf.parallel`, and outside
//! of kernels other accesses of memory, calls, and operations of unknown effect.

use melior::Context;
use melior::ir::attribute::StringAttribute;
use melior::ir::block::BlockLike;
use melior::ir::operation::{OperationBuilder, OperationLike, OperationRef};
use melior::ir::r#type::{DimSize, MemRefType, ShapedTypeLike, Type};
use melior::ir::{Block, BlockRef, Location, Module, Region, RegionLike, Value, ValueLike};

use super::edit::{Before, block_of, constant_of, erase, move_body, name, operations, place, replace};
use super::raise::raise;
use crate::labels::gpu::{GpuSettings, Refusal, block_shape};
use crate::labels::{Failure, Phase};
use crate::mlir::bridge::Bridge;
use crate::mlir::codegen::lowering::{TO_BUFFERS, failure};
use crate::registry;
use crate::registry::facts::TrafficRule;

/// The pipelines from the text to parallel loops; [`raise`] runs between them.
pub(super) fn pipelines() -> [String; 2] {
    [
        format!("builtin.module(inline,{TO_BUFFERS},func.func(convert-linalg-to-affine-loops,canonicalize))"),
        "builtin.module(func.func(affine-raise-from-memref,affine-simplify-structures,affine-scalrep,affine-parallelize,\
         scf-forall-to-parallel),lower-affine,canonicalize,cse)"
            .to_owned(),
    ]
}

/// A function with a body in the text.
pub(super) struct Function {
    /// Symbol name.
    pub(super) name: String,
    /// Iterations of each kernel along x, y and z, in the order of the launches; `None` where they are not constant.
    pub(super) iterations: Vec<Option<[u64; 3]>>,
    /// Why it has no kernels.
    pub(super) refusal: Option<Refusal>,
}

/// Whether a module has kernels already: they are taken as they are.
pub(super) fn has_kernels(module: &Module<'_>) -> bool {
    let mut pending: Vec<OperationRef<'_, '_>> = operations(module.body());
    while let Some(operation) = pending.pop() {
        if ["gpu.module", "gpu.launch", "gpu.launch_func"].contains(&name(operation).as_str()) {
            return true;
        }
        pending.extend(operation.regions().filter_map(|region| region.first_block()).flat_map(operations));
    }
    false
}

/// Makes kernels of the parallel loops of every public function.
///
/// # Errors
/// The phase that failed and upstream's messages.
pub(super) fn map(bridge: &Bridge, module: &mut Module<'_>, settings: &GpuSettings) -> Result<Vec<Function>, Failure> {
    // A dialect that the text does not use is not loaded, and its operations would be unknown to the context.
    for dialect in ["affine", "arith", "gpu", "memref", "scf"] {
        bridge.context().get_or_load_dialect(dialect);
    }
    let [to_loops, to_parallel] = pipelines();
    let lowered = |diagnostics: Vec<_>| failure(Phase::Lower, &diagnostics);
    bridge.run_passes(module, &to_loops).map_err(lowered)?;
    for function in functions(module) {
        raise(bridge.context(), function);
    }
    bridge.run_passes(module, &to_parallel).map_err(lowered)?;
    let mapped = functions(module).into_iter().map(|function| map_function(bridge.context(), function, settings));
    Ok(mapped.collect())
}

/// The public functions with a body, in the order of the text.
pub(super) fn functions<'c, 'a>(module: &'a Module<'c>) -> Vec<OperationRef<'c, 'a>> {
    let defined = |operation: &OperationRef<'c, 'a>| {
        let private = text(*operation, "sym_visibility").as_deref() == Some("private");
        name(*operation) == "func.func" && !private && block_of(*operation, 0).is_some()
    };
    operations(module.body()).into_iter().filter(defined).collect()
}

/// A string attribute.
pub(super) fn text(operation: OperationRef<'_, '_>, key: &str) -> Option<String> {
    Some(StringAttribute::try_from(operation.attribute(key).ok()?).ok()?.value().to_owned())
}

fn map_function<'c>(context: &'c Context, function: OperationRef<'c, '_>, settings: &GpuSettings) -> Function {
    let mut iterations = Vec::new();
    if let Some(body) = block_of(function, 0) {
        copies(context, body);
    }
    let refusal = match block_of(function, 0) {
        Some(body) if has_parallel(body) => check(body).err().or_else(|| {
            map_loops(context, body, settings, &mut iterations);
            None
        }),
        _ => Some(Refusal {
            reason: "no loop is proved parallel: a kernel needs one that carries no dependence from one iteration to the next"
                .to_owned(),
            place: place(function),
        }),
    };
    Function { name: text(function, "sym_name").unwrap_or_default(), iterations, refusal }
}

/// Turns copies of whole buffers outside of parallel loops into parallel loops. What runs inside a kernel stays as it is.
fn copies<'c>(context: &'c Context, block: BlockRef<'c, '_>) {
    for operation in operations(block) {
        match name(operation).as_str() {
            "scf.parallel" => {}
            "memref.copy" => {
                if let Some(sizes) = copied_sizes(operation) {
                    copy_loop(context, block, operation, &sizes);
                }
            }
            _ => operation.regions().filter_map(|region| region.first_block()).for_each(|inner| copies(context, inner)),
        }
    }
}

/// The sizes of the buffers of a copy, if they are constant and there is at least one.
fn copied_sizes(operation: OperationRef<'_, '_>) -> Option<Vec<u64>> {
    let buffer = |at: usize| MemRefType::try_from(operation.operand(at).ok()?.r#type()).ok();
    let (source, target) = (buffer(0)?, buffer(1)?);
    // A view without any size is one element: a load and a store of the host.
    if source.rank() == 0 {
        return None;
    }
    (0..source.rank())
        .map(|at| match (source.dim_size(at).ok()?, target.dim_size(at).ok()?) {
            (DimSize::Static(size), DimSize::Static(same)) if size == same => Some(size),
            _ => None,
        })
        .collect()
}

/// Replaces a copy by a parallel nest over all elements.
fn copy_loop<'c, 'a>(context: &'c Context, block: BlockRef<'c, 'a>, operation: OperationRef<'c, 'a>, sizes: &[u64]) {
    let (Ok(source), Ok(target)) = (operation.operand(0), operation.operand(1)) else { return };
    let Ok(buffer) = MemRefType::try_from(source.r#type()) else { return };
    let location = operation.location();
    let host = Before { context, block, anchor: operation, location };
    let (zero, one) = (host.constant(0), host.constant(1));
    let loops = sizes.len();
    let mut operands = vec![zero; loops];
    operands.extend(sizes.iter().map(|&size| host.constant(size as i64)));
    operands.extend(vec![one; loops]);
    let region = Region::new();
    let body = Block::new(&vec![(Type::index(context), location); loops]);
    body.append_operation(OperationBuilder::new("scf.reduce", location).build().expect("it needs nothing"));
    region.append_block(body);
    let segments = [("operandSegmentSizes", format!("array<i32: {loops}, {loops}, {loops}, 0>"))];
    let nest = host.make("scf.parallel", &operands, &[], &segments, vec![region]);
    let Some((body, end)) = block_of(nest, 0).and_then(|body| Some((body, body.terminator()?))) else { return };
    let inside = Before { context, block: body, anchor: end, location };
    let counters: Vec<Value<'c, 'a>> = (0..loops).filter_map(|at| Some(body.argument(at).ok()?.into())).collect();
    let at = |buffer: Value<'c, 'a>| std::iter::once(buffer).chain(counters.iter().copied());
    let from: Vec<Value<'c, 'a>> = at(source).collect();
    let loaded = inside.make("memref.load", &from, &[buffer.element()], &[], Vec::new());
    let value: Value<'c, 'a> = loaded.result(0).expect("it has a result").into();
    let to: Vec<Value<'c, 'a>> = std::iter::once(value).chain(at(target)).collect();
    inside.make("memref.store", &to, &[], &[], Vec::new());
    erase(operation);
}

/// Whether there is a parallel loop in a block.
fn has_parallel(block: BlockRef<'_, '_>) -> bool {
    operations(block).into_iter().any(|operation| {
        name(operation) == "scf.parallel"
            || operation.regions().filter_map(|region| region.first_block()).any(has_parallel)
    })
}

/// Refuses operations that neither the host code around kernels nor the mapping of parallel loops supports.
fn check(block: BlockRef<'_, '_>) -> Result<(), Refusal> {
    for operation in operations(block) {
        let refuse = |reason: String| Err(Refusal { reason, place: place(operation) });
        if name(operation) == "scf.parallel" {
            if operation.result_count() > 0 {
                return refuse(
                    "a reduction of scf.parallel is not mapped; write it as a sequential loop inside".to_owned(),
                );
            }
            continue;
        }
        let record = registry::find(&name(operation));
        let harmless = record.is_some_and(|record| record.traffic == TrafficRule::None && !record.is_call);
        if !harmless && (record.is_none_or(|record| record.is_call) || touches_memory(operation)) {
            return refuse(format!(
                "{} is outside every parallel loop: a kernel has only what is inside one that is proved parallel",
                name(operation)
            ));
        }
        for inner in operation.regions().filter_map(|region| region.first_block()) {
            check(inner)?;
        }
    }
    Ok(())
}

/// Whether an operation has a memref among its operands, so that what it does to memory is done on the host.
fn touches_memory(operation: OperationRef<'_, '_>) -> bool {
    operation.operands().any(|operand| operand.r#type().to_string().starts_with("memref<"))
}

/// Turns the outermost parallel loops of a block into kernels, in order.
fn map_loops<'c, 'a>(
    context: &'c Context,
    block: BlockRef<'c, 'a>,
    settings: &GpuSettings,
    iterations: &mut Vec<Option<[u64; 3]>>,
) {
    for operation in operations(block) {
        if name(operation) == "scf.parallel" {
            iterations.push(map_loop(context, block, operation, settings));
            continue;
        }
        for inner in operation.regions().filter_map(|region| region.first_block()) {
            map_loops(context, inner, settings, iterations);
        }
    }
}

/// One loop of a parallel operation.
#[derive(Clone, Copy)]
struct Loop<'c, 'a> {
    lower: Value<'c, 'a>,
    step: Value<'c, 'a>,
    /// Number of iterations, as a value on the host and as a constant.
    count: Value<'c, 'a>,
    constant: Option<u64>,
}

/// The iterations along one dimension of the grid.
struct Axis<'c, 'a> {
    count: Value<'c, 'a>,
    constant: Option<u64>,
    threads: u64,
}

/// Turns a parallel operation into a launch; its iterations along x, y and z.
fn map_loop<'c, 'a>(
    context: &'c Context,
    block: BlockRef<'c, 'a>,
    operation: OperationRef<'c, 'a>,
    settings: &GpuSettings,
) -> Option<[u64; 3]> {
    let host = Before { context, block, anchor: operation, location: operation.location() };
    let body = block_of(operation, 0)?;
    let loops: Vec<Loop<'c, 'a>> = (0..body.argument_count()).map(|at| read_loop(&host, operation, body, at)).collect();
    let axes = axes(&host, &loops, settings);
    let mut operands = Vec::new();
    for axis in &axes {
        operands.push(match axis.constant {
            Some(count) => host.constant(count.div_ceil(axis.threads) as i64),
            None => host.index("arith.ceildivui", &[axis.count, host.constant(axis.threads as i64)], &[]),
        });
    }
    operands.extend(axes.iter().map(|axis| host.constant(axis.threads as i64)));
    let launch = host.make(
        "gpu.launch",
        &operands,
        &[],
        &[("operandSegmentSizes", "array<i32: 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0>".to_owned())],
        vec![kernel_region(context, operation.location())],
    );
    let kernel = block_of(launch, 0)?;
    let mut inside = Before { context, block: kernel, anchor: kernel.terminator()?, location: operation.location() };
    let position: Vec<Value<'c, 'a>> =
        axes.iter().enumerate().map(|(at, axis)| thread(&inside, kernel, at, axis)).collect();
    if let Some(condition) = guard(&inside, &axes, &position) {
        let then = Region::new();
        then.append_block(Block::new(&[]));
        let guarded = inside.make("scf.if", &[condition], &[], &[], vec![then, Region::new()]);
        let block = block_of(guarded, 0)?;
        let end = OperationBuilder::new("scf.yield", operation.location()).build().ok()?;
        inside = Before { context, block, anchor: block.append_operation(end), location: operation.location() };
    }
    for (at, counter) in counters(&inside, &loops, &position).into_iter().enumerate() {
        replace(body.argument(at).ok()?.into(), counter);
    }
    move_body(body, inside.anchor);
    erase(operation);
    let [x, y, z] = axes;
    Some([x.constant?, y.constant?, z.constant?])
}

/// Bounds of one loop, and its number of iterations.
fn read_loop<'c, 'a>(
    host: &Before<'c, 'a>,
    operation: OperationRef<'c, 'a>,
    body: BlockRef<'c, 'a>,
    at: usize,
) -> Loop<'c, 'a> {
    let loops = body.argument_count();
    let operand = |position: usize| operation.operand(position).expect("a parallel operation has bounds and steps");
    let (lower, upper, step) = (operand(at), operand(loops + at), operand(2 * loops + at));
    let constants = (constant_of(lower), constant_of(upper), constant_of(step));
    let constant = match constants {
        (Some(lower), Some(upper), Some(step)) if step > 0 => {
            let distance = upper.checked_sub(lower).unwrap_or(0).max(0);
            Some((distance as u64).div_ceil(step as u64))
        }
        _ => None,
    };
    let count = match constant {
        Some(count) => host.constant(count as i64),
        None => {
            let distance = host.index("arith.subi", &[upper, lower], &[]);
            host.index("arith.ceildivsi", &[distance, step], &[])
        }
    };
    Loop { lower, step, count, constant }
}

/// The loops on the three dimensions of the grid, with the threads of a block along each.
fn axes<'c, 'a>(host: &Before<'c, 'a>, loops: &[Loop<'c, 'a>], settings: &GpuSettings) -> [Axis<'c, 'a>; 3] {
    let iterations: Vec<Option<u64>> = loops.iter().map(|one| one.constant).collect();
    let threads = block_shape(&iterations, settings);
    let axis = |one: Option<&Loop<'c, 'a>>, threads: u64| match one {
        Some(one) => Axis { count: one.count, constant: one.constant, threads },
        None => Axis { count: host.constant(1), constant: Some(1), threads: 1 },
    };
    let mut inner = loops.iter().rev();
    let (x, y) = (axis(inner.next(), threads[0]), axis(inner.next(), threads[1]));
    let rest: Vec<&Loop<'c, 'a>> = inner.collect();
    let z = rest.iter().fold(axis(None, 1), |all, one| Axis {
        count: match (all.constant, one.constant) {
            (Some(1), _) => one.count,
            (Some(a), Some(b)) => host.constant(a.saturating_mul(b) as i64),
            _ => host.index("arith.muli", &[all.count, one.count], &[]),
        },
        constant: all.constant.zip(one.constant).map(|(a, b)| a.saturating_mul(b)),
        threads: threads[2],
    });
    [x, y, z]
}

/// An empty kernel: twelve arguments (numbers of block and thread, sizes of grid and block, each in x, y and z) and its end.
fn kernel_region<'c>(context: &'c Context, location: Location<'c>) -> Region<'c> {
    let region = Region::new();
    let block = Block::new(&[(Type::index(context), location); 12]);
    let end = OperationBuilder::new("gpu.terminator", location).build();
    block.append_operation(end.expect("a terminator needs nothing"));
    region.append_block(block);
    region
}

/// The iteration of a thread along one dimension.
fn thread<'c, 'a>(inside: &Before<'c, 'a>, kernel: BlockRef<'c, 'a>, at: usize, axis: &Axis<'c, 'a>) -> Value<'c, 'a> {
    let argument = |position: usize| kernel.argument(position).expect("a kernel has twelve arguments").into();
    let (block, thread): (Value<'c, 'a>, Value<'c, 'a>) = (argument(at), argument(3 + at));
    if axis.threads == 1 {
        return block;
    }
    let first = inside.index("arith.muli", &[block, inside.constant(axis.threads as i64)], &[]);
    inside.index("arith.addi", &[first, thread], &[])
}

/// Whether a thread has an iteration; `None` if all have.
fn guard<'c, 'a>(
    inside: &Before<'c, 'a>,
    axes: &[Axis<'c, 'a>; 3],
    position: &[Value<'c, 'a>],
) -> Option<Value<'c, 'a>> {
    let bit = Type::parse(inside.context, "i1").expect("a type of upstream");
    let value = |operation: OperationRef<'c, 'a>| operation.result(0).expect("it has a result").into();
    let mut all: Option<Value<'c, 'a>> = None;
    for (axis, &at) in axes.iter().zip(position) {
        if axis.constant.is_some_and(|count| count % axis.threads == 0) {
            continue;
        }
        let below = [("predicate", "6 : i64".to_owned())];
        let fits = value(inside.make("arith.cmpi", &[at, axis.count], &[bit], &below, Vec::new()));
        all = Some(match all {
            Some(others) => value(inside.make("arith.andi", &[others, fits], &[bit], &[], Vec::new())),
            None => fits,
        });
    }
    all
}

/// The counters of the loops, outermost first, of a thread at a position.
fn counters<'c, 'a>(inside: &Before<'c, 'a>, loops: &[Loop<'c, 'a>], position: &[Value<'c, 'a>]) -> Vec<Value<'c, 'a>> {
    let outer = loops.len().saturating_sub(2);
    // The loops along z count like digits, the innermost fastest.
    let mut rest = position[2];
    let mut steps = vec![position[0]; loops.len()];
    for at in (0..outer).rev() {
        if at == 0 {
            steps[at] = rest;
        } else {
            steps[at] = inside.index("arith.remui", &[rest, loops[at].count], &[]);
            rest = inside.index("arith.divui", &[rest, loops[at].count], &[]);
        }
    }
    if loops.len() > 1 {
        steps[outer] = position[1];
    }
    steps
        .into_iter()
        .zip(loops)
        .map(|(step, one)| {
            let scaled = match constant_of(one.step) {
                Some(1) => step,
                _ => inside.index("arith.muli", &[step, one.step], &[]),
            };
            match constant_of(one.lower) {
                Some(0) => scaled,
                _ => inside.index("arith.addi", &[scaled, one.lower], &[]),
            }
        })
        .collect()
}
