//! Upstream MLIR through melior: parse, verify, run pass pipelines, print, list the operations.
//!
//! Input is bounded ([`Limits`]), because upstream's parser is recursive and would overflow its stack on deep nesting.
//! Diagnostics are collected with line and column instead of being printed.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use melior::Context;
use melior::diagnostic::{Diagnostic as RawDiagnostic, DiagnosticSeverity};
use melior::dialect::DialectRegistry;
use melior::ir::block::BlockLike;
use melior::ir::operation::{OperationLike, OperationPrintingFlags, OperationRef};
use melior::ir::{BlockRef, Module, RegionLike, RegionRef, Value, ValueLike};
use melior::pass::PassManager;
use melior::utility;
use serde::Serialize;

/// Severity of a diagnostic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The text or the pass failed.
    Error,
    /// Valid but suspicious.
    Warning,
    /// Information from a pass.
    Remark,
    /// Belongs to another diagnostic.
    Note,
}

/// A message of upstream's parser, verifier or passes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Severity.
    pub severity: Severity,
    /// Upstream's message; each note follows on a line of its own.
    pub message: String,
    /// Line and column, both from 1, if the message has a location in the text.
    pub place: Option<(usize, usize)>,
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some((line, column)) = self.place {
            write!(f, "{line}:{column}: ")?;
        }
        f.write_str(&self.message)
    }
}

/// Bounds of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of a text.
    pub bytes: usize,
    /// Deepest nesting of brackets of any kind.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 64 << 20, depth: 256 }
    }
}

/// How text is parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ParseOptions {
    /// Whether operations of unregistered dialects are accepted, in generic form.
    pub allow_unregistered: bool,
    /// Bounds of the input.
    pub limits: Limits,
}

/// A textual form of MLIR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Each operation's own syntax.
    Custom,
    /// `"dialect.op"(...)`, the same syntax for all.
    Generic,
}

/// One operation of a preorder walk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct WalkedOperation {
    /// Number of enclosing operations; 0 for the module.
    pub depth: usize,
    /// Full name, such as `arith.addf`.
    pub name: String,
    /// Number of each operand. Values are numbered from 0 in the order of the walk, an operation's results before the
    /// arguments of its regions' blocks. `None` for a value that is not defined.
    pub operands: Vec<Option<usize>>,
    /// Type of each operand, as upstream prints it.
    pub operand_types: Vec<String>,
    /// Type of each result.
    pub result_types: Vec<String>,
    /// Names of all its attributes, sorted.
    pub attributes: Vec<String>,
    /// Number of each successor block. Blocks are numbered from 0 in the order of the walk.
    pub successors: Vec<Option<usize>>,
    /// Per region, per block, the types of the block's arguments.
    pub regions: Vec<Vec<Vec<String>>>,
}

/// Upstream's context with all dialects and passes registered. One context serves many texts.
pub struct Bridge {
    context: Context,
    diagnostics: Rc<RefCell<Vec<Diagnostic>>>,
}

impl Default for Bridge {
    fn default() -> Self {
        Self::new()
    }
}

impl Bridge {
    /// A context without threads of its own.
    #[must_use]
    pub fn new() -> Self {
        utility::register_all_passes();
        let registry = DialectRegistry::new();
        utility::register_all_dialects(&registry);
        let context = Context::new_with_registry(&registry, false);
        utility::register_all_llvm_translations(&context);
        let diagnostics = Rc::new(RefCell::new(Vec::new()));
        let sink = Rc::clone(&diagnostics);
        context.attach_diagnostic_handler(move |raw| {
            sink.borrow_mut().push(read_diagnostic(&raw));
            true
        });
        Self { context, diagnostics }
    }

    /// Parses and verifies; the module lives as long as the bridge.
    ///
    /// # Errors
    /// The input exceeds the limits, or upstream's diagnostics.
    pub fn parse(&self, text: &str, options: ParseOptions) -> Result<Module<'_>, Vec<Diagnostic>> {
        check(text, options.limits).map_err(|error| vec![error])?;
        self.diagnostics.borrow_mut().clear();
        self.context.set_allow_unregistered_dialects(options.allow_unregistered);
        Module::parse(&self.context, text).ok_or_else(|| self.take_errors("the text is not valid MLIR"))
    }

    /// Runs a textual pass pipeline, such as `builtin.module(canonicalize,cse)`, on a module.
    ///
    /// # Errors
    /// The pipeline does not parse, or a pass fails: upstream's diagnostics.
    pub fn run_passes(&self, module: &mut Module<'_>, pipeline: &str) -> Result<(), Vec<Diagnostic>> {
        self.diagnostics.borrow_mut().clear();
        let manager = PassManager::new(&self.context);
        utility::parse_pass_pipeline(manager.as_operation_pass_manager(), pipeline).map_err(|error| {
            let mut all = self.diagnostics.take();
            all.push(Diagnostic { severity: Severity::Error, message: error.to_string(), place: None });
            all
        })?;
        manager.run(module).map_err(|_| self.take_errors("a pass failed"))?;
        self.diagnostics.borrow_mut().clear();
        Ok(())
    }

    /// Parses, runs a textual pipeline, prints in custom form.
    ///
    /// # Errors
    /// As [`parse`](Self::parse) and [`run_passes`](Self::run_passes).
    pub fn run_pipeline(&self, text: &str, pipeline: &str) -> Result<String, Vec<Diagnostic>> {
        let mut module = self.parse(text, ParseOptions::default())?;
        self.run_passes(&mut module, pipeline)?;
        print(&module, Form::Custom)
    }

    /// Parses and lists every operation in preorder, the module first.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_and_walk(&self, text: &str, options: ParseOptions) -> Result<Vec<WalkedOperation>, Vec<Diagnostic>> {
        let module = self.parse(text, options)?;
        Ok(walk(&module))
    }

    /// Parses and prints.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn reprint(&self, text: &str, form: Form, options: ParseOptions) -> Result<String, Vec<Diagnostic>> {
        print(&self.parse(text, options)?, form)
    }

    pub(super) fn context(&self) -> &Context {
        &self.context
    }

    /// Takes the diagnostics since the last parse or run of passes.
    #[must_use]
    pub fn take_diagnostics(&self) -> Vec<Diagnostic> {
        self.diagnostics.take()
    }

    /// Takes the diagnostics; adds an error with the message `otherwise` if there is none among them.
    fn take_errors(&self, otherwise: &str) -> Vec<Diagnostic> {
        let mut all = self.diagnostics.take();
        if !all.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
            all.push(Diagnostic { severity: Severity::Error, message: otherwise.into(), place: None });
        }
        all
    }
}

/// Prints a module.
///
/// # Errors
/// Upstream's text is not UTF-8.
pub fn print(module: &Module<'_>, form: Form) -> Result<String, Vec<Diagnostic>> {
    let flags = OperationPrintingFlags::new();
    let flags = match form {
        Form::Custom => flags,
        Form::Generic => flags.print_generic_operation_form(),
    };
    module
        .as_operation()
        .to_string_with_flags(flags)
        .map_err(|error| vec![Diagnostic { severity: Severity::Error, message: error.to_string(), place: None }])
}

/// Every operation of a module in preorder, the module first.
#[must_use]
pub fn walk(module: &Module<'_>) -> Vec<WalkedOperation> {
    let mut order = Vec::new();
    let mut numbers = Numbers::default();
    let mut pending = vec![(0, module.as_operation())];
    while let Some((depth, operation)) = pending.pop() {
        let children = numbers.define(operation);
        order.push((depth, operation));
        pending.extend(children.into_iter().rev().map(|child| (depth + 1, child)));
    }
    order.into_iter().map(|(depth, operation)| numbers.describe(depth, operation)).collect()
}

/// Numbers of values and blocks, by address. The order of addresses does not affect the result.
#[derive(Default)]
struct Numbers {
    values: BTreeMap<usize, usize>,
    blocks: BTreeMap<usize, usize>,
}

impl Numbers {
    /// Numbers the values and blocks that an operation defines; returns its direct children in order.
    fn define<'c, 'a>(&mut self, operation: OperationRef<'c, 'a>) -> Vec<OperationRef<'c, 'a>> {
        let mut children = Vec::new();
        for result in operation.results() {
            self.value(result.to_raw().ptr as usize);
        }
        for region in operation.regions() {
            for block in blocks(region) {
                let next = self.blocks.len();
                self.blocks.insert(block.to_raw().ptr as usize, next);
                for argument in (0..block.argument_count()).filter_map(|index| block.argument(index).ok()) {
                    self.value(argument.to_raw().ptr as usize);
                }
                let mut next = block.first_operation();
                while let Some(child) = next {
                    children.push(child);
                    next = child.next_in_block();
                }
            }
        }
        children
    }

    fn value(&mut self, address: usize) {
        let next = self.values.len();
        self.values.insert(address, next);
    }

    fn describe<'c, 'a>(&self, depth: usize, operation: OperationRef<'c, 'a>) -> WalkedOperation {
        let arguments = |block: BlockRef<'c, 'a>| {
            (0..block.argument_count())
                .map(|index| block.argument(index).map_or_else(|_| String::new(), |value| value.r#type().to_string()))
                .collect()
        };
        let mut attributes: Vec<String> =
            operation.attributes().map(|(name, _)| name.as_string_ref().as_str().unwrap_or("").to_owned()).collect();
        attributes.sort();
        let number = |value: Value<'c, 'a>| self.values.get(&(value.to_raw().ptr as usize)).copied();
        WalkedOperation {
            depth,
            name: operation.name().as_string_ref().as_str().unwrap_or("").to_owned(),
            operands: operation.operands().map(number).collect(),
            operand_types: operation.operands().map(|value| value.r#type().to_string()).collect(),
            result_types: operation.results().map(|value| value.r#type().to_string()).collect(),
            attributes,
            successors: operation
                .successors()
                .map(|block| self.blocks.get(&(block.to_raw().ptr as usize)).copied())
                .collect(),
            regions: operation.regions().map(|region| blocks(region).map(arguments).collect()).collect(),
        }
    }
}

/// The operations directly inside an operation, in order.
pub(super) fn children<'c, 'a>(operation: OperationRef<'c, 'a>) -> Vec<OperationRef<'c, 'a>> {
    let operations =
        |block: BlockRef<'c, 'a>| std::iter::successors(block.first_operation(), |child| child.next_in_block());
    operation.regions().flat_map(blocks).flat_map(operations).collect()
}

fn blocks<'c, 'a>(region: RegionRef<'c, 'a>) -> impl Iterator<Item = BlockRef<'c, 'a>> {
    std::iter::successors(region.first_block(), |block| block.next_in_region())
}

fn read_diagnostic(raw: &RawDiagnostic<'_>) -> Diagnostic {
    let mut message = raw.to_string();
    for index in 0..raw.note_count() {
        if let Ok(note) = raw.note(index) {
            message.push_str("\nnote: ");
            message.push_str(&note.to_string());
        }
    }
    let location = raw.location();
    let place = location
        .is_file_line_col_range()
        .then(|| (location.file_line_col_range_start_line(), location.file_line_col_range_start_column()));
    let severity = match raw.severity() {
        DiagnosticSeverity::Error => Severity::Error,
        DiagnosticSeverity::Warning => Severity::Warning,
        DiagnosticSeverity::Remark => Severity::Remark,
        DiagnosticSeverity::Note => Severity::Note,
    };
    Diagnostic { severity, message, place }
}

/// Rejects texts that would overflow the stack of upstream's parser, and NUL, which ends its C strings.
fn check(text: &str, limits: Limits) -> Result<(), Diagnostic> {
    let error = |message: String, place| Err(Diagnostic { severity: Severity::Error, message, place });
    if text.len() > limits.bytes {
        return error(format!("the text has {} bytes, at most {} are read", text.len(), limits.bytes), None);
    }
    let (mut line, mut start) = (1, 0);
    let (mut depth, mut angles) = (0_usize, 0_usize);
    let (mut in_string, mut in_comment, mut escaped) = (false, false, false);
    let bytes = text.as_bytes();
    for (index, &byte) in bytes.iter().enumerate() {
        let place = Some((line, index - start + 1));
        let previous = index.checked_sub(1).map_or(0, |before| bytes[before]);
        match byte {
            0 => return error("the text contains a NUL byte".into(), place),
            b'\n' => {
                (line, start) = (line + 1, index + 1);
                (in_comment, in_string, escaped) = (false, false, false);
            }
            _ if escaped => escaped = false,
            _ if in_comment => {}
            b'"' if !in_string => in_string = true,
            b'"' => in_string = false,
            b'\\' if in_string => escaped = true,
            _ if in_string => {}
            b'/' if previous == b'/' => in_comment = true,
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b'<' => angles += 1,
            b'>' if previous != b'-' => angles = angles.saturating_sub(1),
            _ => {}
        }
        if depth > limits.depth || angles > limits.depth {
            return error(format!("brackets are nested more than {} deep", limits.depth), place);
        }
    }
    Ok(())
}
