/**
 * Two plots, drawn at the size that they are shown in, so that their words keep their size. A drawing says in one
 * sentence what it shows; whoever needs the numbers has the table that belongs beside it.
 */
import { type RefObject, useEffect, useRef, useState } from 'react';
import './plot.css';
import { axisTicks, steppedPath, thinned } from './plot-scale.ts';

const HEIGHT = 240;
const LEFT = 40;
const BELOW = 28;
const ABOVE = 14;
const LABEL_WIDTH = 84;
const FIRST_WIDTH = 640;

function useWidth(ref: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(FIRST_WIDTH);
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(Math.max(200, element.clientWidth)));
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref]);
  return width;
}

export type LevelStep = { average: number; peak: number; label: string; isTick: boolean };

type LevelPlotProps = {
  /** What the drawing says to people who do not see it. */
  label: string;
  steps: readonly LevelStep[];
  /** A line that levels are held against, and its word. */
  limit: number;
  limitText: string;
  averageText: string;
  /** Without a word the peaks are not drawn. */
  peakText?: string;
  /** How the numbers of the axis are written; they have little room. */
  tickText?: (tick: number) => string;
};

/** Levels over time: the average as a surface, the peak as a broken line, the limit as a line. */
export function LevelPlot({ label, steps, limit, tickText = String, ...said }: LevelPlotProps) {
  const { limitText, averageText, peakText } = said;
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const ticks = axisTicks(Math.max(limit, ...steps.map(({ peak }) => peak)));
  const top = ticks.at(-1) ?? 1;
  const x = (at: number) => LEFT + (at / Math.max(1, steps.length)) * (width - LEFT - 8);
  const y = (value: number) => HEIGHT - BELOW - (value / top) * (HEIGHT - BELOW - ABOVE);
  const averages = steps.map(({ average }) => average);
  const line = steppedPath(averages, x, y);
  const marked = steps.flatMap((step, at) => (step.isTick ? [{ ...step, at }] : []));
  return (
    <div ref={frame} className="k-plot">
      <svg role="img" aria-label={label} width={width} height={HEIGHT}>
        {ticks.map((tick) => (
          <g key={tick}>
            <line className="k-plot-grid" x1={LEFT} x2={width - 8} y1={y(tick)} y2={y(tick)} />
            <text
              className="k-plot-text"
              x={LEFT - 8}
              y={y(tick)}
              dominantBaseline="central"
              textAnchor="end"
            >
              {tickText(tick)}
            </text>
          </g>
        ))}
        {line !== '' && (
          <path className="k-plot-area" d={`${line}L${x(steps.length)} ${y(0)}L${x(0)} ${y(0)}Z`} />
        )}
        <path className="k-plot-line" d={line} />
        {peakText !== undefined && (
          <path
            className="k-plot-peak"
            d={steppedPath(
              steps.map(({ peak }) => peak),
              x,
              y,
            )}
          />
        )}
        <line className="k-plot-limit" x1={LEFT} x2={width - 8} y1={y(limit)} y2={y(limit)} />
        {thinned(marked, ({ at }) => x(at), LABEL_WIDTH).map(({ at, label: text }) => (
          <g key={at}>
            <line className="k-plot-mark" x1={x(at)} x2={x(at)} y1={y(0)} y2={y(0) + 5} />
            <text className="k-plot-text" x={x(at)} y={HEIGHT - 8}>
              {text}
            </text>
          </g>
        ))}
      </svg>
      <ul className="k-plot-key" aria-hidden="true">
        <Key kind="line" text={averageText} />
        {peakText !== undefined && <Key kind="peak" text={peakText} />}
        <Key kind="limit" text={limitText} />
      </ul>
    </div>
  );
}

function Key({ kind, text }: { kind: 'line' | 'peak' | 'limit'; text: string }) {
  return (
    <li>
      <svg width={28} height={12} aria-hidden="true">
        {kind === 'line' && <rect className="k-plot-area" width={28} height={12} />}
        <path className={`k-plot-${kind}`} d={kind === 'line' ? 'M0 1h28' : 'M0 6h28'} />
      </svg>
      {text}
    </li>
  );
}

const ROW = 34;
const NUMBER_WIDTH = 48;

type BarPlotProps = { label: string; bars: readonly { label: string; value: number }[] };

/** One bar a row, so that a long word has room on a narrow screen. */
export function BarPlot({ label, bars }: BarPlotProps) {
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const wordWidth = Math.min(190, width * 0.45);
  const most = Math.max(1, ...bars.map(({ value }) => value));
  const room = width - wordWidth - NUMBER_WIDTH;
  return (
    <div ref={frame} className="k-plot">
      <svg role="img" aria-label={label} width={width} height={bars.length * ROW}>
        {bars.map(({ label: word, value }, index) => {
          const middle = index * ROW + ROW / 2;
          const length = (value / most) * room;
          return (
            <g key={word}>
              <text
                className="k-plot-text"
                x={wordWidth - 10}
                y={middle}
                dominantBaseline="central"
                textAnchor="end"
              >
                {word}
              </text>
              <rect className="k-plot-bar" x={wordWidth} y={middle - 11} width={length} height={22} rx={3} />
              <text
                className="k-plot-number"
                x={wordWidth + length + 8}
                y={middle}
                dominantBaseline="central"
              >
                {value}
              </text>
            </g>
          );
        })}
        <line className="k-plot-mark" x1={wordWidth} x2={wordWidth} y1={0} y2={bars.length * ROW} />
      </svg>
    </div>
  );
}
