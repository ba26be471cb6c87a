//! Loop nests of structured operations: the loops of `linalg` in their order, and which of them each operand follows.

use ir::tree::{AffineExpr, AffineMap, AttributeValue, Dimension, OpId, Tree, ValueId};

/// A loop nest in one operation.
pub struct Structure {
    /// Trips of each loop, outermost first; `None` where the text does not tell.
    pub trips: Vec<Option<f64>>,
    /// Subscripts of each operand that has any: loops, outermost first, by coefficients.
    pub operands: Vec<Option<AffineMap>>,
    /// How many of the operands are read only.
    pub inputs: usize,
}

/// The nest of a `linalg` operation with a body; `None` for others.
pub fn structure(tree: &Tree, operation: OpId) -> Option<Structure> {
    let name = tree.name(operation).strip_prefix("linalg.")?;
    let node = tree.operation(operation);
    node.regions.first()?;
    let operands = &node.operands;
    let maps: Vec<Option<AffineMap>> = match tree.attribute(operation, "indexing_maps") {
        Some(AttributeValue::Array(maps)) => maps
            .iter()
            .map(|map| if let AttributeValue::AffineMap(map) = map { Some(map.clone()) } else { None })
            .collect(),
        _ => named(tree, operation, name)?,
    };
    let loops = maps.iter().flatten().next()?.dimensions as usize;
    let mut trips = vec![None; loops];
    for (map, &operand) in maps.iter().zip(operands) {
        let Some(map) = map else { continue };
        for (result, extent) in map.results.iter().zip(shape(tree, operand)) {
            if let (AffineExpr::Dimension(d), Dimension::Static(extent)) = (result, extent)
                && let Some(trips) = trips.get_mut(*d as usize)
            {
                *trips = Some(*extent as f64);
            }
        }
    }
    // With tensors each output is a result; with buffers the outputs are what the body returns.
    let outputs = if node.results.is_empty() { yielded(tree, operation).max(1) } else { node.results.len() };
    Some(Structure { trips, inputs: operands.len().saturating_sub(outputs), operands: maps })
}

fn yielded(tree: &Tree, operation: OpId) -> usize {
    let body = tree.entry(operation, 0).and_then(|block| tree.block(block).operations.last());
    body.map_or(0, |&last| tree.operation(last).operands.len())
}

fn shape(tree: &Tree, value: ValueId) -> &[Dimension] {
    tree.types().shape(tree.value(value).ty).unwrap_or(&[])
}

/// Loops and subscripts of named operations, as upstream's definitions order them; letters are loops, two letters in
/// one subscript their sum.
const NAMED: &[(&str, &str, &[&str])] = &[
    ("matmul", "mnk", &["m,k", "k,n", "m,n"]),
    ("matmul_transpose_a", "mnk", &["k,m", "k,n", "m,n"]),
    ("matmul_transpose_b", "mnk", &["m,k", "n,k", "m,n"]),
    ("batch_matmul", "bmnk", &["b,m,k", "b,k,n", "b,m,n"]),
    ("batch_matmul_transpose_b", "bmnk", &["b,m,k", "b,n,k", "b,m,n"]),
    ("matvec", "mk", &["m,k", "k", "m"]),
    ("vecmat", "nk", &["k", "k,n", "n"]),
    ("batch_matvec", "bmk", &["b,m,k", "b,k", "b,m"]),
    ("dot", "k", &["k", "k", ""]),
    ("conv_1d_nwc_wcf", "nwfxc", &["n,wx,c", "x,c,f", "n,w,f"]),
    ("conv_2d_nhwc_hwcf", "nhwfyxc", &["n,hy,wx,c", "y,x,c,f", "n,h,w,f"]),
    ("conv_2d_nchw_fchw", "nfhwcyx", &["n,c,hy,wx", "f,c,y,x", "n,f,h,w"]),
    ("conv_3d_ndhwc_dhwcf", "ndhwfzyxc", &["n,dz,hy,wx,c", "z,y,x,c,f", "n,d,h,w,f"]),
    ("depthwise_conv_1d_nwc_wc", "nwcx", &["n,wx,c", "x,c", "n,w,c"]),
    ("depthwise_conv_2d_nhwc_hwc", "nhwcyx", &["n,hy,wx,c", "y,x,c", "n,h,w,c"]),
    ("pooling_nhwc_max", "nhwcyx", &["n,hy,wx,c", "y,x", "n,h,w,c"]),
    ("pooling_nhwc_min", "nhwcyx", &["n,hy,wx,c", "y,x", "n,h,w,c"]),
    ("pooling_nhwc_sum", "nhwcyx", &["n,hy,wx,c", "y,x", "n,h,w,c"]),
];

fn named(tree: &Tree, operation: OpId, name: &str) -> Option<Vec<Option<AffineMap>>> {
    let operands = &tree.operation(operation).operands;
    if let Some((_, loops, subscripts)) = NAMED.iter().find(|(own, ..)| *own == name) {
        return Some(subscripts.iter().map(|s| Some(lettered(loops, s))).collect());
    }
    let rank = |value: &ValueId| shape(tree, *value).len();
    let numbers = |attribute: &str| match tree.attribute(operation, attribute) {
        Some(AttributeValue::DenseArray(_, numbers)) => numbers.iter().map(|&n| n as u32).collect(),
        _ => Vec::new(),
    };
    let map = |loops: usize, dimensions: Vec<u32>| {
        let results = dimensions.into_iter().map(AffineExpr::Dimension).collect();
        Some(AffineMap { dimensions: loops as u32, symbols: 0, results })
    };
    let output = operands.last()?;
    let loops = rank(output);
    Some(match name {
        "reduce" => {
            let loops = operands.first().map(rank)?;
            let reduced = numbers("dimensions");
            let kept = || (0..loops as u32).filter(|d| !reduced.contains(d)).collect::<Vec<u32>>();
            operands
                .iter()
                .map(|v| map(loops, if rank(v) == loops { (0..loops as u32).collect() } else { kept() }))
                .collect()
        }
        "transpose" => {
            // Loop i walks extent i of the output, which is extent permutation[i] of the input.
            let permutation = numbers("permutation");
            let mut own: Vec<u32> = (0..loops as u32).collect();
            permutation.iter().zip(0..).for_each(|(&p, i)| {
                if let Some(place) = own.get_mut(p as usize) {
                    *place = i;
                }
            });
            vec![map(loops, own), map(loops, (0..loops as u32).collect())]
        }
        "broadcast" => {
            let added = numbers("dimensions");
            let own = (0..loops as u32).filter(|d| !added.contains(d)).collect();
            vec![map(loops, own), map(loops, (0..loops as u32).collect())]
        }
        // Element by element; scalars have no subscripts.
        _ => operands
            .iter()
            .map(|v| map(loops, if rank(v) == loops { (0..loops as u32).collect() } else { vec![] }))
            .collect(),
    })
}

fn lettered(loops: &str, subscripts: &str) -> AffineMap {
    let dimension = |letter: char| AffineExpr::Dimension(loops.find(letter).map_or(0, |d| d as u32));
    let sum = |letters: &str| {
        let mut terms = letters.chars().map(dimension);
        let first = terms.next().unwrap_or(AffineExpr::Constant(0));
        terms.fold(first, |sum, term| AffineExpr::Add(Box::new(sum), Box::new(term)))
    };
    let results = subscripts.split(',').filter(|s| !s.is_empty()).map(sum).collect();
    AffineMap { dimensions: loops.len() as u32, symbols: 0, results }
}
