//! Why a quantity of a function is not known: typed reasons with their places in the text.

use std::collections::BTreeMap;
use std::fmt;

use ir::analysis::{self, Analysis, Cause, Open, OpenCounts};
use ir::span::Span;
use ir::tree::{NoBody, OpId, Tree};
use names::named;

use crate::kernels::Unmapped;
use crate::quantity::{Quantity, TargetKind};

named! {
    /// Why a quantity is not known.
    pub enum ReasonKind {
        /// The function is a declaration without a body.
        Declaration = "declaration",
        /// The text of the function could not be read.
        Unread = "unread",
        /// What an operation computes is not known.
        Operation = "operation",
        /// A loop's bounds are known only at run time.
        TripCount = "trip_count",
        /// A loop runs until a condition computed in it.
        While = "while",
        /// Control flows between blocks in a way that is not counted.
        ControlFlow = "control_flow",
        /// An extent is known only at run time.
        Shape = "shape",
        /// A type has no known size.
        Type = "type",
        /// How often an operation executes its region is not known.
        Region = "region",
        /// How much an operation computes depends on its data.
        Data = "data",
        /// A function that is called has no body in the text.
        Callee = "callee",
        /// Calls are recursive or nest too deep.
        Recursion = "recursion",
        /// The provider that answered does not predict the quantity.
        Provider = "provider",
        /// No loop is found to be parallel, so a GPU has no kernel to run.
        NoKernel = "no_kernel",
        /// An operation on memory stands outside every kernel.
        OutsideKernel = "outside_kernel",
        /// The text has kernels of its own, which the model has not learned from.
        WrittenKernel = "written_kernel",
    }
}

impl ReasonKind {
    fn of(reason: analysis::Reason) -> Self {
        use analysis::Reason;
        match reason {
            Reason::Bounds => Self::TripCount,
            Reason::While => Self::While,
            Reason::Branch | Reason::ControlFlow => Self::ControlFlow,
            Reason::Shape => Self::Shape,
            Reason::Type => Self::Type,
            Reason::Region => Self::Region,
            Reason::Operation => Self::Operation,
            Reason::Data => Self::Data,
            Reason::Callee => Self::Callee,
            Reason::Recursion => Self::Recursion,
        }
    }

    /// Whether it says why a function has no kernels on a GPU.
    #[must_use]
    pub fn is_about_kernels(self) -> bool {
        matches!(self, Self::NoKernel | Self::OutsideKernel | Self::WrittenKernel)
    }

    /// What is not known, for messages.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::Declaration => "declaration without a body",
            Self::Unread => "the function could not be read",
            Self::Operation => analysis::Reason::Operation.message(),
            Self::TripCount => analysis::Reason::Bounds.message(),
            Self::While => analysis::Reason::While.message(),
            Self::ControlFlow => analysis::Reason::ControlFlow.message(),
            Self::Shape => analysis::Reason::Shape.message(),
            Self::Type => analysis::Reason::Type.message(),
            Self::Region => analysis::Reason::Region.message(),
            Self::Data => analysis::Reason::Data.message(),
            Self::Callee => analysis::Reason::Callee.message(),
            Self::Recursion => analysis::Reason::Recursion.message(),
            Self::Provider => "the analytical models do not predict it",
            Self::NoKernel => "no loop is found to be parallel: a kernel needs one that carries no dependence",
            Self::OutsideKernel => {
                "it works on memory outside every parallel loop: a kernel has only what is inside one"
            }
            Self::WrittenKernel => {
                "kernels written with the gpu dialect are not predicted; `hardwire label` compiles them"
            }
        }
    }
}

/// Where the first operation with a reason stands, and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Name of the operation.
    pub operation: String,
    /// Its span in the text.
    pub span: Span,
    /// Line of the text, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// Why quantities of a function are not known. Operations of one name with the same reason and value are one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// What is not known.
    pub kind: ReasonKind,
    /// The first operation; `None` where it is no operation.
    pub place: Option<Place>,
    /// Operations with this reason.
    pub count: usize,
    /// The value that decides it, as written: `%n`, or `%a` for an extent of it.
    pub value: Option<String>,
    /// The assumption that would state it, with `_` for the number: `trip=%n:_`.
    pub assumption: Option<String>,
    /// The quantities that are not known because of it.
    pub quantities: Vec<Quantity>,
}

impl Reason {
    /// Whether a quantity is not known because of it.
    #[must_use]
    pub fn concerns(&self, quantity: Quantity) -> bool {
        self.quantities.contains(&quantity)
    }

    /// For a function without a body.
    fn without_body(kind: ReasonKind, tree: &Tree, source: &str, function: OpId) -> Self {
        let place = Some(place(tree, source, function, tree.operation(function).span));
        let quantities = Quantity::ALL.to_vec();
        Self { kind, place, count: 1, value: None, assumption: None, quantities }
    }

    /// For a function that the mapping to kernels refuses.
    fn unmapped(tree: &Tree, source: &str, function: OpId, why: Unmapped) -> Self {
        let (kind, operation) = match why {
            Unmapped::NoKernel => (ReasonKind::NoKernel, function),
            Unmapped::Outside(operation) => (ReasonKind::OutsideKernel, operation),
            Unmapped::Written(operation) => (ReasonKind::WrittenKernel, operation),
        };
        let place = Some(place(tree, source, operation, tree.operation(operation).span));
        let quantities = Quantity::ALL.into_iter().filter(|q| q.target_kind() == TargetKind::Gpu).collect();
        Self { kind, place, count: 1, value: None, assumption: None, quantities }
    }

    /// For quantities that the provider does not predict.
    #[must_use]
    pub fn provider(quantities: Vec<Quantity>) -> Self {
        Self { kind: ReasonKind::Provider, place: None, count: 1, value: None, assumption: None, quantities }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Place { operation, line, column, .. }) = &self.place {
            write!(f, "line {line}, column {column}: {operation}: ")?;
        }
        f.write_str(self.kind.message())?;
        if let Some(value) = &self.value {
            write!(f, " ({value})")?;
        }
        if self.count > 1 {
            write!(f, ", and {} more", self.count - 1)?;
        }
        if let Some(assumption) = &self.assumption {
            write!(f, "; state it with --assume {assumption}")?;
        }
        Ok(())
    }
}

/// Whether a quantity needs one of the open counts.
fn needs(quantity: Quantity, open: OpenCounts) -> bool {
    match quantity {
        Quantity::VectorRegisterPressure
        | Quantity::GeneralRegisterPressure
        | Quantity::Spills
        | Quantity::Reloads
        | Quantity::GpuVectorRegisters
        | Quantity::GpuScalarRegisters
        | Quantity::GpuSpills
        | Quantity::GpuCodeInstructions => open.opens_registers(),
        Quantity::Instructions
        | Quantity::Cycles
        | Quantity::Ipc
        | Quantity::PortUtilization
        | Quantity::XpuUtilization
        | Quantity::XpuLatencyCycles
        | Quantity::GpuWavesPerSimd
        | Quantity::GpuInstructions
        | Quantity::GpuRooflineUs
        | Quantity::GpuArithmeticUtilization
        | Quantity::GpuBandwidthUtilization => open.opens_time(),
    }
}

/// The reasons of a function, in the order of the text; first why it has no kernels, where that is asked for.
pub(crate) fn reasons(
    tree: &Tree,
    source: &str,
    analysis: &Analysis<'_>,
    function: OpId,
    unmapped: Option<Unmapped>,
) -> Vec<Reason> {
    let mut groups: BTreeMap<(ReasonKind, &str, Option<String>), usize> = BTreeMap::new();
    let mut reasons: Vec<Reason> =
        unmapped.map(|why| Reason::unmapped(tree, source, function, why)).into_iter().collect();
    for open in analysis.open_counts(function) {
        let quantities: Vec<Quantity> = Quantity::ALL.into_iter().filter(|&q| needs(q, open.counts)).collect();
        if quantities.is_empty() {
            continue;
        }
        let kind = ReasonKind::of(open.reason);
        let value = open.cause.and_then(|cause| value(tree, source, cause));
        match groups.get(&(kind, tree.name(open.operation), value.clone())) {
            Some(&index) => {
                let known = &mut reasons[index];
                known.count += 1;
                known.quantities = Quantity::ALL
                    .into_iter()
                    .filter(|q| known.quantities.contains(q) || quantities.contains(q))
                    .collect();
            }
            None => {
                groups.insert((kind, tree.name(open.operation), value.clone()), reasons.len());
                reasons.push(reason(tree, source, open, value, quantities));
            }
        }
    }
    reasons
}

fn reason(tree: &Tree, source: &str, open: &Open, value: Option<String>, quantities: Vec<Quantity>) -> Reason {
    Reason {
        kind: ReasonKind::of(open.reason),
        place: Some(place(tree, source, open.operation, open.span)),
        count: 1,
        value,
        assumption: open.cause.and_then(|cause| cause.assumption(tree, source)),
        quantities,
    }
}

fn place(tree: &Tree, source: &str, operation: OpId, span: Span) -> Place {
    let (line, column) = span.line_column(source);
    Place { operation: tree.name(operation).to_owned(), span, line, column }
}

fn value(tree: &Tree, source: &str, cause: Cause) -> Option<String> {
    let name = tree.value(cause.value()).name.text(source);
    (!name.is_empty()).then(|| format!("%{name}"))
}

/// A function without a body.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Declared {
    /// Its symbol, without `@`.
    pub function: String,
    /// First byte of its operation.
    pub start: u32,
    pub reason: Reason,
}

/// The functions without a body, in the order of the text.
pub(crate) fn declared(tree: &Tree, source: &str) -> Vec<Declared> {
    let without = tree.all_functions().filter_map(|function| Some((function.operation, function.body.err()?)));
    without
        .map(|(operation, why)| {
            let kind = match why {
                NoBody::Declaration => ReasonKind::Declaration,
                NoBody::Unread => ReasonKind::Unread,
            };
            Declared {
                function: tree.symbol(operation).unwrap_or_default().to_owned(),
                start: tree.operation(operation).span.start,
                reason: Reason::without_body(kind, tree, source, operation),
            }
        })
        .collect()
}
