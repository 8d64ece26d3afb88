import { join } from 'node:path'
import { createSecurity } from 'sallyport'
import { ada, invoices, people } from './invoices.js'
import type { Wiring } from './wiring.js'

/** Sallyport as its README mounts it. The record is in SQLite or PostgreSQL; with Redis the hot copy answers for it. */
export const ours =
  ({ redis = false, postgres = false }: { redis?: boolean; postgres?: boolean }): Wiring =>
  async (app, place) => {
    const security = await createSecurity({
      origin: `http://localhost:${place.port}`,
      secret: 'a secret for benchmarks only, long enough to be one',
      database: postgres ? place.postgres : `sqlite:${join(place.folder, 'security.db')}`,
      redis: redis ? place.redis : undefined,
      users: {
        findById: (id) => people.get(id),
        findByEmail: (email) => [...people.values()].find((person) => person.email === email),
      },
    })
    app.use(security.router)
    app.post('/sign-in', (req, res, next) => {
      security.signIn(req, ada, { amr: ['pwd'] }).then(() => res.sendStatus(204), next)
    })
    app.get(
      '/invoices',
      security.requireSession(),
      invoices((req) => req.security.user),
    )
    app.use(security.errorHandler)
  }
