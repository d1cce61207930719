import type { Api } from './app.ts';
import { ANY_PROBLEMS, problem } from './problem.ts';

/** Serves the OpenAPI document, made from the schemas that validate. */
export function addDocument(api: Api, version: string): void {
  api.openAPIRegistry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    description:
      'The token of the configuration (http.api_token). Without one, only this machine may call.',
  });
  api.openAPIRegistry.registerPath({
    method: 'get',
    path: '/openapi.json',
    operationId: 'getDocument',
    tags: ['operations'],
    summary: 'This document',
    security: [],
    responses: {
      200: {
        description: 'OpenAPI 3.1.',
        content: { 'application/json': { schema: { type: 'object' } } },
      },
      421: problem('No token is configured and the Host header does not name this machine.'),
      ...ANY_PROBLEMS,
    },
  });

  let document: string | null = null;
  api.get('/openapi.json', (c) => {
    // Made when somebody asks for it for the first time: a daemon starts without it.
    document ??= JSON.stringify(
      api.getOpenAPI31Document({
        openapi: '3.1.0',
        info: {
          title: 'reconciled',
          version,
          description:
            'Leaves no payment in doubt. Amounts are integers in the minor unit of their currency, times ISO 8601 in UTC. Everything that creates is idempotent by id. Problems are RFC 9457 with a `code`.',
          license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
        },
        tags: [
          { name: 'orders', description: 'What the shop tells and asks.' },
          { name: 'payments', description: 'Attempts to pay, and refunds by hand.' },
          { name: 'products', description: 'Counts of what is sold.' },
          { name: 'sweeps', description: 'Looks at everything that is due.' },
          { name: 'deliveries', description: 'Notifications on their way, and those given up.' },
          { name: 'reports', description: 'Days, as they tie out.' },
          { name: 'callbacks', description: 'What gateways send.' },
          { name: 'operations', description: 'What monitoring asks.' },
        ],
      }),
    );
    return c.body(document, 200, { 'content-type': 'application/json' });
  });
}
