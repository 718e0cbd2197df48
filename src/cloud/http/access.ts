/**
 * Who may do what: every route of the cloud, and in each column a role. This table is the whole of it.
 * `decide` reads it and nothing else; it is pure, and it is asked twice: at the gate (gate.ts), and again
 * whenever a handler opens a transaction, with the tenant that the transaction is of.
 *
 *   no   not for this role
 *   own  within the asker's own organisation, and in no transaction without one
 *   any  over all organisations: what is asked leads to one, or to none
 *
 * A route that is missing here does not compile (http.ts, `route`) and does not start (gate.ts,
 * `guardRoutes`). What the columns mean in words: docs/reference/access.md, from which the test's own model
 * was written.
 */
import type { TenantId } from '../../domain/ids.ts';

export const ROLES = [
  'nobody',
  'machine',
  'resident',
  'courier',
  'admin',
  'super-admin',
  'operator',
  'bank',
] as const;
export type Role = (typeof ROLES)[number];

const no = 'no';
const own = 'own';
const any = 'any';
type Cell = typeof no | typeof own | typeof any;
type Row = readonly [Cell, Cell, Cell, Cell, Cell, Cell, Cell, Cell];
export type AccessTable = Readonly<Record<string, Row>>;

// biome-ignore format: the columns are read down.
export const ACCESS = {
  //                                     nobody machine resident courier admin super operator bank
  'GET /api':                             [any,   any,   any,   any,   any,   any,   any,   any],
  'GET /api/health':                      [any,   any,   any,   any,   any,   any,   any,   any],
  'GET /api/ready':                       [any,   any,   any,   any,   any,   any,   any,   any],
  'GET /openapi.json':                    [any,   any,   any,   any,   any,   any,   any,   any],
  'GET /log/*':                           [any,   any,   any,   any,   any,   any,   any,   any],
  'GET /metrics':                         [no,    any,   no,    no,    no,    no,    no,    no],
  'GET /api/start':                       [no,    any,   no,    no,    no,    no,    no,    no],

  'POST /api/admin/sign-in':              [any,   any,   any,   any,   any,   any,   any,   any],
  'POST /api/resident/sign-in/ask':       [any,   any,   any,   any,   any,   any,   any,   any],
  'POST /api/resident/sign-in':           [any,   any,   any,   any,   any,   any,   any,   any],
  'POST /api/courier/sign-in/ask':        [any,   any,   any,   any,   any,   any,   any,   any],
  'POST /api/courier/sign-in':            [any,   any,   any,   any,   any,   any,   any,   any],

  'POST /api/resident/sign-out':          [no,    no,    own,   no,    no,    no,    no,    no],
  'GET /api/resident/session':            [no,    no,    own,   no,    no,    no,    no,    no],
  'GET /api/resident/me':                 [no,    no,    own,   no,    no,    no,    no,    no],
  'PATCH /api/resident/me':               [no,    no,    own,   no,    no,    no,    no,    no],
  'GET /api/resident/parcels':            [no,    no,    own,   no,    no,    no,    no,    no],
  'GET /api/resident/parcels/:id/receipt':[no,    no,    own,   no,    no,    no,    no,    no],

  'POST /api/courier/sign-out':           [no,    no,    no,    own,   no,    no,    no,    no],
  'GET /api/courier/session':             [no,    no,    no,    own,   no,    no,    no,    no],
  'GET /api/courier/me':                  [no,    no,    no,    own,   no,    no,    no,    no],
  'GET /api/courier/banks':               [no,    no,    no,    own,   no,    no,    no,    no],
  'GET /api/courier/drops':               [no,    no,    no,    own,   no,    no,    no,    no],
  'GET /api/courier/drops/:id/receipt':   [no,    no,    no,    own,   no,    no,    no,    no],

  'POST /api/admin/sign-out':             [no,    no,    no,    no,    own,   own,   no,    no],
  'GET /api/admin/session':               [no,    no,    no,    no,    own,   own,   no,    no],
  'GET /api/admin/me':                    [no,    no,    no,    no,    own,   own,   no,    no],
  'GET /api/admin/attention':             [no,    no,    no,    no,    own,   own,   no,    no],
  'GET /api/admin/alarms':                [no,    no,    no,    no,    own,   own,   no,    no],
  'POST /api/admin/banks/:id/alarms/care':[no,    no,    no,    no,    own,   own,   no,    no],
  'POST /api/admin/banks/:id/alarms/end': [no,    no,    no,    no,    own,   own,   no,    no],
  'GET /api/admin/odds':                  [no,    no,    no,    no,    own,   own,   no,    no],
  'GET /api/admin/rosters':               [no,    no,    no,    no,    own,   own,   no,    no],
  'GET /api/admin/notices':               [no,    no,    no,    no,    own,   own,   no,    no],
  'POST /api/admin/notices/:id/again':    [no,    no,    no,    no,    own,   own,   no,    no],
  'GET /api/admin/events':                [no,    no,    no,    no,    own,   own,   no,    no],
  'GET /api/admin/journal':               [no,    no,    no,    no,    own,   own,   no,    no],
  'GET /api/admin/banks':                 [no,    no,    no,    no,    own,   own,   no,    no],
  'GET /api/admin/banks/:id':             [no,    no,    no,    no,    own,   own,   no,    no],
  'POST /api/admin/banks/:id/suspend':    [no,    no,    no,    no,    own,   own,   no,    no],
  'POST /api/admin/banks/:id/lift':       [no,    no,    no,    no,    own,   own,   no,    no],
  'POST /api/admin/banks/:id/doors/:n/suspend':[no,no,   no,    no,    own,   own,   no,    no],
  'POST /api/admin/banks/:id/doors/:n/lift':[no,  no,    no,    no,    own,   own,   no,    no],
  'GET /api/admin/banks/:id/orders':      [no,    no,    no,    no,    own,   own,   no,    no],
  'GET /api/admin/map':                   [no,    no,    no,    no,    own,   own,   no,    no],
  'GET /api/admin/banks/:id/counts':      [no,    no,    no,    no,    own,   own,   no,    no],
  'POST /api/admin/banks/:id/resolutions':[no,    no,    no,    no,    own,   own,   no,    no],
  'GET /api/admin/discrepancies':         [no,    no,    no,    no,    own,   own,   no,    no],
  'GET /api/admin/parcels':               [no,    no,    no,    no,    own,   own,   no,    no],
  'GET /api/admin/parcels/:id':           [no,    no,    no,    no,    own,   own,   no,    no],
  'GET /api/admin/parcels/:id/receipt':   [no,    no,    no,    no,    own,   own,   no,    no],
  'GET /api/admin/parcels/:id/holds':     [no,    no,    no,    no,    own,   own,   no,    no],
  'POST /api/admin/parcels/:id/hold':     [no,    no,    no,    no,    own,   own,   no,    no],
  'POST /api/admin/parcels/:id/release':  [no,    no,    no,    no,    own,   own,   no,    no],
  'GET /api/admin/parcels/:id/proofs':    [no,    no,    no,    no,    own,   own,   no,    no],
  'GET /api/admin/parcels/:id/evidence':  [no,    no,    no,    no,    own,   own,   no,    no],
  'POST /api/admin/parcels/:id/evidence': [no,    no,    no,    no,    own,   own,   no,    no],
  'POST /api/admin/evidence/:id/file':    [no,    no,    no,    no,    own,   own,   no,    no],
  'GET /api/admin/log/*':                 [no,    no,    no,    no,    own,   own,   no,    no],
  'GET /api/admin/log-witnesses':         [no,    no,    no,    no,    own,   own,   no,    no],
  'GET /api/admin/log-growth':            [no,    no,    no,    no,    own,   own,   no,    no],
  'GET /api/admin/records':               [no,    no,    no,    no,    own,   own,   no,    no],
  'GET /api/admin/records/arrived':       [no,    no,    no,    no,    own,   own,   no,    no],
  'GET /api/admin/records/:id':           [no,    no,    no,    no,    own,   own,   no,    no],
  'GET /api/admin/records/:id/proof':     [no,    no,    no,    no,    own,   own,   no,    no],
  'GET /api/admin/usage':                 [no,    no,    no,    no,    own,   own,   no,    no],
  'GET /api/admin/people':                [no,    no,    no,    no,    own,   own,   no,    no],
  'POST /api/admin/people':               [no,    no,    no,    no,    own,   own,   no,    no],
  'GET /api/admin/people/alike':          [no,    no,    no,    no,    own,   own,   no,    no],
  'POST /api/admin/people/import':        [no,    no,    no,    no,    own,   own,   no,    no],
  'POST /api/admin/people/import/preview':[no,    no,    no,    no,    own,   own,   no,    no],
  'PATCH /api/admin/people/:id':          [no,    no,    no,    no,    own,   own,   no,    no],
  'DELETE /api/admin/people/:id':         [no,    no,    no,    no,    own,   own,   no,    no],
  'GET /api/admin/people/:id/privacy':    [no,    no,    no,    no,    own,   own,   no,    no],
  'POST /api/admin/people/:id/erase':     [no,    no,    no,    no,    own,   own,   no,    no],
  'POST /api/admin/people/:id/hold':      [no,    no,    no,    no,    own,   own,   no,    no],
  'POST /api/admin/people/:id/release':   [no,    no,    no,    no,    own,   own,   no,    no],
  'GET /api/admin/privacy':               [no,    no,    no,    no,    own,   own,   no,    no],
  'POST /api/admin/privacy':              [no,    no,    no,    no,    own,   own,   no,    no],
  'POST /api/admin/exports/preview':      [no,    no,    no,    no,    own,   own,   no,    no],
  'POST /api/admin/exports':              [no,    no,    no,    no,    own,   own,   no,    no],
  'GET /api/admin/exports':               [no,    no,    no,    no,    own,   own,   no,    no],
  'GET /api/admin/exports/:id/file':      [no,    no,    no,    no,    own,   own,   no,    no],
  'POST /api/admin/exports/:id/discard':  [no,    no,    no,    no,    own,   own,   no,    no],
  'GET /api/admin/couriers':              [no,    no,    no,    no,    own,   own,   no,    no],
  'POST /api/admin/couriers':             [no,    no,    no,    no,    own,   own,   no,    no],
  'POST /api/admin/couriers/:id/suspend': [no,    no,    no,    no,    own,   own,   no,    no],
  'POST /api/admin/couriers/:id/lift':    [no,    no,    no,    no,    own,   own,   no,    no],
  'DELETE /api/admin/couriers/:id':       [no,    no,    no,    no,    own,   own,   no,    no],

  'GET /api/operator/rosters/:site/draft':[no,    no,    no,    no,    no,    no,    any,   no],
  'PUT /api/operator/rosters/:site':      [no,    no,    no,    no,    no,    no,    any,   no],
  'GET /api/operator/sites/:site/banks':  [no,    no,    no,    no,    no,    no,    any,   no],
  'GET /api/operator/banks/:bank':        [no,    no,    no,    no,    no,    no,    any,   no],
  'GET /api/operator/banks/:bank/orders': [no,    no,    no,    no,    no,    no,    any,   no],
  'PUT /api/operator/banks/:bank/orders': [no,    no,    no,    no,    no,    no,    any,   no],

  'POST /api/enrolments':                 [no,    no,    no,    no,    no,    no,    no,    any],
} as const satisfies AccessTable;

/** How a request shows who sends it; gate.ts says what each takes. */
export type Access = 'public' | 'machine' | 'resident' | 'courier' | 'admin' | 'operator' | 'bank';

/** A role shows itself in one way; an administrator of either kind by the session of the admin app. */
const SHOWN_BY: Readonly<Record<Role, Access>> = {
  nobody: 'public',
  machine: 'machine',
  resident: 'resident',
  courier: 'courier',
  admin: 'admin',
  'super-admin': 'admin',
  operator: 'operator',
  bank: 'bank',
};

/** The same as a type, column by column, so that a route's file is compiled against the table. */
export type AccessOf<R> = R extends Row
  ? R[0] extends 'no'
    ? R[1] extends 'no'
      ? R[2] extends 'no'
        ? R[3] extends 'no'
          ? R[4] extends 'no'
            ? R[5] extends 'no'
              ? R[6] extends 'no'
                ? 'bank'
                : 'operator'
              : 'admin'
            : 'admin'
          : 'courier'
        : 'resident'
      : 'machine'
    : 'public'
  : never;

/** What the gate asks a request of this route to show: what the first role that may come in shows. */
export function accessOf(table: AccessTable, route: string): Access | undefined {
  const row = rowOf(table, route);
  const first = ROLES.find((_, column) => row !== undefined && row[column] !== 'no');
  return first && SHOWN_BY[first];
}

function rowOf(table: AccessTable, route: string): Row | undefined {
  return Object.hasOwn(table, route) ? table[route] : undefined;
}

/** Who asks: a role, and the organisation that the sign-in belongs to, if it belongs to one. */
export type Asker = { role: Role; tenant: TenantId | null };
/** `tenant` is the organisation that is reached into; null when none is. */
export type Question = { asker: Asker; route: string; tenant: TenantId | null };
export type Verdict =
  | { allow: true }
  | { allow: false; reason: 'session-absent' | 'role-may-not' | 'tenant-foreign' };

const ALLOWED: Verdict = { allow: true };

/** Whether the asker may. A route without a row is a bug and not a denial: such a program does not start. */
export function decide(table: AccessTable, { asker, route, tenant }: Question): Verdict {
  const row = rowOf(table, route);
  if (!row) throw new Error(`${route} has no row in the table of access`);
  const cell = row[ROLES.indexOf(asker.role)] ?? 'no';
  switch (cell) {
    case 'any':
      return ALLOWED;
    case 'own':
      if (tenant !== null && tenant === asker.tenant) return ALLOWED;
      return { allow: false, reason: 'tenant-foreign' };
    case 'no':
      // Who shows the right kind of sign-in and is still not let in has the wrong role; others have to sign in.
      return {
        allow: false,
        reason: SHOWN_BY[asker.role] === accessOf(table, route) ? 'role-may-not' : 'session-absent',
      };
  }
}
