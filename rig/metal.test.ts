import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { doorFault } from '../src/contract/rig.ts';
import { LAYOUT_24 } from '../src/domain/bank.ts';
import { systemRandom } from '../src/platform/random.ts';
import { Cabinet } from './cabinet.ts';
import { byHand, type Compartment, type HandAct, hooked, newMetal, PARCELS_MAX, pulsed } from './metal.ts';

const home = await mkdtemp(join(tmpdir(), 'holdfast-metal-'));
after(() => rm(home, { recursive: true, force: true, maxRetries: 5 }));

const seed = systemRandom.below(2 ** 31);
console.log(`metal.test.ts seed ${seed}`);

const shut: Compartment = { n: 7, latch: 'holding', door: 'closed', fault: 'none', parcels: [], pulses: 0 };

function been(compartment: Compartment, ...acts: readonly (HandAct | 'pulse')[]): Compartment {
  return acts.reduce((now, act) => {
    if (act === 'pulse') return pulsed(now);
    const result = byHand(now, act);
    assert.ok(result.moved, result.moved ? '' : result.why);
    return result.compartment;
  }, compartment);
}

function refusal(compartment: Compartment, act: HandAct): string {
  const result = byHand(compartment, act);
  assert.equal(result.moved, false);
  return result.moved ? '' : result.why;
}

test('a new cabinet is shut, latched and empty', () => {
  const metal = newMetal(LAYOUT_24);
  assert.equal(metal.length, 24);
  assert.ok(metal.every((one) => hooked(one) && one.parcels.length === 0 && one.pulses === 0));
});

test('a pulse lets the door spring open, and a push shuts it into its latch', () => {
  const open = pulsed(shut);
  assert.deepEqual([open.latch, open.door, open.pulses], ['free', 'open', 1]);
  assert.equal(hooked(open), false);
  const again = been(open, { do: 'close' });
  assert.deepEqual([again.latch, again.door, again.pulses], ['holding', 'closed', 1]);
});

test('a hand opens no latched door, and moves nothing through a shut one', () => {
  assert.match(refusal(shut, { do: 'open' }), /latch is holding/);
  assert.match(refusal(shut, { do: 'put-in' }), /shut/);
  assert.match(refusal({ ...shut, parcels: ['shoes'] }, { do: 'take-out' }), /shut/);
});

test('things go in and come out through an open door, oldest first unless one is named', () => {
  const full = been(
    shut,
    'pulse',
    { do: 'put-in', label: 'shoes' },
    { do: 'put-in', label: 'book' },
    { do: 'put-in' },
  );
  assert.deepEqual(full.parcels, ['shoes', 'book', 'Parcel']);
  assert.deepEqual(been(full, { do: 'take-out', label: 'book' }).parcels, ['shoes', 'Parcel']);
  assert.deepEqual(been(full, { do: 'take-out' }).parcels, ['book', 'Parcel']);
  assert.match(refusal(full, { do: 'take-out', label: 'lamp' }), /no such thing/);
  assert.match(refusal(pulsed(shut), { do: 'take-out' }), /nothing/);
  const crammed = { ...full, parcels: Array.from({ length: PARCELS_MAX }, () => 'box') };
  assert.match(refusal(crammed, { do: 'put-in' }), /full/);
});

test('a jammed latch holds through a pulse', () => {
  const jammed = been(shut, { do: 'jam' }, 'pulse');
  assert.deepEqual([jammed.latch, jammed.door, jammed.pulses], ['holding', 'closed', 1]);
});

test('a latch that sticks free does not catch the door until it is freed', () => {
  const loose = been(shut, 'pulse', { do: 'jam' }, { do: 'close' });
  assert.deepEqual([loose.latch, loose.door, hooked(loose)], ['free', 'closed', false]);
  assert.equal(been(loose, { do: 'open' }).door, 'open');
  assert.equal(hooked(been(loose, { do: 'unjam' })), true);
});

test('freeing a latch that does not stick changes no other fault', () => {
  const silent = been(shut, { do: 'fault', fault: 'silent' }, { do: 'unjam' });
  assert.equal(silent.fault, 'silent');
});

test('a crowbar opens the door and leaves the latch holding air; no pulse is counted', () => {
  const pried = been(shut, { do: 'pry' });
  assert.deepEqual([pried.latch, pried.door, pried.pulses, hooked(pried)], ['holding', 'open', 0, false]);
});

test('of the faults, three keep the latch that was addressed from moving', () => {
  const held = doorFault.options.filter((fault) => {
    const now = been(shut, { do: 'fault', fault }, 'pulse');
    assert.equal(now.pulses, 1);
    return now.door === 'closed';
  });
  assert.deepEqual(held, ['jammed', 'silent', 'wrong-latch']);
});

test('crossed cables move the next latch of the same board, unless that one sticks', async () => {
  const cabinet = await Cabinet.open({ layout: LAYOUT_24, dataDir: join(home, 'crossed') });
  const moved = async (n: number) => {
    await cabinet.hand(n, { do: 'fault', fault: 'wrong-latch' });
    await cabinet.pulse(n);
    const open = cabinet.doors().filter(({ door }) => door === 'open');
    for (const door of open) await cabinet.hand(door.n, { do: 'close' });
    return open.map((door) => door.n);
  };
  assert.deepEqual(await moved(3), [4]);
  // The last lock of a board has its neighbour before it, and the other board is never reached.
  assert.deepEqual(await moved(16), [15]);
  assert.deepEqual(await moved(17), [18]);
  assert.deepEqual(await moved(24), [23]);
  await cabinet.hand(4, { do: 'jam' });
  assert.deepEqual(await moved(3), []);
  assert.deepEqual([cabinet.door(3)?.pulses, cabinet.door(4)?.pulses], [2, 0]);
});

const anyAct = fc.oneof(
  fc.constant('pulse' as const),
  fc.constantFrom<HandAct>(
    { do: 'open' },
    { do: 'close' },
    { do: 'jam' },
    { do: 'unjam' },
    { do: 'pry' },
    { do: 'put-in', label: 'a' },
    { do: 'take-out' },
  ),
  fc.constantFrom(...doorFault.options).map((fault): HandAct => ({ do: 'fault', fault })),
);

test('whatever happens, no door opens but by pulse, pry or free latch', () => {
  const property = fc.property(fc.array(anyAct, { maxLength: 40 }), (acts) => {
    let now = shut;
    for (const act of acts) {
      const before = now;
      const result = act === 'pulse' ? null : byHand(now, act);
      if (result?.moved) now = result.compartment;
      else if (act === 'pulse') now = pulsed(now);
      if (now.door === 'closed' && now.latch === 'free') assert.equal(now.fault, 'jammed');
      const sprang = before.door === 'closed' && now.door === 'open';
      if (sprang) assert.ok(act === 'pulse' || act.do === 'pry' || before.latch === 'free');
      if (now.parcels !== before.parcels) assert.equal(before.door, 'open');
    }
    assert.equal(now.pulses, acts.filter((act) => act === 'pulse').length);
  });
  fc.assert(property, { seed, numRuns: 300 });
});

test('tomorrow’s cabinet holds yesterday’s parcels, and its file no label', async () => {
  const dataDir = join(home, 'overnight');
  const yesterday = await Cabinet.open({ layout: LAYOUT_24, dataDir });
  await yesterday.pulse(3);
  // Asked for in one breath: each starts from what the one before left.
  const both = [yesterday.hand(3, { do: 'put-in', label: 'shoes' }), yesterday.hand(3, { do: 'close' })];
  assert.ok((await Promise.all(both)).every((result) => result.moved));
  const today = await Cabinet.open({ layout: LAYOUT_24, dataDir });
  const unlabelled = yesterday
    .doors()
    .map((door) => ({ ...door, parcels: door.parcels.map(() => 'Parcel') }));
  assert.deepEqual(today.doors(), unlabelled);
  assert.deepEqual(today.door(3)?.parcels, ['Parcel']);
  assert.ok(!(await readFile(join(dataDir, 'metal.json'), 'utf8')).includes('shoes'));
});

test('a file that is damaged, or of another cabinet, stops the start', async () => {
  const dataDir = join(home, 'damaged');
  const cabinet = await Cabinet.open({ layout: LAYOUT_24, dataDir });
  await cabinet.pulse(1);
  const path = join(dataDir, 'metal.json');
  const good = await readFile(path, 'utf8');
  await assert.rejects(
    Cabinet.open({ layout: { ...LAYOUT_24, name: 'another' }, dataDir }),
    /another cabinet/,
  );
  await writeFile(path, good.slice(0, -20));
  await assert.rejects(Cabinet.open({ layout: LAYOUT_24, dataDir }));
});
