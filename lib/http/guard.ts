import { createHash, timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { Refusal } from './problem.ts';

/** Headers that keep a browser from doing anything with an answer but showing it to who asked. */
const SECURE_HEADERS = Object.entries({
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
});

/** Adds the secure headers. */
export const secureHeaders: MiddlewareHandler = async (c, next) => {
  await next();
  for (const [name, value] of SECURE_HEADERS) c.res.headers.set(name, value);
};

/** Lets only callers with the token pass. */
export function requireToken(token: string): MiddlewareHandler {
  const expected = digest(token);
  return async (c, next) => {
    const given = /^Bearer +(\S+) *$/i.exec(c.req.header('authorization') ?? '')?.[1];
    if (given === undefined) {
      throw new Refusal('unauthorized', 'The request has no bearer token.', {
        hint: 'Send the header authorization: Bearer TOKEN with the token of the configuration (http.api_token).',
        headers: { 'www-authenticate': 'Bearer realm="reconciled"' },
      });
    }
    // Digests have one length, so that the comparison tells nothing about the token, not even how long it is.
    if (!timingSafeEqual(digest(given), expected)) {
      throw new Refusal('unauthorized', 'The bearer token is not the configured one.', {
        hint: 'It is what http.api_token of the configuration names.',
        headers: { 'www-authenticate': 'Bearer realm="reconciled", error="invalid_token"' },
      });
    }
    await next();
  };
}

/**
 * Stands in for a token: only programs of this machine reach a loopback address, but so does every web page that a browser
 * on it shows. Such a page is told by its Host (a name of its own that leads here) or by its Origin.
 */
export const requireLocal: MiddlewareHandler = async (c, next) => {
  const host = c.req.header('host') ?? '';
  if (!LOCAL_HOST.test(host)) {
    throw new Refusal('host_not_allowed', 'The Host header names another machine.', {
      hint: 'Call it as localhost or 127.0.0.1, or configure a token (http.api_token).',
    });
  }
  const origin = c.req.header('origin');
  const isRead = c.req.method === 'GET' || c.req.method === 'HEAD';
  if (origin !== undefined && !isRead && origin !== `http://${host}`) {
    throw new Refusal('cross_origin', 'A web page of another site sent the request.', {
      hint: 'Call it from a program, or configure a token (http.api_token).',
    });
  }
  await next();
};

const LOCAL_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i;

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
