import { xor8a } from './families.ts';
import { lockboardContract } from './lockboard-contract.ts';

await lockboardContract(xor8a('tcp'));
