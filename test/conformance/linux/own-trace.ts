/** Small recordings written by hand: a page mapped, written and read. */

const mapped = ['ARENA+0x0', 'ARENA+0x1000', 'rw-p', 0, 'anon', 'rd wr mr mw me ac'];
const stack = ['STACK-0x21000', 'STACK-0x0', 'rw-p', 0, 'stack', 'rd wr mr mw me gd ac'];
export const trace = {
  trace: 'own-1',
  family: 'own',
  ops: [
    { op: 'mmap', as: 'A', addr: 'ARENA', len: 4096, prot: 'rw', flags: 'private|anon|fixed' },
    { op: 'write', addr: 'A+1', val: '0x7' },
    { op: 'read', addr: 'A', size: 2 },
  ],
  base: { maps: { P0: [stack] }, pt: { P0: [['STACK-0x21000', '32.1A']] }, share: [] },
  results: [
    { i: 0, ret: 'ARENA+0x0', min: 0, maj: 0, maps: { P0: [mapped, stack] } },
    {
      i: 1,
      ret: 0,
      min: 1,
      maj: 0,
      pg: '.>A',
      pt: {
        P0: [
          ['ARENA+0x0', '1A'],
          ['STACK-0x21000', '32.1A'],
        ],
      },
    },
    { i: 2, val: '0x700', min: 0, maj: 0, pg: 'A>A=' },
  ],
};
/** A file of them. */
export const text = (...traces: unknown[]) => traces.map((one) => `${JSON.stringify(one)}\n`).join('');
/** The trace with fields of one result replaced. */
export const withResult = (at: number, fields: object) => ({
  ...trace,
  results: trace.results.map((result, i) => (i === at ? { ...result, ...fields } : result)),
});
/** The trace with another op in place of one. */
export const withOp = (at: number, op: object) => ({ ...trace, ops: trace.ops.map((one, i) => (i === at ? op : one)) });
