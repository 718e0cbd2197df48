/** Surfaces: a card with a heading, a list of facts, and the place where nothing is yet. */
import { type ReactNode, useId } from 'react';
import { Icon, type IconName } from './icon.tsx';

type CardProps = {
  title?: string;
  level?: 2 | 3;
  actions?: ReactNode;
  className?: string;
  children: ReactNode;
};

export function Card({ title, level = 2, actions, className = '', children }: CardProps) {
  const id = useId();
  const Heading = `h${level}` as const;
  return (
    <section className={`k-card ${className}`.trim()} aria-labelledby={title ? id : undefined}>
      {(title || actions) && (
        <div className="k-card-head">
          {title && <Heading id={id}>{title}</Heading>}
          {actions && <div className="k-row">{actions}</div>}
        </div>
      )}
      {children}
    </section>
  );
}

export function Facts({ items }: { items: readonly { term: string; fact: ReactNode }[] }) {
  return (
    <dl className="k-facts">
      {items.map(({ term, fact }) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{fact}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Empty({
  icon = 'parcel',
  title,
  children,
}: {
  icon?: IconName;
  title: string;
  children?: ReactNode;
}) {
  return (
    <div className="k-empty">
      <Icon name={icon} size={40} />
      <p className="k-empty-title">{title}</p>
      {children}
    </div>
  );
}
