// C interface of the learned cost model: what MLIR functions cost, from their text alone.
//
// Generated from capi/src by cbindgen; `make header` writes it anew.
//
// - Functions return a status; results go through pointers, which are set to null where there is no result.
//   hardwire_last_error has the message of the last failure on the calling thread.
// - A model may be used by any number of threads at once. An answer belongs to the caller, who frees it; it may be
//   read by several threads, and outlives the model.
// - No panic crosses the boundary: one inside is a bug of the library and is returned as INTERNAL.
// - Texts are MLIR in UTF-8 with their length; they need no terminating zero. Strings that come back end in zero.
// - No function opens a file or prints.

#ifndef HARDWIRE_H
#define HARDWIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Version of this interface; functions are added under the same version, changes raise it.
#define HARDWIRE_ABI_VERSION 1

// How a call ended.
typedef enum {
  // Well.
  HARDWIRE_STATUS_OK = 0,
  // A pointer that must point somewhere is null.
  HARDWIRE_STATUS_NULL_ARGUMENT = 1,
  // A text is not UTF-8.
  HARDWIRE_STATUS_NOT_UTF8 = 2,
  // A text or file is longer than what is read.
  HARDWIRE_STATUS_TOO_LARGE = 3,
  // Something is wrong with an MLIR text; the message says what and where.
  HARDWIRE_STATUS_TEXT = 4,
  // The text has no function with a body.
  HARDWIRE_STATUS_NO_FUNCTION = 5,
  // The bytes are no model that this version reads; the message says what differs.
  HARDWIRE_STATUS_MODEL_FILE = 6,
  // The model has no such processor or design.
  HARDWIRE_STATUS_UNKNOWN_TARGET = 7,
  // An index beyond the last, or a number that is no value of its enumeration.
  HARDWIRE_STATUS_OUT_OF_RANGE = 8,
  // The provider that answered has no such number: it is unknown, not invalid.
  HARDWIRE_STATUS_UNKNOWN = 9,
  // A bug in this library.
  HARDWIRE_STATUS_INTERNAL = 10,
} hardwire_status;

// Who answered.
typedef enum {
  // The learned model.
  HARDWIRE_PROVIDER_LEARNED = 0,
  // Analysis: the function is unlike all the model has learned from.
  HARDWIRE_PROVIDER_ANALYTICAL = 1,
} hardwire_provider;

// Who is asked.
typedef enum {
  // The learned model where the function is like those it has learned from, else analysis.
  HARDWIRE_CHOICE_CASCADE = 0,
  // The learned model, whatever the function.
  HARDWIRE_CHOICE_LEARNED = 1,
  // Analysis. To compare two functions, ask one provider for both.
  HARDWIRE_CHOICE_ANALYTICAL = 2,
} hardwire_choice;

// What is predicted.
typedef enum {
  // Most vector registers' worth of values live at once.
  HARDWIRE_QUANTITY_VECTOR_REGISTER_PRESSURE = 0,
  // Most general registers' worth of values live at once.
  HARDWIRE_QUANTITY_GENERAL_REGISTER_PRESSURE = 1,
  // Instructions that spill a register.
  HARDWIRE_QUANTITY_SPILLS = 2,
  // Instructions that reload a spilled register.
  HARDWIRE_QUANTITY_RELOADS = 3,
  // Instructions executed per call.
  HARDWIRE_QUANTITY_INSTRUCTIONS = 4,
  // Cycles per call.
  HARDWIRE_QUANTITY_CYCLES = 5,
  // Instructions per cycle.
  HARDWIRE_QUANTITY_IPC = 6,
  // Busy share of the busiest port, 0 to 1.
  HARDWIRE_QUANTITY_PORT_UTILIZATION = 7,
  // Busy share of a design's compute units, 0 to 1.
  HARDWIRE_QUANTITY_XPU_UTILIZATION = 8,
  // Cycles on a design.
  HARDWIRE_QUANTITY_XPU_LATENCY_CYCLES = 9,
} hardwire_quantity;

// What is predicted of a text; opaque.
typedef struct hardwire_answer hardwire_answer;

// A model that answers; opaque.
typedef struct hardwire_model hardwire_model;

// A predicted number with the ends of its 90 % interval, in the quantity's unit.
typedef struct {
  // The number.
  double value;
  // Lower end.
  double low;
  // Upper end.
  double high;
} hardwire_estimate;

// An MLIR text.
typedef struct {
  // UTF-8.
  const char *data;
  // Bytes.
  size_t length;
} hardwire_text;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// Frees an answer; null is ignored.
//
// # Safety
// `answer` was given out and not freed, and no other thread is using it.
void hardwire_answer_free(hardwire_answer *answer);

// Number of functions with a body.
//
// # Safety
// `answer` was given out and not freed, or is null.
size_t hardwire_answer_function_count(const hardwire_answer *answer);

// Symbol of a function, without `@`; null beyond the last. Valid as long as the answer.
//
// # Safety
// `answer` was given out and not freed, or is null.
const char *hardwire_answer_function(const hardwire_answer *answer, size_t function);

// Whether the answer was kept from an earlier call.
//
// # Safety
// `answer` was given out and not freed, or is null.
bool hardwire_answer_is_cached(const hardwire_answer *answer);

// Who answered for a function, and how unlike the training it is: up to 1 it is like it.
//
// # Safety
// `answer` was given out and not freed, or is null; `provider` and `ood_score` are null (not wanted) or may be written.
hardwire_status hardwire_answer_provider(const hardwire_answer *answer,
                                         size_t function,
                                         hardwire_provider *provider,
                                         double *ood_score);

// A number of a function on a processor or design. `quantity` is a `hardwire_quantity`. `UNKNOWN` where the provider
// that answered does not tell it.
//
// # Safety
// `answer` was given out and not freed, or is null; `target` is null or ends in zero; `out` is null or may be written.
hardwire_status hardwire_answer_estimate(const hardwire_answer *answer,
                                         size_t function,
                                         const char *target,
                                         uint32_t quantity,
                                         hardwire_estimate *out);

// Version of the interface that the library has; compare with `HARDWIRE_ABI_VERSION` of the header.
uint32_t hardwire_abi_version(void);

// Message of the last failure on the calling thread; empty if there was none. Valid until the thread's next failure.
const char *hardwire_last_error(void);

// Name of a status, e.g. "UNKNOWN_TARGET"; "?" for a number that is none.
const char *hardwire_status_name(uint32_t status);

// Opens the model that comes with the library. `choice` is a `hardwire_choice`.
//
// # Safety
// `out` is null or may be written to.
hardwire_status hardwire_model_open(uint32_t choice, hardwire_model **out);

// Opens a model from the bytes of its file, which are not needed any more afterwards. `choice` is a
// `hardwire_choice`.
//
// # Safety
// `bytes` points to `length` bytes or is null; `out` is null or may be written to.
hardwire_status hardwire_model_from_bytes(const uint8_t *bytes,
                                          size_t length,
                                          uint32_t choice,
                                          hardwire_model **out);

// Frees a model; null is ignored. Answers stay.
//
// # Safety
// `model` was opened and not freed, and no other thread is using it.
void hardwire_model_free(hardwire_model *model);

// Name of a model; null for null. Valid as long as the model.
//
// # Safety
// `model` is open or null.
const char *hardwire_model_name(const hardwire_model *model);

// Number of processors and designs that a model predicts for.
//
// # Safety
// `model` is open or null.
size_t hardwire_model_target_count(const hardwire_model *model);

// Name of a processor or design; null beyond the last. Valid as long as the model.
//
// # Safety
// `model` is open or null.
const char *hardwire_model_target(const hardwire_model *model, size_t index);

// Name of a quantity, e.g. "port_utilization"; null for a number that is no `hardwire_quantity`.
const char *hardwire_quantity_name(uint32_t quantity);

// Unit of a quantity, e.g. "cycles"; null for a number that is no `hardwire_quantity`.
const char *hardwire_quantity_unit(uint32_t quantity);

// Predicts the functions of a text. `out` is set to null if there is no answer.
//
// # Safety
// `model` is open or null, `text` is null or points to `length` bytes, `out` is null or may be written to.
hardwire_status hardwire_predict(const hardwire_model *model,
                                 const char *text,
                                 size_t length,
                                 hardwire_answer **out);

// Predicts many texts on up to `threads` threads (0: one, at most 256); each answer equals the one that its text would get alone.
// `out[i]` is null where `statuses[i]` is not OK. Returns OK if all of them are, else the first other status, whose
// message is the last error; if the arguments themselves are wrong, nothing is written.
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
