import { kerongCu } from './families.ts';
import { lockboardContract } from './lockboard-contract.ts';

await lockboardContract(kerongCu('tcp'));
