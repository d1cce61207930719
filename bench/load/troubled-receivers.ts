import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';

/** A mail server that says nothing, and a Slack that answers 500. Prints both addresses. */

const mail = createServer(() => {});
const slack = createHttpServer((request, response) => {
  request.resume();
  response.statusCode = 500;
  response.end('server_error');
});

const portOf = (server: { address(): unknown }) => {
  const address = server.address();
  return typeof address === 'object' && address !== null && 'port' in address ? address.port : 0;
};

mail.listen(0, '127.0.0.1', () =>
  slack.listen(0, '127.0.0.1', () => {
    const line = { mailPort: portOf(mail), slackUrl: `http://127.0.0.1:${portOf(slack)}/` };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }),
);
