/**
 * The SMS gateway that the cloud hands text messages to, in front of the same phone. The format is
 * `contract/sms.ts`; a carrier's own would differ in names only.
 */
import Fastify, { type FastifyInstance } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { smsAccepted, smsSend } from '../src/contract/sms.ts';
import type { Log } from '../src/platform/log.ts';
import type { Carriers } from './carriers.ts';
import { LOOPBACK, type RigConfig } from './config.ts';
import { cannotListen, portOf } from './loopback.ts';
import type { MessageBox } from './messages.ts';
import { answerWithProblems, problemAnswer, refuse, sendProblem } from './problem.ts';
import { sameSecret } from './secret.ts';

export type SmsDeps = {
  config: Pick<RigConfig, 'smsPort' | 'smsToken'>;
  box: MessageBox;
  carriers: Carriers;
  log: Log;
};

export type SmsGateway = { port: number; stop(): Promise<void> };

/** What a phone shows as the sender; with a carrier it belongs to the account, not to the message. */
const SENDER = 'Holdfast';

/** 1,600 characters of four bytes each, and the rest. */
const BODY_BYTES_MAX = 16_384;

const OTHER_METHODS = ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

export async function startSms(deps: SmsDeps): Promise<SmsGateway> {
  const app = Fastify({ logger: false, bodyLimit: BODY_BYTES_MAX, forceCloseConnections: true });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  answerWithProblems(app, deps.log);
  routes(app, deps);
  const where = { what: 'The SMS gateway', port: deps.config.smsPort };
  await app.listen({ port: where.port, host: LOOPBACK }).catch((cause: unknown) => {
    throw cannotListen(where, cause);
  });
  return { port: portOf(app.server), stop: () => app.close() };
}

function routes(app: FastifyInstance, { config, box, carriers }: SmsDeps): void {
  app.withTypeProvider<ZodTypeProvider>().post('/messages', {
    schema: { body: smsSend, response: { 202: smsAccepted, 503: problemAnswer } },
    // Before the body is even read: a stranger learns nothing about what would be valid.
    onRequest: async (request, reply) => {
      const presented = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
      if (sameSecret(presented, config.smsToken)) return;
      reply.header('www-authenticate', 'Bearer');
      return sendProblem(reply, 401, 'The bearer token is missing or wrong.');
    },
    handler: async (request, reply) => {
      if (carriers.sms === 'down') return refuse(reply, 503, 'The gateway is down; try again later.');
      const { to, text, reference } = request.body;
      const plain = {
        channel: 'sms' as const,
        from: SENDER,
        subject: null,
        html: null,
        images: [],
        qr: null,
      };
      const id = await box.receive({ ...plain, to, text, reference });
      reply.code(202);
      return { id, reference };
    },
  });
  app.route({
    method: [...OTHER_METHODS],
    url: '/messages',
    handler: (request, reply) => {
      reply.header('allow', 'POST');
      return sendProblem(reply, 405, `Messages are sent with POST, not ${request.method}.`);
    },
  });
}
