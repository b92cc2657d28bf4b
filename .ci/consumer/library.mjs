// A plain program on the installed package: the library alone, without the test runner.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { MAP_ANONYMOUS, MAP_PRIVATE, Machine, PROT_READ, PROT_WRITE } from 'mmulator';

const machine = new Machine({ paging: 'sv39', memory: 64 * 4096, swap: 0 });
const shell = machine.spawn({ name: 'shell' });
const buffer = machine.mmap(shell, { length: 8192, prot: PROT_READ | PROT_WRITE, flags: MAP_PRIVATE | MAP_ANONYMOUS });
assert.ok(buffer > 0);
assert.equal(machine.store(shell, buffer, 42, 1).minor, 1);
const child = machine.fork(shell, 'child');
assert.notEqual(typeof child, 'number');
assert.ok(machine.store(child, buffer, 7, 1).ok);
assert.equal(machine.load(shell, buffer, 1).bytes?.[0], 42);
assert.deepEqual(machine.checkInvariants(), []);

const schema = JSON.parse(readFileSync(new URL(import.meta.resolve('mmulator/schema/scenario.v1.json')), 'utf8'));
assert.equal(typeof schema.$schema, 'string');
process.stdout.write('the library works\n');
