/*
 * What the programs asked by bench/native-linux.ts share: set up once, they answer every line read from QUESTIONS with one
 * line on ANSWERS, the nanoseconds of one operation and what was counted.
 */
#ifndef ANSWERS_H
#define ANSWERS_H
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void check(int is_true, const char *what) {
  if (is_true) return;
  perror(what);
  exit(1);
}

static double now(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec * 1e9 + time.tv_nsec;
}

/* The smaller of wall time and processor time, as `stopwatch` of bench/harness.ts. */
static double wall_start, cpu_start;
static void start(void) { cpu_start = now(CLOCK_PROCESS_CPUTIME_ID), wall_start = now(CLOCK_MONOTONIC); }
static double stop(void) {
  double wall = now(CLOCK_MONOTONIC) - wall_start, cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu_start;
  return cpu < wall ? cpu : wall;
}

/* The 32-bit words of a file. */
static int32_t *words_of(const char *path, long *count) {
  FILE *file = fopen(path, "rb");
  check(file && fseek(file, 0, SEEK_END) == 0, path);
  *count = ftell(file) / 4;
  rewind(file);
  int32_t *words = malloc(*count * 4 + 4);
  check(words && fread(words, 4, *count, file) == (size_t)*count, path);
  fclose(file);
  return words;
}

/* `timed` answers nanoseconds and leaves its counts in `counted`, as text that begins with a space. */
static char counted[128];
static void answer(const char *questions_path, const char *answers_path, double (*timed)(void), double operations) {
  FILE *questions = fopen(questions_path, "r"), *answers = fopen(answers_path, "w");
  check(questions && answers, "the pipes");
  for (char line[8]; fgets(line, sizeof line, questions);) {
    double nanoseconds = timed() / operations;
    fprintf(answers, "%.4f%s\n", nanoseconds, counted);
    fflush(answers);
  }
}
#endif
