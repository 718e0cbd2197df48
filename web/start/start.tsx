/**
 * The start page of a development machine.
 *
 * Accessible names: heading “Holdfast”; list “Where to go” with one link an app (“Kiosk …”, “Rig …”,
 * “Administration …”, “Resident app …”, “Courier app …”); table “Sign-ins of this machine” with a button
 * “Copy <who> <what>” in each row, such as “Copy Administrator E-mail”.
 */
import { useCallback, useEffect, useState } from 'react';
import type { z } from 'zod';
import type { startPage } from '../../src/contract/http/resident.ts';
import { LAYOUT_24 } from '../../src/domain/bank.ts';
import { ApiProblem, apiFor } from '../kit/api.ts';
import { Button } from '../kit/button.tsx';
import { Cabinet } from '../kit/cabinet.tsx';
import { Card } from '../kit/card.tsx';
import { CopyButton } from '../kit/copy.tsx';
import { Icon, type IconName } from '../kit/icon.tsx';
import { Notice } from '../kit/notice.tsx';
import { t } from './messages.ts';

type StartPage = z.infer<typeof startPage>;

const api = apiFor('start');

export function Start() {
  const { page, problem, load } = useStartPage();
  return (
    <>
      <header className="hero">
        <div className="hero-inner">
          <div className="k-stack">
            {page && <p className="mark">{t('mark')}</p>}
            <h1>{t('title')}</h1>
            <p className="claim">{t('claim')}</p>
            <p className="k-lead">{t('what')}</p>
          </div>
          <div className="hero-cabinet">
            <Cabinet
              label={t('picture')}
              columns={LAYOUT_24.columns}
              doors={LAYOUT_24.compartments}
              lit={7}
            />
          </div>
        </div>
      </header>
      <main className="k-page k-stack">
        {problem && <Problem problem={problem} onRetry={load} />}
        {page && (
          <>
            <Apps urls={page.urls} />
            <Walk />
            <SignIns signIns={page.signIns} />
          </>
        )}
      </main>
    </>
  );
}

function useStartPage() {
  const [page, setPage] = useState<StartPage | null>(null);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const load = useCallback((): void => {
    setProblem(null);
    void api.get<StartPage>('/api/start').then(setPage, (error: unknown) => {
      if (!(error instanceof ApiProblem)) throw error;
      setProblem(error);
    });
  }, []);
  useEffect(load, [load]);
  return { page, problem, load };
}

function Problem({ problem, onRetry }: { problem: ApiProblem; onRetry: () => void }) {
  if (problem.status === 404) return <Notice tone="info" title={t('not-development')} />;
  return (
    <Notice tone="bad" title={t('failed')} live="assertive">
      <p>{problem.message}</p>
      <Button onClick={onRetry}>{t('retry')}</Button>
    </Notice>
  );
}

const APPS = ['kiosk', 'rig', 'admin', 'resident', 'courier', 'signer', 'api', 'https'] as const;
const APP_ICON: Record<(typeof APPS)[number], IconName> = {
  kiosk: 'hand',
  rig: 'door',
  admin: 'shield',
  resident: 'person',
  courier: 'badge',
  signer: 'key',
  api: 'network',
  https: 'lock',
};

function Apps({ urls }: { urls: StartPage['urls'] }) {
  return (
    <nav aria-label={t('apps')}>
      <ul className="tiles" aria-label={t('apps')}>
        {APPS.map((app) => {
          const url = urls[app];
          if (url === undefined) return null;
          return (
            <li key={app}>
              <a className="tile" href={url}>
                <Icon name={APP_ICON[app]} size={32} />
                <span className="tile-name">{t(`app.${app}`)}</span>
                <span className="k-muted">{t(`app.${app}.text`)}</span>
                <code className="tile-url">{withoutScheme(url)}</code>
              </a>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}

/** Tiles are narrow, and people know that an address begins with http. */
function withoutScheme(url: string): string {
  return url.replace(/^https?:\/\//, '');
}

const STEPS = ['walk.1', 'walk.2', 'walk.3', 'walk.4'] as const;

function Walk() {
  return (
    <Card title={t('walk')}>
      <ol className="walk">
        {STEPS.map((step) => (
          <li key={step}>{t(step)}</li>
        ))}
      </ol>
    </Card>
  );
}

const SIGN_INS = [
  ['admin', 'email'],
  ['admin', 'password'],
  ['admin', 'totpSecret'],
  ['courier', 'carrier'],
  ['courier', 'badge'],
  ['courier', 'code'],
  ['resident', 'flat'],
  ['resident', 'name'],
  ['resident', 'phone'],
  ['resident', 'email'],
] as const;

function SignIns({ signIns }: { signIns: StartPage['signIns'] }) {
  const signInValue = (who: string, what: string): string => {
    const values: Readonly<Record<string, Readonly<Record<string, string>>>> = signIns;
    return values[who]?.[what] ?? '';
  };
  return (
    <Card title={t('sign-ins')}>
      <p>{t('sign-ins.lead')}</p>
      <div className="k-table-scroll">
        <table className="k-table sign-ins">
          <caption className="k-hidden">{t('sign-ins')}</caption>
          <thead>
            <tr>
              <th scope="col">{t('who')}</th>
              <th scope="col">{t('what.column')}</th>
              <th scope="col">{t('value')}</th>
              <th scope="col">{t('copy')}</th>
            </tr>
          </thead>
          <tbody>
            {SIGN_INS.map(([who, what], index) => {
              const name = t(`${who}.${what}` as 'admin.email');
              return (
                <tr key={name + who} className={SIGN_INS[index - 1]?.[0] === who ? '' : 'first'}>
                  <th scope="row">{t(who)}</th>
                  <td>{name}</td>
                  <td>
                    <code>{signInValue(who, what)}</code>
                  </td>
                  <td>
                    <CopyButton value={signInValue(who, what)} what={`${t(who)} ${name}`} />
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <ul className="notes">
        <li>{t('totp.note')}</li>
        <li>{t('code.note')}</li>
        <li>{t('link.note')}</li>
      </ul>
    </Card>
  );
}
