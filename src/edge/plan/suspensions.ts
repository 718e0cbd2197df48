/** How a suspension ends: by its own time, by the cloud that asked for it, by a roster, or by an order. */
import type { Draft } from './draft.ts';

export function endSuspension(draft: Draft, id: string, by: 'time' | 'cloud' | 'roster' | 'order'): void {
  const suspension = Object.hasOwn(draft.state.suspension, id) ? draft.state.suspension[id] : undefined;
  if (!suspension) return;
  draft.record({
    kind: 'suspension.ended',
    facts: { scope: suspension.scope, by },
    ...(suspension.subject === null ? {} : { fields: { subject: suspension.subject } }),
    ...(suspension.compartment === null ? {} : { compartment: suspension.compartment }),
  });
  draft.drop('suspension', id);
  draft.effect({ do: 'hello' });
}

export function suspensionsOverdue(draft: Draft): void {
  for (const suspension of Object.values(draft.state.suspension)) {
    if (suspension.untilMs <= draft.nowMs) endSuspension(draft, suspension.id, 'time');
  }
}
