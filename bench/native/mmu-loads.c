/*
 * Loads of 32-bit words through an MMU in C: the TLB, and behind it a walk of three levels (sv39) in the same memory as the
 * pages.
 *
 *   cc -O2 mmu-loads.c -o mmu-loads && ./mmu-loads OFFSETS PAGES TLB QUESTIONS ANSWERS
 *
 * OFFSETS: 32-bit words, byte offsets of the loads from the first page. TLB: `direct` (256 entries, 1 way) or `two-level`
 * (64 entries of 4 ways, then 1,536 of 12, LRU). Answers: nanoseconds a load, sum of the words (mod 2^32), walks.
 */
#include <string.h>
#include "answers.h"
#include "tlb.h"

#define PAGE_SHIFT 12
#define WORDS_PER_PAGE 1024
#define ENTRIES 512
#define VALID 1
#define READABLE 2
#define USER 16
#define ACCESSED 64
#define BASE 0x40000000L

static int32_t *offsets;
static long loads, pages, frames_used;
static int is_direct;
static char *memory;
static uint64_t root;
static long walks;
static int64_t direct_page[256], direct_frame[256];
static struct tlb first, second;

static uint64_t *entry_at(uint64_t frame, uint64_t index) {
  return (uint64_t *)(memory + (frame << PAGE_SHIFT)) + index;
}

static uint64_t new_frame(void) { return frames_used++; }

static void map_page(uint64_t page, uint64_t frame) {
  uint64_t table = root;
  for (int level = 2; level > 0; level--) {
    uint64_t *entry = entry_at(table, page >> (9 * level) & (ENTRIES - 1));
    if (!(*entry & VALID)) *entry = new_frame() << 10 | VALID;
    table = *entry >> 10;
  }
  *entry_at(table, page & (ENTRIES - 1)) = frame << 10 | VALID | READABLE | USER;
}

static __attribute__((noinline)) int64_t walk(int64_t page) {
  uint64_t table = root;
  walks++;
  for (int level = 2; level >= 0; level--) {
    uint64_t *entry = entry_at(table, page >> (9 * level) & (ENTRIES - 1));
    uint64_t value = *entry;
    check(value & VALID, "the page is mapped");
    if (value & READABLE) {
      check(value & USER, "the page is the user's");
      if (!(value & ACCESSED)) *entry = value | ACCESSED;
      return value >> 10;
    }
    table = value >> 10;
  }
  check(0, "the walk ends");
  return 0;
}

static inline int64_t frame_of(int64_t page) {
  if (is_direct) {
    long slot = page & 255;
    if (direct_page[slot] == page) return direct_frame[slot];
    direct_page[slot] = page;
    return direct_frame[slot] = walk(page);
  }
  int64_t frame = tlb_find(&first, page);
  if (frame >= 0) return frame;
  frame = tlb_find(&second, page);
  if (frame < 0) tlb_fill(&second, page, frame = walk(page));
  tlb_fill(&first, page, frame);
  return frame;
}

static inline uint32_t load32(uint64_t address) {
  check((address & 3) == 0, "the word is aligned");
  return *(uint32_t *)(memory + (frame_of(address >> PAGE_SHIFT) << PAGE_SHIFT) + (address & 4095));
}

static double run(void) {
  uint32_t sum = 0;
  walks = 0;
  start();
  for (long at = 0; at < loads; at++) sum += load32(BASE + offsets[at]);
  double time = stop();
  snprintf(counted, sizeof counted, " %u %ld", sum, walks);
  return time;
}

int main(int argc, char **argv) {
  check(argc == 6, "usage");
  offsets = words_of(argv[1], &loads), pages = atol(argv[2]), is_direct = !strcmp(argv[3], "direct");
  memory = calloc(pages + pages / ENTRIES + 8, 1 << PAGE_SHIFT);
  check(memory != NULL, "memory");
  root = new_frame();
  for (long slot = 0; slot < 256; slot++) direct_page[slot] = NO_PAGE;
  tlb_empty(&first, 16, 4);
  tlb_empty(&second, 128, 12);
  for (long page = 0; page < pages; page++) {
    uint64_t frame = new_frame();
    map_page((BASE >> PAGE_SHIFT) + page, frame);
    uint32_t *words = (uint32_t *)(memory + (frame << PAGE_SHIFT));
    for (long word = 0; word < WORDS_PER_PAGE; word++)
      words[word] = (uint32_t)(page * WORDS_PER_PAGE + word) * 0x9e3779b1u;
  }
  answer(argv[4], argv[5], run, loads);
}
