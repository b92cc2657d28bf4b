/** What to do about each kind of broken YAML. */
import type { YAMLError } from 'yaml';

export function yamlHint(error: YAMLError): string {
  switch (error.code) {
    case 'TAB_AS_INDENT':
      return 'indent with spaces, not with tabs';
    case 'BAD_INDENT':
    case 'BLOCK_AS_IMPLICIT_KEY':
      return 'check the indentation of this line and of the one above';
    case 'MISSING_CHAR':
      return 'a quote, bracket or brace is opened and not closed, or a comma or `:` is missing';
    case 'MULTIPLE_DOCS':
      return 'a file holds one scenario: remove the `---` between two';
    default:
      return 'see https://yaml.org/spec/1.2.2/ for the syntax';
  }
}
