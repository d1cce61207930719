import type { Case, Taking } from './decision.ts';

/** What completing takes: one taking per product, in the order of the items. */
export function takings(items: readonly Taking[]): readonly Taking[] {
  const byProduct = new Map<string, number>();
  for (const { productId, quantity } of items) {
    byProduct.set(productId, (byProduct.get(productId) ?? 0) + quantity);
  }
  return [...byProduct].map(([productId, quantity]) => ({ productId, quantity }));
}

/** The products of which fewer pieces are on hand than completing takes. */
export function shortages({
  items,
  stock,
}: Case): readonly { readonly productId: string; readonly name: string }[] {
  return takings(items).flatMap(({ productId, quantity }) => {
    const level = stock.find((one) => one.productId === productId);
    if (level !== undefined && level.onHand >= quantity) return [];
    return [{ productId, name: level?.name ?? productId }];
  });
}
