/**
 * The resident app: what waits, where and until when; what came before; how to be told. Served under
 * /resident/, signed in by an e-mailed link. It never has a code: codes travel in messages only.
 *
 * Accessible names that tests rely on:
 * - sign-in: heading "Your parcels", text field "Email", button "Send me a link", status "Look at your
 *   mail"; a refused link is the alert "This link did not work";
 * - navigation "Sections" with the links "Parcels" (#/), "History" (#/history), "Preferences"
 *   (#/preferences); button "Sign out";
 * - Parcels: heading "Waiting for you"; each parcel a region "<bank>, door <n>" with "Collect by <day>,
 *   <time>" or "Held for staff";
 * - History: list "History";
 * - Preferences: check boxes "SMS to <number>", "E-mail to <address>", "Prefer a door within seated reach",
 *   button "Save", status "Saved. It holds for the next parcel.".
 */
import { QueryClientProvider } from '@tanstack/react-query';
import '../kit/kit.css';
import { mount } from '../kit/mount.tsx';
import { watchForLink } from '../kit/session/link.ts';
import '../kit/session/phone.css';
import { App } from './app.tsx';
import './resident.css';
import { session } from './session.ts';

watchForLink(session, window);
mount(
  <QueryClientProvider client={session.client}>
    <App />
  </QueryClientProvider>,
);
