import { inColumns } from './columns.ts';
import type { Fact, Table, Wording } from './wording.ts';

/** An e-mail as people read it: the same in plain text and in HTML. */
interface Letter {
  /** One line: `wordingOf` has taken out what would begin another header. */
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** Writes the letter. `id` stands at its end, so that a repeat can be told. Pure. */
export function letterOf(wording: Wording, id: string): Letter {
  const { title, test } = wording;
  const mark = test === null ? '' : `[${test.mark}] `;
  return {
    subject: `[reconciled] ${mark}${title}`,
    text: textOf(wording, id),
    html: htmlOf(wording, id),
  };
}

// --- plain text

function textOf({ test, headline, facts, table, todo, link, footer }: Wording, id: string): string {
  return [
    ...(test === null ? [] : [[`[${test.mark}] ${test.note}`]]),
    [headline],
    facts.map(factLine),
    ...(table === null ? [] : [tableLines(table)]),
    ...(todo === null ? [] : [[factLine(todo)]]),
    ...(link === null ? [] : [[factLine({ label: link.text, value: link.url })]]),
    // What mail programs take for a signature begins so.
    ['-- ', footer, id],
  ]
    .map((part) => part.join('\n'))
    .join('\n\n')
    .concat('\n');
}

function factLine({ label, value }: Fact): string {
  return `${label}: ${value}`;
}

function tableLines(table: Table): readonly string[] {
  const more = table.more(table.rows.length);
  return [...inColumns(table, table.rows), ...(more === '' ? [] : [more])];
}

// --- HTML

/**
 * Styles stand at each element, because mail programs drop style sheets, and no colour but greys that can be read on white, on black and
 * on paper: the reader's own colours stay.
 */
function htmlOf(wording: Wording, id: string): string {
  const { test, title, headline, facts, table, todo, link, footer } = wording;
  return [
    '<!doctype html>',
    '<html><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width">',
    '<meta name="color-scheme" content="light dark">',
    '<meta name="supported-color-schemes" content="light dark">',
    `<title>${escapeHtml(title)}</title></head>`,
    `<body style="${BODY}"><div style="max-width:680px">`,
    ...(test === null
      ? []
      : [`<p style="${BOX}"><b>${escapeHtml(test.mark)}</b> ${escapeHtml(test.note)}</p>`]),
    `<h1 style="font-size:18px;line-height:1.4;margin:0 0 16px">${escapeHtml(headline)}</h1>`,
    factTable(facts),
    ...(table === null ? [] : [rowTable(table)]),
    ...(todo === null
      ? []
      : [`<p style="${BOX}"><b>${escapeHtml(todo.label)}</b><br>${escapeHtml(todo.value)}</p>`]),
    ...(link === null ? [] : [`<p>${anchor(link.url, link.text)}</p>`]),
    `<p style="font-size:12px;color:${GREY};margin-top:24px">${escapeHtml(footer)}<br>${escapeHtml(id)}</p>`,
    '</div></body></html>',
  ].join('\n');
}

/** Contrast of 4.5 to 1 on white and of 4.6 to 1 on black. */
const GREY = '#767676';

const BODY =
  "margin:0;padding:16px;font:15px/1.5 -apple-system,'Segoe UI','Apple SD Gothic Neo','Malgun Gothic',sans-serif;word-break:keep-all;overflow-wrap:break-word";

const BOX = `border:1px solid ${GREY};border-radius:6px;padding:10px 12px;overflow-wrap:anywhere`;

const TABLE = 'border-collapse:collapse;margin:0 0 16px';

const CELL = `text-align:left;vertical-align:top;padding:4px 16px 4px 0;border-bottom:1px solid ${GREY}`;

function factTable(facts: readonly Fact[]): string {
  const rows = facts.map(
    ({ label, value }) =>
      `<tr><td style="${CELL};white-space:nowrap">${escapeHtml(label)}</td><td style="${CELL};overflow-wrap:anywhere">${escapeHtml(value)}</td></tr>`,
  );
  return `<table role="presentation" style="${TABLE}">${rows.join('\n')}</table>`;
}

function rowTable(table: Table): string {
  const head = table.head.map((name) => `<th style="${CELL}">${escapeHtml(name)}</th>`);
  const rows = table.rows.map(({ cells, url }) => {
    // The first column is the time: what is looked at stands in the second.
    const written = cells.map((cell, column) =>
      url !== null && column === 1 ? anchor(url, cell) : escapeHtml(cell),
    );
    return `<tr>${written.map((cell) => `<td style="${CELL}">${cell}</td>`).join('')}</tr>`;
  });
  const more = table.more(table.rows.length);
  const rest = more === '' ? '' : `<p>${escapeHtml(more)}</p>`;
  return `<table style="${TABLE};font-size:13px"><thead><tr>${head.join('')}</tr></thead><tbody>${rows.join('\n')}</tbody></table>${rest}`;
}

function anchor(url: string, text: string): string {
  return `<a href="${escapeHtml(url)}">${escapeHtml(text)}</a>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
