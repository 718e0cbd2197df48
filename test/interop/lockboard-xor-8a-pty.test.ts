import { test } from 'node:test';
import { xor8a } from './families.ts';
import { lockboardContract } from './lockboard-contract.ts';

if (process.platform === 'win32')
  test('a pseudo-terminal', { skip: 'Windows has none that is a serial port' });
else await lockboardContract(xor8a('pty'));
