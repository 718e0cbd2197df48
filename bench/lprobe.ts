import { LogBench } from './sequence.ts';
import { readFileSync, readdirSync } from 'node:fs';
import { copyIn, copyText } from './copy.ts';
// cpu of every postgres under our own server
function pgCpu(): number {
  let sum = 0;
  for (const p of readdirSync('/proc')) {
    if (!/^[0-9]+$/.test(p)) continue;
    try {
      const stat = readFileSync(`/proc/${p}/stat`, 'utf8');
      if (!stat.includes('(postgres)')) continue;
      let q = p, mine = false;
      for (let i = 0; i < 6 && q !== '0' && q !== '1'; i++) {
        const st = readFileSync(`/proc/${q}/stat`, 'utf8');
        const pp = st.slice(st.lastIndexOf(')') + 2).split(' ')[1] ?? '0';
        if (pp === String(process.pid)) { mine = true; break; }
        q = pp;
      }
      if (!mine) continue;
      const f = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      sum += (Number(f[11]) + Number(f[12])) * 10;
    } catch {}
  }
  return sum;
}
const cpu = () => { const u = process.cpuUsage(); return (u.user + u.system) / 1000; };
async function timed<T>(name: string, rows: number, f: () => Promise<T>): Promise<T> {
  const [w, n, p] = [performance.now(), cpu(), pgCpu()];
  const r = await f();
  const wall = performance.now() - w;
  console.log(name.padEnd(28), `wall ${wall.toFixed(0)} ms node ${(cpu() - n).toFixed(0)} pg ${(pgCpu() - p).toFixed(0)}`, `${(rows / wall * 1000).toFixed(0)} rows/s`);
  return r;
}
const log = await timed('open', 0, () => LogBench.open());
const size = Number(process.argv[2] ?? 1000), n = Number(process.argv[3] ?? 4), reps = Number(process.argv[4] ?? 3);
for (let i = 0; i < reps; i++) {
  const fed = await timed('feed', n * size, () => log.feed(n, size));
  const texts = fed.map(copyText);
  const client = await log.bench.stand.cloud.database.pool.connect();
  await timed('copy', n * size, async () => { for (const t of texts) await copyIn(client, t); });
  client.release();
  await timed('sequence', n * size, () => log.sequence(n * size, size));
}
await timed('check', 0, () => log.check());
await log.close();
