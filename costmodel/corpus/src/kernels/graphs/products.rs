//! Named products of vectors and matrices, plain, transposed, tiled, quantised, and contractions by index letters.

use super::sizes::{limit, operand_types};
use super::steps::{Style, Tail, requantise};
use crate::kernels::draw::Draw;
use crate::kernels::linalg::Access;
use crate::kernels::types::{Buffer, Scalar};
use crate::kernels::writer::{Form, Writer};

/// Most multiply-adds of a product.
const MOST: u64 = 40_000_000;

/// A named product: its operation and the index letters of its operands and of its result.
type Product = (&'static str, [&'static str; 3]);

/// The letters of a product in the order of first appearance.
fn letters_of(operands: &[&str]) -> Vec<char> {
    let mut all: Vec<char> = Vec::new();
    for letter in operands.iter().flat_map(|operand| operand.chars()) {
        if !all.contains(&letter) {
            all.push(letter);
        }
    }
    all
}

/// Extents of letters.
struct Extents(Vec<(char, u64)>);

impl Extents {
    fn draw(letters: &[char], mut extent: impl FnMut(char) -> u64) -> Self {
        let mut extents: Vec<u64> = letters.iter().map(|&letter| extent(letter)).collect();
        limit(&mut extents, MOST);
        Self(letters.iter().copied().zip(extents).collect())
    }

    fn shape(&self, letters: &str) -> Vec<u64> {
        let of = |letter| self.0.iter().find(|(l, _)| *l == letter).expect("letters of the product").1;
        letters.chars().map(of).collect()
    }

    /// The dimensions that letters name.
    fn access(&self, letters: &str) -> Access {
        let of = |letter| self.0.iter().position(|(l, _)| *l == letter).expect("letters of the product");
        Access::dims(&letters.chars().map(of).collect::<Vec<_>>())
    }

    /// The list of index maps of operands.
    fn maps(&self, operands: &[&str]) -> String {
        let maps: Vec<String> = operands.iter().map(|letters| self.access(letters).map(self.0.len())).collect();
        format!("indexing_maps = [{}]", maps.join(", "))
    }
}

/// The start of an accumulation: zero, or an array that the caller gives.
fn accumulator(w: &mut Writer, given: bool, scalar: Scalar, shape: &[u64]) -> Buffer {
    if given && w.form == Form::Linalg {
        return w.array(scalar, shape);
    }
    let zero = w.number(scalar, 0.0);
    w.filled(scalar, shape, zero)
}

/// Products with a vector, one or a batch of them.
pub fn matrix_vector(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    const ALL: &[Product] = &[
        ("linalg.dot", ["k", "k", ""]),
        ("linalg.matvec", ["mk", "k", "m"]),
        ("linalg.vecmat", ["k", "kn", "n"]),
        ("linalg.batch_matvec", ["bmk", "bk", "bm"]),
        ("linalg.batch_vecmat", ["bk", "bkn", "bn"]),
    ];
    let (operation, letters) = d.pick(ALL);
    let (scalar, sum) = operand_types(d);
    let given = d.chance(20);
    let extents = Extents::draw(&letters_of(&letters), |letter| match letter {
        'b' => d.within(2, 24),
        _ if operation == "linalg.dot" => d.length(),
        _ => d.size(),
    });
    let tail = Tail::draw(d, sum);
    let second = d.chance(30) && operation == "linalg.matvec" && scalar == sum;
    let (a, b) = (w.array(scalar, &extents.shape(letters[0])), w.array(scalar, &extents.shape(letters[1])));
    let shape = extents.shape(letters[2]);
    let onto = accumulator(w, given, sum, &shape);
    let result = w.named(operation, "", &[&a, &b], &onto);
    let mut result = tail.apply(w, s, result, shape.len().checked_sub(1));
    if second {
        // A second product with the transposed matrix: `A^T (A x)`.
        let back = accumulator(w, false, sum, &extents.shape("k"));
        result = w.named("linalg.vecmat", "", &[&result, &a], &back);
    }
    w.returns(result);
}

/// Products of matrices, plain, batched, summed over a batch, with operands transposed or broadcast by maps.
pub fn matmul(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let (operation, output) = d.pick(&[
        ("linalg.matmul", "mn"),
        ("linalg.matmul", "mn"),
        ("linalg.batch_matmul", "bmn"),
        ("linalg.batch_reduce_matmul", "mn"),
    ]);
    let batched = operation != "linalg.matmul";
    let (left, right) = if batched {
        (d.pick(&["bmk", "bmk", "bkm", "mk"]), d.pick(&["bkn", "bkn", "bnk", "kn"]))
    } else {
        (d.pick(&["mk", "mk", "km"]), d.pick(&["kn", "kn", "nk", "nk"]))
    };
    // A sum over a batch reads the batch of both.
    let (left, right) = if operation == "linalg.batch_reduce_matmul" || left.len() + right.len() == 4 && batched {
        ("bmk", if right.len() == 3 { right } else { "bkn" })
    } else {
        (left, right)
    };
    let (scalar, sum) = operand_types(d);
    let extents = Extents::draw(&['b', 'm', 'n', 'k'][usize::from(!batched)..], |letter| match letter {
        'b' => d.within(2, 16),
        _ => d.size(),
    });
    let (given, tail, second) = (d.chance(15), Tail::draw(d, sum), d.chance(25) && scalar == sum && !batched);
    let (a, b) = (w.array(scalar, &extents.shape(left)), w.array(scalar, &extents.shape(right)));
    let shape = extents.shape(output);
    let onto = accumulator(w, given, sum, &shape);
    let usual = if batched { ("bmk", "bkn") } else { ("mk", "kn") };
    let name = match (left, right) == usual {
        true => operation.to_string(),
        false => format!("{operation} {}", extents.maps(&[left, right, output])),
    };
    let result = w.named(&name, "", &[&a, &b], &onto);
    let mut result = tail.apply(w, s, result, Some(shape.len() - 1));
    if second {
        let columns = d.pick(&[8u64, 16, 24, 32, 64]);
        let more = w.array(sum, &[shape[1], columns]);
        let onto = accumulator(w, false, sum, &[shape[0], columns]);
        result = w.named("linalg.matmul", "", &[&result, &more], &onto);
    }
    w.returns(result);
}

/// A matrix in tiles, tile by tile: `rows x columns` as `[rows / t0][columns / t1][t0][t1]`.
fn tiles(w: &mut Writer, a: &Buffer, tile: (u64, u64)) -> Buffer {
    let (rows, columns) = (a.shape[0] / tile.0, a.shape[1] / tile.1);
    let split = w.reshaped(a, &[rows, tile.0, columns, tile.1], "[[0, 1], [2, 3]]");
    w.transposed(&split, &[0, 2, 1, 3])
}

/// Products of matrices in tiles, with the tiling of operands and result around them at times.
pub fn tiled_matmul(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let (scalar, sum) = operand_types(d);
    let batch = if d.chance(35) { vec![d.within(2, 8)] } else { Vec::new() };
    let packed = batch.is_empty() && d.chance(50);
    let (tm, tn, tk) = (d.pick(&[1u64, 4, 8, 8, 16]), d.pick(&[4u64, 8, 8, 16]), d.pick(&[1u64, 1, 2, 4, 8]));
    let mut outer = [d.within(1, 24), d.within(1, 24), d.within(2, 64)];
    limit(&mut outer, MOST / (tm * tn * tk * batch.first().copied().unwrap_or(1)));
    let [m, n, k] = outer;
    let tail = Tail::draw(d, sum);
    let with = |shape: [u64; 4]| [batch.clone(), shape.to_vec()].concat();
    let (a, b) = if packed {
        let (a, b) = (w.array(scalar, &[m * tm, k * tk]), w.array(scalar, &[n * tn, k * tk]));
        (tiles(w, &a, (tm, tk)), tiles(w, &b, (tn, tk)))
    } else {
        (w.array(scalar, &with([m, k, tm, tk])), w.array(scalar, &with([n, k, tn, tk])))
    };
    let onto = accumulator(w, false, sum, &with([m, n, tm, tn]));
    let operation = if batch.is_empty() { "linalg.mmt4d" } else { "linalg.batch_mmt4d" };
    let mut result = w.named(operation, "", &[&a, &b], &onto);
    if packed {
        let rows = w.transposed(&result, &[0, 2, 1, 3]);
        result = w.reshaped(&rows, &[m * tm, n * tn], "[[0, 1], [2, 3]]");
        result = tail.apply(w, s, result, Some(1));
    } else {
        result = tail.apply(w, s, result, None);
    }
    w.returns(result);
}

/// Products of 8-bit matrices with zero points, scaled back to 8 bits at times.
pub fn zero_point_matmul(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let batched = d.chance(40);
    let scalar = d.pick(&[Scalar::I8, Scalar::I8, Scalar::I8, Scalar::I16]);
    let extents = Extents::draw(&['b', 'm', 'n', 'k'][usize::from(!batched)..], |letter| match letter {
        'b' => d.within(2, 12),
        _ => d.size(),
    });
    let (operation, letters) = match batched {
        true => ("linalg.quantized_batch_matmul", ["bmk", "bkn", "bmn"]),
        false => ("linalg.quantized_matmul", ["mk", "kn", "mn"]),
    };
    let (scaled, layers) = (d.chance(60), if batched { 1 } else { d.within(1, 2) });
    let tail = Tail::draw(d, Scalar::I32);
    let mut a = w.array(scalar, &extents.shape(letters[0]));
    for layer in 0..layers {
        let shape = match layer {
            0 => extents.shape(letters[1]),
            _ => vec![*a.shape.last().expect("a matrix"), d.pick(&[16, 32, 64])],
        };
        let b = w.array(scalar, &shape);
        let points = [d.within(0, 120), d.within(0, 7)].map(|point| w.integer(Scalar::I32, point as i64));
        let mut out = a.shape.clone();
        *out.last_mut().expect("a matrix") = *shape.last().expect("a matrix");
        let onto = accumulator(w, false, Scalar::I32, &out);
        let sums = w.named_with(operation, "", &[&a, &b], &points, &onto);
        let sums = tail.apply(w, s, sums, Some(out.len() - 1));
        a = if scaled || layer + 1 < layers { requantise(w, d, &sums) } else { sums };
        if layer + 1 < layers {
            a = w.converted(&a, scalar);
        }
    }
    w.returns(a);
}

/// Contractions by index letters through `linalg.contract`, with orders of dimensions that no named product has.
pub fn einsum(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    const ALL: &[[&str; 3]] = &[
        ["ik", "kj", "ji"],
        ["ki", "kj", "ij"],
        ["ijk", "kl", "ijl"],
        ["ijk", "jk", "ij"],
        ["ijk", "ikl", "jil"],
        ["ijkl", "kl", "ij"],
        ["ijkl", "lkm", "ijm"],
        ["bhqe", "bhke", "bhqk"],
        ["bqhe", "bkhe", "bhqk"],
        ["bhqk", "bkhe", "bqhe"],
        ["abij", "bajk", "abik"],
        ["ij", "ij", ""],
        ["bi", "bj", "ij"],
        ["bij", "bjk", "ik"],
        ["aib", "bjc", "aijc"],
        ["ijkl", "jlim", "km"],
        ["nc", "cde", "nde"],
        ["nij", "kj", "nki"],
    ];
    let letters = d.pick(ALL);
    let (scalar, sum) = operand_types(d);
    let all = letters_of(&letters);
    let small = all.len() > 3;
    let extents = Extents::draw(&all, |letter| match letter {
        'b' | 'h' | 'a' | 'n' => d.within(2, 12),
        _ if small => d.pick(&[4, 7, 8, 12, 16, 24, 32, 48, 64]),
        _ => d.size(),
    });
    let (given, tail) = (d.chance(15), Tail::draw(d, sum));
    let (a, b) = (w.array(scalar, &extents.shape(letters[0])), w.array(scalar, &extents.shape(letters[1])));
    let shape = extents.shape(letters[2]);
    let onto = accumulator(w, given, sum, &shape);
    let scaled = d.chance(20) && scalar == sum;
    let a = if scaled {
        let style = Style::draw(w, s);
        let factor = w.constant_like(&a, 0.125 * 24.0);
        w.step(style, "mul", &[&a, &factor])
    } else {
        a
    };
    let name = format!("linalg.contract {}", extents.maps(&letters));
    let result = w.named(&name, "", &[&a, &b], &onto);
    let result = tail.apply(w, s, result, shape.len().checked_sub(1));
    w.returns(result);
}
