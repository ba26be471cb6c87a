/*===- Boundary.h - The core for callers in C and Rust --------------------===*
 *
 * Plain C: pointers to upstream's operations, texts with lengths, callbacks.
 * `src/boundary.rs` declares the same; a change of one is a change of both.
 *
 *===----------------------------------------------------------------------===*/

#ifndef HARDWIRE_PASSES_BOUNDARY_H
#define HARDWIRE_PASSES_BOUNDARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A text in UTF-8, not terminated. */
typedef struct {
  const char *data;
  size_t length;
} hardwire_passes_text;

/* A number with the ends of its 90 % interval. */
typedef struct {
  double value;
  double low;
  double high;
} hardwire_passes_interval;

/* What a scorer says; `why` is valid until the scorer is called again. */
typedef struct {
  bool known;
  hardwire_passes_interval cost;
  /* Cost of the original, the first text, over this one; a value of 0 if there
   * is no interval of the ratio. */
  hardwire_passes_interval ratio;
  double novelty;
  double spills;
  hardwire_passes_text why;
} hardwire_passes_score;

/* Scores texts of one function each; the first one is the original. */
typedef void (*hardwire_passes_scorer)(void *user,
                                       const hardwire_passes_text *texts,
                                       size_t count,
                                       hardwire_passes_score *scores);
/* Whether the time is over. */
typedef bool (*hardwire_passes_expired)(void *user);
/* Receives a text. */
typedef void (*hardwire_passes_write)(void *user, hardwire_passes_text text);

typedef struct {
  /* Kinds of steps, separated by commas; empty for all. */
  hardwire_passes_text decisions;
  /* Steps to take instead of a search; empty for a search. */
  hardwire_passes_text steps;
  double caution;
  double max_novelty;
  double verify_margin;
  uint32_t depth;
  uint32_t beam;
  uint32_t max_candidates;
  /* Candidates that are measured; 0 for none. */
  uint32_t verify;
  bool allow_spills;
  bool reassociate;
  bool assume_no_alias;
  /* Write the text of each candidate with it. */
  bool texts;
  /* Write the decisions as a transform script. */
  bool schedule;
  /* The scores are those of a simulated design. */
  bool of_design;
} hardwire_passes_options;

/* Decides about the functions of a module (an `mlir::Operation *`) and changes
 * it. Writes a JSON object of the decisions and the script, or a message if it
 * returns false: options that are malformed. */
bool hardwire_passes_optimize(void *module,
                              const hardwire_passes_options *options,
                              hardwire_passes_scorer scorer,
                              hardwire_passes_scorer measurer,
                              hardwire_passes_expired expired, void *user,
                              hardwire_passes_write write);

/* Writes the processor that a module names; nothing if it names none. */
void hardwire_passes_target(void *module, void *user,
                            hardwire_passes_write write);

/* Writes the operations that no decision is about as a JSON array. */
void hardwire_passes_others(void *module, void *user,
                            hardwire_passes_write write);

/* Writes a program that runs the functions of a module against those of the
 * same name in another one, on random inputs; its `@main` prints a line with
 * the number of differing elements for each. Writes first a line for each
 * function: its name, and why it is not run. */
void hardwire_passes_compare(void *original, void *result, uint64_t seed,
                             bool alias, double tolerance, void *user,
                             hardwire_passes_write names,
                             hardwire_passes_write program);

/* Loads the dialects that candidates use. */
void hardwire_passes_prepare(void *module);

#ifdef __cplusplus
}
#endif

#endif /* HARDWIRE_PASSES_BOUNDARY_H */
