/** The frame of a phone app: who is signed in, one page, and tabs under the thumb. */
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Button } from '../button.tsx';
import { Icon, type IconName } from '../icon.tsx';
import type { PhoneLanguage } from './language.ts';
import { t } from './messages.ts';
import type { Session } from './session.ts';

export type Tab = { href: string; icon: IconName; name: string };

type PhonePageProps = {
  who: string;
  title: string;
  tabs: readonly Tab[];
  at: string;
  onSignOut: () => Promise<void>;
  children: ReactNode;
};

export function PhonePage({ who, title, tabs, at, onSignOut, children }: PhonePageProps) {
  const signOut = useMutation({ mutationFn: onSignOut });
  return (
    <div className="k-page p-page p-tabbed">
      <header className="k-spread">
        <p className="k-muted">{who}</p>
        <Button tone="quiet" icon="leave" busy={signOut.isPending} onClick={() => signOut.mutate()}>
          {t('signOut')}
        </Button>
      </header>
      <main className="k-stack">
        <h1>{title}</h1>
        {children}
      </main>
      <nav className="p-tabs" aria-label={t('sections')}>
        <ul>
          {tabs.map(({ href, icon, name }) => (
            <li key={href}>
              <a href={href} aria-current={href === at ? 'page' : undefined}>
                <Icon name={icon} />
                <span>{name}</span>
              </a>
            </li>
          ))}
        </ul>
      </nav>
    </div>
  );
}

/** Everything that this phone has of a person goes, the language that they chose included. */
export function signOutOf(session: Session<unknown>, phone: PhoneLanguage): () => Promise<void> {
  return async () => {
    phone.forget();
    await session.signOut();
  };
}
