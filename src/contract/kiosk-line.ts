/** Apart from `kiosk.ts`, so that the page need not carry what reads and checks a view. */

/** The kiosk's stream carries a view this often, had nothing changed. A page that hears none for twice as long is not heard. */
export const KIOSK_HEARTBEAT_MS = 15_000;
