/** The words of the plots. */
import { translationOf, translator } from '../../kit/words.ts';

export const TEXTS = {
  'usage.lead':
    'How full the banks were, and how long parcels lay in them. Numbers only: no person and no parcel.',
  'usage.period': 'Period',
  'usage.days.1': '24 hours, by the hour',
  'usage.days.7': '7 days, by 6 hours',
  'usage.days.30': '30 days, by the day',
  'usage.days.90': '90 days, by the day',
  'usage.site': 'Site',
  'usage.bank': 'Bank',
  'usage.all': 'All',

  'usage.occupancy': 'Occupancy',
  'usage.occupancySays':
    'Compartments with a parcel inside, from {from} to {to}: {average} on average, {peak} at most, of {compartments}.',
  'usage.average': 'average',
  'usage.peak': 'at most',
  'usage.limit': 'doors there are: {count}',
  'usage.averageFull': 'Full on average',
  'usage.percent': '{percent} %',
  'usage.mostFull': 'Most full',
  'usage.mostOf': '{peak} of {compartments}',
  'usage.deposited': 'Parcels put in',
  'usage.ended': 'Parcels taken out',
  'usage.steps': 'Occupancy, step by step',
  'usage.from': 'From',
  'usage.averageHead': 'Average inside',
  'usage.peakHead': 'Most inside',
  'usage.stepsAsTable': 'Occupancy as a table',
  'usage.until': 'The last step runs still, and is shown as far as it has come.',
  'usage.noBank': 'There is no bank here yet.',

  'usage.dwell': 'How long parcels lie',
  'usage.dwellSays':
    'Of the {collected} parcels that were collected in that time, half lay no longer than {median}, and nine in ten no longer than {long}.',
  'usage.dwellNone': 'No parcel was collected in that time.',
  'usage.median': 'Half lay no longer than',
  'usage.long': 'Nine in ten lay no longer than',
  'usage.collected': 'Collected in that time',
  'usage.inside': 'Inside now, not in the plot',
  'usage.binFirst': 'under {to}',
  'usage.bin': '{from} to {to}',
  'usage.binLast': '{from} or more',
  'usage.dwellHead': 'Lay inside for',
  'usage.countHead': 'Parcels',
  'usage.dwellAsTable': 'How long parcels lie, as a table',
} as const;

export const t = translator(TEXTS);
/** For the tables of other languages, under `web/admin/words`. */
export const inOtherWords = translationOf<typeof TEXTS>();
