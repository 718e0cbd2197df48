/**
 * `npm run configuration`: writes docs/reference/configuration.md from the schemas that the programs read
 * their files with, so that the page cannot say anything else than they do. A test holds the page equal, and
 * every key to a description.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { cloudConfig } from '../src/cloud/config.ts';
import { edgeConfig } from '../src/edge/config.ts';
import { operatorAccess } from '../src/signer/roster-desk.ts';
import { witnessConfig } from '../src/witness/config.ts';

export const CONFIGURATION_PAGE = join(import.meta.dirname, '../docs/reference/configuration.md');

/** What of JSON Schema 2020-12 the schemas of the house come to. */
type Schema = {
  type?: string | string[];
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  oneOf?: Schema[];
  anyOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
} & Partial<Record<'minimum' | 'maximum' | 'minLength' | 'maxLength' | 'minItems' | 'maxItems', number>>;

type Row = { key: string; what: string; value: string; presence: string };

const FILES: readonly { title: string; text: string; schema: z.ZodType }[] = [
  {
    title: 'A cloud process',
    text: '`holdfast cloud --config FILE`; an example is [deploy/cloud.example.json](../../deploy/cloud.example.json).',
    schema: cloudConfig,
  },
  {
    title: 'The agent of a bank',
    text: '`holdfast edge --config FILE`; an example is [deploy/edge.example.json](../../deploy/edge.example.json). What a board’s profile declares, and how to find it out: [lock boards](lockboards.md).',
    schema: edgeConfig,
  },
  {
    title: 'A witness',
    text: '`holdfast witness --config FILE`; an example is [deploy/witness.example.json](../../deploy/witness.example.json). What it is and how it is kept: [the witness](witness.md).',
    schema: witnessConfig,
  },
  {
    title: 'The operator’s access',
    text: '`operator.json` beside the site root, for `holdfast admin`.',
    schema: operatorAccess,
  },
];

/** The page as text. Throws where a key has no description. */
export function configurationPage(): string {
  const parts = FILES.map(({ title, text, schema }) => {
    const rows = rowsOf('', z.toJSONSchema(schema, { io: 'input' }) as Schema);
    for (const { key, what } of rows) if (what === '') throw new Error(`${title}: ${key} has no description`);
    const lines = rows.map(
      ({ key, what, value, presence }) => `| \`${key}\` | ${what} | ${value} | ${presence} |`,
    );
    return [
      `## ${title}`,
      '',
      text,
      '',
      '| key | what | value | |',
      '| --- | --- | --- | --- |',
      ...lines,
    ].join('\n');
  });
  return `${HEAD}\n${parts.join('\n\n')}\n`;
}

const HEAD = `# Configuration

One JSON file a process, read once at start. A key that is missing, unknown or wrong stops the start with a sentence that names it;
nothing is guessed, and no secret has a default. \`npm start\` writes such files for everything that it starts
([ports and files](ports-and-files.md)). This page is made from the schemas by \`npm run configuration\`, and a test holds it equal.

A key with a dot stands inside another: \`kiosk.port\` is \`{ "kiosk": { "port": … } }\`. Where there is a choice, the rows after “either”
belong together. Rows with \`[]\` are of each entry of a list.
`;

function rowsOf(key: string, schema: Schema): Row[] {
  const required = new Set(schema.required);
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const path = key === '' ? name : `${key}.${name}`;
    const presence = required.has(name) ? 'needed' : 'may be left out';
    return rowsOfKey(path, property, presence);
  });
}

function rowsOfKey(key: string, schema: Schema, presence: string): Row[] {
  const what = schema.description ?? '';
  const ways = (schema.oneOf ?? schema.anyOf ?? []).filter((way) => way.type !== 'null');
  const inner = ways.length === 1 ? ways[0] : schema;
  if (ways.length > 1) {
    const rows = ways.flatMap((way, index) => [
      { key, what: `${index === 0 ? 'Either' : 'Or'}: ${way.description ?? ''}`, value: '', presence: '' },
      ...rowsOf(key, way),
    ]);
    return [{ key, what, value: 'one of the following', presence }, ...rows];
  }
  const value = inner === schema ? kindOf(schema) : `${kindOf(inner ?? {})}, or null`;
  const rows = [...rowsOf(key, inner ?? {}), ...rowsOf(`${key}[]`, inner?.items ?? {})];
  // What kind a choice is, is said by its own row.
  if (schema.const !== undefined) return [{ key, what: 'Says that it is this one', value, presence }];
  return [{ key, what, value, presence: presenceOf(schema, presence) }, ...rows];
}

function presenceOf(schema: Schema, presence: string): string {
  return schema.default === undefined ? presence : `${JSON.stringify(schema.default)} when left out`;
}

function kindOf(schema: Schema): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum) return schema.enum.map((one) => `\`${JSON.stringify(one)}\``).join(', ');
  const types = [schema.type ?? []].flat();
  return types.map((type) => kindOfType(type, schema)).join(', or ');
}

function kindOfType(type: string, schema: Schema): string {
  switch (type) {
    case 'integer':
      return `whole number, ${schema.minimum} to ${schema.maximum}`;
    case 'string':
      return 'text';
    case 'boolean':
      return '`true` or `false`';
    case 'null':
      return 'null';
    case 'array':
      return `list of ${kindOf(schema.items ?? {})}${countOf(schema)}`;
    case 'object':
      return 'the following';
    default:
      throw new Error(`the page does not know how to say ${type}`);
  }
}

function countOf({ minItems, maxItems }: Schema): string {
  if (minItems === undefined && maxItems === undefined) return '';
  if (maxItems === undefined) return `, ${minItems} or more`;
  return `, ${minItems ?? 0} to ${maxItems}`;
}

if (import.meta.main) writeFileSync(CONFIGURATION_PAGE, configurationPage());
