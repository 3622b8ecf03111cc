import type { Listing } from '@kheish/client-sdk';
import { NotFound } from '../failure.ts';

/** The open request of that id; throws `NotFound`. */
export async function findRequest<T extends { readonly request: { readonly id: string } }>(
  open: Listing<T>,
  id: string,
): Promise<T> {
  for await (const view of open) if (view.request.id === id) return view;
  throw new NotFound(`no open request has the id ${id}; it may have been answered, or asked anew`);
}

export async function allOf<T>(listing: Listing<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of listing) items.push(item);
  return items;
}
