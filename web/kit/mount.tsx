/** Puts an app on its page. */
import { Component, type ReactNode, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Button } from './button.tsx';
import { t } from './messages.ts';

export function mount(app: ReactNode): void {
  const root = document.getElementById('root');
  if (!root) throw new Error('The page has no element with the id "root".');
  createRoot(root).render(
    <StrictMode>
      <LastResort>{app}</LastResort>
    </StrictMode>,
  );
}

/** React offers error boundaries as classes only. */
class LastResort extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError(): { broken: boolean } {
    return { broken: true };
  }

  override render(): ReactNode {
    if (!this.state.broken) return this.props.children;
    return (
      <main className="k-page k-stack">
        <h1>{t('broken.title')}</h1>
        <p>{t('broken.text')}</p>
        <Button tone="go" onClick={() => location.reload()}>
          {t('broken.reload')}
        </Button>
      </main>
    );
  }
}
