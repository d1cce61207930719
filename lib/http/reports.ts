import { createRoute, z } from '@hono/zod-openapi';
import { accepts } from 'hono/accepts';
import { type Day, dayOf, isDay } from '../report/days.ts';
import type { Api, HttpDependencies } from './app.ts';
import { NO_QUERY } from './forms.ts';
import { listBody } from './list-body.ts';
import { COMMON_PROBLEMS, passingProblem, problem, Refusal } from './problem.ts';
import { reportSchema } from './report-view.ts';

/** Reports and lists that are made at one moment: there is one thread for all of them. */
const MAX_UNDERWAY = 4;

/** The report of a day, as JSON, as a page, or as the list of its orders. */
export function addReportRoute(
  api: Api,
  { config, clock, reporting }: Pick<HttpDependencies, 'config' | 'clock' | 'reporting'>,
): void {
  let underway = 0;
  /** Whoever calls the result gives the place back; a second time it is nothing. */
  const take = () => {
    if (underway >= MAX_UNDERWAY) {
      const headers = { 'retry-after': '5' };
      throw new Refusal('reports_full', `${MAX_UNDERWAY} reports are being made already.`, {
        hint: 'Ask again in a few seconds.',
        headers,
      });
    }
    underway += 1;
    let isTaken = true;
    return () => {
      if (isTaken) underway -= 1;
      isTaken = false;
    };
  };

  api.openapi(getReportRoute, async (c) => {
    const day = dayAsked(c.req.valid('param').date);
    const now = clock.now();
    if (dayOf(now, config.timezone) < day) {
      throw new Refusal('not_found', `${day} has not begun in ${config.timezone}.`);
    }
    const wanted = accepts(c, { header: 'Accept', supports: [...KINDS], default: JSON_KIND });
    const giveBack = take();
    const headers = { vary: 'accept', 'cache-control': 'no-store' };
    if (wanted === CSV_KIND) {
      const { outgoing } = c.env;
      // Of what is asked for with HEAD nobody reads the body, nor cancels it.
      outgoing.once('close', giveBack);
      const list = listBody((after, slot) => reporting.orders(day, after, slot), {
        clock,
        ended: giveBack,
        isAllSent: () => outgoing.writableLength === 0,
        cutOff: () => outgoing.destroy(),
      });
      return new Response(await list, {
        headers: {
          ...headers,
          'content-type': 'text/csv; charset=utf-8; header=present',
          'content-disposition': `attachment; filename="orders-${day}.csv"`,
        },
      });
    }
    try {
      if (wanted === HTML_KIND) return c.html(await reporting.page(day, now), 200, headers);
      // Its thread has written it out: nothing of a large report is left to do on this one.
      const report = await reporting.report(day, now);
      return c.body(report, 200, { ...headers, 'content-type': JSON_KIND });
    } finally {
      giveBack();
    }
  });
}

const JSON_KIND = 'application/json';
const CSV_KIND = 'text/csv';
const HTML_KIND = 'text/html';
const KINDS = [JSON_KIND, CSV_KIND, HTML_KIND] as const;

function dayAsked(written: string): Day {
  if (isDay(written)) return written;
  throw new Refusal('malformed', 'date: not a day of the calendar.', {
    errors: [{ field: 'date', message: 'not a day', hint: 'Write a day such as 2026-11-23.' }],
  });
}

const getReportRoute = createRoute({
  method: 'get',
  path: '/v1/reports/{date}',
  operationId: 'getReport',
  tags: ['reports'],
  summary: 'Read the report of a day',
  description:
    'As it was written when the day had ended; a day without a written report is counted now. `text/csv` lists every order of the day as it is now, `text/html` is a page to print. An order is of the day on which it was created, in the configured zone.',
  security: [{ bearer: [] }],
  request: {
    params: z.object({ date: z.string().openapi({ example: '2026-11-23' }) }),
    query: NO_QUERY,
  },
  responses: {
    200: {
      description: 'The report.',
      content: {
        [JSON_KIND]: { schema: reportSchema },
        [CSV_KIND]: { schema: z.string() },
        [HTML_KIND]: { schema: z.string() },
      },
    },
    ...COMMON_PROBLEMS,
    400: problem('The date is none, or there is a parameter.'),
    404: problem('The day has not begun.'),
    422: problem('The amounts of the day are too large to add up.'),
    503: passingProblem(
      'Too many reports are made at once, or the database cannot be read at present.',
    ),
  },
});
