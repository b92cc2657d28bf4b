/**
 * The random numbers of "Operating Systems: Three Easy Pieces", whose homework simulators are Python programs that
 * call `random.seed(s)` with an integer. Reproducing Python's generator reproduces the book's problems.
 *
 * The generator is MT19937 (Matsumoto and Nishimura 1998) seeded with their `init_by_array`, as CPython's
 * Modules/_randommodule.c does for an integer seed.
 */
const N = 624;
const M = 397;

export class PythonRandom {
  private readonly state: Uint32Array;
  private index: number;

  /** @param seed as in Python's `random.seed(seed)`: an integer of any size, of which Python takes the absolute value */
  constructor(seed: number | bigint) {
    this.state = new Uint32Array(N);
    this.index = N;
    const whole = BigInt(seed);
    const key: number[] = [];
    for (let left = whole < 0n ? -whole : whole; left > 0n; left >>= 32n) key.push(Number(left & 0xffff_ffffn));
    this.initByArray(key.length === 0 ? [0] : key);
  }

  /** Python's `random.random()`: 53 random bits as a double in [0, 1). */
  random(): number {
    const high = this.next() >>> 5;
    const low = this.next() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  private initGenrand(seed: number): void {
    const state = this.state;
    state[0] = seed;
    for (let i = 1; i < N; i++) {
      const before = state[i - 1]!;
      state[i] = Math.imul(1812433253, before ^ (before >>> 30)) + i;
    }
  }

  private initByArray(key: readonly number[]): void {
    const state = this.state;
    this.initGenrand(19650218);
    let i = 1;
    let j = 0;
    for (let round = Math.max(N, key.length); round > 0; round--) {
      const before = state[i - 1]!;
      state[i] = (state[i]! ^ Math.imul(before ^ (before >>> 30), 1664525)) + key[j]! + j;
      if (++i >= N) {
        state[0] = state[N - 1]!;
        i = 1;
      }
      if (++j >= key.length) j = 0;
    }
    for (let round = N - 1; round > 0; round--) {
      const before = state[i - 1]!;
      state[i] = (state[i]! ^ Math.imul(before ^ (before >>> 30), 1566083941)) - i;
      if (++i >= N) {
        state[0] = state[N - 1]!;
        i = 1;
      }
    }
    state[0] = 0x80000000;
  }

  /** The next 32 bits. */
  private next(): number {
    if (this.index === N) {
      this.twist();
      this.index = 0;
    }
    let word = this.state[this.index++]!;
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    word ^= word >>> 18;
    return word >>> 0;
  }

  private twist(): void {
    const state = this.state;
    for (let k = 0; k < N; k++) {
      const mixed = (state[k]! & 0x80000000) | (state[(k + 1) % N]! & 0x7fffffff);
      state[k] = state[(k + M) % N]! ^ (mixed >>> 1) ^ ((mixed & 1) === 0 ? 0 : 0x9908b0df);
    }
  }
}

export interface OstepReferences {
  /** `-s`: the seed. Default 0. */
  readonly seed?: number;
  /** `-n`: how many references. Default 10, as the program's. */
  readonly count?: number;
  /** `-m`: pages are 0 … maxPage - 1. Default 10. */
  readonly maxPage?: number;
}

/** The reference string that `paging-policy.py -s SEED -n COUNT -m MAXPAGE` asks about. */
export function ostepReferences(options: OstepReferences = {}): number[] {
  const { seed = 0, count = 10, maxPage = 10 } = options;
  const random = new PythonRandom(seed);
  return Array.from({ length: count }, () => Math.floor(maxPage * random.random()));
}
