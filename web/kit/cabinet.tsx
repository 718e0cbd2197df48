/**
 * A bank drawn from its layout, as a person sees it from the front. Columns that are not full stand on
 * the plinth, and the screen fills the space above. State is told by colour, by pattern and by word.
 */
import { type KeyboardEvent, useId, useRef, useState } from 'react';
import { ARROWS, type CabinetPlace, doorBeside, type PlacedDoor, placeDoors } from './cabinet-places.ts';
import { t } from './messages.ts';

export type DoorTone = 'plain' | 'empty' | 'reserved' | 'occupied' | 'overdue' | 'held' | 'off' | 'alarm';

/** Open is drawn ajar; where nobody knows, the edge is dashed and a question mark stands for the handle. */
export type DoorSensed = 'open' | 'closed' | 'unknown';

export type CabinetDoor = CabinetPlace & {
  size: string;
  accessible?: boolean;
  tone?: DoorTone;
  sensed?: DoorSensed;
  /** What assistive technology says of the door after its number and size. */
  said?: string;
};

type CabinetProps = {
  /** What the drawing as a whole says to people who do not see it. */
  label: string;
  columns: number;
  doors: readonly CabinetDoor[];
  /** The door that is lit: yours. */
  lit?: number | null;
  /** Makes every door a button: one stop for Tab, and arrow keys from door to door. */
  onPick?: (n: number) => void;
  picked?: number | null;
};

export function Cabinet({ label, columns, doors, lit = null, onPick, picked = null }: CabinetProps) {
  const id = useId();
  const { placed, gaps, width, height } = placeDoors(doors, columns);
  const frame = { viewBox: `-14 -14 ${width + 28} ${height + 46}`, className: 'k-cabinet' };
  const svg = useRef<SVGSVGElement>(null);
  const [reached, setReached] = useState<number | null>(null);
  const isThere = (n: number | null) => placed.some(({ door }) => door.n === n);
  const entry = [reached, picked].find((n) => n !== null && isThere(n)) ?? placed[0]?.door.n ?? null;
  const move = (event: KeyboardEvent, n: number): void => {
    const arrow = ARROWS.find((key) => key === event.key);
    const next = arrow && !event.altKey && !event.ctrlKey && !event.metaKey && doorBeside(placed, n, arrow);
    if (!next) return;
    event.preventDefault();
    svg.current?.querySelector<SVGElement>(`[data-door="${next}"]`)?.focus();
  };
  const asked = onPick && { onPick, onMove: move, onReach: setReached };
  return (
    <svg {...frame} ref={svg} role={onPick ? 'group' : 'img'} aria-label={label}>
      <Patterns id={id} />
      <rect className="k-cabinet-body" x={-10} y={-10} width={width + 20} height={height + 20} rx={8} />
      <rect className="k-cabinet-plinth" x={2} y={height + 10} width={width - 4} height={16} />
      {gaps.map((gap) => (
        <g key={gap.x}>
          <rect className="k-cabinet-gap" x={gap.x} y={gap.y} width={gap.width} height={gap.height} rx={4} />
          <rect
            className="k-cabinet-screen"
            x={gap.x + 18}
            y={gap.y + gap.height / 2 - 36}
            width={gap.width - 36}
            height={56}
            rx={5}
          />
        </g>
      ))}
      {placed.map((place) => (
        <Door
          key={place.door.n}
          place={place}
          patterns={id}
          lit={place.door.n === lit}
          picked={place.door.n === picked}
          isEntry={place.door.n === entry}
          {...asked}
        />
      ))}
    </svg>
  );
}

type DoorProps = {
  place: PlacedDoor<CabinetDoor>;
  patterns: string;
  lit: boolean;
  picked: boolean;
  /** Where Tab comes into the cabinet. */
  isEntry: boolean;
} & Partial<Asked>;

type Asked = {
  onPick(n: number): void;
  onMove(event: KeyboardEvent, n: number): void;
  onReach(n: number): void;
};

function Door({ place, patterns, lit, picked, isEntry, ...asked }: DoorProps) {
  const { door, x, y, width, height } = place;
  const tone = door.tone ?? 'plain';
  const isOpen = door.sensed === 'open';
  const kind = `${kindOf(tone, door.sensed)}${lit ? ' k-door-lit' : ''}${picked ? ' k-door-picked' : ''}`;
  const middle = y + height / 2;
  const halo = tone !== 'plain' && !lit && !isOpen ? ' k-door-halo' : '';
  return (
    <g className={kind}>
      <rect className="k-door-face" x={x} y={y} width={width} height={height} rx={4} />
      {tone !== 'plain' && (
        <rect x={x} y={y} width={width} height={height} rx={4} fill={`url(#${patterns}-${tone})`} />
      )}
      {isOpen && <path className="k-door-leaf" d={leafOf(x, y, width, height)} />}
      <text className={`k-door-number${halo}`} x={x + 12} y={middle} dominantBaseline="central">
        {door.n}
      </text>
      <text
        className={`k-door-size${halo}`}
        x={x + width - 22}
        y={middle}
        dominantBaseline="central"
        textAnchor="end"
      >
        {door.size}
      </text>
      {door.accessible && <circle className="k-door-reach" cx={x + width - 11} cy={y + 11} r={4.5} />}
      {door.sensed === 'unknown' ? (
        <text
          className={`k-door-query${halo}`}
          x={x + width - 11}
          y={middle}
          dominantBaseline="central"
          textAnchor="middle"
        >
          ?
        </text>
      ) : (
        <rect className="k-door-handle" x={x + width - 13} y={middle - 10} width={4} height={20} rx={2} />
      )}
      {/* An image's children are presentational (WAI-ARIA 1.2, 5.2.8), so only buttons are described. */}
      {/* A sheet over the door is the button, so that its name is the label alone (WCAG 2.2, 2.5.3). */}
      {asked.onPick && (
        <rect
          className="k-door-hit"
          x={x}
          y={y}
          width={width}
          height={height}
          rx={4}
          {...asButton(door, isEntry, asked)}
        />
      )}
    </g>
  );
}

function kindOf(tone: DoorTone, sensed: DoorSensed = 'closed'): string {
  return `k-door k-door-${tone}${sensed === 'closed' ? '' : ` k-door-${sensed}`}`;
}

/** An open door stands out to the right, seen from the front at a slant. */
function leafOf(x: number, y: number, width: number, height: number): string {
  const hinge = x + width;
  return `M${hinge} ${y}l-${width * 0.34} 9v${height - 4}l${width * 0.34} -5z`;
}

function asButton(door: CabinetDoor, isEntry: boolean, { onPick, onMove, onReach }: Partial<Asked>) {
  const pick = () => onPick?.(door.n);
  const named = t('cabinet.door', { n: door.n, size: door.size });
  return {
    role: 'button',
    tabIndex: isEntry ? 0 : -1,
    'data-door': door.n,
    'aria-label': door.said ? `${named}: ${door.said}` : named,
    onClick: pick,
    onFocus: () => onReach?.(door.n),
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key !== 'Enter' && event.key !== ' ') return onMove?.(event, door.n);
      event.preventDefault();
      pick();
    },
  };
}

/** Shapes of the states, so that they are told apart without colour. */
const PATTERN_SHAPES: Record<Exclude<DoorTone, 'plain'>, string> = {
  empty: '',
  reserved: 'M0 6h3M6 6h3',
  occupied: 'M6 6m-1.6 0a1.6 1.6 0 103.2 0a1.6 1.6 0 10-3.2 0',
  overdue: 'M3 0v12M9 0v12',
  held: 'M0 12L12 0M-3 3L3 -3M9 15L15 9',
  off: 'M0 12L12 0M0 0l12 12',
  alarm: 'M0 3h12M0 9h12',
};

function Patterns({ id }: { id: string }) {
  return (
    <defs>
      {Object.entries(PATTERN_SHAPES).map(([tone, shape]) => (
        <pattern key={tone} id={`${id}-${tone}`} width={12} height={12} patternUnits="userSpaceOnUse">
          <path className={`k-pattern k-pattern-${tone}`} d={shape} />
        </pattern>
      ))}
    </defs>
  );
}

type LegendItem = { tone: DoorTone; sensed?: DoorSensed; text: string };

/** Says what colours, patterns and edges mean, with the words of the app. */
export function CabinetLegend({ items }: { items: readonly LegendItem[] }) {
  const id = useId();
  return (
    <ul className="k-legend" aria-label={t('cabinet.legend')}>
      {items.map(({ tone, sensed, text }) => (
        <li key={text}>
          <svg width={28} height={28} viewBox="0 0 24 24" aria-hidden="true" className={kindOf(tone, sensed)}>
            <Patterns id={id} />
            <rect className="k-door-face" x={1} y={1} width={22} height={22} rx={4} />
            {tone !== 'plain' && (
              <rect x={1} y={1} width={22} height={22} rx={4} fill={`url(#${id}-${tone})`} />
            )}
            {sensed === 'open' && <path className="k-door-leaf" d={leafOf(1, 1, 22, 20)} />}
            {sensed === 'unknown' && (
              <text className="k-door-query" x={12} y={12} dominantBaseline="central" textAnchor="middle">
                ?
              </text>
            )}
          </svg>
          {text}
        </li>
      ))}
    </ul>
  );
}
