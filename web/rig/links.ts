/** Finds the links in a message's text, so that nothing of its HTML has to be drawn. */
type Part = { text: string; href: string | null };

const LINK = /https?:\/\/[^\s<>"]+/g;
/** A full stop or bracket at the end belongs to the sentence. */
const SENTENCE_END = /[.,;:!?)\]]+$/;

export function partsOf(text: string): Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (const match of text.matchAll(LINK)) {
    const href = match[0].replace(SENTENCE_END, '');
    if (!URL.canParse(href)) continue;
    if (match.index > at) parts.push({ text: text.slice(at, match.index), href: null });
    parts.push({ text: href, href });
    at = match.index + href.length;
  }
  if (at < text.length) parts.push({ text: text.slice(at), href: null });
  return parts;
}

/** Only pictures that came inside the message are shown; a picture from elsewhere would tell its sender. */
export function isInlineImage(url: string): boolean {
  return /^data:image\/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+$/.test(url);
}
