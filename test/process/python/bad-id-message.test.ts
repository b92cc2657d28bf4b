/** What the releases print of an API id that is the zero byte; recorded from 3.6.15, 3.7.16, 3.8.18, 3.9.18 … 3.13.0. */
import { describe, expect, it } from 'vitest';
import { badIdMessage } from '../../../src/process/python/debug-dump.ts';
import { pythonProfile } from '../../../src/process/python/profiles.ts';

const M = 'm'.charCodeAt(0);
const messageOf = (release: string, found: number): string => badIdMessage(pythonProfile(release)!, found, M);

describe('the message about an API id', () => {
  it.for(['3.6', '3.7', '3.8'])('ends at a zero byte in %s', (release) => {
    expect(messageOf(release, 0)).toBe("bad ID: Allocated using API '");
    expect(messageOf(release, 0x72)).toBe("bad ID: Allocated using API 'r', verified using API 'm'");
  });

  it.for(['3.9', '3.10', '3.11', '3.12', '3.13'])('goes on behind a zero byte in %s', (release) => {
    expect(messageOf(release, 0)).toBe("bad ID: Allocated using API '\0', verified using API 'm'");
  });
});
