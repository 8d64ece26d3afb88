/**
 * The rules of the protocol, and for each the seed of a schedule in which the protocol without it lets somebody in
 * or locks somebody out. `npm run interleavings -- --rule "<rule>"` looks for one anew.
 */
export const RULES = {
  lease: 786,
  'no prefill': 1361,
  'rotation retires the old id': 23,
  fence: 4,
  'stamp early': 15922,
  'refusal writes tombstone': 143,
  'lock first': 59,
  'ids from the transaction': 702,
  'finish what others began': 561,
  'epoch together': 51,
  'evict before cookie': 95,
  'last-active outside the copy': 109,
  sweep: 77,
  'slow acknowledgement in a split brain': 301,
  'slow acknowledgement without tombstone': 318,
  'tail bound': 540,
} as const

export type Rule = keyof typeof RULES
