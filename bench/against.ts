/** `--against NAME=PATH`: rows that need a program which is not ours and not on every machine. */
import { AgainstError } from './cachesim.ts';
import { libCacheSimGroups } from './groups/libcachesim.ts';
import type { Group } from './harness.ts';

const RIVALS: Readonly<Record<string, (path: string) => Group[]>> = { libcachesim: libCacheSimGroups };

/** @throws AgainstError for a name nobody knows, or a path where no program is */
export function againstGroups(argument: string): Group[] {
  const at = argument.indexOf('=');
  const name = at < 0 ? argument : argument.slice(0, at);
  const known = Object.keys(RIVALS);
  if (!Object.hasOwn(RIVALS, name)) {
    const forms = known.map((one) => `--against ${one}=PATH`).join(', ');
    throw new AgainstError(`--against ${argument}: no such program; there is ${forms}`);
  }
  return RIVALS[name]!(at < 0 ? '' : argument.slice(at + 1));
}
