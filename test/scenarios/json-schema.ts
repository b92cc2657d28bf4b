/**
 * As much of JSON Schema (draft-07) as the published schema uses, so that a file can be held against the schema itself
 * and not against the zod source it was made from. A keyword it does not know is an error, never passed over.
 */
interface Schema {
  readonly [keyword: string]: unknown;
}

const ANNOTATIONS = new Set(['$schema', '$id', 'title', 'description', 'examples', 'default', 'definitions', 'id']);

/** What is wrong with `value`; empty when it is valid. */
export function schemaProblems(value: unknown, root: object): string[] {
  return problems(value, root as Schema, root as Schema, '');
}

function problems(value: unknown, schema: Schema, root: Schema, path: string): string[] {
  return Object.entries(schema).flatMap(([keyword, operand]) => {
    if (ANNOTATIONS.has(keyword)) return [];
    const check = KEYWORDS[keyword];
    if (check === undefined) return [`${path}: the schema uses \`${keyword}\`, which this test does not know`];
    return check(value, operand, { schema, root, path });
  });
}

interface Place {
  readonly schema: Schema;
  readonly root: Schema;
  readonly path: string;
}
type Check = (value: unknown, operand: unknown, place: Place) => string[];

const when = (wrong: boolean, { path }: Place, problem: string): string[] => (wrong ? [`${path}: ${problem}`] : []);
const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const inside = (value: unknown, schema: unknown, place: Place, key: string | number): string[] =>
  problems(value, schema as Schema, place.root, `${place.path}/${key}`);

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  object: isMapping,
  array: Array.isArray,
  string: (value) => typeof value === 'string',
  integer: (value) => typeof value === 'bigint' || Number.isInteger(value),
  number: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  null: (value) => value === null,
};

const KEYWORDS: Readonly<Record<string, Check>> = {
  type: (value, operand, place) => {
    const types = (Array.isArray(operand) ? operand : [operand]) as string[];
    return when(!types.some((type) => TYPES[type]?.(value)), place, `is not ${types.join(' or ')}`);
  },
  const: (value, operand, place) => when(value !== operand, place, `is not ${String(operand)}`),
  enum: (value, operand, place) =>
    when(!(operand as unknown[]).includes(value), place, `is not one of ${(operand as unknown[]).join(', ')}`),
  minimum: (value, operand, place) => when((value as number) < (operand as number), place, 'is too small'),
  maximum: (value, operand, place) => when((value as number) > (operand as number), place, 'is too large'),
  minLength: (value, operand, place) => when((value as string).length < (operand as number), place, 'is too short'),
  minItems: (value, operand, place) => when((value as unknown[]).length < (operand as number), place, 'has too few'),
  pattern: (value, operand, place) =>
    when(typeof value === 'string' && !new RegExp(operand as string).test(value), place, `does not match ${operand}`),
  required: (value, operand, place) =>
    (operand as string[]).flatMap((key) => when(isMapping(value) && !(key in value), place, `lacks ${key}`)),
  properties: (value, operand, place) =>
    Object.entries(operand as Record<string, unknown>).flatMap(([key, schema]) =>
      isMapping(value) && key in value ? inside(value[key], schema, place, key) : [],
    ),
  additionalProperties: (value, operand, place) => {
    const known = new Set(Object.keys((place.schema.properties ?? {}) as object));
    const others = isMapping(value) ? Object.keys(value).filter((key) => !known.has(key)) : [];
    if (operand === false) return others.flatMap((key) => when(true, place, `has the unknown key ${key}`));
    return others.flatMap((key) => inside((value as Record<string, unknown>)[key], operand, place, key));
  },
  propertyNames: (value, operand, place) =>
    isMapping(value) ? Object.keys(value).flatMap((key) => inside(key, operand, place, key)) : [],
  items: (value, operand, place) =>
    Array.isArray(value) ? value.flatMap((item, index) => inside(item, operand, place, index)) : [],
  allOf: (value, operand, place) =>
    (operand as Schema[]).flatMap((schema) => problems(value, schema, place.root, place.path)),
  anyOf: (value, operand, place) => {
    const tries = (operand as Schema[]).map((schema) => problems(value, schema, place.root, place.path));
    // The one that came closest says best what is wrong.
    return tries.some((found) => found.length === 0) ? [] : (tries.toSorted((a, b) => a.length - b.length)[0] ?? []);
  },
  $ref: (value, operand, place) => {
    const path = (operand as string).split('/').slice(1);
    let target: unknown = place.root;
    for (const part of path) target = (target as Schema | undefined)?.[part];
    if (target === undefined) return [`${place.path}: no definition ${String(operand)}`];
    return problems(value, target as Schema, place.root, place.path);
  },
};
