/** What can be done to a bundle, and the line by which it is found. */
import assert from 'node:assert/strict';
import { base64url } from '../../crypto/bytes.ts';
import { newEd25519Key } from '../../crypto/ed25519.ts';
import { newSigningKey } from '../../crypto/sign.ts';
import { idFrom } from '../../domain/ids.ts';
import { vkeyText } from '../../ledger/log/vkey.ts';
import { systemRandom } from '../../platform/random.ts';
import type { Edit, Files } from './test-bundle.ts';

/** Each is done to a bundle of one bank whose manifest then fits again; and each is found, by this line. */
const dropLine = (at: number) => (text: string) => text.split('\n').toSpliced(at, 1).join('\n');
const swapLines = (text: string) => {
  const [a = '', b = '', ...rest] = text.split('\n');
  return [b, a, ...rest].join('\n');
};
const firstProof = (files: Files) =>
  [...files.keys()].find((name) => name.startsWith('proofs/')) ?? assert.fail();

export const TAMPERED: readonly [string, (files: Files) => Edit, RegExp][] = [
  [
    'a record says something else',
    () => ({ edit: { 'records.jsonl': (text) => text.replace('"occupied":"yes"', '"occupied":"no"') } }),
    /names another record before it|not those of the batch|do not lead to the root/,
  ],
  [
    'the last record is left out',
    () => ({ edit: { 'records.jsonl': (text) => text.split('\n').slice(0, -2).join('\n').concat('\n') } }),
    /a hash is missing|proof of an entry whose record is not here|manifest says/,
  ],
  [
    'a record in the middle is left out',
    () => ({ edit: { 'records.jsonl': dropLine(2) } }),
    /tree.txt: a hash is missing|names another|do not lead|not those of the batch|records, the manifest says/,
  ],
  [
    'two records change places',
    () => ({ edit: { 'records.jsonl': swapLines } }),
    /stands behind entry|hash is missing/,
  ],
  [
    'a record has another index',
    () => ({
      edit: {
        'records.jsonl': (text) => text.replace(/"index":(\d+)/, (_, n) => `"index":${Number(n) + 1}`),
      },
    }),
    /stands behind entry|hash is missing|do not lead/,
  ],
  [
    'an index is huge',
    () => ({
      edit: { 'records.jsonl': (text) => text.replace(/"index":\d+/, '"index":99999999999999999999') },
    }),
    /number-huge/,
  ],
  [
    'an index lies outside the tree',
    () => ({ edit: { 'records.jsonl': (text) => text.replace(/"index":\d+/, '"index":9007199254740991') } }),
    /there is no entry 9007199254740991/,
  ],
  [
    'a hash of the tree is another',
    () => ({ edit: { 'tree.txt': (text) => `${'A'.repeat(43)}=\n${text.split('\n').slice(1).join('\n')}` } }),
    /do not lead to the root/,
  ],
  [
    'another organisation’s name stands on it',
    () => ({
      manifest: (manifest) => {
        manifest.tenant = idFrom('tenant', systemRandom.bytes(16));
      },
    }),
    /names its key for tenant_[a-z2-7]{26}/,
  ],
  [
    'the tree has a hash too many',
    () => ({ edit: { 'tree.txt': (text) => `${text}${'A'.repeat(43)}=\n` } }),
    /more than the \d+ lines that the tree needs: line \d+ of tree.txt is not what/,
  ],
  [
    'the checkpoint has another root',
    () => ({
      edit: { checkpoint: (text) => text.replace(/\n[A-Za-z0-9+/]{43}=\n\n/, `\n${'A'.repeat(43)}=\n\n`) },
    }),
    /the checkpoint: signature-wrong/,
  ],
  [
    'the checkpoint has trailing bytes',
    () => ({ edit: { checkpoint: (text) => `${text}and more` } }),
    /the checkpoint: note-malformed/,
  ],
  [
    'the log’s key is another',
    () => ({
      edit: {
        'keys.json': (text) =>
          text.replace(
            /"vkey":"[^"]+"/,
            () =>
              `"vkey":"${vkeyText({ type: 'signature', name: /"origin":"([^"]+)"/.exec(text)?.[1] ?? '', publicKey: newEd25519Key().publicKey })}"`,
          ),
      },
    }),
    /the checkpoint: signature-missing/,
  ],
  [
    'the log’s key has another name',
    () => ({
      edit: {
        'keys.json': (text) =>
          text.replace(
            /"vkey":"[^"]+"/,
            () =>
              `"vkey":"${vkeyText({ type: 'signature', name: 'other.example', publicKey: newEd25519Key().publicKey })}"`,
          ),
      },
    }),
    /one of other.example, not of the log/,
  ],
  [
    'a head is of another bank',
    () => ({
      edit: {
        'heads.jsonl': (text) =>
          text.replaceAll(/bank_[a-z2-7]{26}/g, idFrom('bank', systemRandom.bytes(16))),
      },
    }),
    /has a head of bank_/,
  ],
  [
    'a head is signed by another key',
    () => ({
      edit: {
        'heads.jsonl': (text) =>
          text.replace(/"key":"[^"]+"/, `"key":"${base64url(newSigningKey().publicKey)}"`),
      },
    }),
    /is not signed by this bank/,
  ],
  [
    'a head is left out',
    () => ({ edit: { 'heads.jsonl': () => '' } }),
    /line \d+ of heads.jsonl, which record \d+ of bank_\S+ needs, is not there/,
  ],
  [
    'a head stands twice',
    () => ({ edit: { 'heads.jsonl': (text) => text + text } }),
    /overlaps|a head that no record needs|does not stand in/,
  ],
  [
    'a head has a hash too many',
    () => ({
      edit: { 'heads.jsonl': (text) => text.replace('"hashes":[]', `"hashes":["${'A'.repeat(43)}="]`) },
    }),
    /has more hashes than batch/,
  ],
  [
    'the roster is gone',
    () => ({ edit: { 'keys.json': (text) => text.replace(/"rosters":\[.*\]/s, '"rosters":[]') } }),
    /vouched by the cloud only/,
  ],
  [
    'the roster names another key',
    () => ({ edit: { 'keys.json': (text) => text.replace(/\\"version\\":\d+/, '\\"version\\":99') } }),
    /vouched by the cloud only/,
  ],
  [
    'an opened field says something else',
    () => ({ edit: { 'opened.jsonl': (text) => text.replace('"value":"Alder"', '"value":"Birch"') } }),
    /the opened field tracking is not what the record committed to/,
  ],
  [
    'an opening is of a record that is not there',
    () => ({ edit: { 'opened.jsonl': (text) => text.replace(/"index":\d+/, '"index":1') } }),
    /opens a record that is not here, or out of order/,
  ],
  [
    'a field is opened that the manifest does not name',
    () => ({
      manifest: (manifest) => {
        manifest.opened = [];
      },
    }),
    /tracking is opened, which the manifest does not name/,
  ],
  [
    'a proof is for another tree',
    (files) => ({
      edit: { [firstProof(files)]: (text) => text.replace(/\n(\d+)\n/, (_, n) => `\n${Number(n) + 1}\n`) },
    }),
    /is a proof for another checkpoint/,
  ],
  [
    'a proof is of another entry',
    (files) => ({ edit: { [firstProof(files)]: (text) => text.replace(/index \d+/, 'index 0') } }),
    /is a proof of entry 0/,
  ],
  [
    'a proof has another path',
    (files) => ({
      edit: {
        [firstProof(files)]: (text) => text.replace(/\n[A-Za-z0-9+/]{43}=\n/, `\n${'A'.repeat(43)}=\n`),
      },
    }),
    /does not lead from the record to the signed root/,
  ],
  [
    'a proof is gone',
    (files) => ({ edit: { [firstProof(files)]: () => undefined } }),
    /proofs, and the manifest promises/,
  ],
  [
    'the manifest says that nothing is missing',
    () => ({
      manifest: (manifest) => {
        for (const one of manifest.sources) one.last += 1;
      },
    }),
    /the manifest says \d+ in a row, records \d+ to \d+; here are \d+ in a row, records \d+ to \d+/,
  ],
  [
    'the manifest says another number of records',
    () => ({
      manifest: (manifest) => {
        manifest.records += 1;
      },
    }),
    /records, the manifest says/,
  ],
  [
    'the manifest is of another log',
    () => ({
      manifest: (manifest) => {
        manifest.log.origin = 'other.example/log';
      },
    }),
    /name two logs/,
  ],
  [
    'the manifest says more than a manifest does',
    () => ({
      manifest: (manifest) => {
        Object.assign(manifest, { note: 'x' });
      },
    }),
    /manifest.json is malformed/,
  ],
];
