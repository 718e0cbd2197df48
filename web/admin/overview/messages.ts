/** The words of the overview, and of doors wherever they are drawn or listed. */
import { translationOf, translator } from '../../kit/words.ts';

export const TEXTS = {
  'overview.lead': 'What needs a person, and every bank as it stands now. Nothing here moves a latch.',
  'overview.attention': 'Needs attention',
  'overview.quiet': 'Nothing needs you now.',
  'overview.allAttention': { one: 'The whole list: {count} entry', other: 'The whole list: {count} entries' },
  'overview.map': 'Site map',
  'overview.empty': 'No bank is enrolled at any site yet.',
  'overview.site': '{site}: {banks}',
  'overview.banks': { one: '{count} bank', other: '{count} banks' },
  'overview.offline': 'offline, last heard {when}',
  'overview.never': 'never',
  'overview.online': 'online',
  'overview.doorsOf': 'Doors of {name}',
  'overview.table': 'Doors of {name} as a table',
  'overview.tally': '{count} {state}',
  'overview.sensed': 'door {sensed}',
  'overview.legend': 'What the doors mean',
  'overview.atBank': '{name}: {condition}',

  'doors.n': 'Door',
  'doors.size': 'Size',
  'doors.standing': 'Compartment',
  'doors.sensed': 'Door sensed',
  'doors.alarms': 'Alarms',
  'doors.since': 'Since',
  'doors.until': 'To be collected until',
  'doors.parcel': 'Parcel',
  'doors.parcelOf': 'Open: the parcel behind door {n}',
  'doors.open': 'Open',
  'doors.said': '{standing}, door {sensed}',

  'standing.empty': 'empty',
  'standing.reserved': 'reserved',
  'standing.occupied': 'occupied',
  'standing.overdue': 'overdue',
  'standing.held': 'held for staff',
  'standing.off': 'out of service',
  'standing.alarm': 'alarm',

  'sensed.open': 'open',
  'sensed.closed': 'closed',
  'sensed.unknown': 'not known',

  'condition.forced': 'opened by force',
  'condition.ajar': 'left open',
  'condition.jammed': 'latch stuck',
  'condition.tamper': 'tampered with',
  'condition.impact': 'struck',
  'condition.power': 'power lost',
  'condition.clock': 'clock made a step',
  'condition.journal': 'journal full',
  'condition.board': 'lock board silent',
  'condition.guessing': 'codes are guessed',
  'condition.override': 'a rule was bypassed',
  'condition.fork': 'journal says two things',
  'condition.gap': 'records missing',
  'condition.rollback': 'journal went back',
  'condition.climate': 'too hot, cold or wet',
  'condition.log': 'disputes the log',
  'condition.discrepancy': 'records do not fit',
  'condition.other': '{condition}',
} as const;

export const t = translator(TEXTS);
/** For the tables of other languages, under `web/admin/words`. */
export const inOtherWords = translationOf<typeof TEXTS>();

const CONDITIONS = [
  ...(['forced', 'ajar', 'jammed', 'tamper', 'impact', 'power', 'clock', 'journal', 'board'] as const),
  ...(['guessing', 'override', 'fork', 'gap', 'rollback', 'climate', 'log', 'discrepancy'] as const),
];

/** A condition in words; one of a newer cloud keeps its own. */
export function conditionText(condition: string): string {
  const known = CONDITIONS.find((one) => one === condition);
  return known ? t(`condition.${known}`) : t('condition.other', { condition });
}
