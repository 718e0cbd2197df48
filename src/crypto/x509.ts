/**
 * Certificates (RFC 5280) and certification requests (RFC 2986) over WebCrypto of `node:crypto`. A
 * bank's certificate carries its bank id as common name; a server's certificate is self-signed, because
 * banks pin its key and browsers on loopback are told so.
 */
// @peculiar/x509 finds its parts through decorator metadata, and says so only when it is missing.
import 'reflect-metadata';
import { webcrypto, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';
import { isPublicKey, publicKeyOf } from './sign.ts';

x509.cryptoProvider.set(webcrypto as unknown as Crypto);

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** A name of one part. Built, not written as text: a comma in a foreign common name would begin another part. */
function nameOf(commonName: string): x509.JsonName {
  return [{ CN: [commonName] }];
}

export type CertificateTimes = { notBeforeMs: number; notAfterMs: number };

async function pairOf(privateKey: Uint8Array): Promise<CryptoKeyPair> {
  const subtle = webcrypto.subtle;
  return {
    privateKey: await subtle.importKey('pkcs8', privateKey, ALGORITHM, false, ['sign']),
    publicKey: await subtle.importKey('spki', publicKeyOf(privateKey), ALGORITHM, true, ['verify']),
  } as CryptoKeyPair;
}

export type NamedKey = { commonName: string; privateKey: Uint8Array };

/** A self-signed certificate for a server on `hosts` (DNS names or IP addresses), as PEM. */
export async function selfSignedServer(
  of: NamedKey & CertificateTimes & { hosts: readonly string[]; serial: Uint8Array },
): Promise<string> {
  const names = of.hosts.map((host) => ({
    type: isIP(host) ? ('ip' as const) : ('dns' as const),
    value: host,
  }));
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: Buffer.from(of.serial).toString('hex'),
    name: nameOf(of.commonName),
    notBefore: new Date(of.notBeforeMs),
    notAfter: new Date(of.notAfterMs),
    signingAlgorithm: ALGORITHM,
    keys: await pairOf(of.privateKey),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names),
    ],
  });
  return certificate.toString('pem');
}

/** The certificate of an authority that issues client certificates to banks and cloud processes. */
export async function selfSignedAuthority(
  of: NamedKey & CertificateTimes & { serial: Uint8Array },
): Promise<string> {
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: Buffer.from(of.serial).toString('hex'),
    name: nameOf(of.commonName),
    notBefore: new Date(of.notBeforeMs),
    notAfter: new Date(of.notAfterMs),
    signingAlgorithm: ALGORITHM,
    keys: await pairOf(of.privateKey),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  return certificate.toString('pem');
}

/** A certification request, which proves possession of the key by its own signature. */
export async function certificateRequest(of: NamedKey): Promise<string> {
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: nameOf(of.commonName),
    keys: await pairOf(of.privateKey),
    signingAlgorithm: ALGORITHM,
  });
  return request.toString('pem');
}

/** The requested name and key, or undefined when the text is no P-256 request or its signature is wrong. */
export async function openRequest(
  pem: string,
): Promise<{ commonName: string; publicKey: Uint8Array } | undefined> {
  try {
    const request = new x509.Pkcs10CertificateRequest(pem);
    if (!(await request.verify())) return undefined;
    const [commonName, another] = request.subjectName.getField('CN');
    const publicKey = new Uint8Array(request.publicKey.rawData);
    if (commonName === undefined || another !== undefined || !isPublicKey(publicKey)) return undefined;
    return { commonName, publicKey };
  } catch {
    // Text that does not parse as a request is an answer to a question about foreign input.
    return undefined;
  }
}

export type ClientCertificate = CertificateTimes & {
  authority: { privateKey: Uint8Array; certificatePem: string };
  commonName: string;
  publicKey: Uint8Array;
  serial: Uint8Array;
};

/** A client certificate (extended key usage clientAuth only), as PEM. */
export async function issueClient(of: ClientCertificate): Promise<string> {
  const issuer = new x509.X509Certificate(of.authority.certificatePem);
  const signer = await pairOf(of.authority.privateKey);
  const publicKey = await webcrypto.subtle.importKey('spki', of.publicKey, ALGORITHM, true, ['verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: Buffer.from(of.serial).toString('hex'),
    subject: nameOf(of.commonName),
    issuer: issuer.subject,
    notBefore: new Date(of.notBeforeMs),
    notAfter: new Date(of.notAfterMs),
    signingAlgorithm: ALGORITHM,
    publicKey: publicKey as CryptoKey,
    signingKey: signer.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
    ],
  });
  return certificate.toString('pem');
}

export type ReadClient = CertificateTimes & { pem: string; commonName: string; publicKey: Uint8Array };

const ONE_NAME = /^CN=([^\n]+)$/;

/** What a client certificate (PEM) says of itself, or undefined when the text is none with one common name. */
export function readClient(text: string): ReadClient | undefined {
  return ofForeign(() => {
    const certificate = new X509Certificate(text);
    const commonName = ONE_NAME.exec(certificate.subject)?.[1];
    if (commonName === undefined) return undefined;
    return {
      // Written anew: whatever stood beside the certificate in the text is left out.
      pem: certificate.toString(),
      commonName,
      publicKey: new Uint8Array(certificate.publicKey.export({ type: 'spki', format: 'der' })),
      notBeforeMs: certificate.validFromDate.getTime(),
      notAfterMs: certificate.validToDate.getTime(),
    };
  });
}

/** True when the authority of the second certificate signed the first one, by its name and by its key. */
export function isIssuedBy(text: string, authorityText: string): boolean {
  const isIssued = ofForeign(() => {
    const [certificate, authority] = [new X509Certificate(text), new X509Certificate(authorityText)];
    return authority.ca && certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
  });
  return isIssued === true;
}

function ofForeign<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    // Text that does not parse as a certificate is an answer to a question about foreign input.
    return undefined;
  }
}
