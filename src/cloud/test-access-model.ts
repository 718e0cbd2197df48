/**
 * Who may do what, once more, and by another hand: written from docs/reference/access.md, rule by rule, and
 * never from the table that it judges. It must not import access.ts.
 */

/** `tenant`: the organisation that is reached into; null for none. */
export type Asked = {
  role: string;
  ofTenant: string | null;
  method: string;
  url: string;
  tenant: string | null;
};
export type Answer = 'allowed' | 'session-absent' | 'tenant-foreign';

const SIGNING_IN = /^\/api\/(admin\/sign-in|(resident|courier)\/sign-in(\/ask)?)$/;

/** The roles of the rule that a route falls under, and whether they stay within their own organisation. */
function ruleFor(method: string, url: string): { roles: readonly string[] | 'all'; within: boolean } {
  const asked = `${method} ${url}`;
  // Rule 1.
  if (method === 'GET' && ['/api', '/api/health', '/api/ready', '/openapi.json'].includes(url))
    return { roles: 'all', within: false };
  if (asked === 'GET /log/*') return { roles: 'all', within: false };
  if (method === 'POST' && SIGNING_IN.test(url)) return { roles: 'all', within: false };
  // Rule 2.
  if (asked === 'GET /metrics' || asked === 'GET /api/start') return { roles: ['machine'], within: false };
  // Rule 3.
  const resident = [
    'POST sign-out',
    'GET session',
    'GET me',
    'PATCH me',
    'GET parcels',
    'GET parcels/:id/receipt',
  ];
  if (url.startsWith('/api/resident/') && resident.includes(asked.replace('/api/resident/', '')))
    return { roles: ['resident'], within: true };
  // Rule 4.
  const courier = [
    'POST sign-out',
    'GET session',
    'GET me',
    'GET banks',
    'GET drops',
    'GET drops/:id/receipt',
  ];
  if (url.startsWith('/api/courier/') && courier.includes(asked.replace('/api/courier/', '')))
    return { roles: ['courier'], within: true };
  // Rule 5.
  if (url.startsWith('/api/admin/')) return { roles: ['admin', 'super-admin'], within: true };
  // Rule 6.
  if (url.startsWith('/api/operator/')) return { roles: ['operator'], within: false };
  // Rule 7.
  if (asked === 'POST /api/enrolments') return { roles: ['bank'], within: false };
  // Rule 8: there is no route outside these rules.
  throw new Error(`docs/reference/access.md says nothing of ${asked}`);
}

export function modelled({ role, ofTenant, method, url, tenant }: Asked): Answer {
  const { roles, within } = ruleFor(method, url);
  if (roles !== 'all' && !roles.includes(role)) return 'session-absent';
  if (!within) return 'allowed';
  return ofTenant !== null && ofTenant === tenant ? 'allowed' : 'tenant-foreign';
}

/** Whether a refusal is told as a thing that is not there: routes of the machine, and enrolment without TLS. */
export function isHidden(url: string): boolean {
  return url === '/metrics' || url === '/api/start' || url === '/api/enrolments';
}

/** A change has to come from one of our own pages, unless no cookie is looked at. */
export function needsOwnPage(method: string, url: string): boolean {
  return method !== 'GET' && !url.startsWith('/api/operator/') && url !== '/api/enrolments';
}
