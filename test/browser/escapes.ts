/**
 * Ways out of a kiosk, as data. Each is one thing that a bored or hostile person can do at the screen, or one
 * thing that foreign markup or script could do if it ever got into the page (it cannot: see the policy of
 * the kiosk's server). `kiosk-escapes.test.ts` tries every one and looks whether anything came of it.
 */

type Modifier = 'Alt' | 'Control' | 'Meta' | 'Shift';

export type Escape = { name: string } & (
  | { by: 'key'; key: string; held: readonly Modifier[] }
  | { by: 'mouse'; do: MouseDeed; button?: 'left' | 'middle' | 'right' | 'back' | 'forward' }
  | { by: 'drop'; mimeType: string; data: string; file?: string }
  | { by: 'touch'; do: TouchDeed }
  | { by: 'markup'; tag: string; attributes: Record<string, string>; inner?: string }
  | { by: 'script'; run: string }
  | { by: 'text'; field: 'Tracking number' | 'Flat' | 'code'; text: string }
  | { by: 'scan'; text: string; as: 'keyboard' | 'reader' }
);
export type MouseDeed =
  | 'click-title'
  | 'click-button'
  | 'double-click-title'
  | 'triple-click-title'
  | 'drag-text'
  | 'drag-icon'
  | 'zoom-in'
  | 'zoom-out';
export type TouchDeed =
  | 'pinch-in'
  | 'pinch-out'
  | 'double-tap'
  | 'long-press-title'
  | 'long-press-button'
  | 'long-press-icon'
  | 'swipe-right'
  | 'swipe-left'
  | 'swipe-down'
  | 'swipe-up'
  | 'three-fingers';

/** A place on this machine that is not the kiosk's, and where nobody answers. */
const ELSEWHERE = 'http://127.0.0.1:9/';

function keys(): Escape[] {
  const all: Escape[] = [];
  const add = (held: Modifier[], names: readonly string[]): void => {
    for (const key of names) all.push({ by: 'key', key, held, name: [...held, key].join('+') });
  };
  const functions = Array.from({ length: 12 }, (_, at) => `F${at + 1}`);
  add([], functions);
  add(['Control'], functions);
  add(['Alt'], functions);
  add(['Shift'], ['F1', 'F3', 'F5', 'F6', 'F10', 'F11', 'F12']);
  add(['Control', 'Shift'], [...'abcdeghijkmnopqrstuvwy', 'Delete', 'Tab', 'F5', 'F6', 'Escape']);
  add(['Control'], [...'abcdefghijklmnopqrstuvwxyz', ...'0123456789', '+', '-', '=', ',', '/', '?']);
  add(
    ['Control'],
    ['Tab', 'PageUp', 'PageDown', 'Escape', 'Enter', 'Backspace', 'Insert', 'ArrowLeft', 'Home'],
  );
  add(['Alt'], [...'bdefhstv ', 'Home', 'ArrowLeft', 'ArrowRight', 'ArrowUp', 'Tab', 'Enter', 'Escape']);
  add(['Alt', 'Shift'], [...'abit', 'F4', 'Tab']);
  add(['Control', 'Alt'], [...'tlri', 'Delete', 'Backspace', 'F1', 'F2', 'F7', 'ArrowLeft', 'ArrowUp']);
  add(['Meta'], [...'cdehlmnopqrstw,', 'Tab', 'ArrowLeft', 'ArrowRight', 'Escape', 'F5']);
  add([], ['PrintScreen', 'ContextMenu', 'Insert', 'Pause', 'ScrollLock', 'NumLock', 'Help', 'Meta', 'Alt']);
  add(
    [],
    ['BrowserBack', 'BrowserForward', 'BrowserHome', 'BrowserRefresh', 'BrowserSearch', 'BrowserFavorites'],
  );
  add(
    [],
    ['LaunchMail', 'LaunchApplication1', 'LaunchApplication2', 'Eject', 'Sleep', 'Convert', 'KanaMode'],
  );
  add([], ['Escape', 'Backspace', 'Delete', 'Home', 'End', 'PageUp', 'PageDown', 'Tab']);
  add(['Shift'], ['Backspace', 'Delete', 'Insert', 'Escape', 'Home', 'Tab']);
  return all;
}

function mice(): Escape[] {
  const deeds: readonly MouseDeed[] = [
    ...(['click-title', 'double-click-title', 'triple-click-title', 'drag-text', 'drag-icon'] as const),
    ...(['zoom-in', 'zoom-out'] as const),
  ];
  const clicks = (['middle', 'right', 'back', 'forward'] as const).flatMap((button) =>
    (['click-title', 'click-button'] as const).map((deed): Escape => {
      return { by: 'mouse', do: deed, button, name: `${deed} with ${button}` };
    }),
  );
  return [...deeds.map((deed): Escape => ({ by: 'mouse', do: deed, name: deed })), ...clicks];
}

function drops(): Escape[] {
  const given: readonly [mimeType: string, data: string][] = [
    ['text/uri-list', 'https://example.com/'],
    ['text/uri-list', 'javascript:alert(1)'],
    ['text/uri-list', 'file:///etc/passwd'],
    ['text/plain', 'https://example.com/'],
    ['text/html', '<a href="https://example.com/">x</a><script>alert(1)</script>'],
  ];
  const dropped = given.map(([mimeType, data]): Escape => {
    return { by: 'drop', mimeType, data, name: `${mimeType} ${data}` };
  });
  const file = { by: 'drop', mimeType: '', data: '', file: '/etc/hostname', name: 'a file' } as const;
  return [...dropped, file];
}

const TOUCHES: readonly TouchDeed[] = [
  ...(['pinch-in', 'pinch-out', 'double-tap', 'long-press-title', 'long-press-button'] as const),
  ...(['long-press-icon', 'swipe-right', 'swipe-left', 'swipe-down', 'swipe-up', 'three-fingers'] as const),
];

const ADDRESSES: readonly string[] = [
  ...['javascript:alert(1)', 'javascript:void(document.title="out")', 'data:text/html,<h1>out</h1>'],
  ...[
    'file:///etc/passwd',
    'file:///',
    'chrome://settings',
    'chrome://version',
    'about:blank',
    'about:srcdoc',
  ],
  ...[`view-source:${ELSEWHERE}`, 'mailto:a@example.com', 'tel:+100', 'sms:+100', 'intent://x#Intent;end'],
  ...[
    'ftp://127.0.0.1/',
    ELSEWHERE,
    'https://example.com/',
    '//example.com/',
    'http://localhost:9/',
    'ms-settings:',
  ],
  ...['/api/view', '/no-such-page', '?x=1', '#x', '..', 'blob:null/0', 'filesystem:x', 'web+holdfast:x'],
];

function markups(): Escape[] {
  const all: Escape[] = [];
  const add = (tag: string, attributes: Record<string, string>, inner?: string): void => {
    const name = [tag, ...Object.entries(attributes).map(([key, value]) => `${key}=${value}`), inner ?? ''];
    all.push({ by: 'markup', tag, attributes, ...(inner && { inner }), name: name.join(' ').trim() });
  };
  for (const href of ADDRESSES) {
    add('a', { href });
    add('a', { href, target: '_blank' });
  }
  add('a', { href: '/', download: 'kiosk.html' });
  add('a', { href: 'data:application/octet-stream,x', download: 'x.bin' });
  add('a', { href: '/', ping: ELSEWHERE });
  for (const method of ['get', 'post', 'dialog'])
    for (const target of ['_self', '_blank']) add('form', { action: ELSEWHERE, method, target });
  add('form', { action: '/api/actions', method: 'post' });
  add('form', { action: 'javascript:alert(1)', method: 'get' });
  add('input', { type: 'file' });
  add('meta', { 'http-equiv': 'refresh', content: `0;url=${ELSEWHERE}` });
  add('meta', { 'http-equiv': 'refresh', content: '0;url=data:text/html,out' });
  add('base', { href: ELSEWHERE, target: '_blank' });
  for (const src of [ELSEWHERE, '/', 'data:text/html,out', 'javascript:alert(1)']) add('iframe', { src });
  add('iframe', { srcdoc: '<script>top.location="data:text/html,out"</script>' });
  add('object', { data: ELSEWHERE });
  add('embed', { src: ELSEWHERE });
  add('img', { src: 'x:', onerror: 'alert(1)' });
  add('img', { src: `${ELSEWHERE}asks-for-a-password` });
  add('svg', { onload: 'alert(1)' });
  add('button', { onclick: 'alert(1)' });
  add('script', {}, 'document.title = "out"');
  add('script', { src: `${ELSEWHERE}x.js` });
  add('script', { type: 'module', src: 'data:text/javascript,document.title="out"' });
  add('link', { rel: 'stylesheet', href: `${ELSEWHERE}x.css` });
  add('link', { rel: 'prerender', href: ELSEWHERE });
  add('link', { rel: 'manifest', href: ELSEWHERE });
  add('video', { src: `${ELSEWHERE}x.mp4`, autoplay: '' });
  add('portal', { src: ELSEWHERE });
  return all;
}

/** What foreign script would try. None can start here; these are started by the test, over the debugging line. */
const SCRIPTS: readonly string[] = [
  ...[`window.open('${ELSEWHERE}')`, `window.open('about:blank')`, `window.open('/', '_blank', 'popup')`],
  ...['alert(1)', 'confirm(1)', 'prompt(1)', 'print()', 'window.stop()', 'window.moveTo(9, 9)'],
  ...[
    `location.href = '${ELSEWHERE}'`,
    `location.assign('/api/view')`,
    `location.replace('https://example.com')`,
  ],
  ...[`location.hash = 'x'`, `location.search = 'x'`, `location.protocol = 'https'`, `location.port = '9'`],
  ...['history.back()', 'history.forward()', 'history.go(-2)', `history.pushState({}, '', '/out')`],
  ...[`history.replaceState({}, '', '/out')`, `navigation.navigate('/out')`, 'navigation.back()'],
  ...[
    `document.write('out')`,
    `document.body.innerHTML = 'out'`,
    `document.body.insertAdjacentHTML('x', 'y')`,
  ],
  ...[
    `eval('1')`,
    `new Function('return 1')()`,
    `setTimeout('alert(1)')`,
    `import('data:text/javascript,1')`,
  ],
  ...['document.documentElement.requestFullscreen()', 'document.body.requestPointerLock()'],
  ...['Notification.requestPermission()', 'navigator.geolocation.getCurrentPosition(() => {})'],
  ...['navigator.mediaDevices.getUserMedia({ audio: true })', 'navigator.mediaDevices.getDisplayMedia()'],
  ...['navigator.clipboard.readText()', `navigator.clipboard.writeText('x')`],
  ...[`navigator.share({ title: 'x' })`],
  ...[`navigator.registerProtocolHandler('web+x', '/%s')`, `navigator.serviceWorker.register('/sw.js')`],
  ...[`new Worker('/x.js')`, `new SharedWorker('/x.js')`, 'navigator.usb.requestDevice({ filters: [] })'],
  ...['navigator.serial.requestPort()', 'navigator.hid.requestDevice({ filters: [] })'],
  ...[
    'navigator.bluetooth.requestDevice({ acceptAllDevices: true })',
    'navigator.credentials.get({ password: true })',
  ],
  ...[
    `navigator.wakeLock.request('screen')`,
    'new EyeDropper().open()',
    'queryLocalFonts()',
    'getScreenDetails()',
  ],
  ...['documentPictureInPicture.requestWindow()', `navigator.requestMIDIAccess()`, 'new IdleDetector()'],
  ...[
    `fetch('${ELSEWHERE}')`,
    `new WebSocket('ws://127.0.0.1:9/')`,
    `navigator.sendBeacon('${ELSEWHERE}', 'x')`,
  ],
  ...[
    `new EventSource('${ELSEWHERE}')`,
    `addEventListener('beforeunload', (event) => event.preventDefault())`,
  ],
];

const TEXTS: readonly string[] = [
  ...[
    "'",
    "O'Brien",
    `' OR '1'='1`,
    `"; DROP TABLE parcel; --`,
    '`',
    '\\',
    '\\u0000',
    '%00',
    '%s%n',
    '{{7*7}}',
  ],
  ...[
    '$' + '{7*7}',
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '</title><h1>',
    '&lt;b&gt;',
    ']]>',
  ],
  ...[
    'javascript:alert(1)',
    'https://example.com/',
    'file:///etc/passwd',
    '../../etc/passwd',
    'C:\\Windows',
    '/',
  ],
  ...[
    '\u0000\u0007\u001b[2J',
    '\r\nGET / HTTP/1.1',
    '\t\t\t',
    '\u202Eevil',
    '\u200B\u200D\uFEFF',
    'ａｂｃ１２',
    '１２３',
  ],
  ...[
    'İıß',
    'Å\u030A',
    '👩‍👩‍👧‍👦',
    '\uD800',
    'ﷺ',
    'Z\u0351\u0352\u0353'.repeat(20),
    '9'.repeat(10_000),
    'A'.repeat(100_000),
  ],
  ...['-1', '1e308', 'NaN', 'null', 'undefined', '__proto__', 'constructor', 'true'],
];

const SCANS: readonly string[] = [
  ...['https://example.com/?q=1', 'javascript:alert(1)', 'file:///etc/passwd', 'intent://scan#Intent;end'],
  ...[
    '<script>alert(1)</script>',
    `<meta http-equiv=refresh content="0;url=//x">`,
    `' OR '1'='1`,
    '{"do":"pin"}',
  ],
  ...[
    'HFB1',
    'HFB1AAAAAAAAAAAAAAAAAAAAAAAAAA',
    'HFP1AAAAAAAAAAAAAAAAAAAAAAAAAA',
    'HFP1aaaaaaaaaaaaaaaaaaaaaaaaaa',
  ],
  ...['^XA^FO50,50^FDout^FS^XZ', '\u001b@out\u001dV0', '%-12345X@PJL', 'WIFI:S:x;T:WPA;P:y;;', 'BEGIN:VCARD'],
  ...[
    'otpauth://totp/x?secret=A',
    'tel:+100',
    'smsto:+100:x',
    'mailto:a@example.com',
    '\u202E1Z999',
    'é'.repeat(40),
  ],
  ...[
    '1Z999AA10123456784',
    '0'.repeat(500),
    'X'.repeat(512),
    '00340434292135100186',
    ']C1010999999',
    '~~~~~~~~',
  ],
];

const scans = SCANS.flatMap((text): Escape[] => [
  { by: 'scan', as: 'reader', text, name: `reader: ${JSON.stringify(text).slice(0, 50)}` },
  { by: 'scan', as: 'keyboard', text, name: `keyboard: ${JSON.stringify(text).slice(0, 50)}` },
]);

const texts = (['code', 'Tracking number', 'Flat'] as const).flatMap((field) =>
  TEXTS.map((text): Escape => {
    return { by: 'text', field, text, name: `${field}: ${JSON.stringify(text).slice(0, 50)}` };
  }),
);

export const ESCAPES: readonly Escape[] = [
  ...keys(),
  ...mice(),
  ...drops(),
  ...TOUCHES.map((deed): Escape => ({ by: 'touch', do: deed, name: deed })),
  ...markups(),
  ...SCRIPTS.map((run): Escape => ({ by: 'script', run, name: run })),
  ...scans,
  ...texts,
];
