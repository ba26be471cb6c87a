//! Variants of a kernel: its source texts and pass pipelines.
//!
//! Pipelines are those of upstream MLIR 22, as text; running them needs LLVM and is left to the caller. The list of a
//! kernel is longer than the number of variants wanted: a pass that changes nothing gives a duplicate, which is
//! dropped, and the next is tried.

use super::kernels::{Draw, Form, Kernel};

/// A source text of a kernel and the passes to try on it.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Form and schedule, such as `affine-s0`; followed by the pass's name in the variant's name.
    pub name: String,
    /// The text before passes.
    pub text: String,
    /// Passes in the order in which they are tried.
    pub passes: Vec<Pass>,
    /// Maximum number of results that are kept.
    pub wanted: usize,
}

/// A named pass pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// Short name, such as `unroll4`.
    pub name: String,
    /// Pipeline on the module.
    pub pipeline: String,
}

fn on_functions(name: impl Into<String>, passes: impl AsRef<str>) -> Pass {
    Pass { name: name.into(), pipeline: format!("builtin.module(func.func({}))", passes.as_ref()) }
}

/// Bufferisation, with results as out-parameters.
const BUFFERIZE: &str = bufferize!();

fn unroll(factor: i32) -> String {
    format!("affine-loop-unroll{{unroll-factor={factor}}}")
}

fn jam(factor: i32) -> String {
    format!("affine-loop-unroll-jam{{unroll-jam-factor={factor}}}")
}

fn tile(size: i32) -> String {
    format!("affine-loop-tile{{tile-size={size}}}")
}

fn vectorize(width: i32) -> String {
    format!("affine-super-vectorize{{virtual-vector-size={width} vectorize-reductions=true}}")
}

/// Loop passes for functions in affine form, named.
fn affine_passes(d: &mut Draw) -> Vec<(String, String)> {
    let copies = d.pick(&[2, 4, 8]);
    let jammed = d.pick(&[2, 3, 4, 8]);
    let size = d.pick(&[4, 8, 16, 32, 64]);
    let width = d.pick(&[4, 8, 16]);
    let (outer, inner) = (d.pick(&[4, 8, 16, 32]), d.pick(&[8, 16, 32, 64]));
    let vectors = vectorize(width);
    let tiles = format!("affine-loop-tile{{tile-sizes={outer},{inner}}}");
    vec![
        (format!("unroll{copies}"), unroll(copies)),
        (format!("unroll{}", copies * 2), unroll(copies * 2)),
        (format!("jam{jammed}"), jam(jammed)),
        (format!("jam{jammed}"), jam(jammed)),
        (format!("tile{size}"), tile(size)),
        (format!("tile{outer}x{inner}"), tiles.clone()),
        ("fuse".into(), "affine-loop-fusion".into()),
        (format!("vectorize{width}"), vectors.clone()),
        (format!("vectorize{width}"), vectors.clone()),
        ("scalrep".into(), "affine-scalrep,canonicalize,cse".into()),
        ("licm".into(), "affine-loop-invariant-code-motion".into()),
        (format!("jam{jammed}-scalrep"), format!("{},affine-scalrep,cse", jam(jammed))),
        (format!("unroll{copies}-scalrep"), format!("{},affine-scalrep,canonicalize,cse", unroll(copies))),
        (format!("vectorize{width}-unroll{copies}"), format!("{vectors},{}", unroll(copies))),
        (format!("tile{outer}x{inner}-vectorize{width}"), format!("{tiles},{vectors}")),
        (format!("tile{outer}x{inner}-unroll{copies}"), format!("{tiles},{}", unroll(copies))),
        (format!("fuse-unroll{copies}"), format!("affine-loop-fusion,{}", unroll(copies))),
        (format!("vectorize{width}-jam{jammed}"), format!("{vectors},{}", jam(jammed))),
        ("normalise".into(), "affine-loop-normalize,affine-simplify-structures".into()),
        ("to-scf".into(), "lower-affine,canonicalize,cse".into()),
        ("to-cf".into(), "lower-affine,convert-scf-to-cf,canonicalize".into()),
    ]
}

/// The transformations of affine loops that a compiler decides on, each alone and in the usual pairs. A model learns to tell the
/// results for one kernel apart. Upstream's passes do not check every dependence, so a result may compute something else.
#[must_use]
pub fn decisions() -> Vec<Pass> {
    let clean = "affine-scalrep,canonicalize,cse";
    let mut all: Vec<(String, String)> = Vec::new();
    all.extend([2, 4, 8, 16].map(|factor| (format!("unroll{factor}"), unroll(factor))));
    all.extend([2, 4].map(|factor| (format!("jam{factor}"), jam(factor))));
    all.extend([8, 32].map(|size| (format!("tile{size}"), tile(size))));
    all.extend([4, 8, 16].map(|width| (format!("vectorize{width}"), vectorize(width))));
    all.extend([4, 8].map(|factor| (format!("unroll{factor}-scalrep"), format!("{},{clean}", unroll(factor)))));
    all.push(("jam4-scalrep".into(), format!("{},{clean}", jam(4))));
    all.push(("tile8-unroll8".into(), format!("{},{}", tile(8), unroll(8))));
    all.push(("tile16-unroll4-scalrep".into(), format!("{},{},{clean}", tile(16), unroll(4))));
    all.push(("vectorize8-unroll2".into(), format!("{},{}", vectorize(8), unroll(2))));
    all.push(("vectorize8-unroll4-scalrep".into(), format!("{},{},{clean}", vectorize(8), unroll(4))));
    all.push(("vectorize8-jam2".into(), format!("{},{}", vectorize(8), jam(2))));
    all.into_iter().map(|(name, passes)| on_functions(name, passes)).collect()
}

/// Passes for a form, in random order.
pub fn passes(form: Form, d: &mut Draw) -> Vec<Pass> {
    let all: Vec<Pass> = match form {
        Form::Affine => affine_passes(d).into_iter().map(|(name, passes)| on_functions(name, passes)).collect(),
        Form::Scf => [
            ("licm", "loop-invariant-code-motion"),
            ("clean", "canonicalize,cse"),
            ("licm-clean", "loop-invariant-code-motion,canonicalize,cse,sccp"),
            ("peel", "scf-for-loop-peeling,canonicalize"),
            ("range-fold", "scf-for-loop-range-folding,cse"),
            ("while", "scf-for-to-while"),
            ("to-cf", "convert-scf-to-cf,canonicalize"),
        ]
        .into_iter()
        .map(|(name, passes)| on_functions(name, passes))
        .collect(),
        Form::Linalg | Form::Memory => linalg_passes(d),
    };
    let order = d.order(all.len());
    order.into_iter().map(|i| all[i].clone()).collect()
}

/// Passes for linalg on tensors: on the graph, or bufferised and lowered to loops, then loop passes.
fn linalg_passes(d: &mut Draw) -> Vec<Pass> {
    let fuse = "linalg-generalize-named-ops,linalg-fuse-elementwise-ops,canonicalize,cse";
    let mut all = vec![
        on_functions("generalise", "linalg-generalize-named-ops,canonicalize"),
        on_functions("fuse", fuse),
        on_functions("fold-unit", "linalg-fold-unit-extent-dims,canonicalize,cse"),
    ];
    let lowered = |name: &str, before: &str, after: &str| Pass {
        name: name.into(),
        pipeline: format!(
            "builtin.module(func.func(linalg-generalize-named-ops{before}),{BUFFERIZE},func.func({after}))"
        ),
    };
    let fused = ",linalg-fuse-elementwise-ops,canonicalize,cse";
    all.extend([
        lowered("buffers", "", "canonicalize,cse"),
        lowered("to-affine", "", "convert-linalg-to-affine-loops,canonicalize"),
        lowered("fuse-to-affine", fused, "convert-linalg-to-affine-loops,canonicalize"),
        lowered("to-scf", "", "convert-linalg-to-loops,canonicalize"),
        lowered("fuse-to-scf", fused, "convert-linalg-to-loops,canonicalize,cse"),
        lowered("to-affine-scalrep", "", "convert-linalg-to-affine-loops,affine-scalrep,canonicalize,cse"),
    ]);
    let loops = affine_passes(d);
    for index in d.order(loops.len()).into_iter().take(6) {
        let (name, passes) = &loops[index];
        let before = if d.chance(50) { fused } else { "" };
        let name = format!("{}to-affine-{name}", if before.is_empty() { "" } else { "fuse-" });
        all.push(lowered(&name, before, &format!("convert-linalg-to-affine-loops,affine-scalrep,{passes}")));
    }
    all
}

/// The candidates of a kernel, for about `rows` rows.
pub fn candidates(kernel: &Kernel, rows: usize) -> Vec<Candidate> {
    let mut d = kernel.choices();
    let lottery = d.below(100);
    let primary = match kernel.forms {
        [only] => *only,
        [_, _, _] if lottery < 40 => Form::Linalg,
        [_, _, _] if lottery < 75 => Form::Affine,
        [first, _] if lottery < 65 => *first,
        [_, second] => *second,
        _ => Form::Scf,
    };
    let mut sources = vec![(primary, 0)];
    let others: Vec<Form> = kernel.forms.iter().copied().filter(|form| *form != primary).collect();
    if d.chance(30) && !others.is_empty() {
        sources.push((d.pick(&others), 0));
    }
    if d.chance(45) {
        let form = if primary == Form::Linalg && kernel.forms.contains(&Form::Affine) { Form::Affine } else { primary };
        sources.push((form, 1));
        if d.chance(40) {
            sources.push((form, 2));
        }
    }
    let wanted = rows.saturating_sub(sources.len()).max(1) + usize::from(d.chance(40));
    let own = |d: &mut Draw| -> Vec<Pass> {
        let pass = |i: usize| Pass { name: kernel.passes[i].0.into(), pipeline: kernel.passes[i].1.into() };
        d.order(kernel.passes.len()).into_iter().map(pass).collect()
    };
    sources
        .into_iter()
        .enumerate()
        .map(|(index, (form, schedule))| Candidate {
            name: format!("{}-s{schedule}", form_name(form)),
            text: kernel.source(form, schedule),
            // Passes run on the first source, and sometimes on a second affine one.
            passes: if index == 0 || form == Form::Affine {
                own(&mut d).into_iter().chain(passes(form, &mut d)).collect()
            } else {
                Vec::new()
            },
            wanted: if index == 0 { wanted } else { usize::from(d.chance(40)) },
        })
        .collect()
}

/// A form's name in a variant.
pub fn form_name(form: Form) -> &'static str {
    match form {
        Form::Affine => "affine",
        Form::Scf => "scf",
        Form::Linalg => "linalg",
        Form::Memory => "linalg-memref",
    }
}
