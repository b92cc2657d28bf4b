import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/mmu/input-error.ts';
import { renderDiagnostic, renderDiagnostics } from '../../src/scenario/diagnostic.ts';
import { parseScenario } from '../../src/scenario/load.ts';

const BAD = `version: 1
name: first
steps:
  - { do: stroe, at: buf }
  - { do: load, at: 0x10+, size: 4 }
`;

describe('diagnostics', () => {
  it('look as the Rust compiler’s', () => {
    expect(renderDiagnostics(parseScenario(BAD, 'scenarios/first.yaml').errors, BAD)).toMatchInlineSnapshot(`
      "error[MEM-SCN-007]: unknown step \`stroe\`
        --> scenarios/first.yaml:4:11
         |
       4 |   - { do: stroe, at: buf }
         |           ^^^^^
         = help: did you mean \`store\`?

      error[MEM-SCN-016]: no address is called \`buf\` here
        --> scenarios/first.yaml:4:22
         |
       4 |   - { do: stroe, at: buf }
         |                      ^^^
         = help: known names: text, rodata, data, bss, heap, brk, stack, page

      error[MEM-SCN-014]: \`at\`: expression ends too early: a number, a name or \`(\` is missing
        --> scenarios/first.yaml:5:26
         |
       5 |   - { do: load, at: 0x10+, size: 4 }
         |                          ^

      3 errors"
    `);
  });

  it('point at the right characters of the line, whatever the line holds', () => {
    for (const text of ['"ä": 1', '\tdo: x', `${'x'.repeat(400)} here`]) {
      const column = text.length - 3;
      const range = { line: 1, column, endLine: 1, endColumn: text.length + 1 };
      const [shown = '', carets = ''] = renderDiagnostic(new InputError({ code: 'X', message: 'm', range }), text)
        .split('\n')
        .slice(3);
      expect(shown.slice(carets.indexOf('^'), carets.lastIndexOf('^') + 1)).toBe(text.slice(column - 1));
    }
  });

  it('cut a range of several lines to the first', () => {
    const range = { line: 1, column: 1, endLine: 3, endColumn: 9 };
    const shown = renderDiagnostic(new InputError({ code: 'X', message: 'm', range }), 'abc\ndef\nghi');
    expect(shown).toContain('| ^^^\n'.trimEnd());
    expect(shown).not.toContain('def');
  });

  it('do without a place and without the source', () => {
    const error = new InputError({ code: 'MEM-X-001', message: 'm', hint: 'h', file: 'f' });
    expect(renderDiagnostic(error, null)).toBe('error[MEM-X-001]: m\n  --> f\n   = help: h');
    const placed = new InputError({
      code: 'X',
      message: 'm',
      file: 'f',
      range: { line: 3, column: 4, endLine: 3, endColumn: 5 },
    });
    expect(renderDiagnostic(placed, null)).toBe('error[X]: m\n  --> f:3:4');
  });

  it('are painted part by part', () => {
    const error = new InputError({ code: 'X', message: 'm', file: 'f' });
    expect(renderDiagnostic(error, null, (part, text) => `<${part}:${text}>`)).toContain('<error:error><code:[X]>: m');
  });
});
