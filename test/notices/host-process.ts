import express from 'express'
import { createSecurity } from 'sallyport'
import { handle } from '../../middleware/handle.js'
import { obey, tell } from '../race/barriers.js'
import { TestClock } from '../support/clock.js'
import { ada, SECRET } from '../support/host.js'

/** A host in a process of its own; its settings are its one argument, as JSON. */
export interface NoticesSettings {
  port: number
  database: string
  /** Address of the mail server. */
  mail: string
}

const { port, database, mail } = JSON.parse(process.argv[2]!) as NoticesSettings
const clock = new TestClock()
obey((ms) => clock.advance(ms))
const security = await createSecurity({
  origin: 'http://localhost:3000',
  secret: SECRET,
  database,
  mail,
  clock,
  users: { findById: (id) => ({ ...ada, id, email: `${id}@acme.test` }), findByEmail: () => null },
  onError: (error) => tell({ error: String(error) }),
})
const app = express()
app.use(security.router)
app.post(
  '/passwords/:password',
  handle(async (req, res) => {
    await security.passwords.set(ada.id, String(req.params.password))
    res.json({})
  }),
)
app.listen(port, '127.0.0.1', () => tell({ ready: true }))
