/** One small set of icons, drawn on a 24-unit grid with one stroke; they never carry meaning alone. */
const SHAPES = {
  check: 'M4 12.5l5.2 5.2L20 6.8',
  cross: 'M5.5 5.5l13 13M18.5 5.5l-13 13',
  warn: 'M12 3.5L22 20.5H2L12 3.5zM12 10v5M12 17.6v.3',
  info: 'M12 2.8a9.2 9.2 0 100 18.4 9.2 9.2 0 000-18.4zM12 11v6M12 7.3v.3',
  parcel: 'M3.5 7.5L12 3l8.5 4.5v9L12 21l-8.5-4.5v-9zM3.5 7.5L12 12l8.5-4.5M12 12v9M7.8 5.2l8.4 4.6',
  door: 'M5 2.8h14v18.4H5zM15.6 11v2.4M2.5 21.2h19',
  doorOpen: 'M5 21.2V2.8h14v18.4M5 2.8l8 2.8v17.2l-8-1.6M10.4 12.6v2M2.5 21.2h2.5M13 21.2h8.5',
  key: 'M8 11.5a4.3 4.3 0 100 8.6 4.3 4.3 0 000-8.6zM11.2 12.8L20 4M16.4 7.6l3 3M14 10l2 2',
  lock: 'M5 10.8h14v10H5zM8 10.8V7.2a4 4 0 018 0v3.6M12 14.6v2.6',
  unlock: 'M5 10.8h14v10H5zM8 10.8V6.8a4 4 0 017.8-1.2M12 14.6v2.6',
  qr: 'M3.5 3.5h6.4v6.4H3.5zM14.1 3.5h6.4v6.4h-6.4zM3.5 14.1h6.4v6.4H3.5zM14 14h2.6v2.6M20.5 14v3M14 20.5h3M20.5 20.3v.2M6.6 6.6h.2M17.2 6.6h.2M6.6 17.2h.2',
  badge: 'M5 6.5h14v14.3H5zM9.5 6.5V3.2h5v3.3M12 10.4a2 2 0 100 4 2 2 0 000-4zM8.4 18.2c.6-2.6 6.6-2.6 7.2 0',
  phone: 'M6.8 2.5h10.4v19H6.8zM10.6 18.6h2.8',
  mail: 'M3 5.5h18v13H3zM3 6l9 7 9-7',
  message: 'M3 4.5h18v12.2h-9.6L6.6 21v-4.3H3z',
  clock: 'M12 2.8a9.2 9.2 0 100 18.4 9.2 9.2 0 000-18.4zM12 7v5.2l3.6 2.2',
  power: 'M12 3v8.4M6.6 6.4a8 8 0 1010.8 0',
  network: 'M2.5 9.4a14 14 0 0119 0M5.8 13.2a9 9 0 0112.4 0M9.1 17a4.2 4.2 0 015.8 0M12 20.3v.2',
  networkOff:
    'M3 3l18 18M2.5 9.4a14 14 0 014-2.7M10.4 5.6a14 14 0 0111.1 3.8M5.8 13.2a9 9 0 014.6-2.3M9.1 17a4.2 4.2 0 015.8 0M12 20.3v.2',
  copy: 'M8.5 8.5h12v12h-12zM15.5 8.5v-5h-12v12h5',
  download: 'M12 3v12M7 10.4l5 5 5-5M4 20.5h16',
  external: 'M13.5 3.5h7v7M20.5 3.5l-9.6 9.6M17.5 13.6v6.9h-14v-14h6.9',
  search: 'M10.5 3.5a7 7 0 100 14 7 7 0 000-14zM15.6 15.6l5 5',
  back: 'M20 12H4.5M11 5l-7 7 7 7',
  forward: 'M4 12h15.5M13 5l7 7-7 7',
  erase: 'M8.4 5.2h12.1v13.6H8.4L2.5 12zM11.6 9l6 6M17.6 9l-6 6',
  person: 'M12 3.2a4.4 4.4 0 100 8.8 4.4 4.4 0 000-8.8zM3.8 20.8c.8-7.4 15.6-7.4 16.4 0',
  leave: 'M13.5 4v-.5h-10v17h10V20M9 12h11.5M16 7.4l4.6 4.6-4.6 4.6',
  again: 'M19.8 9.6A8.2 8.2 0 104 13.8M20.5 3.6v6h-6',
  larger: 'M4 20V10.5h9.5V20zM10 4h10v10M20 4l-6.5 6.5',
  hand: 'M8 12.5V5.6a1.6 1.6 0 013.2 0V11m0-6.6a1.6 1.6 0 013.2 0V11m0-4.8a1.6 1.6 0 013.2 0v8.2c0 4-2.4 6.8-6 6.8-2.8 0-4.4-1.3-5.7-3.7L3.6 13c-.9-1.7 1.5-3 2.6-1.5L8 14',
  accessible: 'M11 3.6a1.4 1.4 0 100 .1M11 7.2v6.4h5.4l2.4 5.6M11 10h4.6M8.6 12.2a5 5 0 106 6.6',
  shield: 'M12 2.8l8 3v5.8c0 4.8-3.3 8-8 9.6-4.7-1.6-8-4.8-8-9.6V5.8zM8.4 12l2.6 2.6 4.8-5',
  jam: 'M14.6 6.2a4.4 4.4 0 015.2-1.6l-3 3 .4 2 2 .4 3-3a4.4 4.4 0 01-6 5l-8.4 8.4a2 2 0 01-2.9-2.9l8.4-8.4a4.4 4.4 0 011.3-2.9z',
  pry: 'M4 20.5L16.4 8.1M14.2 5.9c1.5-2.4 4.3-3 6.3-1.6-2 .4-2.6 1.4-2.4 3.2 1.7.4 2.8-.2 3.2-2.2 1.2 2.1.4 4.8-2 6.2M4 20.5l.3-3.1',
  putIn: 'M4 13.5v7h16v-7M12 3v11M7.4 9.6L12 14.2l4.6-4.6',
  takeOut: 'M4 13.5v7h16v-7M12 14.2V3M7.4 7.6L12 3l4.6 4.6',
  mixed: 'M3 7h4l10 10h4M3 17h4L17 7h4M18.4 4.4L21 7l-2.6 2.6M18.4 14.4L21 17l-2.6 2.6',
  sorted: 'M4 5h5v5H4zM15 5h5v5h-5zM4 14h5v5H4zM15 14h5v5h-5z',
  show: 'M2.5 12c3.6-7.4 15.4-7.4 19 0-3.6 7.4-15.4 7.4-19 0zM12 9a3 3 0 100 6 3 3 0 000-6z',
  hide: 'M2.5 12c3.6-7.4 15.4-7.4 19 0-3.6 7.4-15.4 7.4-19 0zM12 9a3 3 0 100 6 3 3 0 000-6zM4 20L20 4',
} as const;

export type IconName = keyof typeof SHAPES;

/** They point along the line of reading, and turn with it. A round arrow, a door or a key does not. */
const DIRECTED: ReadonlySet<IconName> = new Set(['back', 'forward', 'leave', 'external']);

/** Hidden from assistive technology: the words beside it say the same. */
export function Icon({ name, size = 24 }: { name: IconName; size?: number }) {
  return (
    <svg
      className={DIRECTED.has(name) ? 'k-icon k-icon-directed' : 'k-icon'}
      viewBox="0 0 24 24"
      width={size}
      height={size}
      aria-hidden="true"
      focusable="false"
    >
      <path d={SHAPES[name]} />
    </svg>
  );
}
