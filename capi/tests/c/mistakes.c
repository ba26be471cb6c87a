// What callers do wrong, and many threads at once: mistakes MODEL_FILE BROKEN_MODEL_FILE...

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hardwire.h"

static const char *const KERNEL =
    "func.func @scale(%a: memref<1024xf32>) {\n"
    "  affine.for %i = 0 to 1024 {\n"
    "    %0 = affine.load %a[%i] : memref<1024xf32>\n"
    "    %1 = arith.mulf %0, %0 : f32\n"
    "    affine.store %1, %a[%i] : memref<1024xf32>\n"
    "  }\n"
    "  return\n"
    "}\n";

// What a result is set to before a call that has to clear it.
#define STALE ((void *)(uintptr_t)0xdead)

#define EXPECT(call, expected)                                                                                          \
  do {                                                                                                                  \
    hardwire_status status = (call);                                                                                    \
    if (status != (expected)) {                                                                                         \
      printf("line %d: %s instead of %s (%s)\n", __LINE__, hardwire_status_name(status),                                \
             hardwire_status_name(expected), hardwire_last_error());                                                    \
      exit(1);                                                                                                          \
    }                                                                                                                   \
    if (status != HARDWIRE_STATUS_OK) printf("%s: %s\n", hardwire_status_name(status), hardwire_last_error());           \
  } while (0)

#define REQUIRE(condition)                             \
  do {                                                 \
    if (!(condition)) {                                \
      printf("line %d: %s\n", __LINE__, #condition);   \
      exit(1);                                         \
    }                                                  \
  } while (0)

static uint8_t *read_file(const char *path, size_t *length) {
  FILE *file = fopen(path, "rb");
  REQUIRE(file && fseek(file, 0, SEEK_END) == 0);
  *length = (size_t)ftell(file);
  rewind(file);
  uint8_t *bytes = malloc(*length + 1);
  REQUIRE(bytes && fread(bytes, 1, *length, file) == *length);
  fclose(file);
  return bytes;
}

struct asker {
  const hardwire_model *model;
  double value;
  char mistake[64];
};

// Every thread has the same numbers, and its own last error.
static void *ask(void *argument) {
  struct asker *asker = argument;
  for (int i = 0; i < 50; i++) {
    hardwire_answer *answer;
    hardwire_estimate cycles;
    // Another text each time, so that the model works and not its memory.
    char text[1024];
    int length = snprintf(text, sizeof text, "%s// %d\nfunc.func @g%d() { return }\n", KERNEL, i, i);
    if (hardwire_predict(asker->model, text, (size_t)length, &answer) != HARDWIRE_STATUS_OK ||
        hardwire_answer_estimate(answer, 0, hardwire_model_target(asker->model, 0), HARDWIRE_QUANTITY_CYCLES, &cycles) !=
            HARDWIRE_STATUS_OK)
      return "failed";
    asker->value = cycles.value;
    hardwire_answer_free(answer);
  }
  if (hardwire_predict(asker->model, "\xff", 1, &(hardwire_answer *){NULL}) != HARDWIRE_STATUS_NOT_UTF8) return "accepted";
  snprintf(asker->mistake, sizeof asker->mistake, "%s", hardwire_last_error());
  return NULL;
}

int main(int argc, char **argv) {
  REQUIRE(argc >= 2);
  REQUIRE(strcmp(hardwire_last_error(), "") == 0);

  // Models.
  hardwire_model *model = STALE;
  EXPECT(hardwire_model_open(HARDWIRE_CHOICE_CASCADE, NULL), HARDWIRE_STATUS_NULL_ARGUMENT);
  EXPECT(hardwire_model_open(7, &model), HARDWIRE_STATUS_OUT_OF_RANGE);
  REQUIRE(model == NULL);
  EXPECT(hardwire_model_open_for_gpus(HARDWIRE_CHOICE_CASCADE, NULL), HARDWIRE_STATUS_NULL_ARGUMENT);
  REQUIRE(hardwire_model_open_for_gpus(HARDWIRE_CHOICE_CASCADE, &model) == HARDWIRE_STATUS_OK);
  REQUIRE(strcmp(hardwire_model_target(model, 0), "gfx942") == 0);
  hardwire_answer *of_gpu = NULL;
  hardwire_estimate registers;
  REQUIRE(hardwire_predict(model, KERNEL, strlen(KERNEL), &of_gpu) == HARDWIRE_STATUS_OK);
  EXPECT(hardwire_answer_estimate(of_gpu, 0, "znver4", HARDWIRE_QUANTITY_CYCLES, &registers),
         HARDWIRE_STATUS_UNKNOWN_TARGET);
  EXPECT(hardwire_answer_estimate(of_gpu, 0, "sm_90", HARDWIRE_QUANTITY_CYCLES, &registers), HARDWIRE_STATUS_UNKNOWN);
  hardwire_answer_free(of_gpu);
  hardwire_model_free(model);
  model = NULL;
  EXPECT(hardwire_model_from_bytes(NULL, 5, HARDWIRE_CHOICE_CASCADE, &model), HARDWIRE_STATUS_NULL_ARGUMENT);
  EXPECT(hardwire_model_from_bytes((const uint8_t *)KERNEL, 0, HARDWIRE_CHOICE_CASCADE, &model), HARDWIRE_STATUS_MODEL_FILE);
  EXPECT(hardwire_model_from_bytes((const uint8_t *)KERNEL, SIZE_MAX, HARDWIRE_CHOICE_CASCADE, &model),
         HARDWIRE_STATUS_TOO_LARGE);
  size_t length;
  for (int i = 2; i < argc; i++) {
    uint8_t *bytes = read_file(argv[i], &length);
    model = STALE;
    EXPECT(hardwire_model_from_bytes(bytes, length, HARDWIRE_CHOICE_CASCADE, &model), HARDWIRE_STATUS_MODEL_FILE);
    REQUIRE(model == NULL);
    free(bytes);
  }
  uint8_t *bytes = read_file(argv[1], &length);
  EXPECT(hardwire_model_from_bytes(bytes, length, HARDWIRE_CHOICE_LEARNED, &model), HARDWIRE_STATUS_OK);
  memset(bytes, 0, length);
  free(bytes);
  REQUIRE(hardwire_model_name(model) && hardwire_model_target_count(model) > 1);
  REQUIRE(hardwire_model_target(model, hardwire_model_target_count(model)) == NULL);
  REQUIRE(hardwire_model_name(NULL) == NULL && hardwire_model_target_count(NULL) == 0 && !hardwire_model_target(NULL, 0));

  // Texts.
  hardwire_answer *answer = STALE;
  size_t whole = strlen(KERNEL);
  EXPECT(hardwire_predict(NULL, KERNEL, whole, &answer), HARDWIRE_STATUS_NULL_ARGUMENT);
  REQUIRE(answer == NULL);
  EXPECT(hardwire_predict(model, NULL, whole, &answer), HARDWIRE_STATUS_NULL_ARGUMENT);
  EXPECT(hardwire_predict(model, KERNEL, whole, NULL), HARDWIRE_STATUS_NULL_ARGUMENT);
  EXPECT(hardwire_predict(model, "ab\xff", 3, &answer), HARDWIRE_STATUS_NOT_UTF8);
  EXPECT(hardwire_predict(model, KERNEL, (size_t)1 << 30, &answer), HARDWIRE_STATUS_TOO_LARGE);
  EXPECT(hardwire_predict(model, KERNEL, SIZE_MAX, &answer), HARDWIRE_STATUS_TOO_LARGE);
  EXPECT(hardwire_predict(model, KERNEL, whole - 3, &answer), HARDWIRE_STATUS_TEXT);
  EXPECT(hardwire_predict(model, "", 0, &answer), HARDWIRE_STATUS_NO_FUNCTION);
  EXPECT(hardwire_predict(model, "module {}", 9, &answer), HARDWIRE_STATUS_NO_FUNCTION);
  REQUIRE(answer == NULL);

  // Answers.
  EXPECT(hardwire_predict(model, KERNEL, whole, &answer), HARDWIRE_STATUS_OK);
  const char *target = hardwire_model_target(model, 0);
  hardwire_estimate estimate;
  EXPECT(hardwire_answer_estimate(answer, 0, "z80", HARDWIRE_QUANTITY_CYCLES, &estimate), HARDWIRE_STATUS_UNKNOWN_TARGET);
  EXPECT(hardwire_answer_estimate(answer, 0, "\xff", HARDWIRE_QUANTITY_CYCLES, &estimate), HARDWIRE_STATUS_UNKNOWN_TARGET);
  EXPECT(hardwire_answer_estimate(answer, 1, target, HARDWIRE_QUANTITY_CYCLES, &estimate), HARDWIRE_STATUS_OUT_OF_RANGE);
  EXPECT(hardwire_answer_estimate(answer, 0, target, 19, &estimate), HARDWIRE_STATUS_OUT_OF_RANGE);
  EXPECT(hardwire_answer_estimate(answer, 0, target, HARDWIRE_QUANTITY_XPU_UTILIZATION, &estimate), HARDWIRE_STATUS_UNKNOWN);
  EXPECT(hardwire_answer_estimate(answer, 0, NULL, HARDWIRE_QUANTITY_CYCLES, &estimate), HARDWIRE_STATUS_NULL_ARGUMENT);
  EXPECT(hardwire_answer_estimate(answer, 0, target, HARDWIRE_QUANTITY_CYCLES, NULL), HARDWIRE_STATUS_NULL_ARGUMENT);
  EXPECT(hardwire_answer_estimate(NULL, 0, target, HARDWIRE_QUANTITY_CYCLES, &estimate), HARDWIRE_STATUS_NULL_ARGUMENT);
  EXPECT(hardwire_answer_provider(answer, 1, NULL, NULL), HARDWIRE_STATUS_OUT_OF_RANGE);
  EXPECT(hardwire_answer_provider(answer, 0, NULL, NULL), HARDWIRE_STATUS_OK);
  REQUIRE(hardwire_answer_function(answer, 1) == NULL && hardwire_answer_function_count(NULL) == 0);
  EXPECT(hardwire_answer_estimate(answer, 0, target, HARDWIRE_QUANTITY_CYCLES, &estimate), HARDWIRE_STATUS_OK);
  REQUIRE(estimate.low <= estimate.value && estimate.value <= estimate.high);

  // Ratios.
  hardwire_ratio ratio;
  EXPECT(hardwire_compare(NULL, answer, 0, answer, 0, target, HARDWIRE_QUANTITY_CYCLES, &ratio), HARDWIRE_STATUS_NULL_ARGUMENT);
  EXPECT(hardwire_compare(model, answer, 0, NULL, 0, target, HARDWIRE_QUANTITY_CYCLES, &ratio), HARDWIRE_STATUS_NULL_ARGUMENT);
  EXPECT(hardwire_compare(model, answer, 0, answer, 0, target, HARDWIRE_QUANTITY_CYCLES, NULL), HARDWIRE_STATUS_NULL_ARGUMENT);
  EXPECT(hardwire_compare(model, answer, 0, answer, 7, target, HARDWIRE_QUANTITY_CYCLES, &ratio), HARDWIRE_STATUS_OUT_OF_RANGE);
  EXPECT(hardwire_compare(model, answer, 0, answer, 0, target, 19, &ratio), HARDWIRE_STATUS_OUT_OF_RANGE);
  EXPECT(hardwire_compare(model, answer, 0, answer, 0, "z80", HARDWIRE_QUANTITY_CYCLES, &ratio), HARDWIRE_STATUS_UNKNOWN_TARGET);
  EXPECT(hardwire_compare(model, answer, 0, answer, 0, target, HARDWIRE_QUANTITY_SPILLS, &ratio), HARDWIRE_STATUS_UNKNOWN);

  REQUIRE(hardwire_answer_reason_count(answer, 0) == 0 && hardwire_answer_reason_count(NULL, 0) == 0);

  // What the text leaves open is unknown with a reason until it is assumed.
  const char *open = "func.func @f(%n: index) { affine.for %i = 0 to %n { } return }";
  const char *assumed[2] = {"trip=%n:64", "shape=?:4"}, *malformed[1] = {"trip=n:3"}, *unmatched[1] = {"trip=%m:3"};
  hardwire_answer *partial = STALE;
  hardwire_reason reason;
  hardwire_estimate unsure;
  EXPECT(hardwire_predict_assuming(model, open, strlen(open), malformed, 1, &partial), HARDWIRE_STATUS_ASSUMPTION);
  EXPECT(hardwire_predict_assuming(model, open, strlen(open), unmatched, 1, &partial), HARDWIRE_STATUS_ASSUMPTION);
  EXPECT(hardwire_predict_assuming(model, open, strlen(open), NULL, 1, &partial), HARDWIRE_STATUS_NULL_ARGUMENT);
  EXPECT(hardwire_predict_assuming(model, open, strlen(open), assumed, SIZE_MAX, &partial), HARDWIRE_STATUS_TOO_LARGE);
  REQUIRE(partial == NULL);
  EXPECT(hardwire_predict(model, open, strlen(open), &partial), HARDWIRE_STATUS_OK);
  EXPECT(hardwire_answer_estimate(partial, 0, target, HARDWIRE_QUANTITY_CYCLES, &unsure), HARDWIRE_STATUS_UNKNOWN);
  EXPECT(hardwire_answer_estimate(partial, 0, target, HARDWIRE_QUANTITY_SPILLS, &unsure), HARDWIRE_STATUS_OK);
  REQUIRE(hardwire_answer_reason_count(partial, 0) == 1);
  EXPECT(hardwire_answer_reason(partial, 0, 1, &reason), HARDWIRE_STATUS_OUT_OF_RANGE);
  EXPECT(hardwire_answer_reason(partial, 0, 0, NULL), HARDWIRE_STATUS_NULL_ARGUMENT);
  EXPECT(hardwire_answer_reason(partial, 0, 0, &reason), HARDWIRE_STATUS_OK);
  REQUIRE(!strcmp(reason.kind, "trip_count") && !strcmp(reason.operation, "affine.for") && !strcmp(reason.value, "%n"));
  REQUIRE(!strcmp(reason.assumption, "trip=%n:_") && reason.line == 1 && reason.column == 27 && strstr(reason.message, "%n"));
  REQUIRE(reason.quantities & (1u << HARDWIRE_QUANTITY_CYCLES) && !(reason.quantities & (1u << HARDWIRE_QUANTITY_SPILLS)));
  hardwire_answer_free(partial);
  EXPECT(hardwire_predict_assuming(model, open, strlen(open), assumed, 2, &partial), HARDWIRE_STATUS_OK);
  EXPECT(hardwire_answer_estimate(partial, 0, target, HARDWIRE_QUANTITY_CYCLES, &unsure), HARDWIRE_STATUS_OK);
  hardwire_answer_free(partial);

  // Batches: each answer is the one that its text has alone.
  hardwire_text texts[4] = {{KERNEL, whole}, {NULL, 3}, {"func.func @f() {", 16}, {KERNEL, whole}};
  hardwire_answer *answers[4];
  hardwire_status statuses[4];
  EXPECT(hardwire_predict_batch(model, texts, 4, UINT32_MAX, answers, statuses), HARDWIRE_STATUS_NULL_ARGUMENT);
  REQUIRE(statuses[0] == HARDWIRE_STATUS_OK && statuses[1] == HARDWIRE_STATUS_NULL_ARGUMENT && answers[1] == NULL &&
          statuses[2] == HARDWIRE_STATUS_TEXT && answers[2] == NULL && statuses[3] == HARDWIRE_STATUS_OK);
  for (int i = 0; i < 4; i += 3) {
    hardwire_estimate same;
    EXPECT(hardwire_answer_estimate(answers[i], 0, target, HARDWIRE_QUANTITY_CYCLES, &same), HARDWIRE_STATUS_OK);
    REQUIRE(memcmp(&same, &estimate, sizeof same) == 0);
    hardwire_answer_free(answers[i]);
  }
  EXPECT(hardwire_predict_batch(model, NULL, 4, 1, answers, statuses), HARDWIRE_STATUS_NULL_ARGUMENT);
  EXPECT(hardwire_predict_batch(model, texts, 4, 1, NULL, statuses), HARDWIRE_STATUS_NULL_ARGUMENT);
  EXPECT(hardwire_predict_batch(model, texts, SIZE_MAX, 1, answers, statuses), HARDWIRE_STATUS_TOO_LARGE);
  EXPECT(hardwire_predict_batch(model, NULL, 0, 1, answers, statuses), HARDWIRE_STATUS_OK);

  // Threads share a model; an answer outlives it.
  pthread_t threads[4];
  struct asker askers[4];
  for (int t = 0; t < 4; t++) {
    askers[t] = (struct asker){model, 0, ""};
    REQUIRE(pthread_create(&threads[t], NULL, ask, &askers[t]) == 0);
  }
  for (int t = 0; t < 4; t++) {
    void *failed;
    REQUIRE(pthread_join(threads[t], &failed) == 0 && failed == NULL);
    REQUIRE(askers[t].value == estimate.value && strcmp(askers[t].mistake, "byte 1 of the text is not UTF-8") == 0);
  }
  hardwire_model_free(model);
  REQUIRE(strcmp(hardwire_answer_function(answer, 0), "scale") == 0);
  hardwire_answer_free(answer);
  hardwire_answer_free(NULL);
  hardwire_model_free(NULL);

  // Names.
  REQUIRE(strcmp(hardwire_status_name(999), "?") == 0 && hardwire_quantity_name(19) == NULL && !hardwire_quantity_unit(19));
  REQUIRE(strcmp(hardwire_quantity_name(HARDWIRE_QUANTITY_CYCLES), "cycles") == 0);
  return 0;
}
