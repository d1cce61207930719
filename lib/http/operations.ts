import { createRoute, z } from '@hono/zod-openapi';
import type { Api, HttpDependencies } from './app.ts';
import { answer } from './bodies.ts';
import { ANY_PROBLEMS, problem, RETRY_AFTER_HEADER } from './problem.ts';

/** What monitoring asks. None of it needs a token. */
export function addOperationRoutes(api: Api, dependencies: HttpDependencies): void {
  const { version, databaseId, metricsText, readiness } = dependencies;

  api.openapi(healthRoute, (c) =>
    c.json({ status: 'ok' as const, version, database: databaseId() }, 200),
  );

  api.openapi(readyRoute, async (c) => {
    const { ready, checks } = await readiness();
    const body = { checks: checks.map(({ name, ok, text }) => ({ name, ok, text })) };
    if (ready) return c.json({ status: 'ready' as const, ...body }, 200);
    return c.json({ status: 'not_ready' as const, ...body }, 503, { 'retry-after': '5' });
  });

  api.openapi(metricsRoute, async (c) => {
    return c.text(await metricsText(), 200, { 'content-type': METRICS_TYPE });
  });
}

const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

const local = problem('No token is configured and the Host header does not name this machine.');

const healthRoute = createRoute({
  method: 'get',
  path: '/healthz',
  operationId: 'getHealth',
  tags: ['operations'],
  summary: 'Is it alive?',
  security: [],
  responses: {
    200: answer(
      'It answers.',
      z
        .object({
          status: z.literal('ok'),
          version: z.string(),
          database: z.string().nullable().openapi({
            description: 'Tells the databases of one machine apart, and says nothing else.',
            example: '66306-1835024',
          }),
        })
        .openapi('Health'),
    ),
    421: local,
    ...ANY_PROBLEMS,
  },
});

const checksSchema = z.array(
  z.object({
    name: z.string().openapi({ example: 'store' }),
    ok: z.boolean(),
    text: z.string().openapi({ example: 'The database answers.' }),
  }),
);

const readyRoute = createRoute({
  method: 'get',
  path: '/readyz',
  operationId: 'getReadiness',
  tags: ['operations'],
  summary: 'Does it do its work?',
  security: [],
  responses: {
    200: answer(
      'It does.',
      z.object({ status: z.literal('ready'), checks: checksSchema }).openapi('Ready'),
    ),
    503: {
      ...answer(
        'It does not; the checks that are not ok say why.',
        z.object({ status: z.literal('not_ready'), checks: checksSchema }).openapi('NotReady'),
      ),
      headers: RETRY_AFTER_HEADER,
    },
    421: local,
    ...ANY_PROBLEMS,
  },
});

const metricsRoute = createRoute({
  method: 'get',
  path: '/metrics',
  operationId: 'getMetrics',
  tags: ['operations'],
  summary: 'Metrics for Prometheus',
  security: [],
  responses: {
    200: {
      description: 'All metrics.',
      content: { 'text/plain': { schema: z.string() } },
    },
    421: local,
    ...ANY_PROBLEMS,
  },
});
