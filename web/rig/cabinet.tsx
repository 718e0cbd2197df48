/** The cabinet as an object: each door with its latch, its faults, what is behind it, and hands to use. */
import type { RigDoor, RigState } from '../../src/contract/rig.ts';
import { IconButton } from '../kit/button.tsx';
import { Icon } from '../kit/icon.tsx';
import type { Act } from './line.ts';
import { t } from './messages.ts';
import { targetId } from './tour.tsx';

type CabinetProps = { state: RigState; act: Act; label: string };

export function CabinetCard({ state: { doors, power, links, kiosk }, act, label }: CabinetProps) {
  const columns = Array.from({ length: Math.max(0, ...doors.map(({ column }) => column)) + 1 }, (_, column) =>
    doors.filter((door) => door.column === column).sort((a, b) => a.row - b.row),
  );
  const unitsOf = (column: readonly RigDoor[]) =>
    column.reduce((units, { heightUnits }) => units + heightUnits, 0);
  const unitsMax = Math.max(1, ...columns.map(unitsOf));
  const named = kiosk?.compartment ?? null;
  return (
    <section className="steel" aria-label={t('cabinet')}>
      <div className="steel-columns">
        {columns.map((column, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a column is its place.
          <div className="steel-column" key={index}>
            {unitsOf(column) < unitsMax && (
              <div className="steel-gap" style={{ flexGrow: unitsMax - unitsOf(column) }}>
                <Screen lit={power} kiosk={links.kiosk} named={named} />
              </div>
            )}
            {column.map((door) => (
              <Door key={door.n} door={door} named={door.n === named} act={act} label={label} />
            ))}
          </div>
        ))}
      </div>
      <div className="steel-foot">
        <ul className="steel-hands" aria-label={t('hands')}>
          {HANDS.map(([icon, does]) => (
            <li key={does}>
              <Icon name={icon} size={16} />
              {t(does)}
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}

type ScreenProps = { lit: boolean; kiosk: string | undefined; named: number | null };

/** The kiosk, where it stands in the steel; its page is an app of its own. */
function Screen({ lit, kiosk, named }: ScreenProps) {
  const className = lit ? 'steel-screen steel-screen-on' : 'steel-screen';
  if (kiosk === undefined || !lit) return <div className={className} aria-hidden="true" />;
  return (
    <a className={className} href={kiosk} target="_blank" rel="noreferrer">
      <Icon name="external" size={20} />
      <span>{t('cabinet.screen')}</span>
      {named !== null && (
        <span className="steel-named" aria-hidden="true">
          {t('cabinet.named', { n: named })}
        </span>
      )}
    </a>
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

type DoorProps = { door: RigDoor; named: boolean; act: Act; label: string };

function Door({ door, named, act, label }: DoorProps) {
  const { n, size, latch, fault } = door;
  const open = door.door === 'open';
  return (
    <fieldset
      id={targetId(`door-${n}`)}
      className={`leaf ${open ? 'leaf-open' : ''} ${fault === 'none' ? '' : 'leaf-fault'} ${named ? 'leaf-named' : ''}`}
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
            <Icon name="accessible" size={14} />
          </span>
        )}
        <span className="leaf-latch">
          <span className={`leaf-latch-${latch}`} title={t(latch)}>
            <Icon name={latch === 'free' ? 'unlock' : 'lock'} size={16} />
          </span>
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
      {fault !== 'none' && (
        <span className="leaf-ail" title={t(`ail.${fault}`)}>
          <Icon name="warn" size={14} />
          <span>{t(`short.${fault}`)}</span>
        </span>
      )}
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
          <IconButton icon="door" label={t('door.close', { n })} data-hand="close" onClick={hand('close')} />
          <IconButton
            icon="putIn"
            label={t('door.put-in', { n })}
            data-hand="put-in"
            onClick={() => act(`/parcels/${n}`, { do: 'put-in', label })}
          />
          {parcels.length > 0 && (
            <IconButton
              icon="takeOut"
              label={t('door.take-out', { n })}
              data-hand="take-out"
              onClick={() => act(`/parcels/${n}`, { do: 'take-out' })}
            />
          )}
        </>
      ) : (
        <>
          <IconButton icon="doorOpen" label={t('door.open', { n })} onClick={hand('open')} />
          <IconButton icon="pry" label={t('door.pry', { n })} onClick={hand('pry')} />
          <IconButton
            icon="jam"
            label={t(jammed ? 'door.unjam' : 'door.jam', { n })}
            onClick={hand(jammed ? 'unjam' : 'jam')}
          />
        </>
      )}
    </div>
  );
}
