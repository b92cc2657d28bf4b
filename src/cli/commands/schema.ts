/** `mmulator schema`: the JSON Schema of scenario files, for editors. */
import { scenarioJsonSchema } from '../../scenario/schema.ts';
import { defineCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';

export const schemaCommand = defineCommand({
  usage: 'schema',
  summary: 'Print the JSON Schema (draft-07) of scenario files',
  positionals: {},
  options: {},
  examples: [['schema > scenario.schema.json', 'for editors that complete and check YAML']],
  epilogue:
    'An editor with the YAML language server uses it where a file begins with\n  # yaml-language-server: $schema=./scenario.schema.json',
  run(_args, { io }) {
    io.stdout.write(`${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`);
    return EXIT.held;
  },
});
