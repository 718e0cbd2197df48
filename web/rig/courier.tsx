/** What a courier carries: a badge and a label, each held under the kiosk's reader by a button. */
import QrCode from 'qrcode';
import { useMemo } from 'react';
import type { RigCast } from '../../src/contract/rig.ts';
import { Button } from '../kit/button.tsx';
import { Card } from '../kit/card.tsx';
import { TextField } from '../kit/field.tsx';
import { t } from './messages.ts';

type Scan = (text: string) => void;

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
      <Button tone="go" icon="qr" wide onClick={() => scan(courier.badge)}>
        {t('courier.scan')}
      </Button>
    </Card>
  );
}

type LabelProps = { label: string; setLabel: (label: string) => void; onNew: () => void; scan: Scan };

export function LabelCard({ label, setLabel, onNew, scan }: LabelProps) {
  return (
    <Card title={t('label')}>
      <TextField
        label={t('label.text')}
        hint={t('label.hint')}
        className="k-mono"
        value={label}
        maxLength={60}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => setLabel(event.target.value)}
      />
      <div className="k-row">
        <Button icon="again" onClick={onNew}>
          {t('label.new')}
        </Button>
        <Button tone="go" icon="parcel" disabled={label.trim() === ''} onClick={() => scan(label.trim())}>
          {t('label.scan')}
        </Button>
      </div>
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
