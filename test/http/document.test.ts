import t from 'tap';
import { effect } from '../support/store-fixtures.ts';
import { anOrder, type Given, openServing, type Serving } from './serving.ts';

/** What the document has of an operation, as far as these tests look. */
interface Operation {
  readonly operationId?: string;
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly security?: readonly unknown[];
  readonly servers?: readonly { readonly url: string }[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly schema?: { readonly default?: unknown };
  }[];
  readonly responses: Readonly<
    Record<
      string,
      {
        readonly description?: string;
        readonly headers?: Readonly<Record<string, unknown>>;
        readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
      }
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
  const tags: readonly { readonly name: string }[] = body.tags;
  const used = new Set(operations.flatMap(({ operation }) => operation.tags ?? []));
  t.strictSame(new Set(tags.map(({ name }) => name)), used, 'every group of them is described');
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
    const limit = operation.parameters?.find((one) => one.name === 'limit');
    if (limit !== undefined) t.equal(limit.schema?.default, 100, `${name}: a page`);
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

t.test('every pattern is one of JSON Schema, and its example fits', async (t) => {
  const serving = await openServing();
  t.teardown(serving.close);
  const { body } = await documentOf(serving);
  const patterns = patternsIn(body).filter(({ example }) => example !== undefined);
  t.ok(patterns.length > 5);
  for (const { pattern, example } of patterns) t.match(example, new RegExp(pattern, 'u'), pattern);
});

/** Every pattern, with the example beside it. */
function patternsIn(node: unknown): readonly { pattern: string; example?: string }[] {
  if (typeof node !== 'object' || node === null) return [];
  const within = Object.values(node).flatMap(patternsIn);
  if (!('pattern' in node) || typeof node.pattern !== 'string') return within;
  const { pattern } = node;
  const hasExample = 'example' in node && typeof node.example === 'string';
  return [...within, hasExample ? { pattern, example: String(node.example) } : { pattern }];
}

t.test('what the store could not write is in doubt, and says when to try again', async (t) => {
  const serving = await openServing();
  t.teardown(serving.close);
  const { operations } = await documentOf(serving);
  for (const { path, method, operation } of operations) {
    const refused = operation.responses[503];
    if (refused === undefined) continue;
    t.ok(refused.headers?.['Retry-After'], `${method} ${path}`);
    t.notMatch(refused.description, /Nothing was kept/, `${method} ${path}`);
  }
});

t.test('a bug of ours is an answer that every operation may give', async (t) => {
  const serving = await openServing();
  t.teardown(serving.close);
  const { operations } = await documentOf(serving);
  for (const { path, method, operation } of operations)
    t.match(operation.responses[500]?.description, /bug/, `${method} ${path}`);
});

t.test('a listener for callbacks only is told as an address that can be called', async (t) => {
  for (const host of ['127.0.0.1', '[::1]']) {
    const serving = await openServing({ http: `callback_listen = "${host}:8091"` });
    t.teardown(serving.close);
    const { operations } = await documentOf(serving);
    const found = operations.find(({ path }) => path === '/callbacks/{gateway}');
    t.same(found?.operation.servers, [{ url: `http://${host}:8091` }]);
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

t.test('what is answered is what the document says', async (t) => {
  const serving = await openServing();
  t.teardown(serving.close);
  const { clock, store } = serving.world;
  const { body: document, operations } = await documentOf(serving);
  const told = { channel: 'ops', topic: 'order.held', digestMs: 0 } as const;
  await store.outbox.subscribe([told], clock.now());
  await serving.world.order('ORDER000009', []);
  const held = effect({ key: 'k', topic: 'order.held', orderId: 'ORDER000009' });
  await store.outbox.announce([held], [], clock.now());

  for (const [method, target, status, given] of ANSWERS) {
    const reply = await serving.call(method, target, given);
    const name = `${method} ${target} ${status}`;
    t.equal(reply.status, status, name);
    const operation = operations.find(
      (one) =>
        one.method === method.toLowerCase() &&
        new RegExp(`^${one.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(target),
    );
    const response = operation?.operation.responses[status];
    t.ok(response, `${name} is in the document`);
    const type = String(reply.headers['content-type']);
    const schema = response?.content?.[type]?.schema;
    t.ok(schema, `${name}: so is its content type`);
    t.strictSame(misfits(reply.body, schema, document), [], `${name}: so are its fields`);
  }
});

const fromElsewhere = { headers: { origin: 'http://elsewhere.example' } };

/** Requests and the status of their answers. */
const ANSWERS: readonly (readonly [string, string, number, Given?])[] = [
  ['POST', '/v1/orders', 201, { body: anOrder() }],
  ['POST', '/v1/orders', 200, { body: anOrder() }],
  ['POST', '/v1/orders', 403, { body: anOrder(), ...fromElsewhere }],
  ['GET', '/v1/orders', 200],
  ['GET', '/v1/orders/ORDER000001/journal', 200],
  ['PUT', '/v1/products/hat', 201, { body: { name: 'Hat', onHand: 1 } }],
  ['PUT', '/v1/products/hat', 403, fromElsewhere],
  ['POST', '/v1/products/hat/stock', 201, { body: { add: 1, reference: 'd' } }],
  ['GET', '/v1/products', 200],
  ['GET', '/v1/deliveries', 200],
  ['GET', '/v1/deliveries/1', 200],
  ['POST', '/v1/deliveries/1/retry', 409],
  ['POST', '/v1/deliveries/1/retry', 403, fromElsewhere],
  ['POST', '/v1/deliveries/1/retry', 415, { body: 'x', headers: { 'content-type': 'text/plain' } }],
  ['POST', '/v1/sweeps', 202],
  ['POST', '/v1/sweeps', 400, { body: '{' }],
  ['POST', '/v1/sweeps', 403, fromElsewhere],
  ['POST', '/v1/sweeps', 413, { body: 'x'.repeat(1024 * 1024 + 1) }],
  ['POST', '/v1/sweeps', 415, { body: 'x', headers: { 'content-type': 'text/plain' } }],
  ['GET', '/v1/sweeps', 200],
  ['GET', '/openapi.json', 421, { headers: { host: 'elsewhere.example' } }],
];

interface Schema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: unknown;
}

/** Fields that one has and the other does not know, and fields that are missing; by their paths. */
function misfits(value: unknown, schema: Schema | undefined, document: unknown): string[] {
  const known = resolved(schema, document);
  if (Array.isArray(value)) return value.flatMap((one) => misfits(one, known?.items, document));
  const { properties, required = [], additionalProperties } = known ?? {};
  if (properties === undefined || typeof value !== 'object' || value === null) return [];
  const missing = required.filter((name) => !Object.hasOwn(value, name));
  const others = Object.entries(value).flatMap(([name, field]) => {
    const isKnown = Object.hasOwn(properties, name) || additionalProperties !== undefined;
    if (!isKnown) return [name];
    return misfits(field, properties[name], document).map((path) => `${name}.${path}`);
  });
  return [...missing, ...others];
}

function resolved(schema: Schema | undefined, document: unknown): Schema | undefined {
  if (schema?.$ref === undefined) return schema;
  const steps = schema.$ref.slice('#/'.length).split('/');
  return steps.reduce(
    // biome-ignore lint/suspicious/noExplicitAny: the document is whatever came
    (node: any, step) => node?.[step],
    document,
  );
}

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

t.test('a parameter that no address takes is refused by name, everywhere in /v1', async (t) => {
  const serving = await openServing();
  t.teardown(serving.close);
  const { operations } = await documentOf(serving);
  for (const { path, method, operation } of operations) {
    if (!path.startsWith('/v1/')) continue;
    const url = `${path.replace(/\{\w+\}/, 'ORDER000001')}?dryRun=true`;
    const body = method === 'get' ? undefined : {};
    const reply = await serving.call(method.toUpperCase(), url, body);
    t.match(
      reply,
      {
        status: 400,
        body: {
          code: 'malformed',
          errors: [{ field: 'dryRun', hint: /^(Leave it out|There are \w+)/ }],
        },
      },
      url,
    );
    t.ok(operation.responses[400], `${method} ${path} says so`);
  }
});
