/*
 * An exact model of a two-level TLB (64 entries of 4 ways, then 1,536 of 12, LRU) over a trace of page numbers.
 *
 *   cc -O2 tlb-model.c -o tlb-model && ./tlb-model TRACE QUESTIONS ANSWERS          TRACE: 32-bit words
 *
 * Answers: nanoseconds a reference, hits in the second level, misses of both.
 */
#include "answers.h"
#include "tlb.h"

static int32_t *trace;
static long references;
static struct tlb first, second;

static double run(void) {
  long second_hits = 0, walks = 0;
  tlb_empty(&first, 16, 4);
  tlb_empty(&second, 128, 12);
  start();
  for (long at = 0; at < references; at++) {
    int64_t page = trace[at];
    if (tlb_find(&first, page) >= 0) continue;
    if (tlb_find(&second, page) >= 0)
      second_hits++;
    else {
      walks++;
      tlb_fill(&second, page, page);
    }
    tlb_fill(&first, page, page);
  }
  double time = stop();
  snprintf(counted, sizeof counted, " %ld %ld", second_hits, walks);
  return time;
}

int main(int argc, char **argv) {
  check(argc == 4, "usage");
  trace = words_of(argv[1], &references);
  answer(argv[2], argv[3], run, references);
}
