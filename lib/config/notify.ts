import { count, duration, text } from './forms.ts';
import { isOrderUrl } from './rules.ts';
import { section } from './section.ts';

/** The settings of all notifications; `channels.ts` has those of each channel. */
export function notifySchema() {
  return section(
    'How people and systems are told.',
    {
      threads: count({
        text: 'Threads that send. Gateways are asked by others, so that a hanging mail server slows no sweep.',
        standard: 2,
        least: 1,
        most: 16,
      }),
      first_retry: duration({
        text: 'The longest wait after the first attempt that fails. It doubles with each further one.',
        standard: '5s',
        least: '100ms',
        most: '1h',
      }),
      longest_retry: duration({
        text: 'No wait gets longer than this. Not shorter than `first_retry`.',
        standard: '1h',
        least: '100ms',
        most: '24h',
      }),
      give_up_after: duration({
        text: 'How long a message is tried before it is dead: kept, shown by `reconciled notices --dead`, sent again when somebody says so. Not shorter than `longest_retry`.',
        standard: '24h',
        least: '1s',
        most: '30d',
      }),
      order_url: text({
        text: 'Where people look at an order, with `{id}` in the place of its id. Messages link to it.',
        form: 'an http:// or https:// address with {id} in its path or query, or "" for no link',
        example: 'https://shop.example/admin/orders/{id}',
        standard: '',
        holds: (value) => value === '' || isOrderUrl(value),
        isPrivate: true,
      }),
      sweep_late_after: duration({
        text: 'An order that waits for so long beyond its time makes `sweep.late`.',
        standard: '15m',
        least: '1s',
        most: '7d',
      }),
      callbacks_stopped_after: duration({
        text: 'A gateway that used to call back and has not for so long, while its orders were settled, makes `callbacks.stopped`.',
        standard: '6h',
        least: '5m',
        most: '30d',
      }),
    },
    [
      {
        at: 'longest_retry',
        holds: ({ first_retry, longest_retry }) => !(first_retry > longest_retry),
        say: 'must not be shorter than first_retry.',
      },
      {
        at: 'give_up_after',
        holds: ({ longest_retry, give_up_after }) => !(longest_retry > give_up_after),
        say: 'must not be shorter than longest_retry.',
      },
    ],
  );
}
