/** Commands as a shell would run them one into the next: `mmulator trace generate … | mmulator trace simulate - …`. */
import { cli } from './fake-io.ts';

/** What the last command prints. @throws Error when one of them fails */
export async function pipeline(line: string): Promise<string> {
  let text = '';
  for (const command of line.split(' | ')) {
    const [program, ...args] = command.trim().split(/\s+/);
    if (program !== 'mmulator') throw new Error(`not a command of mmulator: ${command}`);
    const { code, out, err } = await cli(args, { stdin: text });
    if (code !== 0) throw new Error(`${command}: exit status ${code}\n${err}`);
    text = out;
  }
  return text;
}
