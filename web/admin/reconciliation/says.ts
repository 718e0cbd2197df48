/** What does not fit, and where, in words. */
import type { Discrepancies } from '../session.ts';
import { t } from './messages.ts';

export type Discrepancy = Discrepancies['items'][number];
export type Placed = Pick<Discrepancy, 'bankName' | 'compartment'>;

export function whereText({ bankName: bank, compartment: n }: Placed): string {
  return n === null ? t('reconcile.whole', { bank }) : t('reconcile.at', { bank, n });
}

export function whatText({ kind, what }: Pick<Discrepancy, 'kind' | 'what'>): string {
  return what === null ? t(`kind.${kind}`) : t(`what.${what}`);
}
