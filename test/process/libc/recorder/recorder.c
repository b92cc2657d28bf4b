/*
 * Records what the C library's malloc does: sequences of operations on standard input, one line of JSON for each on
 * standard output. README.md beside this file describes both.
 *
 * Each sequence runs in a forked child whose heap nobody has touched: this program uses no stdio, no locale and no
 * allocation of its own. Results are written into a shared mapping, so they survive the abort of the child. The break is
 * moved up to a multiple of 64 MiB first (the size of a thread's heap, which malloc finds by cutting addresses off) and as
 * far again, so that every offset, every alignment, and what a bent size field leads to are the same in all runs.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <gnu/libc-version.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define INPUT_MAX (16u << 20)
#define OUTPUT_MAX (8u << 20)
#define ERRORS_MAX (1u << 16)
#define SLOTS 65536
#define WORDS 8
#define HEAP_ALIGNMENT ((uintptr_t)64 << 20)
#define PAGE ((uintptr_t)4096)
#define WALK_MAX 30000

/* In memory that fork shares. */
struct shared {
  size_t length;
  char text[OUTPUT_MAX];
};

static char input[INPUT_MAX];
static char errors[ERRORS_MAX];
static struct shared *out;
static char *slots[SLOTS];
static uintptr_t heap_start;
static uintptr_t last_break;

static void die(const char *why) {
  (void)!write(2, why, strlen(why));
  _exit(2);
}

static void put(const char *text) {
  size_t length = strlen(text);
  if (out->length + length > OUTPUT_MAX) die("recorder: too much output\n");
  memcpy(out->text + out->length, text, length);
  out->length += length;
}

static void put_number(uint64_t value, unsigned base) {
  char digits[24];
  char *at = digits + sizeof digits;
  *--at = 0;
  do {
    *--at = "0123456789abcdef"[value % base];
    value /= base;
  } while (value != 0);
  put(at);
}

/* Control characters and quotes as JSON wants them. */
static void put_json(const char *text, size_t length) {
  for (size_t i = 0; i < length; i++) {
    char one[2] = {text[i], 0};
    if (text[i] == '\n') put("\\n");
    else if (text[i] == '"') put("\\\"");
    else if (text[i] == '\\') put("\\\\");
    else put(one);
  }
}

static uint64_t number(const char *text) {
  int negative = *text == '-';
  uint64_t value = 0;
  if (negative) text++;
  if (text[0] == '0' && text[1] == 'x') {
    for (text += 2; *text; text++) value = value * 16 + (uint64_t)(*text <= '9' ? *text - '0' : *text - 'a' + 10);
  } else {
    for (; *text; text++) value = value * 10 + (uint64_t)(*text - '0');
  }
  return negative ? -value : value;
}

static uintptr_t break_now(void) { return (uintptr_t)sbrk(0); }

static int in_heap(uint64_t address) { return address >= heap_start && address < break_now(); }

/* Where a block lies: an offset in the heap, or for a mapping what does not depend on where the kernel put it. */
static void put_pointer(void *pointer) {
  uintptr_t address = (uintptr_t)pointer;
  if (pointer == NULL) {
    put("null");
  } else if (in_heap(address)) {
    put("h");
    put_number(address - heap_start, 16);
  } else {
    put("m");
    put_number(address % PAGE, 16);
    put("/");
    put_number(malloc_usable_size(pointer), 10);
  }
}

/* A word of memory: its value, or what it points to. Other addresses differ from run to run. */
static void put_word(uint64_t word) {
  if (in_heap(word)) {
    put("h");
    put_number(word - heap_start, 16);
  } else if (word >> 24 != 0) {
    put("big");
  } else {
    put_number(word, 10);
  }
}

/* The size fields of all chunks from the start of the heap to the break. */
static void put_walk(void) {
  uintptr_t chunk = heap_start;
  uintptr_t end = break_now();
  for (int i = 0; i < WALK_MAX && chunk >= heap_start && chunk + 16 <= end; i++) {
    uint64_t field = *(uint64_t *)(chunk + 8);
    if (i > 0) put(",");
    put_number(field, 16);
    if ((field & ~(uint64_t)7) < 16) break;
    chunk += field & ~(uint64_t)7;
  }
}

static void put_mallinfo(void) {
  struct mallinfo2 info = mallinfo2();
  size_t fields[10] = {info.arena,    info.ordblks,  info.smblks,   info.hblks,    info.hblkhd,
                       info.usmblks,  info.fsmblks,  info.uordblks, info.fordblks, info.keepcost};
  for (int i = 0; i < 10; i++) {
    if (i > 0) put(" ");
    if (fields[i] >> 53 != 0) put("big");
    else put_number(fields[i], 10);
  }
}

static uint32_t sum_of(const unsigned char *bytes, uint64_t length) {
  uint32_t sum = 2166136261u;
  for (uint64_t i = 0; i < length; i++) sum = (sum ^ bytes[i]) * 16777619u;
  return sum;
}

static uint64_t nonzero_in(const unsigned char *bytes, uint64_t length) {
  uint64_t count = 0;
  for (uint64_t i = 0; i < length; i++) count += bytes[i] != 0;
  return count;
}

static void got(unsigned slot, void *pointer) {
  if (pointer != NULL) slots[slot] = pointer;
  put_pointer(pointer);
}

/* `count` blocks of one size, in slots of ascending numbers; where the last one lies. */
static void put_mallocs(unsigned slot, uint64_t count, uint64_t size) {
  for (uint64_t i = 0; i < count; i++) slots[(slot + i) % SLOTS] = malloc(size);
  put_pointer(slots[(slot + count - 1) % SLOTS]);
}

/* Every `step`th of as many slots as hold `count` of them. */
static void free_many(unsigned slot, uint64_t count, uint64_t step) {
  for (uint64_t i = 0; i < count; i++) free(slots[(slot + i * step) % SLOTS]);
}

/* A page so many pages behind the break, where it can go no further. */
static void put_wall(uint64_t pages) {
  uintptr_t at = ((break_now() + PAGE - 1) & -PAGE) + pages * PAGE;
  void *got_page = mmap((void *)at, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  put((uintptr_t)got_page == at ? "1" : "0");
}

static void operate(char **word, int count) {
  const char *name = word[0];
  unsigned slot = count > 1 ? (unsigned)number(word[1]) % SLOTS : 0;
  uint64_t a = count > 2 ? number(word[2]) : 0;
  uint64_t b = count > 3 ? number(word[3]) : 0;
  uint64_t c = count > 4 ? number(word[4]) : 0;
  char *block = slots[slot];

  if (strcmp(name, "malloc") == 0) got(slot, malloc(a));
  else if (strcmp(name, "calloc") == 0) got(slot, calloc(a, b));
  else if (strcmp(name, "realloc") == 0) got(slot, realloc(block, a));
  else if (strcmp(name, "mallocs") == 0) put_mallocs(slot, a, b);
  else if (strcmp(name, "frees") == 0) free_many(slot, a, b);
  else if (strcmp(name, "free") == 0) free(block);
  else if (strcmp(name, "memalign") == 0) got(slot, memalign(a, b));
  else if (strcmp(name, "usable") == 0) put_number(malloc_usable_size(block), 10);
  else if (strcmp(name, "trim") == 0) put_number((uint64_t)malloc_trim(number(word[1])), 10);
  else if (strcmp(name, "mallopt") == 0) put_number((uint64_t)mallopt((int)number(word[1]), (int)a), 10);
  else if (strcmp(name, "info") == 0) put_mallinfo();
  else if (strcmp(name, "stats") == 0) malloc_stats();
  else if (strcmp(name, "walk") == 0) put_walk();
  else if (strcmp(name, "sbrk") == 0) sbrk((intptr_t)number(word[1]));
  else if (strcmp(name, "wall") == 0) put_wall(number(word[1]));
  else if (strcmp(name, "fill") == 0) memset(block + (int64_t)a, (int)c, b);
  else if (strcmp(name, "sum") == 0) put_number(sum_of((unsigned char *)block + (int64_t)a, b), 16);
  else if (strcmp(name, "nonzero") == 0) put_number(nonzero_in((unsigned char *)block + (int64_t)a, b), 10);
  else if (strcmp(name, "load") == 0) put_word(*(volatile uint64_t *)(block + (int64_t)a));
  else if (strcmp(name, "store") == 0) *(volatile uint64_t *)(block + (int64_t)a) = b;
  else if (strcmp(name, "store8") == 0) *(volatile unsigned char *)(block + (int64_t)a) = (unsigned char)b;
  else if (strcmp(name, "pointer") == 0) *(char *volatile *)(block + (int64_t)a) = slots[b % SLOTS] + (int64_t)c;
  else if (strcmp(name, "link") == 0) {
    /* As safe-linking stores it: mixed with the address it is stored at. */
    uintptr_t at = (uintptr_t)(block + (int64_t)a);
    *(volatile uintptr_t *)at = (at >> 12) ^ (uintptr_t)(slots[b % SLOTS] + (int64_t)c);
  } else if (strcmp(name, "alias") == 0) {
    slots[slot] = slots[a % SLOTS] + (int64_t)b;
  } else die("recorder: unknown operation\n");

  uintptr_t now = break_now();
  if (now != last_break) {
    put(" ^");
    put_number(now - heap_start, 16);
    last_break = now;
  }
}

/* In the child: the operations up to the next `=` line. */
static void run(char *line, char *end) {
  int first = 1;
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  alarm(10);
  while (line < end && *line != '=') {
    char *word[WORDS] = {0};
    int count = 0;
    while (*line != '\n') {
      if (count < WORDS - 1) word[count++] = line;
      while (*line != ' ' && *line != '\n') line++;
      if (*line == ' ') *line++ = 0;
    }
    *line++ = 0;
    put(first ? "\"" : ",\"");
    first = 0;
    operate(word, count);
    put("\"");
  }
}

static void flush(void) {
  size_t done = 0;
  while (done < out->length) {
    ssize_t wrote = write(1, out->text + done, out->length - done);
    if (wrote <= 0) die("recorder: cannot write\n");
    done += (size_t)wrote;
  }
  out->length = 0;
}

static void put_end(int status) {
  if (WIFEXITED(status)) {
    put("exit");
  } else {
    put("SIG");
    put(sigabbrev_np(WTERMSIG(status)));
  }
}

static void record(char *name, size_t name_length, char *line, char *end) {
  int pipes[2];
  int status;
  size_t length = 0;
  if (pipe(pipes) != 0) die("recorder: no pipe\n");
  put("{\"name\":\"");
  put_json(name, name_length);
  put("\",\"results\":[");
  pid_t child = fork();
  if (child < 0) die("recorder: no child\n");
  if (child == 0) {
    dup2(pipes[1], 2);
    run(line, end);
    _exit(0);
  }
  close(pipes[1]);
  for (;;) {
    ssize_t got_now = read(pipes[0], errors + length, ERRORS_MAX - length);
    if (got_now <= 0) break;
    length += (size_t)got_now;
  }
  close(pipes[0]);
  if (waitpid(child, &status, 0) != child) die("recorder: lost a child\n");
  /* The operation that ended the child left its opening quote. */
  if (!WIFEXITED(status)) put("\"");
  put("],\"end\":\"");
  put_end(status);
  put("\",\"stderr\":\"");
  put_json(errors, length);
  put("\"}\n");
  flush();
}

int main(int argc, char **argv) {
  (void)argv;
  if (argc > 1) {
    const char *version = gnu_get_libc_version();
    (void)!write(1, version, strlen(version));
    return 0;
  }
  out = mmap(NULL, sizeof *out, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (out == MAP_FAILED) die("recorder: no memory\n");
  sbrk((intptr_t)((-break_now() & (HEAP_ALIGNMENT - 1)) + HEAP_ALIGNMENT));
  heap_start = last_break = break_now();

  size_t length = 0;
  for (;;) {
    ssize_t got_now = read(0, input + length, INPUT_MAX - length);
    if (got_now <= 0) break;
    length += (size_t)got_now;
  }
  if (length == INPUT_MAX) die("recorder: too much input\n");
  char *end = input + length;
  for (char *line = input; line < end;) {
    char *rest = memchr(line, '\n', (size_t)(end - line));
    if (*line != '=' || rest == NULL) die("recorder: expected = NAME\n");
    char *next = rest + 1;
    while (next < end && *next != '=') next = (char *)memchr(next, '\n', (size_t)(end - next)) + 1;
    record(line + 2, (size_t)(rest - line - 2), rest + 1, next);
    line = next;
  }
  return 0;
}
