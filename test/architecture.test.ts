/**
 * The house rules, kept by a test instead of by memory. Every message says what to do about it.
 * The floors and the reasons for them are in ARCHITECTURE.md.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { withoutComments, withoutCommentsAndStrings } from './architecture/source-text.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Each floor with the floors it may use besides itself. Left out on purpose: scenario ↔ trace, scenario ↔ conform, trace → conform, sweep ↔ conform, report → cli. */
const FLOORS: Readonly<Record<string, readonly string[]>> = {
  mmu: [],
  kernel: ['mmu'],
  process: ['mmu', 'kernel'],
  machine: ['mmu', 'kernel', 'process'],
  scenario: ['mmu', 'kernel', 'process', 'machine'],
  trace: ['mmu', 'kernel', 'process', 'machine'],
  conform: ['mmu', 'kernel', 'process', 'machine', 'trace'],
  sweep: ['mmu', 'kernel', 'process', 'machine', 'scenario', 'trace'],
  report: ['mmu', 'kernel', 'process', 'machine', 'scenario', 'trace', 'conform', 'sweep'],
  cli: ['mmu', 'kernel', 'process', 'machine', 'scenario', 'trace', 'conform', 'sweep', 'report'],
};

/** The doors of the package: they may use any floor but `cli`, and nobody imports them. */
const DOORS = ['src/index.ts', 'src/vitest.ts'];
/** Files that something outside `src` starts from. */
const ENTRIES = [...DOORS, 'src/cli/main.ts', 'src/cli/sweep-worker.ts'];

/** Packages and who may import them. A package that is not here needs a sentence in its commit. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  immer: ['machine', 'scenario', 'report', 'cli'],
  zod: ['scenario', 'trace', 'sweep', 'cli'],
  yaml: ['scenario', 'cli'],
  yargs: ['cli'],
  piscina: ['cli'],
  'd3-scale': ['report'],
  'd3-shape': ['report'],
  vitest: ['src/vitest.ts'],
};

const LINES_MAX = 400;

/**
 * Casts into a unit (`as Pfn`) outside `src/mmu/units.ts`: file → how many, and why. A cast skips the check that the
 * type exists for, so the list should shrink; the storage accessors are where a bare number becomes a unit.
 */
const UNIT_CASTS: Readonly<Record<string, { readonly count: number; readonly reason: string }>> = {};

interface SourceFile {
  /** Path from the root, with `/`. */
  readonly path: string;
  readonly floor: string | null;
  readonly text: string;
  /** Comments blanked (line numbers kept). */
  readonly code: string;
  /** Comments and the contents of strings blanked. */
  readonly bare: string;
  readonly imports: readonly Import[];
}

interface Import {
  readonly line: number;
  readonly specifier: string;
  /** Path from the root for a relative import, null for a package. */
  readonly target: string | null;
}

function filesUnder(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => posix.join(folder, name.replaceAll('\\', '/')))
    .filter((path) => /\.(ts|mjs)$/.test(path) && !path.includes('/fixtures/'))
    .sort();
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

const IMPORT = /\b(?:from|import)\s*\(?\s*(['"])([^'"\n]+)\1/g;

function load(path: string): SourceFile {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const code = withoutComments(text);
  const imports = [...code.matchAll(IMPORT)].map((match) => {
    const specifier = match[2]!;
    const target = specifier.startsWith('.') ? posix.join(dirname(path), specifier) : null;
    return { line: lineAt(code, match.index), specifier, target };
  });
  const floor = /^src\/([^/]+)\//.exec(path)?.[1] ?? null;
  return { path, floor, text, code, bare: withoutCommentsAndStrings(text), imports };
}

const sources = filesUnder('src').map(load);
const others = ['test', 'bench', 'scripts'].flatMap(filesUnder).map(load);

/** Every match of `pattern` in the file's bare text, as `path:line  what to do`. */
function complaints(file: SourceFile, pattern: RegExp, advice: string): string[] {
  return [...file.bare.matchAll(pattern)].map(
    (match) => `${file.path}:${lineAt(file.bare, match.index)}  \`${match[0].trim()}\`: ${advice}`,
  );
}

describe('the floors', () => {
  it('every source file stands on a floor', () => {
    const strays = sources
      .filter((file) => !DOORS.includes(file.path) && (file.floor === null || FLOORS[file.floor] === undefined))
      .map((file) => `${file.path}  belongs to no floor: move it into one of src/{${Object.keys(FLOORS).join(',')}}/`);
    expect(strays).toEqual([]);
  });

  it('no arrow points upward', () => {
    const upward = sources.flatMap((file) => file.imports.flatMap((item) => arrowComplaint(file, item)));
    expect(upward).toEqual([]);
  });

  it('packages are used only where DESIGN.md wants them', () => {
    const wrong = sources.flatMap((file) =>
      file.imports.flatMap((item) => {
        if (item.target !== null || item.specifier.startsWith('node:')) return [];
        const name = item.specifier.split('/')[0]!;
        const allowed = PACKAGES[name];
        if (allowed?.includes(file.floor ?? file.path)) return [];
        return [
          allowed === undefined
            ? `${file.path}:${item.line}  '${name}' is not one of our dependencies: do without, or argue for it in DESIGN.md`
            : `${file.path}:${item.line}  '${name}' may be imported only from ${allowed.join(', ')}: move this code there`,
        ];
      }),
    );
    expect(wrong).toEqual([]);
  });
});

function arrowComplaint(file: SourceFile, item: Import): string[] {
  if (item.target === null) return [];
  const where = `${file.path}:${item.line}`;
  if (!item.target.startsWith('src/')) return [`${where}  imports ${item.target}: sources import only sources`];
  if (DOORS.includes(item.target)) {
    return [`${where}  imports the package's door ${item.target}: import the module that defines the name`];
  }
  const target = /^src\/([^/]+)\//.exec(item.target)?.[1];
  if (target === undefined || target === file.floor) return [];
  const allowed = file.floor === null ? Object.keys(FLOORS).filter((floor) => floor !== 'cli') : FLOORS[file.floor];
  if (allowed === undefined || allowed.includes(target)) return [];
  return [
    `${where}  an upward arrow, ${file.floor ?? file.path} → ${target} (${item.target}): move what is needed down to ` +
      `${file.floor ?? 'a lower floor'}, or hand it in as an argument`,
  ];
}

describe('the core is deterministic and silent', () => {
  const core = sources.filter((file) => file.floor !== 'cli');
  const rules: readonly (readonly [name: string, pattern: RegExp, advice: string])[] = [
    ['no Math.random', /\bMath\s*\.\s*random\b/g, 'take the seeded generator of src/mmu/random.ts as an argument'],
    ['no wall clock', /\bDate\b|\bperformance\s*\.\s*now\b/g, 'the clock is the step counter; times come from cli/'],
    ['no timers', /\b(?:setTimeout|setInterval|setImmediate)\b/g, 'the floors below cli/ are synchronous'],
    ['no console', /\bconsole\s*\.\s*\w+/g, 'return the text; only cli/ prints'],
    // `process` is also our own word for a process, so only members that Node's global alone has are refused.
    [
      "no Node 'process'",
      /(?<![.\w])process\s*\.\s*(?:argv0?|env|execArgv|stdin|stdout|stderr|exit|cwd|chdir|hrtime|memoryUsage|nextTick|platform|versions?|uptime|emitWarning|on|once)\b/g,
      'only cli/ may touch the process it runs in; take the value as an argument',
    ],
  ];
  it.for(rules)('%s below cli/', ([, pattern, advice]) => {
    expect(core.flatMap((file) => complaints(file, pattern, advice))).toEqual([]);
  });

  it("no 'node:' modules below cli/", () => {
    const found = core.flatMap((file) =>
      file.imports
        .filter((item) => item.specifier.startsWith('node:'))
        .map(
          (item) => `${file.path}:${item.line}  '${item.specifier}': take bytes, return values; files belong to cli/`,
        ),
    );
    expect(found).toEqual([]);
  });
});

describe('the shape of the files', () => {
  it(`no file is over ${LINES_MAX} lines`, () => {
    const long = [...sources, ...others]
      .map((file) => ({ path: file.path, lines: file.text.split('\n').length - 1 }))
      .filter(({ lines }) => lines > LINES_MAX)
      .map(({ path, lines }) => `${path}  ${lines} lines: a file that long holds two concepts; split it by name`);
    expect(long).toEqual([]);
  });

  it('every source file is imported by another', () => {
    const imported = new Set(sources.flatMap((file) => file.imports.map((item) => item.target)));
    // Scripts run on the built package: dist/a.js is src/a.ts.
    const scripts = others.filter((file) => file.path.startsWith('scripts/'));
    for (const { target } of scripts.flatMap((file) => file.imports)) {
      if (target !== null) imported.add(target.replace(/^dist\/(.*)\.js$/, 'src/$1.ts'));
    }
    const orphans = sources
      .filter((file) => !ENTRIES.includes(file.path) && !imported.has(file.path))
      .map((file) => `${file.path}  nobody imports it: use it, export it from src/index.ts, or delete it`);
    expect(orphans).toEqual([]);
  });

  it('every relative import names a file', () => {
    const known = new Set([...sources, ...others].map((file) => file.path));
    const broken = sources.flatMap((file) =>
      file.imports
        .filter((item) => item.target !== null && !known.has(item.target))
        .map((item) => `${file.path}:${item.line}  '${item.specifier}': no such file (imports carry the .ts ending)`),
    );
    expect(broken).toEqual([]);
  });

  it('folders and files are named after the machine', () => {
    const vague = /(?:^|\/)(?:utils?|helpers?|common|misc)(?:\/|\.ts$)/;
    const found = [...sources, ...others]
      .filter((file) => vague.test(file.path))
      .map((file) => `${file.path}  says nothing: name it after what it is about`);
    expect(found).toEqual([]);
  });
});

describe('the types mean something', () => {
  const typed = [...sources, ...others].filter((file) => file.path.endsWith('.ts'));

  it('no enum, no namespace', () => {
    const pattern = /^\s*(?:export\s+)?(?:declare\s+)?(?:const\s+)?(?:enum|namespace)\s+\w+/gm;
    const advice = 'write an `as const` table and a union type';
    expect(typed.flatMap((file) => complaints(file, pattern, advice))).toEqual([]);
  });

  it('no any, no @ts-ignore', () => {
    const pattern = /(?:[:<,|&(=]|\bas|\bextends|=>)\s*any\b(?!\s*[(:])/g;
    const found = typed.flatMap((file) => complaints(file, pattern, 'say what it is, or `unknown` and look'));
    const silenced = typed
      .filter((file) => /@ts-(?:ignore|nocheck)/.test(commentsOf(file)))
      .map((file) => `${file.path}  silences the compiler: fix the type`);
    expect([...found, ...silenced]).toEqual([]);
  });

  it('units are cast only where a bare number becomes one', () => {
    const pattern = /\bas\s+(?:VirtualAddress|PhysicalAddress|Vpn|Pfn|ByteCount|Asid)\b/g;
    const found = sources
      .filter((file) => file.path !== 'src/mmu/units.ts')
      .flatMap((file) => {
        const casts = complaints(file, pattern, 'use the conversion of src/mmu/units.ts (pfn(), vpnOf(), …)');
        const allowed = UNIT_CASTS[file.path]?.count ?? 0;
        return casts.length === allowed ? [] : [`${file.path}  ${casts.length} casts, ${allowed} allowed`, ...casts];
      });
    expect(found).toEqual([]);
  });
});

/** What `withoutComments` blanked: the comments alone. This file names the marks it looks for, so it is left out. */
function commentsOf(file: SourceFile): string {
  if (file.path === 'test/architecture.test.ts') return '';
  return [...file.text].map((letter, index) => (file.code[index] === letter ? ' ' : letter)).join('');
}
