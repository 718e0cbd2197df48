/** Times as people read them: short, in the reader's own zone, 24 hours. */
import { LANGUAGE } from './words.ts';

const LOCALE = `${LANGUAGE}-GB`;
const clock = new Intl.DateTimeFormat(LOCALE, { hour: '2-digit', minute: '2-digit' });
const clockWithSeconds = new Intl.DateTimeFormat(LOCALE, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
const day = new Intl.DateTimeFormat(LOCALE, { weekday: 'short', day: 'numeric', month: 'short' });
const dayOfYear = new Intl.DateTimeFormat(LOCALE, { day: 'numeric', month: 'short', year: 'numeric' });
const relative = new Intl.RelativeTimeFormat(LOCALE, { numeric: 'auto', style: 'long' });

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

export function formatTime(atMs: number): string {
  return clock.format(atMs);
}

export function formatTimeWithSeconds(atMs: number): string {
  return clockWithSeconds.format(atMs);
}

export function formatDay(atMs: number): string {
  return day.format(atMs);
}

export function formatDayTime(atMs: number): string {
  return `${day.format(atMs)}, ${clock.format(atMs)}`;
}

export function formatDate(atMs: number): string {
  return dayOfYear.format(atMs);
}

/** "3 minutes ago", "in 2 days"; within ten seconds "now". */
export function formatAgo(atMs: number, nowMs: number): string {
  const distance = atMs - nowMs;
  if (Math.abs(distance) < 10_000) return relative.format(0, 'second');
  const [unit, unitMs] = UNITS.find(([, ms]) => Math.abs(distance) >= ms) ?? UNITS[3];
  return relative.format(Math.trunc(distance / unitMs), unit);
}

/** How long something still lasts, in its largest whole unit: "6 days", "45 seconds"; never below zero. */
export function formatLeft(untilMs: number, nowMs: number): string {
  const left = Math.max(0, untilMs - nowMs);
  const [unit, unitMs] = UNITS.find(([, ms]) => left >= ms) ?? UNITS[3];
  const count = Math.floor(left / unitMs);
  return new Intl.NumberFormat(LOCALE, { style: 'unit', unit, unitDisplay: 'long' }).format(count);
}
