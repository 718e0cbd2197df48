/**
 * One text that a phone keeps for an app, sealed with AES-256-GCM. The key is not extractable and lies beside it in
 * IndexedDB: it protects a copy of the files less than the phone's own encryption does, and what it is for is the
 * end. Who signs out destroys it, and what flash memory still holds of the text opens no more.
 */
export type Vault = {
  read(): Promise<Held | undefined>;
  /**
   * Of a session that is new here: under a key of its own, and what was there goes. False, and nothing is written, if
   * another page has begun it meanwhile.
   */
  begin(text: string, session: string): Promise<boolean>;
  /** False, and nothing is written, if what is there is not of this session. */
  write(text: string, session: string): Promise<boolean>;
  clear(): Promise<void>;
};

/** `session`: the name of the session that the text is of. */
export type Held = { text: string; session: string };

type Sealed = {
  key: CryptoKey;
  nonce: Uint8Array<ArrayBuffer>;
  sealed: ArrayBuffer;
  session: string;
};

const STORE = 'kept';
const ONLY = 'sealed';
const CIPHER = 'AES-GCM';
/** NIST SP 800-38D, section 8.2.2: drawn anew for each text; a key seals a few texts a minute and lives for one sign-in. */
const NONCE_BYTES = 12;

export function vaultOf(app: string): Vault {
  const name = `holdfast/${app}`;
  const cipherWith = (nonce: Uint8Array<ArrayBuffer>) => ({
    name: CIPHER,
    iv: nonce,
    additionalData: new TextEncoder().encode(`kept/v1\0${app}`),
  });
  const found = () => inStore<Sealed | undefined>(name, 'readonly', (store) => store.get(ONLY));
  const seal = async (key: CryptoKey, { text, session }: Held): Promise<Sealed> => {
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const sealed = await crypto.subtle.encrypt(cipherWith(nonce), key, new TextEncoder().encode(text));
    return { key, nonce, sealed, session };
  };
  return {
    async read() {
      const kept = await found();
      if (!kept) return undefined;
      const text = await crypto.subtle.decrypt(cipherWith(kept.nonce), kept.key, kept.sealed);
      return { text: new TextDecoder().decode(text), session: kept.session };
    },
    async begin(text, session) {
      const kept = await seal(await newKey(), { text, session });
      // Key and text in one put: two pages that write at once leave a pair that fits.
      const last = await putIf(name, kept, (before) => before !== session);
      return last?.session !== session;
    },
    async write(text, session) {
      const before = await found();
      if (before?.session !== session) return false;
      const kept = await seal(before.key, { text, session });
      const last = await putIf(name, kept, (before) => before === session);
      return last?.session === session;
    },
    async clear() {
      await inStore(name, 'readwrite', (store) => store.clear());
    },
  };
}

function newKey(): Promise<CryptoKey> {
  return crypto.subtle.generateKey({ name: CIPHER, length: 256 }, false, ['encrypt', 'decrypt']);
}

/**
 * Another page may have signed somebody in while this one sealed: looked at and put in one transaction. Answers what
 * was there before.
 */
function putIf(
  name: string,
  kept: Sealed,
  may: (before: string | undefined) => boolean,
): Promise<Sealed | undefined> {
  return inStore<Sealed | undefined>(name, 'readwrite', (store) => {
    const asked = store.get(ONLY);
    asked.onsuccess = () => {
      if (may(asked.result?.session)) store.put(kept, ONLY);
    };
    return asked;
  });
}

async function inStore<T>(
  name: string,
  mode: IDBTransactionMode,
  run: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const database = await opened(name);
  try {
    const transaction = database.transaction(STORE, mode);
    const request = run(transaction.objectStore(STORE));
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error('the store gave up'));
    });
    return request.result;
  } finally {
    database.close();
  }
}

function opened(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('the store does not open'));
  });
}
