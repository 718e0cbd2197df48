/**
 * The installer's guide, walked with its own commands: an empty PostgreSQL, a site root, a cloud, a cabinet whose
 * layout is another than the package's, an administrator, a carrier, a courier, a resident; then one parcel in
 * and out. The configurations are those that are delivered as examples, with the addresses of this machine.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { badgeText } from '../../src/domain/scan.ts';
import { badgeHash } from '../../src/ledger/roster.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { People } from '../../src/up/people.ts';
import { waitFor } from '../../src/up/wait.ts';
import { ROOT } from '../site.ts';
import {
  at,
  closeEstate,
  cloud,
  drained,
  example,
  idIn,
  openEstate,
  ports,
  read,
  refused,
  run,
  running,
  start,
  stop,
  walked,
} from './estate.ts';

/** The rig's layout has each lock at the door of the next number; the example's names other doors for them. */
const doorOfRig = (n: number): number =>
  example('layout.example.json').compartments.find((place: { n: number }) => place.n === n).lock + 1;

before(openEstate);
after(closeEstate);

test('from an empty database to a parcel that went in and out, by the commands of the guide', async () => {
  run('admin', 'root', 'init', '--root', at('root'));
  cloud('init');
  const roads = cloud('check', '--mail', 'noor@alder.example', '--sms', '+12125550100');
  assert.match(roads, /^mail accepted {2}250 [\s\S]*^sms {2}accepted {2}202 /m);
  assert.match(
    refused('cloud', 'check', '--mail', 'noor', '--config', at('cloud.json')),
    /takes an address like/,
  );
  assert.match(
    refused('cloud', 'site', '--name', 'Alder Court', '--config', at('cloud.json')),
    /no tenant yet/,
  );
  cloud('tenant');
  assert.match(cloud('log'), /^log \S+\/log\/tenant_\w+\/1$/m);
  const site = idIn(cloud('site', '--name', 'Alder Court', '--root-key', at('root', 'site-root.pub')));
  cloud('carrier', '--name', 'UPS');
  const signIn = at('noor.json');
  cloud('admin', '--name', 'Noor Haddad', '--email', 'noor@alder.example', '--out', signIn);
  const layout = join(ROOT, 'deploy/layout.example.json');
  const paper = at('commissioning.json');
  const bank = idIn(cloud('bank', '--site', site, '--name', 'Lobby', '--layout', layout, '--out', paper));
  cloud('access', '--site', site, '--out', at('root', 'operator.json'));
  for (const file of [signIn, paper, at('root', 'operator.json')])
    assert.equal(statSync(file).mode & 0o777, 0o600);
  run('edge', 'sealing-key', 'init', '--out', at('seal', 'bank.key'));

  await start('cloud', '--config', at('cloud.json'));
  await start('edge', '--config', at('edge.json'));

  const people = peopleOf(read(signIn));
  await addPeople(people);
  run('admin', 'roster', 'sign', '--root', at('root'), '--yes');
  await waitFor({
    ...{ clock: systemClock, what: 'the bank to hold its roster', msMax: 30_000 },
    holds: async () => (await people.view()).show.screen === 'home',
  });
  await parcelInAndOut(people);
  await drained();
  assert.match(cloud('check'), /everything holds/);
  const detail = (await people.admin(`/banks/${bank}`)) as { doors: unknown[] };
  assert.equal(detail.doors.length, 6);
});

const BADGE = badgeText(systemRandom.bytes(16));

function peopleOf(admin: { email: string; password: string; totpSecret: string }): People {
  return new People({
    ports,
    clock: systemClock,
    signIns: {
      admin,
      courier: { carrier: 'UPS', name: 'Mara', email: '', badge: BADGE, code: '560787' },
      resident: { flat: '4', name: 'Leila', phone: '+12125550111', email: 'leila@residents.example' },
    },
  });
}

async function addPeople(people: People): Promise<void> {
  await people.adminSignsIn();
  const { carriers } = (await people.admin('/couriers')) as { carriers: { id: string; name: string }[] };
  assert.deepEqual(
    carriers.map(({ name }) => name),
    ['UPS'],
  );
  await people.adminPosts('/couriers', {
    ...{ name: 'Mara', email: null, carrier: carriers[0]?.id, badgeHash: badgeHash(BADGE) },
  });
  await people.adminPosts('/people', {
    ...{
      name: 'Leila',
      flat: '4',
      email: 'leila@residents.example',
      phone: '+12125550111',
      accessible: true,
    },
  });
}

async function parcelInAndOut(people: People): Promise<void> {
  const beganMs = systemClock.nowMs();
  await people.courierSignsIn();
  await people.act({ do: 'tracking', text: '1Z999AA10123456784' });
  await people.act({ do: 'flat', text: '4' });
  await people.act({ do: 'size', size: 'M' });
  const { door } = await people.shown('drop-off');
  assert.equal(door.compartment, 2, 'the door within reach, as the layout has it');
  await people.sensed('open');
  const steel = doorOfRig(door.compartment);
  assert.equal((await people.door(steel)).door, 'open', 'and the lock that the layout names');
  await people.rig(`/parcels/${steel}`, { do: 'put-in', label: '1Z999AA10123456784' });
  await people.rig(`/doors/${steel}/close`);
  await people.sensed('closed');
  await people.act({ do: 'deposited' });
  await people.act({ do: 'leave' });
  const { pin } = await people.pinFrom('sms', '+12125550111', beganMs);
  await people.act({ do: 'pin', pin });
  await people.sensed('open');
  await people.rig(`/parcels/${steel}`, { do: 'take-out' });
  await people.rig(`/doors/${steel}/close`);
  await people.sensed('closed');
  await people.act({ do: 'collected' });
  await people.shown('pick-up-done');
}

test('an administrator who leaves is out at their next question, and can be erased; one who lost a phone begins anew', async () => {
  const config = ['--config', at('cloud.json')];
  const [signIn, anew] = [at('kim.json'), at('kim-anew.json')];
  const email = 'kim@alder.example';
  const remove = (whose: string) => ['cloud', 'admin-remove', '--email', whose, '--purpose', 'gave notice'];
  const noor = 'noor@alder.example';
  assert.match(refused(...remove(noor), ...config), /the last administrator .* cloud admin\. .* admin-reset/);
  cloud('admin', '--name', 'Kim Bauer', '--email', email, '--out', signIn);
  const kim = peopleOf(read(signIn));
  await kim.adminSignsIn();
  assert.equal(((await kim.admin('/me')) as { name: string }).name, 'Kim Bauer');
  const reset = ['cloud', 'admin-reset', '--email', 'Kim@Alder.example'];
  assert.match(refused(...reset, '--out', signIn, ...config), /there is a file .* already/);
  run(...reset, '--out', anew, ...config);
  assert.equal(statSync(anew).mode & 0o777, 0o600);
  await assert.rejects(kim.admin('/me'), /401/);
  await assert.rejects(kim.adminSignsIn(), /could not sign in/);
  const again = peopleOf(read(anew));
  await again.adminSignsIn();
  const [, person = ''] = /^(person_\w+) is no administrator/.exec(run(...remove(email), ...config)) ?? [];
  await assert.rejects(again.admin('/me'), /401/);
  await assert.rejects(again.adminSignsIn(), /could not sign in/);
  assert.match(refused(...remove(email), ...config), /no administrator with the address kim@/);
  run('admin', 'erase', '--person', person, '--yes', ...config);
});

test('a bank refuses another layout than the one that it began with, and goes on with the old one', async () => {
  await stop(running.pop() ?? assert.fail('the agent runs'));
  const paper = at('commissioning.json');
  const before = readFileSync(paper, 'utf8');
  const changed = JSON.parse(before);
  [changed.layout.compartments[0].lock, changed.layout.compartments[1].lock] = [3, 4];
  writeFileSync(paper, JSON.stringify(changed));
  assert.match(
    refused('edge', '--config', at('edge.json')),
    /another than the one that this bank was commissioned with/,
  );
  writeFileSync(paper, before);
  await start('edge', '--config', at('edge.json'));
});

test('what is wrong is said before anything is made', () => {
  const config = ['--config', at('cloud.json')];
  mkdirSync(at('wrong'));
  const layout = example('layout.example.json');
  layout.compartments[5].lock = 4;
  layout.compartments[1].middleCm = 150;
  writeFileSync(at('wrong', 'layout.json'), JSON.stringify(layout));
  const site = read(at('commissioning.json')).site;
  const bank = ['cloud', 'bank', '--site', site, '--name', 'Second', ...config];
  const said = refused(...bank, '--layout', at('wrong', 'layout.json'), '--out', at('second.json'));
  assert.match(said, /lock 4 of board 0 moves doors 1 and 6/);
  assert.match(said, /door 2 is to be accessible and its middle is at 150 cm/);
  assert.match(refused(...bank, '--out', at('commissioning.json')), /there is a file .* already/);
  assert.match(
    refused('cloud', 'bank', '--name', 'x', '--out', at('y'), ...config),
    /say the id of its site: --site/,
  );
  assert.match(
    refused('cloud', 'site', '--name', 'x', '--root-key', at('cloud.json'), ...config),
    /not right|no such|not the public half/,
  );
  const again = at('again.json');
  const id = read(at('commissioning.json')).bank;
  cloud('enrol', '--bank', id, '--out', again);
  assert.notEqual(read(again).enrolmentCode, read(at('commissioning.json')).enrolmentCode);
  assert.equal(read(again).bank, id);
});

test('the guide names no command that was not walked', () => {
  const guide = readFileSync(join(ROOT, 'docs/install.md'), 'utf8');
  const named = [...guide.matchAll(/^holdfast (\S+ \S+)/gm)].map(([, command = '']) => command);
  assert.ok(named.length >= 10, String(named.length));
  assert.deepEqual(
    named.filter((command) => !walked.has(command)),
    [],
  );
});
