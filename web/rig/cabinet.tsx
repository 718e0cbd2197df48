/** The cabinet as an object: each door with its latch, its faults, what is behind it, and hands to use. */
import { useState } from 'react';
import type { DoorFault, RigDoor, RigState } from '../../src/contract/rig.ts';
import { Badge } from '../kit/badge.tsx';
import { Button, IconButton } from '../kit/button.tsx';
import { Card } from '../kit/card.tsx';
import { CheckField, SelectField } from '../kit/field.tsx';
import { Icon } from '../kit/icon.tsx';
import type { Act } from './line.ts';
import { t } from './messages.ts';

type CabinetProps = { doors: readonly RigDoor[]; act: Act; label: string; powered: boolean };

export function CabinetCard({ doors, act, label, powered }: CabinetProps) {
  const columns = Array.from({ length: Math.max(0, ...doors.map(({ column }) => column)) + 1 }, (_, column) =>
    doors.filter((door) => door.column === column).sort((a, b) => a.row - b.row),
  );
  const unitsOf = (column: readonly RigDoor[]) =>
    column.reduce((units, { heightUnits }) => units + heightUnits, 0);
  const unitsMax = Math.max(1, ...columns.map(unitsOf));
  return (
    <section className="steel" aria-label={t('cabinet')}>
      <div className="steel-columns">
        {columns.map((column, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a column is its place.
          <div className="steel-column" key={index}>
            {unitsOf(column) < unitsMax && (
              <div className="steel-gap" style={{ flexGrow: unitsMax - unitsOf(column) }} aria-hidden="true">
                <div className={powered ? 'steel-screen steel-screen-on' : 'steel-screen'} />
              </div>
            )}
            {column.map((door) => (
              <Door key={door.n} door={door} act={act} label={label} />
            ))}
          </div>
        ))}
      </div>
      <div className="steel-foot">
        <ul className="steel-hands" aria-label={t('hands')}>
          {HANDS.map(([icon, does]) => (
            <li key={does}>
              <Icon name={icon} size={18} />
              {t(does)}
            </li>
          ))}
        </ul>
        <p>{t('cabinet.hint')}</p>
      </div>
    </section>
  );
}

const HANDS = [
  ['doorOpen', 'hand.open'],
  ['door', 'hand.close'],
  ['pry', 'hand.pry'],
  ['jam', 'hand.jam'],
  ['putIn', 'hand.put-in'],
  ['takeOut', 'hand.take-out'],
] as const;

function Door({ door, act, label }: { door: RigDoor; act: Act; label: string }) {
  const { n, size, latch, fault } = door;
  const open = door.door === 'open';
  return (
    <fieldset
      className={`leaf ${open ? 'leaf-open' : ''} ${fault === 'none' ? '' : 'leaf-fault'}`}
      style={{ flexGrow: door.heightUnits }}
      aria-label={t('door', { n, size })}
    >
      <p className="k-hidden" role="status">
        {t('door.is', { n, door: t(door.door), latch: t(latch) })}
      </p>
      <div className="leaf-inside" aria-hidden="true" />
      <div className="leaf-face" aria-hidden="true" />
      <div className="leaf-head">
        <span className="leaf-number">{n}</span>
        <span className="leaf-size">{size}</span>
        {door.accessible && (
          <span title={t('reach')}>
            <Icon name="accessible" size={16} />
          </span>
        )}
        <span className={`leaf-latch leaf-latch-${latch}`} title={t(latch)}>
          <Icon name={latch === 'free' ? 'unlock' : 'lock'} size={16} />
        </span>
      </div>
      <Behind door={door} />
      <Hands door={door} act={act} label={label} />
    </fieldset>
  );
}

/** Through a shut door one sees nothing; that something is inside is shown to the person at the rig only. */
function Behind({ door: { parcels, fault, pulses } }: { door: RigDoor }) {
  return (
    <div className="leaf-behind">
      {fault !== 'none' && <Badge tone="warn">{t(`fault.${fault}`)}</Badge>}
      {parcels.length > 0 && (
        <span className="leaf-parcels" title={parcels.join(', ')}>
          <Icon name="parcel" size={16} />
          {parcels.length === 1 ? parcels[0] : t('inside', { count: parcels.length })}
        </span>
      )}
      {pulses > 0 && <span className="k-hidden">{t('pulses', { count: pulses })}</span>}
    </div>
  );
}

function Hands({
  door: { n, door, fault, parcels },
  act,
  label,
}: {
  door: RigDoor;
  act: Act;
  label: string;
}) {
  const hand = (what: string) => () => act(`/doors/${n}/${what}`);
  const jammed = fault === 'jammed';
  return (
    <div className="leaf-hands">
      {door === 'open' ? (
        <>
          <IconButton icon="door" label={t('door.close', { n })} onClick={hand('close')} />
          <IconButton
            icon="putIn"
            label={t('door.put-in', { n })}
            onClick={() => act(`/parcels/${n}`, { do: 'put-in', label })}
          />
          {parcels.length > 0 && (
            <IconButton
              icon="takeOut"
              label={t('door.take-out', { n })}
              onClick={() => act(`/parcels/${n}`, { do: 'take-out' })}
            />
          )}
        </>
      ) : (
        <>
          <IconButton icon="doorOpen" label={t('door.open', { n })} onClick={hand('open')} />
          <IconButton icon="pry" label={t('door.pry', { n })} onClick={hand('pry')} />
        </>
      )}
      <IconButton
        icon="jam"
        label={t(jammed ? 'door.unjam' : 'door.jam', { n })}
        onClick={hand(jammed ? 'unjam' : 'jam')}
      />
    </div>
  );
}

/** A list would forget a fault without a word; this does not compile until each stands in it. */
const FAULTS: Record<DoorFault, true> = {
  none: true,
  jammed: true,
  silent: true,
  'acts-then-silent': true,
  late: true,
  twice: true,
  corrupted: true,
  'wrong-door': true,
  'acts-then-fails': true,
  'wrong-latch': true,
};

const LINE_FAULTS = ['noise', 'split', 'mute'] as const;

type BoardFaultsProps = { state: RigState; act: Act };

export function BoardFaults({ state: { doors, line, boards, serialPath }, act }: BoardFaultsProps) {
  const [n, setN] = useState(1);
  const [fault, setFault] = useState<DoorFault>('silent');
  return (
    <Card title={t('fault.title')}>
      <p className="k-hint">
        {t(`boards.${boards}`)} {serialPath !== null && t('boards.path', { path: serialPath })}
      </p>
      <div className="k-row faults">
        <SelectField label={t('fault.door')} value={n} onChange={(event) => setN(Number(event.target.value))}>
          {doors.map((door) => (
            <option key={door.n}>{door.n}</option>
          ))}
        </SelectField>
        <SelectField
          label={t('fault.kind')}
          value={fault}
          onChange={(event) => setFault(event.target.value as DoorFault)}
        >
          {(Object.keys(FAULTS) as DoorFault[]).map((option) => (
            <option key={option} value={option}>
              {t(`fault.${option}`)}
            </option>
          ))}
        </SelectField>
        <Button onClick={() => act(`/doors/${n}/fault`, { fault })}>{t('fault.set')}</Button>
      </div>
      <fieldset className="line-faults">
        <legend>{t('line')}</legend>
        {LINE_FAULTS.map((name) => (
          <CheckField
            key={name}
            label={t(`line.${name}`)}
            checked={line[name]}
            onChange={(event) => act('/line', { [name]: event.target.checked })}
          />
        ))}
      </fieldset>
    </Card>
  );
}
