/* Writes down what a running CPython asks of its three domains, as ops of a trace script (see recorder.c).
 *
 *   capture LIBPYTHON MAX_OPS PROGRAM_TEXT > script
 *
 * Wraps the three domains before Py_Initialize, so that start-up is part of it. Requests that the allocators make
 * of each other are not the program's and left out. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct {
  void *ctx;
  void *(*malloc)(void *, size_t);
  void *(*calloc)(void *, size_t, size_t);
  void *(*realloc)(void *, void *, size_t);
  void (*free)(void *, void *);
} Allocator;

#define TABLE (1u << 22)
static struct { void *block; long id; } known[TABLE];
static Allocator below[3];
static int inside;
static long next_id = 1, left;

static unsigned home_of(void *block) { return (unsigned)(((uintptr_t)block >> 4) * 0x9e3779b97f4a7c15ull >> 42); }

static unsigned find(void *block) {
  unsigned at = home_of(block);
  while (known[at].block != NULL && known[at].block != block) at = (at + 1) % TABLE;
  return at;
}
static void remember(void *block, long id) {
  unsigned at = find(block);
  known[at].block = block;
  known[at].id = id;
}
/* 0: allocated before the capture, or NULL. Entries stay, with id 0, so that probing goes on past them. */
static long forget(void *block) {
  unsigned at = find(block);
  long id = block == NULL || known[at].block == NULL ? 0 : known[at].id;
  if (id != 0) known[at].id = 0;
  return id;
}
static void told(void) {
  if (--left > 0) return;
  fflush(stdout);
  _exit(0);
}

#define OUTERMOST(call) if (inside) return call
static void *wrap_malloc(void *ctx, size_t size) {
  Allocator *lower = ctx;
  OUTERMOST(lower->malloc(lower->ctx, size));
  inside = 1;
  void *block = lower->malloc(lower->ctx, size);
  remember(block, next_id);
  printf("m %c %ld %zu\n", "rmo"[lower - below], next_id++, size);
  told();
  inside = 0;
  return block;
}
static void *wrap_calloc(void *ctx, size_t count, size_t size) {
  Allocator *lower = ctx;
  OUTERMOST(lower->calloc(lower->ctx, count, size));
  inside = 1;
  void *block = lower->calloc(lower->ctx, count, size);
  remember(block, next_id);
  printf("c %c %ld %zu %zu\n", "rmo"[lower - below], next_id++, count, size);
  told();
  inside = 0;
  return block;
}
static void *wrap_realloc(void *ctx, void *old, size_t size) {
  Allocator *lower = ctx;
  OUTERMOST(lower->realloc(lower->ctx, old, size));
  inside = 1;
  long id = forget(old);
  void *block = lower->realloc(lower->ctx, old, size);
  if (id == 0) id = next_id++;
  remember(block, id);
  printf("r %c %ld %zu\n", "rmo"[lower - below], id, size);
  told();
  inside = 0;
  return block;
}
static void wrap_free(void *ctx, void *block) {
  Allocator *lower = ctx;
  if (inside) {
    lower->free(lower->ctx, block);
    return;
  }
  inside = 1;
  long id = forget(block);
  lower->free(lower->ctx, block);
  if (block == NULL || id != 0) {
    printf("f %c %ld\n", "rmo"[lower - below], id);
    told();
  }
  inside = 0;
}

int main(int argc, char **argv) {
  void *library = argc == 4 ? dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL) : NULL;
  if (library == NULL) return 99;
  left = atol(argv[2]);
  void (*get)(int, Allocator *) = dlsym(library, "PyMem_GetAllocator");
  void (*set)(int, Allocator *) = dlsym(library, "PyMem_SetAllocator");
  for (int d = 0; d < 3; d++) {
    get(d, &below[d]);
    Allocator wrapper = {&below[d], wrap_malloc, wrap_calloc, wrap_realloc, wrap_free};
    set(d, &wrapper);
  }
  ((void (*)(void))dlsym(library, "Py_Initialize"))();
  ((int (*)(const char *, void *))dlsym(library, "PyRun_SimpleStringFlags"))(argv[3], NULL);
  ((int (*)(void))dlsym(library, "Py_FinalizeEx"))();
  fflush(stdout);
  return 0;
}
