// Processor time in ns per prediction of one value through the C interface: overhead FILE CALLS TARGET. The answer comes from the cache.
#include "hardwire.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int main(int argc, char **argv) {
  static char text[1 << 20];
  FILE *file = argc == 4 ? fopen(argv[1], "rb") : NULL;
  if (!file) return 2;
  size_t length = fread(text, 1, sizeof text, file);
  long calls = atol(argv[2]);
  hardwire_model *model;
  if (hardwire_model_open(HARDWIRE_CHOICE_CASCADE, &model) != HARDWIRE_STATUS_OK) return 1;
  double start = 0, sum = 0;
  for (long call = -1; call < calls; call++) {
    if (call == 0) start = now();
    hardwire_answer *answer;
    hardwire_estimate cycles;
    if (hardwire_predict(model, text, length, &answer) != HARDWIRE_STATUS_OK) return 1;
    if (hardwire_answer_estimate(answer, 0, argv[3], HARDWIRE_QUANTITY_CYCLES, &cycles) != HARDWIRE_STATUS_OK) return 1;
    sum += cycles.value;
    hardwire_answer_free(answer);
  }
  printf("%.0f %.3f\n", (now() - start) / (double)calls, sum / (double)(calls + 1));
  hardwire_model_free(model);
  return 0;
}
