/**
 * A scanner that poses as a keyboard ("keyboard wedge") types a code within milliseconds and ends it with
 * Enter or Tab, or with nothing; fingers leave several times as long between keys. The gaps tell them apart,
 * wherever the focus is. Until the end comes, a scan's characters also count as typed: whoever fills a field
 * from them clears it again when the scan is complete.
 *
 * Control characters have no key. Scanners type them with Ctrl (GS is Ctrl+]), or, like any character in
 * their "ALT mode", as three or four digits on the number pad with Alt held (GS is Alt 029). That mode is the
 * one that no keyboard layout spoils.
 */
export type Wedge = {
  burst: string;
  /** Time of the last key that belongs to the burst, be it Shift. */
  lastAtMs: number;
  /** Digits that Alt has collected. */
  code: string;
  /** When a scan ended: a second key of its suffix (CR and LF) still belongs to it. */
  endedAtMs: number;
  /** This scanner ends its scans with a key, so silence never ends one. */
  suffixed: boolean;
};

/** A key as the browser tells it; `up`: it was let go, which only matters for Alt. */
export type Press = { key: string; ctrl?: boolean; alt?: boolean; up?: boolean };

export type Heard =
  | { is: 'typed'; text: string }
  | { is: 'enter' }
  | { is: 'scan'; text: string }
  /** The scanner's own key that no page may see: part of a suffix, or of a character under way. */
  | { is: 'swallowed' };

export const WEDGE_START: Wedge = {
  burst: '',
  lastAtMs: Number.NEGATIVE_INFINITY,
  code: '',
  endedAtMs: Number.NEGATIVE_INFINITY,
  suffixed: false,
};

/** Fast typists leave 80 ms and more; scanners 1 to 20 ms, slow ones behind a USB hub up to 40. */
export const FAST_MS = 50;
/** The shortest label that a carrier prints has more; a person's two quick keys have fewer. */
export const SCAN_LENGTH_MIN = 6;
/** What the agent takes as one scan. */
export const SCAN_LENGTH_MAX = 512;
/** So long after the last key a scan without a suffix is over; the slowest scanner leaves less inside one. */
export const SETTLE_MS = 250;

/** What Ctrl and a key stand for: the control characters of labels, and the suffixes CR, LF and Tab. */
const WITH_CTRL: Readonly<Record<string, string>> = {
  ']': '\u001d',
  '^': '\u001e',
  '6': '\u001e',
  d: '\u0004',
  m: 'Enter',
  j: 'Enter',
  i: 'Tab',
};
const ENDS: Readonly<Record<string, string>> = {
  Enter: 'Enter',
  Tab: 'Tab',
  '\r': 'Enter',
  '\n': 'Enter',
  '\t': 'Tab',
};
/** Of control characters a scan keeps these: the separators of GS1 and of ISO/IEC 15434. */
const KEPT_CONTROLS = new Set(['\u001d', '\u001e', '\u0004']);

type Result = { wedge: Wedge; heard: Heard | null };

/** What a key press means; keys that type nothing (Shift, arrows) mean nothing and break no burst. */
export function hear(wedge: Wedge, press: Press, atMs: number): Result {
  const fast = atMs - wedge.lastAtMs <= FAST_MS;
  if (press.up) return press.key === 'Alt' ? altReleased(wedge, atMs) : { wedge, heard: null };
  const altGr = press.ctrl === true && press.alt === true;
  if (press.alt && !altGr) return altHeld(wedge, press.key, { fast, atMs });
  if (press.ctrl && !altGr) return ctrlHeld(wedge, press.key, { fast, atMs });
  return typed(wedge, press.key, { fast, atMs });
}

/** True when a burst is under way that only silence can end; ask again after `SETTLE_MS`. */
export function mayEndInSilence(wedge: Wedge): boolean {
  return !wedge.suffixed && wedge.burst.length >= SCAN_LENGTH_MIN;
}

/** The scan that silence ended, if it did. */
export function settle(wedge: Wedge, atMs: number): Result {
  if (!mayEndInSilence(wedge) || atMs - wedge.lastAtMs < SETTLE_MS) return { wedge, heard: null };
  return { wedge: { ...WEDGE_START, endedAtMs: atMs }, heard: { is: 'scan', text: wedge.burst } };
}

function typed(wedge: Wedge, key: string, { fast, atMs }: { fast: boolean; atMs: number }): Result {
  const end = ENDS[key];
  if (end !== undefined) return ended(wedge, end, { fast, atMs });
  if ([...key].length !== 1) return { wedge: fast ? { ...wedge, lastAtMs: atMs } : wedge, heard: null };
  if (key < ' ' && !KEPT_CONTROLS.has(key)) return { wedge, heard: { is: 'swallowed' } };
  const burst = (fast ? wedge.burst + key : key).slice(0, SCAN_LENGTH_MAX);
  const heard: Heard = key < ' ' ? { is: 'swallowed' } : { is: 'typed', text: key };
  return { wedge: { ...wedge, burst, lastAtMs: atMs, code: '' }, heard };
}

function ended(wedge: Wedge, end: string, { fast, atMs }: { fast: boolean; atMs: number }): Result {
  if (fast && wedge.burst.length >= SCAN_LENGTH_MIN) {
    const after = { ...WEDGE_START, endedAtMs: atMs, suffixed: true };
    return { wedge: after, heard: { is: 'scan', text: wedge.burst } };
  }
  if (atMs - wedge.endedAtMs <= FAST_MS) return { wedge, heard: { is: 'swallowed' } };
  const after = { ...WEDGE_START, suffixed: wedge.suffixed };
  return { wedge: after, heard: end === 'Enter' ? { is: 'enter' } : null };
}

function ctrlHeld(wedge: Wedge, key: string, { fast, atMs }: { fast: boolean; atMs: number }): Result {
  const meant = WITH_CTRL[key.toLowerCase()];
  const inScan = fast || atMs - wedge.endedAtMs <= FAST_MS;
  // A person's Ctrl+D is a person's; only in the midst of a burst it is a character. GS may also begin one.
  if (meant === undefined || (!inScan && meant !== '\u001d')) return typed(wedge, 'Control', { fast, atMs });
  return typed(wedge, meant, { fast, atMs });
}

function altHeld(wedge: Wedge, key: string, { fast, atMs }: { fast: boolean; atMs: number }): Result {
  if (!/^\d$/.test(key)) return typed(wedge, 'Alt', { fast, atMs });
  const going = fast || wedge.code !== '';
  const code = (wedge.code + key).slice(-4);
  const burst = going ? wedge.burst : '';
  return { wedge: { ...wedge, burst, code, lastAtMs: atMs }, heard: { is: 'swallowed' } };
}

/** Alt was let go: the digits name one character of ASCII. Others are no part of any code of ours. */
function altReleased(wedge: Wedge, atMs: number): Result {
  if (wedge.code === '') return { wedge, heard: null };
  const code = Number(wedge.code);
  const open = { ...wedge, code: '' };
  if (code === 0 || code > 126) return { wedge: open, heard: { is: 'swallowed' } };
  return typed(open, String.fromCharCode(code), { fast: atMs - wedge.lastAtMs <= FAST_MS, atMs });
}
