/** Times as people read them: short, in the reader's own zone, 24 hours, in the language that is spoken. */
import { LANGUAGES, type Language } from './languages.ts';
import { language } from './words.ts';

type Formats = ReturnType<typeof formatsFor>;
const made: Partial<Record<Language, Formats>> = {};

/** Making one takes the browser longer than using it a hundred times. */
function formats(): Formats {
  const ready = made[language()] ?? formatsFor(LANGUAGES[language()].locale);
  made[language()] = ready;
  return ready;
}

function formatsFor(locale: string) {
  const dates = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale, { hourCycle: 'h23', ...options });
  return {
    clock: dates({ hour: '2-digit', minute: '2-digit' }),
    clockWithSeconds: dates({ hour: '2-digit', minute: '2-digit', second: '2-digit' }),
    day: dates({ weekday: 'short', day: 'numeric', month: 'short' }),
    dayOfYear: dates({ day: 'numeric', month: 'short', year: 'numeric' }),
    whole: dates({ dateStyle: 'full', timeStyle: 'short' }),
    relative: new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'long' }),
    length: (unit: string) =>
      new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long', maximumFractionDigits: 1 }),
    left: (unit: string) => new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }),
  };
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

export function formatTime(atMs: number): string {
  return formats().clock.format(atMs);
}

export function formatTimeWithSeconds(atMs: number): string {
  return formats().clockWithSeconds.format(atMs);
}

export function formatDay(atMs: number): string {
  return formats().day.format(atMs);
}

export function formatDayTime(atMs: number): string {
  return `${formatDay(atMs)}, ${formatTime(atMs)}`;
}

export function formatDate(atMs: number): string {
  return formats().dayOfYear.format(atMs);
}

/** As a field of a day writes it, in four digits: a browser takes years of six, which no clock here goes by. */
const DAY = /^([1-9]\d{3})-(\d\d)-(\d\d)$/;
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?$/;

/**
 * When the day is over that somebody named, on the reader's own clock: the first moment of the next one. By the parts
 * of the date, because a day in which clocks are changed has not twenty-four hours. Null for what is no day.
 */
export function endOfDay(day: string): number | null {
  const [, year, month, date] = DAY.exec(day) ?? [];
  if (year === undefined) return null;
  return new Date(Number(year), Number(month) - 1, Number(date) + 1).getTime();
}

/** The moment that a field of date and time names, on the reader's own clock; null for what is none. */
export function momentOf(text: string): number | null {
  const atMs = MOMENT.test(text) ? Date.parse(text) : Number.NaN;
  return atMs > 0 ? atMs : null;
}

/** What ends then: its last day, where it ends with a day of this reader; else the minute, so that no day is said too many. */
export function formatEnd(untilMs: number): string {
  const last = new Date(untilMs - 1);
  const next = new Date(last.getFullYear(), last.getMonth(), last.getDate() + 1);
  if (next.getTime() === untilMs) return formatDate(untilMs - 1);
  return `${formatDate(untilMs)}, ${formatTime(untilMs)}`;
}

/** Weekday, date and minute, as a watch beside it shows them. */
export function formatWhole(atMs: number): string {
  return formats().whole.format(atMs);
}

/** "3 minutes ago", "in 2 days"; within ten seconds "now". */
export function formatAgo(atMs: number, nowMs: number): string {
  const { relative } = formats();
  const distance = atMs - nowMs;
  if (Math.abs(distance) < 10_000) return relative.format(0, 'second');
  const [unit, unitMs] = UNITS.find(([, ms]) => Math.abs(distance) >= ms) ?? UNITS[3];
  return relative.format(Math.trunc(distance / unitMs), unit);
}

/** How long something still lasts, in its largest whole unit: "6 days", "45 seconds"; never below zero. */
export function formatLeft(untilMs: number, nowMs: number): string {
  const left = Math.max(0, untilMs - nowMs);
  const [unit, unitMs] = UNITS.find(([, ms]) => left >= ms) ?? UNITS[3];
  return formats()
    .left(unit)
    .format(Math.floor(left / unitMs));
}

/** A stretch of time in its largest unit, to a tenth: "2.5 days", "40 minutes". */
export function formatLength(ms: number): string {
  const [unit, unitMs] = UNITS.find(([, size]) => ms >= size) ?? UNITS[3];
  return formats()
    .length(unit)
    .format(ms / unitMs);
}

/** How far this reader's clock is ahead of UTC at that moment. */
export function minutesAheadOfUtc(atMs: number): number {
  return -new Date(atMs).getTimezoneOffset();
}
