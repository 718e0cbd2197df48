/**
 * The courier app: before walking, which sizes are free at which bank; what was dropped today; and whether
 * banks accept the courier's badge. Served under /courier/, signed in by an e-mailed link.
 *
 * Accessible names that tests rely on:
 * - sign-in: heading "Courier sign-in", text field "Email", button "Send me a link", status "Look at your
 *   mail"; a refused link is the alert "This link did not work";
 * - state: status "Active" | "Waiting for roster" | "Suspended" | "Removed";
 * - headings "Free before you walk" and "Today’s drops"; a region for each bank under its name, in it a
 *   table "Free compartments of <bank>" whose columns are S, M, L and XL;
 * - list "Today’s drops"; button "Sign out".
 */
import { QueryClientProvider } from '@tanstack/react-query';
import '../kit/kit.css';
import { mount } from '../kit/mount.tsx';
import { watchForLink } from '../kit/session/link.ts';
import '../kit/session/phone.css';
import { App } from './app.tsx';
import './courier.css';
import { session } from './session.ts';

watchForLink(session, window);
mount(
  <QueryClientProvider client={session.client}>
    <App />
  </QueryClientProvider>,
);
