import type { DatedEffect, EffectTopic } from '../core/effect.ts';
import type { Reason } from '../core/reason.ts';
import { commands, shellWord } from '../texts/shell-word.ts';
import type { Texts } from '../texts.ts';

/** What a person does about it, with the command to type; `null`: nothing. */
export function todoFor(
  effect: DatedEffect,
  topic: EffectTopic,
  { explain, notices }: Texts,
  amount: string,
): string | null {
  const { todo } = notices;
  const order = typed(effect.orderId);
  const look = commands.explain(order);
  const refund = explain.todo.refund(amount, commands.refunded(typed(effect.paymentId)));
  switch (topic) {
    case 'order.completed':
    case 'order.failed':
    case 'refund.done':
    case 'gateway.up':
      return null;
    case 'order.held':
      return todo.held(look, commands.resolve(order));
    case 'order.attention':
      return isByHand(effect.reason) ? refund : todo.explain(look);
    case 'refund.due':
      // A gateway that can refund does: whoever refunds then as well gives the money back twice.
      return todo.refundDue(look, refund);
    case 'stock.low':
      return todo.restock(encodeURIComponent(effect.productId ?? PLACE));
    case 'sweep.late':
      return todo.sweepLate;
    case 'callbacks.stopped':
      return todo.callbacksStopped(effect.gateway ?? PLACE);
    case 'gateway.down':
      return todo.gatewayDown;
    case 'gateway.misconfigured':
      return todo.gatewayMisconfigured(effect.gateway ?? PLACE);
    case 'report.daily':
      return todo.report(reportDay(effect));
  }
}

/** The same for many of one topic. */
export function todoForMany(topic: EffectTopic, { explain, notices }: Texts): string | null {
  const { todo } = notices;
  const look = commands.explain(PLACE);
  const refund = explain.todo.refund(todo.eachRefund, commands.refunded(PLACE));
  switch (topic) {
    case 'order.completed':
    case 'order.failed':
    case 'refund.done':
    case 'gateway.up':
      return null;
    case 'order.held':
      return todo.listHeld(todo.held(look, commands.resolve(PLACE)));
    case 'order.attention':
      return todo.explain(look);
    case 'refund.due':
      return todo.refundDue(look, refund);
    case 'stock.low':
      return todo.restockMany;
    case 'sweep.late':
      return todo.sweepLate;
    case 'callbacks.stopped':
      return todo.callbacksStopped(PLACE);
    case 'gateway.down':
      return todo.gatewayDown;
    case 'gateway.misconfigured':
      return todo.gatewayMisconfigured(PLACE);
    case 'report.daily':
      return todo.report(PLACE);
  }
}

/** In the place of what the reader fills in. */
const PLACE = '…';

/** The day of a report is the last part of its key. */
function reportDay({ key }: DatedEffect): string {
  return key.slice(key.indexOf(':') + 1);
}

/** The gateway has said that it will not: a person is the only one who can. */
function isByHand(reason: Reason | null): boolean {
  return reason === 'refund_by_hand' || reason === 'refund_refused';
}

function typed(id: string | null): string {
  return id === null ? PLACE : shellWord(id);
}
