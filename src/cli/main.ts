#!/usr/bin/env node
/** The process: real streams, real arguments, a real exit status. Everything else is `runCli`. */
import { nodeIo } from './node-io.ts';
import { runCli } from './run-cli.ts';

// Not `process.exit`: output still on its way into a pipe would be cut off.
process.exitCode = await runCli(process.argv.slice(2), nodeIo());
