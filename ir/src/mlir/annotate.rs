//! A pass that gives a module's text to an [`Annotate`] and writes the attributes that it returns.
//!
//! It is an example of an external pass of melior on `builtin.module`, given to a pass manager like any other
//! ([`pass`]). Attributes are discardable and have a dot in their names, so that any pipeline keeps them.
//! Operations are addressed by their number within their function, in preorder.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use melior::ir::Module;
use melior::ir::attribute::Attribute;
use melior::ir::operation::{OperationLike, OperationMutLike, OperationRef, OperationRefMut};
use melior::ir::r#type::TypeId;
use melior::pass::{ExternalPass, Pass, PassManager, create_external};

use super::bridge::{Bridge, Diagnostic, Severity, children};

/// A named attribute in MLIR's spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// Name with a dot, such as `dialect.name`; one of [`Annotate::names`].
    pub name: &'static str,
    /// Its value as text.
    pub value: String,
}

/// Attributes of a function with a body and of operations in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FunctionAnnotations {
    /// Attributes of the function itself.
    pub own: Vec<Annotation>,
    /// Attributes of operations: number within the function, the operation's name, attribute.
    pub operations: Vec<(usize, String, Annotation)>,
}

/// A source of attributes for a module. Called from any thread that a pass manager uses.
pub trait Annotate: Send + Sync {
    /// Names of the attributes that are written. The pass removes existing attributes of these names first, so that
    /// running it again gives the same result.
    fn names(&self) -> &'static [&'static str];

    /// The attributes for a module's text: one element for each `func.func` with a body, in the order of the text.
    ///
    /// # Errors
    /// Any error of the implementation; the pass fails with its message.
    fn annotations(&self, text: &str) -> Result<Vec<FunctionAnnotations>, Box<dyn Error + Send + Sync>>;
}

/// Why the pass failed.
#[derive(Debug, thiserror::Error)]
pub enum AnnotateError {
    /// The [`Annotate`] returned an error.
    #[error("{0}")]
    Source(#[from] Box<dyn Error + Send + Sync>),
    /// The [`Annotate`] did not return one element a function.
    #[error("{annotations} answers for {functions} functions")]
    Functions {
        /// Elements returned.
        annotations: usize,
        /// Functions with a body in the module.
        functions: usize,
    },
    /// An operation has another name than the annotation says.
    #[error("operation {number} is no `{expected}`")]
    Operation {
        /// Number within its function.
        number: usize,
        /// The name that the annotation says.
        expected: String,
    },
    /// A value is not the text of an attribute.
    #[error("`{name}`: no attribute: {value}")]
    Attribute {
        /// The attribute's name.
        name: &'static str,
        /// The text.
        value: String,
    },
}

/// Where the pass leaves its error: upstream's pass manager only reports that the pass failed.
pub type ErrorSlot = Arc<Mutex<Option<AnnotateError>>>;

/// Identifies the pass by its address, which upstream needs to be a multiple of 8.
#[repr(align(8))]
struct PassId;

static PASS: PassId = PassId;

/// The pass, for a pass manager on `builtin.module`; `name` is shown in statistics and crash reports.
pub fn pass(name: &str, source: Arc<dyn Annotate>, slot: ErrorSlot) -> Pass {
    let run = move |module: OperationRef<'_, '_>, pass: ExternalPass<'_>| {
        if let Err(error) = annotate(module, &*source) {
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            pass.signal_failure();
        }
    };
    create_external(run, TypeId::create(&PASS), name, name, "writes attributes", "builtin.module", &[])
}

impl Bridge {
    /// Runs the pass on a module.
    ///
    /// # Errors
    /// As [`AnnotateError`], behind upstream's own messages.
    pub fn annotate(
        &self,
        module: &mut Module<'_>,
        name: &str,
        source: Arc<dyn Annotate>,
    ) -> Result<(), Vec<Diagnostic>> {
        let slot = ErrorSlot::default();
        let manager = PassManager::new(self.context());
        manager.add_pass(pass(name, source, Arc::clone(&slot)));
        manager.run(module).map_err(|_| {
            let mut all = self.take_diagnostics();
            let error = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
            let message = error.map_or_else(|| format!("the pass {name} failed"), |error| error.to_string());
            all.push(Diagnostic { severity: Severity::Error, message, place: None });
            all
        })
    }
}

fn annotate(module: OperationRef<'_, '_>, source: &dyn Annotate) -> Result<(), AnnotateError> {
    let all = preorder(module);
    for &operation in &all {
        for name in source.names().iter().filter(|name| operation.has_attribute(name)) {
            // The operation has the attribute, so removing it cannot fail.
            let _ = mutable(operation).remove_discardable_attribute(name);
        }
    }
    let annotations = source.annotations(&module.to_string())?;
    let functions: Vec<OperationRef<'_, '_>> =
        all.into_iter().filter(|&op| name(op) == "func.func" && !children(op).is_empty()).collect();
    if functions.len() != annotations.len() {
        return Err(AnnotateError::Functions { annotations: annotations.len(), functions: functions.len() });
    }
    for (function, annotations) in functions.into_iter().zip(annotations) {
        for annotation in annotations.own {
            write(function, &annotation)?;
        }
        let inside = preorder(function);
        for (number, expected, annotation) in annotations.operations {
            let operation = inside.get(number).copied().filter(|&op| name(op) == expected);
            let operation = operation.ok_or(AnnotateError::Operation { number, expected })?;
            write(operation, &annotation)?;
        }
    }
    Ok(())
}

fn name(operation: OperationRef<'_, '_>) -> String {
    operation.name().as_string_ref().as_str().unwrap_or("").to_owned()
}

/// The operations inside an operation, in preorder.
fn preorder<'c, 'a>(operation: OperationRef<'c, 'a>) -> Vec<OperationRef<'c, 'a>> {
    let mut found = Vec::new();
    // An explicit stack, last first: recursion could overflow the call stack on deep nesting.
    let mut left: Vec<_> = children(operation).into_iter().rev().collect();
    while let Some(next) = left.pop() {
        found.push(next);
        left.extend(children(next).into_iter().rev());
    }
    found
}

fn write(operation: OperationRef<'_, '_>, annotation: &Annotation) -> Result<(), AnnotateError> {
    let Annotation { name, value } = annotation;
    let context = operation.context();
    // SAFETY: the context outlives the operation, and both outlive this call.
    let context = unsafe { context.to_ref() };
    let attribute =
        Attribute::parse(context, value).ok_or_else(|| AnnotateError::Attribute { name, value: value.clone() })?;
    mutable(operation).set_discardable_attribute(name, attribute);
    Ok(())
}

fn mutable<'c, 'a>(operation: OperationRef<'c, 'a>) -> OperationRefMut<'c, 'a> {
    // SAFETY: the pass manager gives a module to one pass at a time, and handles do not cache attributes.
    unsafe { OperationRefMut::from_raw(operation.to_raw()) }
}
