/**
 * The courier app: before walking, which sizes are free at which bank, and what was left there today; what is to be
 * taken back; what was left before. Served under /courier/, signed in by an e-mailed link.
 *
 * Accessible names that tests rely on:
 * - sign-in: group "Language" with a button a language; heading "Courier sign-in", text field "Email", button
 *   "Send me a link", status "Look at your mail"; a refused link is the alert "This link did not work";
 * - navigation "Sections" with the links "Today" (#/), "Take back" (#/back), "History" (#/history), "Language"
 *   (#/language); button "Sign out";
 * - Today: status "Active" | "Waiting for roster" | "Suspended" | "Removed"; a region for each bank under its name,
 *   in it a table "Free compartments of <bank>" whose columns are S, M, L and XL, and a list "Left today at <bank>";
 * - what is old: status "This is not current" beside "As of <time> (<age>).";
 * - Take back: a region and a list "To take back at <bank>"; History: a list "Left on <day>" for each day.
 */
import { QueryClientProvider } from '@tanstack/react-query';
import '../kit/kit.css';
import { mount } from '../kit/mount.tsx';
import { watchForLink } from '../kit/session/link.ts';
import '../kit/session/phone.css';
import { keepShell } from '../kit/shell/register.ts';
import { App } from './app.tsx';
import { learnLanguages } from './languages.ts';
import './courier.css';
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
