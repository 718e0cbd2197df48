/** Object identifiers, as the RFCs beside them name them. */
export const OID = {
  /** RFC 5083 section 2.1. */
  authEnvelopedData: '1.2.840.113549.1.9.16.1.23',
  /** RFC 5652 section 4. */
  data: '1.2.840.113549.1.7.1',
  /** RFC 5084 section 3.2. */
  aes256Gcm: '2.16.840.1.101.3.4.1.46',
  /** RFC 3565 section 4.1 and RFC 3394. */
  aes256Wrap: '2.16.840.1.101.3.4.1.45',
  aes256Cbc: '2.16.840.1.101.3.4.1.42',
  /** RFC 4055 section 4.1. */
  rsaOaep: '1.2.840.113549.1.1.7',
  mgf1: '1.2.840.113549.1.1.8',
  sha256: '2.16.840.1.101.3.4.2.1',
  /** RFC 5753 section 7.1.4. */
  ecdhSha256: '1.3.132.1.11.1',
  /** RFC 5480 section 2.1.1. */
  ecPublicKey: '1.2.840.10045.2.1',
  /** RFC 8018 appendix A.2 and B.1.2. */
  pbkdf2: '1.2.840.113549.1.5.12',
  hmacSha256: '1.2.840.113549.2.9',
  /** RFC 3211 section 2.3. */
  pwriKek: '1.2.840.113549.1.9.16.3.9',
} as const;
