//! Models: opened from memory, shared by threads.

use std::ffi::{CString, c_char};
use std::ptr::{null, null_mut};
use std::sync::{Arc, LazyLock};

use costmodel::predictor::{Choice, Predictor, Settings};
use costmodel::quantity::{Output, Quantity};
use costmodel::shipped::{CostModel, MAX_BYTES, ModelFileError};

use crate::answer::{Answer, answer, texts};
use crate::boundary::{Error, c_string, call, guard, note};
use crate::types::{Status, Text};

/// A model that answers; opaque.
pub struct Model {
    predictor: Predictor,
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
    // SAFETY: the caller says so, and the length was bounded.
    Ok(unsafe { std::slice::from_raw_parts(bytes, length) })
}

/// Threads of a batch at most; more would only wait for each other.
const MOST_THREADS: u32 = 256;

/// Sets what the caller's result will be written to null, so that a call that fails leaves nothing to be freed.
///
/// # Safety
/// `out` is null or may be written to.
unsafe fn cleared<T>(out: *mut *mut T) -> Result<*mut *mut T, Error> {
    if out.is_null() {
        return Err(Error::null("out"));
    }
    // SAFETY: it is not null, and the caller's to write to.
    unsafe { *out = null_mut() };
    Ok(out)
}

fn refused(error: ModelFileError) -> Error {
    Error::new(Status::ModelFile, error.to_string())
}

/// # Safety
/// `out` is null or may be written to.
unsafe fn open(
    model: impl FnOnce() -> Result<CostModel, Error>,
    choice: u32,
    out: *mut *mut Model,
) -> Result<(), Error> {
    // SAFETY: as for this function.
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
    // SAFETY: it is not null, and the caller's to write to.
    unsafe { *out = Box::into_raw(Box::new(Model { predictor, outputs, name, targets })) };
    Ok(())
}

/// Opens the model that comes with the library. `choice` is a `hardwire_choice`.
///
/// # Safety
/// `out` is null or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hardwire_model_open(choice: u32, out: *mut *mut Model) -> Status {
    // SAFETY: as for this function.
    call(|| unsafe { open(|| CostModel::shipped().map_err(refused), choice, out) })
}

/// Opens a model from the bytes of its file, which are not needed any more afterwards. `choice` is a
/// `hardwire_choice`.
///
/// # Safety
/// `bytes` points to `length` bytes or is null; `out` is null or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hardwire_model_from_bytes(
    bytes: *const u8,
    length: usize,
    choice: u32,
    out: *mut *mut Model,
) -> Status {
    // SAFETY: as for this function.
    call(|| unsafe { open(|| CostModel::from_bytes(slice(bytes, length)?).map_err(refused), choice, out) })
}

/// Frees a model; null is ignored. Answers stay.
///
/// # Safety
/// `model` was opened and not freed, and no other thread is using it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hardwire_model_free(model: *mut Model) {
    if !model.is_null() {
        // SAFETY: it comes from a box; a panic while dropping plain data is impossible.
        drop(unsafe { Box::from_raw(model) });
    }
}

/// Name of a model; null for null. Valid as long as the model.
///
/// # Safety
/// `model` is open or null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hardwire_model_name(model: *const Model) -> *const c_char {
    // SAFETY: as for this function.
    unsafe { model.as_ref() }.map_or(null(), |model| model.name.as_ptr())
}

/// Number of processors and designs that a model predicts for.
///
/// # Safety
/// `model` is open or null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hardwire_model_target_count(model: *const Model) -> usize {
    // SAFETY: as for this function.
    unsafe { model.as_ref() }.map_or(0, |model| model.targets.len())
}

/// Name of a processor or design; null beyond the last. Valid as long as the model.
///
/// # Safety
/// `model` is open or null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hardwire_model_target(model: *const Model, index: usize) -> *const c_char {
    // SAFETY: as for this function.
    unsafe { model.as_ref() }.and_then(|model| model.targets.get(index)).map_or(null(), |name| name.as_ptr())
}

/// Name of a quantity, e.g. "port_utilization"; null for a number that is no `hardwire_quantity`.
#[unsafe(no_mangle)]
pub extern "C" fn hardwire_quantity_name(quantity: u32) -> *const c_char {
    NAMES.get(quantity as usize).map_or(null(), |(name, _)| name.as_ptr())
}

/// Unit of a quantity, e.g. "cycles"; null for a number that is no `hardwire_quantity`.
#[unsafe(no_mangle)]
pub extern "C" fn hardwire_quantity_unit(quantity: u32) -> *const c_char {
    NAMES.get(quantity as usize).map_or(null(), |(_, unit)| unit.as_ptr())
}

static NAMES: LazyLock<Vec<(CString, CString)>> =
    LazyLock::new(|| Quantity::ALL.iter().map(|q| (c_string(q.name()), c_string(q.unit()))).collect());

/// Predicts the functions of a text. `out` is set to null if there is no answer.
///
/// # Safety
/// `model` is open or null, `text` is null or points to `length` bytes, `out` is null or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hardwire_predict(
    model: *const Model,
    text: *const c_char,
    length: usize,
    out: *mut *mut Answer,
) -> Status {
    call(|| {
        // SAFETY: as for this function.
        let out = unsafe { cleared(out) }?;
        // SAFETY: as for this function.
        let model = unsafe { model.as_ref() }.ok_or_else(|| Error::null("model"))?;
        let text = Text { data: text, length };
        // SAFETY: as for this function.
        let text = unsafe { texts(&text, 1) }?.pop().expect("one text was given")?;
        let answer = answer(&model.outputs, text, model.predictor.predict(text))?;
        // SAFETY: it is not null, and the caller's to write to.
        unsafe { *out = Box::into_raw(Box::new(answer)) };
        Ok(())
    })
}

/// Predicts many texts on up to `threads` threads (0: one, at most 256); each answer equals the one that its text would get alone.
/// `out[i]` is null where `statuses[i]` is not OK. Returns OK if all of them are, else the first other status, whose
/// message is the last error; if the arguments themselves are wrong, nothing is written.
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
        // SAFETY: as for this function.
        let model = unsafe { model.as_ref() }.ok_or_else(|| Error::null("model"))?;
        if out.is_null() || statuses.is_null() {
            return Err(Error::null(if out.is_null() { "out" } else { "statuses" }));
        }
        // SAFETY: as for this function.
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
        // SAFETY: both have as many elements as there are texts.
        unsafe {
            *out.add(index) = answer;
            *statuses.add(index) = status;
        }
    }
    first
}
