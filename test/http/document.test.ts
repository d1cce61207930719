import t from 'tap';
import { openServing, type Serving } from './serving.ts';

/** What the document has of an operation, as far as these tests look. */
interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly security?: readonly unknown[];
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<
    Record<
      string,
      { readonly description?: string; readonly content?: Readonly<Record<string, unknown>> }
    >
  >;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

async function documentOf(serving: Serving) {
  const { body } = await serving.call('GET', '/openapi.json');
  const paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> = body.paths;
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => METHODS.includes(method))
      .map(([method, operation]) => ({ path, method, operation })),
  );
  return { body, operations };
}

t.test('the document is OpenAPI 3.1 and says all there is to say', async (t) => {
  const serving = await openServing();
  t.teardown(serving.close);
  const { body, operations } = await documentOf(serving);
  t.match(body, {
    openapi: /^3\.1\./,
    info: { title: 'reconciled', version: '0.1.0', description: /./ },
    components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
  });
  t.match(body.components.schemas.NewOrder, {
    type: 'object',
    additionalProperties: false,
    required: ['id', 'memberId', 'currency', 'amount', 'items', 'payments'],
    properties: {
      id: { type: 'string', pattern: '^[A-Za-z0-9_-]{6,64}$' },
      amount: { type: 'integer', minimum: 0, maximum: 2 ** 53 - 1 },
      createdAt: { type: 'string', format: 'date-time' },
    },
    example: { id: 'ORDER000001' },
  });
  const ids = operations.map(({ operation }) => operation.operationId);
  t.equal(new Set(ids).size, operations.length, 'every operation has an id of its own');
  for (const { path, method, operation } of operations) {
    const name = `${method} ${path}`;
    t.ok(operation.summary, `${name} has a summary`);
    t.same(operation.security, path.startsWith('/v1/') ? [{ bearer: [] }] : [], `${name}: who may`);
    const named = (operation.parameters ?? []).filter((one) => one.in === 'path');
    t.same(
      named.map(({ name }) => `{${name}}`),
      path.match(/\{\w+\}/g) ?? [],
      `${name}: its path`,
    );
    for (const [status, response] of Object.entries(operation.responses)) {
      t.ok(response.description, `${name} ${status} has a description`);
      const isProblem = Number(status) >= 400 && !(path === '/readyz' && status === '503');
      if (isProblem) t.ok(response.content?.['application/problem+json'], `${name} ${status}`);
    }
  }
});

t.test('every reference leads somewhere', async (t) => {
  const serving = await openServing();
  t.teardown(serving.close);
  const { body } = await documentOf(serving);
  const references = [...JSON.stringify(body).matchAll(/"\$ref":"#\/([^"]+)"/g)];
  t.ok(references.length > 20);
  for (const [, reference = ''] of references) {
    const found = reference.split('/').reduce((node, step) => node?.[step], body);
    t.ok(found, reference);
  }
  const schemas = Object.keys(body.components.schemas);
  for (const name of schemas) {
    t.ok(
      references.some(([, reference]) => reference?.endsWith(`/${name}`)),
      `${name} is used`,
    );
  }
});

t.test('what is in the document is there, and what is there is in the document', async (t) => {
  for (const http of ['', 'callback_listen = "127.0.0.1:1"']) {
    const serving = await openServing({ http });
    t.teardown(serving.close);
    const { operations } = await documentOf(serving);
    const ports = [serving.port, serving.callbackPort];
    for (const { path } of operations) {
      const target = path.replaceAll(/\{\w+\}/g, 'x');
      const documented = operations.filter((one) => one.path === path).map(({ method }) => method);
      // An address tells itself what it takes.
      const replies = await Promise.all(
        ports.map((port) => serving.call('OPTIONS', target, { port })),
      );
      const taken = replies.flatMap(({ status, headers }) =>
        status === 204 ? String(headers.allow).toLowerCase().split(', ') : [],
      );
      const expected = new Set(taken.filter((method) => method !== 'head'));
      t.same(new Set(documented), expected, path);
    }
    t.equal(operations.length, ROUTES.length);
    t.same(new Set(operations.map(({ path, method }) => `${method} ${path}`)), new Set(ROUTES));
  }
});

/** The contract with the outside. A change here is a line in CHANGELOG.md. */
const ROUTES = [
  'post /v1/orders',
  'get /v1/orders',
  'get /v1/orders/{id}',
  'get /v1/orders/{id}/journal',
  'post /v1/orders/{id}/payments',
  'post /v1/orders/{id}/resolve',
  'post /v1/payments/{id}/refunded',
  'put /v1/products/{id}',
  'get /v1/products/{id}',
  'get /v1/products',
  'post /v1/products/{id}/stock',
  'post /v1/sweeps',
  'get /v1/sweeps',
  'get /v1/sweeps/{id}',
  'get /v1/deliveries',
  'get /v1/deliveries/{id}',
  'post /v1/deliveries/{id}/retry',
  'get /v1/reports/{date}',
  'post /callbacks/{gateway}',
  'get /healthz',
  'get /readyz',
  'get /metrics',
  'get /openapi.json',
];
