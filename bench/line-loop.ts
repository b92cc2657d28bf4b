/**
 * Reading a lackey trace as a script would: `readline`, and each line taken apart as a string. A process of its own, asked
 * as the programs in C are (native-linux.ts):
 *
 *     node line-loop.js FILE BYTES QUESTIONS ANSWERS        answers: nanoseconds a byte, references, sum of their sizes
 */
import { createReadStream, openSync, readSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [file, bytes, questions, answers] = process.argv.slice(2) as [string, string, string, string];
const asked = openSync(questions, 'r');
const told = openSync(answers, 'w');
const question = Buffer.alloc(8);
while (readSync(asked, question, 0, question.length, null) > 0) {
  const { nanoseconds, references, sizes } = await readLines();
  writeSync(told, `${nanoseconds / Number(bytes)} ${references} ${sizes}\n`);
}

async function readLines(): Promise<{ nanoseconds: number; references: number; sizes: number }> {
  const usage = process.cpuUsage();
  const start = process.hrtime.bigint();
  let references = 0;
  let sizes = 0;
  let highest = 0;
  for await (const line of createInterface({ input: createReadStream(file) })) {
    if (line.startsWith('==')) continue;
    const comma = line.indexOf(',');
    const address = Number.parseInt(line.slice(3, comma), 16);
    sizes += Number.parseInt(line.slice(comma + 1), 10);
    if (address > highest) highest = address;
    references++;
  }
  const wall = Number(process.hrtime.bigint() - start);
  const { user, system } = process.cpuUsage(usage);
  if (highest === 0) throw new Error('no addresses');
  return { nanoseconds: Math.min(wall, (user + system) * 1000), references, sizes };
}
