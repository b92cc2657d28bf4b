/* Plays one trace, or one debug-hook case, on a real libpython that nobody has initialised, and tells what it did.
 *
 *   recorder LIBPYTHON NAME=OFFSET... < script
 *
 * libpython is only loaded: until Py_Initialize its pymalloc is as the linker left it, yet PyMem_Malloc and the others
 * already work. Where its static variables lie inside the library is told by the caller (NAME=OFFSET, hexadecimal; see
 * record.py). From 3.12 on they belong to an interpreter, which a thread state leads to: a made-up one is put into the
 * thread-local slot.
 *
 * script:  trace BASE OFFSET mono|lifo|low MAX_ARENAS RAW_LIMIT HOOKS ARENA_SIZE POOL_SIZE ALIGN
 *          case HOOKS ARENA_SIZE
 * then one op a line:  m|r D ID SIZE   c D ID NELEM ELSIZE   f D ID   w ID OFFSET HEX   p ID OFFSET LENGTH
 * D: r, m, o
 * output: the answer to each op, and after a trace its final state as JSON.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

typedef struct {
  void *ctx;
  void *(*malloc)(void *, size_t);
  void *(*calloc)(void *, size_t, size_t);
  void *(*realloc)(void *, void *, size_t);
  void (*free)(void *, void *);
} Allocator;

typedef struct {
  void *ctx;
  void *(*alloc)(void *, size_t);
  void (*free)(void *, void *, size_t);
} ArenaAllocator;

typedef struct {
  uintptr_t address, pool_address;
  uint32_t nfree, ntotal;
  char *freepools;
  uintptr_t next, prev;
} Arena;

/* The public functions, by domain. */
static struct {
  void *(*malloc)(size_t);
  void *(*calloc)(size_t, size_t);
  void *(*realloc)(void *, size_t);
  void (*free)(void *);
} api[3];
static void *library;
static char *loaded_at;
static int named;
static struct { const char *name; uintptr_t offset; } places[64];

static void die(const char *what) {
  fprintf(stderr, "recorder: %s\n", what);
  exit(99);
}

static void *function(const char *name) {
  void *found = dlsym(library, name);
  if (found == NULL) die(name);
  return found;
}

static char *place(const char *name) {
  for (int i = 0; i < named; i++)
    if (strcmp(places[i].name, name) == 0) return loaded_at + places[i].offset;
  return NULL;
}

/* ---- what happened during an op ---- */
static char events[1 << 16];
static size_t events_length;

static void event(const char *format, ...) {
  va_list values;
  va_start(values, format);
  int n = vsnprintf(events + events_length, sizeof events - events_length, format, values);
  va_end(values);
  events_length += (size_t)n;
  if (events_length >= sizeof events) die("too many events in one op");
}

/* ---- arenas: slots of a grid ---- */
#define SLOTS 65536
static uintptr_t grid, arena_bytes, mapped_to;
static enum { MONO, LIFO, LOW } reuse;
static long max_arenas, live_arenas, taken_arenas, slots_used, freed_count;
static int ordinal_of[SLOTS];
static int freed[SLOTS];

static void map_to(uintptr_t end) {
  if (mapped_to == 0) mapped_to = grid & ~4095ul;
  end = (end + 4095) & ~4095ul;
  if (end <= mapped_to) return;
  void *wanted = (void *)mapped_to;
  if (mmap(wanted, end - mapped_to, PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0) != wanted) die("mmap of an arena");
  mapped_to = end;
}

static long take_slot(void) {
  long at = -1;
  if (freed_count > 0 && reuse == LIFO) at = freed_count - 1;
  if (freed_count > 0 && reuse == LOW) {
    at = 0;
    for (long i = 1; i < freed_count; i++) if (freed[i] < freed[at]) at = i;
  }
  if (at < 0) {
    if (slots_used == SLOTS) die("out of slots");
    return slots_used++;
  }
  long slot = freed[at];
  memmove(freed + at, freed + at + 1, (size_t)(--freed_count - at) * sizeof freed[0]);
  return slot;
}

static void *arena_alloc(void *ctx, size_t size) {
  if (size != arena_bytes) die("an arena of another size");
  if (max_arenas >= 0 && live_arenas >= max_arenas) {
    event(" +A:fail");
    return NULL;
  }
  long slot = take_slot();
  map_to(grid + (uintptr_t)(slot + 1) * arena_bytes);
  ordinal_of[slot] = (int)taken_arenas++;
  live_arenas++;
  event(" +A:%d@%ld", ordinal_of[slot], slot);
  return (void *)(grid + (uintptr_t)slot * arena_bytes);
}

static void arena_free(void *ctx, void *address, size_t size) {
  long slot = (long)(((uintptr_t)address - grid) / arena_bytes);
  event(" -A:%d@%ld", ordinal_of[slot], slot);
  ordinal_of[slot] = -1;
  freed[freed_count++] = (int)slot;
  live_arenas--;
}

/* Ordinal of the live arena that an address lies in, or -1. */
static int ordinal_at(uintptr_t address) {
  if (address < grid) return -1;
  uintptr_t slot = (address - grid) / arena_bytes;
  return slot < (uintptr_t)slots_used ? ordinal_of[slot] : -1;
}

/* ---- the lowest raw allocator of traces: notes, refuses above the limit, and has the C library serve ---- */
static size_t raw_limit;

static int above(size_t count, size_t size) {
  size_t product;
  return __builtin_mul_overflow(count, size, &product) || product > raw_limit;
}
static void *raw_malloc(void *ctx, size_t size) {
  event(" rm:%zu", size);
  return above(1, size) ? NULL : malloc(size ? size : 1);
}
static void *raw_calloc(void *ctx, size_t count, size_t size) {
  event(" rc:%zu,%zu", count, size);
  if (above(count, size)) return NULL;
  return count == 0 || size == 0 ? calloc(1, 1) : calloc(count, size);
}
static void *raw_realloc(void *ctx, void *block, size_t size) {
  event(" rr:%d,%zu", block != NULL, size);
  return above(1, size) ? NULL : realloc(block, size ? size : 1);
}
static void raw_free(void *ctx, void *block) {
  event(" rf:%d", block != NULL);
  free(block);
}

/* ---- the lowest raw allocator of debug-hook cases: only ever goes forward ---- */
static char *cursor = (char *)0x300000000000;

static void *bump_malloc(void *ctx, size_t size) {
  if (size > 1ul << 30) return NULL;
  size_t room = ((size ? size : 1) + 15) & ~15ul;
  static char *mapped = (char *)0x300000000000;
  if (cursor + 16 + room > mapped) {
    size_t more = ((size_t)(cursor + 16 + room - mapped) + (1 << 20) - 1) & ~((1ul << 20) - 1);
    if (mmap(mapped, more, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0) != mapped)
      die("mmap of raw blocks");
    mapped += more;
  }
  *(size_t *)cursor = room;
  char *block = cursor + 16;
  cursor = block + room;
  return block;
}
static void *bump_calloc(void *ctx, size_t count, size_t size) {
  size_t product;
  return __builtin_mul_overflow(count, size, &product) ? NULL : bump_malloc(ctx, product);
}
static void *bump_realloc(void *ctx, void *block, size_t size) {
  if (block == NULL) return bump_malloc(ctx, size);
  if (size > 1ul << 30) return NULL;
  size_t room = *(size_t *)((char *)block - 16);
  if (size <= room) return block;
  void *moved = bump_malloc(ctx, size);
  return moved == NULL ? NULL : memcpy(moved, block, room);
}
static void bump_free(void *ctx, void *block) {}

/* ---- ops ---- */
static char **blocks;
static size_t block_slots;
static int hooks, is_case;
static uintptr_t pool_bytes;

static char **block_of(size_t id) {
  if (id >= block_slots) {
    size_t wanted = (id + 1) * 2;
    blocks = realloc(blocks, wanted * sizeof *blocks);
    memset(blocks + block_slots, 0, (wanted - block_slots) * sizeof *blocks);
    block_slots = wanted;
  }
  return &blocks[id];
}

static void answer_place(char *block, size_t asked) {
  if (block == NULL) {
    printf("N");
    return;
  }
  uintptr_t lower = (uintptr_t)block - (hooks ? 16 : 0);
  int ordinal = ordinal_at(lower);
  if (ordinal < 0) {
    printf("R:%zu", asked);
    return;
  }
  uintptr_t start = grid + (lower - grid) / arena_bytes * arena_bytes;
  uintptr_t first = (start + pool_bytes - 1) & ~(pool_bytes - 1), pool = lower & ~(pool_bytes - 1);
  printf("P:%d.%lu.%lu.%u", ordinal, (pool - first) / pool_bytes, lower - pool, ((uint32_t *)pool)[9]);
}

static void allocate(char kind, int domain, size_t id, size_t count, size_t size) {
  char **slot = block_of(id);
  char *got = kind == 'm'   ? api[domain].malloc(size)
              : kind == 'c' ? api[domain].calloc(count, size)
                            : api[domain].realloc(*slot, size);
  /* Refused: in a trace realloc leaves the old block, the others leave none; in a case nothing changes. */
  if (got != NULL || (!is_case && kind != 'r')) *slot = got;
  if (!is_case) answer_place(got, count * size);
  else if (got == NULL) printf("N");
  else printf("@%p", (void *)got);
}

static void release(int domain, size_t id) {
  char **slot = block_of(id);
  char *block = *slot;
  const char *answer = "F";
  if (!is_case) {
    answer = block == NULL ? "F0" : ordinal_at((uintptr_t)block - (hooks ? 16 : 0)) >= 0 ? "FP" : "FR";
    *slot = NULL;
  }
  api[domain].free(block);
  printf("%s", answer);
}

static void perform(char *line) {
  static char hex[1 << 21];
  char letter;
  unsigned long id, a, b;
  long offset;
  events_length = 0;
  events[0] = 0;
  if (line[0] == 'w' && sscanf(line, "w %lu %ld %s", &id, &offset, hex) == 3) {
    char *to = *block_of(id) + offset;
    for (size_t i = 0; hex[2 * i]; i++) sscanf(hex + 2 * i, "%2hhx", (unsigned char *)&to[i]);
    printf("W");
  } else if (line[0] == 'p' && sscanf(line, "p %lu %ld %lu", &id, &offset, &a) == 3) {
    unsigned char *from = (unsigned char *)*block_of(id) + offset;
    printf("H:");
    for (size_t i = 0; i < a; i++) printf("%02x", from[i]);
  } else {
    if (sscanf(line + 1, " %c %lu %lu %lu", &letter, &id, &a, &b) < 2) die("no op");
    int domain = letter == 'r' ? 0 : letter == 'm' ? 1 : 2;
    if (line[0] == 'f') release(domain, id);
    else if (line[0] == 'c') allocate('c', domain, id, a, b);
    else allocate(line[0], domain, id, 1, a);
  }
  printf("%s\n", is_case ? "" : events);
  if (is_case) fflush(stdout);
}

/* ---- the final state ---- */
static uintptr_t first_pool(const Arena *arena) { return (arena->address + pool_bytes - 1) & ~(pool_bytes - 1); }
static uint64_t count_at(const char *name) { return *(uint64_t *)place(name); }

static void print_text(FILE *text) {
  rewind(text);
  for (int c; (c = fgetc(text)) != EOF;) {
    if (c == '\n') printf("\\n");
    else putchar(c);
  }
}

static void print_final(long align) {
  Arena *arenas = *(Arena **)place("arenas");
  uint32_t vector = *(uint32_t *)place("maxarenas");
  int classes = (int)(512 / align);
  uint64_t current = count_at("narenas_currently_allocated"), total = count_at("ntimes_arena_allocated");
  printf("{\"arena_size\":%lu,\"pool_size\":%lu,\"align\":%ld", arena_bytes, pool_bytes, align);
  printf(",\"arenas_total\":%lu,\"arenas_current\":%lu,\"arenas_highwater\":%lu", total, current,
         count_at("narenas_highwater"));
  printf(",\"arenas_reclaimed\":%lu,\"maxarenas\":%u", total - current, vector);
  if (place("raw_allocated_blocks")) printf(",\"raw_allocated_blocks\":%ld", (long)count_at("raw_allocated_blocks"));
  char *counter = place("blocks_of_interpreter");
  long allocated = counter ? ((long (*)(void *))counter)(place("interpreter"))
                           : ((long (*)(void))function("_Py_GetAllocatedBlocks"))();
  printf(",\"allocated_blocks\":%ld", allocated);
  if (place("arena_map_mid_count"))
    printf(",\"map_mid\":%d,\"map_bot\":%d", *(int *)place("arena_map_mid_count"),
           *(int *)place("arena_map_bot_count"));
  printf(",\"arenas\":[");
  const char *comma = "";
  for (uint32_t i = 0; i < vector; i++) {
    Arena *arena = &arenas[i];
    if (arena->address == 0) continue;
    printf("%s{\"ord\":%d,\"idx\":%u,\"slot\":%lu,\"nfree\":%u,\"ntotal\":%u,\"carved\":%lu,\"freepools\":[", comma,
           ordinal_at(arena->address), i, (arena->address - grid) / arena_bytes, arena->nfree, arena->ntotal,
           (arena->pool_address - first_pool(arena)) / pool_bytes);
    comma = "";
    for (char *pool = arena->freepools; pool; pool = *(char **)(pool + 16), comma = ",")
      printf("%s%lu", comma, ((uintptr_t)pool - first_pool(arena)) / pool_bytes);
    printf("]}");
    comma = ",";
  }
  printf("],\"usable\":[");
  comma = "";
  for (Arena *arena = *(Arena **)place("usable_arenas"); arena; arena = (Arena *)arena->next, comma = ",")
    printf("%s%d", comma, ordinal_at(arena->address));
  printf("],\"unused\":[");
  comma = "";
  for (Arena *arena = *(Arena **)place("unused_arena_objects"); arena; arena = (Arena *)arena->next, comma = ",")
    printf("%s%ld", comma, arena - arenas);
  printf("],\"used\":{");
  comma = "";
  char **used = (char **)place("usedpools");
  for (int i = 0; i < classes; i++) {
    char *end = (char *)&used[2 * i] - 16;
    if (used[2 * i] == end) continue;
    printf("%s\"%d\":[", comma, i);
    comma = "";
    for (char *pool = used[2 * i]; pool != end; pool = *(char **)(pool + 16), comma = ",") {
      Arena *arena = &arenas[*(uint32_t *)(pool + 32)];
      printf("%s[%d,%lu]", comma, ordinal_at(arena->address),
             ((uintptr_t)pool - first_pool(arena)) / pool_bytes);
    }
    printf("]");
    comma = ",";
  }
  printf("},\"pools\":[");
  comma = "";
  for (uint32_t i = 0; i < vector; i++) {
    Arena *arena = &arenas[i];
    if (arena->address == 0) continue;
    for (uintptr_t at = first_pool(arena); at < arena->pool_address; at += pool_bytes) {
      uint32_t *pool = (uint32_t *)at;
      printf("%s[%d,%lu,%u,%u,%u,%u,[", comma, ordinal_at(arena->address),
             (at - first_pool(arena)) / pool_bytes, pool[9], pool[0], pool[10], pool[11]);
      comma = "";
      for (char *block = ((char **)at)[1]; block; block = *(char **)block, comma = ",")
        printf("%s%lu", comma, (uintptr_t)block - at);
      printf("]]");
      comma = ",";
    }
  }
  printf("],\"stats_text\":\"");
  FILE *text = tmpfile();
  ((int (*)(FILE *))function("_PyObject_DebugMallocStats"))(text);
  print_text(text);
  printf("\"}\n");
}

/* From 3.12 on: a thread state whose interpreter is the main one, which is all that the allocator looks at. */
static void pretend_thread(void) {
  static char *thread[64];
  struct link_map *map;
  char *slot;
  if (place("thread_slot") == NULL) return;
  thread[2] = place("interpreter");
  if (dlinfo(library, RTLD_DI_TLS_DATA, &slot) != 0 || dlinfo(library, RTLD_DI_LINKMAP, &map) != 0) die("dlinfo");
  if (slot == NULL) {
    /* Laid out on first use. */
    ((void *(*)(void))function("_PyThreadState_GetCurrent"))();
    dlinfo(library, RTLD_DI_TLS_DATA, &slot);
  }
  *(char ***)(slot + (place("thread_slot") - loaded_at)) = thread;
  char *initialise = place("init_obmalloc");
  if (initialise == NULL) return;
  /* 3.13 takes its static state for the main interpreter only. */
  *(char **)place("main_interpreter") = place("interpreter");
  ((int (*)(void *))initialise)(place("interpreter"));
}

int main(int argc, char **argv) {
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  if (argc < 2 || (library = dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL)) == NULL) die(argc < 2 ? "LIBPYTHON?" : dlerror());
  struct link_map *map;
  dlinfo(library, RTLD_DI_LINKMAP, &map);
  loaded_at = (char *)map->l_addr;
  for (int i = 2; i < argc && named < 64; i++) {
    char *equals = strchr(argv[i], '=');
    *equals = 0;
    places[named].name = argv[i];
    places[named++].offset = strtoul(equals + 1, NULL, 16);
  }
  const char *prefixes[] = {"PyMem_Raw", "PyMem_", "PyObject_"};
  for (int d = 0; d < 3; d++) {
    char name[64];
#define PUBLIC(field, suffix) \
  (snprintf(name, sizeof name, "%s" suffix, prefixes[d]), *(void **)&api[d].field = function(name))
    PUBLIC(malloc, "Malloc"), PUBLIC(calloc, "Calloc"), PUBLIC(realloc, "Realloc"), PUBLIC(free, "Free");
  }
  pretend_thread();

  static char line[1 << 22], rule[8];
  long align = 16;
  if (fgets(line, sizeof line, stdin) == NULL) die("no script");
  unsigned long base, offset;
  Allocator raw = {NULL, raw_malloc, raw_calloc, raw_realloc, raw_free};
  if (sscanf(line, "trace %lx %lx %7s %ld %zu %d %lu %lu %ld", &base, &offset, rule, &max_arenas, &raw_limit, &hooks,
             &arena_bytes, &pool_bytes, &align) == 9) {
    grid = base + offset;
    reuse = strcmp(rule, "lifo") == 0 ? LIFO : strcmp(rule, "low") == 0 ? LOW : MONO;
  } else if (sscanf(line, "case %d %lu", &hooks, &arena_bytes) == 2) {
    is_case = 1;
    grid = 0x200000000000;
    max_arenas = -1;
    raw = (Allocator){NULL, bump_malloc, bump_calloc, bump_realloc, bump_free};
  } else die("neither a trace nor a case");

  ((void (*)(int, Allocator *))function("PyMem_SetAllocator"))(0, &raw);
  ArenaAllocator arenas = {NULL, arena_alloc, arena_free};
  ((void (*)(ArenaAllocator *))function("PyObject_SetArenaAllocator"))(&arenas);
  if (hooks) ((void (*)(void))function("PyMem_SetupDebugHooks"))();
  while (fgets(line, sizeof line, stdin)) perform(line);
  if (!is_case) print_final(align);
  fflush(stdout);
  _exit(0);
}
