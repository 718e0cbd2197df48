/**
 * Text from elsewhere, made fit for the terminal of somebody who signs what they read. A name with an escape
 * sequence could clear the screen, and one with a change of direction could turn a row round: then what is seen
 * is not what is signed (threat: the cloud drafts rosters). Nothing is left out; what is unseen becomes seen.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]|[^\S ]/gu;

/** One line: control, format, unassigned and separating characters, and strange spaces, as `\u{hex}`. */
export function visible(text: string): string {
  return text.replaceAll(UNSEEN, (char) => `\\u{${char.codePointAt(0)?.toString(16).padStart(4, '0')}}`);
}
