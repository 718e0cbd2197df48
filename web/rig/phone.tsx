/** The resident's phone. Messages are drawn from their text and their own pictures; no HTML of theirs runs. */
import type { RigCast, RigMessage } from '../../src/contract/rig.ts';
import { Button } from '../kit/button.tsx';
import { Empty } from '../kit/card.tsx';
import { Icon } from '../kit/icon.tsx';
import { formatTimeWithSeconds } from '../kit/time.ts';
import { isInlineImage, partsOf } from './links.ts';
import { t } from './messages.ts';
import { targetId } from './tour.tsx';

type PhoneProps = {
  messages: readonly RigMessage[];
  cast: RigCast | null;
  scan: (text: string) => void;
  onClear: () => void;
};

export function Phone({ messages, cast, scan, onClear }: PhoneProps) {
  const newestFirst = [...messages].sort((a, b) => b.receivedAtMs - a.receivedAtMs);
  return (
    <section className="phone" id={targetId('phone')} aria-label={t('phone')} tabIndex={-1}>
      <div className="phone-head">
        <h2>{t('phone')}</h2>
        {cast && (
          <p className="phone-of">{t('phone.of', { name: cast.resident.name, flat: cast.resident.flat })}</p>
        )}
      </div>
      {newestFirst.length === 0 && (
        <Empty icon="message" title={t('phone.empty')}>
          <p>{t('phone.empty.text')}</p>
        </Empty>
      )}
      <ol className="phone-list" aria-label={t('phone')}>
        {newestFirst.map((message) => (
          <Message key={message.id} message={message} scan={scan} />
        ))}
      </ol>
      {newestFirst.length > 0 && (
        <Button tone="quiet" onClick={onClear}>
          {t('phone.clear')}
        </Button>
      )}
    </section>
  );
}

function Message({ message, scan }: { message: RigMessage; scan: (text: string) => void }) {
  const { channel, from, to, qr } = message;
  const images = message.images.filter(isInlineImage);
  return (
    <li className={`message message-${channel}`}>
      <p className="message-head">
        <Icon name={channel === 'sms' ? 'message' : 'mail'} size={18} />
        <span>{t(`phone.${channel}`, { from })}</span>
        <span className="message-time">{formatTimeWithSeconds(message.receivedAtMs)}</span>
      </p>
      {message.subject !== null && <p className="message-subject">{message.subject}</p>}
      <p className="message-text">
        <Linked text={message.text} />
      </p>
      {images.map((image, index) => (
        <img key={image} src={image} alt={t('phone.image', { n: index + 1 })} />
      ))}
      {qr !== null && (
        <Button tone="go" icon="qr" onClick={() => scan(qr)}>
          {t('phone.show-qr')}
        </Button>
      )}
      <p className="message-to">{t('phone.to', { to })}</p>
    </li>
  );
}

function Linked({ text }: { text: string }) {
  let at = 0;
  return partsOf(text.trim()).map(({ text: said, href }) => {
    at += said.length;
    if (href === null) return said;
    return (
      <a key={at} href={href} target="_blank" rel="noreferrer">
        {said}
      </a>
    );
  });
}
