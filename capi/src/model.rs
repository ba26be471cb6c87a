//! Models: opening them from memory, and predictions by one thread or several.

use std::ffi::{CStr, CString, c_char};
use std::ptr::{null, null_mut};
use std::sync::{Arc, LazyLock};

use costmodel::predictor::{Assumption, Assumptions, Choice, Predictor, Settings};
use costmodel::quantity::{Output, Quantity};
use costmodel::shipped::{CostModel, MAX_BYTES, ModelFileError};

use crate::answer::{Answer, answer, texts};
use crate::boundary::{Error, c_string, call, guard, note};
use crate::types::{Status, Text};

/// An open model; opaque.
pub struct Model {
    pub(crate) predictor: Predictor,
    outputs: Arc<Vec<Output>>,
    name: CString,
    targets: Vec<CString>,
}

/// Bytes of a file as a slice.
///
/// # Safety
/// `bytes` points to `length` bytes.
unsafe fn slice<'a>(bytes: *const u8, length: usize) -> Result<&'a [u8], Error> {
    if bytes.is_null() {
        return Err(Error::null("bytes"));
    }
    if length as u64 > MAX_BYTES {
        return Err(Error::new(Status::TooLarge, ModelFileError::TooLarge(length as u64).to_string()));
    }
    // SAFETY: the caller promises it, and the length is bounded.
    Ok(unsafe { std::slice::from_raw_parts(bytes, length) })
}

/// Most threads of a batch.
const MOST_THREADS: u32 = 256;

/// Sets the caller's result to null first, so that a call that fails leaves nothing to be freed.
///
/// # Safety
/// `out` is null or writable.
unsafe fn cleared<T>(out: *mut *mut T) -> Result<*mut *mut T, Error> {
    if out.is_null() {
        return Err(Error::null("out"));
    }
    // SAFETY: it is not null, and the caller promises that it is writable.
    unsafe { *out = null_mut() };
    Ok(out)
}

fn refused(error: ModelFileError) -> Error {
    Error::new(Status::ModelFile, error.to_string())
}

/// # Safety
/// `out` is null or writable.
unsafe fn open(
    model: impl FnOnce() -> Result<CostModel, Error>,
    choice: u32,
    out: *mut *mut Model,
) -> Result<(), Error> {
    // SAFETY: the contract of this function.
    let out = unsafe { cleared(out) }?;
    let choice = match choice {
        0 => Choice::Cascade,
        1 => Choice::Learned,
        2 => Choice::Analytical,
        other => return Err(Error::new(Status::OutOfRange, format!("no choice {other}; they are 0 to 2"))),
    };
    let model = model()?;
    let (name, targets) = (c_string(&model.card.name), model.targets().iter().map(|t| c_string(t)).collect());
    let predictor = Predictor::new(model, Settings { choice, ..Settings::default() });
    let outputs = Arc::new(predictor.outputs().to_vec());
    // SAFETY: it is not null, and the caller promises that it is writable.
    unsafe { *out = Box::into_raw(Box::new(Model { predictor, outputs, name, targets })) };
    Ok(())
}

/// Opens the model of processors and designs that comes with the library. `choice` is a `hardwire_choice`.
///
/// # Safety
/// `out` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hardwire_model_open(choice: u32, out: *mut *mut Model) -> Status {
    // SAFETY: the contract of this function.
    call(|| unsafe { open(|| CostModel::shipped().map_err(refused), choice, out) })
}

/// Opens the model of GPUs that comes with the library. `choice` is a `hardwire_choice`.
///
/// # Safety
/// `out` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hardwire_model_open_for_gpus(choice: u32, out: *mut *mut Model) -> Status {
    // SAFETY: the contract of this function.
    call(|| unsafe { open(|| CostModel::shipped_for_gpus().map_err(refused), choice, out) })
}

/// Opens a model from the bytes of its file, which may be freed after the call. `choice` is a `hardwire_choice`.
///
/// # Safety
/// `bytes` points to `length` bytes or is null; `out` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hardwire_model_from_bytes(
    bytes: *const u8,
    length: usize,
    choice: u32,
    out: *mut *mut Model,
) -> Status {
    // SAFETY: the contract of this function.
    call(|| unsafe { open(|| CostModel::from_bytes(slice(bytes, length)?).map_err(refused), choice, out) })
}

/// Frees a model; null is ignored. Its answers stay valid.
///
/// # Safety
/// `model` was opened and not freed, and no other thread is using it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hardwire_model_free(model: *mut Model) {
    if !model.is_null() {
        // SAFETY: the pointer was made from a box, and is freed once. Dropping plain data does not panic.
        drop(unsafe { Box::from_raw(model) });
    }
}

/// Name of a model; null for null. Valid until the model is freed.
///
/// # Safety
/// `model` is open or null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hardwire_model_name(model: *const Model) -> *const c_char {
    // SAFETY: the contract of this function.
    unsafe { model.as_ref() }.map_or(null(), |model| model.name.as_ptr())
}

/// Number of processors and designs that a model predicts for.
///
/// # Safety
/// `model` is open or null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hardwire_model_target_count(model: *const Model) -> usize {
    // SAFETY: the contract of this function.
    unsafe { model.as_ref() }.map_or(0, |model| model.targets.len())
}

/// Name of a processor or design; null if there is none of that index. Valid until the model is freed.
///
/// # Safety
/// `model` is open or null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hardwire_model_target(model: *const Model, index: usize) -> *const c_char {
    // SAFETY: the contract of this function.
    unsafe { model.as_ref() }.and_then(|model| model.targets.get(index)).map_or(null(), |name| name.as_ptr())
}

/// Name of a quantity, e.g. "port_utilization"; null for a number that is not a `hardwire_quantity`.
#[unsafe(no_mangle)]
pub extern "C" fn hardwire_quantity_name(quantity: u32) -> *const c_char {
    NAMES.get(quantity as usize).map_or(null(), |(name, _)| name.as_ptr())
}

/// Unit of a quantity, e.g. "cycles"; null for a number that is not a `hardwire_quantity`.
#[unsafe(no_mangle)]
pub extern "C" fn hardwire_quantity_unit(quantity: u32) -> *const c_char {
    NAMES.get(quantity as usize).map_or(null(), |(_, unit)| unit.as_ptr())
}

static NAMES: LazyLock<Vec<(CString, CString)>> =
    LazyLock::new(|| Quantity::ALL.iter().map(|q| (c_string(q.name()), c_string(q.unit()))).collect());

/// Predicts the functions of a text. `out` is set to null if there is no answer.
///
/// # Safety
/// `model` is open or null, `text` is null or points to `length` bytes, `out` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hardwire_predict(
    model: *const Model,
    text: *const c_char,
    length: usize,
    out: *mut *mut Answer,
) -> Status {
    // SAFETY: the contract of this function.
    unsafe { hardwire_predict_assuming(model, text, length, null(), 0, out) }
}

/// Predicts the functions of a text under assumptions about what it leaves open, e.g. "trip=%n:1024", "shape=%a.0:512",
/// "shape=?:512" or a range, "trip=%n:16..64". `out` is set to null if there is no answer.
///
/// # Safety
/// `model` is open or null, `text` is null or points to `length` bytes, `assumptions` is null or has `count` elements, each
/// null or zero-terminated, `out` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hardwire_predict_assuming(
    model: *const Model,
    text: *const c_char,
    length: usize,
    assumptions: *const *const c_char,
    count: usize,
    out: *mut *mut Answer,
) -> Status {
    call(|| {
        // SAFETY: the contract of this function.
        let out = unsafe { cleared(out) }?;
        // SAFETY: the contract of this function.
        let model = unsafe { model.as_ref() }.ok_or_else(|| Error::null("model"))?;
        let text = Text { data: text, length };
        // SAFETY: the contract of this function.
        let text = unsafe { texts(&text, 1) }?.pop().expect("one text was given")?;
        // SAFETY: the contract of this function.
        let assumptions = unsafe { self::assumptions(assumptions, count) }?;
        let answer = answer(&model.outputs, text, model.predictor.predict_assuming(text, &assumptions))?;
        // SAFETY: it is not null, and the caller promises that it is writable.
        unsafe { *out = Box::into_raw(Box::new(answer)) };
        Ok(())
    })
}

/// Most assumptions of a call.
const MOST_ASSUMPTIONS: usize = 4096;

/// The caller's assumptions.
///
/// # Safety
/// `assumptions` is null or has `count` elements, each null or zero-terminated.
unsafe fn assumptions(assumptions: *const *const c_char, count: usize) -> Result<Assumptions, Error> {
    if count == 0 {
        return Ok(Assumptions::NONE);
    }
    if assumptions.is_null() {
        return Err(Error::null("assumptions"));
    }
    if count > MOST_ASSUMPTIONS {
        return Err(Error::new(Status::TooLarge, format!("{count} assumptions; at most {MOST_ASSUMPTIONS} are read")));
    }
    // SAFETY: the caller promises it, and the number is bounded.
    let all = unsafe { std::slice::from_raw_parts(assumptions, count) }.iter();
    all.map(|&one| {
        if one.is_null() {
            return Err(Error::null("assumption"));
        }
        // SAFETY: the caller promises it.
        let text = unsafe { CStr::from_ptr(one) }.to_string_lossy();
        text.parse::<Assumption>().map_err(|error| Error::new(Status::Assumption, error.to_string()))
    })
    .collect()
}

/// Predicts many texts on up to `threads` threads (0 means 1; at most 256). Each answer is the same as for its text
/// alone. `out[i]` is null if `statuses[i]` is not OK. Returns OK if all statuses are OK, else the first other status, whose
/// message is the last error. If the arguments are invalid, nothing is written.
///
/// # Safety
/// `model` is open or null; `texts`, `out` and `statuses` are null or have `count` elements, the latter two writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hardwire_predict_batch(
    model: *const Model,
    texts: *const Text,
    count: usize,
    threads: u32,
    out: *mut *mut Answer,
    statuses: *mut Status,
) -> Status {
    let computed = guard(|| {
        // SAFETY: the contract of this function.
        let model = unsafe { model.as_ref() }.ok_or_else(|| Error::null("model"))?;
        if out.is_null() || statuses.is_null() {
            return Err(Error::null(if out.is_null() { "out" } else { "statuses" }));
        }
        // SAFETY: the contract of this function.
        let texts = unsafe { self::texts(texts, count) }?;
        let good: Vec<&str> = texts.iter().filter_map(|text| text.as_ref().ok().copied()).collect();
        let mut answers = model.predictor.predict_batch(&good, threads.min(MOST_THREADS) as usize).into_iter();
        let results = texts.into_iter().map(|text| {
            let text = text?;
            answer(&model.outputs, text, answers.next().expect("one a good text"))
        });
        Ok(results.collect::<Vec<Result<Answer, Error>>>())
    });
    let results = match computed {
        Ok(results) => results,
        Err(error) => return note(&error),
    };
    let mut first = Status::Ok;
    for (index, result) in results.into_iter().enumerate() {
        let (answer, status) = match result {
            Ok(answer) => (Box::into_raw(Box::new(answer)), Status::Ok),
            Err(error) if first == Status::Ok => {
                first = note(&error);
                (null_mut(), first)
            }
            Err(error) => (null_mut(), error.status),
        };
        // SAFETY: both have `count` elements, as many as there are texts.
        unsafe {
            *out.add(index) = answer;
            *statuses.add(index) = status;
        }
    }
    first
}
