/**
 * The admin app: what needs a person, and everything that stands behind it. Served under /admin/.
 *
 * Accessible names that tests rely on:
 * - sign-in: text fields "Email", "Password", "Authenticator code", button "Sign in"; a refusal is an alert;
 * - navigation "Sections" with the links "Overview", "Attention", "Banks", "Parcels", "Reconciliation", "Usage",
 *   "People", "Couriers", "Rosters", "Notices", "Odds", "Journal"; each page's heading (level 1) has the same name; button "Sign out";
 * - Overview (also at #/): list "Needs attention", then every bank as a group "Doors of <bank>" as below, and
 *   under "Doors of <bank> as a table" the table "Doors of <bank>";
 * - Attention: list "Attention"; links "Look: <sentence>";
 * - Banks (#/banks/<id> shows one, #/banks/<id>/<n> a door of it, with the link "All banks"): a region for each bank under its name;
 *   group "Doors of <bank>" with buttons "Door <n>, size <size>: <state or alarms>, door <open|closed|not known>";
 * - Parcels: select "State", select "Bank", table "Parcels" whose rows link by tracking number, button
 *   "Download as CSV: Parcels", buttons "Show more" and "Show all";
 * - Reconciliation (#/reconciliation?bank=<id>): table "What does not fit" with buttons "Settle: <what>, <where>"
 *   (dialog with "What became of it", "Note", "Record it"), links "Count at <bank>", table "Explained lately";
 * - a count (#/reconciliation/<bank>): check boxes "Count door <n>", button "Begin the count of <n> doors"; then the
 *   heading "Next: door <n>, …", region "Command to sign the order for door <n>", table "Doors of this count";
 * - Usage (#/usage?days=7&bank=<id>): selects "Period", "Site", "Bank", two images that say what they show, and their
 *   tables under "Occupancy as a table" and "How long parcels lie, as a table";
 * - a parcel (#/parcels/<id>): heading "Parcel <tracking>", list "Custody timeline", regions "Facts",
 *   "What checks out" and "Notices", link "All parcels";
 * - People: button "Add a resident" (dialog of that name: "Name", "Flat", "Email", "Mobile number",
 *   "Prefers a door within seated reach", "Save"), search "Find by name or flat", table "Residents" with
 *   buttons "Edit <name>" and "Remove <name>" (dialog with the button "Remove"), link "Import a list";
 * - Import a list (#/people/import): file field "File with the list", button "Download an example"; then the table
 *   "Columns" with selects "Column <heading> is", select "Country", check box "The first row holds headings"; group
 *   "Show" with a button for each verdict, table "Rows" with check boxes "Make this change: row <n>", button "Import <n>
 *   people"; then region "What became of it" with the button "Download the rows that were not imported";
 * - Couriers: button "Add a courier" (dialog of that name: "Carrier", "Name", "Email", "Make the badge"),
 *   then the region "Badge of <name>" with the image "QR code of the badge" and the buttons "Print" and
 *   "I have printed it"; until then a status "A new badge is not printed yet" on every other page; tables "Couriers
 *   of <carrier>" with buttons "Suspend now: <name>", "Lift suspension: <name>", "Remove <name>" (dialogs with "Reason"
 *   and "Suspend now", "Lift suspension", "Remove"; the last asks for no reason);
 * - Banks, one of them: buttons "Suspend the bank <name>" and, with a door chosen, "Suspend door <n>" (dialogs with "Hours",
 *   "Reason" and "Suspend now"); while something is suspended a table "Suspended at <name>" with buttons "Lift
 *   suspension: The whole bank" or "…: Door <n>" (dialog with "Reason" and "Lift suspension");
 * - Rosters: a region for each site; region "Command to sign the roster", button "Copy the command", tables
 *   "Changes" and "Applied at the banks";
 * - Notices: table "Notices"; Odds: region "All kiosks together, a day", table "Odds a kiosk and day";
 * - Journal: select "Journal of", table "Records" with buttons "Show JSON: record <seq> of <bank>", which
 *   open a dialog and in it a region "JSON of record <seq> of <bank>".
 */
import { QueryClientProvider } from '@tanstack/react-query';
import '../kit/kit.css';
import { mount } from '../kit/mount.tsx';
import './admin.css';
import { App } from './app.tsx';
import { language } from './language.ts';
import { learnLanguages } from './languages.ts';
import { session } from './session.ts';

learnLanguages();
language.begin();
mount(
  <QueryClientProvider client={session.client}>
    <App />
  </QueryClientProvider>,
);
