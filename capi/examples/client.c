// Predicts the cost of the functions of a file, as a compiler pass would, then of several texts at once.
//
//   cargo build --release -p capi
//   cc capi/examples/client.c -I capi/include -L target/release -lhardwire -Wl,-rpath,$PWD/target/release -o target/client
//   target/client docs/costmodel-example.mlir

#include <stdio.h>
#include <stdlib.h>

#include "hardwire.h"

// Reads a file; writes its length to `length`.
static char *read_file(const char *path, size_t *length) {
  FILE *file = fopen(path, "rb");
  if (!file) {
    perror(path);
    exit(2);
  }
  size_t capacity = 1 << 16;
  char *text = malloc(capacity);
  *length = 0;
  while (text && (*length += fread(text + *length, 1, capacity - *length, file)) == capacity) {
    capacity *= 2;
    text = realloc(text, capacity);
  }
  fclose(file);
  if (!text) abort();
  return text;
}

// Exits with the library's message if a call failed.
static void need(hardwire_status status) {
  if (status != HARDWIRE_STATUS_OK) {
    fprintf(stderr, "%s: %s\n", hardwire_status_name(status), hardwire_last_error());
    exit(1);
  }
}

// Prints all predictions for the functions of an answer on one target.
static void print(const hardwire_answer *answer, const char *target) {
  for (size_t f = 0; f < hardwire_answer_function_count(answer); f++) {
    hardwire_provider provider;
    double score;
    need(hardwire_answer_provider(answer, f, &provider, &score));
    printf("%s on %s, %s, score %.2f\n", hardwire_answer_function(answer, f), target,
           provider == HARDWIRE_PROVIDER_LEARNED ? "learned" : "analytical", score);
    for (uint32_t quantity = 0; hardwire_quantity_name(quantity); quantity++) {
      hardwire_estimate estimate;
      hardwire_status status = hardwire_answer_estimate(answer, f, target, quantity, &estimate);
      if (status == HARDWIRE_STATUS_UNKNOWN) continue;  // not predicted for this target, or the text leaves it open
      need(status);
      printf("  %s %.3f [%.3f, %.3f] %s\n", hardwire_quantity_name(quantity), estimate.value, estimate.low, estimate.high,
             hardwire_quantity_unit(quantity));
    }
    for (size_t r = 0; r < hardwire_answer_reason_count(answer, f); r++) {
      hardwire_reason reason;
      need(hardwire_answer_reason(answer, f, r, &reason));
      printf("  unknown: %s\n", reason.message);
    }
  }
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s FILE.mlir\n", argv[0]);
    return 2;
  }
  if (hardwire_abi_version() != HARDWIRE_ABI_VERSION) {
    fprintf(stderr, "the library has another interface than the header\n");
    return 1;
  }
  size_t length;
  char *text = read_file(argv[1], &length);

  // A model is opened once and shared by all threads.
  hardwire_model *model;
  need(hardwire_model_open(HARDWIRE_CHOICE_CASCADE, &model));

  hardwire_answer *answer;
  need(hardwire_predict(model, text, length, &answer));
  print(answer, hardwire_model_target(model, 0));
  hardwire_answer_free(answer);

  // A batch on two threads: an invalid text does not affect the others.
  hardwire_text texts[3] = {{text, length}, {"func.func @f() {", 16}, {text, length}};
  hardwire_answer *answers[3];
  hardwire_status statuses[3];
  hardwire_status status = hardwire_predict_batch(model, texts, 3, 2, answers, statuses);
  if (status != HARDWIRE_STATUS_OK) printf("batch: %s: %s\n", hardwire_status_name(status), hardwire_last_error());
  for (int i = 0; i < 3; i++) {
    printf("text %d: %s, %zu functions\n", i, hardwire_status_name(statuses[i]), hardwire_answer_function_count(answers[i]));
    hardwire_answer_free(answers[i]);
  }
  hardwire_model_free(model);
  free(text);
  return 0;
}
