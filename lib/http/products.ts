import { createRoute, z } from '@hono/zod-openapi';
import { MAX_PIECES, type Product, type Reader } from '../store/port.ts';
import type { Api, HttpDependencies } from './app.ts';
import { answer, jsonBody } from './bodies.ts';
import { after, closed, count, id, limit, NO_QUERY, text } from './forms.ts';
import { pageSchema } from './order-view.ts';
import { readPage, shown } from './orders.ts';
import { BODY_PROBLEMS, COMMON_PROBLEMS, problem, Refusal, refusedFields } from './problem.ts';

/** Products and their counts. */
export function addProductRoutes(api: Api, { store, clock }: HttpDependencies): void {
  const { intake, reader } = store;

  api.openapi(putProductRoute, async (c) => {
    requireReadable(c.req.url);
    const { id: productId } = c.req.valid('param');
    const { name, onHand, lowStockAt = null } = c.req.valid('json');
    const product = { id: productId, name, onHand, lowStockAt };
    const outcome = await intake.putProduct(product, clock.now());
    return c.json(product, outcome === 'created' ? 201 : 200);
  });

  api.openapi(getProductRoute, async (c) => {
    const { id: productId } = c.req.valid('param');
    return c.json(await theProduct(reader, productId), 200);
  });

  api.openapi(listProductsRoute, async (c) => {
    const { after: cursor = null, limit: most } = c.req.valid('query');
    const page = await readPage(reader.products(cursor, most));
    return c.json({ items: [...page.items], next: page.next }, 200);
  });

  api.openapi(addStockRoute, async (c) => {
    const { id: productId } = c.req.valid('param');
    const { add, reference } = c.req.valid('json');
    const outcome = await intake.addStock(productId, add, reference, clock.now());
    if (outcome === 'not_found') throw noProduct(productId);
    if (outcome === 'differs') {
      const hint = 'Another delivery needs another reference.';
      const message = 'was used before, with another number of pieces';
      throw refusedFields('conflict', [{ field: 'reference', message, hint }]);
    }
    if (outcome === 'too_many') {
      const message = `there would be more than ${MAX_PIECES} pieces`;
      const hint = 'PUT /v1/products/{id} sets the count to what is there.';
      throw refusedFields('invalid', [{ field: 'add', message, hint }]);
    }
    const product = await theProduct(reader, productId);
    return c.json(product, outcome === 'added' ? 201 : 200);
  });
}

/** Hono leaves bytes that are not UTF-8 as they were sent: a product of another name than the one that was meant would be made. */
function requireReadable(url: string): void {
  try {
    decodeURIComponent(new URL(url).pathname);
  } catch {
    const hint = 'Write it in UTF-8, then percent-encoded: 녹차 is %EB%85%B9%EC%B0%A8.';
    throw refusedFields('malformed', [{ field: 'id', message: 'not readable as UTF-8', hint }]);
  }
}

async function theProduct(reader: Reader, productId: string): Promise<Product> {
  const product = await reader.product(productId);
  if (product === null) throw noProduct(productId);
  return product;
}

function noProduct(productId: string): Refusal {
  return new Refusal('not_found', `There is no product ${shown(productId)}.`, {
    hint: 'PUT /v1/products/{id} creates it.',
  });
}

const productSchema = z
  .object({
    id: z.string().openapi({ example: 'tea' }),
    name: z.string().openapi({ example: 'Green tea' }),
    onHand: z.int().openapi({ example: 100 }),
    lowStockAt: z.int().nullable().openapi({ example: 10 }),
  })
  .openapi('Product');

const productPath = z.object({ id: z.string().openapi({ example: 'tea' }) });

const noSuchProduct = problem('There is no such product.');

const putProductRoute = createRoute({
  method: 'put',
  path: '/v1/products/{id}',
  operationId: 'putProduct',
  tags: ['products'],
  summary: 'Set a product and its count',
  description:
    'The count is absolute; a difference is journalled as a movement. Sent again it is set again: what was sold in between would be there once more.',
  security: [{ bearer: [] }],
  request: {
    params: z.object({ id: id('tea') }),
    query: NO_QUERY,
    body: jsonBody(
      closed({
        name: text(200, 'Green tea'),
        onHand: count(0, MAX_PIECES).openapi({ example: 100 }),
        lowStockAt: count(0, MAX_PIECES).nullable().optional().openapi({
          description: 'At or below this the product is low; null: nobody wants to know.',
          example: 10,
        }),
      }).openapi('NewProduct'),
    ),
  },
  responses: {
    200: answer('It is set.', productSchema),
    201: answer('It is new.', productSchema),
    ...COMMON_PROBLEMS,
    ...BODY_PROBLEMS,
  },
});

const getProductRoute = createRoute({
  method: 'get',
  path: '/v1/products/{id}',
  operationId: 'getProduct',
  tags: ['products'],
  summary: 'Read a product',
  security: [{ bearer: [] }],
  request: { params: productPath, query: NO_QUERY },
  responses: {
    200: answer('The product.', productSchema),
    ...COMMON_PROBLEMS,
    400: problem('There is a parameter, and it takes none.'),
    404: noSuchProduct,
  },
});

const listProductsRoute = createRoute({
  method: 'get',
  path: '/v1/products',
  operationId: 'listProducts',
  tags: ['products'],
  summary: 'List products by id',
  security: [{ bearer: [] }],
  request: { query: closed({ after: after(), limit: limit() }) },
  responses: {
    200: answer('A page.', pageSchema(productSchema, 'ProductPage')),
    ...COMMON_PROBLEMS,
    400: problem('A parameter is wrong; `errors` names it.'),
  },
});

const addStockRoute = createRoute({
  method: 'post',
  path: '/v1/products/{id}/stock',
  operationId: 'addStock',
  tags: ['products'],
  summary: 'Add pieces to the stock',
  description:
    'Idempotent by reference, for each product by itself: 201 the first time, 200 when it is sent again.',
  security: [{ bearer: [] }],
  request: {
    params: productPath,
    query: NO_QUERY,
    body: jsonBody(
      closed({
        add: count(1, MAX_PIECES).openapi({ example: 20 }),
        reference: text(200, 'delivery-17'),
      }).openapi('NewStock'),
    ),
  },
  responses: {
    200: answer('It was added before; as it is now.', productSchema),
    201: answer('They are added.', productSchema),
    ...COMMON_PROBLEMS,
    ...BODY_PROBLEMS,
    404: noSuchProduct,
    409: problem('The reference was used with another number.'),
  },
});
