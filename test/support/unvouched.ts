import { createServer, type Server } from 'node:https';

/** A server with a certificate that nobody vouches for. It answers whoever takes it all the same. */
export function unvouchedServer(): Server {
  return createServer({ key: KEY, cert: CERTIFICATE }, (_, response) => response.end('{}'));
}

/**
 * Does the work while the variable of Node is set that makes it take any certificate where nobody says otherwise. People set it for other
 * programs.
 */
export async function whileNodeTakesAny<T>(work: () => Promise<T>): Promise<T> {
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
  try {
    return await work();
  } finally {
    delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  }
}

/** Made for the tests, and known to everybody. */
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgTHrmLrxKhDTVCW/E
sAOLX/dMN3QqoyzpzEOfzKS19yOhRANCAAS4til5Y/yeZeX5bTsqfcMaqAAXjLfF
JfpwlBXw09oIMnjkynWmzb9CR9OENtR0dmvOq8fhdN2kCXH6fBvMFE1E
-----END PRIVATE KEY-----
`;

const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBfjCCASWgAwIBAgIUA+9/0t6BWh6OL5qGjiucBG2tPOEwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJMTI3LjAuMC4xMCAXDTI2MTEzMDA0MTIzMFoYDzIxMjYxMTA2
MDQxMjMwWjAUMRIwEAYDVQQDDAkxMjcuMC4wLjEwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAS4til5Y/yeZeX5bTsqfcMaqAAXjLfFJfpwlBXw09oIMnjkynWmzb9C
R9OENtR0dmvOq8fhdN2kCXH6fBvMFE1Eo1MwUTAdBgNVHQ4EFgQUhFb7yjJK3ceq
Izcw/Y0vP9LKokYwHwYDVR0jBBgwFoAUhFb7yjJK3ceqIzcw/Y0vP9LKokYwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAh8oHb6OVZS7iuquPtpvJ6DJ
NXHlZkbDpmfxgYNxCs5IAiEAg7IqyRFGj5sYRqaja22TM8J0eZFGHf4V3HhTYTUS
MhM=
-----END CERTIFICATE-----
`;
