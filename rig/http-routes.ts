/** The rig's endpoints. Whatever changes the cabinet goes through `Cabinet`, which tells everyone. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import {
  type RigCast,
  type RigDoor,
  type RigState,
  rigCarriers,
  rigDoor,
  rigFault,
  rigLineChange,
  rigMessage,
  rigNetwork,
  rigParcelMove,
  rigPower,
  rigScan,
  rigState,
} from '../src/contract/rig.ts';
import type { Clock } from '../src/platform/clock.ts';
import { totpAt } from './authenticator.ts';
import type { Cabinet } from './cabinet.ts';
import { type Carriers, rigCarriersChange } from './carriers.ts';
import { eventStreams } from './events.ts';
import type { Onlooker } from './kiosk.ts';
import type { MessageBox } from './messages.ts';
import type { HandAct } from './metal.ts';
import { problemAnswer, type RigProblem, refuse } from './problem.ts';
import type { Scanner } from './scanner.ts';

export type ApiDeps = {
  cabinet: Cabinet;
  box: MessageBox;
  carriers: Carriers;
  kiosk: Onlooker;
  scanner: Scanner;
  clock: Clock;
  boards: RigState['boards'];
  serialPath: string | null;
  cast: RigCast | null;
  links: Record<string, string>;
  /** Called when the cabinet's power was switched, after the switch. */
  onPower(on: boolean): void | Promise<void>;
};

type Api = ReturnType<typeof typed>;

const doorParams = z.strictObject({ n: z.coerce.number().int().positive() });
const doorAnswers = { 200: rigDoor, 404: problemAnswer, 409: problemAnswer, 422: problemAnswer };

/** How many readers were connected when the scanner spoke. */
const scanned = z.strictObject({ listeners: z.int().nonnegative() });
const totpCode = z.strictObject({ code: z.string(), secondsLeft: z.int() });

export function apiRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const api = typed(app);
  const state = (): RigState => ({
    doors: deps.cabinet.doors(),
    power: deps.cabinet.powered(),
    network: deps.cabinet.networkUp(),
    boards: deps.boards,
    serialPath: deps.serialPath,
    line: deps.cabinet.line(),
    carriers: { ...deps.carriers },
    kiosk: deps.kiosk.seen(),
    cast: deps.cast,
    links: deps.links,
  });
  doorRoutes(api, deps.cabinet);
  switchRoutes(api, deps, state);
  const streams = eventStreams({ ...deps, state });
  phoneRoutes(api, { ...deps, changed: streams.tellState });
  api.get('/state', { schema: { summary: 'Everything the page shows', response: { 200: rigState } } }, state);
  api.get('/events', {
    schema: {
      summary: 'Server-sent events: state at once and after any change, message for each new one',
      response: { 503: problemAnswer },
    },
    handler: async (_request, reply) => {
      return streams.open(reply) ? undefined : refuse(reply, 503, 'Too many pages are listening already.');
    },
  });
  app.addHook('preClose', async () => streams.stop());
}

function typed(app: FastifyInstance) {
  return app.withTypeProvider<ZodTypeProvider>();
}

const DOOR_ACTS = {
  open: 'Pulls a door open, where its latch lets it',
  close: 'Pushes a door shut',
  jam: 'Makes a latch stick',
  unjam: 'Frees a latch that sticks',
  pry: 'Forces a door open without its latch',
} as const;

function doorRoutes(api: Api, cabinet: Cabinet): void {
  api.get(
    '/doors',
    { schema: { summary: 'The doors as they are', response: { 200: z.array(rigDoor) } } },
    () => cabinet.doors(),
  );
  for (const act of ['open', 'close', 'jam', 'unjam', 'pry'] as const) {
    api.post(`/doors/:n/${act}`, {
      schema: { summary: DOOR_ACTS[act], params: doorParams, response: doorAnswers },
      handler: (request, reply) => byHand(reply, cabinet, request.params.n, { do: act }),
    });
  }
  api.post('/doors/:n/fault', {
    schema: { summary: 'Sets a door’s fault', params: doorParams, body: rigFault, response: doorAnswers },
    handler: (request, reply) =>
      byHand(reply, cabinet, request.params.n, { do: 'fault', fault: request.body.fault }),
  });
  api.post('/parcels/:n', {
    schema: {
      summary: 'Puts a thing through an open door, or takes one out',
      params: doorParams,
      body: rigParcelMove,
      response: doorAnswers,
    },
    handler: (request, reply) => byHand(reply, cabinet, request.params.n, request.body),
  });
}

type Answer = Parameters<typeof refuse>[0];

async function byHand(
  reply: Answer,
  cabinet: Cabinet,
  n: number,
  act: HandAct,
): Promise<RigDoor | RigProblem> {
  const nowhere = () => refuse(reply, 404, `This cabinet has no door ${n}.`);
  if (!cabinet.compartment(n)) return nowhere();
  const result = await cabinet.hand(n, act);
  if (!result.moved) return refuse(reply, 409, result.why);
  return cabinet.door(n) ?? nowhere();
}

function switchRoutes(api: Api, deps: ApiDeps, state: () => RigState): void {
  const { cabinet } = deps;
  api.post('/power', {
    schema: { summary: 'Switches the cabinet’s power', body: rigPower, response: { 200: rigState } },
    handler: async (request) => {
      const { on } = request.body;
      if (cabinet.turn('power', on)) await deps.onPower(on);
      return state();
    },
  });
  api.post('/network', {
    schema: { summary: 'Switches the cabinet’s router', body: rigNetwork, response: { 200: rigState } },
    handler: (request) => {
      cabinet.turn('network', request.body.up);
      return state();
    },
  });
  api.post('/line', {
    schema: {
      summary: 'Makes the lock boards’ line noisy, torn or mute, or well again',
      body: rigLineChange,
      response: { 200: rigState },
    },
    handler: (request) => {
      cabinet.disturb(request.body);
      return state();
    },
  });
  api.post('/scan', {
    schema: {
      summary: 'Holds a code under the cabinet’s reader',
      body: rigScan,
      response: { 200: scanned, 409: problemAnswer },
    },
    handler: async (request, reply) => {
      if (!cabinet.powered()) return refuse(reply, 409, 'The cabinet has no power, so its reader is dark.');
      return { listeners: deps.scanner.scan(request.body.text) };
    },
  });
}

type PhoneDeps = ApiDeps & { changed(): void };

function phoneRoutes(api: Api, { box, carriers, cast, clock, changed }: PhoneDeps): void {
  api.get('/messages', {
    schema: { summary: 'What the phone has received, newest first', response: { 200: z.array(rigMessage) } },
    handler: () => box.list(),
  });
  api.delete('/messages', {
    schema: { summary: 'Forgets every message', response: { 204: z.null() } },
    handler: async (_request, reply) => {
      await box.clear();
      reply.code(204);
      return null;
    },
  });
  api.post('/carriers', {
    schema: {
      summary: 'Makes mail or SMS work, or refuse',
      body: rigCarriersChange,
      response: { 200: rigCarriers },
    },
    handler: (request) => {
      carriers.mail = request.body.mail ?? carriers.mail;
      carriers.sms = request.body.sms ?? carriers.sms;
      changed();
      return carriers;
    },
  });
  api.get('/totp', {
    schema: {
      summary: 'What the administrator’s authenticator shows now',
      response: { 200: totpCode, 404: problemAnswer },
    },
    handler: async (_request, reply) => {
      if (!cast) return refuse(reply, 404, 'This rig was started without people, so nobody has a code.');
      return totpAt(cast.admin.totpSecret, clock.nowMs());
    },
  });
}
