// Type-checked only, in a program without Node's types (zod needs `URL`, hence lib dom), reading the package's declarations in full.
import { MAP_ANONYMOUS, MAP_PRIVATE, Machine, type MachineView, PROT_READ } from 'mmulator';

const machine = new Machine({ paging: 'x86_64', memory: 1 << 20 });
const shell = machine.spawn({ name: 'shell' });
const where: number = machine.mmap(shell, { length: 4096n, prot: PROT_READ, flags: MAP_PRIVATE | MAP_ANONYMOUS });
const { ok, bytes, minor } = machine.load(shell, where, 8);
export const first: number | undefined = ok ? bytes?.[0] : minor;
export const view: MachineView = machine.view();
// @ts-expect-error: an access has a size.
machine.load(shell, where);
