/** What the build adds to the name of a file for the same file compressed (RFC 7932); the cloud serves it so. */
export const COMPRESSED = '.br';
