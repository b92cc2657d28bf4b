/**
 * Replays a trace on the emulator: every operation as calls of the Machine, every answer in the recordings' notation, state
 * included, so that the two can be compared field by field.
 */
import { operationOf } from './ops/registry.ts';
import type { Answer, Op, Result, Trace } from './recording.ts';
import { World } from './world.ts';

export class Replay {
  readonly world: World;

  constructor(trace: Trace) {
    this.world = new World(trace);
  }

  /** State before the first operation, to compare with the recording's `base`. */
  base(): Result {
    const answer: Answer = {};
    this.world.showState(answer, true);
    return answer;
  }

  /** Do one operation, which must be supported. */
  step(op: Op): Result {
    const { world } = this;
    const answer: Answer = {};
    const operation = operationOf(op.op)!;
    if (operation.by === 'world') operation.perform({ world, op, answer });
    else {
      const refused = this.act(op, answer);
      if (refused !== null) return { skip: refused };
    }
    world.dropEnded();
    world.showState(answer, op.op === 'snap');
    return answer;
  }

  /** Null, or why the operation is not executed. */
  private act(op: Op, answer: Answer): string | null {
    const { world } = this;
    const name = op.p ?? 'P0';
    const process = world.processes.get(name);
    if (process === undefined) return 'proc';
    if ([op.addr, op.naddr, op.vec].some((text) => world.addressOf(text) === null)) return 'unbound';
    if (op.probe === 1) {
      this.probe(op, answer);
      return null;
    }
    const operation = operationOf(op.op)!;
    const { minorFaults, majorFaults } = process;
    if (operation.by === 'process') {
      operation.perform({ world, op, answer, process, address: world.addressOf(op.addr)! });
      if (operation.uncounted === true) return null;
    }
    answer.min = process.minorFaults - minorFaults;
    answer.maj = process.majorFaults - majorFaults;
    if (process.signal !== null) answer.killed = process.signal.replace('SIG', '');
    return null;
  }

  /** A copy of the process makes the call and ends; of its answer only the outcome counts. */
  private probe(op: Op, answer: Answer): void {
    const { world } = this;
    const { machine } = world;
    const parent = world.processes.get(op.p ?? 'P0')!;
    const copy = machine.fork(parent);
    const operation = operationOf(op.op)!;
    if (typeof copy === 'number' || operation.by === 'world') return;
    const outcome: Answer = {};
    operation.perform({ world, op, answer: outcome, process: copy, address: world.addressOf(op.addr)! });
    for (const field of ['ret', 'err', 'vec'] as const) {
      if (outcome[field] !== undefined) Object.assign(answer, { [field]: outcome[field] });
    }
    if (copy.state === 'running') machine.kill(copy, 'SIGKILL');
    machine.wait(parent, copy.pid);
  }
}
