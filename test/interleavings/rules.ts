/**
 * The rules of the protocol, and for each the seed of a schedule in which the protocol without it lets somebody in
 * or locks somebody out. `npm run interleavings -- --rule "<rule>"` looks for one anew.
 */
export const RULES = {
  lease: 3469,
  'no prefill': 835,
  'rotation retires the old id': 23,
  fence: 4,
  'stamp early': 503,
  'refusal writes tombstone': 143,
  'lock first': 59,
  'ids from the transaction': 872,
  'finish what others began': 561,
  'epoch together': 114,
  'evict before cookie': 1024,
  'last-active outside the copy': 69,
  sweep: 3,
  'slow acknowledgement in a split brain': 1454,
  'slow acknowledgement without tombstone': 563,
  'tail bound': 1432,
} as const

export type Rule = keyof typeof RULES
