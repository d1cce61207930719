import { send as sendWell } from '../../../workers/send.ts';

if (process.env.RECONCILED_TEST_START === 'fails') throw new Error('this thread cannot start');

export const send = sendWell;
