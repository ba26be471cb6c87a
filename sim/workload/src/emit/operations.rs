//! The operations that layers are made of, each as one to a few `linalg` operations.

use designs::Span;

use super::text::{Element, Function, Scalar, Tensor};

/// Epsilon of the root-mean-square norms; configurations differ between 1e-5 and 1e-6.
const EPSILON: &str = "9.99999974E-6";

const SUM: &[&str] = &["%p = arith.mulf %x0, %x1 : f32", "%s = arith.addf %o0, %p : f32"];

/// Root-mean-square norm over the rows of `x` (T, H) with a gain of its own.
pub(super) fn rms_norm(f: &mut Function, x: &Tensor, gain: &str) -> Tensor {
    let (tokens, width) = (x.shape[0], x.shape[1]);
    let gain = f.weight(gain, &[width]);
    let start = f.zeros(&[tokens]);
    let square = ["%p = arith.mulf %x0, %x0 : f32", "%s = arith.addf %o0, %p : f32"];
    let sum = f.generic1("pr", &[(x, "d0, d1")], (&start, "d0"), &square, "%s");
    let divisor = f.constant(&format!("{} : f32", scientific(width as f64)));
    let epsilon = f.constant(&format!("{EPSILON} : f32"));
    let out = f.empty(&[tokens, width], Scalar::F32);
    let body = [
        &format!("%m = arith.divf %x1, {divisor} : f32"),
        &format!("%v = arith.addf %m, {epsilon} : f32"),
        "%r = math.rsqrt %v : f32",
        "%n = arith.mulf %x0, %r : f32",
        "%y = arith.mulf %n, %x2 : f32",
    ];
    f.generic1("pp", &[(x, "d0, d1"), (&sum, "d0"), (&gain, "d1")], (&out, "d0, d1"), &body, "%y")
}

/// A number as MLIR prints it, six digits behind the point and two of exponent at least.
fn scientific(value: f64) -> String {
    let text = format!("{value:.6e}");
    let (mantissa, exponent) = text.split_once('e').expect("scientific notation has an exponent");
    match exponent.strip_prefix('-') {
        Some(digits) => format!("{mantissa}e-{digits:0>2}"),
        None => format!("{mantissa}e+{exponent:0>2}"),
    }
}

/// `x` (T, K) times a weight (K, N).
pub(super) fn linear(f: &mut Function, x: &Tensor, weight: &str, outputs: u64) -> Tensor {
    let w = f.weight(weight, &[x.shape[1], outputs]);
    let start = f.zeros(&[x.shape[0], outputs]);
    f.result(&[x.shape[0], outputs], Scalar::F32, |t| {
        format!(
            "linalg.matmul ins({}, {} : {}, {}) outs({} : {}) -> {}",
            x.name,
            w.name,
            x.ty(),
            w.ty(),
            start.name,
            t.ty(),
            t.ty()
        )
    })
}

/// Every head of `x` (T, heads, K) times its own matrix of a weight (heads, K, N).
pub(super) fn linear_by_head(f: &mut Function, x: &Tensor, weight: &str, outputs: u64) -> Tensor {
    let [tokens, heads, inputs] = [x.shape[0], x.shape[1], x.shape[2]];
    let w = f.weight(weight, &[heads, inputs, outputs]);
    let start = f.zeros(&[tokens, heads, outputs]);
    f.generic1("pppr", &[(x, "d0, d1, d3"), (&w, "d1, d3, d2")], (&start, "d0, d1, d2"), SUM, "%s")
}

/// Batched contraction of two variable tensors.
pub(super) fn contract(
    f: &mut Function,
    domain: &str,
    a: (&Tensor, &str),
    b: (&Tensor, &str),
    shape: &[u64],
    out: &str,
) -> Tensor {
    let start = f.zeros(shape);
    f.generic1(domain, &[a, b], (&start, out), SUM, "%s")
}

/// `a + b`.
pub(super) fn add(f: &mut Function, a: &Tensor, b: &Tensor) -> Tensor {
    let out = f.empty(&a.shape, Scalar::F32);
    f.result(&a.shape, Scalar::F32, |t| {
        format!(
            "linalg.add ins({}, {} : {}, {}) outs({} : {}) -> {}",
            a.name,
            b.name,
            a.ty(),
            b.ty(),
            out.name,
            t.ty(),
            t.ty()
        )
    })
}

fn dims(rank: usize) -> String {
    (0..rank).map(|i| format!("d{i}")).collect::<Vec<_>>().join(", ")
}

/// `up * gate * sigmoid(gate)`.
pub(super) fn swiglu(f: &mut Function, up: &Tensor, gate: &Tensor) -> Tensor {
    let one = f.constant("1.000000e+00 : f32");
    let out = f.empty(&up.shape, Scalar::F32);
    let all = dims(up.shape.len());
    let body = [
        "%n = arith.negf %x1 : f32",
        "%e = math.exp %n : f32",
        &format!("%d = arith.addf %e, {one} : f32"),
        "%g = arith.divf %x1, %d : f32",
        "%y = arith.mulf %g, %x0 : f32",
    ];
    f.generic1(&"p".repeat(up.shape.len()), &[(up, &all), (gate, &all)], (&out, &all), &body, "%y")
}

/// `x * sigmoid(gate)`, both (T, N).
pub(super) fn gated(f: &mut Function, x: &Tensor, gate: &Tensor) -> Tensor {
    let one = f.constant("1.000000e+00 : f32");
    let out = f.empty(&x.shape, Scalar::F32);
    let all = dims(x.shape.len());
    let body = [
        "%n = arith.negf %x1 : f32",
        "%e = math.exp %n : f32",
        &format!("%d = arith.addf %e, {one} : f32"),
        "%y = arith.divf %x0, %d : f32",
    ];
    f.generic1(&"p".repeat(x.shape.len()), &[(x, &all), (gate, &all)], (&out, &all), &body, "%y")
}

/// Positions that a token may attend to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mask {
    /// Positions before the first token.
    pub(super) before: u64,
    /// Which of the positions up to its own a token attends to.
    pub(super) span: Span,
}

/// Softmax over the last dimension of `x * scale`; with a mask, token `d0` attends to positions up to its own.
pub(super) fn softmax(f: &mut Function, x: &Tensor, scale: Option<f64>, mask: Option<Mask>) -> Tensor {
    let rank = x.shape.len();
    let (all, rows) = (dims(rank), dims(rank - 1));
    let parallel = "p".repeat(rank);
    let reduce = "p".repeat(rank - 1) + "r";
    let row_shape = &x.shape[..rank - 1];
    let mut scaled = x.clone();
    if scale.is_some() || mask.is_some() {
        let factor = f.constant(&format!("{} : f32", scientific(scale.unwrap_or(1.0))));
        let mut body = vec![format!("%y0 = arith.mulf %x0, {factor} : f32")];
        let mut last = "%y0";
        if let Some(mask) = mask {
            let before = f.constant(&format!("{} : index", mask.before));
            let hidden = f.constant("0xFF800000 : f32");
            body.push("%t = linalg.index 0 : index".to_owned());
            body.push(format!("%j = linalg.index {} : index", rank - 1));
            body.push(format!("%p = arith.addi %t, {before} : index"));
            body.push("%c = arith.cmpi ule, %j, %p : index".to_owned());
            body.push(format!("%y1 = arith.select %c, %y0, {hidden} : f32"));
            last = "%y1";
            match mask.span {
                Span::Full => {}
                Span::Window(size) => {
                    let size = f.constant(&format!("{size} : index"));
                    body.push(format!("%k = arith.addi %j, {size} : index"));
                    body.push("%d = arith.cmpi ugt, %k, %p : index".to_owned());
                }
                Span::Chunk(size) => {
                    let size = f.constant(&format!("{size} : index"));
                    body.push(format!("%n = arith.divui %p, {size} : index"));
                    body.push(format!("%k = arith.muli %n, {size} : index"));
                    body.push("%d = arith.cmpi uge, %j, %k : index".to_owned());
                }
            }
            if mask.span != Span::Full {
                body.push(format!("%y2 = arith.select %d, %y1, {hidden} : f32"));
                last = "%y2";
            }
        }
        let body: Vec<&str> = body.iter().map(String::as_str).collect();
        let out = f.empty(&x.shape, Scalar::F32);
        scaled = f.generic1(&parallel, &[(x, &all)], (&out, &all), &body, last);
    }
    let start = f.filled(row_shape, Scalar::F32, "0xFF800000");
    let max = ["%m = arith.maximumf %x0, %o0 : f32"];
    let max = f.generic1(&reduce, &[(&scaled, &all)], (&start, &rows), &max, "%m");
    let out = f.empty(&x.shape, Scalar::F32);
    let body = ["%s = arith.subf %x0, %x1 : f32", "%e = math.exp %s : f32"];
    let exp = f.generic1(&parallel, &[(&scaled, &all), (&max, &rows)], (&out, &all), &body, "%e");
    let start = f.zeros(row_shape);
    let sum = ["%s = arith.addf %x0, %o0 : f32"];
    let sum = f.generic1(&reduce, &[(&exp, &all)], (&start, &rows), &sum, "%s");
    let out = f.empty(&x.shape, Scalar::F32);
    let body = ["%q = arith.divf %x0, %x1 : f32"];
    f.generic1(&parallel, &[(&exp, &all), (&sum, &rows)], (&out, &all), &body, "%q")
}

/// Rotary embedding of `x` (T, heads, D), element i rotated with element i + D/2; tables of (T, D/2).
pub(super) fn rotary(f: &mut Function, x: &Tensor, cos: &Tensor, sin: &Tensor) -> Tensor {
    let [tokens, heads, width] = [x.shape[0], x.shape[1], x.shape[2]];
    let half = [tokens, heads, width / 2];
    let parts: Vec<Tensor> = [0, width / 2].iter().map(|&at| slice(f, x, &[0, 0, at], &half)).collect();
    let outs = [f.empty(&half, Scalar::F32), f.empty(&half, Scalar::F32)];
    let body = [
        "%ac = arith.mulf %x0, %x2 : f32",
        "%bs = arith.mulf %x1, %x3 : f32",
        "%y0 = arith.subf %ac, %bs : f32",
        "%bc = arith.mulf %x1, %x2 : f32",
        "%as = arith.mulf %x0, %x3 : f32",
        "%y1 = arith.addf %bc, %as : f32",
    ];
    let all = "d0, d1, d2";
    let turned = f.generic(
        "ppp",
        &[(&parts[0], all), (&parts[1], all), (cos, "d0, d2"), (sin, "d0, d2")],
        &[(&outs[0], all), (&outs[1], all)],
        &body,
        &["%y0", "%y1"],
    );
    let whole = f.empty(&x.shape, Scalar::F32);
    let first = insert(f, &turned[0], &whole, &[0, 0, 0], &half);
    insert(f, &turned[1], &first, &[0, 0, width / 2], &half)
}

fn list(values: &[u64]) -> String {
    values.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
}

fn ones(rank: usize) -> String {
    list(&vec![1; rank])
}

/// The part of `x` from `at` of extent `shape`.
pub(super) fn slice(f: &mut Function, x: &Tensor, at: &[u64], shape: &[u64]) -> Tensor {
    f.result(shape, x.scalar, |t| {
        let (at, size, stride) = (list(at), list(shape), ones(shape.len()));
        format!("tensor.extract_slice {}[{at}] [{size}] [{stride}] : {} to {}", x.name, x.ty(), t.ty())
    })
}

/// `whole` with `part` in the place from `at` of extent `size`.
pub(super) fn insert(f: &mut Function, part: &Tensor, whole: &Tensor, at: &[u64], size: &[u64]) -> Tensor {
    f.result(&whole.shape, whole.scalar, |t| {
        let (at, stride) = (list(at), ones(size.len()));
        let size = list(size);
        format!(
            "tensor.insert_slice {} into {}[{at}] [{size}] [{stride}] : {} into {}",
            part.name,
            whole.name,
            part.ty(),
            t.ty()
        )
    })
}

fn groups(reassociation: &[&[usize]]) -> String {
    let one = |group: &&[usize]| format!("[{}]", group.iter().map(usize::to_string).collect::<Vec<_>>().join(", "));
    reassociation.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// `x` with dimensions split as `reassociation` says.
pub(super) fn expand(f: &mut Function, x: &Tensor, reassociation: &[&[usize]], shape: &[u64]) -> Tensor {
    f.result(shape, x.scalar, |t| {
        let (groups, shape) = (groups(reassociation), list(shape));
        format!("tensor.expand_shape {} [{groups}] output_shape [{shape}] : {} into {}", x.name, x.ty(), t.ty())
    })
}

/// `x` with dimensions merged as `reassociation` says.
pub(super) fn collapse(f: &mut Function, x: &Tensor, reassociation: &[&[usize]]) -> Tensor {
    let shape: Vec<u64> = reassociation.iter().map(|g| g.iter().map(|&d| x.shape[d]).product()).collect();
    f.result(&shape, x.scalar, |t| {
        format!("tensor.collapse_shape {} [{}] : {} into {}", x.name, groups(reassociation), x.ty(), t.ty())
    })
}

/// `x` with dimensions in the order of `permutation`.
pub(super) fn transpose(f: &mut Function, x: &Tensor, permutation: &[usize]) -> Tensor {
    let shape: Vec<u64> = permutation.iter().map(|&d| x.shape[d]).collect();
    let out = f.empty(&shape, x.scalar);
    let order: Vec<u64> = permutation.iter().map(|&d| d as u64).collect();
    f.result(&shape, x.scalar, |t| {
        format!(
            "linalg.transpose ins({} : {}) outs({} : {}) permutation = [{}]",
            x.name,
            x.ty(),
            out.name,
            t.ty(),
            list(&order)
        )
    })
}

/// `x` in the format of weights and caches.
pub(super) fn stored(f: &mut Function, x: &Tensor) -> Tensor {
    if f.element == Element::F32 {
        return x.clone();
    }
    let out = f.empty(&x.shape, Scalar::Bf16);
    let all = dims(x.shape.len());
    let body = ["%y = arith.truncf %x0 : f32 to bf16"];
    f.generic1(&"p".repeat(x.shape.len()), &[(x, &all)], (&out, &all), &body, "%y")
}

/// The `count` largest of each row of `x` (T, E), one after the other: (values, indices), both (T, count).
pub(super) fn top_k(f: &mut Function, x: &Tensor, count: u64) -> (Tensor, Tensor) {
    let tokens = x.shape[0];
    let [zero, one, end] = [0, 1, count].map(|n| f.constant(&format!("{n} : index")));
    let lowest = f.constant("0xFF800000 : f32");
    let values = f.empty(&[tokens, count], Scalar::F32);
    let indices = f.empty(&[tokens, count], Scalar::Index);
    let loops = f.fresh();
    let types = format!("{}, {}, {}", x.ty(), values.ty(), indices.ty());
    f.line(&format!(
        "{loops}:3 = scf.for %slot = {zero} to {end} step {one} iter_args(%left = {}, %values = {}, %indices = {}) -> \
         ({types}) {{",
        x.name, values.name, indices.name
    ));
    f.enter();
    let named = |name: &str, of: &Tensor| Tensor { name: name.to_owned(), ..of.clone() };
    let left = named("%left", x);
    let best = row_maximum(f, &left);
    let mut kept = Vec::new();
    for (part, whole) in best.iter().zip([named("%values", &values), named("%indices", &indices)]) {
        kept.push(f.result(&whole.shape, whole.scalar, |t| {
            let place = format!("[0, %slot] [{tokens}, 1] [1, 1]");
            format!("tensor.insert_slice {} into {}{place} : {} into {}", part.name, whole.name, part.ty(), t.ty())
        }));
    }
    // In place, because the storage of a loop must be the same in every iteration.
    let body = [
        "%j = linalg.index 1 : index",
        "%c = arith.cmpi eq, %j, %x0 : index",
        &format!("%v = arith.select %c, {lowest}, %o0 : f32"),
    ];
    let rest = f.generic1("pp", &[(&best[1], "d0")], (&left, "d0, d1"), &body, "%v");
    f.line(&format!("scf.yield {}, {}, {} : {types}", rest.name, kept[0].name, kept[1].name));
    f.leave();
    f.line("}");
    (named(&format!("{loops}#1"), &values), named(&format!("{loops}#2"), &indices))
}

/// The largest element of each row of `x` (T, V): its value and its index, (T) each.
fn row_maximum(f: &mut Function, x: &Tensor) -> Vec<Tensor> {
    let tokens = x.shape[0];
    let start = f.filled(&[tokens], Scalar::F32, "0xFF800000");
    let first = f.filled(&[tokens], Scalar::Index, "0");
    let body = [
        "%j = linalg.index 1 : index",
        "%c = arith.cmpf ogt, %x0, %o0 : f32",
        "%v = arith.select %c, %x0, %o0 : f32",
        "%i = arith.select %c, %j, %o1 : index",
    ];
    f.generic("pr", &[(x, "d0, d1")], &[(&start, "d0"), (&first, "d0")], &body, &["%v", "%i"])
}

/// The index (T) of the largest element of each row of `x` (T, V).
pub(super) fn argmax(f: &mut Function, x: &Tensor) -> Tensor {
    row_maximum(f, x).remove(1)
}

/// The chosen experts' matrices of a weight (experts, K, N) applied: `x` is (T, K), or (T, chosen, K) where every
/// chosen expert has an input of its own; `chosen` (T, chosen) holds indices; the result is (T, chosen, N).
pub(super) fn experts(f: &mut Function, x: &Tensor, chosen: &Tensor, weight: &str, count: u64, outputs: u64) -> Tensor {
    let inputs = *x.shape.last().expect("inputs have a width");
    let w = f.weight(weight, &[count, inputs, outputs]);
    let shape = [chosen.shape[0], chosen.shape[1], outputs];
    let start = f.zeros(&shape);
    let scalar = if w.scalar == Scalar::Bf16 { "%b" } else { "%v" };
    let mut body = vec![
        "%n = linalg.index 2 : index".to_owned(),
        "%k = linalg.index 3 : index".to_owned(),
        format!("{scalar} = tensor.extract {}[%x1, %k, %n] : {}", w.name, w.ty()),
    ];
    if w.scalar == Scalar::Bf16 {
        body.push("%v = arith.extf %b : bf16 to f32".to_owned());
    }
    body.push("%p = arith.mulf %x0, %v : f32".to_owned());
    body.push("%s = arith.addf %o0, %p : f32".to_owned());
    let body: Vec<&str> = body.iter().map(String::as_str).collect();
    let from = if x.shape.len() == 2 { "d0, d3" } else { "d0, d1, d3" };
    f.generic1("pppr", &[(x, from), (chosen, "d0, d1")], (&start, "d0, d1, d2"), &body, "%s")
}

/// `y` (T, chosen, H) weighed by `weights` (T, chosen) and added up to (T, H).
pub(super) fn weigh(f: &mut Function, y: &Tensor, weights: &Tensor) -> Tensor {
    let start = f.zeros(&[y.shape[0], y.shape[2]]);
    f.generic1("ppr", &[(y, "d0, d2, d1"), (weights, "d0, d2")], (&start, "d0, d1"), SUM, "%s")
}

/// Rotary tables (T, width / 2).
pub(super) fn rotary_tables(f: &mut Function, tokens: u64, width: u64) -> [Tensor; 2] {
    ["cos", "sin"].map(|name| f.input(name, &[tokens, width / 2], Scalar::F32))
}
