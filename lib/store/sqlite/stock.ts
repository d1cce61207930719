import { lowStockEffect } from '../../core/announce.ts';
import type { Taking } from '../../core/decision.ts';
import { takings } from '../../core/stock.ts';
import type { Instant } from '../../core/time.ts';
import { type AddStockOutcome, MAX_PIECES, type Product } from '../port.ts';
import { writeEffect, writeMovement } from './ledger.ts';
import type { Session } from './session.ts';

/** Sets name, absolute count and threshold of a product. */
export function putProduct(
  session: Session,
  product: Product,
  now: Instant,
): 'created' | 'updated' | 'same' {
  const known = loadProduct(session, product.id);
  if (
    known !== null &&
    known.name === product.name &&
    known.onHand === product.onHand &&
    known.lowStockAt === product.lowStockAt
  )
    return 'same';
  session.run(PUT_PRODUCT, { ...product });
  const before = known?.onHand ?? 0;
  if (product.onHand !== before) {
    const movement = writeMovement(session, {
      productId: product.id,
      change: product.onHand - before,
      onHand: product.onHand,
      kind: 'counted',
      reference: null,
      at: now,
    });
    if (crossesThreshold(product, before))
      writeEffect(session, lowStockEffect(product, movement, null), now);
  }
  return known === null ? 'created' : 'updated';
}

/** Adds pieces to a product; a reference counts once per product. */
export function addStock(
  session: Session,
  productId: string,
  add: number,
  reference: string,
  now: Instant,
): AddStockOutcome {
  const product = loadProduct(session, productId);
  if (product === null) return 'not_found';
  const known = session.row<{ readonly change: number }>(SELECT_ADDED, productId, reference);
  if (known !== undefined) return known.change === add ? 'same' : 'differs';
  const onHand = product.onHand + add;
  if (onHand > MAX_PIECES) return 'too_many';
  session.run(SET_ON_HAND, onHand, productId);
  writeMovement(session, { productId, change: add, onHand, kind: 'added', reference, at: now });
  return 'added';
}

/** A product as it stands; `null`: there is none. */
export function loadProduct(session: Session, id: string): Product | null {
  return session.row<Product>(SELECT_PRODUCT, id) ?? null;
}

/** Pieces of a product that are there to be taken. */
export interface Available {
  /** As it stands before. */
  readonly product: Product;
  readonly quantity: number;
}

/** What is to be taken, product by product; `null`: the stock does not suffice. */
export function available(session: Session, take: readonly Taking[]): readonly Available[] | null {
  const found: Available[] = [];
  for (const { productId, quantity } of takings(take)) {
    const product = loadProduct(session, productId);
    if (product === null || product.onHand < quantity) return null;
    found.push({ product, quantity });
  }
  return found;
}

/** Takes what an order bought, and tells `stock.low` of each product that crosses its threshold by it. */
export function takeStock(
  session: Session,
  taking: {
    readonly order: { readonly id: string; readonly version: number };
    readonly take: readonly Available[];
    readonly at: Instant;
  },
): void {
  for (const { product: before, quantity } of taking.take) {
    const product = { ...before, onHand: before.onHand - quantity };
    session.run(SET_ON_HAND, product.onHand, product.id);
    const seq = writeMovement(session, {
      productId: product.id,
      change: -quantity,
      onHand: product.onHand,
      kind: 'taken',
      reference: taking.order.id,
      at: taking.at,
    });
    if (crossesThreshold(product, before.onHand))
      writeEffect(session, lowStockEffect(product, seq, taking.order), taking.at);
  }
}

/** Once per crossing: it was above the threshold and is not any more. */
function crossesThreshold({ onHand, lowStockAt }: Product, before: number): boolean {
  return lowStockAt !== null && onHand <= lowStockAt && before > lowStockAt;
}

const SELECT_PRODUCT =
  'SELECT id, name, on_hand AS onHand, low_stock_at AS lowStockAt FROM products WHERE id = ?';

const SELECT_ADDED = `
  SELECT change FROM stock_movements
  WHERE product_id = ? AND kind = 'added' AND reference = ? AND kind <> 'counted'`;

const PUT_PRODUCT = `
  INSERT INTO products (id, name, on_hand, low_stock_at) VALUES (:id, :name, :onHand, :lowStockAt)
  ON CONFLICT (id) DO UPDATE SET name = :name, on_hand = :onHand, low_stock_at = :lowStockAt`;

const SET_ON_HAND = 'UPDATE products SET on_hand = ? WHERE id = ?';
