/**
 * The resident app: what waits, where, how high and until when; where the code went; what came before; how to be told.
 * Served under /resident/, signed in by an e-mailed link. It never has a code: codes travel in messages only.
 *
 * Accessible names that tests rely on:
 * - sign-in: group "Language" with a button a language; heading "Your parcels", text field "Email", button
 *   "Send me a link", status "Look at your mail"; a refused link is the alert "This link did not work";
 * - navigation "Sections" with the links "Parcels" (#/), "History" (#/history), "Preferences"
 *   (#/preferences); button "Sign out";
 * - Parcels: heading "Waiting for you"; each parcel a region "<bank>, door <n>" with "Collect by <day>,
 *   <time>" or "Held for staff" and a list "Message with your code"; region "Your code";
 * - what is old: status "This is not current" beside "As of <time> (<age>).";
 * - History: list "History";
 * - Preferences: check boxes "SMS to <number>", "E-mail to <address>", "Prefer a door within seated reach",
 *   button "Save", status "Saved. It holds for the next parcel."; group "Language".
 */
import { QueryClientProvider } from '@tanstack/react-query';
import '../kit/kit.css';
import { mount } from '../kit/mount.tsx';
import { watchForLink } from '../kit/session/link.ts';
import '../kit/session/phone.css';
import { keepShell } from '../kit/shell/register.ts';
import { App } from './app.tsx';
import { learnLanguages } from './languages.ts';
import './resident.css';
import { language, session } from './session.ts';

keepShell();
learnLanguages();
language.begin();
watchForLink(session, window);
mount(
  <QueryClientProvider client={session.client}>
    <App />
  </QueryClientProvider>,
);
