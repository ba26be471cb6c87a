//! Kernels of a module after outlining: where they are launched, how often, and the sizes of their buffers.

use std::collections::BTreeMap;

use melior::ir::attribute::DenseI32ArrayAttribute;
use melior::ir::block::BlockLike;
use melior::ir::operation::{OperationLike, OperationRef};
use melior::ir::r#type::TypeLike;
use melior::ir::{Module, RegionLike, ValueLike};

use super::edit::{block_of, constant_of, name, operations, place};
use super::mapping::{functions, text};
use crate::labels::gpu::Geometry;

/// Outlines launches, so that every kernel is a function in a module of its own.
pub(super) const OUTLINE: &str =
    "builtin.module(gpu-launch-sink-index-computations,gpu-kernel-outlining,gpu.module(canonicalize,cse))";

/// A kernel in a module of the GPU.
pub(super) struct KernelFunction {
    /// Name of the module of the GPU.
    pub(super) module: String,
    /// Its own name.
    pub(super) name: String,
    /// Line and column of its loop or launch.
    pub(super) place: Option<(usize, usize)>,
    /// Bytes of the buffer that each argument is; `None` for other arguments and unknown sizes.
    pub(super) buffers: Vec<Option<u64>>,
    /// Blocks and threads that the kernel itself states.
    known_grid: Option<[u64; 3]>,
    known_block: Option<[u64; 3]>,
}

/// A launch in a function.
pub(super) struct KernelLaunch {
    /// Index of the kernel.
    pub(super) kernel: usize,
    /// Blocks, threads, active threads and launches.
    pub(super) geometry: Geometry,
    /// Why fields of the geometry are unknown.
    pub(super) unknown: BTreeMap<String, String>,
    /// Line and column of the launch.
    pub(super) place: Option<(usize, usize)>,
    /// Iterations along x, y and z; without a mapping all threads of the grid.
    pub(super) extents: Option<[u64; 3]>,
    /// Integer arguments that are constants, by position.
    pub(super) arguments: BTreeMap<u32, u64>,
}

/// All kernels of a module, in order.
pub(super) fn kernels(module: &Module<'_>) -> Vec<KernelFunction> {
    let mut all = Vec::new();
    for device in operations(module.body()).into_iter().filter(|operation| name(*operation) == "gpu.module") {
        let Some(body) = block_of(device, 0) else { continue };
        for function in operations(body).into_iter().filter(|operation| name(*operation) == "gpu.func") {
            if !(function.has_attribute("kernel") || function.has_attribute("gpu.kernel")) {
                continue;
            }
            let arguments = block_of(function, 0).map_or_else(Vec::new, |block| {
                let kinds = (0..block.argument_count()).filter_map(|at| block.argument(at).ok());
                kinds.map(|argument| buffer_bytes(&argument.r#type().to_string())).collect()
            });
            all.push(KernelFunction {
                module: text(device, "sym_name").unwrap_or_default(),
                name: text(function, "sym_name").unwrap_or_default(),
                place: place(function),
                buffers: arguments,
                known_grid: triple(function, "known_grid_size"),
                known_block: triple(function, "known_block_size"),
            });
        }
    }
    all
}

/// The launches of every public function, in order: `iterations` are those of the mapping.
pub(super) fn launches(
    module: &Module<'_>,
    kernels: &[KernelFunction],
    iterations: &BTreeMap<String, Vec<Option<[u64; 3]>>>,
) -> Vec<(String, Vec<KernelLaunch>)> {
    let mut all = Vec::new();
    for function in functions(module) {
        let function_name = text(function, "sym_name").unwrap_or_default();
        let mut found = Vec::new();
        if let Some(body) = block_of(function, 0) {
            walk(body, Some(1), &mut found);
        }
        let mapped = iterations.get(&function_name);
        let of = |(position, (operation, times)): (usize, (OperationRef<'_, '_>, Option<u64>))| {
            let symbol = operation.attribute("kernel").ok()?.to_string();
            let (device, kernel) = symbol.trim_start_matches('@').split_once("::@")?;
            let unquoted = |name: &str| name.trim_matches('"').to_owned();
            let (device, kernel) = (unquoted(device), unquoted(kernel));
            let kernel = kernels.iter().position(|one| one.module == device && one.name == kernel)?;
            let asynchronous = operation.operands().take_while(|operand| !operand.r#type().is_index()).count();
            let sizes = |first: usize| -> Option<[u64; 3]> {
                let size = |at: usize| -> Option<u64> {
                    u64::try_from(constant_of(operation.operand(asynchronous + first + at).ok()?)?).ok()
                };
                Some([size(0)?, size(1)?, size(2)?])
            };
            let grid = sizes(0).or(kernels[kernel].known_grid);
            let block = sizes(3).or(kernels[kernel].known_block);
            let extents = mapped.map_or_else(|| threads(grid, block), |mapped| mapped.get(position).copied().flatten());
            let mut found = launch(kernel, place(operation), [grid, block], extents, times);
            let arguments = kernels[kernel].buffers.len();
            let passed = operation.operands().collect::<Vec<_>>();
            // Without a stream or dynamic shared memory the arguments of the kernel are the last operands.
            let passed = passed[passed.len().saturating_sub(arguments)..].iter();
            let constant = |(at, &value)| Some((at as u32, constant_of(value)? as u64));
            found.arguments = passed.enumerate().filter_map(constant).collect();
            Some(found)
        };
        all.push((function_name, found.into_iter().enumerate().filter_map(of).collect()));
    }
    all
}

/// A kernel that no function of the text launches.
pub(super) fn unlaunched(kernel: usize, function: &KernelFunction) -> KernelLaunch {
    let (grid, block) = (function.known_grid, function.known_block);
    launch(kernel, function.place, [grid, block], threads(grid, block), None)
}

/// Threads along each dimension.
fn threads(grid: Option<[u64; 3]>, block: Option<[u64; 3]>) -> Option<[u64; 3]> {
    let (grid, block) = grid.zip(block)?;
    let product = |at: usize| grid[at].checked_mul(block[at]);
    Some([product(0)?, product(1)?, product(2)?])
}

fn launch(
    kernel: usize,
    place: Option<(usize, usize)>,
    [grid_blocks, block_threads]: [Option<[u64; 3]>; 2],
    extents: Option<[u64; 3]>,
    launches: Option<u64>,
) -> KernelLaunch {
    let active_threads = extents.and_then(|[x, y, z]| x.checked_mul(y)?.checked_mul(z));
    let geometry = Geometry { grid_blocks, block_threads, active_threads, launches };
    let mut unknown = BTreeMap::new();
    let reasons = [
        ("grid_blocks", grid_blocks.is_none(), "the size of the grid is not constant in the text"),
        ("block_threads", block_threads.is_none(), "the size of a block is not constant in the text"),
        ("active_threads", active_threads.is_none(), "the number of iterations is not constant in the text"),
        ("launches", launches.is_none(), "the number of launches is not constant in the text"),
    ];
    for (field, missing, reason) in reasons {
        if missing {
            unknown.insert(field.to_owned(), reason.to_owned());
        }
    }
    KernelLaunch { kernel, geometry, unknown, place, extents, arguments: BTreeMap::new() }
}

/// The launches in a block, each with its executions.
fn walk<'c, 'a>(
    block: melior::ir::BlockRef<'c, 'a>,
    times: Option<u64>,
    found: &mut Vec<(OperationRef<'c, 'a>, Option<u64>)>,
) {
    for operation in operations(block) {
        if name(operation) == "gpu.launch_func" {
            found.push((operation, times));
            continue;
        }
        let inner = if name(operation) == "scf.for" {
            times.zip(trips(operation)).map(|(a, b)| a.saturating_mul(b))
        } else {
            None
        };
        for region in operation.regions() {
            let blocks = std::iter::successors(region.first_block(), |block| block.next_in_region());
            blocks.for_each(|block| walk(block, inner, found));
        }
    }
}

/// Iterations of an `scf.for` with constant bounds.
fn trips(operation: OperationRef<'_, '_>) -> Option<u64> {
    let bound = |at: usize| constant_of(operation.operand(at).ok()?);
    let (lower, upper, step) = (bound(0)?, bound(1)?, bound(2)?);
    let distance = u64::try_from(upper.checked_sub(lower)?.max(0)).ok()?;
    (step > 0).then(|| distance.div_ceil(step as u64))
}

/// Three sizes of an attribute such as `array<i32: 64, 4, 1>`.
fn triple(function: OperationRef<'_, '_>, key: &str) -> Option<[u64; 3]> {
    let attribute = function.attribute(key).or_else(|_| function.attribute(&format!("gpu.{key}"))).ok()?;
    let array = DenseI32ArrayAttribute::try_from(attribute).ok()?;
    let size = |at: usize| u64::try_from(array.element(at).ok()?).ok().filter(|&size| size > 0);
    Some([size(0)?, size(1)?, size(2)?])
}

/// Bytes of a buffer by its type, such as `memref<64x4xf32>`; `None` for other types and dynamic sizes.
fn buffer_bytes(kind: &str) -> Option<u64> {
    let inside = kind.strip_prefix("memref<")?;
    let inside = inside.split([',', '>']).next()?;
    let mut parts = inside.split('x').peekable();
    let mut elements = 1_u64;
    while let Some(extent) = parts.peek().and_then(|part| part.parse::<u64>().ok()) {
        elements = elements.checked_mul(extent)?;
        parts.next();
    }
    let element: String = parts.collect::<Vec<_>>().join("x");
    let (bits, lanes) = match element.strip_prefix("vector<") {
        Some(vector) => {
            let mut parts: Vec<&str> = vector.split('x').collect();
            let bits = element_bits(parts.pop()?)?;
            (bits, parts.iter().map(|part| part.parse::<u64>().ok()).product::<Option<u64>>()?)
        }
        None => (element_bits(&element)?, 1),
    };
    elements.checked_mul(lanes)?.checked_mul(bits.div_ceil(8))
}

/// Bits of a scalar type.
fn element_bits(kind: &str) -> Option<u64> {
    match kind {
        "index" => Some(64),
        "bf16" => Some(16),
        _ => kind.strip_prefix(['f', 'i'])?.split(['E', '>']).next()?.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_buffers_follow_from_their_types() {
        assert_eq!(buffer_bytes("memref<256x256xf32>"), Some(262_144));
        assert_eq!(buffer_bytes("memref<f64>"), Some(8));
        assert_eq!(buffer_bytes("memref<3xbf16>"), Some(6));
        assert_eq!(buffer_bytes("memref<3xi1>"), Some(3));
        assert_eq!(buffer_bytes("memref<2x3xindex>"), Some(48));
        assert_eq!(buffer_bytes("memref<8x4xf32, strided<[16, 1], offset: 2>>"), Some(128));
        assert_eq!(buffer_bytes("memref<8xvector<4xf32>>"), Some(128));
        assert_eq!(buffer_bytes("memref<?x4xf32>"), None);
        assert_eq!(buffer_bytes("index"), None);
    }
}
