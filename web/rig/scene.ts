/** What the page has seen, and where the tour stands by it: each event is taken in order and none is skipped. */
import type { RigMessage, RigState } from '../../src/contract/rig.ts';
import { type Sight, seenAfter } from './seen.ts';
import { BEGIN, type Seen, type Tour, tourAfter } from './tour-steps.ts';

export type Scene = Seen & { tour: Tour; seen: readonly Sight[] };

export type SceneEvent =
  | { kind: 'state'; state: RigState }
  | { kind: 'message'; message: RigMessage }
  /** Everything that lies in the phone. */
  | { kind: 'messages'; messages: readonly RigMessage[] }
  | { kind: 'tour-begun' }
  | { kind: 'tour-ended' };

export function sceneAfter(scene: Scene, event: SceneEvent): Scene {
  const next = changed(scene, event);
  return { ...next, tour: tourAfter(next.tour, next) };
}

function changed(scene: Scene, event: SceneEvent): Scene {
  switch (event.kind) {
    case 'state':
      return { ...scene, state: event.state, seen: seenAfter(scene.seen, scene.state, event.state) };
    case 'message': {
      const others = scene.messages.filter(({ id }) => id !== event.message.id);
      return { ...scene, messages: [event.message, ...others] };
    }
    case 'messages':
      return { ...scene, messages: event.messages };
    case 'tour-begun':
      return { ...scene, tour: BEGIN };
    case 'tour-ended':
      return { ...scene, tour: { ...scene.tour, at: null } };
  }
}
