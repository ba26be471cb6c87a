//! Dense linear algebra: matrix products, chains of them, matrix-vector kernels, rank updates, einsums.

use super::chain::Chain;
use super::contraction::{Contraction, Start};
use super::draw::Draw;
use super::linalg::Access;
use super::types::{Buffer, Scalar, Value, at};
use super::writer::{Form, Writer};

/// The usual element types of numerical kernels.
pub fn float_type(d: &mut Draw) -> Scalar {
    d.pick(&[Scalar::F32, Scalar::F32, Scalar::F64])
}

/// `acc + a * b * ...`, the first product fused where `fused`.
pub fn multiply_add(fused: bool) -> impl Fn(&mut Writer, Value, &[Value]) -> Value {
    move |w, acc, inputs| match inputs {
        [a] => w.add(acc, *a),
        [a, b] if fused => w.fma(*a, *b, acc),
        [first, rest @ ..] => {
            let product = rest.iter().fold(*first, |product, b| w.mul(product, *b));
            w.add(acc, product)
        }
        [] => acc,
    }
}

/// Accesses of a product of matrices over loops `(i, j, k)` after `batch` batch loops, transposed or not.
fn matrix_accesses(batch: usize, transposed: (bool, bool)) -> (Access, Access) {
    let (i, j, k) = (batch, batch + 1, batch + 2);
    let with = |own: [usize; 2]| Access::dims(&(0..batch).chain(own).collect::<Vec<_>>());
    let a = if transposed.0 { [k, i] } else { [i, k] };
    let b = if transposed.1 { [j, k] } else { [k, j] };
    (with(a), with(b))
}

/// A matrix product, plain or transposed, with element-wise steps before and after and maybe a bias.
pub fn gemm(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    product(w, d, s, 0);
}

/// A batched matrix product.
pub fn batched_matmul(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let batches = d.within(1, 2) as usize;
    product(w, d, s, batches);
}

fn product(w: &mut Writer, d: &mut Draw, s: &mut Draw, batches: usize) {
    let scalar = float_type(d);
    let mut extents: Vec<u64> = (0..batches).map(|_| d.within(2, 24)).collect();
    extents.extend([d.size(), d.size(), d.size()]);
    let transposed = (d.chance(30), d.chance(40));
    let (fused, bias, named) = (d.chance(40), d.chance(25), d.chance(50));
    let before = if d.chance(30) { Chain::draw(d, scalar, 2) } else { Chain::default() };
    let finish = Chain::draw(d, scalar, 3);
    let (a, b) = matrix_accesses(batches, transposed);
    let inputs =
        vec![(w.array(scalar, &a.extents(&extents)), a.clone()), (w.array(scalar, &b.extents(&extents)), b.clone())];
    let mut inputs = inputs;
    let output = Access::dims(&(0..batches + 2).collect::<Vec<_>>());
    let operation = match (batches, transposed) {
        (0, (false, false)) => "linalg.matmul",
        (1, (false, false)) => "linalg.batch_matmul",
        _ => "",
    };
    if w.form == Form::Linalg && named && before.is_empty() && !operation.is_empty() {
        let zero = w.number(scalar, 0.0);
        let onto = w.filled(scalar, &output.extents(&extents), zero);
        let result = w.named(operation, "", &[&inputs[0].0, &inputs[1].0], &onto);
        let result =
            if finish.is_empty() { result } else { w.elementwise(&[&result], scalar, |w, e| finish.apply(w, e[0])) };
        return w.returns(result);
    }
    if bias {
        let access = Access::dims(&[batches + 1]);
        inputs.push((w.array(scalar, &access.extents(&extents)), access));
    }
    let contraction = Contraction {
        extents,
        parallel: batches + 2,
        inputs,
        output,
        scalar,
        start: Start::Number(0.0),
        combine: &|w, acc, e| {
            let a = before.apply(w, e[0]);
            let a = if bias { w.add(a, e[2]) } else { a };
            multiply_add(fused)(w, acc, &[a, e[1]])
        },
        finish,
    };
    finish_with(w, s, &contraction);
}

/// Writes a contraction and returns its result where tensors are values.
pub fn finish_with(w: &mut Writer, s: &mut Draw, contraction: &Contraction) {
    let out = contraction.write(w, s);
    if w.form == Form::Linalg {
        w.returns(out);
    }
}

/// Two or three products after each other (2mm, 3mm, multi-layer perceptrons).
pub fn matmul_chain(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = float_type(d);
    let products = d.within(2, 3) as usize;
    let rows = d.size();
    let mut width = d.size();
    let fused = d.chance(40);
    let mut current = w.array(scalar, &[rows, width]);
    for _ in 0..products {
        let next = d.size();
        let finish = Chain::draw(d, scalar, 2);
        let transposed = d.chance(30);
        let weights = w.array(scalar, &if transposed { [next, width] } else { [width, next] });
        let (a, b) = matrix_accesses(0, (false, transposed));
        let contraction = Contraction {
            extents: vec![rows, next, width],
            parallel: 2,
            inputs: vec![(current, a), (weights, b)],
            output: Access::dims(&[0, 1]),
            scalar,
            start: Start::Number(0.0),
            combine: &multiply_add(fused),
            finish,
        };
        current = contraction.write(w, s);
        width = next;
    }
    if w.form == Form::Linalg {
        w.returns(current);
    }
}

/// Matrix-vector kernels: one to three products with a matrix or its transpose, summed (atax, bicg, mvt, gesummv, gemver).
pub fn matvec(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = float_type(d);
    let n = d.size();
    let m = if d.chance(50) { n } else { d.size() };
    let terms = d.within(1, 3) as usize;
    let fused = d.chance(40);
    let matrix = w.array(scalar, &[n, m]);
    let mut outputs: Vec<Buffer> = Vec::new();
    for _ in 0..terms {
        let transposed = d.chance(45);
        let (rows, columns) = if transposed { (m, n) } else { (n, m) };
        let scale = d.chance(50).then(|| d.coefficient());
        let chained = d.chance(50);
        let finish = Chain::draw(d, scalar, 2);
        // atax feeds the first product to the second.
        let vector = match outputs.last() {
            Some(last) if chained && last.shape == [columns] => last.clone(),
            _ => w.array(scalar, &[columns]),
        };
        let contraction = Contraction {
            extents: vec![rows, columns],
            parallel: 1,
            inputs: vec![
                (matrix.clone(), Access::dims(if transposed { &[1, 0] } else { &[0, 1] })),
                (vector, Access::dims(&[1])),
            ],
            output: Access::dims(&[0]),
            scalar,
            start: Start::Number(0.0),
            combine: &|w, acc, e| {
                let scaled = match scale {
                    Some(scale) => {
                        let scale = w.float(scalar, scale);
                        w.mul(e[0], scale)
                    }
                    None => e[0],
                };
                multiply_add(fused)(w, acc, &[scaled, e[1]])
            },
            finish,
        };
        outputs.push(contraction.write(w, s));
    }
    if w.form == Form::Linalg {
        for output in outputs {
            w.returns(output);
        }
    }
}

/// Products that fill or read a triangle (syrk, syr2k, trmm, symm), loop forms only.
pub fn rank_update(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = float_type(d);
    let (n, m) = (d.size(), d.size());
    let kind = d.below(4);
    let (alpha, beta) = (d.coefficient(), d.coefficient());
    let (lower, fused, transposed) = (d.chance(60), d.chance(40), d.chance(40));
    let finish = Chain::draw(d, scalar, 3);
    let in_registers = s.chance(60);
    let shape = if transposed { [m, n] } else { [n, m] };
    let a = w.array(scalar, &if kind < 2 { shape } else { [n, n] });
    let b = w.array(scalar, &if kind < 2 { shape } else { [n, m] });
    let c = w.array(scalar, &if kind < 2 { [n, n] } else { [n, m] });
    let (alpha, beta) = (w.float(scalar, alpha), w.float(scalar, beta));
    let cell = |i: Value, k: Value| if transposed { [at(k), at(i)] } else { [at(i), at(k)] };
    w.each(0u64, n, |w, i| {
        let (low, high) = match (kind, lower) {
            (0 | 1, true) => (0i64.into(), at(i) + 1),
            (0 | 1, false) => (at(i), n.into()),
            _ => (0i64.into(), m.into()),
        };
        w.each(low, high, |w, j| {
            let place = [at(i), at(j)];
            let old = w.load(&c, &place);
            let scaled = w.mul(old, beta);
            let term = |w: &mut Writer, k: Value, acc: Value| match kind {
                // syrk: A A^T; syr2k: A B^T + B A^T.
                0 | 1 => {
                    let (left, right) = (w.load(&a, &cell(i, k)), w.load(if kind == 0 { &a } else { &b }, &cell(j, k)));
                    let left = w.mul(left, alpha);
                    let acc = multiply_add(fused)(w, acc, &[left, right]);
                    if kind == 0 {
                        return acc;
                    }
                    let (left, right) = (w.load(&b, &cell(i, k)), w.load(&a, &cell(j, k)));
                    let left = w.mul(left, alpha);
                    multiply_add(fused)(w, acc, &[left, right])
                }
                // trmm and symm: a triangle of A times B.
                _ => {
                    let left = w.load(&a, &if kind == 2 { [at(k), at(i)] } else { [at(i), at(k)] });
                    let right = w.load(&b, &[at(k), at(j)]);
                    let left = w.mul(left, alpha);
                    multiply_add(fused)(w, acc, &[left, right])
                }
            };
            let (from, to) = match kind {
                0 | 1 => (0i64.into(), m.into()),
                _ if lower => (at(i) + 1, n.into()),
                _ => (0i64.into(), at(i)),
            };
            if in_registers {
                let sum = w.fold(from, to, scaled, |w, k, acc| term(w, k, acc));
                let sum = finish.apply(w, sum);
                w.store(sum, &c, &place);
            } else {
                w.store(scaled, &c, &place);
                w.each(from, to, |w, k| w.update(&c, &place, |w, old| term(w, k, old)));
                w.update(&c, &place, |w, old| finish.apply(w, old));
            }
        });
    });
}

/// Einsums over random index letters (tensor contractions, doitgen, multi-operand products).
pub fn contraction(w: &mut Writer, d: &mut Draw, s: &mut Draw) {
    let scalar = float_type(d);
    let parallel = d.within(1, 4) as usize;
    let reductions = d.within(1, 2) as usize;
    let loops = parallel + reductions;
    let extents: Vec<u64> = (0..loops).map(|_| if loops > 4 { d.within(4, 24) } else { d.small_size() }).collect();
    let operands = if d.chance(25) { 3 } else { 2 };
    let fused = d.chance(40);
    let before = if d.chance(25) { Chain::draw(d, scalar, 2) } else { Chain::default() };
    let finish = Chain::draw(d, scalar, 2);
    // Every letter occurs somewhere; reductions occur in two operands, as in a contraction proper.
    let mut letters: Vec<Vec<usize>> = vec![Vec::new(); operands];
    for letter in 0..loops {
        let first = d.below(operands);
        letters[first].push(letter);
        if letter >= parallel || d.chance(15) {
            let second = (first + 1 + d.below(operands - 1)) % operands;
            letters[second].push(letter);
        }
    }
    for own in &mut letters {
        if own.is_empty() {
            own.push(d.below(loops));
        }
        let order = d.order(own.len());
        *own = order.into_iter().map(|i| own[i]).collect();
    }
    let inputs: Vec<(Buffer, Access)> = letters
        .iter()
        .map(|own| {
            let access = Access::dims(own);
            (w.array(scalar, &access.extents(&extents)), access)
        })
        .collect();
    let output = if d.chance(70) { (0..parallel).collect() } else { d.order(parallel) };
    let contraction = Contraction {
        extents,
        parallel,
        inputs,
        output: Access::dims(&output),
        scalar,
        start: Start::Number(0.0),
        combine: &|w, acc, e| {
            let mut e = e.to_vec();
            e[0] = before.apply(w, e[0]);
            multiply_add(fused)(w, acc, &e)
        },
        finish,
    };
    finish_with(w, s, &contraction);
}
