/** The guided tour: one parcel's whole way, a step at a time. It goes on when the step has really happened. */
import { useEffect } from 'react';
import type { RigCast, RigState } from '../../src/contract/rig.ts';
import { Button, IconButton, LinkButton } from '../kit/button.tsx';
import { Icon } from '../kit/icon.tsx';
import type { Line } from './line.ts';
import { t } from './messages.ts';
import { type Prompt, promptOf, STEPS, type Step, type Target, type Tour } from './tour-steps.ts';

/** What a control is found by, when the tour points at it. */
export const targetId = (target: Target): string => `tour-${target}`;

const TOUR_SWITCH = 'tour-switch';

/** Begins the tour, or ends it; it stays in the page's head, so that focus has a place to go to. */
export function TourSwitch({ line: { tour, beginTour, endTour } }: { line: Line }) {
  const isOn = tour.at !== null;
  return (
    <button
      type="button"
      id={TOUR_SWITCH}
      className="switch"
      aria-expanded={isOn}
      onClick={isOn ? endTour : beginTour}
    >
      <Icon name="info" size={18} />
      <span>{t('tour')}</span>
    </button>
  );
}

type TourStripProps = { line: Line; state: RigState; cast: RigCast };

export function TourStrip({ line: { tour, beginTour, endTour }, state, cast }: TourStripProps) {
  const prompt = promptOf(tour, state);
  usePointer(prompt?.target ?? null);
  const leave = (): void => {
    // The button that was pressed goes away; whoever works by keys stays where the tour can be begun again.
    document.getElementById(TOUR_SWITCH)?.focus();
    endTour();
  };
  return (
    <section className={prompt ? 'tour' : 'tour tour-off'} aria-label={t('tour')}>
      {prompt && tour.at !== null && <Steps at={tour.at} />}
      <div className="tour-said" role="status">
        {prompt && tour.at !== null && <Said {...{ tour, prompt, cast }} at={tour.at} />}
      </div>
      {prompt && (
        <div className="tour-hands">
          <Ways prompt={prompt} links={state.links} />
          <IconButton icon="again" label={t('tour.again')} onClick={beginTour} />
          <Button tone={tour.at === 'record' ? 'plain' : 'quiet'} onClick={leave}>
            {t(tour.at === 'record' ? 'tour.finish' : 'tour.skip')}
          </Button>
        </div>
      )}
    </section>
  );
}

/** A mark on the control itself; it is drawn by CSS and says nothing that the sentence does not say. */
function usePointer(target: Target | null): void {
  useEffect(() => {
    const element = target && document.getElementById(targetId(target));
    if (!element) return;
    element.dataset.pointed = '';
    return () => {
      delete element.dataset.pointed;
    };
  }, [target]);
}

function Steps({ at }: { at: Step }) {
  const now = STEPS.indexOf(at);
  return (
    <ol className="tour-steps" aria-label={t('tour.steps')}>
      {STEPS.map((step, index) => {
        const title = t(`step.${step}`);
        return (
          <li
            key={step}
            className={index < now ? 'tour-step-done' : ''}
            aria-current={index === now ? 'step' : undefined}
          >
            <span className="tour-dot" aria-hidden="true">
              {index < now ? <Icon name="check" size={14} /> : index + 1}
            </span>
            <span aria-hidden="true">{title}</span>
            <span className="k-hidden">{index < now ? t('tour.done', { title }) : title}</span>
          </li>
        );
      })}
    </ol>
  );
}

type SaidProps = { at: Step; tour: Tour; prompt: Prompt; cast: RigCast };

function Said({ at, tour, prompt, cast: { courier, resident } }: SaidProps) {
  const values = {
    courier: courier.name,
    code: courier.code,
    flat: resident.flat,
    resident: resident.name,
    n: tour.door ?? 0,
  };
  const place = { n: STEPS.indexOf(at) + 1, all: STEPS.length, title: t(`step.${at}`) };
  return (
    <>
      <span className="k-hidden">{t('tour.step', place)} </span>
      <strong>{t(`do.${prompt.doing}`, values)}</strong> {prompt.doing !== 'dark' && t(`why.${at}`)}
    </>
  );
}

function Ways({ prompt, links }: { prompt: Prompt; links: RigState['links'] }) {
  const { target, goTo } = prompt;
  const url = goTo === null ? undefined : links[goTo];
  return (
    <>
      {goTo !== null && url !== undefined && (
        <LinkButton tone="go" icon="external" href={url} target="_blank" rel="noreferrer">
          {t(`tour.${goTo}`)}
        </LinkButton>
      )}
      {target !== null && (
        <Button tone={goTo === null ? 'go' : 'plain'} icon="forward" onClick={() => goThere(prompt)}>
          {t('tour.show')}
        </Button>
      )}
    </>
  );
}

/** To the control itself, or to the hand that is wanted at what is pointed at, or to the place. */
function goThere({ target, hand }: Prompt): void {
  const place = target && document.getElementById(targetId(target));
  const within = hand ? `[data-hand="${hand}"]` : 'button:enabled';
  const control = place?.matches('button') ? place : place?.querySelector<HTMLElement>(within);
  (control ?? place)?.focus();
}
