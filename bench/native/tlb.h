/*
 * TLBs as the emulated ones: sets by the page number's low bits, within a set the page used last in front. The second level
 * is asked when the first misses; a hit there copies the entry up, a miss of both fills both.
 */
#ifndef TLB_H
#define TLB_H
#include <stdint.h>

#define NO_PAGE (-1L)
#define WAYS_MAX 12
#define SETS_MAX 256

struct tlb {
  long sets, ways;
  int64_t pages[SETS_MAX][WAYS_MAX];
  int64_t frames[SETS_MAX][WAYS_MAX];
};

static void tlb_empty(struct tlb *tlb, long sets, long ways) {
  tlb->sets = sets, tlb->ways = ways;
  for (long set = 0; set < SETS_MAX; set++)
    for (long way = 0; way < WAYS_MAX; way++) tlb->pages[set][way] = NO_PAGE;
}

static void tlb_put_first(struct tlb *tlb, int64_t page, int64_t frame, long from) {
  int64_t *pages = tlb->pages[page & (tlb->sets - 1)], *frames = tlb->frames[page & (tlb->sets - 1)];
  for (long way = from; way > 0; way--) pages[way] = pages[way - 1], frames[way] = frames[way - 1];
  pages[0] = page, frames[0] = frame;
}

/* The page's frame, -1 when it is not there. */
static int64_t tlb_find(struct tlb *tlb, int64_t page) {
  int64_t *pages = tlb->pages[page & (tlb->sets - 1)], *frames = tlb->frames[page & (tlb->sets - 1)];
  if (pages[0] == page) return frames[0];
  for (long way = 1; way < tlb->ways; way++)
    if (pages[way] == page) {
      int64_t frame = frames[way];
      tlb_put_first(tlb, page, frame, way);
      return frame;
    }
  return -1;
}

static void tlb_fill(struct tlb *tlb, int64_t page, int64_t frame) { tlb_put_first(tlb, page, frame, tlb->ways - 1); }
#endif
