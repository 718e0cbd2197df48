/** What is held under the kiosk's reader, each by a button: a courier's badge, a parcel's label, any text. */
import QrCode from 'qrcode';
import { useMemo, useState } from 'react';
import type { RigCast } from '../../src/contract/rig.ts';
import { type Carrier, recognise } from '../../src/domain/tracking.ts';
import { Button } from '../kit/button.tsx';
import { Card } from '../kit/card.tsx';
import { SelectField, TextField } from '../kit/field.tsx';
import { drawLabel, LABEL_KINDS, type LabelKind } from './labels.ts';
import { t } from './messages.ts';
import { targetId } from './tour.tsx';

type Scan = (text: string) => void;

/** What the rig's interface takes as one scan (contract/rig.ts). */
const SCAN_LENGTH_MAX = 512;

/** The seeded courier's own carrier prints these. */
export const FIRST_KIND: LabelKind = 'UPS 1Z';

export function CourierCard({ courier, scan }: { courier: RigCast['courier']; scan: Scan }) {
  return (
    <Card title={t('courier')} className="badge-card">
      <div className="badge">
        <Qr text={courier.badge} label={t('courier.badge.picture')} />
        <div>
          <p className="badge-name">{courier.name}</p>
          <p className="k-muted">{courier.carrier}</p>
          <p className="badge-code">
            {t('courier.code')} <code>{courier.code}</code>
          </p>
        </div>
      </div>
      <Button id={targetId('badge')} tone="go" icon="qr" wide onClick={() => scan(courier.badge)}>
        {t('courier.scan')}
      </Button>
    </Card>
  );
}

type LabelProps = { label: string; setLabel: (label: string) => void; scan: Scan; own: Carrier | null };

/** The label of the next parcel: drawn as its carrier prints it, or whatever a person types. */
export function LabelCard({ label, setLabel, scan, own }: LabelProps) {
  const [kind, setKind] = useState<LabelKind>(FIRST_KIND);
  const draw = (next: LabelKind): void => {
    setKind(next);
    setLabel(drawLabel(next));
  };
  return (
    <Card title={t('label')}>
      <div className="label-kind">
        <SelectField
          label={t('label.kind')}
          value={kind}
          onChange={({ target }) => draw(target.value as LabelKind)}
        >
          {LABEL_KINDS.map((one) => (
            <option key={one} value={one}>
              {t(`label.kind.${one}`)}
            </option>
          ))}
        </SelectField>
        <Button icon="again" onClick={() => draw(kind)}>
          {t('label.new')}
        </Button>
      </div>
      <TextField
        label={t('label.text')}
        hint={saidOf(label, own)}
        className="k-mono"
        value={label}
        maxLength={60}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => setLabel(event.target.value)}
      />
      <Button
        id={targetId('label')}
        tone="go"
        icon="parcel"
        wide
        disabled={label.trim() === ''}
        onClick={() => scan(label.trim())}
      >
        {t('label.scan')}
      </Button>
    </Card>
  );
}

/** What the kiosk will make of it, by the same rules. */
function saidOf(text: string, own: Carrier | null): string {
  const label = recognise(text, own);
  if (!label) return t('label.none');
  if (label.check === 'wrong') return t('label.wrong');
  if (label.format === null) return t('label.unknown');
  return t(label.check === 'good' ? 'label.good' : 'label.plain', { format: label.format });
}

/** A reader reads whatever is held under it: another site's badge, half a code, somebody's shopping. */
export function AnyTextCard({ scan }: { scan: Scan }) {
  const [text, setText] = useState('');
  return (
    <Card>
      <form
        className="any-text"
        onSubmit={(event) => {
          event.preventDefault();
          if (text !== '') scan(text);
        }}
      >
        <TextField
          label={t('any.text')}
          value={text}
          maxLength={SCAN_LENGTH_MAX}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setText(event.target.value)}
        />
        <Button type="submit" icon="qr" disabled={text === ''}>
          {t('any.scan')}
        </Button>
      </form>
    </Card>
  );
}

/** Four modules of white around the code, which readers need (ISO/IEC 18004, 9.1). */
const QUIET_ZONE = 4;

function Qr({ text, label }: { text: string; label: string }) {
  const { path, side } = useMemo(() => {
    const { modules } = QrCode.create(text, { errorCorrectionLevel: 'M' });
    const dark = [...modules.data].flatMap((bit, at) => {
      return bit
        ? [`M${(at % modules.size) + QUIET_ZONE} ${Math.floor(at / modules.size) + QUIET_ZONE}h1v1h-1z`]
        : [];
    });
    return { path: dark.join(''), side: modules.size + 2 * QUIET_ZONE };
  }, [text]);
  return (
    <svg
      className="qr"
      viewBox={`0 0 ${side} ${side}`}
      role="img"
      aria-label={label}
      shapeRendering="crispEdges"
    >
      <rect width={side} height={side} fill="#ffffff" />
      <path d={path} fill="#000000" />
    </svg>
  );
}
