import { ours } from './ours.js'
import { floor, tutorial, usual } from './usual.js'
import type { Wiring } from './wiring.js'

interface Variant {
  label: string
  guarded: boolean
  wire: Wiring
}

/** What is compared, the cheapest first. */
export const variants = {
  floor: { label: 'Express + helmet (floor)', guarded: false, wire: floor },
  usual: { label: '+ express-session, connect-redis, passport', guarded: true, wire: usual },
  tutorial: { label: '+ revocation list, last seen (tutorial)', guarded: true, wire: tutorial },
  'ours-redis': { label: 'Sallyport on Redis', guarded: true, wire: ours({ redis: true }) },
  'ours-sqlite': { label: 'Sallyport on SQLite', guarded: true, wire: ours({}) },
  'ours-postgres': { label: 'Sallyport on PostgreSQL', guarded: true, wire: ours({ postgres: true }) },
} satisfies Record<string, Variant>

export type VariantName = keyof typeof variants

export const variantNames = Object.keys(variants) as VariantName[]

export const isVariantName = (text: string | undefined): text is VariantName =>
  variantNames.some((name) => name === text)
