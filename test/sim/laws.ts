/** The laws that every step of a simulation is held to, by name. */
export const LAWS = [
  'a pulse follows a durable decision of its own',
  'no pulse outside a session, and no more than its limit',
  'a release has its outcome before the next one of its session',
  'at most one session a code',
  'at most one session a door',
  'a code opens its own door',
  'an open door is on record',
  'custody has one holder',
  'only a word or a sight frees a compartment',
  'an attempt is counted before it is compared',
  'guesses stay within their budgets',
  'rights end with their time',
  'a suspension is obeyed',
  'an order is believed for its signature and its nonce',
  'staff open a door by its order and claim',
  'what is out of service serves staff alone',
  'without room nothing new begins',
  'what happened without room is told afterwards',
  'what is durable stays, in one chain',
  'each record reaches the cloud once, in order',
  'an acknowledgement means committed',
  'an honest batch is taken',
  'a code is bound to its grant and told once',
  'after the faults everything is drained',
  'nothing throws',
] as const;
export type Law = (typeof LAWS)[number];

export type Breach = { law: Law; bank: string; detail: string };
