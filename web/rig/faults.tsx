/** What can go wrong, each a press away: its everyday name, what comes of it, and whether it is on. */
import { useId, useState } from 'react';
import type { RigState } from '../../src/contract/rig.ts';
import { Button } from '../kit/button.tsx';
import { SelectField } from '../kit/field.tsx';
import { type Ail, ailsOf, asksFor, asksForWell, GROUPS, type Group, isOn } from './ails.ts';
import type { Act } from './line.ts';
import { t } from './messages.ts';

type FaultsProps = { state: RigState; act: Act };

export function Faults({ state, act }: FaultsProps) {
  const id = useId();
  const [n, setN] = useState<number | null>(null);
  const well = asksForWell(state);
  return (
    <section className="k-card ails" aria-labelledby={id}>
      <h2 id={id}>{t('ails.title')}</h2>
      <p className="k-hint">{t('ails.hint')}</p>
      <Button
        icon="check"
        held={well.length === 0}
        onClick={() => well.forEach(({ path, body }) => void act(path, body))}
      >
        {t('ails.well')}
      </Button>
      <SelectField
        label={t('ails.door')}
        value={n ?? ''}
        onChange={({ target }) => setN(target.value === '' ? null : Number(target.value))}
      >
        <option value="">{t('ails.every')}</option>
        {state.doors.map((door) => (
          <option key={door.n}>{door.n}</option>
        ))}
      </SelectField>
      {GROUPS.map((group) => (
        <Ails key={group} {...{ group, state, n, act }} />
      ))}
      <p className="k-hint">{t('ails.after')}</p>
      <p className="k-hint">
        {t(`boards.${state.boards}`)}{' '}
        {state.serialPath !== null && t('boards.path', { path: state.serialPath })}
      </p>
    </section>
  );
}

type AilsProps = FaultsProps & { group: Group; n: number | null };

function Ails({ group, state, n, act }: AilsProps) {
  const id = useId();
  return (
    <div className="ails-group">
      <h3 id={id}>{t(`group.${group}`)}</h3>
      <ul aria-labelledby={id}>
        {ailsOf(group).map((ail) => (
          <AilSwitch
            key={ail}
            ail={ail}
            on={isOn(ail, state, n)}
            turn={(on) => asksFor(ail, on, { state, n }).forEach(({ path, body }) => void act(path, body))}
          />
        ))}
      </ul>
    </div>
  );
}

function AilSwitch({ ail, on, turn }: { ail: Ail; on: boolean; turn: (on: boolean) => void }) {
  const id = useId();
  return (
    <li className={on ? 'ail ail-on' : 'ail'}>
      <button
        type="button"
        className="ail-name"
        aria-pressed={on}
        aria-describedby={id}
        onClick={() => turn(!on)}
      >
        {t(`ail.${ail}`)}
      </button>
      <p id={id} className="ail-does">
        {t(`ail.${ail}.does`)} {on && <strong>{t('ails.on')}</strong>}
      </p>
    </li>
  );
}
