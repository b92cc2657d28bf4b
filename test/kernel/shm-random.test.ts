/** Random programs of System V shared memory against a naive model: segments are byte arrays, attachments a list. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SHM_RDONLY, SHM_REMAP } from '../../src/kernel/fs/shm.ts';
import { errnoName } from '../../src/kernel/linux-abi.ts';
import type { Process } from '../../src/kernel/process.ts';
import { Machine } from '../../src/machine/machine.ts';

const PAGE = 4096;
const ARENA = 0x1000_0000_0000;
const PLACES = 10;
const SEGMENTS = 3;
const PEOPLE = 3;

const who = fc.nat(PEOPLE - 1);
const which = fc.nat(SEGMENTS - 1);
const place = fc.nat(PLACES - 1);
const command = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('get' as const), which, pages: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('at' as const),
      who,
      which,
      place,
      replaces: fc.boolean(),
      readOnly: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('dt' as const), who, place }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), which }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('unmap' as const), who, place, pages: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fork' as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('exit' as const), who }) },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('store' as const), who, place, value: fc.integer({ min: 1, max: 255 }) }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('load' as const), who, place }) },
);
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

/** A segment: first byte of each page. */
interface Segment {
  readonly id: number;
  readonly bytes: number[];
  removed: boolean;
}

/** A page of an attachment; those of one shmat have one number. */
interface Page {
  readonly segment: Segment;
  readonly page: number;
  readonly attachment: number;
  readonly readOnly: boolean;
}

interface Person {
  process: Process;
  readonly pages: (Page | null)[];
}

class Programs {
  readonly machine = new Machine({ paging: 'x86_64', memory: 64 * PAGE, swap: 256 * PAGE, overcommit: 1 });
  private readonly people: Person[] = [];
  private readonly segments: (Segment | null)[] = Array(SEGMENTS).fill(null);
  private readonly all: Segment[] = [];
  private attachments = 0;

  constructor() {
    const process = this.machine.spawn({ signals: 'survive' });
    this.people.push({ process, pages: Array(PLACES + 4).fill(null) });
  }

  run(step: Command): void {
    if (step.do === 'get') this.get(step.which, step.pages);
    else if (step.do === 'at') this.attach(step);
    else if (step.do === 'dt') this.detach(this.person(step.who), step.place);
    else if (step.do === 'remove') this.remove(step.which);
    else if (step.do === 'unmap') this.unmap(this.person(step.who), step.place, step.pages);
    else if (step.do === 'fork') this.fork(this.person(step.who));
    else if (step.do === 'exit') this.exit(this.person(step.who));
    else if (step.do === 'store') this.store(this.person(step.who), step.place, step.value);
    else this.load(this.person(step.who), step.place);
  }

  /** The kernel's segments are those that somebody can still attach or is attached to. */
  check(): void {
    const known = this.all.filter((segment) => !segment.removed || this.isAttached(segment)).map(({ id }) => id);
    expect([...this.machine.kernel.segments.keys()].sort((a, b) => a - b)).toEqual(known.sort((a, b) => a - b));
    expect(this.machine.checkInvariants()).toEqual([]);
  }

  private person(who: number): Person {
    return this.people[who % this.people.length]!;
  }

  private isAttached(segment: Segment): boolean {
    return this.people.some(({ pages }) => pages.some((page) => page?.segment === segment));
  }

  private get(which: number, pages: number): void {
    if (this.segments[which] !== null) return;
    const id = this.machine.calls.shmget(this.people[0]!.process, pages * PAGE - 5);
    expect(id).toBeGreaterThanOrEqual(0);
    this.segments[which] = { id, bytes: Array(pages).fill(0), removed: false };
    this.all.push(this.segments[which]);
  }

  private attach(step: Extract<Command, { do: 'at' }>): void {
    const segment = this.segments[step.which];
    if (!segment) return;
    const { process, pages } = this.person(step.who);
    const flags = (step.replaces ? SHM_REMAP : 0) | (step.readOnly ? SHM_RDONLY : 0);
    const address = ARENA + step.place * PAGE;
    const isGone = segment.removed && !this.isAttached(segment);
    const isInTheWay = segment.bytes.some((_, page) => pages[step.place + page] !== null);
    const result = this.machine.calls.shmat(process, segment.id, address, flags);
    if (isGone || (isInTheWay && !step.replaces)) {
      expect(errnoName(result)).toBe('EINVAL');
      return;
    }
    expect(result).toBe(address);
    const attachment = ++this.attachments;
    for (const page of segment.bytes.keys()) {
      pages[step.place + page] = { segment, page, attachment, readOnly: step.readOnly };
    }
  }

  /** The first page from there on that lies where its attachment, had it begun there, would have it says which goes. */
  private detach({ process, pages }: Person, from: number): void {
    const found = pages.find((page, at) => at >= from && page !== null && page.page === at - from);
    const result = this.machine.calls.shmdt(process, ARENA + from * PAGE);
    expect(result).toBe(found ? 0 : -22);
    if (!found) return;
    for (const [at, page] of pages.entries()) {
      const isPart = page?.attachment === found.attachment && page.page === at - from;
      if (isPart) pages[at] = null;
    }
  }

  private remove(which: number): void {
    const segment = this.segments[which];
    if (!segment) return;
    const isGone = segment.removed && !this.isAttached(segment);
    expect(this.machine.calls.shmrm(this.people[0]!.process, segment.id)).toBe(isGone ? -22 : 0);
    segment.removed = true;
    if (isGone) this.segments[which] = null;
  }

  private unmap({ process, pages }: Person, from: number, count: number): void {
    expect(this.machine.munmap(process, ARENA + from * PAGE, count * PAGE)).toBe(0);
    pages.fill(null, from, from + count);
  }

  private fork({ process, pages }: Person): void {
    if (this.people.length === PEOPLE) return;
    const child = this.machine.fork(process);
    if (typeof child === 'number') throw new Error(`fork answered ${child}`);
    this.people.push({ process: child, pages: [...pages] });
  }

  private exit(person: Person): void {
    if (this.people.length === 1) return;
    this.machine.exit(person.process);
    this.people.splice(this.people.indexOf(person), 1);
  }

  private store({ process, pages }: Person, at: number, value: number): void {
    const held = pages[at];
    const { ok, signal } = this.machine.store(process, ARENA + at * PAGE, value);
    if (held && !held.readOnly) {
      expect(ok).toBe(true);
      held.segment.bytes[held.page] = value;
    } else {
      expect(signal?.code).toBe(held ? 'SEGV_ACCERR' : 'SEGV_MAPERR');
    }
  }

  private load({ process, pages }: Person, at: number): void {
    const held = pages[at];
    const { bytes, signal } = this.machine.load(process, ARENA + at * PAGE, 1);
    if (held) expect(bytes?.[0]).toBe(held.segment.bytes[held.page]);
    else expect(signal?.code).toBe('SEGV_MAPERR');
  }
}

it('segments and attachments are what a list of them says', () => {
  let attached = 0;
  fc.assert(
    fc.property(fc.array(command, { minLength: 60, maxLength: 160, size: 'max' }), (steps) => {
      const programs = new Programs();
      for (const [at, step] of steps.entries()) {
        programs.run(step);
        if (at % 20 === 19) programs.check();
      }
      programs.check();
      attached += programs.machine.kernel.segments.size;
    }),
    { numRuns: 40, seed: 4 },
  );
  expect(attached).toBeGreaterThan(20);
});
