import type { Express } from 'express'

/** What a variant may use while it is wired: the port it will listen on, a Redis, a PostgreSQL, and a folder of its own. */
interface Place {
  port: number
  redis: string
  postgres: string
  folder: string
}

/**
 * Adds `GET /invoices` for signed-in users (401 for everybody else) and `POST /sign-in`, which signs Ada in. The floor
 * knows nobody and guards nothing.
 */
export type Wiring = (app: Express, place: Place) => Promise<void> | void
