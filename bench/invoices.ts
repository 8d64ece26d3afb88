import type { Request, RequestHandler } from 'express'

/** The one person who signs in. */
export interface Person {
  id: string
  email: string
  name: string
}

export const ada: Person = { id: 'u1', email: 'ada@acme.test', name: 'Ada Lindqvist' }

/** The host's users table: as trivial as it gets, so that nobody's lookup is measured. */
export const people = new Map([[ada.id, ada]])

const INVOICES = [
  { number: '2026-014', customer: 'Harbour Bakery', total: 420 },
  { number: '2026-015', customer: 'Nordlys Studio', total: 1310.5 },
]

/** The same small answer for every variant: who asks, and two invoices. */
export const invoices =
  (userOf: (req: Request) => Person | null | undefined): RequestHandler =>
  (req, res) => {
    const { id, email, name } = userOf(req)!
    res.json({ user: { id, email, name }, invoices: INVOICES })
  }
