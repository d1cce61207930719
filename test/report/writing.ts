import { writeSync } from 'node:fs';
import { dayAfter } from '../../lib/report/days.ts';
import { publishDraft, writeDraft } from '../../lib/report/files.ts';
import type { Report } from '../../lib/report/report.ts';

/** Writes large reports, one day after the other, until it is killed; says a line before each. */

const [folder = ''] = process.argv.slice(2);

const EMPTY: Report & { readonly filling: string } = {
  from: '2026-01-01',
  to: '2026-01-01',
  timezone: 'UTC',
  begins: '2026-01-01T00:00:00.000Z',
  ends: '2026-01-02T00:00:00.000Z',
  madeAt: '2026-01-02T00:00:00.000Z',
  complete: true,
  orders: 0,
  currencies: [],
  timeToSettle: { orders: 0, medianMs: null, p95Ms: null, maxMs: null },
  open: { held: [], refundsOwed: [] },
  stock: { products: 0, pieces: 0, most: [] },
  deadDeliveries: [],
  tiesOut: true,
  differences: [],
  ties: [],
  // So long that it is often killed while it writes.
  filling: 'x'.repeat(8_000_000),
};

// Whoever starts it ends it; the bound is for when he is gone.
for (let day = EMPTY.from; day < '2026-04-01'; day = dayAfter(day)) {
  writeSync(1, `${day}\n`);
  writeDraft(folder, { ...EMPTY, from: day, to: day }, { locale: 'en' });
  publishDraft(folder, day);
}
