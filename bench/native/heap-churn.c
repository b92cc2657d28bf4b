/*
 * The loop of bench/groups/heaps.ts on a real allocator: `live` blocks, one after the other freed and allocated anew in an
 * order that a xorshift generator draws. Prints nanoseconds per free+malloc pair.
 *
 *   cc -O2 heap-churn.c -o heap-churn                            the C library's malloc
 *   cc -O2 -DPYTHON -shared -fPIC -I... heap-churn.c -o ...so    PyObject_Malloc, called through ctypes
 *
 * heap-churn LIVE PAIRS SIZE [SIZE ...]
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#ifdef PYTHON
#include <Python.h>
#define ALLOCATE PyObject_Malloc
#define RELEASE PyObject_Free
#else
#define ALLOCATE malloc
#define RELEASE free
#endif

static uint32_t state;

static uint32_t draw(void)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

double heap_churn(uint32_t live, uint32_t pairs, const uint32_t *sizes, uint32_t kinds)
{
    struct timespec start, end;
    void **blocks = malloc(live * sizeof *blocks);
    state = 2463534242u;
    for (uint32_t i = 0; i < live; i++) blocks[i] = ALLOCATE(sizes[draw() % kinds]);
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (uint32_t i = 0; i < pairs; i++) {
        uint32_t slot = draw() % live;
        RELEASE(blocks[slot]);
        blocks[slot] = ALLOCATE(sizes[draw() % kinds]);
        *(volatile char *)blocks[slot] = 1;
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    for (uint32_t i = 0; i < live; i++) RELEASE(blocks[i]);
    free(blocks);
    return ((end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec)) / pairs;
}

#ifndef PYTHON
int main(int argc, char **argv)
{
    uint32_t sizes[64], kinds = 0;
    for (int i = 3; i < argc && kinds < 64; i++) sizes[kinds++] = strtoul(argv[i], 0, 10);
    if (kinds == 0) return 2;
    printf("%.3f\n", heap_churn(strtoul(argv[1], 0, 10), strtoul(argv[2], 0, 10), sizes, kinds));
    return 0;
}
#endif
