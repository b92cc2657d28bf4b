/*
 * The work of bench/groups/areas.ts on the Linux underneath: a process with COUNT mappings that cannot merge, as every
 * other stretch of pages between them is unmapped. Set up once; then one number, the nanoseconds of one operation, is
 * written to ANSWERS for every line read from QUESTIONS.
 *
 *   cc -O2 areas.c -o areas && ./areas WORK COUNT AREA_PAGES OPERATIONS QUESTIONS ANSWERS
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096L
#define PAIR_PAGES 16

static char *base, *moving[2];
static long count, pages, operations;
static uint32_t state = 2463534242u;

static void check(int is_true, const char *what) {
  if (is_true) return;
  perror(what);
  exit(1);
}

static long draw(long below) {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state % below;
}

static char *area(long index) { return base + index * (pages + 1) * PAGE; }

static char *map(char *at, long length, int protection, int flags) {
  char *address = mmap(at, length, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
  check(address != MAP_FAILED, "mmap");
  return address;
}

static void touch(char *from, long length) {
  for (volatile char *at = from; at < from + length; at += PAGE) *at = 1;
}

static char *map_shared(long length) {
  char *address = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  check(address != MAP_FAILED, "mmap");
  return address;
}

static void set_up(const char *work) {
  if (!strcmp(work, "shared")) {
    for (long i = 0; i < count; i++) map_shared(PAGE);
    return;
  }
  base = map(NULL, count * (pages + 1) * PAGE, PROT_READ | PROT_WRITE, 0);
  madvise(base, count * (pages + 1) * PAGE, MADV_NOHUGEPAGE);
  for (long i = 0; i < count; i++) check(munmap(area(i) + pages * PAGE, PAGE) == 0, "munmap");
  long sum = 0;
  if (!strcmp(work, "fault"))
    for (long i = 0; i < count; i++) sum += *(volatile char *)area(i);
  if (!strcmp(work, "fork-touched") || !strcmp(work, "fork-exit-touched"))
    for (long i = 0; i < count; i++) touch(area(i), PAGE);
  if (!strcmp(work, "move")) {
    moving[0] = map(NULL, PAIR_PAGES * PAGE, PROT_READ | PROT_WRITE, 0);
    moving[1] = moving[0] - (1L << 30);
    touch(moving[0], PAIR_PAGES * PAGE);
  }
  check(sum == 0, "untouched memory reads zero");
}

static double now(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec * 1e9 + time.tv_nsec;
}

static double cpu_of(int who) {
  struct rusage usage;
  getrusage(who, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e9 + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e3;
}

static double wall_start, cpu_start;
static double busy(void) { return now(CLOCK_PROCESS_CPUTIME_ID) + cpu_of(RUSAGE_CHILDREN); }
static void start(void) { cpu_start = busy(), wall_start = now(CLOCK_MONOTONIC); }
static double stop(void) {
  double wall = now(CLOCK_MONOTONIC) - wall_start, cpu = busy() - cpu_start;
  return cpu > 0 && cpu < wall ? cpu : wall;
}

static double pairs(void) {
  start();
  for (long i = 0; i < operations; i++)
    munmap(map(NULL, PAIR_PAGES * PAGE, PROT_READ | PROT_WRITE, 0), PAIR_PAGES * PAGE);
  return stop();
}

static double shared_pairs(void) {
  start();
  for (long i = 0; i < operations; i++) munmap(map_shared(PAIR_PAGES * PAGE), PAIR_PAGES * PAGE);
  return stop();
}

static double holes(void) {
  start();
  for (long i = 0; i < operations; i++) {
    char *hole = area(draw(count)) + pages * PAGE;
    check(map(hole, PAGE, PROT_NONE, 0) == hole, "a hole is not taken");
    munmap(hole, PAGE);
  }
  return stop();
}

static double protections(void) {
  start();
  for (long i = 0; i < operations; i++) {
    char *middle = area(draw(count)) + PAGE;
    check(mprotect(middle, PAGE, PROT_READ) == 0, "mprotect");
    check(mprotect(middle, PAGE, PROT_READ | PROT_WRITE) == 0, "mprotect");
  }
  return stop();
}

/* The second page of an area, and of the next areas' when there are too few: `step` pages behind one another. */
static char *faulting(long i) { return area(i % count) + (1 + i / count) * PAGE; }

static double faults(void) {
  long first = count > operations ? draw(count - operations) : 0;
  start();
  for (long i = 0; i < operations; i++) *(volatile char *)faulting(first + i) = 1;
  double time = stop();
  for (long i = 0; i < operations; i++) madvise(faulting(first + i), PAGE, MADV_DONTNEED);
  return time;
}

static double moves(void) {
  start();
  for (long i = 0; i < operations; i++) {
    char *to = mremap(moving[i & 1], PAIR_PAGES * PAGE, PAIR_PAGES * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, moving[~i & 1]);
    check(to == moving[~i & 1], "mremap");
  }
  return stop();
}

static double discards(void) {
  touch(base, operations * PAGE);
  start();
  check(madvise(base, operations * PAGE, MADV_DONTNEED) == 0, "madvise");
  return stop();
}

static double forks(int with_exit) {
  start();
  pid_t child = fork();
  if (child == 0) _exit(0);
  double time = with_exit ? 0 : stop();
  check(child > 0 && waitpid(child, NULL, 0) == child, "fork");
  return with_exit ? stop() : time;
}

static double run(const char *work) {
  if (!strcmp(work, "pair")) return pairs();
  if (!strcmp(work, "shared")) return shared_pairs();
  if (!strcmp(work, "hole")) return holes();
  if (!strcmp(work, "protect")) return protections();
  if (!strcmp(work, "fault")) return faults();
  if (!strcmp(work, "move")) return moves();
  if (!strcmp(work, "discard")) return discards();
  return forks(!strncmp(work, "fork-exit", 9));
}

int main(int argc, char **argv) {
  check(argc == 7, "usage");
  count = atol(argv[2]), pages = atol(argv[3]), operations = atol(argv[4]);
  FILE *questions = fopen(argv[5], "r"), *answers = fopen(argv[6], "w");
  check(questions && answers, "the pipes");
  set_up(argv[1]);
  for (char line[8]; fgets(line, sizeof line, questions);) {
    fprintf(answers, "%.3f\n", run(argv[1]) / operations);
    fflush(answers);
  }
}
