/** A parcel's own card: whether it is held, and holding it. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { z } from 'zod';
import type * as contract from '../../../src/contract/http/privacy.ts';
import { Card } from '../../kit/card.tsx';
import { Answered } from '../../kit/session/problem.tsx';
import { session } from '../session.ts';
import { HoldForm, Holds } from './holding.tsx';
import { t } from './messages.ts';

type ParcelHolds = z.infer<typeof contract.parcelHolds>;

export function ParcelHoldsCard({ id }: { id: string }) {
  const [said, setSaid] = useState('');
  const path = session.path(`parcels/${encodeURIComponent(id)}`);
  const standing = useQuery({
    queryKey: ['parcels', 'holds', id],
    queryFn: ({ signal }) => session.api.get<ParcelHolds>(`${path}/holds`, signal),
  });
  return (
    <Card title={t('parcel.title')}>
      <Answered query={standing}>
        {({ holds }) => (
          <div className="k-stack">
            <Holds holds={holds} none={t('parcel.noHold')} />
            <HoldForm
              {...{ path, isHeld: holds.length > 0, topic: 'parcels' }}
              onDone={(stands) => setSaid(t(stands ? 'parcel.placed' : 'parcel.lifted'))}
            />
          </div>
        )}
      </Answered>
      <p role="status" className="k-muted">
        {said}
      </p>
    </Card>
  );
}
