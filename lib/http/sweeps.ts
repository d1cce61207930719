import { createRoute, z } from '@hono/zod-openapi';
import type { Sweep } from '../store/port.ts';
import type { Api, HttpDependencies } from './app.ts';
import { answer } from './bodies.ts';
import { after, closed, flag, limit, NO_QUERY } from './forms.ts';
import { isoOrNull, pageSchema } from './order-view.ts';
import { readPage } from './orders.ts';
import { COMMON_PROBLEMS, problem, Refusal, WRITE_PROBLEMS } from './problem.ts';

/** Sweeps: one now, and those that were. */
export function addSweepRoutes(api: Api, { store, sweeping }: HttpDependencies): void {
  const { reader } = store;
  /** Asked for and not begun, because another one runs: nobody has stored them yet. */
  const waiting = new Set<number>();

  api.openapi(startSweepRoute, async (c) => {
    const { id, ended } = sweeping.request();
    if (c.req.valid('query').wait === 'true') return c.json(sweepBody(await ended), 200);
    waiting.add(id);
    const forget = () => waiting.delete(id);
    // A sweep that fails is told by the flow; nobody waits for this one.
    ended.then(forget, forget);
    return c.json(sweepBody(running(id) ?? unbegun(id)), 202, { location: `/v1/sweeps/${id}` });
  });

  api.openapi(listSweepsRoute, async (c) => {
    const { after: cursor = null, limit: most } = c.req.valid('query');
    const now = sweeping.running();
    const page = await readPage(reader.sweeps(cursor, most));
    const items = page.items.map((sweep) =>
      sweepBody(sweep.endedAt === null && sweep.id === now?.id ? now : sweep),
    );
    return c.json({ items, next: page.next }, 200);
  });

  api.openapi(getSweepRoute, async (c) => {
    const id = Number(c.req.valid('param').id);
    // What is stored of one that runs is its beginning only.
    const now = running(id);
    const known = now === null && Number.isSafeInteger(id) ? await reader.sweep(id) : null;
    const sweep = now ?? known ?? (waiting.has(id) ? unbegun(id) : null);
    if (sweep === null) throw new Refusal('not_found', 'There is no such sweep.');
    return c.json(sweepBody(sweep), 200);
  });

  function running(id: number): Sweep | null {
    const sweep = sweeping.running();
    return sweep?.id === id ? sweep : null;
  }
}

type SweepBody = Omit<Sweep, 'startedAt'> & { readonly startedAt: number | null };

function unbegun(id: number): SweepBody {
  return { id, startedAt: null, endedAt: null, looked: 0, reasons: {}, durationMs: 0 };
}

function sweepBody(sweep: SweepBody): z.infer<typeof sweepSchema> {
  return {
    id: sweep.id,
    startedAt: isoOrNull(sweep.startedAt),
    endedAt: isoOrNull(sweep.endedAt),
    looked: sweep.looked,
    reasons: { ...sweep.reasons },
    durationMs: sweep.durationMs,
  };
}

const sweepSchema = z
  .object({
    id: z.int(),
    startedAt: z.string().nullable().openapi({
      format: 'date-time',
      description: 'null: it waits for the one that runs.',
    }),
    endedAt: z.string().nullable().openapi({
      format: 'date-time',
      description: 'null: it runs, or the daemon ended in it.',
    }),
    looked: z.int().openapi({ description: 'Orders that were looked at.' }),
    reasons: z.record(z.string(), z.int()).openapi({
      description: 'How many orders each reason had.',
      example: { captured: 7, declined: 2 },
    }),
    durationMs: z.number(),
  })
  .openapi('Sweep');

const startSweepRoute = createRoute({
  method: 'post',
  path: '/v1/sweeps',
  operationId: 'startSweep',
  tags: ['sweeps'],
  summary: 'Look at everything that is due now',
  description: 'While one runs, all requests share the one that follows it.',
  security: [{ bearer: [] }],
  request: { query: closed({ wait: flag('Answer when it has ended.') }) },
  responses: {
    200: answer('It ended.', sweepSchema),
    202: {
      ...answer('It begins.', sweepSchema),
      headers: { Location: { description: 'Where it reads.', schema: { type: 'string' } } },
    },
    ...COMMON_PROBLEMS,
    ...WRITE_PROBLEMS,
  },
});

const listSweepsRoute = createRoute({
  method: 'get',
  path: '/v1/sweeps',
  operationId: 'listSweeps',
  tags: ['sweeps'],
  summary: 'List sweeps, newest first',
  security: [{ bearer: [] }],
  request: { query: closed({ after: after(), limit: limit() }) },
  responses: {
    200: answer('A page.', pageSchema(sweepSchema, 'SweepPage')),
    ...COMMON_PROBLEMS,
    400: problem('A parameter is wrong; `errors` names it.'),
  },
});

const getSweepRoute = createRoute({
  method: 'get',
  path: '/v1/sweeps/{id}',
  operationId: 'getSweep',
  tags: ['sweeps'],
  summary: 'Read a sweep',
  security: [{ bearer: [] }],
  request: {
    params: z.object({ id: z.string().openapi({ example: '17' }) }),
    query: NO_QUERY,
  },
  responses: {
    200: answer('The sweep.', sweepSchema),
    ...COMMON_PROBLEMS,
    400: problem('There is a parameter, and it takes none.'),
    404: problem('There is no such sweep.'),
  },
});
