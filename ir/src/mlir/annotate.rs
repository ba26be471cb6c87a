//! A pass that asks about a module by its text and writes the answers as attributes; what the answers are is the
//! asked one's business ([`Annotate`]).
//!
//! It is written as an example for others: an external pass of melior on `builtin.module`, given to a pass manager
//! like any other ([`pass`]). Attributes are discardable and named with a dot, so that any pipeline carries them along.
//! Operations are addressed by their number within their function, in the order of the text, outer before inner.

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
    /// Its name, such as `dialect.name`; one of [`Annotate::names`].
    pub name: &'static str,
    /// Its value as text.
    pub value: String,
}

/// What to write on a function with a body and on operations in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FunctionAnnotations {
    /// On the function.
    pub own: Vec<Annotation>,
    /// On operations: number within the function, name that is expected there, attribute.
    pub operations: Vec<(usize, String, Annotation)>,
}

/// One who knows what to write on a module. Pass managers may ask from any thread.
pub trait Annotate: Send + Sync {
    /// The attributes that are written. Older ones of these names are taken off before asking, so that running the
    /// pass again gives the same.
    fn names(&self) -> &'static [&'static str];

    /// What to write, one a `func.func` with a body in the order of the text.
    ///
    /// # Errors
    /// Why there is nothing to write: the pass fails with this message.
    fn annotations(&self, text: &str) -> Result<Vec<FunctionAnnotations>, String>;
}

/// Where the pass leaves why it failed: upstream's pass manager only says that it did.
pub type Problem = Arc<Mutex<Option<String>>>;

/// Distinguishes the pass from others by its address, which upstream needs to be a multiple of 8.
#[repr(align(8))]
struct PassId;

static PASS: PassId = PassId;

/// The pass, for a pass manager on `builtin.module`; `name` as in statistics and crash reports.
pub fn pass(name: &str, asked: Arc<dyn Annotate>, problem: Problem) -> Pass {
    let run = move |module: OperationRef<'_, '_>, pass: ExternalPass<'_>| {
        if let Err(message) = annotate(module, &*asked) {
            *problem.lock().unwrap_or_else(PoisonError::into_inner) = Some(message);
            pass.signal_failure();
        }
    };
    create_external(run, TypeId::create(&PASS), name, name, "writes answers as attributes", "builtin.module", &[])
}

impl Bridge {
    /// Runs the pass on a module.
    ///
    /// # Errors
    /// There is no answer, or one that does not fit the module.
    pub fn annotate(
        &self,
        module: &mut Module<'_>,
        name: &str,
        asked: Arc<dyn Annotate>,
    ) -> Result<(), Vec<Diagnostic>> {
        let problem = Problem::default();
        let manager = PassManager::new(self.context());
        manager.add_pass(pass(name, asked, Arc::clone(&problem)));
        manager.run(module).map_err(|_| {
            let mut all = self.take_diagnostics();
            let message = problem.lock().unwrap_or_else(PoisonError::into_inner).take();
            let message = message.unwrap_or_else(|| format!("the pass {name} failed"));
            all.push(Diagnostic { severity: Severity::Error, message, place: None });
            all
        })
    }
}

fn annotate(module: OperationRef<'_, '_>, asked: &dyn Annotate) -> Result<(), String> {
    let all = preorder(module);
    for &operation in &all {
        for name in asked.names().iter().filter(|name| operation.has_attribute(name)) {
            // It is there, so that taking it off cannot fail.
            let _ = mutable(operation).remove_discardable_attribute(name);
        }
    }
    let answers = asked.annotations(&module.to_string())?;
    let functions: Vec<OperationRef<'_, '_>> =
        all.into_iter().filter(|&op| name(op) == "func.func" && !children(op).is_empty()).collect();
    if functions.len() != answers.len() {
        return Err(format!("{} answers for {} functions", answers.len(), functions.len()));
    }
    for (function, answer) in functions.into_iter().zip(answers) {
        for annotation in answer.own {
            write(function, &annotation)?;
        }
        let inside = preorder(function);
        for (number, expected, annotation) in answer.operations {
            let operation = inside.get(number).copied().filter(|&op| name(op) == expected);
            let operation = operation.ok_or_else(|| format!("operation {number} is no `{expected}`"))?;
            write(operation, &annotation)?;
        }
    }
    Ok(())
}

fn name(operation: OperationRef<'_, '_>) -> String {
    operation.name().as_string_ref().as_str().unwrap_or("").to_owned()
}

/// The operations inside an operation, outer before inner.
fn preorder<'c, 'a>(operation: OperationRef<'c, 'a>) -> Vec<OperationRef<'c, 'a>> {
    let mut found = Vec::new();
    // A stack of what is left to visit, last first: modules nest deeper than a call stack should.
    let mut left: Vec<_> = children(operation).into_iter().rev().collect();
    while let Some(next) = left.pop() {
        found.push(next);
        left.extend(children(next).into_iter().rev());
    }
    found
}

fn write(operation: OperationRef<'_, '_>, annotation: &Annotation) -> Result<(), String> {
    let Annotation { name, value } = annotation;
    let context = operation.context();
    // SAFETY: the context outlives the operation, and both outlive this call.
    let context = unsafe { context.to_ref() };
    let attribute = Attribute::parse(context, value).ok_or_else(|| format!("`{name}`: no attribute: {value}"))?;
    mutable(operation).set_discardable_attribute(name, attribute);
    Ok(())
}

fn mutable<'c, 'a>(operation: OperationRef<'c, 'a>) -> OperationRefMut<'c, 'a> {
    // SAFETY: the pass manager hands a module to one pass at a time, and handles do not cache what attributes say.
    unsafe { OperationRefMut::from_raw(operation.to_raw()) }
}
