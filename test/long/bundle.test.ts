/** A million records in one bundle: made, and verified by both verifiers in the memory that a thousand need. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { verifyInLittleMemory } from '../verify/long-bundle.ts';

const home = mkdtempSync(join(tmpdir(), 'holdfast-long-bundle-'));
after(() => rmSync(home, { recursive: true, force: true }));

test('a bundle of a million records is verified in little memory, by both', () =>
  verifyInLittleMemory(home, 1_000_000));
