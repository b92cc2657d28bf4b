import { checkReplacementOptions } from '../option-table.ts';
import { TICK_EVERY } from '../options.ts';
import type { PolicyName } from '../policy.ts';
import { AgingLoop } from './aging.ts';
import { ArcLoop } from './arc.ts';
import { CarLoop } from './car.ts';
import { ClockLoop } from './clock.ts';
import { EnhancedSecondChanceLoop } from './enhanced-second-chance.ts';
import { FifoLoop } from './fifo.ts';
import { LastLoop } from './last.ts';
import { LfuLoop } from './lfu.ts';
import { LinuxLoop } from './linux.ts';
import { LirsLoop } from './lirs.ts';
import type { LoopContext, ReplayLoop } from './loop.ts';
import { LruLoop } from './lru.ts';
import { MgLruLoop } from './mglru.ts';
import { NfuLoop } from './nfu.ts';
import { NruLoop } from './nru.ts';
import { OptLoop } from './opt.ts';
import { RandomLoop } from './random.ts';
import { RecencyWindowLoop } from './recency-window.ts';
import { S3FifoLoop } from './s3-fifo.ts';
import { SieveLoop } from './sieve.ts';
import { TwoQueueLoop } from './two-q.ts';
import { WsClockLoop } from './wsclock.ts';

/**
 * The loop of a policy under these options; null where only the policy itself can say.
 * @throws InputError MEM-POL-003 for an option that cannot be
 */
export function createLoop(policy: PolicyName, context: LoopContext): ReplayLoop | null {
  const { options } = context;
  checkReplacementOptions(options);
  const tickEvery = options.tickEvery ?? TICK_EVERY;
  switch (policy) {
    case 'fifo':
      return new FifoLoop(context);
    case 'lru':
      return new LruLoop(context);
    case 'mru':
      return new LastLoop(context, true);
    case 'lifo':
      return new LastLoop(context, false);
    case 'random':
      return new RandomLoop(context);
    case 'clock':
      return new ClockLoop(context, 1, options.handStart);
    case 'second-chance':
      return new ClockLoop(context, 1);
    case 'gclock':
      return (options.counterBits ?? 2) > 7
        ? null
        : new ClockLoop(context, options.counterBits ?? 2, options.handStart);
    case 'sieve':
      return new SieveLoop(context);
    case 'lfu':
      return options.lfuKeepsCounts === true || options.lfuTies === 'first-loaded' ? null : new LfuLoop(context);
    case '2q':
      return new TwoQueueLoop(context);
    case 's3-fifo':
      return new S3FifoLoop(context);
    case 'arc':
      return new ArcLoop(context);
    case 'lirs':
      return new LirsLoop(context);
    case 'opt':
      return new OptLoop(context);
    case 'car':
      return new CarLoop(context);
    case 'enhanced-second-chance':
      return new EnhancedSecondChanceLoop(context);
    case 'nru':
      return new NruLoop(context, tickEvery);
    case 'nfu':
      return new NfuLoop(context, tickEvery);
    case 'aging':
      return new AgingLoop(context, tickEvery);
    case 'working-set':
      return new RecencyWindowLoop(context, true);
    case 'pff':
      return new RecencyWindowLoop(context, false);
    case 'wsclock':
      return new WsClockLoop(context, tickEvery);
    case 'linux':
      return new LinuxLoop(context);
    case 'mglru':
      return new MgLruLoop(context);
  }
}
