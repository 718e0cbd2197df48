/** Evidence over real HTTP: attached once however often it is sent, handed out as a file that no browser takes for a page. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { EVIDENCE_BODY_BYTES_MAX, evidenceAttached, evidenceList } from '../../contract/http/evidence.ts';
import { base64, hex, utf8 } from '../../crypto/bytes.ts';
import { sha256 } from '../../crypto/hash.ts';
import { EVIDENCE_BYTES_MAX } from '../../domain/evidence.ts';
import { type Ask, codeOf, type HttpStand, openHttpStand } from './test-http-stand.ts';

let http: HttpStand;
before(async () => {
  http = await openHttpStand();
});
after(() => http.close());

const PAGE = '<!doctype html><script>alert(document.cookie)</script>';
const wish = (more: object = {}) => ({
  ...{ purpose: 'a dent', about: 'recipient', file: base64(utf8(PAGE)), ...more },
});
const list = async (of: Ask = {}, parcel = http.alder.parcel) =>
  http.ask('GET', `/api/admin/parcels/${parcel}/evidence`, of);
const attach = (body: unknown, of: Ask = {}) =>
  http.ask('POST', `/api/admin/parcels/${http.alder.parcel}/evidence`, { body, ...of });
const view = (id: string, of: Ask = {}) =>
  http.ask('POST', `/api/admin/evidence/${id}/file`, { body: { purpose: 'the insurer asks' }, ...of });
const count = async (kind: string) => {
  const { rows } = await http.stand.cloud.database.tenant(http.alder.tenant, (tx) =>
    sql<{ n: number }>`select count(*)::int as n from records where kind = ${kind}`.execute(tx),
  );
  return rows[0]?.n ?? 0;
};

test('what is sent twice under one key is attached once, and each download is a look of its own', async () => {
  const had = evidenceList.parse((await list()).body).attached.length;
  const key = randomUUID();
  const first = await attach(wish(), { key });
  assert.equal(first.status, 201, first.text);
  const again = await attach(wish(), { key, server: 1 });
  assert.deepEqual([again.status, again.text], [201, first.text]);
  const { id, sha256: hash } = evidenceAttached.parse(first.body);
  assert.equal(hash, hex(sha256(utf8(PAGE))));
  const listed = evidenceList.parse((await list({ server: 1 })).body).attached;
  assert.equal(listed.length, had + 1);
  const looks = await count('evidence.viewed');
  const other = randomUUID();
  for (const server of [0, 1] as const) {
    const { status, text } = await view(id, { server, key: other });
    assert.deepEqual([status, text], [200, PAGE]);
  }
  assert.equal(await count('evidence.viewed'), looks + 2);
});

test('it is handed out as an attachment: no name of the sender’s, no type to be guessed, no script and no origin', async () => {
  const { body } = await attach(wish());
  const { id } = evidenceAttached.parse(body);
  const { headers, text } = await view(id);
  assert.equal(text, PAGE);
  assert.equal(headers.get('content-type'), 'text/plain; charset=utf-8');
  assert.equal(headers.get('content-disposition'), `attachment; filename="${id}.txt"`);
  assert.equal(headers.get('x-content-type-options'), 'nosniff');
  assert.equal(headers.get('content-security-policy'), "default-src 'none'; sandbox");
  assert.equal(headers.get('cache-control'), 'no-store');
  assert.equal(headers.get('content-length'), String(PAGE.length));
});

test('a body that is no file, or one that is too long, is refused by name and changes nothing', async () => {
  const attachedTimes = await count('evidence.attached');
  const refused: [object, number, string][] = [
    [wish({ file: '!!!' }), 400, 'input-invalid'],
    [wish({ file: 'AA' }), 400, 'input-invalid'],
    [wish({ file: base64(Uint8Array.of(0, 1, 2)) }), 400, 'input-invalid'],
    [wish({ purpose: ' ' }), 400, 'input-invalid'],
    [wish({ purpose: 'one\u0007two' }), 400, 'input-invalid'],
    [wish({ about: 'nobody' }), 400, 'input-invalid'],
    [wish({ name: 'photo.jpg' }), 400, 'input-invalid'],
    [wish({ file: base64(new Uint8Array(EVIDENCE_BYTES_MAX + 1).fill(65)) }), 413, 'too-large'],
    [wish({ file: 'A'.repeat(EVIDENCE_BODY_BYTES_MAX) }), 413, 'too-large'],
  ];
  for (const [body, status, code] of refused) {
    const answer = await attach(body);
    assert.deepEqual([answer.status, codeOf(answer)], [status, code], answer.text);
  }
  assert.equal(await count('evidence.attached'), attachedTimes);
  const longest = await attach(wish({ file: base64(new Uint8Array(EVIDENCE_BYTES_MAX).fill(65)) }));
  assert.equal(longest.status, 201, longest.text);
});

test('a look without a purpose is none, and leaves no record', async () => {
  const looks = await count('evidence.viewed');
  for (const body of [{}, { purpose: '' }, { purpose: '  ' }, null])
    assert.equal((await view(http.alder.evidence, { body })).status, 400);
  assert.equal(await count('evidence.viewed'), looks);
});

test('residents, couriers and other organisations neither list it, attach it, nor read it', async () => {
  for (const as of ['resident', 'courier'] as const)
    for (const { status } of [
      await list({ as }),
      await attach(wish(), { as }),
      await view(http.alder.evidence, { as }),
    ])
      assert.ok(status === 401 || status === 403, `${as} ${status}`);
  const tenant = http.birch;
  for (const answer of [
    await list({ tenant }),
    await attach(wish(), { tenant }),
    await view(http.alder.evidence, { tenant }),
  ])
    assert.deepEqual([answer.status, codeOf(answer)], [404, 'not-found'], answer.text);
  assert.match((await view(http.birch.evidence, { tenant })).text, /^Birch/);
});
