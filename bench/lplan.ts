import { LogBench } from './sequence.ts';
import { sql } from 'kysely';
const log = await LogBench.open();
for (let i = 0; i < 3; i++) { await log.feed(4, 1000); await log.sequence(1, 1000); }
const { tenant } = log.bench.stand;
const from = 8192, to = 9192;
const V: Record<string, string> = {
  cte: `with spans as materialized (
    select source, seq + greatest(0, ${from} - first) as low, seq + least(count, ${to} - first) as high, first + greatest(0, ${from} - first) as index
    from log_spans where generation = 1 and first < ${to}
      and first >= coalesce((select max(first) from log_spans where generation = 1 and first <= ${from}), 0))
  select convert_from(string_agg(bytes, '\\x0a' order by index), 'UTF8') as bytes, encode(string_agg(hash, '' order by index), 'hex') as hashes, min(index) as index, max(index) as last, count(*) as n
  from (select s.index + r.seq - s.low as index, r.bytes, r.hash
    from spans s join records r on r.source = s.source and r.seq >= s.low and r.seq < s.high) as entries group by index / 32 order by index / 32`,
  waiting: `
  select source, seq, count from (
    select j.source, coalesce(e.last_seq, 0) + 1 as seq, j.last_seq - coalesce(e.last_seq, 0) as count
    from journals j left join log_ends e on e.source = j.source and e.generation = (select max(generation) from logs)
    where j.last_seq > coalesce(e.last_seq, 0)) as beyond
  order by (select position from records r where r.source = beyond.source and r.seq = beyond.seq), source
  limit 1000`,
  waiting2: `
  with beyond as materialized (
    select j.source, coalesce(e.last_seq, 0) + 1 as seq, j.last_seq - coalesce(e.last_seq, 0) as count
    from journals j left join log_ends e on e.source = j.source and e.generation = (select max(generation) from logs)
    where j.last_seq > coalesce(e.last_seq, 0))
  select source, seq, count from beyond
  order by (select position from records r where r.source = beyond.source and r.seq = beyond.seq), source
  limit 1000`,
};
await log.feed(4, 1000);
for (const [name, q] of Object.entries(V)) {
  for (let i = 0; i < 3; i++) await log.cloud.database.read(tenant, (tx) => sql.raw(q).execute(tx));
  const { rows } = await log.cloud.database.read(tenant, (tx) => sql.raw<Record<string,string>>('explain (analyze, timing off) ' + q).execute(tx));
  console.log(name + '\n' + rows.map((r) => Object.values(r)[0]).join('\n'));
}
await log.close();
