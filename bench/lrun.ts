import { ingestWithLog, eventToCheckpoint } from './ledger.ts';
const f = process.argv[2] === 'e' ? eventToCheckpoint : ingestWithLog;
console.log(JSON.stringify(await f(console.log)));
