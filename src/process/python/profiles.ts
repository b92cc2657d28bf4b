/**
 * What differs between CPython versions' memory managers, as data: 64-bit Linux builds.
 * Source: Objects/obmalloc.c and Include/internal/pycore_obmalloc.h of each version, checked against binaries 3.6 to 3.13.
 */

/** Tables of the arena map, in bits of the address from the top; the rest is the arena's own. */
export interface RadixTree {
  readonly topBits: number;
  readonly middleBits: number;
  readonly bottomBits: number;
  /** Highest address bits that the map does not look at. */
  readonly ignoredBits: number;
}

export interface PythonProfile {
  /** `3.11`: what a scenario writes. */
  readonly name: string;
  /** Block alignment and step between size classes, bytes. */
  readonly alignment: 8 | 16;
  readonly poolBytes: number;
  readonly arenaBytes: number;
  /** Largest request that pools serve, bytes. */
  readonly smallMax: 256 | 512;
  /** How `free` tells a pool's address: by the arena index in the pool's header (null), or by this tree. */
  readonly radix: RadixTree | null;
  /** The last wholly free arena is kept (3.9). */
  readonly keepsLastArena: boolean;
  /** pymalloc remembers the last usable arena with n free pools, for every n (3.8); before, it looks along the list. */
  readonly hasLastByFreePools: boolean;
  /** pymalloc's counter: every live block (up to 3.8), or those that went to the raw domain; pools are counted by walking. */
  readonly blockCounter: 'all' | 'raw';
  /** pymalloc's realloc of a raw domain's block to 0 bytes asks for 1, and never fails (up to 3.6). */
  readonly reallocsZeroAsOne: boolean;
  /** Has PyMemAllocatorEx and domains at all (3.4); before, only obj exists over malloc. */
  readonly hasDomains: boolean;
  readonly hasCalloc: boolean;
  /** What the mem domain uses by default. */
  readonly memDomain: 'malloc' | 'pymalloc';
  /** Debug hooks append a serial number (up to 3.7). */
  readonly hasSerial: boolean;
  readonly cleanByte: number;
  readonly deadByte: number;
  readonly forbiddenByte: number;
  /** `Fatal Python error: FUNC: MSG` (3.9); before without FUNC. */
  readonly fatalNamesFunction: boolean;
  /** `Python runtime state: …` follows the fatal line (3.8). */
  readonly fatalShowsState: boolean;
  /** `Extension modules: …` ends the report (3.10). */
  readonly fatalShowsExtensions: boolean;
  /** How an unknown PYTHONMALLOC is reported. */
  readonly unknownAllocator: '3.6' | '3.7' | '3.8';
  /** PYTHONMALLOC=default is known (3.7). */
  readonly knowsDefault: boolean;
  /** PYTHONMALLOC=mimalloc is known (3.13). */
  readonly knowsMimalloc: boolean;
  /** tracemalloc counts all frames of a traceback, stored or not (3.9). */
  readonly countsAllFrames: boolean;
  /** tracemalloc.Traceback lists the oldest frame first (3.7); before, the most recent. */
  readonly tracebackOldestFirst: boolean;
}

const KIB = 1024;
const OLD_BYTES = { cleanByte: 0xcb, deadByte: 0xdb, forbiddenByte: 0xfb } as const;
const NEW_BYTES = { cleanByte: 0xcd, deadByte: 0xdd, forbiddenByte: 0xfd } as const;

const OLDEST: PythonProfile = {
  name: '2.7',
  alignment: 8,
  poolBytes: 4 * KIB,
  arenaBytes: 256 * KIB,
  smallMax: 512,
  radix: null,
  keepsLastArena: false,
  hasLastByFreePools: false,
  blockCounter: 'all',
  reallocsZeroAsOne: true,
  hasDomains: false,
  hasCalloc: false,
  memDomain: 'malloc',
  hasSerial: true,
  ...OLD_BYTES,
  fatalNamesFunction: false,
  fatalShowsState: false,
  fatalShowsExtensions: false,
  unknownAllocator: '3.6',
  knowsDefault: false,
  knowsMimalloc: false,
  countsAllFrames: false,
  tracebackOldestFirst: false,
};

const V3_3: PythonProfile = { ...OLDEST, name: '3.3' };
const V3_4: PythonProfile = { ...V3_3, name: '3.4', hasDomains: true };
const V3_5: PythonProfile = { ...V3_4, name: '3.5', hasCalloc: true };
const V3_6_0: PythonProfile = { ...V3_5, name: '3.6.0', memDomain: 'pymalloc' };
const V3_6: PythonProfile = { ...V3_6_0, name: '3.6', alignment: 16 };
const V3_7_3: PythonProfile = {
  ...V3_6_0,
  name: '3.7.3',
  unknownAllocator: '3.7',
  knowsDefault: true,
  tracebackOldestFirst: true,
  reallocsZeroAsOne: false,
};
const V3_7: PythonProfile = { ...V3_7_3, name: '3.7', alignment: 16, ...NEW_BYTES };
const V3_8: PythonProfile = {
  ...V3_7,
  name: '3.8',
  hasLastByFreePools: true,
  hasSerial: false,
  fatalShowsState: true,
  unknownAllocator: '3.8',
};
const V3_9: PythonProfile = {
  ...V3_8,
  name: '3.9',
  keepsLastArena: true,
  blockCounter: 'raw',
  fatalNamesFunction: true,
  countsAllFrames: true,
};
const V3_10: PythonProfile = {
  ...V3_9,
  name: '3.10',
  poolBytes: 16 * KIB,
  arenaBytes: KIB * KIB,
  radix: { topBits: 10, middleBits: 10, bottomBits: 8, ignoredBits: 16 },
  fatalShowsExtensions: true,
};
const V3_11: PythonProfile = {
  ...V3_10,
  name: '3.11',
  radix: { topBits: 15, middleBits: 15, bottomBits: 14, ignoredBits: 0 },
};
const V3_12: PythonProfile = { ...V3_11, name: '3.12' };
const V3_13: PythonProfile = { ...V3_12, name: '3.13', knowsMimalloc: true };

/** From the oldest to the newest. A name stands for the last of its series; `3.6.0` and `3.7.3` for the 8-byte-aligned ones. */
export const PYTHON_PROFILES: readonly PythonProfile[] = [
  OLDEST,
  V3_3,
  V3_4,
  V3_5,
  V3_6_0,
  V3_6,
  V3_7_3,
  V3_7,
  V3_8,
  V3_9,
  V3_10,
  V3_11,
  V3_12,
  V3_13,
];

export const PYTHON_VERSIONS: readonly string[] = PYTHON_PROFILES.map(({ name }) => name);

export function pythonProfile(name: string): PythonProfile | undefined {
  return PYTHON_PROFILES.find((profile) => profile.name === name);
}
