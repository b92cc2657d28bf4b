/**
 * Build the package: sources to `dist/`, then everything that is generated from them (schema, reference pages).
 *
 *   node scripts/build.mjs           what `npm start` and `npm test` do first
 *   node scripts/build.mjs --clean   also removes what an earlier build left behind; `npm pack` does this
 */
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const compiler = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url));
const generator = fileURLToPath(new URL('./generate.mjs', import.meta.url));

function run(...args) {
  const { status, error } = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

if (process.argv.includes('--clean')) rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true });
run(compiler, '-p', 'tsconfig.build.json');
if (existsSync(generator)) run(generator);
