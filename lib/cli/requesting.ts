/** The HTTP client of the commands, in a file of its own: only those that talk to a daemon load it. */
export { Agent, request } from 'undici';
