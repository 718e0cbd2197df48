/** The live chance that guessing finds a code: a number that the house commits to, and is held to here. */
import { Badge } from '../kit/badge.tsx';
import { Card } from '../kit/card.tsx';
import { Answered } from '../kit/session/problem.tsx';
import { type Column, Table } from '../kit/table.tsx';
import { locale } from '../kit/words.ts';
import { oneIn } from './format.ts';
import { t } from './messages.ts';
import { PageHead } from './parts.tsx';
import { type Odds, useBankNames, useOdds } from './session.ts';

type Row = Odds['items'][number];

/** `pinDigits` of domain/scan.ts chooses a bank's digits so that this holds at capacity. */
const LIMIT = 1e-6;

export function OddsPage() {
  const odds = useOdds();
  const bankName = useBankNames();
  return (
    <>
      <PageHead title={t('section.odds')} lead={t('odds.lead')} />
      <Answered query={odds}>
        {({ items, fleetPerDay }) => (
          <>
            <Card title={t('odds.fleet')}>
              <p className="a-figure">{chance(fleetPerDay)}</p>
              <p className="k-muted">{t('odds.limit')}</p>
            </Card>
            <div className="a-wide">
              <Table
                caption={t('odds.caption')}
                columns={columnsOf(bankName)}
                rows={items}
                rowKey={(row) => row.bank}
                empty={t('banks.empty')}
                csvName="odds"
              />
            </div>
          </>
        )}
      </Answered>
    </>
  );
}

function chance(probability: number): string {
  const n = oneIn(probability, locale());
  return n === null ? t('odds.none') : t('odds.oneIn', { n });
}

function columnsOf(bankName: (id: string) => string): Column<Row>[] {
  return [
    {
      key: 'bank',
      head: t('odds.bank'),
      cell: (row) => bankName(row.bank),
      text: (row) => bankName(row.bank),
    },
    {
      key: 'codes',
      head: t('odds.codes'),
      cell: (row) => row.liveCodes,
      text: (row) => row.liveCodes,
      numeric: true,
    },
    {
      key: 'digits',
      head: t('odds.digits'),
      cell: (row) => row.digits,
      text: (row) => row.digits,
      numeric: true,
    },
    {
      key: 'guesses',
      head: t('odds.guesses'),
      cell: (row) => row.guessesPerDay,
      text: (row) => row.guessesPerDay,
      numeric: true,
    },
    {
      key: 'chance',
      head: t('odds.chance'),
      cell: (row) => chance(row.perKioskDay),
      text: (row) => row.perKioskDay,
      numeric: true,
    },
    {
      key: 'limit',
      head: t('odds.house'),
      cell: ({ perKioskDay }) => (
        <Badge tone={perKioskDay > LIMIT ? 'bad' : 'good'} icon={perKioskDay > LIMIT ? 'warn' : 'check'}>
          {t(perKioskDay > LIMIT ? 'odds.over' : 'odds.within')}
        </Badge>
      ),
    },
  ];
}
