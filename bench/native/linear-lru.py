"""LRU as teaching simulators do it, OSTEP's paging-policy.py among them: memory is a list, the page used longest ago first.

    python3 linear-lru.py TRACE FRAMES QUESTIONS ANSWERS          TRACE: 32-bit words, page numbers

Answers: nanoseconds a reference, misses.
"""
import array
import sys
import time


def replay(trace, frames):
    memory = []
    misses = 0
    for page in trace:
        if page in memory:
            memory.remove(page)
        else:
            misses += 1
            if len(memory) == frames:
                memory.pop(0)
        memory.append(page)
    return misses


def main():
    _, path, frames, questions, answers = sys.argv
    trace = array.array('i')
    with open(path, 'rb') as file:
        trace.frombytes(file.read())
    with open(questions) as asked, open(answers, 'w') as told:
        while asked.readline():
            wall, busy = time.perf_counter_ns(), time.process_time_ns()
            misses = replay(trace, int(frames))
            spent = min(time.perf_counter_ns() - wall, time.process_time_ns() - busy)
            print(spent / len(trace), misses, file=told, flush=True)


main()
