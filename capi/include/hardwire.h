// C interface of the learned cost model, which predicts the cost of MLIR functions from their text.
//
// Generated from capi/src by cbindgen; `make header` regenerates it.
//
// - Functions return a status and write results through pointers, which are set to null if there is no result.
//   hardwire_last_error returns the message of the last failure on the calling thread.
// - A model may be used by any number of threads at once. An answer belongs to the caller, who frees it; it may be
//   read by several threads, and outlives the model.
// - No panic crosses the boundary: a panic is a bug of the library and is returned as INTERNAL.
// - Texts are MLIR in UTF-8 with a length in bytes, without a terminating zero. Returned strings are zero-terminated.
// - No function opens a file or prints.

#ifndef HARDWIRE_H
#define HARDWIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Version of this interface. New functions do not change it; changes of existing functions and types do.
#define HARDWIRE_ABI_VERSION 1

// Result of a call.
typedef enum {
  // Success.
  HARDWIRE_STATUS_OK = 0,
  // A required pointer is null.
  HARDWIRE_STATUS_NULL_ARGUMENT = 1,
  // A text is not UTF-8.
  HARDWIRE_STATUS_NOT_UTF8 = 2,
  // A text or file exceeds the largest accepted size.
  HARDWIRE_STATUS_TOO_LARGE = 3,
  // An MLIR text is invalid; the message has line, column and reason.
  HARDWIRE_STATUS_TEXT = 4,
  // The text has no function.
  HARDWIRE_STATUS_NO_FUNCTION = 5,
  // The bytes are not a model that this version reads; the message has the reason.
  HARDWIRE_STATUS_MODEL_FILE = 6,
  // The model has no such processor or design.
  HARDWIRE_STATUS_UNKNOWN_TARGET = 7,
  // An index is out of range, or a number is not a value of its enumeration.
  HARDWIRE_STATUS_OUT_OF_RANGE = 8,
  // The quantity is unknown: the text leaves open a count that it needs, or the provider does not predict it. The request itself
  // is valid.
  HARDWIRE_STATUS_UNKNOWN = 9,
  // A bug in this library.
  HARDWIRE_STATUS_INTERNAL = 10,
  // An assumption is malformed, or the text has no value of its name.
  HARDWIRE_STATUS_ASSUMPTION = 11,
} hardwire_status;

// The provider of a prediction.
typedef enum {
  // The learned model.
  HARDWIRE_PROVIDER_LEARNED = 0,
  // The analytical model.
  HARDWIRE_PROVIDER_ANALYTICAL = 1,
} hardwire_provider;

// What the ratio of two functions says about the second.
typedef enum {
  // It needs less: the interval lies below 1.
  HARDWIRE_VERDICT_FASTER = 0,
  // It needs more: the interval lies above 1.
  HARDWIRE_VERDICT_SLOWER = 1,
  // The interval holds 1: the model cannot tell.
  HARDWIRE_VERDICT_WITHIN_INTERVAL = 2,
} hardwire_verdict;

// Which provider predicts.
typedef enum {
  // The best model for the function: the learned one.
  HARDWIRE_CHOICE_CASCADE = 0,
  // The learned model for every function.
  HARDWIRE_CHOICE_LEARNED = 1,
  // The analytical model. To compare two functions, use one provider for both.
  HARDWIRE_CHOICE_ANALYTICAL = 2,
} hardwire_choice;

// A predicted quantity.
typedef enum {
  // Most vector registers live at once, before register allocation.
  HARDWIRE_QUANTITY_VECTOR_REGISTER_PRESSURE = 0,
  // Most general-purpose registers live at once, before register allocation.
  HARDWIRE_QUANTITY_GENERAL_REGISTER_PRESSURE = 1,
  // Spill instructions in the code.
  HARDWIRE_QUANTITY_SPILLS = 2,
  // Reload instructions in the code.
  HARDWIRE_QUANTITY_RELOADS = 3,
  // Instructions executed per call.
  HARDWIRE_QUANTITY_INSTRUCTIONS = 4,
  // Cycles per call.
  HARDWIRE_QUANTITY_CYCLES = 5,
  // Instructions per cycle.
  HARDWIRE_QUANTITY_IPC = 6,
  // Utilization of the busiest port, 0 to 1.
  HARDWIRE_QUANTITY_PORT_UTILIZATION = 7,
  // Utilization of a design's compute units, 0 to 1.
  HARDWIRE_QUANTITY_XPU_UTILIZATION = 8,
  // Latency on a design in cycles.
  HARDWIRE_QUANTITY_XPU_LATENCY_CYCLES = 9,
  // Vector registers of a thread of the kernel that uses most.
  HARDWIRE_QUANTITY_GPU_VECTOR_REGISTERS = 10,
  // Scalar registers of a wave of the kernel that uses most (AMD).
  HARDWIRE_QUANTITY_GPU_SCALAR_REGISTERS = 11,
  // Registers that the kernels spill.
  HARDWIRE_QUANTITY_GPU_SPILLS = 12,
  // Resident waves of a SIMD, of the kernel with fewest.
  HARDWIRE_QUANTITY_GPU_WAVES_PER_SIMD = 13,
  // Instructions in the code of all kernels.
  HARDWIRE_QUANTITY_GPU_CODE_INSTRUCTIONS = 14,
  // Instructions that all threads execute per call (AMD).
  HARDWIRE_QUANTITY_GPU_INSTRUCTIONS = 15,
  // Bound of the time of a call by a roofline with occupancy, in microseconds.
  HARDWIRE_QUANTITY_GPU_ROOFLINE_US = 16,
  // Time of the operations at the GPU's peak over that bound, 0 to 1.
  HARDWIRE_QUANTITY_GPU_ARITHMETIC_UTILIZATION = 17,
  // Time of the bytes at the GPU's peak over that bound, 0 to 1.
  HARDWIRE_QUANTITY_GPU_BANDWIDTH_UTILIZATION = 18,
} hardwire_quantity;

// The predictions for the functions of a text; opaque.
typedef struct hardwire_answer hardwire_answer;

// An open model; opaque.
typedef struct hardwire_model hardwire_model;

// Why quantities of a function are unknown. Strings are zero-terminated; those that do not apply are null.
typedef struct {
  // Kind, e.g. "operation", "trip_count", "shape", "callee", "declaration".
  const char *kind;
  // Message with the place.
  const char *message;
  // Name of the first operation.
  const char *operation;
  // The value that decides it, e.g. "%n".
  const char *value;
  // The assumption that would state it, with `_` for the number, e.g. "trip=%n:_".
  const char *assumption;
  // Line of the first operation, from 1; 0 if there is none.
  size_t line;
  // Its column in characters, from 1; 0 if there is none.
  size_t column;
  // The unknown quantities: bit `q` is set for the `hardwire_quantity` `q`.
  uint32_t quantities;
} hardwire_reason;

// A prediction with the ends of its 90 % interval, in the quantity's unit.
typedef struct {
  // Predicted value.
  double value;
  // Lower end of the interval.
  double low;
  // Upper end of the interval.
  double high;
} hardwire_estimate;

// A quantity of the second function over that of the first, with the ends of its 90 % interval.
typedef struct {
  // Predicted ratio.
  double value;
  // Lower end of the interval.
  double low;
  // Upper end of the interval.
  double high;
  // What the interval says.
  hardwire_verdict verdict;
} hardwire_ratio;

// An MLIR text.
typedef struct {
  // The text in UTF-8.
  const char *data;
  // Its length in bytes.
  size_t length;
} hardwire_text;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// Frees an answer; null is ignored.
//
// # Safety
// `answer` was returned by this library and not freed, and no other thread is using it.
void hardwire_answer_free(hardwire_answer *answer);

// Number of functions, declarations included. All quantities of a declaration are unknown.
//
// # Safety
// `answer` was returned by this library and not freed, or is null.
size_t hardwire_answer_function_count(const hardwire_answer *answer);

// Symbol of a function, without `@`; null if there is no function of that index. Valid until the answer is freed.
//
// # Safety
// `answer` was returned by this library and not freed, or is null.
const char *hardwire_answer_function(const hardwire_answer *answer,
                                     size_t function);

// Whether the answer came from the cache.
//
// # Safety
// `answer` was returned by this library and not freed, or is null.
bool hardwire_answer_is_cached(const hardwire_answer *answer);

// The provider that predicted a function, and its novelty score: at most 1 if the function is like the training data.
//
// # Safety
// `answer` was returned by this library and not freed, or is null; `provider` and `ood_score` are null or writable.
hardwire_status hardwire_answer_provider(const hardwire_answer *answer,
                                         size_t function,
                                         hardwire_provider *provider,
                                         double *ood_score);

// Number of reasons why quantities of a function are unknown; 0 if there is no function of that index.
//
// # Safety
// `answer` was returned by this library and not freed, or is null.
size_t hardwire_answer_reason_count(const hardwire_answer *answer, size_t function);

// A reason why quantities of a function are unknown. Its strings are valid until the answer is freed.
//
// # Safety
// `answer` was returned by this library and not freed, or is null; `out` is null or writable.
hardwire_status hardwire_answer_reason(const hardwire_answer *answer,
                                       size_t function,
                                       size_t index,
                                       hardwire_reason *out);

// A predicted quantity of a function on a processor or design. `quantity` is a `hardwire_quantity`. Returns `UNKNOWN`
// if the text leaves open a count that it needs, or the provider that answered does not predict it; see
// `hardwire_answer_reason`.
//
// # Safety
// `answer` was returned by this library and not freed, or is null; `target` is null or zero-terminated; `out` is null or
// writable.
hardwire_status hardwire_answer_estimate(const hardwire_answer *answer,
                                         size_t function,
                                         const char *target,
                                         uint32_t quantity,
                                         hardwire_estimate *out);

// Version of the library's interface; must equal `HARDWIRE_ABI_VERSION` of the header.
uint32_t hardwire_abi_version(void);

// Message of the last failure on the calling thread; empty if there was none. Valid until the thread's next failure.
const char *hardwire_last_error(void);

// Name of a status, e.g. "UNKNOWN_TARGET"; "?" for a number that is not a status.
const char *hardwire_status_name(uint32_t status);

// The ratio of a quantity of two functions of answers of this model: second over first. `quantity` is a `hardwire_quantity`:
// instructions, cycles or the latency on a design. The interval is calibrated on variants of one kernel. Returns `UNKNOWN` if a
// quantity is unknown or 0, or if the model has no intervals of ratios.
//
// # Safety
// `model` is open or null; `first` and `second` were returned by this library and not freed, or are null; `target` is null or
// zero-terminated; `out` is null or writable.
hardwire_status hardwire_compare(const hardwire_model *model,
                                 const hardwire_answer *first,
                                 size_t first_function,
                                 const hardwire_answer *second,
                                 size_t second_function,
                                 const char *target,
                                 uint32_t quantity,
                                 hardwire_ratio *out);

// Opens the model of processors and designs that comes with the library. `choice` is a `hardwire_choice`.
//
// # Safety
// `out` is null or writable.
hardwire_status hardwire_model_open(uint32_t choice, hardwire_model **out);

// Opens the model of GPUs that comes with the library. `choice` is a `hardwire_choice`.
//
// # Safety
// `out` is null or writable.
hardwire_status hardwire_model_open_for_gpus(uint32_t choice, hardwire_model **out);

// Opens a model from the bytes of its file, which may be freed after the call. `choice` is a `hardwire_choice`.
//
// # Safety
// `bytes` points to `length` bytes or is null; `out` is null or writable.
hardwire_status hardwire_model_from_bytes(const uint8_t *bytes,
                                          size_t length,
                                          uint32_t choice,
                                          hardwire_model **out);

// Frees a model; null is ignored. Its answers stay valid.
//
// # Safety
// `model` was opened and not freed, and no other thread is using it.
void hardwire_model_free(hardwire_model *model);

// Name of a model; null for null. Valid until the model is freed.
//
// # Safety
// `model` is open or null.
const char *hardwire_model_name(const hardwire_model *model);

// Number of processors and designs that a model predicts for.
//
// # Safety
// `model` is open or null.
size_t hardwire_model_target_count(const hardwire_model *model);

// Name of a processor or design; null if there is none of that index. Valid until the model is freed.
//
// # Safety
// `model` is open or null.
const char *hardwire_model_target(const hardwire_model *model, size_t index);

// Name of a quantity, e.g. "port_utilization"; null for a number that is not a `hardwire_quantity`.
const char *hardwire_quantity_name(uint32_t quantity);

// Unit of a quantity, e.g. "cycles"; null for a number that is not a `hardwire_quantity`.
const char *hardwire_quantity_unit(uint32_t quantity);

// Predicts the functions of a text. `out` is set to null if there is no answer.
//
// # Safety
// `model` is open or null, `text` is null or points to `length` bytes, `out` is null or writable.
hardwire_status hardwire_predict(const hardwire_model *model,
                                 const char *text,
                                 size_t length,
                                 hardwire_answer **out);

// Predicts the functions of a text under assumptions about what it leaves open, e.g. "trip=%n:1024", "shape=%a.0:512",
// "shape=?:512" or a range, "trip=%n:16..64". `out` is set to null if there is no answer.
//
// # Safety
// `model` is open or null, `text` is null or points to `length` bytes, `assumptions` is null or has `count` elements, each
// null or zero-terminated, `out` is null or writable.
hardwire_status hardwire_predict_assuming(const hardwire_model *model,
                                          const char *text,
                                          size_t length,
                                          const char *const *assumptions,
                                          size_t count,
                                          hardwire_answer **out);

// Predicts many texts on up to `threads` threads (0 means 1; at most 256). Each answer is the same as for its text
// alone. `out[i]` is null if `statuses[i]` is not OK. Returns OK if all statuses are OK, else the first other status, whose
// message is the last error. If the arguments are invalid, nothing is written.
//
// # Safety
// `model` is open or null; `texts`, `out` and `statuses` are null or have `count` elements, the latter two writable.
hardwire_status hardwire_predict_batch(const hardwire_model *model,
                                       const hardwire_text *texts,
                                       size_t count,
                                       uint32_t threads,
                                       hardwire_answer **out,
                                       hardwire_status *statuses);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* HARDWIRE_H */
