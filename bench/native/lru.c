/*
 * LRU over a trace of dense page numbers, by the design of src/kernel/reclaim/loops/lru.ts: a ring of interleaved links
 * [next, previous] through a sentinel, the page used last behind it.
 *
 *   cc -O2 lru.c -o lru && ./lru TRACE FRAMES QUESTIONS ANSWERS          TRACE: 32-bit words
 *
 * Answers: nanoseconds a reference, misses.
 */
#include "answers.h"

static int32_t *trace, *links;
static long references, pages, frames;

static double run(void) {
  for (long i = 0; i < 2 * pages + 2; i++) links[i] = -1;
  links[0] = links[1] = 0;
  long free_frames = frames, misses = 0;
  start();
  int32_t first = 0, *ring = links;
  for (long at = 0; at < references; at++) {
    int32_t node = trace[at] * 2 + 2;
    if (node == first) continue;
    int32_t next = ring[node];
    if (next >= 0) {
      int32_t previous = ring[node + 1];
      ring[previous] = next;
      ring[next + 1] = previous;
    } else {
      misses++;
      if (free_frames == 0) {
        int32_t last = ring[1], before = ring[last + 1];
        ring[1] = before;
        ring[before] = 0;
        ring[last] = -1;
        if (last == first) first = 0;
      } else
        free_frames--;
    }
    ring[node] = first;
    ring[node + 1] = 0;
    ring[first + 1] = node;
    first = node;
  }
  ring[0] = first;
  double time = stop();
  snprintf(counted, sizeof counted, " %ld", misses);
  return time;
}

int main(int argc, char **argv) {
  check(argc == 5, "usage");
  trace = words_of(argv[1], &references), frames = atol(argv[2]);
  for (long i = 0; i < references; i++)
    if (trace[i] >= pages) pages = trace[i] + 1;
  links = malloc((2 * pages + 2) * sizeof *links);
  check(links != NULL, "memory");
  answer(argv[3], argv[4], run, references);
}
