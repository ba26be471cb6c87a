//! Answers of a model, and the functions that read them by index and name.

use std::ffi::{CStr, CString, c_char};
use std::ptr::null;
use std::sync::Arc;

use costmodel::predictor::{self, Refusal, Reply};
use costmodel::quantity::Output;

use crate::boundary::{Error, c_string, call};
use crate::types::{Estimate, Provider, Quantity, Reason, Status, Text};

/// The predictions for the functions of a text; opaque.
pub struct Answer {
    replies: Arc<[Reply]>,
    outputs: Arc<Vec<Output>>,
    names: Vec<CString>,
    /// By function.
    reasons: Vec<Vec<ReasonStrings>>,
    cached: bool,
}

/// The strings of a reason.
struct ReasonStrings {
    kind: CString,
    message: CString,
    operation: Option<CString>,
    value: Option<CString>,
    assumption: Option<CString>,
}

impl ReasonStrings {
    fn of(reason: &costmodel::reason::Reason) -> Self {
        let optional = |text: &Option<String>| text.as_deref().map(c_string);
        Self {
            kind: c_string(reason.kind.name()),
            message: c_string(&reason.to_string()),
            operation: reason.place.as_ref().map(|place| c_string(&place.operation)),
            value: optional(&reason.value),
            assumption: optional(&reason.assumption),
        }
    }
}

/// The caller's texts as slices, or the error of each.
///
/// # Safety
/// `texts` is null or has `count` elements, each null or pointing to its length of bytes.
pub(crate) unsafe fn texts<'a>(texts: *const Text, count: usize) -> Result<Vec<Result<&'a str, Error>>, Error> {
    if count == 0 {
        return Ok(Vec::new());
    }
    if texts.is_null() {
        return Err(Error::null("texts"));
    }
    if count > isize::MAX as usize / size_of::<Text>() {
        return Err(Error::new(Status::TooLarge, format!("{count} texts do not fit into memory")));
    }
    let check = |text: &Text| {
        if text.data.is_null() {
            return Err(Error::null("text"));
        }
        let limit = costmodel::predictor::MAX_TEXT_BYTES;
        if text.length > limit {
            return Err(refused("", &Refusal::TooLarge { bytes: text.length, limit }));
        }
        // SAFETY: the caller promises it, and the length is bounded.
        let bytes = unsafe { std::slice::from_raw_parts(text.data.cast::<u8>(), text.length) };
        std::str::from_utf8(bytes).map_err(|error| {
            Error::new(Status::NotUtf8, format!("byte {} of the text is not UTF-8", error.valid_up_to() + 1))
        })
    };
    // SAFETY: the caller promises it.
    Ok(unsafe { std::slice::from_raw_parts(texts, count) }.iter().map(check).collect())
}

fn refused(text: &str, refusal: &Refusal) -> Error {
    match refusal {
        Refusal::TooLarge { .. } => Error::new(Status::TooLarge, refusal.to_string()),
        Refusal::NoFunction => Error::new(Status::NoFunction, refusal.to_string()),
        Refusal::Assumption(_) => Error::new(Status::Assumption, refusal.to_string()),
        Refusal::Text(diagnostics) => {
            let place = diagnostics.first().map_or((1, 1), |d| d.span.line_column(text));
            Error::new(Status::Text, format!("line {}, column {}: {refusal}", place.0, place.1))
        }
    }
}

/// Converts a prediction, or the reason why there is none; `outputs` are those of the model.
pub(crate) fn answer(
    outputs: &Arc<Vec<Output>>,
    text: &str,
    answer: Result<predictor::Answer, Arc<Refusal>>,
) -> Result<Answer, Error> {
    let answer = answer.map_err(|refusal| refused(text, &refusal))?;
    let names = answer.replies.iter().map(|reply| c_string(&reply.function)).collect();
    let strings = |reply: &Reply| reply.reasons.iter().map(ReasonStrings::of).collect();
    let reasons = answer.replies.iter().map(strings).collect();
    Ok(Answer { replies: answer.replies, outputs: Arc::clone(outputs), names, reasons, cached: answer.cached })
}

/// Frees an answer; null is ignored.
///
/// # Safety
/// `answer` was returned by this library and not freed, and no other thread is using it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hardwire_answer_free(answer: *mut Answer) {
    if !answer.is_null() {
        // SAFETY: the pointer was made from a box, and is freed once.
        drop(unsafe { Box::from_raw(answer) });
    }
}

/// Number of functions, declarations included. All quantities of a declaration are unknown.
///
/// # Safety
/// `answer` was returned by this library and not freed, or is null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hardwire_answer_function_count(answer: *const Answer) -> usize {
    // SAFETY: the contract of this function.
    unsafe { answer.as_ref() }.map_or(0, |answer| answer.replies.len())
}

/// Symbol of a function, without `@`; null if there is no function of that index. Valid until the answer is freed.
///
/// # Safety
/// `answer` was returned by this library and not freed, or is null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hardwire_answer_function(answer: *const Answer, function: usize) -> *const c_char {
    // SAFETY: the contract of this function.
    unsafe { answer.as_ref() }.and_then(|answer| answer.names.get(function)).map_or(null(), |name| name.as_ptr())
}

/// Whether the answer came from the cache.
///
/// # Safety
/// `answer` was returned by this library and not freed, or is null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hardwire_answer_is_cached(answer: *const Answer) -> bool {
    // SAFETY: the contract of this function.
    unsafe { answer.as_ref() }.is_some_and(|answer| answer.cached)
}

/// The provider that predicted a function, and its novelty score: at most 1 if the function is like the training data.
///
/// # Safety
/// `answer` was returned by this library and not freed, or is null; `provider` and `ood_score` are null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hardwire_answer_provider(
    answer: *const Answer,
    function: usize,
    provider: *mut Provider,
    ood_score: *mut f64,
) -> Status {
    call(|| {
        // SAFETY: the contract of this function.
        let reply = reply(unsafe { answer.as_ref() }, function)?.1;
        let name = match reply.provider {
            predictor::Provider::Learned => Provider::Learned,
            predictor::Provider::Analytical => Provider::Analytical,
        };
        // SAFETY: the contract of this function.
        unsafe {
            if let Some(provider) = provider.as_mut() {
                *provider = name;
            }
            if let Some(score) = ood_score.as_mut() {
                *score = reply.ood_score;
            }
        }
        Ok(())
    })
}

/// Number of reasons why quantities of a function are unknown; 0 if there is no function of that index.
///
/// # Safety
/// `answer` was returned by this library and not freed, or is null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hardwire_answer_reason_count(answer: *const Answer, function: usize) -> usize {
    // SAFETY: the contract of this function.
    unsafe { answer.as_ref() }.and_then(|answer| answer.reasons.get(function)).map_or(0, Vec::len)
}

/// A reason why quantities of a function are unknown. Its strings are valid until the answer is freed.
///
/// # Safety
/// `answer` was returned by this library and not freed, or is null; `out` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hardwire_answer_reason(
    answer: *const Answer,
    function: usize,
    index: usize,
    out: *mut Reason,
) -> Status {
    call(|| {
        // SAFETY: the contract of this function.
        let (answer, reply) = reply(unsafe { answer.as_ref() }, function)?;
        if out.is_null() {
            return Err(Error::null("out"));
        }
        let (Some(reason), Some(strings)) = (reply.reasons.get(index), answer.reasons[function].get(index)) else {
            let message = format!("no reason {index}; there are {}", reply.reasons.len());
            return Err(Error::new(Status::OutOfRange, message));
        };
        let optional = |text: &Option<CString>| text.as_ref().map_or(null(), |text| text.as_ptr());
        let (line, column) = reason.place.as_ref().map_or((0, 0), |place| (place.line, place.column));
        let quantities = reason.quantities.iter().fold(0, |set, &quantity| set | 1 << quantity as u32);
        let found = Reason {
            kind: strings.kind.as_ptr(),
            message: strings.message.as_ptr(),
            operation: optional(&strings.operation),
            value: optional(&strings.value),
            assumption: optional(&strings.assumption),
            line,
            column,
            quantities,
        };
        // SAFETY: it is not null, and the caller promises that it is writable.
        unsafe { *out = found };
        Ok(())
    })
}

/// A predicted quantity of a function on a processor or design. `quantity` is a `hardwire_quantity`. Returns `UNKNOWN`
/// if the text leaves open a count that it needs, or the provider that answered does not predict it; see
/// `hardwire_answer_reason`.
///
/// # Safety
/// `answer` was returned by this library and not freed, or is null; `target` is null or zero-terminated; `out` is null or
/// writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hardwire_answer_estimate(
    answer: *const Answer,
    function: usize,
    target: *const c_char,
    quantity: u32,
    out: *mut Estimate,
) -> Status {
    call(|| {
        // SAFETY: the contract of this function.
        let (answer, reply) = reply(unsafe { answer.as_ref() }, function)?;
        if target.is_null() || out.is_null() {
            return Err(Error::null(if target.is_null() { "target" } else { "out" }));
        }
        // SAFETY: the contract of this function.
        let target = unsafe { CStr::from_ptr(target) }.to_string_lossy();
        let (quantity, found) = output(&answer.outputs, &target, quantity)?;
        let estimate = found.and_then(|index| reply.estimates[index]);
        let Some(estimate) = estimate else {
            let why = match (found, reply.why(quantity).next()) {
                (Some(_), Some(reason)) => format!("{quantity} on {target} is unknown: {reason}"),
                _ => format!("{quantity} on {target} is not predicted"),
            };
            return Err(Error::new(Status::Unknown, why));
        };
        // SAFETY: it is not null, and the caller promises that it is writable.
        unsafe { *out = Estimate { value: estimate.value, low: estimate.low, high: estimate.high } };
        Ok(())
    })
}

/// The quantity of that number, and its output on a target or design; `None` if it is not predicted for that.
pub(crate) fn output(
    outputs: &[Output],
    target: &str,
    quantity: u32,
) -> Result<(costmodel::quantity::Quantity, Option<usize>), Error> {
    let quantities = costmodel::quantity::Quantity::ALL;
    let Some(&quantity) = quantities.get(quantity as usize) else {
        let last = quantities.len() - 1;
        return Err(Error::new(Status::OutOfRange, format!("no quantity {quantity}; they are 0 to {last}")));
    };
    if outputs.iter().all(|output| output.target != target) {
        let mut known: Vec<&str> = outputs.iter().map(|output| output.target.as_str()).collect();
        // Outputs are sorted by quantity, so each target occurs several times; list it once.
        let mut named = std::collections::BTreeSet::new();
        known.retain(|name| named.insert(*name));
        let message = format!("the model has no target or design `{target}`; it has {}", known.join(", "));
        return Err(Error::new(Status::UnknownTarget, message));
    }
    Ok((quantity, outputs.iter().position(|output| output.target == target && output.quantity == quantity)))
}

/// Whether an answer is of a model with these outputs.
pub(crate) fn belongs(answer: &Answer, outputs: &[Output]) -> bool {
    *answer.outputs == outputs
}

pub(crate) fn reply(answer: Option<&Answer>, function: usize) -> Result<(&Answer, &Reply), Error> {
    let answer = answer.ok_or_else(|| Error::null("answer"))?;
    let reply = answer.replies.get(function).ok_or_else(|| {
        Error::new(Status::OutOfRange, format!("no function {function}; there are {}", answer.replies.len()))
    })?;
    Ok((answer, reply))
}

// The constants of the header are equal to those of the crate.
const _: () = {
    use costmodel::quantity::Quantity as Ours;
    assert!(Quantity::VectorRegisterPressure as usize == Ours::VectorRegisterPressure as usize);
    assert!(Quantity::GeneralRegisterPressure as usize == Ours::GeneralRegisterPressure as usize);
    assert!(Quantity::Spills as usize == Ours::Spills as usize);
    assert!(Quantity::Reloads as usize == Ours::Reloads as usize);
    assert!(Quantity::Instructions as usize == Ours::Instructions as usize);
    assert!(Quantity::Cycles as usize == Ours::Cycles as usize);
    assert!(Quantity::Ipc as usize == Ours::Ipc as usize);
    assert!(Quantity::PortUtilization as usize == Ours::PortUtilization as usize);
    assert!(Quantity::XpuUtilization as usize == Ours::XpuUtilization as usize);
    assert!(Quantity::XpuLatencyCycles as usize == Ours::XpuLatencyCycles as usize);
    assert!(Quantity::GpuVectorRegisters as usize == Ours::GpuVectorRegisters as usize);
    assert!(Quantity::GpuScalarRegisters as usize == Ours::GpuScalarRegisters as usize);
    assert!(Quantity::GpuSpills as usize == Ours::GpuSpills as usize);
    assert!(Quantity::GpuWavesPerSimd as usize == Ours::GpuWavesPerSimd as usize);
    assert!(Quantity::GpuCodeInstructions as usize == Ours::GpuCodeInstructions as usize);
    assert!(Quantity::GpuInstructions as usize == Ours::GpuInstructions as usize);
    assert!(Quantity::GpuRooflineUs as usize == Ours::GpuRooflineUs as usize);
    assert!(Quantity::GpuArithmeticUtilization as usize == Ours::GpuArithmeticUtilization as usize);
    assert!(Quantity::GpuBandwidthUtilization as usize == Ours::GpuBandwidthUtilization as usize);
    assert!(Quantity::GpuBandwidthUtilization as usize + 1 == Ours::COUNT);
};
