/** A YAML file as its readers want it: plain values, the place of each, and what is wrong with the YAML itself. */
import { type Document, LineCounter, parseDocument, type YAMLError } from 'yaml';
import { InputError, type SourceRange } from '../../mmu/input-error.ts';
import { deepest, rangeAt } from './depth.ts';
import { Locator } from './locate.ts';
import { yamlHint } from './yaml-hint.ts';

/** Deeper than any of our files nests; a limit because the walk over the file's values recurses. */
const DEPTH_MAX = 100;

/**
 * States: too deep (never shown to the parser) → broken (syntax errors) → readable, where keys given twice are mistakes
 * that keep nobody from reading on.
 */
export class YamlSource {
  readonly locator: Locator;
  /** Everything wrong with it as YAML: MEM-SCN-001, -002. */
  readonly errors: readonly InputError[];
  readonly isReadable: boolean;
  /** The parser read it all, so far as its syntax goes. */
  readonly isYaml: boolean;
  readonly tooDeep: boolean;
  private readonly text: string;
  private readonly file: string;
  private readonly document: Document;

  constructor(text: string, file: string) {
    this.text = text;
    this.file = file;
    const lines = new LineCounter();
    const deep = deepest(text);
    this.tooDeep = deep.depth > DEPTH_MAX;
    // The parser recurses too: what is nested too deeply it is not shown. Integers arrive as bigints so that not one digit
    // of a 64-bit constant is lost; safe ones become numbers below.
    const shown = this.tooDeep ? '' : text;
    this.document = parseDocument(shown, { intAsBigInt: true, lineCounter: lines, prettyErrors: false });
    this.locator = new Locator(this.document, lines, text);
    const { errors } = this.document;
    this.isYaml = errors.length === 0;
    this.isReadable = !this.tooDeep && errors.every(({ code }) => code === 'DUPLICATE_KEY');
    this.errors = this.tooDeep ? [this.depthError(deep.offset)] : errors.map((error) => this.syntaxError(error));
  }

  /**
   * All of it: safe integers as numbers; larger ones stay bigints, which every schema either keeps exactly or refuses.
   * @throws InputError MEM-SCN-001 for aliases that cannot be followed
   */
  plainValue(): unknown {
    try {
      return plain(this.document.toJS({ maxAliasCount: 100 }), 0);
    } catch (error) {
      if (!(error instanceof ReferenceError || error instanceof RangeError)) throw error;
      throw this.error(
        'MEM-SCN-001',
        'aliases (`*name`) cannot be followed',
        'an anchor may not contain itself, nor multiply the file a hundredfold',
        this.locator.offsets(0, 1),
      );
    }
  }

  error(code: string, message: string, hint: string | undefined, range: SourceRange): InputError {
    return new InputError({ code, message, hint, range, file: this.file });
  }

  private depthError(offset: number): InputError {
    const hint = `at most ${DEPTH_MAX} levels: loops in loops, or brackets that are never closed?`;
    return this.error('MEM-SCN-001', 'nested too deeply', hint, rangeAt(this.text, offset));
  }

  private syntaxError(error: YAMLError): InputError {
    const duplicate = error.code === 'DUPLICATE_KEY';
    const message = error.message.split('\n')[0]!.replace(/^./, (letter) => letter.toLowerCase());
    return this.error(
      duplicate ? 'MEM-SCN-002' : 'MEM-SCN-001',
      duplicate ? 'this key is already there' : `not YAML: ${message}`,
      duplicate ? 'remove one of the two' : yamlHint(error),
      this.locator.offsets(
        error.pos[0],
        duplicate ? this.wordEnd(error.pos[0]) : Math.min(error.pos[1], error.pos[0] + 1),
      ),
    );
  }

  private wordEnd(start: number): number {
    return start + (/^[^\s:,}]+/.exec(this.text.slice(start))?.[0].length ?? 1);
  }
}

function plain(value: unknown, depth: number): unknown {
  if (depth > DEPTH_MAX) throw new RangeError('nested too deeply');
  if (typeof value === 'bigint') {
    const small = Number(value);
    return Number.isSafeInteger(small) ? small : value;
  }
  if (Array.isArray(value)) return value.map((item) => plain(item, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item, depth + 1)]));
}
