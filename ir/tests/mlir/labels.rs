//! Labels compared with the output of LLVM's own tools, and with facts known of the programs.

use std::io::Write;
use std::process::{Command, Stdio};

use ir::labels::{Batch, Job, Labels, Outcome, Phase, Settings, Target};
use ir::mlir::codegen::{Labeller, checks, lowering};

/// Labels of the one function of a text on one target.
fn label(labeller: &mut Labeller, text: &str, target: Target) -> Labels {
    let jobs = vec![Job { id: 7, text: text.into() }];
    let reply = labeller.label(&Batch { jobs, targets: vec![target], settings: Settings::default() });
    match &reply.replies[0].functions.first().expect("a function is labelled").targets[0].outcome {
        Outcome::Labels(labels) => (**labels).clone(),
        Outcome::Failure(failure) => panic!("{failure}"),
    }
}

/// Runs a tool on a text: standard output and standard error.
pub(super) fn tool(program: &str, arguments: &[&str], input: &str) -> (String, String) {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (out, err) = (text(output.stdout), text(output.stderr));
    assert!(output.status.success(), "{program} {arguments:?}: {err}");
    (out, err)
}

const MATMUL: &str = "func.func @matmul(%a: memref<64x64xf32> {llvm.noalias}, %b: memref<64x64xf32> {llvm.noalias}, %c: memref<64x64xf32> {llvm.noalias}) {
  affine.for %i = 0 to 64 {
    affine.for %j = 0 to 64 {
      affine.for %k = 0 to 64 {
        %x = affine.load %a[%i, %k] : memref<64x64xf32>
        %y = affine.load %b[%k, %j] : memref<64x64xf32>
        %z = affine.load %c[%i, %j] : memref<64x64xf32>
        %p = arith.mulf %x, %y : f32
        %s = arith.addf %z, %p : f32
        affine.store %s, %c[%i, %j] : memref<64x64xf32>
      }
    }
  }
  return
}";

const SOFTMAX: &str = "func.func @softmax(%x: memref<64x64xf32> {llvm.noalias}, %y: memref<64x64xf32> {llvm.noalias}) {
  %low = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0.0 : f32
  affine.for %i = 0 to 64 {
    %m = affine.for %j = 0 to 64 iter_args(%a = %low) -> f32 {
      %v = affine.load %x[%i, %j] : memref<64x64xf32>
      %n = arith.maximumf %a, %v : f32
      affine.yield %n : f32
    }
    %s = affine.for %j = 0 to 64 iter_args(%a = %zero) -> f32 {
      %v = affine.load %x[%i, %j] : memref<64x64xf32>
      %d = arith.subf %v, %m : f32
      %e = math.exp %d : f32
      affine.store %e, %y[%i, %j] : memref<64x64xf32>
      %n = arith.addf %a, %e : f32
      affine.yield %n : f32
    }
    affine.for %j = 0 to 64 {
      %e = affine.load %y[%i, %j] : memref<64x64xf32>
      %q = arith.divf %e, %s : f32
      affine.store %q, %y[%i, %j] : memref<64x64xf32>
    }
  }
  return
}";

const STENCIL: &str = "func.func @stencil(%x: memref<66xf32> {llvm.noalias}, %y: memref<66xf32> {llvm.noalias}) {
  %third = arith.constant 0.333 : f32
  affine.for %i = 1 to 65 {
    %l = affine.load %x[%i - 1] : memref<66xf32>
    %c = affine.load %x[%i] : memref<66xf32>
    %r = affine.load %x[%i + 1] : memref<66xf32>
    %a = arith.addf %l, %c : f32
    %b = arith.addf %a, %r : f32
    %s = arith.mulf %b, %third : f32
    affine.store %s, %y[%i] : memref<66xf32>
  }
  return
}";

const REDUCTION: &str = "func.func @reduction(%x: memref<1000xf64> {llvm.noalias}, %y: memref<1xf64> {llvm.noalias}) {
  %zero = arith.constant 0.0 : f64
  %s = affine.for %i = 0 to 1000 iter_args(%a = %zero) -> f64 {
    %v = affine.load %x[%i] : memref<1000xf64>
    %n = arith.addf %a, %v : f64
    affine.yield %n : f64
  }
  affine.store %s, %y[0] : memref<1xf64>
  return
}";

/// A function with 64 loaded values, each read twice, and a call.
fn crowd() -> String {
    let mut text =
        String::from("func.func @crowd(%x: memref<64xf32> {llvm.noalias}, %y: memref<64xf32> {llvm.noalias}) {\n");
    for i in 0..64 {
        text.push_str(&format!("%v{i} = memref.load %x[%c{i}] : memref<64xf32>\n"));
    }
    let constants: String = (0..64).map(|i| format!("%c{i} = arith.constant {i} : index\n")).collect();
    text = text.replacen("{\n", &format!("{{\n{constants}"), 1);
    // Each value is used first in order, then in reverse order.
    for i in 0..63 {
        text.push_str(&format!("%s{i} = arith.mulf %v{i}, %v{} : f32\n", i + 1));
    }
    text.push_str("%e = math.exp %s0 : f32\nmemref.store %e, %y[%c63] : memref<64xf32>\n");
    for i in 0..63 {
        text.push_str(&format!("memref.store %s{i}, %y[%c{}] : memref<64xf32>\n", 62 - i));
    }
    text.push_str("return\n}\n");
    text
}

/// Number of occurrences of each operation in LLVM IR.
fn operations(text: &str) -> Vec<(String, usize)> {
    let mut counts = std::collections::BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with("  ")) {
        let body = line.split_once(" = ").map_or(line, |(_, body)| body).trim_start();
        let words = body.split_whitespace().filter(|word| !["tail", "musttail", "notail"].contains(word));
        *counts.entry(words.take(1).collect()).or_insert(0) += 1;
    }
    counts.into_iter().collect()
}

#[test]
fn the_same_code_as_the_tools_make() {
    let mut labeller = Labeller::new().unwrap();
    let settings = Settings::default();
    let crowd = crowd();
    for text in [MATMUL, SOFTMAX, STENCIL, REDUCTION, &crowd] {
        let pipeline = format!("--pass-pipeline={}", lowering::pipelines()[0]);
        let (lowered, _) = tool("mlir-opt-22", &[&pipeline], text);
        let (translated, _) = tool("mlir-translate-22", &["--mlir-to-llvmir"], &lowered);
        for target in Target::ALL {
            let (triple, cpu) = (format!("-mtriple={}", target.triple()), format!("-mcpu={target}"));
            let passes = ["-passes=default<O3>", "-disable-loop-unrolling", "-S", &triple, &cpu];
            let (by_tools, _) = tool("opt-22", &passes, &translated);
            let ours = labeller.optimised(text, target, &settings).unwrap();
            assert_eq!(operations(&by_tools), operations(&ours), "{target}\n{by_tools}\n{ours}");
            // The code generator's remarks about the same code.
            let remarks = ["-pass-remarks-missed=regalloc", "-pass-remarks-analysis=asm-printer|prologepilog"];
            let arguments = [&triple, &cpu, "-relocation-model=pic", remarks[0], remarks[1]];
            let (_, remarks) = tool("llc-22", &arguments, &ours);
            let labels = label(&mut labeller, text, target);
            let remarked = Remarks::read(&remarks);
            assert_eq!(labels.instructions_static, remarked.instructions, "{target}");
            assert_eq!(u64::from(labels.spills), remarked.spills, "spills, {target}\n{remarks}");
            assert_eq!(u64::from(labels.reloads), remarked.reloads, "reloads, {target}\n{remarks}");
        }
    }
}

/// Sums of the code generator's remarks about a function.
#[derive(Default)]
struct Remarks {
    instructions: u64,
    spills: u64,
    reloads: u64,
}

impl Remarks {
    fn read(text: &str) -> Self {
        let mut sums = Self::default();
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let before = |what: &str| -> u64 {
                let at = |&at: &usize| words[at] == what && at > 0 && words[at - 1].parse::<u64>().is_ok();
                (0..words.len()).find(at).map_or(0, |at| words[at - 1].parse().unwrap())
            };
            if line.ends_with("instructions in function") {
                sums.instructions += before("instructions");
            } else if line.ends_with("generated in function") {
                let folded = |what: &str| {
                    line.match_indices(&format!(" folded {what}"))
                        .map(|(at, _)| {
                            line[..at].rsplit(' ').next().and_then(|count| count.parse::<u64>().ok()).unwrap_or(0)
                        })
                        .sum::<u64>()
                };
                sums.spills += before("spills") + folded("spills");
                sums.reloads += before("reloads") + folded("reloads");
            }
        }
        sums
    }
}

/// Cycles of a nest whose loops all have 64 iterations, by the tools: each block is simulated in a process of its own,
/// and its executions are 64 to the power of the loop depth that the assembly printer notes.
#[test]
fn cycles_are_those_of_blocks_times_executions() {
    let mut labeller = Labeller::new().unwrap();
    for target in [Target::SkylakeAvx512, Target::Znver4, Target::NeoverseV1] {
        let ours = labeller.optimised(MATMUL, target, &Settings::default()).unwrap();
        let (triple, cpu) = (format!("-mtriple={}", target.triple()), format!("-mcpu={target}"));
        let (assembly, _) = tool("llc-22", &[&triple, &cpu, "-relocation-model=pic"], &ours);
        let mut cycles = 0.0;
        for block in assembly.split("\n.LBB0_").flat_map(|part| part.split("%bb.")).skip(1) {
            let depth = block
                .lines()
                .find_map(|line| line.rsplit_once("Depth="))
                .filter(|_| block.contains("Loop"))
                .map_or(0, |_| {
                    // The line about the block itself has its own depth; lines before it are about outer loops.
                    let own = block.lines().find(|line| line.contains("in Loop: Header") || line.contains("=>"));
                    own.map_or(0, |line| line.rsplit_once("Depth=").unwrap().1.trim().parse::<i32>().unwrap())
                });
            let body: String = block
                .lines()
                .skip(1)
                .take_while(|line| !line.starts_with(".Lfunc_end"))
                .filter(|line| line.starts_with('\t') && !line.starts_with("\t."))
                .map(|line| format!("{line}\n"))
                .collect();
            if body.is_empty() {
                continue;
            }
            let (answer, _) = tool("llvm-mca-22", &[&triple, &cpu, "-iterations=100"], &body);
            let total = answer.lines().find_map(|line| line.strip_prefix("Total Cycles:")).unwrap();
            cycles += total.trim().parse::<f64>().unwrap() / 100.0 * 64_f64.powi(depth);
        }
        let labels = label(&mut labeller, MATMUL, target);
        assert!(
            (labels.cycles - cycles).abs() <= 1e-9 * cycles,
            "{target}: {} against {cycles}\n{assembly}",
            labels.cycles
        );
    }
}

#[test]
fn labels_pass_their_checks() {
    for check in checks::run().unwrap() {
        assert!(check.passed, "{}: {}", check.name, check.detail);
    }
}

#[test]
fn pressure_is_what_allocation_needs() {
    let mut labeller = Labeller::new().unwrap();
    for (text, target, vectors) in
        [(MATMUL, Target::SkylakeAvx512, 2), (MATMUL, Target::NeoverseV1, 3), (REDUCTION, Target::Znver4, 1)]
    {
        let labels = label(&mut labeller, text, target);
        assert_eq!((labels.spills, labels.spill_bytes), (0, 0));
        assert_eq!(labels.pressure.vector, vectors);
        assert_eq!(labels.registers_used.vector, vectors);
    }
    // x86 has no callee-saved vector registers: values that are live across the call are spilled.
    let labels = label(&mut labeller, &crowd(), Target::SkylakeAvx512);
    assert!(labels.live_across_call.vector > 0 && labels.spills > 0 && labels.spill_bytes > 0);
    assert_eq!(labels.calls, 1);
}

/// What a new record or a new instruction set can get wrong without an error: LLVM replaces an unknown processor by a
/// generic one, and a call, register or class that the back end's module does not know is not counted.
#[test]
fn every_record_matches_llvm() {
    let mut labeller = Labeller::new().unwrap();
    for target in Target::ALL {
        let (triple, cpu) = (format!("-mtriple={}", target.triple()), format!("-mcpu={target}"));
        let (_, warnings) = tool("llvm-mca-22", &[&triple, &cpu], "nop\n");
        assert!(!warnings.contains("not a recognized processor"), "{warnings}");
        let labels = label(&mut labeller, &crowd(), target);
        assert_eq!(labels.calls, 1, "{target}");
        assert!(labels.registers_used.general > 0, "{target}");
        // The values are scalars: in scalar registers if the target has them, else in vector registers.
        let (pressure, used) = (labels.pressure, labels.registers_used);
        assert!(pressure.float.unwrap_or(pressure.vector) > 0, "{target}: {pressure:?}");
        assert!((1..=32).contains(&used.float.unwrap_or(used.vector)), "{target}: {used:?}");
    }
}

#[test]
fn any_dialect_is_lowered() {
    let mut labeller = Labeller::new().unwrap();
    let tosa = "func.func @f(%a: tensor<8x16xf32>, %b: tensor<8x16xf32>) -> tensor<8x16xf32> {
  %0 = tosa.add %a, %b : (tensor<8x16xf32>, tensor<8x16xf32>) -> tensor<8x16xf32>
  return %0 : tensor<8x16xf32>
}";
    let vector = "func.func @f(%a: memref<64xf32>, %b: memref<64xf32>) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : f32
  affine.for %i = 0 to 64 step 16 {
    %v = vector.transfer_read %a[%i], %pad {in_bounds = [true]} : memref<64xf32>, vector<16xf32>
    %w = math.exp %v : vector<16xf32>
    vector.transfer_write %w, %b[%i] {in_bounds = [true]} : vector<16xf32>, memref<64xf32>
  }
  return
}";
    let elementwise = "func.func @f(%a: tensor<32xf32>, %b: tensor<32xf32>) -> tensor<32xf32> {
  %0 = arith.addf %a, %b : tensor<32xf32>
  return %0 : tensor<32xf32>
}";
    let branches = "func.func @f(%a: memref<32xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c32 = arith.constant 32 : index
  %x = arith.constant 1.5 : f32
  cf.br ^loop(%c0 : index)
^loop(%i: index):
  memref.store %x, %a[%i] : memref<32xf32>
  %n = arith.addi %i, %c1 : index
  %go = arith.cmpi slt, %n, %c32 : index
  cf.cond_br %go, ^loop(%n : index), ^end
^end:
  return
}";
    for text in [tosa, vector, elementwise, branches] {
        for target in Target::ALL {
            let labels = label(&mut labeller, text, target);
            assert!(labels.cycles > 0.0 && labels.frequencies.exact, "{target}: {labels:?}\n{text}");
        }
    }
}

#[test]
fn failures_name_phase_and_reason() {
    let mut labeller = Labeller::new().unwrap();
    let settings = Settings { text_limit_bytes: 2000, instruction_limit: 20, ..Settings::default() };
    let good = "func.func @f(%a: f32) -> f32 {\n  return %a : f32\n}";
    let texts = [
        "func.func @f(",
        "func.func private @f()",
        "func.func @f(%a: memref<?xf32>, %i: index) -> f32 {\n  %0 = memref.load %a[%i] : memref<?xf32>\n  return %0 : f32\n}",
        &" ".repeat(2001),
        MATMUL,
        good,
    ];
    let jobs = texts.iter().zip(0..).map(|(text, id)| Job { id, text: (*text).into() }).collect();
    let reply = labeller.label(&Batch { jobs, targets: vec![Target::Znver4], settings });
    let phases: Vec<_> =
        reply.replies.iter().map(|reply| reply.failure.as_ref().map(|failure| failure.phase)).collect();
    let expected = [Phase::Parse, Phase::Parse, Phase::Translate, Phase::Size, Phase::Size].map(Some);
    assert_eq!(phases[..5], expected);
    assert_eq!(phases[5], None, "a failed job does not affect others");
    assert!(reply.replies[2].failure.as_ref().unwrap().reason.contains("unrealized_conversion_cast"));
    assert!(reply.replies[0].failure.as_ref().unwrap().reason.starts_with("1:13: "));
}

#[test]
fn a_worker_answers_lines() {
    let batch = Batch {
        jobs: vec![Job { id: 42, text: REDUCTION.into() }],
        targets: vec![Target::Znver4],
        settings: Settings::default(),
    };
    let line = serde_json::to_string(&batch).unwrap();
    let mut answer = Vec::new();
    ir::mlir::worker::serve(format!("{line}\n\n{line}\n").as_bytes(), &mut answer).unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let replies: Vec<ir::labels::BatchReply> = answer.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(replies.len(), 2);
    assert_eq!(replies[0], replies[1]);
    assert_eq!(replies[0].replies[0].id, 42);
    assert_eq!(replies[0].toolchain, None);
    let empty = serde_json::to_string(&Batch { jobs: Vec::new(), ..batch }).unwrap();
    let mut answer = Vec::new();
    ir::mlir::worker::serve(format!("{empty}\n").as_bytes(), &mut answer).unwrap();
    let reply: ir::labels::BatchReply = serde_json::from_slice(&answer).unwrap();
    let version = reply.toolchain.expect("a batch without jobs asks for the tools").llvm_version;
    assert!(version.starts_with(|c: char| c.is_ascii_digit()), "{version}");
    let error = ir::mlir::worker::serve("nonsense\n".as_bytes(), &mut Vec::new()).unwrap_err();
    assert!(error.to_string().starts_with("line 1: "), "{error}");
}
