//! The ratio of two functions.

use std::ffi::{CStr, c_char};

use costmodel::compare::Verdict as Ours;

use crate::answer::{Answer, belongs, output, reply};
use crate::boundary::{Error, call};
use crate::model::Model;
use crate::types::{Ratio, Status, Verdict};

/// The ratio of a quantity of two functions of answers of this model: second over first. `quantity` is a `hardwire_quantity`:
/// instructions, cycles or the latency on a design. The interval is calibrated on variants of one kernel. Returns `UNKNOWN` if a
/// quantity is unknown or 0, or if the model has no intervals of ratios.
///
/// # Safety
/// `model` is open or null; `first` and `second` were returned by this library and not freed, or are null; `target` is null or
/// zero-terminated; `out` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hardwire_compare(
    model: *const Model,
    first: *const Answer,
    first_function: usize,
    second: *const Answer,
    second_function: usize,
    target: *const c_char,
    quantity: u32,
    out: *mut Ratio,
) -> Status {
    call(|| {
        // SAFETY: the contract of this function.
        let model = unsafe { model.as_ref() }.ok_or_else(|| Error::null("model"))?;
        // SAFETY: the contract of this function.
        let (first, first_reply) = reply(unsafe { first.as_ref() }, first_function)?;
        // SAFETY: the contract of this function.
        let (second, second_reply) = reply(unsafe { second.as_ref() }, second_function)?;
        if target.is_null() || out.is_null() {
            return Err(Error::null(if target.is_null() { "target" } else { "out" }));
        }
        // SAFETY: the contract of this function.
        let target = unsafe { CStr::from_ptr(target) }.to_string_lossy();
        let outputs = model.predictor.outputs();
        let (quantity, found) = output(outputs, &target, quantity)?;
        if !belongs(first, outputs) || !belongs(second, outputs) {
            return Err(Error::new(Status::OutOfRange, "an answer is of another model".to_owned()));
        }
        let unknown = |why: String| Error::new(Status::Unknown, format!("ratio of {quantity} on {target}: {why}"));
        let ratios = model.predictor.ratios(first_reply, second_reply);
        let compared = ratios.into_iter().find(|compared| Some(compared.output) == found);
        let compared = compared.ok_or_else(|| unknown("it is not predicted, or has no ratio".to_owned()))?;
        let known = compared.ratio.and_then(|ratio| Some((ratio.value, ratio.interval?, ratio.verdict()?)));
        let Some((value, (low, high), verdict)) = known else {
            return Err(unknown(compared.missing.map_or_else(String::new, |why| why.to_string())));
        };
        let verdict = match verdict {
            Ours::Faster => Verdict::Faster,
            Ours::Slower => Verdict::Slower,
            Ours::Within => Verdict::WithinInterval,
        };
        // SAFETY: it is not null, and the caller promises that it is writable.
        unsafe { *out = Ratio { value, low, high, verdict } };
        Ok(())
    })
}
